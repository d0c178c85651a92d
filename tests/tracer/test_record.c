/*
 * test_record.c - recordings of made-up machines: what stands in the file, whatever happens.
 */
#include "tracer/record.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "support_machine.h"
#include "tracer/facts.h"
#include "tracer/lines.h"

#define SOON_NS (5 * NS_PER_S)

struct scene {
    struct folder folder;
    struct machine source, destination;
    bool has_destination;
    struct qmp *qmp[2];
    struct record_options options;
    struct recorder *rec;
    struct record_result result;
    char path[128];
    struct diag diag;
    enum status st;
    struct trace_facts facts;
    char order[4096]; /* "kind name" of each line of the trace, ", " between */
};

static void enter(struct scene *s, struct machine_quirks source, const char *file)
{
    static const unsigned none[1];

    memset(s, 0, sizeof(*s));
    folder_make(&s->folder);
    machine_start(&s->source, &s->folder, "source", source);
    s->st = qmp_open(&s->qmp[0], s->source.monitor.path, SOON_NS, &s->diag);
    cr_assert(s->st == ST_OK, "%s", s->diag.what);
    snprintf(s->path, sizeof(s->path), "%s/%s", s->folder.path, file);
    s->options = (struct record_options){
        .source = s->qmp[0], .windows_ms = none, .poll_ms = 5, .id = "made up"};
}

static void add_destination(struct scene *s, struct machine_quirks quirks)
{
    quirks.is_destination = true;
    machine_start(&s->destination, &s->folder, "destination", quirks);
    s->has_destination = true;
    s->st = qmp_open(&s->qmp[1], s->destination.monitor.path, SOON_NS, &s->diag);
    cr_assert(s->st == ST_OK, "%s", s->diag.what);
    s->options.destination = s->qmp[1];
}

static void open_trace(struct scene *s)
{
    s->st = record_open(&s->rec, &s->options, s->path, &s->diag);
    cr_assert(s->st == ST_OK, "%s", s->diag.what);
}

static void read_order(struct scene *s)
{
    struct trace_reader *r;
    struct trace_line line;
    size_t len = 0;

    cr_assert(trace_open(&r, s->path, &s->diag) == ST_OK, "%s", s->diag.what);
    while (trace_next(r, &line, &s->diag) == ST_OK && line.kind != TRACE_END) {
        static const char *const kinds[] = {"header", "command", "return", "error",
                                            "event",  "note",    "footer"};
        int n = snprintf(s->order + len, sizeof(s->order) - len, "%s%s%s%s", len ? ", " : "",
                         kinds[line.kind], line.name ? " " : "", line.name ? line.name : "");

        if (len + (size_t)n < sizeof(s->order))
            len += (size_t)n;
    }
    trace_close(r);
}

/* Footer, monitors closed, machines stopped, trace loaded. */
static void finish(struct scene *s)
{
    enum status st = record_finish(s->rec, NULL, NULL, &s->result, &s->diag);

    cr_assert(st == ST_OK, "%s", s->diag.what);
    qmp_close(s->qmp[0]);
    qmp_close(s->qmp[1]);
    machine_stop(&s->source);
    if (s->has_destination)
        machine_stop(&s->destination);
    read_order(s);
    st = facts_load(&s->facts, s->path, 0, &s->diag);
    cr_assert(st == ST_OK, "%s:%lu: %s", s->diag.file, s->diag.line, s->diag.what);
}

static void leave(struct scene *s)
{
    facts_release(&s->facts);
    machine_release(&s->source);
    machine_release(&s->destination);
    json_decref(s->options.parameters);
    json_decref(s->options.capabilities);
    folder_remove(&s->folder);
}

static void migrate(struct scene *s)
{
    s->st = record_profile(s->rec, &s->diag);
    if (s->st == ST_OK)
        s->st = record_migrate(s->rec, "unix:m", &s->diag);
}

