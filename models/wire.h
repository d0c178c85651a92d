/*
 * wire.h - what a page costs on the wire and on the sender's CPU.
 *
 * Source: QEMU migration/ram.c save_page_header, save_zero_page, save_normal_page,
 * save_xbzrle_page; migration/multifd.h (packet of 128 pages, header 320 + 128 x 8 bytes).
 */
#ifndef MIGCAST_MODELS_WIRE_H
#define MIGCAST_MODELS_WIRE_H

#include <stdint.h>

#include "models/params.h"

enum {
    WIRE_PAGE_HEADER = 8,
    WIRE_ZERO_PAGE = 9,         /* header + one byte */
    WIRE_EOS = 8,               /* end of one ram_save_iterate call */
    WIRE_SECTION = 10,          /* section header and footer around it, counted from 8.2 */
    WIRE_FLUSH_PAGES = 32,      /* 64 vectors, a header and a page each */
    WIRE_MULTIFD_HEADER = 1344, /* 320 + 128 x 8 */
    WIRE_MULTIFD_PAGES = 128,   /* in a packet */
    WIRE_XBZRLE_HEADER = 3,     /* encoding flag and length, after the page header */
};

/* The kinds of page that differ in cost. */
enum wire_kind {
    WIRE_NORMAL,
    WIRE_ZERO,
    WIRE_MIXED, /* rounds after the first: normal, zero and xbzrle pages in the guest's proportion
                 */
    WIRE_NR
};

/* Cost of one page of a kind. */
struct wire_cost {
    double wire_bytes;    /* that cross the link */
    double counted_bytes; /* that QEMU counts against max-bandwidth and into `transferred` */
    double cpu_ns;        /* of the sending side, all its threads taken together */
};

/* wire_costs - costs of normal and zero pages for this tuning; mixed starts equal to normal.
 * @dest_load_ratio: how busy the destination's CPUs are already, 0..1; slows the receiving side. */
void wire_costs(const struct mig_params *params, const struct host_costs *costs,
                const struct dirty_params *dirty, double dest_load_ratio,
                struct wire_cost out[WIRE_NR]);

/* wire_mix - the cost of a page that is zero with probability @zero and otherwise an xbzrle hit
 * with probability @hit at @hit_bytes on the wire. */
struct wire_cost wire_mix(const struct wire_cost in[WIRE_NR], double zero, double hit,
                          double hit_bytes, double hit_cpu_ns);

/* wire_call_bytes - bytes that end one iterate call, whatever was sent in it. */
double wire_call_bytes(const struct mig_params *params);

#endif
