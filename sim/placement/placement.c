/*
 * placement.c - picks the best host for a job, and says why none will do.
 *
 * Reasons are placement_filter.c's, what is taken where is placement_book.c's, order is
 * placement_index.c's.  Invariant: the answer depends on the books, the rules and the job alone.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/placement/placement_int.h"
#include "sim/sim_int.h"

/* ---- memory ---- */

enum status placement_init(struct sim *sim)
{
    const struct scenario *sc = sim->sc;
    struct placement *p = calloc(1, sizeof(*p));

    if (!p)
        return ST_ENOMEM;
    sim->cluster.placement = p;
    p->sc = sc;
    p->hosts = sim->cluster.hosts;
    p->rules = &sim->cluster.rules;
    p->nr_hosts = sc->nr_hosts;
    p->nr_classes = sc->place.nr_host_attrs ? sc->place.nr_host_attrs : 1;
    p->host_attrs = sc->place.nr_host_attrs ? sc->place.host_attrs : &host_attrs_none;
    p->vm_attrs = sc->place.nr_vm_attrs ? sc->place.vm_attrs : &vm_attrs_none;
    p->nodes = calloc((size_t)p->nr_hosts + 1, sizeof(*p->nodes));
    p->classes = calloc(p->nr_classes, sizeof(*p->classes));
    p->verdict_bytes = calloc(VERDICTS, p->nr_classes);
    p->next = calloc(p->nr_classes, sizeof(*p->next));
    p->home = calloc((size_t)sc->nr_vms + 1, sizeof(*p->home));
    if (!p->nodes || !p->classes || !p->verdict_bytes || !p->next || !p->home ||
        !start_allocate(p)) {
        placement_release(sim);
        return ST_ENOMEM;
    }
    for (uint32_t h = 0; h < sc->nr_hosts; h++)
        p->classes[sc->hosts[h].attrs].nr++;
    for (uint32_t i = 0; i < VERDICTS; i++)
        p->verdicts[i].refusals = p->verdict_bytes + (size_t)i * p->nr_classes;
    return ST_OK;
}

void placement_release(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;

    if (!p)
        return;
    free(p->nodes);
    free(p->classes);
    free(p->verdict_bytes);
    free(p->next);
    free(p->home);
    start_release(p);
    free(p);
    sim->cluster.placement = NULL;
}

/* ---- asking ---- */

static struct ask ask_for(struct sim *sim, const struct job *job)
{
    struct placement *p = sim->cluster.placement;
    const struct scn_vm *vm = &p->sc->vms[job->vm];
    struct ask a = {.p = p,
                    .job = job,
                    .vm = vm,
                    .attrs = &p->vm_attrs[scn_attrs_of(p->sc, job->vm)],
                    .home_class = p->sc->hosts[placement_home(p, job->vm)].attrs,
                    .vcpus = vm->guest->vcpus ? vm->guest->vcpus : 1,
                    .source = cluster_vm_host(sim, job->vm),
                    .live = job->kind == JOB_LIVE || job->kind == JOB_SUSPEND,
                    .wishes_too = true};

    a.memory_bytes = a.attrs->huge_pages ? 0 : vm->guest->memory_bytes;
    a.home = &p->host_attrs[a.home_class];
    return a;
}

/* The refusals of all classes for VMs like this one. */
static const uint8_t *verdicts(const struct ask *a)
{
    struct placement *p = a->p;
    uint32_t vm_attrs = scn_attrs_of(p->sc, a->job->vm);
    uint32_t mixed = (vm_attrs * 2654435761u) ^ (a->home_class * 40503u) ^ a->live;
    struct verdict_cache *v = &p->verdicts[(mixed ^ mixed >> 15) % VERDICTS];

    if (v->valid && v->vm_attrs == vm_attrs && v->home == a->home_class && v->live == a->live)
        return v->refusals;
    v->vm_attrs = vm_attrs;
    v->home = a->home_class;
    v->live = a->live;
    v->valid = true;
    for (uint32_t c = 0; c < p->nr_classes; c++)
        v->refusals[c] = (uint8_t)filter_class(a, c);
    return v->refusals;
}