static void record_whole(struct scene *s)
{
    open_trace(s);
    migrate(s);
    finish(s);
}

/* -------- a good one -------- */

Test(record, a_recording_reads_as_what_happened)
{
    static const unsigned window[] = {1000};
    struct scene s;

    enter(&s, (struct machine_quirks){.nr_polls = 4}, "t.jsonl");
    add_destination(&s, (struct machine_quirks){0});
    s.options.windows_ms = window;
    s.options.nr_windows = 1;
    s.options.timeout_s = 30;
    s.options.capabilities = json_pack("[s]", "multifd");
    s.options.parameters = json_pack("{s:i, s:i}", "multifd-channels", 4, "downtime-limit", 250);
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert_str_eq(s.result.status, "completed");
    cr_assert(s.result.total_ms == 1234 && s.result.downtime_ms == 7);
    cr_assert_str_eq(s.facts.header.id, "made up");
    cr_assert(s.facts.header.accel == FACTS_ACCEL_KVM);
    cr_assert(s.facts.header.memory_bytes == 64 * MIB && s.facts.header.vcpus == 2);
    cr_assert(s.facts.header.timeout_ns == 30 * NS_PER_S);
    cr_assert(s.facts.before.nr_dirty == 1);
    cr_assert(s.facts.before.dirty[0].rate_bytes_per_s == 42 * MIB);
    cr_assert(s.facts.before.dirty[0].mode == FACTS_DIRTY_BITMAP);
    cr_assert(s.facts.before.params.multifd);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    cr_assert(s.facts.after.totals.total_ns == 1234 * NS_PER_MS);
    cr_assert(s.facts.after.totals.rounds == 2);
    cr_assert(s.facts.after.nr_passes == 2);
    cr_assert(s.facts.counts.ignored_lines == 0 && s.facts.counts.ignored_fields == 0);
    leave(&s);
}

/* The destination says on its own socket that it waits: before or after the source's next answers,
 * as the two happen to be read.  It must say so once, before `migrate`. */
static void drop_setup_event(char *order)
{
    static const char event[] = "event MIGRATION, ";
    char *incoming = strstr(order, "return migrate-incoming, ");
    char *migrate = strstr(order, "command migrate, ");
    char *at;

    cr_assert(incoming && migrate, "%s", order);
    at = strstr(incoming, event);
    cr_assert(at && at < migrate, "%s", order);
    memmove(at, at + sizeof(event) - 1, strlen(at + sizeof(event) - 1) + 1);
}

Test(record, lines_stand_in_the_order_of_the_bundled_captures)
{
    static const char want[] =
        "header, command calc-dirty-rate, return calc-dirty-rate, return query-dirty-rate, "
        "command migrate-set-capabilities, return migrate-set-capabilities, "
        "command migrate-set-capabilities, return migrate-set-capabilities, "
        "command migrate-set-parameters, return migrate-set-parameters, "
        "command migrate-incoming, return migrate-incoming, "
        "command query-migrate-parameters, return query-migrate-parameters, "
        "command migrate, return migrate, event MIGRATION, event MIGRATION_PASS, event MIGRATION, "
        "return query-migrate, ";
    static const unsigned window[] = {1000};
    struct scene s;

    enter(&s, (struct machine_quirks){.nr_polls = 2}, "t.jsonl");
    add_destination(&s, (struct machine_quirks){0});
    s.options.windows_ms = window;
    s.options.nr_windows = 1;
    s.options.parameters = json_pack("{s:i}", "downtime-limit", 250);
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    drop_setup_event(s.order);
    cr_assert(strncmp(s.order, want, strlen(want)) == 0, "%s", s.order);
    cr_assert(strstr(s.order, "event STOP, event MIGRATION_PASS, event MIGRATION, "
                              "return query-migrate, return query-migrate, "),
              "%s", s.order);
    cr_assert(strcmp(s.order + strlen(s.order) - 8, ", footer") == 0, "%s", s.order);
    cr_assert(machine_count(&s.destination, "migrate-set-parameters") == 0);
    leave(&s);
}

