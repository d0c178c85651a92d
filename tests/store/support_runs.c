/*
 * support_runs.c - made-up runs and their comparison, for the tests of store/.
 */
#include "store/support_runs.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/strbuf.h"

static const char *const vms[] = {"db-07", "web \"front\"", "sm\xc3\xb8r",
                                  "cache'); DROP TABLE run;--"};
static const char *const hosts[] = {"node-a", "node-b", "node-c"};

/* A cheap sequence (splitmix64): tests of storage need different values, not good ones. */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int64_t some_ns(uint64_t *state)
{
    uint64_t v = next(state);

    return v % 7 == 0 ? -1 : (int64_t)(v >> 20);
}

static uint64_t some_count(uint64_t *state)
{
    uint64_t v = next(state);

    return v % 11 == 0 ? UINT64_MAX : v >> 16;
}

static void sample_migration(struct mig_result *m, uint64_t *state, size_t i)
{
    m->vm = vms[next(state) % 4];
    m->source = hosts[next(state) % 3];
    m->target = next(state) % 5 ? hosts[next(state) % 3] : NULL;
    m->platform = "libvirt";
    m->kind = i % 3 ? "live" : NULL;
    m->outcome = (enum outcome)(next(state) % OUTCOME_NR);
    m->reason = m->outcome == OUTCOME_COMPLETED ? NULL : "completion timeout";
    m->replication = (uint32_t)(i / 4);
    m->attempt = (uint32_t)(i % 2) + 1;
    m->binding = (enum binding)(next(state) % BINDING_NR);
    m->queued_ns = (int64_t)(next(state) >> 24);
    m->job = (uint32_t)next(state);
    m->vm_class = next(state) % 2 ? "web" : NULL;
    m->started_ns = some_ns(state);
    m->ended_ns = some_ns(state);
    m->setup_ns = some_ns(state);
    m->total_ns = some_ns(state);
    m->downtime_ns = some_ns(state);
    m->blackout_ns = some_ns(state);
    m->postcopy_ns = some_ns(state);
    m->postcopy_stall_ns = some_ns(state);
    m->expected_downtime_ns = some_ns(state);
    m->downtime_limit_ns = some_ns(state);
    m->network_outage_ns = some_ns(state);
    m->disk_ns = some_ns(state);
    m->disk_bytes = some_count(state);
    m->dirty_pages_rate = some_count(state);
    m->transferred_bytes = some_count(state);
    m->precopy_bytes = some_count(state);
    m->downtime_bytes = some_count(state);
    m->postcopy_bytes = some_count(state);
    m->normal_pages = some_count(state);
    m->zero_pages = some_count(state);
    m->rounds = (uint32_t)next(state);
    m->max_throttle_pct = (uint32_t)(next(state) % 100);
    m->guest_slowdown_ratio = next(state) % 5 ? (double)(next(state) % 1000) / 1000 : NAN;
    m->convergence_bytes_per_s = next(state) % 2 ? some_count(state) : 0;
}

static void sample_thresholds(struct run_result *run, uint64_t salt)
{
    run->nr_thresholds = 2;
    run->thresholds = calloc(run->nr_thresholds, sizeof(*run->thresholds));
    run->thresholds[0] = (struct threshold_result){.text = "downtime.p99 < 500ms",
                                                   .file = "evacuate.ini",
                                                   .line = 12,
                                                   .value = 212e6 + (double)salt,
                                                   .limit = 500e6,
                                                   .low = 200e6,
                                                   .high = INFINITY,
                                                   .n = 400 + salt,
                                                   .replications_needed = 61,
                                                   .error = true,
                                                   .unit = VALUE_NS};
    run->thresholds[1] = (struct threshold_result){.text = "failed.rate < 1%",
                                                   .value = NAN,
                                                   .low = NAN,
                                                   .high = NAN,
                                                   .limit = 0.01,
                                                   .crossed = true,
                                                   .small_sample = true,
                                                   .unit = VALUE_RATIO};
}

