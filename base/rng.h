/*
 * rng.h - named random streams.
 *
 * A stream is set by (seed, name, index, replication) and by nothing else, so adding a VM or a
 * replication does not shift anybody else's numbers, and any thread may draw any stream.
 * The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011), offered as a gsl_rng_type so that all GSL distributions apply.
 */
#ifndef MIGCAST_BASE_RNG_H
#define MIGCAST_BASE_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

struct rng_state { /* private */
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    uint32_t used;
};

struct rng {
    gsl_rng gsl; /* pass rng_gsl(&r) to GSL */
    struct rng_state state;
};

/* The streams of one seed and name: for who starts many of them. */
struct rng_family { /* private */
    uint32_t hash[4];
};

/* rng_stream - start the stream; no allocation.  A struct rng must not be copied or moved while in
 * use (gsl.state points into it). */
void rng_stream(struct rng *r, uint64_t seed, const char *name, uint64_t index,
                uint64_t replication);
/* The same in two steps, of which the second takes a third of the time. */
void rng_family(struct rng_family *family, uint64_t seed, const char *name);
void rng_member(struct rng *r, const struct rng_family *family, uint64_t index,
                uint64_t replication);
const gsl_rng *rng_gsl(const struct rng *r);
double rng_uniform(struct rng *r); /* [0, 1) */
uint64_t rng_u64(struct rng *r);

/* rng_philox - the generator itself: the block of four words of @counter under @key. */
void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
