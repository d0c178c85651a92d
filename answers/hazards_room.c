/*
 * hazards_room.c - VMs that have nowhere to go: for want of room, or because no host will do.
 */
#include "answers/hazards_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#include "base/banned.h"

bool hazard_starts_with(const char *text, const char *start)
{
    return text && strncmp(text, start, strlen(start)) == 0;
}

/* VMs that wait for a host, with the reason of the first; @room: for want of memory or CPUs. */
static size_t homeless(const struct hazard_look *l, bool room, struct mig_result *first)
{
    struct mig_result unpacked;
    size_t nr = 0;

    if (l->outcomes[OUTCOME_QUEUED] + l->outcomes[OUTCOME_REJECTED] == 0)
        return 0;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, l->by_vm[i].row, &unpacked);
        bool last = i + 1 == l->nr || strcmp(l->by_vm[i + 1].name, r->vm) != 0;

        if (!last || r->started_ns >= 0 || !hazard_starts_with(r->reason, "no target") ||
            (r->outcome != OUTCOME_QUEUED && r->outcome != OUTCOME_REJECTED) ||
            (strstr(r->reason, "short of") != NULL) != room)
            continue;
        if (nr++ == 0)
            *first = *r;
    }
    return nr;
}

/* Where nothing has moved: is there no room, or is it only in pieces?  Nothing is said where it is
 * not memory that lacks. */
static void add_room(const struct scenario *sc, const struct mig_result *first, struct strbuf *out)
{
    double over = fmax(sc->cluster.rules.memory_overcommit, 1.0), sum = 0.0, most = 0.0;
    double need = (double)sc->vms[first->vm_id].guest->memory_bytes;
    double *left = calloc(sc->nr_hosts + 1, sizeof(*left));
    char all[UNITS_TEXT], one[UNITS_TEXT];

    for (uint32_t h = 0; left && h < sc->nr_hosts; h++)
        left[h] = (double)sc->hosts[h].memory_bytes * over;
    for (uint32_t v = 0; left && v < sc->nr_vms; v++)
        if (sc->vms[v].host < sc->nr_hosts)
            left[sc->vms[v].host] -= (double)sc->vms[v].guest->memory_bytes;
    for (uint32_t h = 0; left && h < sc->nr_hosts; h++) {
        if (h == first->source_id || left[h] <= 0.0)
            continue;
        sum += left[h];
        most = fmax(most, left[h]);
    }
    if (left && sum < need)
        strbuf_addstr(out, "the cluster is full, ");
    else if (left && most < need)
        strbuf_addf(out, "%s are free, but no more than %s on one host, so ",
                    units_size(all, (uint64_t)sum), units_size(one, (uint64_t)most));
    free(left);
}

bool hazard_dead_lock(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result first, room;
    size_t nr = homeless(l, true, &first), moving = 0, done = l->outcomes[OUTCOME_COMPLETED];

    for (size_t i = 0; i < l->nr && nr > 0; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        moving += r->outcome == OUTCOME_QUEUED && r->started_ns >= 0;
    }
    if (nr == 0 || moving > 0)
        return false;
    f->vm = first.vm;
    f->host = first.source;
    if (done == 0) {
        strbuf_addstr(&f->words, "dead-locked: ");
        add_room(l->sc, &first, &f->words);
        strbuf_addf(&f->words, "no host can take the first VM (%zu %s; %s: %s)", nr,
                    nr == 1 ? "waits" : "wait", first.vm, first.reason);
    } else {
        strbuf_addf(&f->words, "dead-locked: %zu %s for room that nothing will free (%s: %s)", nr,
                    nr == 1 ? "VM waits" : "VMs wait", first.vm, first.reason);
    }
    return true;
}

bool hazard_no_target(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result first;
    size_t nr = homeless(l, false, &first);

    if (nr == 0)
        return false;
    f->vm = first.vm;
    f->host = first.source;
    strbuf_addf(&f->words, "no host will do for %zu %s (%s: %s)", nr, nr == 1 ? "VM" : "VMs",
                first.vm, first.reason);
    return true;
}
