/*
 * read.c - runs back out of the tables.
 *
 * One function a table reads a row; load_table() is the loop around all of them.  Values are
 * checked in cells.c.  Invariant: what store_load_run() returns satisfies every rule of
 * sim/result.h, and the strings are its own.
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/cells.h"
#include "store/names.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char what[] = "run";

/* One run on its way out of the file. */
struct reader {
    struct store *store;
    struct store_run *out;
    struct diag *diag;
    enum status st; /* once it is not ST_OK, nothing more is read */
    int64_t *ids;   /* of the migrations read */
    size_t owner;   /* the migration whose fixes are being read */
    size_t rounds;  /* of the migrations read */
};

/* A table as an array of a run. */
struct table {
    const char *name, *sql; /* one parameter: the run */
    size_t size;            /* of an element */
    void (*read)(struct reader *r, struct cells *c, void *element, size_t index);
};

/* All rows of @t; *@nr of them.  What was read before a failure is returned too. */
static void *load_table(struct reader *r, const struct table *t, size_t *nr)
{
    struct cells c;
    char *rows = NULL;
    bool more;

    *nr = 0;
    if (r->st != ST_OK)
        return NULL;
    r->owner = 0;
    r->st = cells_open(&c, r->store, r->out->names, what, t->sql, r->out->run_id, r->diag);
    while (r->st == ST_OK && (r->st = cells_next(&c, &more, r->diag)) == ST_OK && more) {
        char *all = cells_grown(rows, *nr, t->size);

        if (!all) {
            r->st = diag_set(r->diag, ST_ENOMEM, "out of memory");
            break;
        }
        rows = all;
        memset(rows + *nr * t->size, 0, t->size);
        t->read(r, &c, rows + *nr * t->size, *nr);
        ++*nr;
        r->st = cells_check(&c, t->name, r->diag);
    }
    cells_close(&c);
    return rows;
}

/* The migration that a row of another table belongs to.  Both come in the order of their ids; so
 * one walk over both finds the owner of each. */
static size_t owner_of(struct reader *r, int64_t id)
{
    while (r->owner < r->out->result.nr_migs && r->ids[r->owner] != id)
        r->owner++;
    assert(r->owner < r->out->result.nr_migs); /* the join, inside one read transaction */
    return r->owner;
}

/* ---- the tables ---- */

static const char *outcome_word(int i)
{
    return outcome_name((enum outcome)i);
}

static const char *binding_word(int i)
{
    return binding_key((enum binding)i);
}

static const char *fix_word(int i)
{
    return fix_key((enum fix_kind)i);
}

static const char *hazard_word(int i)
{
    return hazard_key((enum hazard_kind)i);
}

static const char *severity_word(int i)
{
    return i ? "error" : "warning";
}

static void read_migration(struct reader *r, struct cells *c, struct mig_result *mig, size_t index)
{
    int64_t *ids = cells_grown(r->ids, index, sizeof(*ids));

    c->no_mem |= !ids;
    r->ids = ids ? ids : r->ids;

    mig->replication = cell_u32(c);
    mig->attempt = cell_u32(c);
    mig->job = cell_u32(c);
    mig->kind = cell_text(c);
    mig->vm = cell_required_text(c);
    mig->vm_class = cell_text(c);
    mig->vm_id = mig->source_id = mig->target_id = UINT32_MAX;
    mig->source = cell_text(c);
    mig->target = cell_text(c);
    mig->platform = cell_text(c);
    mig->outcome = (enum outcome)cell_word(c, outcome_word, OUTCOME_NR);
    mig->reason = cell_text(c);
    mig->binding = (enum binding)cell_word(c, binding_word, BINDING_NR);
    mig->queued_ns = cell_int(c);
    mig->started_ns = cell_known(c);
    mig->ended_ns = cell_known(c);
    mig->setup_ns = cell_known(c);
    mig->total_ns = cell_known(c);
    mig->downtime_ns = cell_known(c);
    mig->blackout_ns = cell_known(c);
    mig->postcopy_ns = cell_known(c);
    mig->postcopy_stall_ns = cell_known(c);
    mig->expected_downtime_ns = cell_known(c);
    mig->downtime_limit_ns = cell_known(c);
    mig->network_outage_ns = cell_known(c);
    mig->disk_ns = cell_known(c);
    mig->disk_bytes = cell_count(c);
    mig->dirty_pages_rate = cell_count(c);
    mig->transferred_bytes = cell_count(c);
    mig->precopy_bytes = cell_count(c);
    mig->downtime_bytes = cell_count(c);
    mig->postcopy_bytes = cell_count(c);
    mig->normal_pages = cell_count(c);
    mig->zero_pages = cell_count(c);
    mig->rounds = cell_u32(c);
    mig->max_throttle_pct = cell_u32(c);
    mig->guest_slowdown_ratio = cell_double(c);
    mig->convergence_bytes_per_s = cell_count(c);
    mig->first_round = r->rounds;
    mig->nr_rounds = cell_u32(c);
    r->rounds += mig->nr_rounds;
    if (ids)
        ids[index] = cell_int(c);
}

