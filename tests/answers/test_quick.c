/*
 * test_quick.c - values become a scenario, the same one everywhere, and wrong values are named.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/quick.h"
#include "base/units.h"

struct values {
    const char *given[QUICK_NR];
};

#define BASE [QUICK_RAM] = "64GiB", [QUICK_LINK] = "10Gb/s"

static struct quick make(const struct values *v)
{
    struct diag diag = {0};
    struct quick q;

    cr_assert_eq(quick_init(&q, v->given, &diag), ST_OK, "%s; %s", diag.what, diag.hint);
    return q;
}

Test(quick, the_text_is_the_scenario)
{
    static const struct values cases[] = {
        {{BASE}},
        {{BASE, [QUICK_DIRTY] = "200MB/s"}},
        {{BASE, [QUICK_DIRTY] = "100MB/s..300MB/s", [QUICK_SEED] = "77"}},
        {{BASE, [QUICK_MODEL] = "hotcold", [QUICK_DIRTY] = "1GB/s"}},
        {{BASE, [QUICK_ZERO] = "30%", [QUICK_POST_COPY] = "", [QUICK_AUTO_CONVERGE] = "",
          [QUICK_TLS] = "", [QUICK_TIMEOUT] = "150s/GiB", [QUICK_QEMU] = "9.2",
          [QUICK_BANDWIDTH] = "normal(500MB/s, 50MB/s)", [QUICK_VCPUS] = "4",
          [QUICK_REPLICATIONS] = "9"}},
        {{BASE, [QUICK_MULTIFD] = "8", [QUICK_WORKING_SET] = "8GiB",
          [QUICK_DOWNTIME_LIMIT] = "1s"}},
        {{BASE, [QUICK_PRESET] = "ovirt-postcopy", [QUICK_DIRTY] = "1GB/s"}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct quick q = make(&cases[i]);
        struct scenario again;
        struct diag diag = {0};

        cr_assert_eq(scenario_load_text(&again, "again.ini", strbuf_text(&q.text), NULL, 0, &diag),
                     ST_OK, "%s", diag.what);
        cr_expect_str_eq(again.digest, q.sc.digest, "case %zu", i);
        cr_expect_eq(again.horizon_ns, q.sc.horizon_ns);
        cr_expect_eq(again.seed, q.sc.seed);
        scenario_release(&again);
        quick_release(&q);
    }
}

Test(quick, values_arrive_where_they_belong)
{
    static const struct values v = {
        {BASE, [QUICK_DIRTY] = "200MB/s", [QUICK_ZERO] = "25%", [QUICK_POST_COPY] = "",
         [QUICK_TIMEOUT] = "150s/GiB", [QUICK_MODEL] = "hotcold", [QUICK_WORKING_SET] = "20GiB",
         [QUICK_SEED] = "18446744073709551615"}};
    struct quick q = make(&v);
    const struct scn_vm *vm = &q.sc.vms[0];
    const struct mig_params *p = &q.sc.migrations[0].params;

    cr_expect_eq(q.sc.nr_requests, 1);
    cr_expect_eq(q.sc.seed, UINT64_MAX);
    cr_expect_eq(vm->guest->memory_bytes, 64 * GIB);
    cr_expect_eq(vm->guest->nonzero_bytes, 48 * GIB);
    cr_expect_eq(vm->guest->dirty.kind, DIRTY_HOTCOLD);
    cr_expect_eq(vm->guest->dirty.working_set_bytes, 20 * GIB);
    cr_expect_eq(vm->guest->dirty.hot_bytes, 2 * GIB);
    cr_expect_float_eq(vm->guest->dirty.write_bytes_per_s, 200e6, 1);
    cr_expect_eq(p->completion_timeout_ns_per_gib, 150 * NS_PER_S);
    cr_expect_eq(p->completion_timeout_ns, 0);
    cr_expect(p->postcopy && p->postcopy_trigger == POSTCOPY_AT_ROUND);
    cr_expect_eq(p->max_bandwidth_bytes_per_s, UNITS_UNLIMITED);
    quick_release(&q);
}

Test(quick, a_preset_keeps_its_settings_below_what_is_given)
{
    struct values v = {{BASE, [QUICK_PRESET] = "kubevirt-1.3"}};
    struct quick q = make(&v);
    struct strbuf out = STRBUF_INIT;

    cr_expect_eq(q.sc.migrations[0].params.completion_timeout_ns_per_gib, 800 * NS_PER_S);
    cr_expect_eq(q.sc.migrations[0].params.downtime_limit_ns, 300 * NS_PER_MS);
    /* twice 800 s for each of 64 GiB: the platform's end comes before the simulation's */
    cr_expect_eq(q.sc.horizon_ns, 102420 * NS_PER_S);
    quick_assumed(&q, &out);
    cr_expect_null(strstr(strbuf_text(&out), "QEMU's default"));
    cr_expect_null(strstr(strbuf_text(&out), "no timeout"));
    quick_release(&q);
    v.given[QUICK_DOWNTIME_LIMIT] = "1s";
    q = make(&v);
    cr_expect_eq(q.sc.migrations[0].params.downtime_limit_ns, NS_PER_S);
    cr_expect_eq(q.sc.migrations[0].params.completion_timeout_ns_per_gib, 800 * NS_PER_S);
    quick_release(&q);
    strbuf_release(&out);
}

