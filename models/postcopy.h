/*
 * postcopy.h - what missing pages cost a guest in post-copy.
 *
 * During a push of length T a page is still missing at time t with probability 1 - t/T.  A page
 * touched at rate w is touched before it arrives with probability 1 - (1 - exp(-w T)) / (w T); each
 * such touch blocks the vCPU for the fault, the request's way, what is ahead of it in the socket
 * (unless preempt), and the page. Touches are taken from the writer's classes: reads are not known,
 * so this is a lower bound. Source of the service order: QEMU migration/ram.c,
 * migration/postcopy-ram.c.
 */
#ifndef MIGCAST_MODELS_POSTCOPY_H
#define MIGCAST_MODELS_POSTCOPY_H

#include "models/memory.h"

struct postcopy_input {
    double missing_pages;   /* when the guest starts at the destination */
    double push_ns;         /* time of the whole background push */
    double page_ns;         /* transfer of one host page */
    double queue_ns;        /* socket buffer ahead of a request */
    double fault_ns;        /* everything else about one fault, round trip included */
    double host_page_pages; /* target pages in a host page: one request brings them all */
    double vcpus;
};

struct postcopy_stalls {
    double requests;
    double stall_ns;   /* all vCPUs; at most push_ns x vcpus */
    double request_ns; /* mean latency of one */
};

void postcopy_estimate(const struct postcopy_input *in, const struct dirty_model *model,
                       const struct memory *mem, struct postcopy_stalls *out);

#endif