static void sample_events(struct run_result *run, uint64_t salt)
{
    run->nr_events = 2;
    run->events = calloc(run->nr_events, sizeof(*run->events));
    run->events[0] = (struct sim_event){
        .at_ns = 5 + (int64_t)salt, .vm = "vm \"1\"", .host = "a", .what = "Migrating", .job = 3};
    run->events[1] =
        (struct sim_event){.at_ns = 7, .what = "drained", .replication = 1, .job = UINT32_MAX};
}

static void sample_cluster(struct run_result *run, uint64_t salt)
{
    run->nr_ops = 2;
    run->nr_hazards = HAZARD_NR; /* of each kind one */
    run->ops = calloc(run->nr_ops, sizeof(*run->ops));
    run->ops[0] = (struct op_result){.name = "kernel",
                                     .kind = "upgrade",
                                     .started_ns = 3 + (int64_t)salt,
                                     .ended_ns = 99,
                                     .hosts = 5,
                                     .hosts_done = 4,
                                     .hosts_given_up = 1,
                                     .vms_moved = 40};
    run->ops[1] = (struct op_result){.name = "x",
                                     .kind = "drain",
                                     .replication = 1,
                                     .started_ns = 0,
                                     .ended_ns = -1,
                                     .hosts = 1,
                                     .vms_left = 2,
                                     .host = "a",
                                     .blocker = "vm \"1\"",
                                     .why = "no target"};
    run->hazards = calloc(run->nr_hazards, sizeof(*run->hazards));
    run->hazards[0] = (struct hazard_result){.kind = HAZARD_INFINITE_DRAIN,
                                             .text = "never ends",
                                             .vm = "vm \"1\"",
                                             .host = "a",
                                             .replications = 2};
    for (int k = 1; k < HAZARD_NR; k++)
        run->hazards[k] = (struct hazard_result){
            .kind = (enum hazard_kind)k, .text = "a card", .replications = 1};
}

/* One link whose use changes often, one whose use does not, one without a sample. */
static void sample_links(struct run_result *run, uint64_t salt)
{
    run->nr_links = 3;
    run->links = calloc(run->nr_links, sizeof(*run->links));
    for (size_t i = 0; i < run->nr_links; i++)
        run->links[i] = (struct link_result){
            .link = "the card of \"a\"", .replication = 1, .step_ns = 100 + (int64_t)salt};
    run->links[0].nr = run->links[1].nr = LINK_SAMPLES;
    for (uint32_t k = 0; k < LINK_SAMPLES; k++) {
        run->links[0].used_pct[k] = (unsigned char)((k / 2 + salt) % 101);
        run->links[1].used_pct[k] = 100;
    }
}

static void sample_inputs(struct run_result *run)
{
    run->nr_inputs = 2;
    run->nr_inputs_given = 5000;
    run->inputs = calloc(run->nr_inputs, sizeof(*run->inputs));
    run->inputs[0] = (struct input_result){"vm web", "count", "320", "rack.ini", 17};
    run->inputs[1] = (struct input_result){"scenario", "seed", "", "--set", 0};
}

/* Two for the first migration, one for the last. */
static void sample_fixes(struct run_result *run)
{
    if (run->nr_migs == 0)
        return;
    run->nr_fixes = 3;
    run->fixes = calloc(run->nr_fixes, sizeof(*run->fixes));
    run->fixes[0] = (struct fix_result){
        .kind = FIX_LINK_RATE, .value = 2.5e9, .total_ns = 61, .downtime_ns = 7};
    run->fixes[1] =
        (struct fix_result){.kind = FIX_HORIZON, .value = 0.45, .total_ns = 62, .downtime_ns = -1};
    run->fixes[2] = (struct fix_result){
        .mig = run->nr_migs - 1, .kind = FIX_DIRTY_RATE, .value = 1e13, .total_ns = 63};
}