static void load_migrations(struct reader *r)
{
    static const char sql[] =
        "SELECT replication, attempt, job, kind, vm, vm_class, source, target, platform, outcome, "
        "reason, binding,"
        " queued_ns, started_ns, ended_ns, setup_ns, total_ns, downtime_ns, blackout_ns,"
        " postcopy_ns, postcopy_stall_ns, expected_downtime_ns, downtime_limit_ns,"
        " network_outage_ns, disk_ns, disk_bytes, dirty_rate_pages_per_s,"
        " transferred_bytes, precopy_bytes, downtime_bytes, postcopy_bytes, normal_pages,"
        " zero_pages, rounds, max_throttle_pct, guest_slowdown_ratio, convergence_bytes_per_s,"
        " (SELECT count(*) FROM round WHERE round.migration_id = migration.migration_id),"
        " migration_id FROM migration WHERE run_id = ? ORDER BY migration_id";
    struct run_result *run = &r->out->result;
    struct cells c;
    bool more;

    if (r->st != ST_OK)
        return;
    r->st = cells_open(&c, r->store, r->out->names, what, sql, r->out->run_id, r->diag);
    while (r->st == ST_OK && (r->st = cells_next(&c, &more, r->diag)) == ST_OK && more) {
        struct mig_result mig = {0};

        read_migration(r, &c, &mig, run->nr_migs);
        r->st = cells_check(&c, "migration", r->diag);
        if (r->st == ST_OK && !result_add_mig(run, &mig))
            r->st = diag_set(r->diag, ST_ENOMEM, "out of memory");
    }
    cells_close(&c);
}

static void read_round(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct mig_round *round = element;

    (void)r;
    (void)index;
    round->round = cell_u32(c);
    round->start_ns = cell_int(c);
    round->duration_ns = cell_int(c);
    round->wire_bytes = cell_count(c);
    round->sent_pages = cell_count(c);
    round->dirtied_bytes = cell_count(c);
    round->remaining_bytes = cell_count(c);
    round->threshold_bytes = cell_count(c);
    round->throttle_pct = cell_u32(c);
}

static const struct table rounds = {
    .name = "round",
    .sql = "SELECT round, start_ns, duration_ns, wire_bytes, sent_pages, dirtied_bytes,"
           " remaining_bytes, threshold_bytes, throttle_pct"
           " FROM migration JOIN round USING (migration_id)"
           " WHERE run_id = ? ORDER BY migration_id, round",
    .size = sizeof(struct mig_round),
    .read = read_round,
};

static void read_threshold(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct threshold_result *t = element;

    (void)r;
    (void)index;
    t->text = cell_required_text(c);
    t->file = cell_text(c);
    t->line = cell_u32(c);
    t->unit = (enum value_unit)cell_word(c, cells_unit, VALUE_NR);
    t->value = cell_double(c);
    t->limit = cell_double(c);
    t->error = cell_word(c, severity_word, 2) == 1;
    t->crossed = cell_bool(c);
    t->small_sample = cell_bool(c);
    t->low = cell_double(c);
    t->high = cell_double(c);
    t->n = cell_count(c);
    t->replications_needed = cell_u32(c);
}

static const struct table thresholds = {
    .name = "threshold",
    .sql = "SELECT text, file, line, unit, value, limit_value, severity, crossed, small_sample,"
           " low, high, n, replications_needed FROM threshold WHERE run_id = ? ORDER BY seq",
    .size = sizeof(struct threshold_result),
    .read = read_threshold,
};

static void read_operation(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct op_result *op = element;

    (void)r;
    (void)index;
    op->name = cell_required_text(c);
    op->kind = cell_required_text(c);
    op->replication = cell_u32(c);
    op->started_ns = cell_known(c);
    op->ended_ns = cell_known(c);
    op->hosts = cell_u32(c);
    op->hosts_done = cell_u32(c);
    op->hosts_given_up = cell_u32(c);
    op->vms_moved = cell_u32(c);
    op->vms_left = cell_u32(c);
    op->host = cell_text(c);
    op->blocker = cell_text(c);
    op->why = cell_text(c);
}

static const struct table operations = {
    .name = "operation",
    .sql =
        "SELECT name, kind, replication, started_ns, ended_ns, hosts, hosts_done, hosts_given_up,"
        " moves, vms_left, host, vm, reason FROM operation WHERE run_id = ? ORDER BY seq",
    .size = sizeof(struct op_result),
    .read = read_operation,
};

