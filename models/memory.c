/*
 * memory.c - the mean-field sync; for a sequential writer, the places.
 *
 * Invariant: 0 <= known[k] <= pages[k].
 */
#include "models/memory.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"

void memory_init(struct memory *mem, const struct dirty_model *model, double chunks, double still)
{
    assert(chunks >= 1.0);
    mem->chunks = chunks;
    mem->ahead_share = 1.0;
    mem->swept = 0.0;
    mem->still = mem->still_ahead = num_max(still, 0.0);
    mem->head = mem->cursor = 0.0;
    mem->nr_arcs = 0;
    mem->arcs_class = DIRTY_CLASSES_MAX;
    for (uint32_t k = 0; k < model->nr; k++) {
        mem->known[k] = mem->ahead[k] = model->pages[k];
        if (!model->sequential[k] || mem->nr_arcs > 0)
            continue;
        mem->arcs_class = k;
        mem->head = model->head_ratio * model->pages[k];
        mem->arcs[0] = (struct memory_arc){0.0, model->pages[k]};
        mem->nr_arcs = 1;
    }
}

/* Part of memory that the sweep crosses in a round: where, counted from its start, and when, in
 * shares of the round's work. */
struct stretch {
    double from, to;
    double t0, t1;
};

/* When the pages of a stretch open for writes: with their chunk, which its first page opens. */
struct opens {
    double head, head_at; /* share of the stretch in a chunk begun before it */
    double tail, tail_at; /* in its last, partial chunk */
    double full;          /* whole chunks */
    double each;          /* share of one */
    double first_at, step;
};

struct sweep {
    struct stretch part[2]; /* ahead, behind */
    struct opens opens[2];
    double share[2]; /* of the known pages of each part, sent in this round */
};

static inline double passed_at(const struct sweep *s, double offset)
{
    const struct stretch *p =
        &s->part[offset < s->part[0].to || s->part[1].to <= s->part[1].from ? 0 : 1];
    double len = p->to - p->from;

    return len > 0.0 ? p->t0 + (p->t1 - p->t0) * num_min(num_max(offset - p->from, 0.0) / len, 1.0)
                     : p->t0;
}

/* From @around on, pages lie in the chunk with which the sweep began. */
static inline double opened_at(const struct sweep *s, double offset, double around)
{
    return offset >= around - 1e-9 ? 0.0 : passed_at(s, offset);
}

/* Chunk borders lie at (j - @lead) / @chunks from where the sweep starts. */
static void find_opens(struct sweep *s, int part, double chunks, double lead)
{
    const struct stretch *p = &s->part[part];
    struct opens *o = &s->opens[part];
    double len = p->to - p->from, size = 1.0 / chunks, around = 1.0 - lead * size;
    double chunk, border, last;

    *o = (struct opens){0};
    if (len <= 0.0)
        return;
    chunk = num_floor(p->from * chunks + lead);
    border = (chunk + 1.0 - lead) * size;
    if (chunk > lead)
        o->head_at = opened_at(s, (chunk - lead) * size, around);
    if (border >= p->to) { /* all of it in the chunk begun before */
        o->head = 1.0;
        return;
    }
    o->head = (border - p->from) / len;
    o->full = num_floor((p->to - border) * chunks + 1e-9);
    o->each = size / len;
    o->first_at = passed_at(s, border);
    o->step = (p->t1 - p->t0) * o->each;
    last = border + o->full * size;
    if (last >= p->to)
        return;
    o->tail = (p->to - last) / len;
    o->tail_at = opened_at(s, last, around);
}

/* What the sweep did since the last sync, when it sent @sent of the pages then known. */
static void find_sweep(const struct memory *mem, double known_ahead, double known_behind,
                       double sent, struct sweep *s)
{
    double behind_share = 1.0 - mem->ahead_share, lead, split;

    s->share[0] = known_ahead > sent ? sent / known_ahead : 1.0;
    s->share[1] = known_ahead > sent ? 0.0 : 1.0;
    if (s->share[1] > 0.0 && known_behind > 0.0)
        s->share[1] = num_min((sent - known_ahead) / known_behind, 1.0);
    if (mem->chunks <= 1.0)
        return;
    split = sent > 0.0 ? num_min(known_ahead / sent, 1.0) : 1.0;
    s->part[0] = (struct stretch){0.0, mem->ahead_share * s->share[0], 0.0, split};
    s->part[1] = (struct stretch){mem->ahead_share, mem->ahead_share + behind_share * s->share[1],
                                  split, 1.0};
    lead = mem->swept * mem->chunks - num_floor(mem->swept * mem->chunks);
    find_opens(s, 0, mem->chunks, lead);
    find_opens(s, 1, mem->chunks, lead);
}

