/*
 * hazards.c - reads the rows of a run for what planners fear.
 *
 * Each finder looks at one replication and says its worst case; the driver counts in how many
 * replications a kind shows and keeps the words of the first.  Invariant: nothing is simulated, and
 * the same run gives the same words.
 */
#include "answers/hazards_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/units.h"

enum {
    TRIES = 3,  /* as often for the same reason, and it will not change */
    SAMPLE = 2, /* fewer VMs are no class */
    CROWD = 3,  /* migrations into one host that are many */
    TEXT_LIMIT = 4 * 1024 * 1024
};
#define STANDSTILL_NS (10 * NS_PER_S) /* a guest's clients have given up by then */
#define HIGH_LIMIT_NS (2 * NS_PER_S)  /* nobody chooses it for a guest that serves */

static int by_name_and_time(const void *a, const void *b)
{
    const struct hazard_order *ka = a, *kb = b;
    int order = ka->name == kb->name ? 0 : strcmp(ka->name, kb->name);

    if (order != 0)
        return order;
    if (ka->queued_ns != kb->queued_ns)
        return ka->queued_ns < kb->queued_ns ? -1 : 1;
    return ka->row < kb->row ? -1 : ka->row > kb->row;
}

/* The same reason, but for its numbers. */
static bool same_reason(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && *b) {
        if (*a >= '0' && *a <= '9' && *b >= '0' && *b <= '9') {
            a += strspn(a, "0123456789.");
            b += strspn(b, "0123456789.");
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

static bool gave_up(const struct mig_result *r)
{
    return r->outcome == OUTCOME_TIMEOUT || r->outcome == OUTCOME_FAILED ||
           r->outcome == OUTCOME_REJECTED;
}

static bool is_live(const struct mig_result *r)
{
    return !r->kind || strcmp(r->kind, "live") == 0;
}

/* ---- the drain that never ends ---- */

/* An operation that is not over, and what its host waits for. */
static bool stuck_operation(const struct hazard_look *l, struct hazard_find *f)
{
    for (size_t i = 0; i < l->run->nr_ops; i++) {
        const struct op_result *op = &l->run->ops[i];
        bool hopeless = op->why && !hazard_starts_with(op->why, "no target");

        if (op->replication != l->replication || op->started_ns < 0 || op->ended_ns >= 0 ||
            !op->blocker || !hopeless)
            continue;
        f->vm = op->blocker;
        f->host = op->host;
        strbuf_addf(&f->words, "%s %s never ends: VM %s stays on %s (%s)", op->kind, op->name,
                    op->blocker, op->host, op->why);
        return true;
    }
    return false;
}

/* A VM that was tried again and again, and is not done. */
static bool infinite_drain(const struct hazard_look *l, struct hazard_find *f)
{
    size_t most = TRIES - 1;
    bool again = l->outcomes[OUTCOME_TIMEOUT] + l->outcomes[OUTCOME_FAILED] +
                     l->outcomes[OUTCOME_REJECTED] >=
                 TRIES;

    for (size_t i = 0; i < l->nr && again;) {
        const char *vm = l->by_vm[i].name, *reason = NULL;
        const struct mig_result *last = NULL;
        struct mig_result room;
        size_t tries = 0, k = i;

        for (; k < l->nr && strcmp(l->by_vm[k].name, vm) == 0; k++) {
            last = hazard_row(l, l->by_vm[k].row, &room);
            if (!gave_up(last) && last->outcome != OUTCOME_QUEUED)
                tries = 0;
            else if (gave_up(last)) {
                tries = same_reason(reason, last->reason) ? tries + 1 : 1;
                reason = last->reason;
            }
        }
        i = k;
        if (last->outcome == OUTCOME_COMPLETED || tries <= most || !reason ||
            hazard_starts_with(reason, "no target"))
            continue;
        most = tries;
        strbuf_clear(&f->words);
        f->vm = last->vm;
        f->host = last->source;
        strbuf_addf(&f->words,
                    "a drain of %s never ends: VM %s was tried %zu times, each time the same (%s)",
                    last->source, last->vm, tries, reason);
    }
    return f->words.len > 0 || stuck_operation(l, f);
}

/* ---- the timeout that fails everybody ---- */

/* What a set of rows came to; those still under way do not count. */
struct tally {
    size_t timeouts, others;
    uint32_t rounds; /* most of any that timed out */
};

static void count_row(struct tally *t, const struct mig_result *r)
{
    if (r->outcome == OUTCOME_TIMEOUT) {
        t->timeouts++;
        t->rounds = r->rounds > t->rounds ? r->rounds : t->rounds;
    } else if (r->outcome != OUTCOME_QUEUED) {
        t->others++;
    }
}

static void say_timeouts(struct hazard_find *f, const struct tally *t, const char *class_name)
{
    strbuf_clear(&f->words);
    strbuf_addstr(&f->words, "the timeout ends every migration");
    if (class_name)
        strbuf_addf(&f->words, " of '%s'", class_name);
    strbuf_addf(&f->words, ": %zu of %zu tries", t->timeouts, t->timeouts);
    if (t->rounds <= 1)
        strbuf_addstr(&f->words,
                      ", none of which got its memory across once: it asks for more than "
                      "the network gives, whatever the guests write");
}

/* The largest class of which all timed out. */
static void class_timed_out(const struct hazard_look *l, const struct hazard_order *by_class,
                            struct hazard_find *f)
{
    size_t most = SAMPLE - 1;
    struct mig_result room;

    for (size_t i = 0; i < l->nr;) {
        const struct hazard_order *first = &by_class[i];
        struct tally t = {0};

        for (; i < l->nr && strcmp(by_class[i].name, first->name) == 0; i++)
            count_row(&t, hazard_row(l, by_class[i].row, &room));
        if (t.others > 0 || t.timeouts <= most)
            continue;
        most = t.timeouts;
        f->vm = hazard_row(l, first->row, &room)->vm;
        say_timeouts(f, &t, first->name);
    }
}

static bool all_timed_out(const struct hazard_look *l, struct hazard_find *f)
{
    struct hazard_order *by_class;
    struct mig_result room;
    struct tally all = {0};

    if (l->outcomes[OUTCOME_TIMEOUT] < SAMPLE)
        return false;
    by_class = malloc(l->nr * sizeof(*by_class) + 1);
    for (size_t i = 0; by_class && i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        count_row(&all, r);
        by_class[i] = (struct hazard_order){.name = r->vm_class ? r->vm_class : r->vm, .row = i};
    }
    if (all.timeouts >= SAMPLE && all.others > 0) {
        qsort(by_class, l->nr, sizeof(*by_class), by_name_and_time);
        class_timed_out(l, by_class, f);
    } else if (all.timeouts >= SAMPLE) {
        say_timeouts(f, &all, NULL);
    }
    free(by_class);
    return f->words.len > 0;
}

/* ---- what never ends by itself ---- */

/* A guest that never converges, and others that wait behind it; alone, the verdict says it. */
static bool never(const struct hazard_look *l, struct hazard_find *f)
{
    size_t nr = 0, waiting = 0;
    struct mig_result room;

    if (l->outcomes[OUTCOME_QUEUED] == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (r->outcome != OUTCOME_QUEUED)
            continue;
        waiting += r->started_ns < 0;
        if (r->started_ns < 0 || !r->reason || strcmp(r->reason, REASON_NEVER_CONVERGES) != 0)
            continue;
        if (nr++ == 0) {
            f->vm = r->vm;
            f->host = r->source;
        }
    }
    if (nr == 0 || waiting == 0)
        return false;
    strbuf_addf(&f->words, "%zu %s (%s%s)", nr,
                nr == 1 ? "guest never converges, and nothing ends its migration"
                        : "guests never converge, and nothing ends their migrations",
                f->vm, nr == 1 ? "" : " and others");
    strbuf_addf(&f->words, "; %zu %s behind", waiting, waiting == 1 ? "waits" : "wait");
    strbuf_addstr(&f->words, ". What remains: the static way with the guest down, a stop of the "
                             "guest, or post-copy");
    return true;
}

static bool disk_never_ready(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result room;
    size_t nr = 0;

    if (l->outcomes[OUTCOME_QUEUED] == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (r->outcome == OUTCOME_QUEUED && hazard_starts_with(r->reason, "never ready") &&
            nr++ == 0) {
            f->vm = r->vm;
            f->host = r->source;
        }
    }
    if (nr == 0)
        return false;
    strbuf_addf(&f->words,
                "the memory of %zu %s never begun (%s%s): a disk is written faster than it is "
                "copied",
                nr, nr == 1 ? "guest is" : "guests is", f->vm, nr == 1 ? "" : " and others");
    return true;
}

/* ---- guests that stand still, or are lost ---- */

static bool high_limit(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result worst = {0}, room;
    char limit[UNITS_TEXT], stop[UNITS_TEXT];
    size_t nr = 0;

    if (l->nr_high == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (!is_live(r) || r->outcome != OUTCOME_COMPLETED || r->downtime_ns < NS_PER_S ||
            r->downtime_limit_ns < HIGH_LIMIT_NS)
            continue;
        if (nr++ == 0 || r->downtime_limit_ns > worst.downtime_limit_ns)
            worst = *r;
    }
    if (nr == 0)
        return false;
    f->vm = worst.vm;
    strbuf_addf(&f->words,
                "the downtime limit of %zu %s went far: %s ended at %s and stood still for %s", nr,
                nr == 1 ? "guest" : "guests", worst.vm, units_time(limit, worst.downtime_limit_ns),
                units_time(stop, worst.downtime_ns));
    return true;
}

static bool frozen(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result worst = {0}, room;
    char text[UNITS_TEXT];
    size_t nr = 0;

    if (l->nr_frozen == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (!is_live(r) || r->blackout_ns < STANDSTILL_NS)
            continue;
        if (nr++ == 0 || r->blackout_ns > worst.blackout_ns)
            worst = *r;
    }
    if (nr == 0)
        return false;
    f->vm = worst.vm;
    strbuf_addf(&f->words, "%zu %s for 10 s or longer, %s for %s", nr,
                nr == 1 ? "guest is frozen" : "guests are frozen", worst.vm,
                units_time(text, worst.blackout_ns));
    return true;
}

static bool lost(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result room;
    size_t nr = 0;

    if (l->outcomes[OUTCOME_FAILED] == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (r->outcome != OUTCOME_FAILED || !r->reason || !strstr(r->reason, "guest lost"))
            continue;
        if (nr++ == 0) {
            f->vm = r->vm;
            f->host = r->source;
        }
    }
    if (nr == 0)
        return false;
    strbuf_addf(&f->words, "%zu %s lost while migrating, %s the first", nr,
                nr == 1 ? "guest is" : "guests are", f->vm);
    return true;
}

static bool exposed(const struct hazard_look *l, struct hazard_find *f)
{
    struct mig_result worst = {0}, room;
    char all[UNITS_TEXT], most[UNITS_TEXT];
    int64_t sum = 0;
    size_t nr = 0;

    if (l->nr_postcopy == 0)
        return false;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (r->postcopy_ns <= 0)
            continue;
        sum += r->postcopy_ns;
        if (nr++ == 0 || r->postcopy_ns > worst.postcopy_ns)
            worst = *r;
    }
    if (nr == 0)
        return false;
    f->vm = worst.vm;
    strbuf_addf(
        &f->words,
        "%zu %s in post-copy, for %s in all and %s at most (%s): if a host dies then, or a link "
        "for good, the guest is lost",
        nr, nr == 1 ? "guest runs" : "guests run", units_time(all, sum),
        units_time(most, worst.postcopy_ns), worst.vm);
    return true;
}

/* ---- many streams into one network card ---- */

struct moment {
    int64_t at_ns;
    uint32_t host;
    int change;
};

static int by_host_and_time(const void *a, const void *b)
{
    const struct moment *ma = a, *mb = b;

    if (ma->host != mb->host)
        return ma->host < mb->host ? -1 : 1;
    if (ma->at_ns != mb->at_ns)
        return ma->at_ns < mb->at_ns ? -1 : 1;
    return ma->change - mb->change; /* one that ends makes place first */
}

/* The host with most at once, by the ids of targets or of sources. */
static int most_at_once(struct moment *all, size_t nr, uint32_t *host)
{
    int now = 0, most = 0;

    qsort(all, nr, sizeof(*all), by_host_and_time);
    for (size_t i = 0; i < nr; i++) {
        now = i > 0 && all[i].host != all[i - 1].host ? all[i].change : now + all[i].change;
        if (now > most) {
            most = now;
            *host = all[i].host;
        }
    }
    return most;
}

static bool crowded_target(const struct hazard_look *l, struct hazard_find *f)
{
    struct moment *in, *out;
    uint32_t target = 0, source = 0;
    int most_in = 0, most_out = 0;
    struct mig_result room;
    size_t nr = 0;

    if (l->nr_linked < CROWD)
        return false;
    in = malloc(2 * l->nr_linked * sizeof(*in));
    out = malloc(2 * l->nr_linked * sizeof(*out));
    for (size_t i = 0; in && out && i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        if (r->binding != BINDING_LINK || r->started_ns < 0 || r->ended_ns < 0 || !r->target ||
            r->source_id >= l->sc->nr_hosts || r->target_id >= l->sc->nr_hosts)
            continue;
        in[nr] = (struct moment){r->started_ns, r->target_id, 1};
        out[nr++] = (struct moment){r->started_ns, r->source_id, 1};
        in[nr] = (struct moment){r->ended_ns, r->target_id, -1};
        out[nr++] = (struct moment){r->ended_ns, r->source_id, -1};
    }
    if (nr > 0) {
        most_in = most_at_once(in, nr, &target);
        most_out = most_at_once(out, nr, &source);
    }
    free(in);
    free(out);
    if (most_in < CROWD || most_in < 2 * most_out ||
        l->sc->hosts[target].nic_bps == UNITS_UNLIMITED)
        return false;
    f->host = l->sc->hosts[target].name;
    strbuf_addf(
        &f->words,
        "up to %d migrations go into %s at once and no host sends more than %d: its network card "
        "is the bottleneck",
        most_in, f->host, most_out);
    return true;
}

/* ---- all of them ---- */

static bool (*const finders[HAZARD_NR])(const struct hazard_look *l, struct hazard_find *f) = {
    [HAZARD_INFINITE_DRAIN] = infinite_drain,
    [HAZARD_DEADLOCK] = hazard_dead_lock,
    [HAZARD_NO_TARGET] = hazard_no_target,
    [HAZARD_TIMEOUT] = all_timed_out,
    [HAZARD_NEVER] = never,
    [HAZARD_DISK] = disk_never_ready,
    [HAZARD_FROZEN] = frozen,
    [HAZARD_LIMIT] = high_limit,
    [HAZARD_LOST] = lost,
    [HAZARD_POSTCOPY] = exposed,
    [HAZARD_TARGET_NIC] = crowded_target,
};

static bool keep(struct run_result *run, enum hazard_kind kind, const struct hazard_find *f)
{
    struct hazard_result *h = NULL;

    for (size_t i = 0; i < run->nr_hazards; i++)
        if (run->hazards[i].kind == kind)
            h = &run->hazards[i];
    if (h) {
        h->replications++;
        return true;
    }
    run->hazards[run->nr_hazards] = (struct hazard_result){
        .kind = kind,
        .text = strbuf_failed(&f->words) ? NULL
                                         : arena_strdup(run->hazard_texts, strbuf_text(&f->words)),
        .vm = f->vm,
        .host = f->host,
        .replications = 1};
    return run->hazards[run->nr_hazards++].text != NULL;
}

static enum status look_at(struct hazard_look *l, struct run_result *run)
{
    struct mig_result room;

    memset(l->outcomes, 0, sizeof(l->outcomes));
    l->nr_frozen = l->nr_high = l->nr_postcopy = l->nr_linked = 0;
    for (size_t i = 0; i < l->nr; i++) {
        const struct mig_result *r = hazard_row(l, i, &room);

        l->by_vm[i] = (struct hazard_order){.name = r->vm, .queued_ns = r->queued_ns, .row = i};
        l->outcomes[r->outcome]++;
        l->nr_frozen += r->blackout_ns >= STANDSTILL_NS;
        l->nr_high += r->downtime_limit_ns >= HIGH_LIMIT_NS;
        l->nr_postcopy += r->postcopy_ns > 0;
        l->nr_linked += r->binding == BINDING_LINK;
    }
    qsort(l->by_vm, l->nr, sizeof(*l->by_vm), by_name_and_time);
    for (int k = 0; k < HAZARD_NR; k++) {
        struct hazard_find f = {.words = STRBUF_INIT};
        bool kept = !finders[k](l, &f) || keep(run, (enum hazard_kind)k, &f);

        strbuf_release(&f.words);
        if (!kept)
            return ST_ENOMEM;
    }
    return ST_OK;
}

enum status hazards_find(const struct scenario *sc, struct run_result *run)
{
    struct hazard_look l = {.sc = sc, .run = run};
    struct mig_result room;
    enum status st = ST_OK;

    run->hazards = calloc(HAZARD_NR, sizeof(*run->hazards));
    run->hazard_texts = arena_new(TEXT_LIMIT);
    l.by_vm = malloc(run->nr_migs * sizeof(*l.by_vm) + 1);
    if (!run->hazards || !run->hazard_texts || !l.by_vm) {
        free(l.by_vm);
        return ST_ENOMEM;
    }
    while (l.first < run->nr_migs && st == ST_OK) {
        l.replication = result_mig(run, l.first, &room)->replication;
        l.nr = result_next_replication(run, l.first) - l.first;
        st = look_at(&l, run);
        l.first += l.nr;
    }
    free(l.by_vm);
    return st;
}
