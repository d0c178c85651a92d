/*
 * test_json.c - the JSON form: contract, schema and figures.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "base/units.h"
#include "reports/json_fields.h"
#include "reports/report.h"
#include "reports/support_results.h"
#include "support_rows.h"

static json_t *report(const struct sample *s)
{
    struct strbuf out = STRBUF_INIT;
    json_error_t error;
    json_t *root;

    cr_assert_eq(report_json(&s->run, &out), ST_OK);
    root = json_loadb(out.buf, out.len, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(root, "%s at %d", error.text, error.position);
    strbuf_release(&out);
    return root;
}

static json_t *load_schema(const char *name)
{
    char path[512];
    json_error_t error;
    json_t *schema;

    (void)snprintf(path, sizeof(path), "%s/docs/schema/%s.json", SOURCE_DIR, name);
    schema = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(schema, "%s: %s", path, error.text);
    return schema;
}

static json_t *at(json_t *value, const char *first, const char *second)
{
    value = json_object_get(value, first);
    if (value && second)
        value = json_object_get(value, second);
    cr_assert_not_null(value, "%s %s", first, second ? second : "");
    return value;
}

/* @object has all that @schema requires and nothing that it does not describe. */
static void check_keys(json_t *object, json_t *schema, json_t *also, const char *where)
{
    json_t *parts[] = {schema, also};
    const char *key;
    json_t *value;
    size_t i;

    for (size_t p = 0; p < 2 && parts[p]; p++) {
        json_array_foreach(json_object_get(parts[p], "required"), i, value)
            cr_expect_not_null(json_object_get(object, json_string_value(value)), "%s: no %s",
                               where, json_string_value(value));
    }
    json_object_foreach(object, key, value)
    {
        bool known = json_object_get(json_object_get(schema, "properties"), key) ||
                     (also && json_object_get(json_object_get(also, "properties"), key));

        cr_expect(known, "%s: %s is not in the schema", where, key);
    }
}

static struct fix_result every_fix[FIX_NR];

static struct sample *rich_sample(void)
{
    struct sample *s = sample_new();

    sample_add_rounds(s, sample_add(s, "db-07"), 3);
    sample_add(s, "web \"1\"\n")->guest_slowdown_ratio = NAN;
    sample_add_timeout(s, "cache")->transferred_bytes = UINT64_MAX;
    sample_add_threshold(s, "downtime.p99 < 500ms");
    sample_add_threshold(s, "x < 1")->value = INFINITY;
    s->run.fixes = every_fix;
    s->run.nr_fixes = FIX_NR;
    for (int kind = 0; kind < FIX_NR; kind++)
        every_fix[kind] = (struct fix_result){.mig = 2, .kind = (enum fix_kind)kind, .value = 2e9};
    return s;
}

Test(report_json, keys_are_those_of_the_schema)
{
    struct sample *s = rich_sample();
    json_t *schema = load_schema("run"), *defs = load_schema("defs"), *root = report(s);
    json_t *of_run = at(schema, "properties", NULL);
    json_t *items = at(at(of_run, "migrations", "items"), "allOf", NULL);
    json_t *own = json_array_get(items, 1), *value;
    const char *key;
    size_t i;

    check_keys(root, schema, NULL, "run");
    check_keys(at(root, "summary", NULL), at(of_run, "summary", NULL), NULL, "summary");
    json_object_foreach(at(root, "summary", NULL), key, value)
    {
        if (json_is_object(value))
            check_keys(value, at(at(of_run, "summary", "properties"), key, NULL), NULL, key);
    }
    json_array_foreach(at(root, "thresholds", NULL), i, value)
        check_keys(value, at(of_run, "thresholds", "items"), NULL, "threshold");
    cr_expect_eq(json_array_size(at(root, "fixes", NULL)), FIX_NR);
    json_array_foreach(at(root, "fixes", NULL), i, value)
        check_keys(value, at(of_run, "fixes", "items"), NULL, "fix");
    json_array_foreach(at(root, "migrations", NULL), i, value)
        check_keys(value, at(defs, "migration", NULL), own, "migration");
    check_keys(json_array_get(
                   at(json_array_get(at(root, "migrations", NULL), 0), "round_details", NULL), 0),
               at(at(own, "properties", "round_details"), "items", NULL), NULL, "round");
    json_decref(root);
    json_decref(schema);
    json_decref(defs);
    sample_free(s);
}