struct run_result *sample_run(uint64_t salt, size_t nr_migs, size_t rounds_each)
{
    struct run_result *run = calloc(1, sizeof(*run));
    uint64_t state = salt;

    run->scenario = "scenarios/evacuate.ini";
    run->digest = "00112233445566778899aabbccddeeff";
    run->version = "0.1.0";
    run->seed = UINT64_MAX - salt;
    run->replications = (uint32_t)(salt % 100) + 1;
    run->interrupted = salt % 2;
    run->nr_rounds = nr_migs * rounds_each;
    run->rounds = calloc(run->nr_rounds + 1, sizeof(*run->rounds));
    for (size_t i = 0; i < nr_migs; i++) {
        struct mig_result mig = {0};

        sample_migration(&mig, &state, i);
        mig.first_round = rounds_each ? i * rounds_each : 0;
        mig.nr_rounds = rounds_each;
        cr_assert(result_add_mig(run, &mig));
    }
    for (size_t i = 0; i < run->nr_rounds; i++)
        run->rounds[i] = (struct mig_round){.round = (uint32_t)(i % rounds_each) + 1,
                                            .start_ns = (int64_t)(next(&state) >> 20),
                                            .duration_ns = (int64_t)(next(&state) >> 20),
                                            .wire_bytes = some_count(&state),
                                            .sent_pages = some_count(&state),
                                            .dirtied_bytes = some_count(&state),
                                            .remaining_bytes = some_count(&state),
                                            .threshold_bytes = some_count(&state),
                                            .throttle_pct = (uint32_t)(next(&state) % 100)};
    sample_thresholds(run, salt);
    sample_fixes(run);
    sample_events(run, salt);
    sample_cluster(run, salt);
    sample_links(run, salt);
    sample_inputs(run);
    return run;
}

void sample_free(struct run_result *run)
{
    result_free_migs(run);
    free(run->rounds);
    free(run->thresholds);
    free(run->fixes);
    free(run->events);
    free(run->ops);
    free(run->hazards);
    free(run->links);
    free(run->inputs);
    free(run);
}

static int text_differs(const char *a, const char *b)
{
    return (a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0);
}

static int double_differs(double a, double b)
{
    return isnan(a) ? !isnan(b) : !(a >= b && a <= b);
}

#define SAME_INT(field)                                                                            \
    if (a->field != b->field)                                                                      \
    return #field
#define SAME_TEXT(field)                                                                           \
    if (text_differs(a->field, b->field))                                                          \
    return #field
#define SAME_DOUBLE(field)                                                                         \
    if (double_differs(a->field, b->field))                                                        \
    return #field

static const char *migration_difference(const struct mig_result *a, const struct mig_result *b)
{
    SAME_TEXT(vm);
    SAME_TEXT(source);
    SAME_TEXT(target);
    SAME_TEXT(platform);
    SAME_TEXT(kind);
    SAME_TEXT(vm_class);
    SAME_INT(job);
    SAME_TEXT(reason);
    SAME_INT(replication);
    SAME_INT(attempt);
    SAME_INT(outcome);
    SAME_INT(binding);
    SAME_INT(queued_ns);
    SAME_INT(started_ns);
    SAME_INT(ended_ns);
    SAME_INT(setup_ns);
    SAME_INT(total_ns);
    SAME_INT(downtime_ns);
    SAME_INT(blackout_ns);
    SAME_INT(postcopy_ns);
    SAME_INT(postcopy_stall_ns);
    SAME_INT(expected_downtime_ns);
    SAME_INT(downtime_limit_ns);
    SAME_INT(network_outage_ns);
    SAME_INT(disk_ns);
    SAME_INT(disk_bytes);
    SAME_INT(dirty_pages_rate);
    SAME_INT(transferred_bytes);
    SAME_INT(precopy_bytes);
    SAME_INT(downtime_bytes);
    SAME_INT(postcopy_bytes);
    SAME_INT(normal_pages);
    SAME_INT(zero_pages);
    SAME_INT(rounds);
    SAME_INT(max_throttle_pct);
    SAME_DOUBLE(guest_slowdown_ratio);
    SAME_INT(convergence_bytes_per_s);
    SAME_INT(first_round);
    SAME_INT(nr_rounds);
    return NULL;
}

