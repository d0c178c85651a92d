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

#include "store/store_int.h"

static const char doing[] = "store the run";

/* The values of one row, bound from left to right. */
struct row {
    sqlite3_stmt *stmt;
    int column;
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

static enum status row_write(struct store *store, struct row *row, struct diag *diag)
{
    int code = row->failed;

    assert(row->column == sqlite3_bind_parameter_count(row->stmt));
    if (code == SQLITE_OK && sqlite3_step(row->stmt) != SQLITE_DONE)
        code = SQLITE_ERROR;
    row->column = 0;
    if (code != SQLITE_OK)
        return store_error(store, diag, doing);
    (void)sqlite3_reset(row->stmt);
    return ST_OK;
}

static enum status put_run_row(struct store *store, const struct run_result *run, int64_t run_id,
                               struct diag *diag)
{
    struct row row = {0};
    char seed[24];
    enum status st =
        store_prepare(store, "INSERT INTO run VALUES (?,?,?,?,?,?,?,?)", doing, &row.stmt, diag);

    if (st != ST_OK)
        return st;
    (void)snprintf(seed, sizeof(seed), "%" PRIu64, run->seed);
    row_int(&row, run_id);
    row_text(&row, run->scenario);
    row_text(&row, run->digest);
    row_text(&row, run->version);
    row_text(&row, seed);
    row_int(&row, run->replications);
    row_int(&row, run->interrupted);
    row_count(&row, run->nr_migs);
    st = row_write(store, &row, diag);
    sqlite3_finalize(row.stmt);
    return st;
}

static void bind_migration(struct row *row, const struct mig_result *mig, int64_t id,
                           int64_t run_id)
{
    row_int(row, id);
    row_int(row, run_id);
    row_int(row, mig->replication);
    row_int(row, mig->attempt);
    row_text(row, mig->vm);
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
    row_known(row, mig->convergence_bytes_per_s == 0 ? -1
                   : mig->convergence_bytes_per_s > INT64_MAX
                       ? INT64_MAX
                       : (int64_t)mig->convergence_bytes_per_s);
}

static enum status put_rounds(struct store *store, struct row *row, const struct run_result *run,
                              const struct mig_result *mig, int64_t id, struct diag *diag)
{
    enum status st = ST_OK;

    assert(mig->first_round <= run->nr_rounds &&
           mig->nr_rounds <= run->nr_rounds - mig->first_round);
    for (size_t i = 0; i < mig->nr_rounds && st == ST_OK; i++) {
        const struct mig_round *r = &run->rounds[mig->first_round + i];

        row_int(row, id);
        row_int(row, r->round);
        row_int(row, r->start_ns);
        row_int(row, r->duration_ns);
        row_count(row, r->wire_bytes);
        row_count(row, r->sent_pages);
        row_count(row, r->dirtied_bytes);
        row_count(row, r->remaining_bytes);
        row_count(row, r->threshold_bytes);
        row_int(row, r->throttle_pct);
        st = row_write(store, row, diag);
    }
    return st;
}

static enum status put_migrations(struct store *store, const struct run_result *run, int64_t run_id,
                                  struct diag *diag)
{
    struct row mig_row = {0}, round_row = {0};
    int64_t last_id;
    enum status st;

    st = store_query_int(store, "SELECT max(migration_id) FROM migration", &last_id, diag);
    if (st != ST_OK)
        return st;
    st = store_prepare(store,
                       "INSERT INTO migration VALUES "
                       "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                       doing, &mig_row.stmt, diag);
    if (st == ST_OK)
        st = store_prepare(store, "INSERT INTO round VALUES (?,?,?,?,?,?,?,?,?,?)", doing,
                           &round_row.stmt, diag);
    for (size_t i = 0; i < run->nr_migs && st == ST_OK; i++) {
        int64_t id = last_id + 1 + (int64_t)i;

        bind_migration(&mig_row, &run->migs[i], id, run_id);
        st = row_write(store, &mig_row, diag);
        if (st == ST_OK)
            st = put_rounds(store, &round_row, run, &run->migs[i], id, diag);
    }
    sqlite3_finalize(mig_row.stmt);
    sqlite3_finalize(round_row.stmt);
    return st;
}

static enum status put_thresholds(struct store *store, const struct run_result *run, int64_t run_id,
                                  struct diag *diag)
{
    struct row row = {0};
    enum status st = store_prepare(store, "INSERT INTO threshold VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                                   doing, &row.stmt, diag);

    for (size_t i = 0; i < run->nr_thresholds && st == ST_OK; i++) {
        const struct threshold_result *t = &run->thresholds[i];

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
        st = row_write(store, &row, diag);
    }
    sqlite3_finalize(row.stmt);
    return st;
}

enum status store_put_run(struct store *store, const struct run_result *run, int64_t *run_id,
                          struct diag *diag)
{
    int64_t last_run;
    enum status st;

    assert(store && store->writable && run && run->scenario && run->digest && run->version);
    if ((st = store_exec(store, "BEGIN IMMEDIATE", doing, diag)) != ST_OK)
        return st;
    if ((st = store_query_int(store, "SELECT max(run_id) FROM run", &last_run, diag)) == ST_OK &&
        (st = put_run_row(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_migrations(store, run, last_run + 1, diag)) == ST_OK &&
        (st = put_thresholds(store, run, last_run + 1, diag)) == ST_OK)
        st = store_exec(store, "COMMIT", doing, diag);
    if (st != ST_OK) {
        store_rollback(store);
        return st;
    }
    if (run_id)
        *run_id = last_run + 1;
    return ST_OK;
}