Test(record, what_both_sides_must_agree_on_goes_to_both)
{
    struct scene s;
    const json_t *told;

    enter(&s, (struct machine_quirks){.nr_polls = 1}, "t.jsonl");
    add_destination(&s, (struct machine_quirks){0});
    s.options.parameters = json_pack("{s:i, s:i}", "multifd-channels", 4, "downtime-limit", 250);
    s.options.capabilities = json_pack("[s]", "multifd");
    record_whole(&s);
    told = machine_told(&s.destination, "migrate-set-parameters");
    cr_assert(json_object_size(told) == 1);
    cr_assert(json_integer_value(json_object_get(told, "multifd-channels")) == 4);
    told =
        json_object_get(machine_told(&s.destination, "migrate-set-capabilities"), "capabilities");
    cr_assert(json_array_size(told) == 2);
    leave(&s);
}

Test(record, a_compressed_recording_is_packed_at_its_end)
{
    struct scene s;
    unsigned char magic[4] = {0};
    FILE *f;

    enter(&s, (struct machine_quirks){.nr_polls = 50}, "t.jsonl.zst");
    s.options.poll_ms = 1;
    record_whole(&s);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED && s.facts.after.nr_polls >= 50);
    f = fopen(s.path, "rb");
    cr_assert(f && fread(magic, 1, 4, f) == 4 && memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0);
    cr_assert(fseek(f, 0, SEEK_END) == 0 && ftell(f) < 4000, "%ld bytes", ftell(f));
    fclose(f);
    leave(&s);
}

/* -------- traps -------- */

Test(record, totals_of_zero_after_completed_are_asked_for_again)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.nr_zero_totals = 4}, "t.jsonl");
    record_whole(&s);
    cr_assert(s.st == ST_OK && s.result.total_ms == 1234);
    cr_assert(s.facts.after.totals.total_ns == 1234 * NS_PER_MS);
    leave(&s);
}

Test(record, a_migration_that_takes_too_long_is_cancelled)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.never_ends = true}, "t.jsonl");
    s.options.timeout_s = 0.2;
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert_str_eq(s.result.status, "cancelled");
    cr_assert(s.result.cancelled_by_timeout);
    cr_assert(machine_count(&s.source, "migrate_cancel") == 1);
    cr_assert(s.facts.after.outcome == FACTS_TIMEOUT);
    leave(&s);
}

Test(record, post_copy_starts_and_a_pause_ends_when_due)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.nr_polls = 60, .pauses = true}, "t.jsonl");
    s.options.postcopy_after_s = 0.05;
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert(machine_count(&s.source, "migrate-start-postcopy") == 1);
    cr_assert(machine_count(&s.source, "migrate-continue") == 1);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    leave(&s);
}

Test(record, a_destination_that_goes_away_is_noted_and_no_failure)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.nr_polls = 3}, "t.jsonl");
    add_destination(&s, (struct machine_quirks){.closes_on_capabilities = true});
    open_trace(&s);
    s.st = record_command(s.rec, TRACE_DESTINATION, "migrate-set-capabilities", NULL, NULL, NULL);
    cr_assert(s.st == ST_OK || s.st == ST_EINPUT);
    s.st = record_idle(s.rec, qmp_now() + 50 * NS_PER_MS, &s.diag);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    s.st = record_migrate(s.rec, "unix:m", &s.diag);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    finish(&s);
    cr_assert(strstr(s.order, "note monitor-closed"), "%s", s.order);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    leave(&s);
}

Test(record, a_source_that_vanishes_leaves_a_whole_file)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.dies_after_polls = 3, .nr_polls = 100}, "t.jsonl.zst");
    record_whole(&s);
    cr_assert(s.st == ST_ERETRY);
    cr_assert_str_eq(s.result.status, "active");
    cr_assert(strstr(s.order, "note monitor-closed, footer"), "%s", s.order);
    cr_assert(s.facts.after.outcome == FACTS_UNKNOWN && s.facts.after.nr_polls == 3);
    cr_assert(!s.facts.counts.truncated);
    leave(&s);
}