static void read_hazard(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct hazard_result *h = element;

    (void)r;
    (void)index;
    h->kind = (enum hazard_kind)cell_word(c, hazard_word, HAZARD_NR);
    h->text = cell_required_text(c);
    h->vm = cell_text(c);
    h->host = cell_text(c);
    h->replications = cell_u32(c);
}

static const struct table hazards = {
    .name = "hazard",
    .sql = "SELECT kind, text, vm, host, replications"
           " FROM hazard WHERE run_id = ? ORDER BY seq",
    .size = sizeof(struct hazard_result),
    .read = read_hazard,
};

static void read_input(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct input_result *in = element;

    (void)index;
    in->section = cell_required_text(c);
    in->key = cell_required_text(c);
    in->value = cell_required_text(c);
    in->file = cell_required_text(c);
    in->line = cell_u32(c);
    r->out->result.nr_inputs_given = cell_count(c);
}

static const struct table inputs = {
    .name = "input",
    .sql = "SELECT section, key, value, file, line, nr_given"
           " FROM input WHERE run_id = ? ORDER BY seq",
    .size = sizeof(struct input_result),
    .read = read_input,
};

static void read_event(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct sim_event *e = element;
    int64_t job;

    (void)r;
    (void)index;
    e->replication = cell_u32(c);
    e->at_ns = cell_int(c);
    job = cell_known(c);
    e->job = job < 0 || job > UINT32_MAX ? UINT32_MAX : (uint32_t)job;
    e->vm = cell_text(c);
    e->host = cell_text(c);
    e->what = cell_required_text(c);
}

static const struct table events = {
    .name = "event",
    .sql = "SELECT replication, at_ns, job, vm, host, what"
           " FROM event WHERE run_id = ? ORDER BY seq",
    .size = sizeof(struct sim_event),
    .read = read_event,
};

static void read_fix(struct reader *r, struct cells *c, void *element, size_t index)
{
    struct fix_result *fix = element;

    (void)index;
    fix->mig = owner_of(r, cell_int(c));
    fix->kind = (enum fix_kind)cell_word(c, fix_word, FIX_NR);
    fix->value = cell_double(c);
    fix->total_ns = cell_known(c);
    fix->downtime_ns = cell_known(c);
}

static const struct table fixes = {
    .name = "fix",
    .sql = "SELECT migration_id, change, value, fix.total_ns, fix.downtime_ns"
           " FROM migration JOIN fix USING (migration_id)"
           " WHERE run_id = ? ORDER BY migration_id",
    .size = sizeof(struct fix_result),
    .read = read_fix,
};

