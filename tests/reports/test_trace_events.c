/*
 * test_trace_events.c - timelines that a Chrome-trace viewer accepts, and that tell the rows.
 *
 * Read back with jansson and checked against the rules of the format: kinds, whole microseconds,
 * spans of a thread that nest or follow each other, names for all processes and threads.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "base/units.h"
#include "reports/report.h"
#include "reports/support_names.h"
#include "reports/support_results.h"

static json_t *report(const struct sample *s, uint32_t replication)
{
    struct strbuf out = STRBUF_INIT;
    json_error_t error;
    json_t *root;

    cr_assert_eq(report_trace(&s->run, replication, &out), ST_OK);
    root = json_loads(strbuf_text(&out), JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(root, "%s at %d", error.text, error.position);
    strbuf_release(&out);
    return root;
}

static json_int_t number(const json_t *event, const char *key)
{
    const json_t *value = json_object_get(event, key);

    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static const char *text(const json_t *event, const char *key)
{
    const char *value = json_string_value(json_object_get(event, key));

    cr_assert_not_null(value, "%s", key);
    return value;
}

/* The first event of that kind and name; NULL if there is none. */
static const json_t *find(const json_t *root, const char *kind, const char *name)
{
    size_t i;
    const json_t *event;

    json_array_foreach(json_object_get(root, "traceEvents"), i, event)
    {
        if (strcmp(text(event, "ph"), kind) == 0 && strcmp(text(event, "name"), name) == 0)
            return event;
    }
    return NULL;
}

static size_t count(const json_t *root, const char *kind, const char *name)
{
    size_t i, nr = 0;
    const json_t *event;

    json_array_foreach(json_object_get(root, "traceEvents"), i, event) nr +=
        strcmp(text(event, "ph"), kind) == 0 && (!name || strcmp(text(event, "name"), name) == 0);
    return nr;
}

/* Do the spans of a thread nest or follow each other? */
static void check_spans(const json_t *events)
{
    size_t i, k;
    const json_t *a, *b;

    json_array_foreach(events, i, a)
    {
        if (strcmp(text(a, "ph"), "X") != 0)
            continue;
        cr_expect_geq(number(a, "ts"), 0);
        cr_expect_geq(number(a, "dur"), 0);
        json_array_foreach(events, k, b)
        {
            json_int_t from = number(a, "ts"), to = from + number(a, "dur"), start, end;

            if (k <= i || strcmp(text(b, "ph"), "X") != 0 || number(a, "tid") != number(b, "tid") ||
                number(a, "pid") != number(b, "pid"))
                continue;
            start = number(b, "ts");
            end = start + number(b, "dur");
            cr_expect(end <= from || to <= start || (from <= start && end <= to) ||
                          (start <= from && to <= end),
                      "%s and %s overlap", text(a, "name"), text(b, "name"));
        }
    }
}

static void check_rules(const json_t *root)
{
    const json_t *events = json_object_get(root, "traceEvents"), *event;
    size_t i;

    cr_assert(json_is_array(events));
    json_array_foreach(events, i, event)
    {
        cr_expect_not_null(strstr("X C M", text(event, "ph")));
        cr_expect_geq(number(event, "pid"), 1);
        cr_expect_geq(number(event, "tid"), 0);
        if (strcmp(text(event, "ph"), "M") == 0)
            cr_expect_not_null(text(json_object_get(event, "args"), "name"));
        else
            number(event, "ts");
    }
    check_spans(events);
}

Test(report_trace, phases_lie_where_their_lengths_put_them)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add(s, "db-07");
    static const struct {
        const char *name;
        json_int_t ts, dur;
    } cases[] = {
        {"queue", 1000000, 1000000},
        {"migration completed", 2000000, 41218000}, /* the blackout ends after QEMU's total */
        {"setup", 2000000, 12000},
        {"pre-copy", 2012000, 40976000},
        {"blackout", 42988000, 230000},
    };
    json_t *root;

    m->setup_ns = 12 * NS_PER_MS + 999; /* cut to whole microseconds */
    root = report(s, 0);
    check_rules(root);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const json_t *span = find(root, "X", cases[i].name);

        cr_assert_not_null(span, "%s", cases[i].name);
        cr_expect_eq(number(span, "ts"), cases[i].ts, "%s", cases[i].name);
        cr_expect_eq(number(span, "dur"), cases[i].dur, "%s", cases[i].name);
    }
    cr_expect_str_eq(text(json_object_get(find(root, "M", "process_name"), "args"), "name"),
                     "node-a");
    cr_expect_str_eq(text(json_object_get(find(root, "M", "thread_name"), "args"), "name"),
                     "db-07");
    json_decref(root);
    sample_free(s);
}