enum refusal placement_refusal(struct sim *sim, const struct job *job, uint32_t host)
{
    struct ask a = ask_for(sim, job);
    enum refusal why = (enum refusal)verdicts(&a)[a.p->sc->hosts[host].attrs];

    a.wishes_too = false;
    return why != REFUSE_NOT ? why : filter_host(&a, host);
}

bool placement_fits(struct sim *sim, const struct job *job, uint32_t host)
{
    return placement_refusal(sim, job, host) == REFUSE_NOT;
}

/* ---- picking ---- */

/* Where a host stands on the way once round from p->turn. */
static uint64_t distance(const struct placement *p, uint32_t host)
{
    return p->nodes[host].key - p->turn;
}

/* The next of class @c behind @after (INDEX_NONE: the first of all), once round. */
static uint32_t advance(const struct placement *p, uint32_t c, uint32_t after, uint64_t bytes)
{
    uint64_t key = after == INDEX_NONE ? p->turn : p->nodes[after].key;
    uint32_t next = index_next(p, c, key, after == INDEX_NONE ? 0 : after + 1, bytes);

    if (key >= p->turn) {
        if (next != INDEX_NONE || p->turn == 0)
            return next;
        next = index_next(p, c, 0, 0, bytes);
    }
    return next != INDEX_NONE && p->nodes[next].key < p->turn ? next : INDEX_NONE;
}

/* First of those that fit in the order of the weigher, over all classes. */
static uint32_t best_host(const struct ask *a)
{
    struct placement *p = a->p;
    const uint8_t *refused = verdicts(a);

    for (uint32_t c = 0; c < p->nr_classes; c++)
        p->next[c] = refused[c] ? INDEX_NONE : advance(p, c, INDEX_NONE, a->memory_bytes);
    for (;;) {
        uint32_t best = INDEX_NONE;

        for (uint32_t c = 0; c < p->nr_classes; c++) {
            if (p->next[c] == INDEX_NONE)
                continue;
            if (best == INDEX_NONE || distance(p, p->next[c]) < distance(p, p->next[best]) ||
                (distance(p, p->next[c]) == distance(p, p->next[best]) &&
                 p->next[c] < p->next[best]))
                best = c;
        }
        if (best == INDEX_NONE)
            return HOST_NONE;
        if (filter_host(a, p->next[best]) == REFUSE_NOT)
            return p->next[best];
        p->next[best] = advance(p, best, p->next[best], a->memory_bytes);
    }
}

/* The next pick of these weighers begins behind this one. */
static void move_on(struct placement *p, uint32_t host)
{
    if (p->rules->weigher == WEIGH_IN_TURN)
        p->turn = (uint64_t)host + 1;
    if (p->rules->weigher != WEIGH_RANDOM)
        return;
    /* a new place for it as well, so that a host behind a wide gap is not favoured for ever */
    index_take(p, host);
    p->nodes[host].key = rng_u64(&p->rng);
    if (p->nodes[host].state == REFUSE_NOT)
        index_put(p, host);
    p->turn = rng_u64(&p->rng);
}

uint32_t placement_pick(struct sim *sim, const struct job *job)
{
    struct ask a = ask_for(sim, job);
    uint32_t host;

    start_order(sim);
    a.slots_count = a.p->rules->place == PLACE_AT_SLOT;
    host = best_host(&a);
    if (host == HOST_NONE && a.p->nr_groups) {
        a.wishes_too = false;
        host = best_host(&a);
    }
    if (host != HOST_NONE)
        move_on(a.p, host);
    return host;
}

bool placement_refused_alone(struct sim *sim, const struct job *job)
{
    struct ask a = ask_for(sim, job);
    const struct placement *p = a.p;
    const struct scn_place *place = &p->sc->place;

    start_order(sim);
    if (p->nr_groups && place->vm_affinity_first[job->vm] != place->vm_affinity_first[job->vm + 1])
        return true;
    if (p->rules->retry_other_host && job->last_target != HOST_NONE)
        return true;
    return a.source != HOST_NONE && p->nodes[a.source].in &&
           p->nodes[a.source].free_bytes >= a.memory_bytes;
}

/* ---- reasons ---- */

