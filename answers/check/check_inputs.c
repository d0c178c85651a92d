/*
 * check_inputs.c - which inputs of a scenario changed since its baseline.
 *
 * Lists may be long: a scenario of ten thousand VMs, each a section, sets a hundred thousand
 * values. So the other list is looked up in a sorted index, and what is told twice is found by
 * sorting too. Invariant: changes come in the order of the scenario, whatever the order of the
 * search.
 */
#include "answers/check/check_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* The inputs of an entry by section and key; those of the same name in their order. */
struct index {
    const struct check_input **sorted;
    size_t nr;
};

static int compare_names(const struct check_input *a, const struct check_input *b)
{
    int order = strcmp(a->section, b->section);

    return order != 0 ? order : strcmp(a->key, b->key);
}

static int by_name(const void *left, const void *right)
{
    const struct check_input *a = *(const struct check_input *const *)left;
    const struct check_input *b = *(const struct check_input *const *)right;
    int order = compare_names(a, b);

    return order != 0 ? order : a < b ? -1 : a > b;
}

static enum status index_init(struct index *index, struct arena *arena, const struct check_entry *e)
{
    index->nr = e->nr_inputs;
    index->sorted = arena_array(arena, e->nr_inputs + 1, sizeof(*index->sorted));
    if (!index->sorted)
        return ST_ENOMEM;
    for (size_t i = 0; i < e->nr_inputs; i++)
        index->sorted[i] = &e->inputs[i];
    qsort(index->sorted, index->nr, sizeof(*index->sorted), by_name);
    return ST_OK;
}

/* Where @like stands, or would stand. */
static size_t lower_bound(const struct index *index, const struct check_input *like)
{
    size_t low = 0, high = index->nr;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (compare_names(index->sorted[mid], like) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static const struct check_input *find(const struct index *index, const struct check_input *like)
{
    size_t at = lower_bound(index, like);

    return at < index->nr && compare_names(index->sorted[at], like) == 0 ? index->sorted[at] : NULL;
}

static void add(struct check_result *r, struct check_change c)
{
    c.seq = r->nr_changes;
    c.share = NAN;
    r->changes[r->nr_changes++] = c;
}

/* ---- what is told twice ---- */

static int by_line(const void *left, const void *right)
{
    const struct check_change *a = left, *b = right;
    int order = strcmp(a->file, b->file);

    if (order == 0)
        order = a->line < b->line ? -1 : a->line > b->line;
    if (order == 0)
        order = strcmp(a->key, b->key);
    return order != 0 ? order : a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int by_seq(const void *left, const void *right)
{
    const struct check_change *a = left, *b = right;

    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* The sections of one kind share what they inherit: a line is told once, where it is first. */
static void tell_lines_once(struct check_result *r)
{
    struct check_change *all = r->changes;
    size_t lines = 0, kept = 0;

    for (size_t i = 0; i < r->nr_changes; i++) /* those with a line to the front */
        if (all[i].file && all[i].line > 0) {
            struct check_change c = all[i];

            all[i] = all[lines];
            all[lines++] = c;
        }
    qsort(all, lines, sizeof(*all), by_line);
    for (size_t i = 0; i < r->nr_changes; i++) {
        const struct check_change *last = kept > 0 ? &all[kept - 1] : NULL;

        if (i > 0 && i < lines && all[i].line == last->line && strcmp(all[i].key, last->key) == 0 &&
            strcmp(all[i].file, last->file) == 0)
            continue;
        all[kept++] = all[i];
    }
    r->nr_changes = kept;
    qsort(all, kept, sizeof(*all), by_seq);
    for (size_t i = 0; i < kept; i++)
        all[i].seq = i;
}

/* ---- the comparison ---- */

/* Where a section stands now, for a key that it no longer has. */
static void place(const struct index *now, struct check_change *c)
{
    const struct check_input like = {.section = c->section, .key = ""};
    const struct check_input *first = NULL;

    for (size_t i = lower_bound(now, &like);
         i < now->nr && strcmp(now->sorted[i]->section, c->section) == 0; i++)
        if (!first || now->sorted[i] < first)
            first = now->sorted[i];
    if (first) {
        c->file = first->file;
        c->line = first->line;
    }
}

enum status check_inputs(struct check_result *r)
{
    const struct check_entry *before = r->before, *now = r->now;
    struct index was, is;

    r->changes = arena_array(r->arena, before->nr_inputs + now->nr_inputs, sizeof(*r->changes));
    if (!r->changes)
        return ST_ENOMEM;
    if (!r->inputs_differ)
        return ST_OK;
    if (index_init(&was, r->arena, before) != ST_OK || index_init(&is, r->arena, now) != ST_OK)
        return ST_ENOMEM;
    for (size_t i = 0; i < now->nr_inputs; i++) {
        const struct check_input *in = &now->inputs[i], *old = find(&was, in);

        if (!old || strcmp(old->value, in->value) != 0)
            add(r, (struct check_change){.section = in->section,
                                         .key = in->key,
                                         .before = old ? old->value : NULL,
                                         .now = in->value,
                                         .file = in->file,
                                         .line = in->line});
    }
    tell_lines_once(r);
    for (size_t i = 0; i < before->nr_inputs; i++) {
        const struct check_input *old = &before->inputs[i];
        struct check_change c = {.section = old->section, .key = old->key, .before = old->value};

        if (find(&is, old))
            continue;
        place(&is, &c);
        add(r, c);
    }
    return ST_OK;
}