Test(quick, what_is_assumed_is_said)
{
    struct values v = {{BASE}};
    struct strbuf out = STRBUF_INIT;
    struct quick q = make(&v);

    quick_assumed(&q, &out);
    cr_expect_not_null(strstr(strbuf_text(&out), "working set 16 GiB (a quarter of the RAM)"));
    cr_expect_not_null(strstr(strbuf_text(&out), "a guest that writes nothing"));
    cr_expect_not_null(strstr(strbuf_text(&out), "downtime limit 300 ms"));
    quick_release(&q);
    v.given[QUICK_WORKING_SET] = "1GiB";
    v.given[QUICK_DIRTY] = "1MB/s";
    strbuf_clear(&out);
    q = make(&v);
    quick_assumed(&q, &out);
    cr_expect_null(strstr(strbuf_text(&out), "working set"));
    cr_expect_null(strstr(strbuf_text(&out), "writes nothing"));
    strbuf_clear(&out);
    quick_explain(&q, &out);
    for (int i = 0; i < QUICK_NR; i++)
        cr_expect_not_null(strstr(strbuf_text(&out), quick_rows[i].name), "%s", quick_rows[i].name);
    for (const char *line = strbuf_text(&out); *line; line += strcspn(line, "\n") + 1)
        cr_expect_leq(strcspn(line, "\n"), 80, "%s", line);
    quick_release(&q);
    strbuf_release(&out);
}

Test(quick, replications_follow_uncertainty)
{
    static const struct {
        enum quick_value which;
        const char *value;
        uint32_t replications;
    } cases[] = {
        {QUICK_DIRTY, "100MB/s", 1},
        {QUICK_DIRTY, "100MB/s..300MB/s", QUICK_REPLICATIONS_UNCERTAIN},
        {QUICK_LINK, "lognormal(10Gb/s, 1.2)", QUICK_REPLICATIONS_UNCERTAIN},
        {QUICK_WORKING_SET, "1GiB..2GiB", QUICK_REPLICATIONS_UNCERTAIN},
        {QUICK_REPLICATIONS, "7", 7},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct values v = {{BASE}};
        struct quick q;

        v.given[cases[i].which] = cases[i].value;
        q = make(&v);
        cr_expect_eq(q.sc.replications, cases[i].replications, "%s", cases[i].value);
        quick_release(&q);
    }
}

Test(quick, the_horizon_is_bounded_but_long_enough)
{
    static const struct {
        const char *ram, *link, *timeout;
        int64_t horizon_ns;
    } cases[] = {
        {"64MiB", "10Gb/s", NULL, 3600 * NS_PER_S},
        {"64GiB", "10Gb/s", NULL, 3600 * NS_PER_S}, /* 50 copies are 48 min */
        {"16GiB", "1Gb/s", NULL, 7320 * NS_PER_S},  /* 50 of 146 s */
        {"16GiB", "1Gb/s", "10h", 72000 * NS_PER_S},
        {"1GiB", "100kb/s", NULL, 7 * 86400 * NS_PER_S},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct values v = {{[QUICK_RAM] = cases[i].ram,
                            [QUICK_LINK] = cases[i].link,
                            [QUICK_TIMEOUT] = cases[i].timeout}};
        struct quick q = make(&v);

        cr_expect_eq(q.sc.horizon_ns, cases[i].horizon_ns, "%s over %s: %.0f s", cases[i].ram,
                     cases[i].link, (double)q.sc.horizon_ns / 1e9);
        quick_release(&q);
    }
}