/* Counts the hosts of a class that attributes do not refuse.  Those in the tree that have no room
 * are counted without being looked at. */
static void count_class(const struct ask *a, uint32_t c, uint32_t count[REFUSE_NR])
{
    struct placement *p = a->p;
    const struct host_class *hc = &p->classes[c];
    uint32_t short_of = hc->nr - hc->down - hc->cordoned;
    uint32_t looked = 0;

    count[REFUSE_DOWN] += hc->down;
    count[REFUSE_CORDONED] += hc->cordoned;
    for (uint32_t h = index_next(p, c, 0, 0, a->memory_bytes); h != INDEX_NONE;
         h = index_next(p, c, p->nodes[h].key, h + 1, a->memory_bytes)) {
        looked++;
        count[filter_host(a, h)]++;
    }
    count[REFUSE_MEMORY] += short_of - looked;
}

/* The host where it runs is no candidate, whatever it was counted as. */
static void leave_out_source(const struct ask *a, const uint8_t *refused, uint32_t count[REFUSE_NR])
{
    const struct placement *p = a->p;
    uint32_t c;

    if (a->source == HOST_NONE)
        return;
    c = p->sc->hosts[a->source].attrs;
    if (refused[c])
        count[refused[c]]--;
    else if (p->nodes[a->source].state != REFUSE_NOT)
        count[p->nodes[a->source].state]--;
    else if (p->nodes[a->source].free_bytes >= a->memory_bytes)
        count[filter_host(a, a->source)]--;
    else
        count[REFUSE_MEMORY]--;
}

static void write_counts(const struct ask *a, uint32_t hosts, const uint32_t count[REFUSE_NR],
                         struct strbuf *out)
{
    if (hosts == 0) {
        strbuf_addstr(out, "no target: there is no other host");
        return;
    }
    strbuf_addf(out, "no target: %u %s", hosts, hosts == 1 ? "host" : "hosts");
    /* the commonest reason first, ties in the order of the filters */
    for (uint32_t last = UINT32_MAX, last_f = 0;;) {
        uint32_t best = 0, most = 0;

        for (uint32_t f = 1; f < REFUSE_NR; f++)
            if (count[f] > most && (count[f] < last || (count[f] == last && f > last_f))) {
                most = count[f];
                best = f;
            }
        if (!best)
            return;
        strbuf_addstr(out, ", ");
        filter_words(a, (enum refusal)best, most, out);
        last = most;
        last_f = best;
    }
}

static void write_wanted(const struct ask *a, struct strbuf *out)
{
    uint32_t host = a->job->wanted;
    enum refusal why = (enum refusal)verdicts(a)[a->p->sc->hosts[host].attrs];

    if (why == REFUSE_NOT)
        why = filter_host(a, host);
    strbuf_addf(out, "target %s will not do", a->p->sc->hosts[host].name);
    if (why == REFUSE_NOT)
        return;
    strbuf_addstr(out, ": ");
    filter_words(a, why, 0, out);
}

const char *placement_why(struct sim *sim, const struct job *job)
{
    struct ask a = ask_for(sim, job);
    uint32_t count[REFUSE_NR] = {0};
    struct strbuf text = STRBUF_INIT;
    const uint8_t *refused = verdicts(&a);
    const char *kept;

    start_order(sim);
    a.wishes_too = false;
    a.slots_count = a.p->rules->place == PLACE_AT_SLOT;
    if (job->wanted != HOST_NONE) {
        write_wanted(&a, &text);
    } else {
        for (uint32_t c = 0; c < a.p->nr_classes; c++) {
            if (refused[c])
                count[refused[c]] += a.p->classes[c].nr;
            else
                count_class(&a, c, count);
        }
        leave_out_source(&a, refused, count);
        write_counts(&a, a.p->nr_hosts - (a.source != HOST_NONE), count, &text);
    }
    kept = strbuf_failed(&text) ? "no target" : sim_intern(sim, strbuf_text(&text));
    strbuf_release(&text);
    return kept;
}

void placement_refusal_words(struct sim *sim, const struct job *job, enum refusal why, uint32_t nr,
                             struct strbuf *out)
{
    struct ask a = ask_for(sim, job);

    filter_words(&a, why, nr, out);
}