Test(report_json, fixes_are_in_the_unit_they_name)
{
    static const struct {
        const char *change, *unit;
        double value;
    } want[FIX_NR] = {
        {"alone", NULL, 0},
        {"max_bandwidth", "bytes_per_s", 2e9},
        {"link_rate", "bits_per_s", 2e9},
        {"multifd_channels", "count", 2e9},
        {"downtime_limit", "ms", 2000},
        {"completion_timeout", "ms", 2000},
        {"progress_timeout", "ms", 2000},
        {"horizon", "ms", 2000},
        {"auto_converge", "pct", 2e9},
        {"postcopy", "count", 2e9},
        {"write_rate", "ratio", 2e9},
    };
    struct sample *s = rich_sample();
    json_t *root = report(s), *value, *fix;
    size_t i;

    json_array_foreach(at(root, "fixes", NULL), i, fix)
    {
        cr_expect_str_eq(json_string_value(at(fix, "change", NULL)), want[i].change);
        cr_expect_str_eq(json_string_value(at(fix, "vm", NULL)), "cache");
        value = at(fix, "value", NULL);
        if (!want[i].unit)
            cr_expect(json_is_null(value) && json_is_null(at(fix, "unit", NULL)));
        else
            cr_expect_float_eq(json_number_value(value), want[i].value, 1e-6, "%s", want[i].change);
    }
    json_decref(root);
    sample_free(s);
}

Test(report_json, schemas_of_predict_and_replay_share_the_scored_form)
{
    static const char *const uses[][2] = {
        {"predict", "predicted"}, {"replay", "observed"}, {"replay", "simulated"}};

    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        json_t *schema = load_schema(uses[i][0]);

        cr_expect_str_eq(json_string_value(at(at(schema, "properties", uses[i][1]), "$ref", NULL)),
                         "#/$defs/migration");
        json_decref(schema);
    }
}

Test(report_json, figures_are_in_the_units_of_their_names)
{
    struct sample *s = rich_sample();
    json_t *root = report(s), *migs = at(root, "migrations", NULL);
    json_t *first = json_array_get(migs, 0), *third = json_array_get(migs, 2);
    json_t *thresholds = at(root, "thresholds", NULL);

    cr_expect_str_eq(json_string_value(at(root, "format_version", NULL)), "1.0");
    cr_expect_eq(json_integer_value(at(root, "seed", NULL)), 7);
    cr_expect_str_eq(json_string_value(at(first, "outcome", NULL)), "completed");
    cr_expect(json_is_null(at(first, "reason", NULL)));
    cr_expect_eq(json_number_value(at(first, "total_time_ms", NULL)), 41200);
    cr_expect_eq(json_number_value(at(first, "downtime_ms", NULL)), 212);
    cr_expect_eq(json_number_value(at(first, "ended_s", NULL)), 43.2);
    cr_expect_eq(json_integer_value(at(first, "transferred_bytes", NULL)), (json_int_t)(72 * GIB));
    cr_expect_eq(json_array_size(at(first, "round_details", NULL)), 3);
    cr_expect_str_eq(json_string_value(at(third, "outcome", NULL)), "timeout");
    cr_expect(json_is_null(at(third, "downtime_ms", NULL)));
    cr_expect(json_is_null(at(third, "transferred_bytes", NULL)), "unlimited has no number");
    cr_expect(json_is_null(at(json_array_get(migs, 1), "guest_slowdown_ratio", NULL)));
    cr_expect_str_eq(json_string_value(at(json_array_get(migs, 1), "vm", NULL)), "web \"1\"\n");
    cr_expect_eq(json_number_value(at(json_array_get(thresholds, 0), "value", NULL)), 212);
    cr_expect_str_eq(json_string_value(at(json_array_get(thresholds, 0), "unit", NULL)), "ms");
    cr_expect(json_is_null(at(json_array_get(thresholds, 1), "value", NULL)));
    cr_expect_eq(json_object_size(at(first, "intervals", NULL)), 0, "one replication has none");
    json_decref(root);
    sample_free(s);
}

