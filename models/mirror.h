/*
 * mirror.h - how a disk is copied while its guest writes: QEMU's drive mirror, in the mean.
 *
 * A disk has bytes to copy and a set of blocks that the guest writes again and again.  The mirror
 * first sweeps over everything; blocks written behind the sweep are dirty again and are copied in
 * turn.  It is ready when nothing is dirty, even for an instant, and keeps up from then on.
 *
 * State is two shares of the written set: swept, and of that clean.  With writes spread evenly over
 * the set, clean' = v - k clean: the copy makes clean what it copies, each write hits a clean
 * block with probability `clean`.  That holds whatever the order of copying, so rates may change at
 * any moment.  The mirror knows no clock and no network: a caller says for how long it got what.
 *
 * Source: QEMU block/mirror.c (dirty bitmap of granularity blocks, 16 requests of up to 1 MiB, idle
 * polls each 100 ms, copy-mode background and write-blocking).
 */
#ifndef MIGCAST_MODELS_MIRROR_H
#define MIGCAST_MODELS_MIRROR_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MIRROR_BLOCK_BYTES = 65536 /* dirty granularity when the target is an NBD export */
};

enum mirror_mode {
    MIRROR_BACKGROUND,     /* guest writes mark blocks dirty, the mirror copies them later */
    MIRROR_WRITE_BLOCKING, /* guest writes go to both sides before they are acknowledged */
    MIRROR_THEN_BLOCKING   /* background until ready, write-blocking from then on */
};

struct mirror_params {
    uint64_t used_bytes;        /* to copy: ranges that read as zero cost nothing */
    uint64_t working_set_bytes; /* part of it that is written, evenly; <= used_bytes */
    double write_bytes_per_s;
    uint64_t write_size_bytes; /* of one write; each makes whole blocks dirty */
    enum mirror_mode mode;
};

struct mirror {
    /* set at the start */
    double used_bytes, set_bytes;
    double write_bytes_per_s; /* the guest's writes */
    double dirty_bytes_per_s; /* the same in whole blocks */
    enum mirror_mode mode;

    /* changes */
    double swept;      /* share of used_bytes copied at least once, 0..1 */
    double clean;      /* share of the written set that is clean; <= swept */
    double sent_bytes; /* both kinds of copies */
    double waited_s;   /* by guest writes, beyond what the disk itself takes: write-blocking only */
    bool ready;
    bool paused; /* the guest stands still */
};

void mirror_init(struct mirror *m, const struct mirror_params *p);

/* mirror_demand - bytes/s it would take now with copies limited to @limit (QEMU's speed;
 * INFINITY = none).  Synchronous writes are not limited by it. */
double mirror_demand(const struct mirror *m, double limit);

/* mirror_next_s - seconds until it is swept, caught up, or ready, at @rate of network and storage;
 * INFINITY = never at this rate. */
double mirror_next_s(const struct mirror *m, double limit, double rate);

/* mirror_advance - @rate bytes/s for @seconds; not across mirror_next_s(), at which it must be
 * called with @arrived so that rounding cannot leave a remainder. */
void mirror_advance(struct mirror *m, double limit, double rate, double seconds, bool arrived);

/* mirror_pause - the guest stops or runs again. */
void mirror_pause(struct mirror *m, bool paused);

/* mirror_left_bytes - still to copy if nothing more is written: what the end must drain. */
double mirror_left_bytes(const struct mirror *m);

/* mirror_converges - does it ever become ready at @rate?  False: the writes are as fast. */
bool mirror_converges(const struct mirror *m, double limit, double rate);

#endif
