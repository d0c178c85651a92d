/*
 * memory.c - the mean-field sync; for a sequential writer, the places.
 *
 * Invariant: 0 <= known[k] <= pages[k].
 */
#include "models/memory.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"

void memory_init(struct memory *mem, const struct dirty_model *model, double chunks)
{
    assert(chunks >= 1.0);
    mem->chunks = chunks;
    mem->head = mem->cursor = 0.0;
    mem->nr_arcs = 0;
    mem->arcs_class = DIRTY_CLASSES_MAX;
    for (uint32_t k = 0; k < model->nr; k++) {
        mem->known[k] = model->pages[k];
        if (!model->sequential[k] || mem->nr_arcs > 0)
            continue;
        mem->arcs_class = k;
        mem->head = model->head_ratio * model->pages[k];
        mem->arcs[0] = (struct memory_arc){0.0, model->pages[k]};
        mem->nr_arcs = 1;
    }
}

/*
 * Chance that a page which was sent in this round is dirty again: the mean over chunks i = 0..C-1,
 * opened at tau i / C, of 1 - exp(-x (1 - i/C)), x = writes per page in tau.  The sum is geometric.
 */
static double redirtied(double x, double chunks)
{
    double step = x / chunks;

    if (chunks <= 1.0)
        return -expm1(-x);
    if (step < 1e-9)
        return x * (chunks + 1.0) / (2.0 * chunks);
    return 1.0 + expm1(-x) / (chunks * expm1(step));
}

static double sequential_sync(double pages, double known, double unsent, double written,
                              double chunks)
{
    double sent_share = pages > 0.0 ? (known - unsent) / pages : 0.0;
    /* a sent page counts only what is written after its chunk opened: half the round on average */
    double late = chunks <= 1.0 ? 1.0 : (chunks + 1.0) / (2.0 * chunks);
    double reach = num_min(written * (1.0 - sent_share + sent_share * late), pages);

    return num_min(reach, pages - unsent);
}

/* Add [from, to) to the ascending arcs in @list, joining what touches; when they are too many, the
 * two with the smallest gap between them become one. */
static void arcs_add(struct memory_arc *list, uint32_t *nr, double from, double to)
{
    struct memory_arc out[MEMORY_ARCS + 1];
    uint32_t n = 0, i = 0, tight = 1;

    if (to <= from)
        return;
    while (i < *nr && list[i].to < from)
        out[n++] = list[i++];
    for (; i < *nr && list[i].from <= to; i++) {
        from = num_min(from, list[i].from);
        to = num_max(to, list[i].to);
    }
    out[n++] = (struct memory_arc){from, to};
    while (i < *nr)
        out[n++] = list[i++];
    if (n > MEMORY_ARCS) {
        for (uint32_t j = 2; j < n; j++)
            tight = out[j].from - out[j - 1].to < out[tight].from - out[tight - 1].to ? j : tight;
        out[tight - 1].to = out[tight].to;
        for (uint32_t j = tight + 1; j < n; j++)
            out[j - 1] = out[j];
        n--;
    }
    for (uint32_t j = 0; j < n; j++)
        list[j] = out[j];
    *nr = n;
}

static double arcs_size(const struct memory_arc *list, uint32_t nr)
{
    double size = 0.0;

    for (uint32_t i = 0; i < nr; i++)
        size += list[i].to - list[i].from;
    return size;
}

/* The sweep takes @sent pages in page order from the cursor on, wrapping at the end; what is left
 * stays in the arcs, and the cursor behind the last page taken. */
static void arcs_sweep(struct memory *mem, double sent)
{
    struct memory_arc left[MEMORY_ARCS];
    double cursor = mem->cursor;
    uint32_t nr = 0;

    for (int lap = 0; lap < 2; lap++) {
        for (uint32_t i = 0; i < mem->nr_arcs; i++) {
            const struct memory_arc *arc = &mem->arcs[i];
            double from = lap == 0 ? num_max(arc->from, mem->cursor) : arc->from;
            double to = lap == 0 ? arc->to : num_min(arc->to, mem->cursor);
            double take = num_min(to - from, sent);

            if (to <= from)
                continue;
            if (take > 0.0)
                cursor = from + take;
            sent -= num_max(take, 0.0);
            arcs_add(left, &nr, from + num_max(take, 0.0), to);
        }
    }
    for (uint32_t i = 0; i < nr; i++)
        mem->arcs[i] = left[i];
    mem->nr_arcs = nr;
    mem->cursor = cursor;
}

/* A sequential writer against a sweep that goes the same way: exact for a set that lies together.
 */
static double arcs_sync(struct memory *mem, double pages, double written, double unsent)
{
    double end = mem->head + num_min(written, pages), before;

    arcs_sweep(mem, num_max(arcs_size(mem->arcs, mem->nr_arcs) - unsent, 0.0));
    before = arcs_size(mem->arcs, mem->nr_arcs);
    arcs_add(mem->arcs, &mem->nr_arcs, mem->head, num_min(end, pages));
    arcs_add(mem->arcs, &mem->nr_arcs, 0.0, end - pages);
    mem->head = fmod(mem->head + written, pages);
    return arcs_size(mem->arcs, mem->nr_arcs) - before;
}

double memory_sync(struct memory *mem, const struct dirty_model *model, double tau,
                   double unsent_share)
{
    double newly = 0.0;

    assert(tau >= 0.0 && unsent_share >= 0.0 && unsent_share <= 1.0);
    for (uint32_t k = 0; k < model->nr; k++) {
        double n = model->pages[k];
        double known = mem->known[k];
        double unsent = known * unsent_share;
        double written = model->writes_per_s[k] * tau;
        double add;

        if (model->sequential[k] && k == mem->arcs_class && mem->chunks <= 1.0) {
            add = arcs_sync(mem, n, written, unsent);
        } else if (model->sequential[k]) {
            add = sequential_sync(n, known, unsent, written, mem->chunks);
        } else {
            double clean = -expm1(-written / n);
            double sent = mem->chunks <= 1.0 ? clean : redirtied(written / n, mem->chunks);

            add = (known - unsent) * sent + (n - known) * clean;
        }
        mem->known[k] = num_min(unsent + add, n);
        newly += add;
    }
    return newly;
}