/* In the order of the migrations in @ids and, of one, of the kinds: as they were put in. */
static int by_migration(const void *left, const void *right)
{
    const struct fix_result *a = left, *b = right;

    if (a->mig != b->mig)
        return a->mig < b->mig ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

/* ---- how links were used: many rows make one link ---- */

/* One row of link_use; @seq, of the link before it, grows by one where another link begins. */
static void read_link_use(struct cells *c, struct run_result *run, int64_t *seq)
{
    int64_t here = cell_int(c);
    uint32_t step = cell_u32(c);
    const char *name = cell_required_text(c);
    uint32_t replication = cell_u32(c);
    int64_t step_ns = cell_int(c), used = cell_known(c);
    struct link_result *link = &run->links[run->nr_links];

    if (here != *seq) {
        *seq = here;
        *link = (struct link_result){.link = name, .replication = replication, .step_ns = step_ns};
        run->nr_links++;
        c->bad |= step != 0 || run->nr_links > LINKS_KEPT;
    } else {
        link--;
    }
    c->bad |= step < link->nr || step > LINK_SAMPLES || used > 100 || step_ns <= 0 ||
              (used >= 0 && step == LINK_SAMPLES) || (step > 0 && link->nr == 0);
    if (c->bad)
        return;
    for (; link->nr < step; link->nr++) /* as it was until now */
        link->used_pct[link->nr] = link->used_pct[link->nr - 1];
    if (used >= 0)
        link->used_pct[link->nr++] = (unsigned char)used;
}

static void load_links(struct reader *r)
{
    static const char sql[] = "SELECT seq, step, link, replication, step_ns, used_pct"
                              " FROM link_use WHERE run_id = ? ORDER BY seq, step";
    struct run_result *run = &r->out->result;
    int64_t seq = 0;
    struct cells c;
    bool more;

    if (r->st != ST_OK)
        return;
    r->st = cells_open(&c, r->store, r->out->names, what, sql, r->out->run_id, r->diag);
    while (r->st == ST_OK && (r->st = cells_next(&c, &more, r->diag)) == ST_OK && more) {
        if (!run->links)
            run->links = calloc(LINKS_KEPT + 1, sizeof(*run->links));
        if (!run->links) {
            r->st = diag_set(r->diag, ST_ENOMEM, "out of memory");
            break;
        }
        read_link_use(&c, run, &seq);
        r->st = cells_check(&c, "link_use", r->diag);
    }
    cells_close(&c);
}

/* ---- a run ---- */

static enum status load_run_row(struct store *store, int64_t run_id, struct store_run *out,
                                struct diag *diag)
{
    bool latest = run_id == STORE_LATEST;
    struct cells c;
    bool found;
    enum status st;

    st = cells_open(
        &c, store, out->names, what,
        latest ? "SELECT run_id, scenario, digest, version, seed, replications, interrupted"
                 " FROM run ORDER BY run_id DESC LIMIT 1"
               : "SELECT run_id, scenario, digest, version, seed, replications, interrupted"
                 " FROM run WHERE run_id = ?",
        run_id, diag);
    if (st != ST_OK || (st = cells_next(&c, &found, diag)) != ST_OK)
        goto out;
    if (!found) {
        diag_hint(diag, "`migcast report` without a run number takes the last one");
        st = latest
                 ? diag_at(diag, ST_EINPUT, store->path, 0, "holds no run")
                 : diag_at(diag, ST_EINPUT, store->path, 0, "holds no run %lld", (long long)run_id);
        goto out;
    }
    out->run_id = cell_int(&c);
    out->result.scenario = cell_required_text(&c);
    out->result.digest = cell_required_text(&c);
    out->result.version = cell_required_text(&c);
    out->result.seed = cell_seed(&c);
    out->result.replications = cell_u32(&c);
    out->result.interrupted = cell_bool(&c);
    st = cells_check(&c, "run", diag);
out:
    cells_close(&c);
    return st;
}

enum status store_load_run(struct store *store, int64_t run_id, struct store_run *out,
                           struct diag *diag)
{
    struct run_result *run = &out->result;
    struct reader r = {.store = store, .out = out, .diag = diag};

    assert(store && out);
    *out = (struct store_run){.names = names_new()};
    if (!out->names)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    r.st = store_exec(store, "BEGIN", "read the run", diag);
    if (r.st == ST_OK)
        r.st = load_run_row(store, run_id, out, diag);
    load_migrations(&r);
    run->rounds = load_table(&r, &rounds, &run->nr_rounds);
    run->thresholds = load_table(&r, &thresholds, &run->nr_thresholds);
    run->events = load_table(&r, &events, &run->nr_events);
    run->ops = load_table(&r, &operations, &run->nr_ops);
    run->hazards = load_table(&r, &hazards, &run->nr_hazards);
    load_links(&r);
    run->inputs = load_table(&r, &inputs, &run->nr_inputs);
    run->fixes = load_table(&r, &fixes, &run->nr_fixes);
    if (run->fixes)
        qsort(run->fixes, run->nr_fixes, sizeof(*run->fixes), by_migration);
    store_rollback(store); /* nothing was written: this only ends the snapshot */
    free(r.ids);
    if (r.st != ST_OK)
        store_run_release(out);
    return r.st;
}

void store_run_release(struct store_run *run)
{
    if (!run)
        return;
    result_free_migs(&run->result);
    free(run->result.rounds);
    free(run->result.thresholds);
    free(run->result.events);
    free(run->result.ops);
    free(run->result.hazards);
    free(run->result.links);
    free(run->result.inputs);
    free(run->result.fixes);
    names_free(run->names);
    *run = (struct store_run){0};
}

enum status store_list(struct store *store, struct store_list *out, struct diag *diag)
{
    struct cells c;
    enum status st;
    bool more;

    assert(store && out);
    *out = (struct store_list){.names = names_new()};
    if (!out->names)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = cells_open(&c, store, out->names, what,
                    "SELECT run_id, scenario, digest, version, seed, replications, interrupted,"
                    " migrations FROM run ORDER BY run_id",
                    0, diag);
    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct store_list_entry *entries = cells_grown(out->entries, out->nr, sizeof(*entries));

        if (!entries) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        out->entries = entries;
        entries[out->nr].run_id = cell_int(&c);
        entries[out->nr].scenario = cell_required_text(&c);
        entries[out->nr].digest = cell_required_text(&c);
        entries[out->nr].version = cell_required_text(&c);
        entries[out->nr].seed = cell_seed(&c);
        entries[out->nr].replications = cell_u32(&c);
        entries[out->nr].interrupted = cell_bool(&c);
        entries[out->nr++].migrations = cell_int(&c);
        st = cells_check(&c, "run", diag);
    }
    cells_close(&c);
    if (st != ST_OK)
        store_list_release(out);
    return st;
}

void store_list_release(struct store_list *list)
{
    if (!list)
        return;
    free(list->entries);
    names_free(list->names);
    *list = (struct store_list){0};
}
