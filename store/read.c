/*
 * read.c - runs back out of the tables.
 *
 * A file may have been edited or damaged in ways SQLite does not notice; so each value is checked
 * against the range of its field.  Invariant: what store_load_run() returns satisfies every rule of
 * sim/result.h, and the strings are its own.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/names.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char doing[] = "read the run";

/* The values of one row, read from left to right. */
struct cells {
    struct store *store;
    sqlite3_stmt *stmt;
    struct names *names;
    int column;
    bool bad; /* a value that no run can have */
    bool no_mem;
};

static int64_t cell_int(struct cells *c)
{
    return sqlite3_column_int64(c->stmt, c->column++);
}

static int64_t cell_known(struct cells *c)
{
    bool null = sqlite3_column_type(c->stmt, c->column) == SQLITE_NULL;
    int64_t value = cell_int(c);

    c->bad |= !null && value < 0;
    return null ? -1 : value;
}

static uint64_t cell_count(struct cells *c)
{
    int64_t value = cell_int(c);

    c->bad |= value < 0;
    return value == INT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static uint32_t cell_u32(struct cells *c)
{
    int64_t value = cell_int(c);

    c->bad |= value < 0 || value > UINT32_MAX;
    return (uint32_t)value;
}

static bool cell_bool(struct cells *c)
{
    return cell_int(c) != 0;
}

static double cell_double(struct cells *c)
{
    bool null = sqlite3_column_type(c->stmt, c->column) == SQLITE_NULL;
    double value = sqlite3_column_double(c->stmt, c->column++);

    return null ? NAN : value;
}

/* The text, valid until the next row; NULL for NULL. */
static const char *cell_raw(struct cells *c)
{
    bool null = sqlite3_column_type(c->stmt, c->column) == SQLITE_NULL;
    const char *text = (const char *)sqlite3_column_text(c->stmt, c->column++);

    c->no_mem |= !null && !text;
    return text;
}

static const char *cell_text(struct cells *c)
{
    const char *raw = cell_raw(c);
    const char *kept;

    if (!raw)
        return NULL;
    kept = names_keep(c->names, raw);
    c->no_mem |= !kept;
    return kept;
}

static const char *cell_required_text(struct cells *c)
{
    const char *text = cell_text(c);

    c->bad |= !text;
    return text ? text : "";
}

static uint64_t cell_seed(struct cells *c)
{
    const char *raw = cell_raw(c);
    char *end;
    uint64_t seed;

    if (!raw || *raw < '0' || *raw > '9') {
        c->bad = true;
        return 0;
    }
    errno = 0;
    seed = strtoull(raw, &end, 10);
    c->bad |= errno != 0 || *end != '\0';
    return seed;
}

/* The index of a word in an enum's names. */
static int cell_word(struct cells *c, const char *(*name)(int), int nr)
{
    const char *raw = cell_raw(c);

    for (int i = 0; raw && i < nr; i++)
        if (strcmp(raw, name(i)) == 0)
            return i;
    c->bad = true;
    return 0;
}

static const char *outcome_word(int i)
{
    return outcome_name((enum outcome)i);
}

static const char *binding_word(int i)
{
    return binding_key((enum binding)i);
}

static const char *unit_word(int i)
{
    return value_unit_key((enum value_unit)i);
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

static enum status cells_open(struct cells *c, struct store *store, struct names *names,
                              const char *sql, int64_t run_id, struct diag *diag)
{
    enum status st;

    *c = (struct cells){.store = store, .names = names};
    st = store_prepare(store, sql, doing, &c->stmt, diag);
    if (st == ST_OK && sqlite3_bind_parameter_count(c->stmt) == 1)
        (void)sqlite3_bind_int64(c->stmt, 1, run_id);
    return st;
}

/* The next row: ST_OK with *@more saying whether there is one. */
static enum status cells_next(struct cells *c, bool *more, struct diag *diag)
{
    int code = sqlite3_step(c->stmt);

    c->column = 0;
    *more = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return store_error(c->store, diag, doing);
    return ST_OK;
}

/* Was the row just read a possible one? */
static enum status cells_check(const struct cells *c, const char *table, struct diag *diag)
{
    if (c->no_mem)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (!c->bad)
        return ST_OK;
    diag_hint(diag, "the file was changed by hand, or is damaged");
    return diag_at(diag, ST_EINPUT, c->store->path, 0,
                   "cannot read the run: table %s holds a value no run can have", table);
}

/* Room for one more element at the end of an array that doubles. */
static void *grown(void *array, size_t nr, size_t size)
{
    if (nr != 0 && (nr & (nr - 1)) != 0)
        return array;
    if (nr > SIZE_MAX / 2 / size)
        return NULL;
    return realloc(array, (nr ? nr * 2 : 1) * size);
}

static void read_migration(struct cells *c, struct mig_result *mig)
{
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
}

static enum status load_migrations(struct store *store, struct store_run *out, int64_t **ids,
                                   struct diag *diag)
{
    static const char sql[] =
        "SELECT replication, attempt, job, kind, vm, vm_class, source, target, platform, outcome, "
        "reason, binding,"
        " queued_ns, started_ns, ended_ns, setup_ns, total_ns, downtime_ns, blackout_ns,"
        " postcopy_ns, postcopy_stall_ns, expected_downtime_ns, downtime_limit_ns,"
        " network_outage_ns, disk_ns, disk_bytes, dirty_rate_pages_per_s,"
        " transferred_bytes, precopy_bytes, downtime_bytes, postcopy_bytes, normal_pages,"
        " zero_pages, rounds, max_throttle_pct, guest_slowdown_ratio, convergence_bytes_per_s,"
        " migration_id FROM migration WHERE run_id = ? ORDER BY migration_id";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct mig_result *migs = grown(run->migs, run->nr_migs, sizeof(*migs));
        int64_t *more_ids = grown(*ids, run->nr_migs, sizeof(*more_ids));

        run->migs = migs ? migs : run->migs;
        *ids = more_ids ? more_ids : *ids;
        if (!migs || !more_ids) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        migs[run->nr_migs] = (struct mig_result){0};
        read_migration(&c, &migs[run->nr_migs]);
        more_ids[run->nr_migs++] = cell_int(&c);
        st = cells_check(&c, "migration", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static void read_round(struct cells *c, struct mig_round *r)
{
    r->round = cell_u32(c);
    r->start_ns = cell_int(c);
    r->duration_ns = cell_int(c);
    r->wire_bytes = cell_count(c);
    r->sent_pages = cell_count(c);
    r->dirtied_bytes = cell_count(c);
    r->remaining_bytes = cell_count(c);
    r->threshold_bytes = cell_count(c);
    r->throttle_pct = cell_u32(c);
}

/* Rounds come in the order of the migrations in @ids; so one walk over both finds the owner of
 * each. */
static enum status load_rounds(struct store *store, struct store_run *out, const int64_t *ids,
                               struct diag *diag)
{
    static const char sql[] =
        "SELECT migration_id, round, start_ns, duration_ns, wire_bytes, sent_pages, dirtied_bytes,"
        " remaining_bytes, threshold_bytes, throttle_pct"
        " FROM migration JOIN round USING (migration_id)"
        " WHERE run_id = ? ORDER BY migration_id, round";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;
    size_t owner = 0;

    assert(ids || run->nr_migs == 0);
    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        int64_t id = cell_int(&c);
        struct mig_round *rounds = grown(run->rounds, run->nr_rounds, sizeof(*rounds));

        if (!rounds) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->rounds = rounds;
        while (owner < run->nr_migs && ids[owner] != id)
            owner++;
        assert(owner < run->nr_migs); /* the join, inside one read transaction */
        if (run->migs[owner].nr_rounds++ == 0)
            run->migs[owner].first_round = run->nr_rounds;
        read_round(&c, &rounds[run->nr_rounds++]);
        st = cells_check(&c, "round", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static enum status load_thresholds(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] =
        "SELECT text, file, line, unit, value, limit_value, severity, crossed, small_sample,"
        " low, high, n, replications_needed FROM threshold WHERE run_id = ? ORDER BY seq";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct threshold_result *all = grown(run->thresholds, run->nr_thresholds, sizeof(*all));
        struct threshold_result *t;

        if (!all) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->thresholds = all;
        t = &all[run->nr_thresholds++];
        *t = (struct threshold_result){0};
        t->text = cell_required_text(&c);
        t->file = cell_text(&c);
        t->line = cell_u32(&c);
        t->unit = (enum value_unit)cell_word(&c, unit_word, VALUE_NR);
        t->value = cell_double(&c);
        t->limit = cell_double(&c);
        t->error = cell_word(&c, severity_word, 2) == 1;
        t->crossed = cell_bool(&c);
        t->small_sample = cell_bool(&c);
        t->low = cell_double(&c);
        t->high = cell_double(&c);
        t->n = cell_count(&c);
        t->replications_needed = cell_u32(&c);
        st = cells_check(&c, "threshold", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static enum status load_operations(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] =
        "SELECT name, kind, replication, started_ns, ended_ns, hosts, hosts_done, hosts_given_up,"
        " moves, vms_left, host, vm, reason FROM operation WHERE run_id = ? ORDER BY seq";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct op_result *all = grown(run->ops, run->nr_ops, sizeof(*all));
        struct op_result *op;

        if (!all) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->ops = all;
        op = &all[run->nr_ops++];
        *op = (struct op_result){0};
        op->name = cell_required_text(&c);
        op->kind = cell_required_text(&c);
        op->replication = cell_u32(&c);
        op->started_ns = cell_known(&c);
        op->ended_ns = cell_known(&c);
        op->hosts = cell_u32(&c);
        op->hosts_done = cell_u32(&c);
        op->hosts_given_up = cell_u32(&c);
        op->vms_moved = cell_u32(&c);
        op->vms_left = cell_u32(&c);
        op->host = cell_text(&c);
        op->blocker = cell_text(&c);
        op->why = cell_text(&c);
        st = cells_check(&c, "operation", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static enum status load_hazards(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] = "SELECT kind, text, vm, host, replications"
                              " FROM hazard WHERE run_id = ? ORDER BY seq";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct hazard_result *all = grown(run->hazards, run->nr_hazards, sizeof(*all));
        struct hazard_result *h;

        if (!all) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->hazards = all;
        h = &all[run->nr_hazards++];
        *h = (struct hazard_result){0};
        h->kind = (enum hazard_kind)cell_word(&c, hazard_word, HAZARD_NR);
        h->text = cell_required_text(&c);
        h->vm = cell_text(&c);
        h->host = cell_text(&c);
        h->replications = cell_u32(&c);
        st = cells_check(&c, "hazard", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

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

static enum status load_links(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] = "SELECT seq, step, link, replication, step_ns, used_pct"
                              " FROM link_use WHERE run_id = ? ORDER BY seq, step";
    struct run_result *run = &out->result;
    int64_t seq = 0;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        if (!run->links)
            run->links = calloc(LINKS_KEPT + 1, sizeof(*run->links));
        if (!run->links) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        read_link_use(&c, run, &seq);
        st = cells_check(&c, "link_use", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static enum status load_inputs(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] = "SELECT section, key, value, file, line, nr_given"
                              " FROM input WHERE run_id = ? ORDER BY seq";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct input_result *all = grown(run->inputs, run->nr_inputs, sizeof(*all));
        struct input_result *in;

        if (!all) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->inputs = all;
        in = &all[run->nr_inputs++];
        in->section = cell_required_text(&c);
        in->key = cell_required_text(&c);
        in->value = cell_required_text(&c);
        in->file = cell_required_text(&c);
        in->line = cell_u32(&c);
        run->nr_inputs_given = cell_count(&c);
        st = cells_check(&c, "input", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

static enum status load_events(struct store *store, struct store_run *out, struct diag *diag)
{
    static const char sql[] = "SELECT replication, at_ns, job, vm, host, what"
                              " FROM event WHERE run_id = ? ORDER BY seq";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct sim_event *all = grown(run->events, run->nr_events, sizeof(*all));
        struct sim_event *e;
        int64_t job;

        if (!all) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->events = all;
        e = &all[run->nr_events++];
        *e = (struct sim_event){0};
        e->replication = cell_u32(&c);
        e->at_ns = cell_int(&c);
        job = cell_known(&c);
        e->job = job < 0 || job > UINT32_MAX ? UINT32_MAX : (uint32_t)job;
        e->vm = cell_text(&c);
        e->host = cell_text(&c);
        e->what = cell_required_text(&c);
        st = cells_check(&c, "event", diag);
    }
    sqlite3_finalize(c.stmt);
    return st;
}

/* In the order of the migrations in @ids and, of one, of the kinds: as they were put in. */
static int by_migration(const void *left, const void *right)
{
    const struct fix_result *a = left, *b = right;

    if (a->mig != b->mig)
        return a->mig < b->mig ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

static enum status load_fixes(struct store *store, struct store_run *out, const int64_t *ids,
                              struct diag *diag)
{
    static const char sql[] = "SELECT migration_id, change, value, fix.total_ns, fix.downtime_ns"
                              " FROM migration JOIN fix USING (migration_id)"
                              " WHERE run_id = ? ORDER BY migration_id";
    struct run_result *run = &out->result;
    struct cells c;
    enum status st = cells_open(&c, store, out->names, sql, out->run_id, diag);
    bool more = st == ST_OK;
    size_t owner = 0;

    assert(ids || run->nr_migs == 0);
    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        int64_t id = cell_int(&c);
        struct fix_result *fixes = grown(run->fixes, run->nr_fixes, sizeof(*fixes));
        struct fix_result *fix;

        if (!fixes) {
            st = diag_set(diag, ST_ENOMEM, "out of memory");
            break;
        }
        run->fixes = fixes;
        while (owner < run->nr_migs && ids[owner] != id)
            owner++;
        assert(owner < run->nr_migs); /* the join, inside one read transaction */
        fix = &fixes[run->nr_fixes++];
        *fix = (struct fix_result){.mig = owner};
        fix->kind = (enum fix_kind)cell_word(&c, fix_word, FIX_NR);
        fix->value = cell_double(&c);
        fix->total_ns = cell_known(&c);
        fix->downtime_ns = cell_known(&c);
        st = cells_check(&c, "fix", diag);
    }
    sqlite3_finalize(c.stmt);
    if (run->fixes)
        qsort(run->fixes, run->nr_fixes, sizeof(*run->fixes), by_migration);
    return st;
}

static enum status load_run_row(struct store *store, int64_t run_id, struct store_run *out,
                                struct diag *diag)
{
    bool latest = run_id == STORE_LATEST;
    struct cells c;
    bool found;
    enum status st;

    st = cells_open(
        &c, store, out->names,
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
    sqlite3_finalize(c.stmt);
    return st;
}

enum status store_load_run(struct store *store, int64_t run_id, struct store_run *out,
                           struct diag *diag)
{
    int64_t *ids = NULL;
    enum status st;

    assert(store && out);
    *out = (struct store_run){.names = names_new()};
    if (!out->names)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = store_exec(store, "BEGIN", doing, diag);
    if (st == ST_OK && (st = load_run_row(store, run_id, out, diag)) == ST_OK &&
        (st = load_migrations(store, out, &ids, diag)) == ST_OK &&
        (st = load_rounds(store, out, ids, diag)) == ST_OK &&
        (st = load_thresholds(store, out, diag)) == ST_OK &&
        (st = load_events(store, out, diag)) == ST_OK &&
        (st = load_operations(store, out, diag)) == ST_OK &&
        (st = load_hazards(store, out, diag)) == ST_OK &&
        (st = load_links(store, out, diag)) == ST_OK &&
        (st = load_inputs(store, out, diag)) == ST_OK)
        st = load_fixes(store, out, ids, diag);
    store_rollback(store); /* nothing was written: this only ends the snapshot */
    free(ids);
    if (st != ST_OK)
        store_run_release(out);
    return st;
}

void store_run_release(struct store_run *run)
{
    if (!run)
        return;
    free(run->result.migs);
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
    st = cells_open(&c, store, out->names,
                    "SELECT run_id, scenario, digest, version, seed, replications, interrupted,"
                    " migrations FROM run ORDER BY run_id",
                    0, diag);
    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more) {
        struct store_list_entry *entries = grown(out->entries, out->nr, sizeof(*entries));

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
    sqlite3_finalize(c.stmt);
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
