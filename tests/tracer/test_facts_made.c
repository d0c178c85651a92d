/*
 * test_facts_made.c - made-up traces: headers, parameters, measurements, outcomes, wrong types.
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "support_traces.h"

/* Time stamps of made-up lines, in order. */
enum {
    T_BEFORE = 100,
    T_MIGRATE = 1000
};

static void add_poll(struct text *t, int64_t t_ns, const char *data)
{
    text_add_line(t, t_ns, "return", "source", "query-migrate", data);
}

static void add_event(struct text *t, int64_t t_ns, const char *status)
{
    struct text data = {0};

    text_addf(&data, "{\"status\":\"%s\"}", status);
    text_add_line(t, t_ns, "event", "source", "MIGRATION", data.buf);
    text_release(&data);
}

static struct text begin_migrate(const char *header_more)
{
    struct text t = {0};

    text_add_header(&t, header_more);
    text_add_line(&t, T_MIGRATE, "command", "source", "migrate", "{}");
    return t;
}

Test(facts_made, version_maps_to_the_nearest_at_or_below)
{
    static const struct {
        const char *text;
        enum qemu_version want;
        bool each_call;
    } cases[] = {
        {"7.2.22", QEMU_7_2, true},
        {"6.0", QEMU_7_2, true},
        {"8.0.5", QEMU_7_2, true},
        {"8.1.0", QEMU_7_2, false},
        {"8.2.2 (Debian 1:8.2.2+ds-0ubuntu1)", QEMU_8_2, false},
        {"9.0.0", QEMU_8_2, false},
        {"v9.2.0-rc1", QEMU_9_2, false},
        {"10.0.2", QEMU_10_0, false},
        {"10.1.0", QEMU_10_1, false},
        {"10.2.0", QEMU_10_1, false},
        {"11.0.50", QEMU_10_1, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text t = {0};
        struct trace_facts f;

        text_addf(&t,
                  "{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":1,"
                  "\"id\":\"t\",\"qemu\":\"%s\",\"accel\":\"hvf\",\"mem_mib\":1,\"vcpus\":4}\n",
                  cases[i].text);
        load_good(&f, &t);
        cr_assert(f.header.qemu == cases[i].want && f.before.params.qemu == cases[i].want, "%s",
                  cases[i].text);
        cr_assert(f.before.params.multifd_flush_each_call == cases[i].each_call, "%s",
                  cases[i].text);
        cr_assert(f.header.accel == FACTS_ACCEL_OTHER && f.header.vcpus == 4);
        cr_assert(f.header.memory_bytes == MIB && f.before.migrate_ns == -1);
        facts_release(&f);
        text_release(&t);
    }
}

Test(facts_made, header_faults_name_the_field)
{
    static const struct {
        const char *more, *key;
    } cases[] = {
        {", \"link\": 5", "link"},
        {", \"link\": {\"rate_bps\": 5}", "type"},
        {", \"link\": {\"type\": \"tbf\"}", "rate_bps"},
        {", \"link\": {\"type\": \"tbf\", \"rate_bps\": 0}", "rate_bps"},
        {", \"link\": {\"type\": \"tbf\", \"rate_bps\": 9, \"members\": \"2\"}", "members"},
        {", \"capabilities\": \"multifd\"", "capabilities"},
        {", \"capabilities\": [1]", "capabilities"},
        {", \"parameters\": []", "parameters"},
        {", \"parameters\": {\"max-bandwidth\": -1}", "max-bandwidth"},
        {", \"parameters\": {\"multifd-channels\": 256}", "multifd-channels"},
        {", \"parameters\": {\"multifd-compression\": \"lz9\"}", "multifd-compression"},
        {", \"parameters\": {\"downtime-limit\": 2000001}", "downtime-limit"},
        {", \"parameters\": {\"cpu-throttle-tailslow\": 1}", "cpu-throttle-tailslow"},
        {", \"timeout_s\": \"60\"", "timeout_s"},
        {", \"timeout_s\": -1", "timeout_s"},
        {", \"postcopy_after_s\": 1e300", "postcopy_after_s"},
    };
    static const char *const needed[] = {"id", "qemu", "accel", "mem_mib", "vcpus"};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text t = {0};
        struct trace_facts f;
        struct diag diag;

        text_add_header(&t, cases[i].more);
        cr_assert(load_text(&f, &t, &diag) == ST_EINPUT, "%s", cases[i].more);
        cr_assert(diag.line == 1 && strncmp(diag.section, "header", 6) == 0);
        cr_assert_str_eq(diag.key, cases[i].key, "%s: %s", cases[i].more, diag.key);
        text_release(&t);
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        struct text t = {0};
        struct trace_facts f;
        struct diag diag;
        char *found;

        text_add_header(&t, "");
        found = strstr(t.buf, needed[i]);
        found[0] = 'X'; /* the field is gone, an unknown one stands there */
        cr_assert(load_text(&f, &t, &diag) == ST_EINPUT);
        cr_assert_str_eq(diag.key, needed[i]);
        text_release(&t);
    }
}

