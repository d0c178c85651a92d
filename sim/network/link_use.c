/*
 * link_use.c - samples of link loads in a buffer that never grows.
 *
 * Many links share the room: each has fewer samples then, never none.
 */
#include "sim/network/link_use.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"

enum {
    SAMPLES_LEAST = 24,
    SAMPLES_ROOM = 1 << 20, /* of all links together, while each has its least */
    STEP_FIRST_MS = 100
};

enum status link_use_init(struct link_use *u, uint32_t nr_links)
{
    uint32_t cap = nr_links ? SAMPLES_ROOM / nr_links : 0;

    *u = (struct link_use){.next_ns = INT64_MAX};
    if (nr_links == 0)
        return ST_OK;
    cap = cap > LINK_SAMPLES ? LINK_SAMPLES : cap < SAMPLES_LEAST ? SAMPLES_LEAST : cap;
    u->cap = cap & ~1U; /* pairs become one */
    u->nr_links = nr_links;
    u->used = malloc((size_t)nr_links * u->cap);
    return u->used ? ST_OK : ST_ENOMEM;
}

void link_use_release(struct link_use *u)
{
    free(u->used);
    *u = (struct link_use){.next_ns = INT64_MAX};
}

void link_use_begin(struct link_use *u)
{
    u->nr = 0;
    u->idle_ns = 0;
    u->step_ns = STEP_FIRST_MS * NS_PER_MS;
    u->next_ns = u->nr_links ? 0 : INT64_MAX;
}

static void halve(struct link_use *u)
{
    for (uint32_t l = 0; l < u->nr_links; l++) {
        unsigned char *row = &u->used[(size_t)l * u->cap];

        for (uint32_t i = 0; i < u->cap / 2; i++)
            row[i] = (unsigned char)((row[2 * i] + row[2 * i + 1] + 1) / 2);
    }
    u->nr = u->cap / 2;
    u->step_ns *= 2;
}

static unsigned char percent(const struct network *net, uint32_t l)
{
    const struct network_link *link = &net->links[l];
    double used;

    if (link->nr_bundles == 0 || !isfinite(link->capacity) || !(link->capacity > 0))
        return 0;
    used = 100.0 * num_max(network_load(net, l), 0.0) / link->capacity;
    return (unsigned char)(used >= 100 ? 100 : lround(used));
}

/* Idle time is only remembered: what comes after the last migration must not take samples from what
 * was before it. */
void link_use_look(struct link_use *u, const struct network *net, int64_t until_ns)
{
    if (u->next_ns >= until_ns)
        return;
    if (net->nr_active == 0) {
        u->idle_ns = until_ns;
        return;
    }
    while (u->next_ns < until_ns) {
        bool idle = u->next_ns < u->idle_ns;

        if (u->nr == u->cap)
            halve(u);
        for (uint32_t l = 0; l < u->nr_links; l++)
            u->used[(size_t)l * u->cap + u->nr] = idle ? 0 : percent(net, l);
        u->nr++;
        u->next_ns = (int64_t)u->nr * u->step_ns;
    }
}

static uint64_t sum_of(const struct link_use *u, uint32_t link)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < u->nr; i++)
        sum += u->used[(size_t)link * u->cap + i];
    return sum;
}

uint32_t link_use_pick(const struct link_use *u, uint32_t links[LINKS_KEPT])
{
    uint64_t sums[LINKS_KEPT + 1];
    uint32_t kept[LINKS_KEPT + 1], nr = 0;

    for (uint32_t l = 0; l < u->nr_links; l++) {
        uint64_t sum = sum_of(u, l);
        uint32_t k = nr;

        if (sum == 0)
            continue;
        for (; k > 0 && sums[k - 1] < sum; k--) {
            sums[k] = sums[k - 1];
            kept[k] = kept[k - 1];
        }
        sums[k] = sum;
        kept[k] = l;
        nr += nr < LINKS_KEPT;
    }
    memcpy(links, kept, nr * sizeof(*links));
    return nr;
}

static bool any_used(const struct link_use *u, uint32_t sample)
{
    for (uint32_t l = 0; l < u->nr_links; l++)
        if (u->used[(size_t)l * u->cap + sample])
            return true;
    return false;
}

void link_use_row(const struct link_use *u, uint32_t link, struct link_result *row)
{
    assert(link < u->nr_links);
    row->step_ns = u->step_ns;
    row->nr = u->nr;
    while (row->nr > 0 && !any_used(u, row->nr - 1))
        row->nr--;
    memcpy(row->used_pct, &u->used[(size_t)link * u->cap], row->nr);
}