Test(report_json, intervals_are_p5_and_p95_over_replications)
{
    struct sample *s = sample_new();
    json_t *root, *interval;

    s->run.replications = 101;
    for (uint32_t r = 0; r <= 100; r++) {
        struct mig_result *m = sample_add(s, "db-07");

        m->replication = r;
        m->total_ns = (1000 + (int64_t)r) * NS_PER_MS;
        m->rounds = r < 50 ? 4 : 5;
    }
    root = report(s);
    for (size_t r = 0; r <= 100; r += 50) {
        json_t *mig = json_array_get(at(root, "migrations", NULL), r);

        interval = at(mig, "intervals", "total_time_ms");
        cr_expect_float_eq(json_number_value(json_array_get(interval, 0)), 1005, 1e-9);
        cr_expect_float_eq(json_number_value(json_array_get(interval, 1)), 1095, 1e-9);
        interval = at(mig, "intervals", "rounds");
        cr_expect_eq(json_number_value(json_array_get(interval, 0)), 4);
        cr_expect_eq(json_number_value(json_array_get(interval, 1)), 5);
    }
    json_decref(root);
    sample_free(s);
}

Test(report_json, one_migration_can_stand_alone)
{
    struct sample *s = sample_new();
    struct mig_result *mig = sample_add(s, "db-07");
    struct spread spreads[SCORED_NR] = {[SCORED_TOTAL_TIME] = {.nr = 9, .p5 = 1e9, .p95 = 2e9}};
    struct strbuf out = STRBUF_INIT;

    strbuf_addch(&out, '{');
    json_mig_fields(&out, mig, spreads);
    strbuf_addch(&out, '}');
    cr_expect_str_eq(strbuf_text(&out),
                     "{\"outcome\":\"completed\",\"reason\":null,\"total_time_ms\":41200,"
                     "\"downtime_ms\":212,\"setup_time_ms\":12,\"rounds\":7,"
                     "\"transferred_bytes\":77309411328,\"max_throttle_pct\":0,"
                     "\"intervals\":{\"total_time_ms\":[1000,2000]}}");
    strbuf_clear(&out);
    mig->outcome = OUTCOME_REJECTED;
    mig->started_ns = -1;
    mig->total_ns = 0;
    strbuf_addch(&out, '{');
    json_mig_fields(&out, mig, NULL);
    cr_expect_not_null(strstr(strbuf_text(&out), "\"total_time_ms\":null,\"downtime_ms\":null"));
    strbuf_release(&out);
    sample_free(s);
}

Test(report_json, a_quarter_million_migrations_take_seconds)
{
    enum {
        NR = 253000,
        VMS = 2530
    };
    static char names[VMS][16];
    struct sample *s = sample_new();
    struct mig_result model = *sample_add(s, "x"), *migs = calloc(NR, sizeof(*migs));
    struct strbuf out = STRBUF_INIT;
    clock_t start;

    cr_assert_not_null(migs);
    for (size_t i = 0; i < VMS; i++)
        (void)snprintf(names[i], sizeof(names[i]), "vm-%zu", i);
    for (size_t i = 0; i < NR; i++) {
        migs[i] = model;
        migs[i].vm = names[i % VMS];
        migs[i].replication = (uint32_t)(i / VMS);
        migs[i].total_ns += (int64_t)(i * 7919 % 104729) * NS_PER_MS;
    }
    result_free_migs(&s->run);
    support_set_rows(&s->run, migs, NR);
    s->run.replications = NR / VMS;
    start = clock();
    cr_assert_eq(report_json(&s->run, &out), ST_OK);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (getenv("MIGCAST_TIMINGS"))
        (void)fprintf(stderr, "%zu MB of JSON in %.2f s\n", out.len / 1000000, seconds);
    cr_expect_lt(seconds, 20.0);
    cr_expect_gt(out.len, (size_t)NR * 400);
    strbuf_release(&out);
    free(migs);
    sample_free(s);
}
