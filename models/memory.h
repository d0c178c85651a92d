/*
 * memory.h - which pages are dirty, in the mean.
 *
 * Between two syncs QEMU knows a fixed dirty set and works it off; at a sync the pages written
 * since their re-protection join it.  Per class of the dirty model the memory keeps how many pages
 * were known dirty after the last sync; what was not sent by the next sync stays, the rest is clean
 * until written again.
 *
 * Re-protection: with the KVM bitmap and manual protect a page that was dirty opens again when its
 * 1 GiB chunk is first touched by the sweep, a page that was clean has been open all along; with
 * the legacy bitmap, the dirty ring and TCG all pages open at the sync. Source: QEMU
 * migration/ram.c migration_clear_memory_region_dirty_bitmap, accel/kvm/kvm-all.c.
 */
#ifndef MIGCAST_MODELS_MEMORY_H
#define MIGCAST_MODELS_MEMORY_H

#include "models/dirty.h"

enum {
    MEMORY_ARCS = 8 /* stretches of dirty pages of a sequential writer; more are joined */
};

struct memory_arc {
    double from, to; /* places in the class, 0 <= from < to <= pages */
};

struct memory {
    double chunks; /* the sweep re-protects in this many steps; 1 = at once */
    /* Memory lies in two parts, told apart by the sweep: what it has not come to since the last
     * sync lies ahead, the rest behind.  Dirty pages are denser ahead. */
    double ahead_share;        /* of memory */
    double swept;              /* where the sweep is, 0..1 of memory */
    double still, still_ahead; /* known dirty pages of no class: never written again */
    /* The first sequential class, when chunks is 1: writer and sweep both go in page order, so what
     * becomes dirty depends on where they are. */
    double head;         /* next place to be written */
    double cursor;       /* place the sweep has come to */
    uint32_t arcs_class; /* whose places these are; DIRTY_CLASSES_MAX = none */
    uint32_t nr_arcs;
    struct memory_arc arcs[MEMORY_ARCS]; /* known dirty, ascending, apart */
    double known[DIRTY_CLASSES_MAX];     /* class pages known dirty after the last sync */
    double ahead[DIRTY_CLASSES_MAX];     /* of them, those that lie ahead */
};

/* memory_init - everything is dirty, as after ram_save_setup.  @chunks >= 1; @still: pages with
 * content that nobody writes. */
void memory_init(struct memory *mem, const struct dirty_model *model, double chunks, double still);

/*
 * memory_sync - one sync after @tau seconds of work since the last one, when @unsent_share (0..1)
 * of the pages then known dirty had not been sent.  Returns newly dirty pages (bits that went from
 * 0 to 1).
 */
double memory_sync(struct memory *mem, const struct dirty_model *model, double tau,
                   double unsent_share);

#endif
