/*
 * xbzrle.h - hits of the XBZRLE page cache, in the mean.
 *
 * A page can only hit after it was sent (and so inserted) once since the sweep first wrapped.  The
 * cache is direct-mapped; a slot's owner that was used in this or the previous round keeps it, so a
 * working set larger than the cache keeps a share of its pages cached and the rest missing. Source:
 * QEMU migration/ram.c save_xbzrle_page, migration/page_cache.c cache_insert.
 */
#ifndef MIGCAST_MODELS_XBZRLE_H
#define MIGCAST_MODELS_XBZRLE_H

#include "models/memory.h"

struct xbzrle {
    double slots;
    double cached[DIRTY_CLASSES_MAX]; /* pages of the class in the cache */
    double page_bytes; /* encoded page, header included; >= a whole page = overflow */
};

void xbzrle_init(struct xbzrle *x, uint64_t cache_bytes, double change_ratio);

/* xbzrle_round - share of the pages known dirty in @mem that will hit when they are sent, and
 * inserts the rest.  Call once per round, after memory_sync(). */
double xbzrle_round(struct xbzrle *x, const struct memory *mem, const struct dirty_model *model);

#endif