static const char *round_difference(const struct mig_round *a, const struct mig_round *b)
{
    SAME_INT(round);
    SAME_INT(start_ns);
    SAME_INT(duration_ns);
    SAME_INT(wire_bytes);
    SAME_INT(sent_pages);
    SAME_INT(dirtied_bytes);
    SAME_INT(remaining_bytes);
    SAME_INT(threshold_bytes);
    SAME_INT(throttle_pct);
    return NULL;
}

static const char *threshold_difference(const struct threshold_result *a,
                                        const struct threshold_result *b)
{
    SAME_TEXT(text);
    SAME_TEXT(file);
    SAME_INT(line);
    SAME_DOUBLE(value);
    SAME_DOUBLE(limit);
    SAME_INT(error);
    SAME_INT(crossed);
    SAME_INT(small_sample);
    SAME_DOUBLE(low);
    SAME_DOUBLE(high);
    SAME_INT(n);
    SAME_INT(replications_needed);
    SAME_INT(unit);
    return NULL;
}

static const char *fix_difference(const struct fix_result *a, const struct fix_result *b)
{
    SAME_INT(mig);
    SAME_INT(kind);
    SAME_DOUBLE(value);
    SAME_INT(total_ns);
    SAME_INT(downtime_ns);
    return NULL;
}

static const char *event_difference(const struct sim_event *a, const struct sim_event *b)
{
    SAME_INT(at_ns);
    SAME_TEXT(vm);
    SAME_TEXT(host);
    SAME_TEXT(what);
    SAME_INT(replication);
    SAME_INT(job);
    return NULL;
}

static const char *operation_difference(const struct op_result *a, const struct op_result *b)
{
    SAME_TEXT(name);
    SAME_TEXT(kind);
    SAME_INT(replication);
    SAME_INT(started_ns);
    SAME_INT(ended_ns);
    SAME_INT(hosts);
    SAME_INT(hosts_done);
    SAME_INT(hosts_given_up);
    SAME_INT(vms_moved);
    SAME_INT(vms_left);
    SAME_TEXT(host);
    SAME_TEXT(blocker);
    SAME_TEXT(why);
    return NULL;
}

static const char *link_difference(const struct link_result *a, const struct link_result *b)
{
    SAME_TEXT(link);
    SAME_INT(replication);
    SAME_INT(nr);
    SAME_INT(step_ns);
    for (uint32_t k = 0; k < a->nr; k++)
        SAME_INT(used_pct[k]);
    return NULL;
}

static const char *input_difference(const struct input_result *a, const struct input_result *b)
{
    SAME_TEXT(section);
    SAME_TEXT(key);
    SAME_TEXT(value);
    SAME_TEXT(file);
    SAME_INT(line);
    return NULL;
}

static const char *hazard_difference(const struct hazard_result *a, const struct hazard_result *b)
{
    SAME_INT(kind);
    SAME_TEXT(text);
    SAME_TEXT(vm);
    SAME_TEXT(host);
    SAME_INT(replications);
    return NULL;
}

