/*
 * write.c - one run into the tables, in one transaction.
 *
 * The rows hold what struct run_result holds and nothing else: no clock, no host name, no pointer.
 * Invariant: after store_put_run() the file holds the whole run, or nothing of it.
 */
#include "store/store.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/strbuf.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char doing[] = "store the run";

/* Rows one statement takes.  Each execution opens the table's cursors anew; 32 rows at a time need
 * half the time of one (253,000 migrations: 0.5 s instead of 1.1 s), and more rows gain nothing. */
enum {
    BATCH = 32
};

/*
 * The rows of one table.  Values are bound from left to right, row after row, into a statement that
 * takes BATCH rows or, for the last ones, a single row; it is executed when its parameters are all
 * bound.
 */
struct row {
    sqlite3_stmt *one, *many;
    sqlite3_stmt *stmt; /* the one being filled */
    size_t left;        /* rows to come, counted at row_begin() */
    int column, columns;
    int failed; /* first error code */
};

static void row_check(struct row *row, int code)
{
    if (code != SQLITE_OK && row->failed == SQLITE_OK)
        row->failed = code;
}

static void row_int(struct row *row, int64_t value)
{
    row_check(row, sqlite3_bind_int64(row->stmt, ++row->column, value));
}

/* Lengths and moments: negative means unknown or never. */
static void row_known(struct row *row, int64_t value)
{
    if (value < 0)
        row_check(row, sqlite3_bind_null(row->stmt, ++row->column));
    else
        row_int(row, value);
}

