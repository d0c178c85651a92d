/*
 * pages.h - guest memory page by page: the reference for models/memory.h (fidelity = pages).
 *
 * Keeps QEMU's dirty bitmap, the sweep's cursor and, per page, when it was last opened for writes;
 * at a sync each page is dirty with the exact probability of its own open time.  Costs a few bytes
 * per page and time in proportion to memory; made for checking formulas, not for planning.
 */
#ifndef MIGCAST_SIM_PAGES_H
#define MIGCAST_SIM_PAGES_H

#include <stdint.h>

#include "base/rng.h"
#include "models/dirty.h"

struct memory_pages;

struct memory_pages *memory_pages_new(uint64_t pages);
void memory_pages_free(struct memory_pages *mp);

/* Start of a migration: all pages dirty; the classes of @model are scattered over the first
 * @nonzero pages by @rng.  @chunk_pages: re-protection granule, 0 = everything opens at the sync.
 */
void memory_pages_init(struct memory_pages *mp, const struct dirty_model *model, uint64_t nonzero,
                       uint64_t chunk_pages, uint64_t seed, uint32_t vm, uint32_t replication);

/* One sync, @tau seconds of work after the last; @sent pages left since then, in sweep order.
 * Returns newly dirty pages. */
uint64_t memory_pages_sync(struct memory_pages *mp, double tau, uint64_t sent);

#endif