/* Mean over a stretch of 1 - exp(-x (1 - t)), t = when a page opens; @all: what it is with t = 0.
 * The sum over chunks is geometric. */
static inline double redirtied(const struct opens *o, double x, double all)
{
    double sum = 0.0;

    if (o->head > 0.0)
        sum = o->head * (o->head_at > 0.0 ? dirty_share(x * (1.0 - o->head_at)) : all);
    if (o->tail > 0.0)
        sum += o->tail * dirty_share(x * (1.0 - o->tail_at));
    if (o->full > 0.0 && x < 1e-6) {
        sum += o->each * x * o->full * (1.0 - o->first_at - 0.5 * o->step * (o->full - 1.0));
    } else if (o->full > 0.0) {
        double late = exp(-x * (1.0 - o->first_at - (o->full - 1.0) * o->step)), d = x * o->step;
        double series = d > 0.0 ? dirty_share(d * o->full) / dirty_share(d) : o->full;

        sum += o->each * (o->full - late * series);
    }
    return sum;
}

/* Mean over a stretch of min(@most, @rate (1 - t)): a writer that comes by once, at any time. */
static double passed_after_opening(const struct opens *o, double most, double rate)
{
    double sum = o->head * num_min(most, rate * (1.0 - o->head_at)) +
                 o->tail * num_min(most, rate * (1.0 - o->tail_at));

    if (o->full > 0.0) {
        double room = rate > 0.0 ? 1.0 - most / rate - o->first_at : -1.0, n;
        double capped = 0.0;

        if (room >= 0.0)
            capped = o->step > 0.0 ? num_min(floor(room / o->step) + 1.0, o->full) : o->full;
        n = o->full - capped;
        sum += o->each * (capped * most + rate * (n * (1.0 - o->first_at) -
                                                  o->step * (0.5 * n * (n - 1.0) + n * capped)));
    }
    return sum;
}

/* Newly dirty pages of a sequential class of which @known were dirty and @sent_part sent, by part.
 * The writer meets the clean pages first, for it leaves the dirty ones behind it; those it meets
 * later count if their chunk is open by then. */
static double chunks_sync(const struct sweep *s, double pages, double known, double sent_ahead,
                          double sent_behind, double written)
{
    double clean = pages - known, rest = num_max(written - clean, 0.0);
    double most = known > 0.0 ? num_min(rest / known, 1.0) : 0.0;
    double rate = known > 0.0 ? written / known : 0.0;

    if (most <= 0.0)
        return num_min(written, clean);
    return num_min(written, clean) + sent_ahead * passed_after_opening(&s->opens[0], most, rate) +
           sent_behind * passed_after_opening(&s->opens[1], most, rate);
}

/* Add [from, to) to the ascending arcs in @list, joining what touches; when they are too many, the
 * two with the smallest gap between them become one. */
