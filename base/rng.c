/*
 * rng.c - Philox 4x32-10 behind gsl_rng_type.
 *
 * Philox is a keyed mixing of a 128-bit counter: block number i of a stream is a function of the
 * key and i alone, so streams need no state from one another.  Key and counter of a stream:
 *
 *   key         64 bits, a hash of (seed, name, index, replication)
 *   counter     word 0: block number, low;  word 1: block number, high
 *               words 2, 3: another 64 bits of the same hash
 *
 * Two streams share numbers only if all 128 hashed bits agree.  Each stream has 2^64 blocks of four
 * words.  The hash is Philox itself, used as a compression function (Miyaguchi-Preneel chaining).
 *
 * Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011; constants and test vectors from the authors' Random123 library.
 */
#include "base/rng.h"

#include <assert.h>
#include <string.h>

enum {
    PHILOX_ROUNDS = 10,
    PHILOX_WORDS = 4
};

#define PHILOX_M0 UINT32_C(0xD2511F53)
#define PHILOX_M1 UINT32_C(0xCD9E8D57)
#define PHILOX_W0 UINT32_C(0x9E3779B9) /* golden ratio */
#define PHILOX_W1 UINT32_C(0xBB67AE85) /* sqrt(3) - 1 */

void rng_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)PHILOX_M0 * x0;
        uint64_t p1 = (uint64_t)PHILOX_M1 * x2;

        x0 = (uint32_t)(p1 >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)p1;
        x2 = (uint32_t)(p0 >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = x0;
    out[1] = x1;
    out[2] = x2;
    out[3] = x3;
}

static inline uint32_t state_next(struct rng_state *s)
{
    if (s->used == PHILOX_WORDS) {
        rng_philox(s->counter, s->key, s->block);
        if (++s->counter[0] == 0)
            s->counter[1]++;
        s->used = 0;
    }
    return s->block[s->used++];
}

static uint64_t state_u64(struct rng_state *s)
{
    uint64_t high = state_next(s);

    return high << 32 | state_next(s);
}

/* ---- gsl_rng_type ---- */

static void philox_set(void *state, unsigned long seed)
{
    struct rng_state *s = state;

    *s = (struct rng_state){
        .key = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)},
        .used = PHILOX_WORDS,
    };
}

static unsigned long philox_get(void *state)
{
    return state_next(state);
}

/* 53 random bits, each double k / 2^53 equally likely. */
static double philox_get_double(void *state)
{
    return (double)(state_u64(state) >> 11) * 0x1p-53;
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = UINT32_MAX,
    .min = 0,
    .size = sizeof(struct rng_state),
    .set = philox_set,
    .get = philox_get,
    .get_double = philox_get_double,
};

/* ---- streams ---- */

/* Takes 128 bits into a 128-bit chaining value. */
static void hash_add(uint32_t hash[4], uint64_t a, uint64_t b)
{
    uint32_t message[4] = {(uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32)};
    uint32_t key[2] = {hash[0] ^ hash[2], hash[1] ^ hash[3]};
    uint32_t mixed[4];

    for (int i = 0; i < 4; i++)
        message[i] ^= hash[i];
    rng_philox(message, key, mixed);
    for (int i = 0; i < 4; i++)
        hash[i] = mixed[i] ^ message[i];
}

/* Text in chunks of 16 bytes, little-endian whatever the machine, its length first so that no text
 * is the beginning of another. */
static void hash_text(uint32_t hash[4], const char *text)
{
    size_t len = strlen(text);

    hash_add(hash, len, 0);
    for (size_t at = 0; at < len; at += 16) {
        uint64_t word[2] = {0, 0};

        for (size_t i = at; i < len && i < at + 16; i++)
            word[(i - at) / 8] |= (uint64_t)(unsigned char)text[i] << 8 * ((i - at) % 8);
        hash_add(hash, word[0], word[1]);
    }
}

void rng_family(struct rng_family *family, uint64_t seed, const char *name)
{
    assert(name);
    *family = (struct rng_family){{0}};
    hash_add(family->hash, seed, 0);
    hash_text(family->hash, name);
}

void rng_member(struct rng *r, const struct rng_family *family, uint64_t index,
                uint64_t replication)
{
    struct rng_family own = *family;

    hash_add(own.hash, index, replication);
    r->state = (struct rng_state){
        .key = {own.hash[0], own.hash[1]},
        .counter = {0, 0, own.hash[2], own.hash[3]},
        .used = PHILOX_WORDS,
    };
    r->gsl.type = &philox_type;
    r->gsl.state = &r->state;
}

void rng_stream(struct rng *r, uint64_t seed, const char *name, uint64_t index,
                uint64_t replication)
{
    struct rng_family family;

    rng_family(&family, seed, name);
    rng_member(r, &family, index, replication);
}

const gsl_rng *rng_gsl(const struct rng *r)
{
    assert(r->gsl.state == &r->state);
    return &r->gsl;
}

double rng_uniform(struct rng *r)
{
    return philox_get_double(&r->state);
}

uint64_t rng_u64(struct rng *r)
{
    return state_u64(&r->state);
}