Test(record, a_manager_that_ends_qemu_at_the_end_is_no_failure)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.dies_after_end = 1}, "t.jsonl");
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    cr_assert(s.facts.after.totals.total_ns == 1234 * NS_PER_MS);
    leave(&s);
}

Test(record, a_refused_migration_is_a_result_too)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.refuses_migrate = true}, "t.jsonl");
    record_whole(&s);
    cr_assert(s.st == ST_EINPUT);
    cr_assert_str_eq(s.diag.what, "migrate: Migration is not possible now");
    cr_assert(s.facts.after.outcome == FACTS_REJECTED);
    leave(&s);
}

Test(record, a_slow_monitor_is_asked_one_thing_at_a_time)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.slow_ms = 40, .nr_polls = 5}, "t.jsonl");
    s.options.poll_ms = 1;
    record_whole(&s);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    cr_assert(s.source.most_waiting == 0, "%u", s.source.most_waiting);
    leave(&s);
}

static void *stop_soon(void *arg)
{
    usleep(100 * 1000);
    atomic_store((atomic_int *)arg, 1);
    return NULL;
}

Test(record, a_stop_request_ends_it_with_a_footer)
{
    struct scene s;
    atomic_int stop = 0;
    pthread_t thread;
    int64_t start_ns = qmp_now();

    enter(&s, (struct machine_quirks){.never_ends = true}, "t.jsonl");
    s.options.stop = &stop;
    cr_assert(pthread_create(&thread, NULL, stop_soon, &stop) == 0);
    record_whole(&s);
    cr_assert(s.st == ST_EINTR, "%s", s.diag.what);
    cr_assert(qmp_now() - start_ns < SOON_NS);
    cr_assert_str_eq(s.result.status, "active");
    cr_assert(strcmp(s.order + strlen(s.order) - 8, ", footer") == 0, "%s", s.order);
    cr_assert(machine_count(&s.source, "migrate_cancel") == 0);
    pthread_join(thread, NULL);
    leave(&s);
}

/* -------- somebody else's -------- */

static void watch(struct scene *s)
{
    s->options.passive = true;
    open_trace(s);
    s->st = record_watch(s->rec, SOON_NS, &s->diag);
    if (s->st == ST_OK)
        s->st = record_follow(s->rec, &s->diag);
    finish(s);
}

static void assert_nothing_was_changed(const struct machine *m)
{
    for (size_t i = 0; i < m->nr_commands; i++)
        cr_assert(strncmp(m->commands[i], "query-", 6) == 0 ||
                      strcmp(m->commands[i], "calc-dirty-rate") == 0,
                  "%s", m->commands[i]);
}

Test(record, somebody_elses_migration_is_watched_and_nothing_changed)
{
    struct scene s;

    for (int events = 0; events < 2; events++) {
        enter(&s, (struct machine_quirks){.starts_itself_ms = 150, .events_on = events}, "t.jsonl");
        s.options.timeout_s = 0.01; /* not ours to cancel */
        watch(&s);
        cr_assert(s.st == ST_OK, "%s", s.diag.what);
        cr_assert_str_eq(s.result.status, "completed");
        cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
        cr_assert(s.facts.after.totals.total_ns == 1234 * NS_PER_MS);
        cr_assert_str_eq(s.facts.header.capabilities, "[\"auto-converge\"]");
        assert_nothing_was_changed(&s.source);
        leave(&s);
    }
}

Test(record, parameters_set_just_before_the_start_stand_before_it)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.starts_itself_ms = 100, .events_on = true}, "t.jsonl");
    watch(&s);
    cr_assert(s.facts.before.params.max_bandwidth_bytes_per_s == 7777777);
    cr_assert(s.facts.before.params.auto_converge);
    cr_assert(strstr(s.order, "return query-migrate-parameters, command migrate, event MIGRATION"),
              "%s", s.order);
    leave(&s);
}