static void arcs_merge(struct memory_arc *list, uint32_t *nr, double from, double to)
{
    struct memory_arc out[MEMORY_ARCS + 1];
    uint32_t n = 0, i = 0, tight = 1;

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

/* The same: nothing at all, or behind the others, is quickly done. */
static inline void arcs_add(struct memory_arc *list, uint32_t *nr, double from, double to)
{
    if (to <= from)
        return;
    if (*nr < MEMORY_ARCS && (*nr == 0 || from > list[*nr - 1].to))
        list[(*nr)++] = (struct memory_arc){from, to};
    else
        arcs_merge(list, nr, from, to);
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
    mem->head += written;
    if (mem->head >= pages) /* less it once is exact up to twice of it */
        mem->head = mem->head < 2.0 * pages ? mem->head - pages : fmod(mem->head, pages);
    return arcs_size(mem->arcs, mem->nr_arcs) - before;
}

/* The known pages of a class, and the clean ones that became dirty, in the parts ahead and behind.
 */
struct class_sync {
    double sent_ahead, sent_behind;
    double unsent_ahead, unsent_behind;
    double fresh_ahead, fresh_behind;
};

static inline struct class_sync class_parts(const struct memory *mem, const struct sweep *s,
                                            uint32_t k)
{
    double ahead = mem->ahead[k], behind = num_max(mem->known[k] - ahead, 0.0);
    double sent_ahead = ahead * s->share[0], sent_behind = behind * s->share[1];

    return (struct class_sync){.sent_ahead = sent_ahead,
                               .sent_behind = sent_behind,
                               .unsent_ahead = ahead - sent_ahead,
                               .unsent_behind = behind - sent_behind};
}

/* @x: how often each of the @pages was written. */
static inline double random_sync(const struct memory *mem, const struct sweep *s, double pages,
                                 double x, struct class_sync *c)
{
    double ahead = c->sent_ahead + c->unsent_ahead, behind = c->sent_behind + c->unsent_behind;
    double clean = dirty_share(x), again = 0.0;

    c->fresh_ahead = num_max(pages * mem->ahead_share - ahead, 0.0) * clean;
    c->fresh_behind = num_max(pages * (1.0 - mem->ahead_share) - behind, 0.0) * clean;
    if (mem->chunks <= 1.0)
        return (c->sent_ahead + c->sent_behind) * clean + c->fresh_ahead + c->fresh_behind;
    if (c->sent_ahead > 0.0)
        again = c->sent_ahead * redirtied(&s->opens[0], x, clean);
    if (c->sent_behind > 0.0)
        again += c->sent_behind * redirtied(&s->opens[1], x, clean);
    return again + c->fresh_ahead + c->fresh_behind;
}

static double sequential_sync(struct memory *mem, const struct sweep *s,
                              const struct dirty_model *model, uint32_t k, double written,
                              const struct class_sync *c)
{
    double n = model->pages[k], unsent = c->unsent_ahead + c->unsent_behind, add = written;

    if (mem->chunks > 1.0)
        add = chunks_sync(s, n, mem->known[k], c->sent_ahead, c->sent_behind, written);
    else if (k == mem->arcs_class)
        add = arcs_sync(mem, n, written, unsent);
    return num_min(add, n - unsent);
}

/* The parts of a class change places: returns what then lies ahead. */
static inline double new_ahead(const struct sweep *s, const struct class_sync *c)
{
    return s->share[0] < 1.0 ? c->unsent_ahead + c->fresh_ahead * (1.0 - s->share[0])
                             : c->unsent_behind + c->fresh_behind * (1.0 - s->share[1]);
}

static inline void move_on(struct memory *mem, const struct sweep *s)
{
    double ahead = mem->ahead_share, behind = 1.0 - ahead;
    double still_unsent[2] = {mem->still_ahead * (1.0 - s->share[0]),
                              (mem->still - mem->still_ahead) * (1.0 - s->share[1])};

    mem->swept += ahead * s->share[0] + behind * s->share[1];
    mem->swept -= num_floor(mem->swept);
    mem->still = still_unsent[0] + still_unsent[1];
    mem->still_ahead = s->share[0] < 1.0 ? still_unsent[0] : still_unsent[1];
    if (s->share[0] < 1.0)
        mem->ahead_share = ahead * (1.0 - s->share[0]);
    else
        mem->ahead_share = behind * (1.0 - s->share[1]);
}

double memory_sync(struct memory *mem, const struct dirty_model *model, double tau,
                   double unsent_share)
{
    double newly = 0.0, ahead = mem->still_ahead, known = mem->still;
    struct sweep s;

    assert(tau >= 0.0 && unsent_share >= 0.0 && unsent_share <= 1.0);
    for (uint32_t k = 0; k < model->nr; k++) {
        known += mem->known[k];
        ahead += mem->ahead[k];
    }
    find_sweep(mem, ahead, known - ahead, known * (1.0 - unsent_share), &s);
    for (uint32_t k = 0; k < model->nr; k++) {
        struct class_sync c = class_parts(mem, &s, k);
        double n = model->pages[k], unsent = c.unsent_ahead + c.unsent_behind, add;

        if (model->sequential[k])
            add = sequential_sync(mem, &s, model, k, model->writes_per_s[k] * tau, &c);
        else
            add = random_sync(mem, &s, n, model->page_writes_per_s[k] * tau, &c);
        mem->known[k] = num_min(unsent + add, n);
        mem->ahead[k] = num_min(new_ahead(&s, &c), mem->known[k]);
        newly += add;
    }
    move_on(mem, &s);
    return newly;
}