/* Counts and rates: "unlimited", and all else above SQLite's range, becomes its largest integer. */
static void row_count(struct row *row, uint64_t value)
{
    row_int(row, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static void row_double(struct row *row, double value)
{
    row_check(row, sqlite3_bind_double(row->stmt, ++row->column, value)); /* NaN becomes NULL */
}

/* The text must live until the row is written, as all strings of a run do. */
static void row_text(struct row *row, const char *text)
{
    row_check(row, sqlite3_bind_text(row->stmt, ++row->column, text, -1, SQLITE_STATIC));
}

static enum status prepare_insert(struct store *store, const char *table, int columns, int rows,
                                  sqlite3_stmt **stmt, struct diag *diag)
{
    struct strbuf sql = STRBUF_INIT;
    enum status st;

    strbuf_addf(&sql, "INSERT INTO %s VALUES ", table);
    for (int i = 0; i < rows; i++) {
        strbuf_addstr(&sql, i ? ",(?" : "(?");
        for (int column = 1; column < columns; column++)
            strbuf_addstr(&sql, ",?");
        strbuf_addch(&sql, ')');
    }
    st = strbuf_failed(&sql) ? diag_set(diag, ST_ENOMEM, "out of memory")
                             : store_prepare(store, strbuf_text(&sql), doing, stmt, diag);
    strbuf_release(&sql);
    return st;
}

/* Get ready for @nr rows of @columns values. */
static enum status row_init(struct store *store, struct row *row, const char *table, int columns,
                            size_t nr, struct diag *diag)
{
    enum status st = ST_OK;

    *row = (struct row){.left = nr, .columns = columns};
    if (nr >= BATCH)
        st = prepare_insert(store, table, columns, BATCH, &row->many, diag);
    if (st == ST_OK)
        st = prepare_insert(store, table, columns, 1, &row->one, diag);
    return st;
}

static void row_release(struct row *row)
{
    sqlite3_finalize(row->one);
    sqlite3_finalize(row->many);
}

static void row_begin(struct row *row)
{
    assert(row->left > 0 && row->column % row->columns == 0);
    if (row->column == 0)
        row->stmt = row->left >= BATCH ? row->many : row->one;
    row->left--;
}

/* Execute the statement if this row was its last. */
static enum status row_end(struct store *store, struct row *row, struct diag *diag)
{
    assert(row->column % row->columns == 0);
    if (row->failed != SQLITE_OK)
        return store_error(store, diag, doing);
    if (row->column < sqlite3_bind_parameter_count(row->stmt))
        return ST_OK;
    row->column = 0;
    if (sqlite3_step(row->stmt) != SQLITE_DONE)
        return store_error(store, diag, doing);
    (void)sqlite3_reset(row->stmt);
    return ST_OK;
}

static enum status put_run_row(struct store *store, const struct run_result *run, int64_t run_id,
                               struct diag *diag)
{
    struct row row;
    char seed[24];
    enum status st = row_init(store, &row, "run", 8, 1, diag);

    (void)snprintf(seed, sizeof(seed), "%" PRIu64, run->seed);
    if (st == ST_OK) {
        row_begin(&row);
        row_int(&row, run_id);
        row_text(&row, run->scenario);
        row_text(&row, run->digest);
        row_text(&row, run->version);
        row_text(&row, seed);
        row_int(&row, run->replications);
        row_int(&row, run->interrupted);
        row_count(&row, run->nr_migs);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static void bind_migration(struct row *row, const struct mig_result *mig, int64_t id,
                           int64_t run_id)
{
    row_int(row, id);
    row_int(row, run_id);
    row_int(row, mig->replication);
    row_int(row, mig->attempt);
    row_int(row, mig->job);
    row_text(row, mig->kind);
    row_text(row, mig->vm);
    row_text(row, mig->vm_class);
    row_text(row, mig->source);
    row_text(row, mig->target);
    row_text(row, mig->platform);
    row_text(row, outcome_name(mig->outcome));
    row_text(row, mig->reason);
    row_text(row, binding_key(mig->binding));
    row_int(row, mig->queued_ns);
    row_known(row, mig->started_ns);
    row_known(row, mig->ended_ns);
    row_known(row, mig->setup_ns);
    row_known(row, mig->total_ns);
    row_known(row, mig->downtime_ns);
    row_known(row, mig->blackout_ns);
    row_known(row, mig->postcopy_ns);
    row_known(row, mig->postcopy_stall_ns);
    row_known(row, mig->expected_downtime_ns);
    row_known(row, mig->downtime_limit_ns);
    row_known(row, mig->network_outage_ns);
    row_known(row, mig->disk_ns);
    row_count(row, mig->disk_bytes);
    row_count(row, mig->dirty_pages_rate);
    row_count(row, mig->transferred_bytes);
    row_count(row, mig->precopy_bytes);
    row_count(row, mig->downtime_bytes);
    row_count(row, mig->postcopy_bytes);
    row_count(row, mig->normal_pages);
    row_count(row, mig->zero_pages);
    row_int(row, mig->rounds);
    row_int(row, mig->max_throttle_pct);
    row_double(row, mig->guest_slowdown_ratio);
    if (mig->convergence_bytes_per_s == 0)
        row_known(row, -1);
    else
        row_count(row, mig->convergence_bytes_per_s);
}

static enum status put_migrations(struct store *store, const struct run_result *run, int64_t run_id,
                                  int64_t first_id, struct diag *diag)
{
    struct mig_result room;
    struct row row;
    enum status st = row_init(store, &row, "migration", 39, run->nr_migs, diag);

    for (size_t i = 0; i < run->nr_migs && st == ST_OK; i++) {
        row_begin(&row);
        bind_migration(&row, result_mig(run, i, &room), first_id + (int64_t)i, run_id);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static void bind_round(struct row *row, const struct mig_round *r, int64_t migration_id)
{
    row_int(row, migration_id);
    row_int(row, r->round);
    row_int(row, r->start_ns);
    row_int(row, r->duration_ns);
    row_count(row, r->wire_bytes);
    row_count(row, r->sent_pages);
    row_count(row, r->dirtied_bytes);
    row_count(row, r->remaining_bytes);
    row_count(row, r->threshold_bytes);
    row_int(row, r->throttle_pct);
}

static enum status put_rounds(struct store *store, const struct run_result *run, int64_t first_id,
                              struct diag *diag)
{
    struct mig_result room;
    struct row row;
    size_t nr = 0;
    enum status st;

    for (size_t i = 0; i < run->nr_migs; i++)
        nr += result_mig(run, i, &room)->nr_rounds;
    st = row_init(store, &row, "round", 10, nr, diag);
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        assert(mig->nr_rounds <= run->nr_rounds);
        assert(mig->first_round <= run->nr_rounds - mig->nr_rounds);
        for (size_t k = 0; k < mig->nr_rounds && st == ST_OK; k++) {
            row_begin(&row);
            bind_round(&row, &run->rounds[mig->first_round + k], first_id + (int64_t)i);
            st = row_end(store, &row, diag);
        }
    }
    row_release(&row);
    return st;
}

static enum status put_thresholds(struct store *store, const struct run_result *run, int64_t run_id,
                                  struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "threshold", 15, run->nr_thresholds, diag);

    for (size_t i = 0; i < run->nr_thresholds && st == ST_OK; i++) {
        const struct threshold_result *t = &run->thresholds[i];

        row_begin(&row);
        row_int(&row, run_id);
        row_int(&row, (int64_t)i + 1);
        row_text(&row, t->text);
        row_text(&row, t->file);
        row_int(&row, (int64_t)t->line);
        row_text(&row, value_unit_key(t->unit));
        row_double(&row, t->value);
        row_double(&row, t->limit);
        row_text(&row, t->error ? "error" : "warning");
        row_int(&row, t->crossed);
        row_int(&row, t->small_sample);
        row_double(&row, t->low);
        row_double(&row, t->high);
        row_count(&row, t->n);
        row_int(&row, t->replications_needed);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static enum status put_events(struct store *store, const struct run_result *run, int64_t run_id,
                              struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "event", 8, run->nr_events, diag);

    for (size_t i = 0; i < run->nr_events && st == ST_OK; i++) {
        const struct sim_event *e = &run->events[i];

        row_begin(&row);
        row_int(&row, run_id);
        row_int(&row, (int64_t)i + 1);
        row_int(&row, e->replication);
        row_int(&row, e->at_ns);
        row_known(&row, e->job == UINT32_MAX ? -1 : (int64_t)e->job);
        row_text(&row, e->vm);
        row_text(&row, e->host);
        row_text(&row, e->what);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static enum status put_operations(struct store *store, const struct run_result *run, int64_t run_id,
                                  struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "operation", 15, run->nr_ops, diag);

    for (size_t i = 0; i < run->nr_ops && st == ST_OK; i++) {
        const struct op_result *op = &run->ops[i];

        row_begin(&row);
        row_int(&row, run_id);
        row_int(&row, (int64_t)i + 1);
        row_text(&row, op->name);
        row_text(&row, op->kind);
        row_int(&row, op->replication);
        row_known(&row, op->started_ns);
        row_known(&row, op->ended_ns);
        row_int(&row, op->hosts);
        row_int(&row, op->hosts_done);
        row_int(&row, op->hosts_given_up);
        row_int(&row, op->vms_moved);
        row_int(&row, op->vms_left);
        row_text(&row, op->host);
        row_text(&row, op->blocker);
        row_text(&row, op->why);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static enum status put_hazards(struct store *store, const struct run_result *run, int64_t run_id,
                               struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "hazard", 7, run->nr_hazards, diag);

    for (size_t i = 0; i < run->nr_hazards && st == ST_OK; i++) {
        const struct hazard_result *h = &run->hazards[i];

        row_begin(&row);
        row_int(&row, run_id);
        row_int(&row, (int64_t)i + 1);
        row_text(&row, hazard_key(h->kind));
        row_text(&row, h->text);
        row_text(&row, h->vm);
        row_text(&row, h->host);
        row_int(&row, h->replications);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

/* A row where the use changes, and one behind the last step. */
static bool use_changes(const struct link_result *link, uint32_t step)
{
    return step == 0 || step == link->nr || link->used_pct[step] != link->used_pct[step - 1];
}

static enum status put_links(struct store *store, const struct run_result *run, int64_t run_id,
                             struct diag *diag)
{
    struct row row;
    size_t nr = 0;
    enum status st;

    for (size_t i = 0; i < run->nr_links; i++)
        for (uint32_t step = 0; step <= run->links[i].nr; step++)
            nr += use_changes(&run->links[i], step);
    st = row_init(store, &row, "link_use", 7, nr, diag);
    for (size_t i = 0; i < run->nr_links; i++)
        for (uint32_t step = 0; step <= run->links[i].nr && st == ST_OK; step++) {
            const struct link_result *link = &run->links[i];

            if (!use_changes(link, step))
                continue;
            row_begin(&row);
            row_int(&row, run_id);
            row_int(&row, (int64_t)i + 1);
            row_int(&row, step);
            row_text(&row, link->link);
            row_int(&row, link->replication);
            row_int(&row, link->step_ns);
            row_known(&row, step < link->nr ? link->used_pct[step] : -1);
            st = row_end(store, &row, diag);
        }
    row_release(&row);
    return st;
}

static enum status put_inputs(struct store *store, const struct run_result *run, int64_t run_id,
                              struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "input", 8, run->nr_inputs, diag);

    for (size_t i = 0; i < run->nr_inputs && st == ST_OK; i++) {
        const struct input_result *in = &run->inputs[i];

        row_begin(&row);
        row_int(&row, run_id);
        row_int(&row, (int64_t)i + 1);
        row_text(&row, in->section);
        row_text(&row, in->key);
        row_text(&row, in->value);
        row_text(&row, in->file);
        row_int(&row, (int64_t)in->line);
        row_int(&row, (int64_t)run->nr_inputs_given);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

static enum status put_fixes(struct store *store, const struct run_result *run, int64_t first_id,
                             struct diag *diag)
{
    struct row row;
    enum status st = row_init(store, &row, "fix", 5, run->nr_fixes, diag);

    for (size_t i = 0; i < run->nr_fixes && st == ST_OK; i++) {
        const struct fix_result *fix = &run->fixes[i];

        assert(fix->mig < run->nr_migs);
        row_begin(&row);
        row_int(&row, first_id + (int64_t)fix->mig);
        row_text(&row, fix_key(fix->kind));
        row_double(&row, fix->value);
        row_known(&row, fix->total_ns);
        row_known(&row, fix->downtime_ns);
        st = row_end(store, &row, diag);
    }
    row_release(&row);
    return st;
}

enum status store_put_run(struct store *store, const struct run_result *run, int64_t *run_id,
                          struct diag *diag)
{
    int64_t last_run, last_mig;
    enum status st;

    assert(store && store->writable && run && run->scenario && run->digest && run->version);
    if ((st = store_exec(store, "BEGIN IMMEDIATE", doing, diag)) != ST_OK)
        return st;
    if ((st = store_query_int(store, "SELECT max(run_id) FROM run", &last_run, diag)) == ST_OK &&
        (st = store_query_int(store, "SELECT max(migration_id) FROM migration", &last_mig, diag)) ==
            ST_OK &&
        (st = put_run_row(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_migrations(store, run, last_run + 1, last_mig + 1, diag)) == ST_OK &&
        (st = put_rounds(store, run, last_mig + 1, diag)) == ST_OK &&
        (st = put_thresholds(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_events(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_operations(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_hazards(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_links(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_inputs(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_fixes(store, run, last_mig + 1, diag)) == ST_OK)
        st = store_exec(store, "COMMIT", doing, diag);
    if (st != ST_OK) {
        store_rollback(store);
        return st;
    }
    if (run_id)
        *run_id = last_run + 1;
    return ST_OK;
}