Test(facts_made, defaults_are_those_of_qemu)
{
    struct text t = {0};
    struct trace_facts f;
    const struct mig_params *p = &f.before.params;

    text_add_header(&t, "");
    load_good(&f, &t);
    cr_assert(p->max_bandwidth_bytes_per_s == 134217728 && p->downtime_limit_ns == 300000000);
    cr_assert(p->max_postcopy_bandwidth_bytes_per_s == UNITS_UNLIMITED);
    cr_assert(p->avail_switchover_bytes_per_s == 0 && p->xbzrle_cache_bytes == 67108864);
    cr_assert(p->throttle_trigger_pct == 50 && p->cpu_throttle_initial_pct == 20);
    cr_assert(p->cpu_throttle_increment_pct == 10 && p->max_cpu_throttle_pct == 99);
    cr_assert(p->multifd_channels == 2 && p->multifd_level == 1 && !p->tls);
    cr_assert(p->clear_chunk_bytes == GIB && p->dirty_log == DIRTY_LOG_MANUAL);
    cr_assert(!p->auto_converge && !p->multifd && !p->postcopy && !p->return_path && !p->libvirt);
    cr_assert(p->completion_timeout_ns == 0 && p->timeout_action == TIMEOUT_CANCEL);
    cr_assert(!f.before.params_reported && f.header.timeout_ns == -1);
    cr_assert(f.header.link.kind == FACTS_LINK_LOOPBACK && f.header.link.members == 1);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, reported_parameters_win_over_sent_and_sent_over_the_header)
{
    struct text t = {0};
    struct trace_facts f;
    const struct mig_params *p = &f.before.params;

    text_add_header(&t, ", \"timeout_s\": 1.5, \"parameters\": {\"max-bandwidth\": 1000, "
                        "\"downtime-limit\": 1, \"multifd-channels\": 3}");
    text_add_line(&t, 1, "command", "source", "migrate-set-parameters",
                  "{\"downtime-limit\":2,\"multifd-channels\":4}");
    text_add_line(&t, 2, "return", "source", "migrate-set-parameters", "{}");
    text_add_line(&t, 3, "command", "destination", "migrate-set-parameters",
                  "{\"multifd-channels\":9}");
    text_add_line(&t, 4, "return", "destination", "migrate-set-parameters", "{}");
    text_add_line(&t, 5, "return", "source", "query-migrate-parameters",
                  "{\"multifd-channels\":5,\"multifd-compression\":\"zstd\","
                  "\"multifd-zstd-level\":7,\"multifd-zlib-level\":2,\"tls-creds\":\"tls0\","
                  "\"max-postcopy-bandwidth\":4096,\"avail-switchover-bandwidth\":12345,"
                  "\"zero-page-detection\":\"none\",\"max-cpu-throttle\":70,"
                  "\"vcpu-dirty-limit\":3,\"x-vcpu-dirty-limit-period\":500,\"mode\":\"normal\"}");
    load_good(&f, &t);
    cr_assert(p->max_bandwidth_bytes_per_s == 1000 && p->downtime_limit_ns == 2 * NS_PER_MS);
    cr_assert(p->multifd_channels == 5 && p->multifd_compression == MFD_ZSTD);
    cr_assert(p->multifd_level == 7 && p->tls && p->zero_detection == ZERO_NONE);
    cr_assert(p->max_postcopy_bandwidth_bytes_per_s == 4096 && p->max_cpu_throttle_pct == 70);
    cr_assert(p->avail_switchover_bytes_per_s == 12345);
    cr_assert(p->vcpu_dirty_limit_bytes_per_s == 3 * MIB);
    cr_assert(p->vcpu_dirty_limit_period_ns == 500 * NS_PER_MS);
    cr_assert(p->completion_timeout_ns == 1500 * NS_PER_MS && f.before.params_reported);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, a_refused_setting_changes_nothing)
{
    struct text t = {0};
    struct trace_facts f;

    text_add_header(&t, "");
    text_add_line(&t, 1, "command", "source", "migrate-set-parameters", "{\"downtime-limit\":2}");
    text_add_line(&t, 2, "error", "source", "migrate-set-parameters",
                  "{\"class\":\"GenericError\",\"desc\":\"no\"}");
    text_add_line(&t, 3, "command", "source", "migrate-set-capabilities",
                  "{\"capabilities\":[{\"capability\":\"multifd\",\"state\":true}]}");
    text_add_line(&t, 4, "error", "source", "migrate-set-capabilities", "\"busy\"");
    text_add_line(&t, 5, "return", "source", "migrate-set-parameters", "{}"); /* answers nothing */
    load_good(&f, &t);
    cr_assert(f.before.params.downtime_limit_ns == 300 * NS_PER_MS && !f.before.params.multifd);
    cr_assert(f.nr_errors == 2);
    cr_assert_str_eq(f.errors[0].text, "no");
    cr_assert_str_eq(f.errors[1].text, "busy");
    cr_assert_str_eq(f.errors[1].command, "migrate-set-capabilities");
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, each_capability_sets_its_own_flag)
{
#define FLAG(name, field)                                                                          \
    {                                                                                              \
        name, offsetof(struct mig_params, field)                                                   \
    }
    static const struct {
        const char *name;
        size_t offset;
    } cases[] = {
        FLAG("auto-converge", auto_converge),
        FLAG("xbzrle", xbzrle),
        FLAG("multifd", multifd),
        FLAG("postcopy-ram", postcopy),
        FLAG("postcopy-preempt", postcopy_preempt),
        FLAG("return-path", return_path),
        FLAG("dirty-limit", dirty_limit),
        FLAG("pause-before-switchover", pause_before_switchover),
    };
#undef FLAG

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text t = {0}, data = {0};
        struct trace_facts f;

        text_add_header(&t, ", \"capabilities\": [\"zero-copy-send\", \"compress\"]");
        text_addf(&data,
                  "{\"capabilities\":[{\"capability\":\"%s\",\"state\":true},"
                  "{\"capability\":\"zero-copy-send\",\"state\":false},"
                  "{\"capability\":\"events\",\"state\":true}]}",
                  cases[i].name);
        text_add_line(&t, 1, "command", "source", "migrate-set-capabilities", data.buf);
        text_add_line(&t, 2, "return", "source", "migrate-set-capabilities", "{}");
        load_good(&f, &t);
        for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
            bool on = *(const bool *)((const char *)&f.before.params + cases[k].offset);
            bool implied = f.before.params.postcopy && strcmp(cases[k].name, "return-path") == 0;

            cr_assert(on == (k == i || implied), "%s: %s", cases[i].name, cases[k].name);
        }
        cr_assert_str_eq(f.before.unmodelled, "compress");
        facts_release(&f);
        text_release(&t);
        text_release(&data);
    }
}

