/*
 * content.h - what is in the guest's memory: how much of what is resident is zero, and does the
 * guest write zeros?
 *
 * QEMU tells neither before a migration, and both are nearly free to send.  Where the tracer may
 * read QEMU's memory (its own child, or as root on the same host), it looks at a sample of pages,
 * as calc-dirty-rate's page sampling does: pages that are not resident are left alone, the guest is
 * not stopped, nothing of what is read is kept but a hash of each page.
 */
#ifndef MIGCAST_TRACER_CONTENT_H
#define MIGCAST_TRACER_CONTENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct content;

/* Of the sampled pages; all zero where nothing could be looked at. */
struct content_sample {
    uint32_t resident;
    uint32_t zero;         /* of these */
    uint32_t changed;      /* since the look before; 0 at the first */
    uint32_t changed_zero; /* of these, zero now */
};

/* content_new - choose pages of the mapping of @pid that is as large as the guest (@bytes).  NULL =
 * there is no such mapping, it may not be looked at, or memory ran out. */
struct content *content_new(pid_t pid, uint64_t bytes);
void content_free(struct content *content);

/* content_look - at the pages as they are now.  Some 20 ms. */
struct content_sample content_look(struct content *content);

/* content_watch - for @ns, at some pages that had changed at the last look, over and over.  Stores
 * the moments (CLOCK_MONOTONIC, ns) after which one was found changed, up to @most of them, and
 * returns how many; *@step_ns = from one look to the next.  0 where nothing had changed.  Takes
 * about a third of a processor meanwhile. */
size_t content_watch(struct content *content, int64_t ns, int64_t *at_ns, size_t most,
                     int64_t *step_ns);

#endif