Test(quick, wrong_values_name_their_option)
{
    static const struct {
        enum quick_value which;
        const char *value, *what, *hint;
    } cases[] = {
        {QUICK_RAM, "64", "--ram: ", "512MiB"},
        {QUICK_RAM, "", "--ram: the value is empty", ""},
        {QUICK_RAM, "64GiB\n[host x]", "--ram: the value holds a character", ""},
        {QUICK_RAM, "64GiB ; and more", "--ram: the value holds a character", ""},
        {QUICK_RAM, "1EiB", "--ram: ", ""},
        {QUICK_RAM, "1B", "--ram: ", ""},
        {QUICK_DIRTY, "200", "--dirty: ", ""},
        {QUICK_DIRTY, "3MB/s..1MB/s", "--dirty: ", ""},
        {QUICK_DIRTY, "200GiB", "--dirty: ", ""},
        {QUICK_LINK, "fast", "--link: ", ""},
        {QUICK_LINK, "0b/s", "--link: ", ""},
        {QUICK_WORKING_SET, "65GiB", ": the working set (65 GiB) is larger than the memory", ""},
        {QUICK_MODEL, "random", "--model: ", ""},
        {QUICK_ZERO, "130%", "--zero: it is no share", "0% to 100%"},
        {QUICK_ZERO, "30GiB", "--zero: it is no share", ""},
        {QUICK_VCPUS, "0", "--vcpus: ", ""},
        {QUICK_DOWNTIME_LIMIT, "3h", "--downtime-limit: ", ""},
        {QUICK_BANDWIDTH, "-3MB/s", "--bandwidth: ", ""},
        {QUICK_TIMEOUT, "150/GiB", "--timeout: ", ""},
        {QUICK_TIMEOUT, "soon", "--timeout: ", ""},
        {QUICK_QEMU, "6.0", "--qemu: ", ""},
        {QUICK_MULTIFD, "300", "--multifd: ", ""},
        {QUICK_PRESET, "kubevirt-0.9", "no preset is called 'kubevirt-0.9'", "kubevirt-1.9"},
        {QUICK_REPLICATIONS, "0", "--replications: ", ""},
        {QUICK_REPLICATIONS, "many", "--replications: ", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct values v = {{BASE}};
        struct diag diag = {0};
        struct quick q;

        v.given[cases[i].which] = cases[i].value;
        cr_expect_eq(quick_init(&q, v.given, &diag), ST_EUSAGE, "%s", cases[i].value);
        cr_expect_not_null(strstr(diag.what, cases[i].what), "%s: %s", cases[i].value, diag.what);
        cr_expect_not_null(strstr(diag.hint, cases[i].hint), "%s: %s", cases[i].value, diag.hint);
        cr_expect(!diag.file[0] && !diag.section[0] && !diag.key[0], "%s", cases[i].value);
        cr_expect_eq(q.text.len, 0);
    }
}

Test(quick, clashing_options_name_one_of_them)
{
    static const struct values v = {{BASE, [QUICK_POST_COPY] = "", [QUICK_MULTIFD] = "4"}};
    static const struct values hot = {
        {BASE, [QUICK_MODEL] = "hotcold", [QUICK_WORKING_SET] = "1GiB..2GiB"}};
    struct diag diag = {0};
    struct quick q;

    cr_expect_eq(quick_init(&q, v.given, &diag), ST_EUSAGE);
    cr_expect_not_null(strstr(diag.what, "--post-copy: "), "%s", diag.what);
    cr_expect_eq(quick_init(&q, hot.given, &diag), ST_EUSAGE);
    cr_expect_not_null(strstr(diag.what, "--model: "), "%s", diag.what);
}

Test(quick, ram_and_link_must_be_given)
{
    static const struct values none = {{0}}, no_link = {{[QUICK_RAM] = "1GiB"}};
    struct diag diag = {0};
    struct quick q;

    cr_expect_eq(quick_init(&q, none.given, &diag), ST_EUSAGE);
    cr_expect_str_eq(diag.what, "--ram is missing");
    cr_expect_eq(quick_init(&q, no_link.given, &diag), ST_EUSAGE);
    cr_expect_str_eq(diag.what, "--link is missing");
}