const char *run_difference(const struct run_result *a, const struct run_result *b)
{
    struct mig_result rooms[2];
    const char *what;

    SAME_TEXT(scenario);
    SAME_TEXT(digest);
    SAME_TEXT(version);
    SAME_INT(seed);
    SAME_INT(replications);
    SAME_INT(interrupted);
    SAME_INT(nr_migs);
    SAME_INT(nr_rounds);
    SAME_INT(nr_thresholds);
    SAME_INT(nr_fixes);
    SAME_INT(nr_events);
    SAME_INT(nr_ops);
    SAME_INT(nr_hazards);
    SAME_INT(nr_links);
    SAME_INT(nr_inputs);
    SAME_INT(nr_inputs_given);
    for (size_t i = 0; i < a->nr_links; i++)
        if ((what = link_difference(&a->links[i], &b->links[i])))
            return what;
    for (size_t i = 0; i < a->nr_inputs; i++)
        if ((what = input_difference(&a->inputs[i], &b->inputs[i])))
            return what;
    for (size_t i = 0; i < a->nr_ops; i++)
        if ((what = operation_difference(&a->ops[i], &b->ops[i])))
            return what;
    for (size_t i = 0; i < a->nr_hazards; i++)
        if ((what = hazard_difference(&a->hazards[i], &b->hazards[i])))
            return what;
    for (size_t i = 0; i < a->nr_events; i++)
        if ((what = event_difference(&a->events[i], &b->events[i])))
            return what;
    for (size_t i = 0; i < a->nr_migs; i++)
        if ((what = migration_difference(result_mig(a, i, &rooms[0]), result_mig(b, i, &rooms[1]))))
            return what;
    for (size_t i = 0; i < a->nr_rounds; i++)
        if ((what = round_difference(&a->rounds[i], &b->rounds[i])))
            return what;
    for (size_t i = 0; i < a->nr_thresholds; i++)
        if ((what = threshold_difference(&a->thresholds[i], &b->thresholds[i])))
            return what;
    for (size_t i = 0; i < a->nr_fixes; i++)
        if ((what = fix_difference(&a->fixes[i], &b->fixes[i])))
            return what;
    return NULL;
}

char *scratch_new(void)
{
    const char *base = getenv("TMPDIR");
    struct strbuf name = STRBUF_INIT;

    strbuf_addf(&name, "%s/migcast-store-XXXXXX", base && *base ? base : "/tmp");
    cr_assert_not_null(mkdtemp(name.buf));
    return strbuf_detach(&name);
}

char *scratch_path(const char *folder, const char *name)
{
    struct strbuf path = STRBUF_INIT;

    strbuf_addf(&path, "%s/%s", folder, name);
    return strbuf_detach(&path);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void scratch_remove(char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

static sqlite3 *open_raw(const char *path)
{
    sqlite3 *db = NULL;

    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                 SQLITE_OK);
    return db;
}

static int add_row(void *data, int nr, char **values, char **names)
{
    struct strbuf *out = data;

    (void)names;
    for (int i = 0; i < nr; i++)
        strbuf_addf(out, "%s|", values[i] ? values[i] : "NULL");
    strbuf_addch(out, '\n');
    return 0;
}

char *dump_database(const char *path)
{
    static const char *const queries[] = {
        "PRAGMA application_id",
        "PRAGMA user_version",
        "SELECT name, sql FROM sqlite_master ORDER BY name",
        "SELECT * FROM run ORDER BY run_id",
        "SELECT * FROM migration ORDER BY migration_id",
        "SELECT * FROM round ORDER BY migration_id, round",
        "SELECT * FROM threshold ORDER BY run_id, seq",
        "SELECT * FROM fix ORDER BY migration_id, change",
        "SELECT * FROM operation ORDER BY run_id, seq",
        "SELECT * FROM hazard ORDER BY run_id, seq",
    };
    struct strbuf out = STRBUF_INIT;
    sqlite3 *db = open_raw(path);

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        cr_assert_eq(sqlite3_exec(db, queries[i], add_row, &out, NULL), SQLITE_OK, "%s: %s",
                     queries[i], sqlite3_errmsg(db));
    sqlite3_close(db);
    return strbuf_detach(&out);
}

void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = open_raw(path);

    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
                 sqlite3_errmsg(db));
    sqlite3_close(db);
}

int64_t query_int(const char *path, const char *sql)
{
    sqlite3 *db = open_raw(path);
    sqlite3_stmt *stmt = NULL;
    int64_t value = 0;

    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
    value = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return value;
}