Test(facts_made, measurements_in_milliseconds_and_by_ring)
{
    struct text t = {0};
    struct trace_facts f;

    text_add_header(&t, "");
    text_add_line(&t, 10, "command", "source", "calc-dirty-rate",
                  "{\"calc-time\":500,\"calc-time-unit\":\"millisecond\",\"mode\":\"dirty-ring\"}");
    text_add_line(&t, 12, "return", "source", "calc-dirty-rate", "{}");
    text_add_line(&t, 15, "return", "source", "query-dirty-rate",
                  "{\"status\":\"measuring\",\"calc-time\":500}");
    text_add_line(&t, 20, "return", "source", "query-dirty-rate",
                  "{\"status\":\"measured\",\"dirty-rate\":7,\"calc-time\":500,"
                  "\"calc-time-unit\":\"millisecond\",\"mode\":\"dirty-ring\",\"sample-pages\":0}");
    text_add_line(&t, 21, "return", "source", "query-dirty-rate", /* asked again */
                  "{\"status\":\"measured\",\"dirty-rate\":7,\"calc-time\":1}");
    text_add_line(&t, 30, "command", "source", "calc-dirty-rate", "{\"calc-time\":1}");
    load_good(&f, &t); /* the last one never finished */
    cr_assert(f.before.nr_dirty == 1);
    cr_assert(f.before.dirty[0].command_ns == 10 && f.before.dirty[0].accepted_ns == 12);
    cr_assert(f.before.dirty[0].measured_ns == 20);
    cr_assert(f.before.dirty[0].calc_ns == 500 * NS_PER_MS);
    cr_assert(f.before.dirty[0].rate_bytes_per_s == 7 * MIB);
    cr_assert(f.before.dirty[0].mode == FACTS_DIRTY_RING);
    cr_assert(f.before.params.dirty_log == DIRTY_LOG_RING);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, the_last_look_at_what_is_in_memory_counts)
{
    struct text t = {0};
    struct trace_facts f;

    text_add_header(&t, "");
    text_add_line(&t, 10, "note", "source", "guest-content", "{\"resident\":900,\"zero\":9}");
    text_add_line(&t, 20, "note", "source", "guest-content",
                  "{\"resident\":1000,\"zero\":300,\"changed\":120,\"changed-to-zero\":100}");
    text_add_line(&t, 30, "note", "source", "guest-pulse",
                  "{\"changes\":72,\"step-us\":270,\"period-us\":4995,\"coherence\":0.65}");
    load_good(&f, &t);
    cr_assert(f.before.write_period_ns == 4995 * NS_PER_US);
    cr_assert(f.before.content.resident == 1000 && f.before.content.zero == 300);
    cr_assert(f.before.content.changed == 120 && f.before.content.changed_zero == 100);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, wrong_types_name_line_message_and_field)
{
    static const struct {
        const char *kind, *name, *data, *key;
        bool after;
    } cases[] = {
        {"note", "process-rss-mib", "\"big\"", "data", false},
        {"note", "process-rss-mib", "-3", "data", false},
        {"note", "guest-content", "5", "data", false},
        {"note", "guest-content", "{\"resident\":5,\"zero\":6}", "zero", false},
        {"note", "guest-content", "{\"resident\":5,\"changed\":2,\"changed-to-zero\":3}",
         "changed-to-zero", false},
        {"note", "guest-pulse", "5000", "data", false},
        {"note", "guest-pulse", "{\"period-us\":-1}", "period-us", false},
        {"command", "calc-dirty-rate", "[]", "", false},
        {"command", "calc-dirty-rate", "{\"calc-time\":0}", "calc-time", false},
        {"command", "calc-dirty-rate", "{\"calc-time-unit\":\"hour\"}", "calc-time-unit", false},
        {"return", "query-dirty-rate", "5", "", false},
        {"return", "query-dirty-rate", "{\"status\":\"measured\",\"calc-time\":1}", "dirty-rate",
         false},
        {"return", "query-dirty-rate", "{\"status\":\"measured\",\"dirty-rate\":1}", "calc-time",
         false},
        {"return", "query-migrate-parameters", "[]", "", false},
        {"return", "query-migrate-parameters", "{\"xbzrle-cache-size\":\"1\"}", "xbzrle-cache-size",
         false},
        {"return", "query-migrate-capabilities", "{}", "capabilities", false},
        {"return", "query-migrate-capabilities", "[{\"capability\":\"x\"}]", "state", false},
        {"return", "query-migrate", "\"active\"", "", true},
        {"return", "query-migrate", "{\"status\":1}", "status", true},
        {"return", "query-migrate", "{\"status\":\"active\",\"ram\":7}", "ram", true},
        {"return", "query-migrate", "{\"ram\":{\"transferred\":\"9\"}}", "transferred", true},
        {"return", "query-migrate", "{\"ram\":{\"transferred\":-9}}", "transferred", true},
        {"return", "query-migrate", "{\"ram\":{\"mbps\":\"9\"}}", "mbps", true},
        {"return", "query-migrate", "{\"total-time\":9223372036854775807}", "total-time", true},
        {"return", "query-migrate", "{\"cpu-throttle-percentage\":101}", "cpu-throttle-percentage",
         true},
        {"event", "MIGRATION", "{}", "status", true},
        {"event", "MIGRATION", "[]", "status", true},
        {"event", "MIGRATION_PASS", "{\"pass\":\"2\"}", "pass", true},
        {"command", "migrate-set-parameters", "{\"max-bandwidth\":true}", "max-bandwidth", true},
        {"command", "migrate", "{\"uri\":\"x\"}", "", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text t = {0};
        struct trace_facts f;
        struct diag diag;

        text_add_header(&t, "");
        if (cases[i].after)
            text_add_line(&t, T_BEFORE, "command", "source", "migrate", "{}");
        text_add_line(&t, T_MIGRATE, cases[i].kind, "source", cases[i].name, cases[i].data);
        cr_assert(load_text(&f, &t, &diag) == ST_EINPUT, "case %zu", i);
        cr_assert(diag.line == (cases[i].after ? 3 : 2), "case %zu: line %lu", i, diag.line);
        cr_assert_str_eq(diag.section, cases[i].name, "case %zu", i);
        cr_assert_str_eq(diag.key, cases[i].key, "case %zu: %s", i, diag.key);
        cr_assert(f.header.workload == NULL && f.before.dirty == NULL, "case %zu: not empty", i);
        text_release(&t);
    }
}

Test(facts_made, outcome_follows_the_last_state)
{
    static const struct {
        const char *events[4], *footer;
        int64_t cancel_s; /* 0 = no cancel command; the header's limit is 45 s */
        enum facts_outcome want;
    } cases[] = {
        {{"setup", "active"}, "", 0, FACTS_UNKNOWN},
        {{"setup", "active", "completed"}, "", 0, FACTS_COMPLETED},
        {{"setup", "active", "failed"}, "", 0, FACTS_FAILED},
        {{"setup", "cancelling", "cancelled"}, "", 45, FACTS_TIMEOUT},
        {{"setup", "cancelling", "cancelled"}, "", 46, FACTS_TIMEOUT},
        {{"setup", "cancelling", "cancelled"}, "", 20, FACTS_CANCELLED},
        {{"setup", "cancelling", "cancelled"}, "", 60, FACTS_CANCELLED},
        {{"setup", "cancelling", "cancelled"}, ",\"cancelled_by_timeout\":true", 20, FACTS_TIMEOUT},
        {{"setup", "cancelling", "cancelled"},
         ",\"cancelled_by_timeout\":false",
         45,
         FACTS_CANCELLED},
        {{"setup", "active"}, ",\"status\":\"completed\"", 0, FACTS_COMPLETED},
        {{"setup", "active"},
         ",\"status\":\"cancelled\",\"cancelled_by_timeout\":true",
         0,
         FACTS_TIMEOUT},
        {{"setup", "cancelling", "completed"},
         ",\"cancelled_by_timeout\":true",
         45,
         FACTS_COMPLETED},
        {{NULL}, "", 0, FACTS_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text t = begin_migrate(", \"timeout_s\": 45");
        int64_t t_ns = T_MIGRATE + cases[i].cancel_s * NS_PER_S;
        struct trace_facts f;

        if (cases[i].cancel_s)
            text_add_line(&t, t_ns, "command", "source", "migrate_cancel", "{}");
        for (size_t k = 0; k < 4 && cases[i].events[k]; k++)
            add_event(&t, t_ns + (int64_t)k, cases[i].events[k]);
        if (*cases[i].footer)
            text_addf(&t, "{\"kind\":\"footer\"%s}\n", cases[i].footer);
        load_good(&f, &t);
        cr_assert(f.after.outcome == cases[i].want, "case %zu: %d", i, f.after.outcome);
        facts_release(&f);
        text_release(&t);
    }
}

Test(facts_made, a_refused_migrate_is_rejected_with_its_reason)
{
    struct text t = begin_migrate("");
    struct trace_facts f;

    text_add_line(&t, T_MIGRATE + 5, "error", "source", "migrate",
                  "{\"error\":{\"class\":\"GenericError\",\"desc\":\"Guest is waiting\"}}");
    load_good(&f, &t);
    cr_assert(f.after.outcome == FACTS_REJECTED);
    cr_assert_str_eq(f.after.reason, "Guest is waiting");
    cr_assert(f.after.totals.total_ns == -1 && f.after.totals.rounds == -1);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, a_failure_keeps_qemus_own_words)
{
    struct text t = begin_migrate("");
    struct trace_facts f;

    add_event(&t, T_MIGRATE + 10, "setup");
    add_event(&t, T_MIGRATE + 50, "failed");
    add_poll(&t, T_MIGRATE + 60, "{\"status\":\"failed\",\"error-desc\":\"Connection reset\"}");
    load_good(&f, &t);
    cr_assert(f.after.outcome == FACTS_FAILED);
    cr_assert_str_eq(f.after.reason, "Connection reset");
    cr_assert(f.after.totals.total_ns == 40 && f.after.totals.total_from_events);
    facts_release(&f);
    text_release(&t);
}

/* Up to 8.2.0 the state flips before the totals are there. */
Test(facts_made, a_completed_answer_without_totals_is_passed_over)
{
    static const char raced[] = "{\"status\":\"completed\",\"total-time\":0,\"downtime\":0,"
                                "\"ram\":{\"transferred\":9,\"dirty-sync-count\":3}}";
    static const char filled[] = "{\"status\":\"completed\",\"total-time\":70,\"downtime\":4,"
                                 "\"ram\":{\"transferred\":9,\"dirty-sync-count\":3}}";
    struct trace_facts f;

    for (int order = 0; order < 3; order++) { /* filled later, filled earlier, never filled */
        struct text t = begin_migrate("");

        add_event(&t, T_MIGRATE, "setup");
        add_event(&t, T_MIGRATE + 80 * NS_PER_MS, "completed");
        if (order == 1)
            add_poll(&t, T_MIGRATE + 81 * NS_PER_MS, filled);
        add_poll(&t, T_MIGRATE + 82 * NS_PER_MS, raced);
        if (order == 0)
            add_poll(&t, T_MIGRATE + 83 * NS_PER_MS, filled);
        load_good(&f, &t);
        cr_assert(f.after.outcome == FACTS_COMPLETED && f.after.totals.rounds == 3);
        cr_assert(f.after.totals.total_ns == (order == 2 ? 80 : 70) * NS_PER_MS, "%d", order);
        cr_assert(f.after.totals.downtime_ns == (order == 2 ? -1 : 4 * NS_PER_MS), "%d", order);
        cr_assert(f.after.totals.total_from_events == (order == 2));
        facts_release(&f);
        text_release(&t);
    }
}

Test(facts_made, without_events_the_polls_tell_the_states)
{
    struct text t = begin_migrate("");
    struct trace_facts f;

    add_poll(&t, T_MIGRATE + 1, "{\"status\":\"setup\"}");
    add_poll(&t, T_MIGRATE + 2, "{\"status\":\"active\"}");
    add_poll(&t, T_MIGRATE + 3, "{\"status\":\"active\"}");
    add_poll(&t, T_MIGRATE + 4, "{\"status\":\"some-new-state\"}");
    add_poll(&t, T_MIGRATE + 5, "{\"status\":\"completed\",\"total-time\":1,\"downtime\":1}");
    load_good(&f, &t);
    cr_assert(f.after.nr_states == 4 && f.after.states[1].t_ns == 2);
    cr_assert(f.after.states[1].from_poll && f.after.states[2].status == FACTS_ST_OTHER);
    cr_assert(f.after.outcome == FACTS_COMPLETED && f.after.at.end_ns == 5);
    facts_release(&f);
    text_release(&t);
}

Test(facts_made, orders_given_while_it_runs_are_kept)
{
    struct text t = begin_migrate("");
    struct trace_facts f;

    text_add_line(&t, T_MIGRATE + 5, "command", "source", "migrate-set-parameters",
                  "{\"downtime-limit\":900}");
    text_add_line(&t, T_MIGRATE + 6, "command", "source", "migrate-set-parameters",
                  "{\"max-bandwidth\":0}");
    text_add_line(&t, T_MIGRATE + 7, "command", "source", "migrate", "{\"resume\":true}");
    load_good(&f, &t);
    cr_assert(f.after.nr_changes == 2 && f.after.changes[0].t_ns == 5);
    cr_assert(f.after.changes[0].downtime_limit_ns == 900 * NS_PER_MS);
    cr_assert(f.after.changes[0].max_bandwidth_bytes_per_s == 0);
    cr_assert(f.after.changes[1].max_bandwidth_bytes_per_s == UNITS_UNLIMITED);
    cr_assert(f.after.changes[1].downtime_limit_ns == -1);
    cr_assert(f.before.params.downtime_limit_ns == 300 * NS_PER_MS); /* not known beforehand */
    facts_release(&f);
    text_release(&t);
}