Test(record, a_migration_that_runs_already_counts_from_its_own_start)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.runs_since_ms = 3000}, "t.jsonl");
    s.options.passive = true;
    open_trace(&s);
    cr_assert(record_is_running(s.rec));
    cr_assert(record_profile(s.rec, &s.diag) == ST_OK);
    s.st = record_watch(s.rec, SOON_NS, &s.diag);
    cr_assert(s.st == ST_OK && record_follow(s.rec, &s.diag) == ST_OK, "%s", s.diag.what);
    finish(&s);
    cr_assert(s.facts.before.migrate_ns == 0);
    cr_assert(s.facts.after.outcome == FACTS_COMPLETED);
    cr_assert(s.facts.after.polls[0].t_ns >= 3 * NS_PER_S);
    leave(&s);
}

Test(record, what_an_earlier_migration_left_is_not_taken_for_one)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.leftover_failed = true}, "t.jsonl");
    s.options.passive = true;
    open_trace(&s);
    s.st = record_watch(s.rec, 300 * NS_PER_MS, &s.diag);
    cr_assert(s.st == ST_ERETRY);
    cr_assert(strstr(s.diag.what, "no migration was started"), "%s", s.diag.what);
    finish(&s);
    cr_assert_str_eq(s.result.status, "none");
    leave(&s);
}

/* -------- killed -------- */

/* In a child: records a migration that never ends, until it is killed. */
static void record_for_ever(struct scene *s)
{
    open_trace(s);
    migrate(s);
    _exit(1);
}

static size_t file_size(const char *path)
{
    FILE *f = fopen(path, "rb");
    long size = 0;

    if (f && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (f)
        fclose(f);
    return (size_t)size;
}

static void kill_in_mid_capture(const char *file)
{
    struct scene s;
    size_t size = 0;
    int status;
    pid_t child;

    enter(&s, (struct machine_quirks){.never_ends = true}, file);
    s.options.poll_ms = 1;
    child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        record_for_ever(&s);
    for (int i = 0; i < 2000 && size < 6000; i++) {
        usleep(2000);
        size = file_size(s.path);
    }
    cr_assert(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    qmp_close(s.qmp[0]);
    machine_stop(&s.source);
    cr_assert(size >= 6000, "%zu bytes", size);
    s.st = facts_load(&s.facts, s.path, 0, &s.diag);
    cr_assert(s.st == ST_OK, "%lu: %s", s.diag.line, s.diag.what);
    cr_assert(s.facts.before.migrate_ns >= 0);
    cr_assert(s.facts.after.nr_polls >= 10, "%zu", s.facts.after.nr_polls);
    cr_assert(s.facts.after.outcome == FACTS_UNKNOWN);
    leave(&s);
}

Test(record, kill_9_costs_at_most_the_line_in_flight)
{
    kill_in_mid_capture("t.jsonl");
    kill_in_mid_capture("t.jsonl.zst");
}

/* -------- no place to write -------- */

Test(record, a_full_disk_is_said_once_and_ends_the_recording)
{
    struct scene s;

    enter(&s, (struct machine_quirks){.never_ends = true}, "t.jsonl");
    s.st = record_open(&s.rec, &s.options, "/dev/full", &s.diag);
    cr_assert(s.st == ST_EOUTPUT && strstr(s.diag.what, "No space left"), "%s", s.diag.what);
    s.st = record_open(&s.rec, &s.options, "/nowhere/at/all", &s.diag);
    cr_assert(s.st == ST_EOUTPUT && strstr(s.diag.what, "cannot open"), "%s", s.diag.what);
    qmp_close(s.qmp[0]);
    machine_stop(&s.source);
    leave(&s);
}
