/*
 * pages.c - a bitmap of guest pages; exact sampling of Poisson and sequential writers.
 *
 * Sweep order is page order, circular, with a cursor that stays where it is over a sync.  A page
 * that was dirty opens for writes when its chunk is first touched in the round, a clean page has
 * been open all along. The share of the round's work before a chunk opens is taken in proportion to
 * the pages sent before it.
 */
#include "sim/pages.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_CLASS 0xff

struct memory_pages {
    uint64_t nr;
    uint64_t cursor;
    uint64_t chunk;
    uint8_t *dirty;    /* known to QEMU */
    uint8_t *was_sent; /* dirty at the last sync and sent since */
    uint8_t *class_of;
    uint32_t *order; /* page -> place in its sequential class */
    float *opened;   /* per chunk: share of the round's work before it opened */
    const struct dirty_model *model;
    double head[DIRTY_CLASSES_MAX]; /* sequential writers: next place */
    struct rng rng;
};

struct memory_pages *memory_pages_new(uint64_t pages)
{
    struct memory_pages *mp = calloc(1, sizeof(*mp));

    if (!mp)
        return 0;
    mp->nr = pages;
    mp->dirty = malloc(pages);
    mp->was_sent = malloc(pages);
    mp->class_of = malloc(pages);
    mp->order = malloc(pages * sizeof(*mp->order));
    mp->opened = malloc((pages + 1) * sizeof(*mp->opened));
    if (!mp->dirty || !mp->was_sent || !mp->class_of || !mp->order || !mp->opened) {
        memory_pages_free(mp);
        return 0;
    }
    return mp;
}

void memory_pages_free(struct memory_pages *mp)
{
    if (!mp)
        return;
    free(mp->dirty);
    free(mp->was_sent);
    free(mp->class_of);
    free(mp->order);
    free(mp->opened);
    free(mp);
}

/* Scatter the classes: walk the pages once, taking a page for a class with the chance that leaves
 * every class its exact size (selection sampling, Knuth, TAOCP 3.4.2 algorithm S). */
static void scatter(struct memory_pages *mp, uint64_t nonzero)
{
    const struct dirty_model *m = mp->model;
    double left[DIRTY_CLASSES_MAX];
    uint32_t place[DIRTY_CLASSES_MAX] = {0};

    for (uint32_t k = 0; k < m->nr; k++)
        left[k] = round(m->pages[k]);
    for (uint64_t i = 0; i < mp->nr; i++) {
        double u = rng_uniform(&mp->rng) * (double)(i < nonzero ? nonzero - i : 1);

        mp->class_of[i] = NO_CLASS;
        for (uint32_t k = 0; k < m->nr && i < nonzero; k++) {
            if (u < left[k]) {
                mp->class_of[i] = (uint8_t)k;
                mp->order[i] = place[k]++;
                left[k] -= 1.0;
                break;
            }
            u -= left[k];
        }
    }
}

void memory_pages_init(struct memory_pages *mp, const struct dirty_model *model, uint64_t nonzero,
                       uint64_t chunk_pages, uint64_t seed, uint32_t vm, uint32_t replication)
{
    rng_stream(&mp->rng, seed, "pages", vm, replication);
    mp->model = model;
    mp->cursor = 0;
    mp->chunk = chunk_pages;
    memset(mp->dirty, 1, mp->nr);
    for (uint32_t k = 0; k < model->nr; k++)
        mp->head[k] = model->head_ratio * model->pages[k];
    scatter(mp, nonzero < mp->nr ? nonzero : mp->nr);
}

/* Move the cursor over @sent dirty pages; note when each chunk opened. */
static void sweep(struct memory_pages *mp, uint64_t sent)
{
    uint64_t done = 0;
    uint64_t chunks = mp->chunk ? (mp->nr + mp->chunk - 1) / mp->chunk : 1;

    memset(mp->was_sent, 0, mp->nr);
    for (uint64_t c = 0; c < chunks; c++)
        mp->opened[c] = -1.0f;
    for (uint64_t seen = 0; done < sent && seen < mp->nr; seen++) {
        uint64_t i = mp->cursor;
        uint64_t c = mp->chunk ? i / mp->chunk : 0;

        mp->cursor = mp->cursor + 1 == mp->nr ? 0 : mp->cursor + 1;
        if (!mp->dirty[i])
            continue;
        if (mp->opened[c] < 0.0f)
            mp->opened[c] = mp->chunk && sent ? (float)((double)done / (double)sent) : 0.0f;
        mp->dirty[i] = 0;
        mp->was_sent[i] = 1;
        done++;
    }
}

static bool written(struct memory_pages *mp, uint64_t i, uint32_t k, double tau, double from)
{
    const struct dirty_model *m = mp->model;
    double w = m->writes_per_s[k], n = m->pages[k];

    if (m->sequential[k]) {
        /* places visited are [head + w from, head + w tau), modulo n */
        double start = fmod(mp->head[k] + w * from, n), len = w * (tau - from);
        double at = (double)mp->order[i] - start;

        if (at < 0.0)
            at += n;
        return len >= n || at < len;
    }
    return rng_uniform(&mp->rng) < -expm1(-w * (tau - from) / n);
}

uint64_t memory_pages_sync(struct memory_pages *mp, double tau, uint64_t sent)
{
    uint64_t newly = 0;

    sweep(mp, sent);
    for (uint64_t i = 0; i < mp->nr; i++) {
        uint32_t k = mp->class_of[i];
        double from = 0.0;

        if (k == NO_CLASS || mp->dirty[i])
            continue;
        if (mp->was_sent[i] && mp->chunk)
            from = tau * (double)mp->opened[i / mp->chunk];
        if (written(mp, i, k, tau, from)) {
            mp->dirty[i] = 1;
            newly++;
        }
    }
    for (uint32_t k = 0; k < mp->model->nr; k++)
        mp->head[k] = fmod(mp->head[k] + mp->model->writes_per_s[k] * tau, mp->model->pages[k]);
    return newly;
}