Test(report_trace, rounds_and_counters_follow_the_rows)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add(s, "db-07");
    const json_t *round;
    json_t *root;

    sample_add_rounds(s, m, 5);
    for (size_t i = 0; i < 5; i++)
        s->rounds[i].start_ns += m->setup_ns;
    root = report(s, 0);
    check_rules(root);
    cr_expect_null(find(root, "X", "pre-copy"));
    round = find(root, "X", "round 3");
    cr_assert_not_null(round);
    cr_expect_eq(number(round, "ts"), 12012000);
    cr_expect_eq(number(round, "dur"), 5000000);
    cr_expect_eq(number(json_object_get(round, "args"), "throttle_pct"), 20);
    cr_expect_eq(count(root, "C", "remaining db-07"), 6);
    cr_expect_eq(count(root, "C", "throttle db-07"), 6);
    json_decref(root);
    sample_free(s);
}

Test(report_trace, postcopy_runs_on_the_target)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add(s, "db-07");
    const json_t *span;
    json_t *root;

    m->postcopy_ns = 10 * NS_PER_S;
    root = report(s, 0);
    check_rules(root);
    span = find(root, "X", "post-copy");
    cr_assert_not_null(span);
    cr_expect_eq(number(span, "pid"), 2);
    cr_expect_eq(number(span, "ts"), 33200000 + 230000);
    cr_expect_eq(number(span, "dur"), 10000000 - 230000);
    cr_expect_eq(number(find(root, "X", "blackout"), "pid"), 1);
    cr_expect_eq(count(root, "M", "thread_name"), 2);
    json_decref(root);
    sample_free(s);
}

/* Rows that contradict themselves, and ends of every kind. */
Test(report_trace, spans_never_overlap)
{
    struct sample *s = sample_new();
    json_t *root;

    for (int o = 0; o < OUTCOME_NR; o++)
        for (int i = 0; i < 8; i++) {
            struct mig_result *m =
                o == OUTCOME_COMPLETED ? sample_add(s, "a") : sample_add_timeout(s, "a");

            m->outcome = (enum outcome)o;
            m->started_ns = i & 1 ? -1 : m->started_ns;
            m->ended_ns = i & 2 ? -1 : m->ended_ns;
            m->blackout_ns = i & 4 ? 1000 * NS_PER_S : m->blackout_ns;
            m->setup_ns = i & 4 ? 500 * NS_PER_S : m->setup_ns;
            if (i == 0)
                sample_add_rounds(s, m, 9);
        }
    root = report(s, 0);
    check_rules(root);
    cr_expect_geq(count(root, "X", NULL), s->run.nr_migs);
    json_decref(root);
    sample_free(s);
}

Test(report_trace, tells_one_replication)
{
    struct sample *s = sample_new();
    json_t *root;

    s->run.replications = 2;
    sample_add(s, "a");
    sample_add(s, "b");
    sample_add(s, "c")->replication = 1;
    root = report(s, 0);
    cr_expect_eq(count(root, "X", "migration completed"), 2);
    json_decref(root);
    root = report(s, 1);
    cr_expect_eq(count(root, "X", "migration completed"), 1);
    cr_expect_eq(number(json_object_get(root, "otherData"), "replication"), 1);
    json_decref(root);
    root = report(s, 2);
    cr_expect_eq(json_array_size(json_object_get(root, "traceEvents")), 0);
    json_decref(root);
    sample_free(s);
}

Test(report_trace, names_survive)
{
    struct sample *s = sample_new();
    size_t i, found = 0;
    const json_t *event;
    json_t *root;

    for (size_t k = 0; k < support_nr_names; k++)
        sample_add(s, support_names[k])->source = support_names[k];
    root = report(s, 0);
    check_rules(root);
    json_array_foreach(json_object_get(root, "traceEvents"), i, event)
    {
        if (strcmp(text(event, "name"), "thread_name") != 0)
            continue;
        for (size_t k = 0; k < support_nr_names; k++)
            found += strcmp(text(json_object_get(event, "args"), "name"), support_names[k]) == 0;
    }
    cr_expect_eq(found, support_nr_names - 1); /* one is no UTF-8 */
    json_decref(root);
    sample_free(s);
}
