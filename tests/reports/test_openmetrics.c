/*
 * test_openmetrics.c - exposition text that keeps OpenMetrics' rules, line by line.
 *
 * tests/cli/test_report_forms.sh gives the same text to promtool where that is installed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/report.h"
#include "reports/support_names.h"
#include "reports/support_results.h"
#include "support_rows.h"

static char *report(const struct sample *s)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_openmetrics(&s->run, &out), ST_OK);
    return strbuf_detach(&out);
}

/* A label's value from behind its opening quote into @out; returns what follows the closing one. */
static const char *read_value(const char *at, char *out, size_t cap)
{
    size_t len = 0;

    for (; *at != '"'; at++) {
        char c = *at;

        cr_assert(c && c != '\n', "a value without an end");
        if (c == '\\') {
            c = *++at;
            cr_assert(c == 'n' || c == '"' || c == '\\', "\\%c", c);
            c = c == 'n' ? '\n' : c;
        }
        if (len + 1 < cap)
            out[len++] = c;
    }
    out[len] = '\0';
    return at + 1;
}

/* `{LABEL="VALUE",...}`; counts values of label @name that are @want. */
static const char *read_labels(const char *at, const char *name, const char *want, size_t *found)
{
    char value[512], label[64];
    bool source = false;
    int len;

    cr_assert_eq(*at, '{');
    do {
        cr_assert_eq(sscanf(at + 1, "%63[a-z_]=\"%n", label, &len), 1, "%.40s", at);
        at = read_value(at + 1 + len, value, sizeof(value));
        source |= strcmp(label, "source") == 0 && strcmp(value, "migcast") == 0;
        *found += strcmp(label, name) == 0 && strcmp(value, want) == 0;
    } while (*at == ',');
    cr_assert_eq(*at, '}');
    cr_expect(source);
    return at + 1;
}

static int by_text(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;

    return strcmp(*a, *b);
}

/* Checks each line, that families do not come twice, and that no series does.  Returns how many
 * values of label @name are @want. */
static size_t check(const char *all, const char *name, const char *want)
{
    static char *series[100000];
    char *text = strdup(all), *rest = text, *line, family[128] = "";
    size_t nr = 0, found = 0;
    struct strbuf seen = STRBUF_INIT;

    while ((line = strsep(&rest, "\n")) && strcmp(line, "# EOF") != 0) {
        char type[16], word[128];
        double value;
        const char *at;

        if (sscanf(line, "# TYPE %127[a-z_] %15s", word, type) == 2) {
            struct strbuf key = STRBUF_INIT;

            cr_expect(strstr("gauge summary histogram", type));
            strbuf_addf(&key, " %s ", word);
            cr_expect_null(strstr(strbuf_text(&seen), strbuf_text(&key)), "%s twice", word);
            strbuf_addstr(&seen, strbuf_text(&key));
            strbuf_release(&key);
            memcpy(family, word, sizeof(family));
            continue;
        }
        if (line[0] == '#') {
            cr_expect(sscanf(line, "# HELP %127[a-z_]", word) == 1 && strcmp(word, family) == 0);
            continue;
        }
        cr_expect_eq(strncmp(line, family, strlen(family)), 0, "%s in %s", line, family);
        at = read_labels(strchr(line, '{'), name, want, &found);
        cr_assert_eq(*at, ' ', "%s", line);
        cr_expect_eq(sscanf(at, " %lf%127s", &value, word), 1, "%s", line);
        line[at - line] = '\0';
        cr_assert_lt(nr, sizeof(series) / sizeof(series[0]));
        series[nr++] = line;
    }
    cr_expect(line && rest && !*rest, "# EOF must be the last line");
    qsort(series, nr, sizeof(series[0]), by_text);
    for (size_t i = 1; i < nr; i++)
        cr_expect_str_neq(series[i], series[i - 1]);
    strbuf_release(&seen);
    free(text);
    return found;
}

Test(report_openmetrics, takes_the_names_of_kubevirt)
{
    static const char *const lines[] = {
        "kubevirt_vmi_migration_succeeded{source=\"migcast\",vmi=\"web-1\",node=\"node-a\","
        "attempt=\"1\",request=\"1\"} 1\n",
        "kubevirt_vmi_migration_failed{source=\"migcast\",vmi=\"db-07\",node=\"node-a\","
        "attempt=\"1\",request=\"1\"} 1\n",
        "kubevirt_vmi_migration_start_time_seconds{source=\"migcast\",name=\"web-1\",node=\"node-"
        "a\","
        "attempt=\"1\",request=\"1\"} 2\n",
        "kubevirt_vmi_migration_end_time_seconds{source=\"migcast\",name=\"web-1\",node=\"node-a\","
        "attempt=\"1\",request=\"1\"} 43.2\n",
        "kubevirt_vmi_migration_data_processed_bytes{source=\"migcast\",name=\"web-1\",",
        "kubevirt_vmi_migration_dirty_memory_rate_bytes{source=\"migcast\",name=\"web-1\","
        "node=\"node-a\",attempt=\"1\",request=\"1\"} 86016000\n",
        "kubevirt_vmi_migration_phase_transition_time_from_creation_seconds_bucket{"
        "source=\"migcast\",phase=\"Succeeded\",le=\"40.0\"} 0\n",
        "phase=\"Succeeded\",le=\"50.0\"} 1\n",
        "phase=\"Failed\",le=\"300.0\"} 0\n",
        "phase=\"Failed\",le=\"600.0\"} 1\n",
        "phase=\"Running\",le=\"1.0\"} 2\n",
        "migcast_migrations{source=\"migcast\",outcome=\"timeout\"} 1\n",
        "migcast_threshold_value{source=\"migcast\",threshold=\"1\",text=\"downtime.max < 1s\","
        "unit=\"seconds\",severity=\"error\"} 0.212\n",
    };
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web-1");
    sample_add_timeout(s, "db-07");
    sample_add_threshold(s, "downtime.max < 1s");
    text = report(s);
    check(text, "", "");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        cr_expect_not_null(strstr(text, lines[i]), "%s", lines[i]);
    free(text);
    sample_free(s);
}

Test(report_openmetrics, replications_become_medians_and_shares)
{
    struct sample *s = sample_new();
    char *text;

    s->run.replications = 4;
    for (uint32_t i = 0; i < 4; i++) {
        struct mig_result *m = i == 3 ? sample_add_timeout(s, "a") : sample_add(s, "a");

        m->replication = i;
        m->started_ns = (int64_t)(1 + i * i) * 1000000000;
    }
    text = report(s);
    check(text, "", "");
    cr_expect_not_null(strstr(text, "kubevirt_vmi_migration_succeeded{source=\"migcast\",vmi=\"a\","
                                    "node=\"node-a\",attempt=\"1\",request=\"1\"} 0.75\n"),
                       "%s", text);
    cr_expect_not_null(strstr(text, "start_time_seconds{source=\"migcast\",name=\"a\","
                                    "node=\"node-a\",attempt=\"1\",request=\"1\"} 3.5\n"));
    free(text);
    sample_free(s);
}

Test(report_openmetrics, no_series_comes_twice)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "twice");
    sample_add(s, "twice");
    sample_add(s, "twice")->attempt = 2;
    sample_add(s, "bad \xff");
    sample_add(s, "bad \xfe"); /* both are shown as U+FFFD */
    sample_add(s, NULL);
    sample_add_threshold(s, "downtime.max < 1s");
    sample_add_threshold(s, "downtime.max < 1s");
    text = report(s);
    cr_expect_eq(check(text, "vmi", "twice"), 6);
    cr_expect_eq(check(text, "vmi", "bad \xef\xbf\xbd"), 4);
    free(text);
    sample_free(s);
}

Test(report_openmetrics, names_survive)
{
    for (size_t i = 0; i < support_nr_names; i++) {
        struct sample *s = sample_new();
        char *text;
        size_t found;

        sample_add(s, support_names[i])->source = support_names[i];
        sample_add_threshold(s, support_names[i]);
        s->run.scenario = s->run.digest = s->run.version = support_names[i];
        text = report(s);
        found = check(text, "vmi", support_names[i]);
        cr_expect_eq(found, strstr(support_names[i], "not UTF-8") ? 0 : 2, "%s", support_names[i]);
        free(text);
        sample_free(s);
    }
}

Test(report_openmetrics, only_the_worst_vms_have_series_of_their_own)
{
    struct strbuf out = STRBUF_INIT;
    enum {
        NR = 200000
    };
    struct mig_result *migs = calloc(NR, sizeof(*migs));
    char(*names)[32] = calloc(NR, sizeof(*names));
    struct run_result run = {.scenario = "big", .digest = "0", .version = "0"};

    cr_assert(migs && names);
    run.replications = 1;
    for (size_t i = 0; i < NR; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "vm-%zu", i);
        migs[i] = (struct mig_result){.vm = names[i], .attempt = 1, .total_ns = (int64_t)i * 1000};
        migs[i].downtime_ns = -1;
    }
    support_set_rows(&run, migs, NR);
    cr_expect_eq(report_openmetrics(&run, &out), ST_OK);
    cr_expect_lt(out.len, 10 << 20, "%zu", out.len);
    cr_expect_not_null(
        strstr(strbuf_text(&out), "migcast_vms_left_out{source=\"migcast\"} 195000\n"));
    cr_expect_not_null(strstr(strbuf_text(&out), "vmi=\"vm-199999\""));
    cr_expect_null(strstr(strbuf_text(&out), "vmi=\"vm-1\""));
    check(strbuf_text(&out), "", "");
    strbuf_release(&out);
    result_free_migs(&run);
    free(migs);
    free(names);
}

Test(report_openmetrics, operations_links_and_costs_have_series)
{
    struct link_result links[2] = {{.link = "a \"b\"\n", .nr = 4}, {.link = "a \"b\"\n"}};
    struct sample *s = sample_new();
    struct op_result *op;
    struct strbuf out = STRBUF_INIT;
    const char *text;

    s->run.replications = 2;
    sample_add(s, "web");
    sample_add_timeout(s, "db")->attempt = 2;
    sample_add_operation(s, "drain \"x\"");
    op = sample_add_operation(s, "drain \"x\"");
    op->replication = 1;
    op->hosts_done = 4;
    op->ended_ns = 11 * NS_PER_S;
    memset(links[0].used_pct, 50, 2);
    s->run.links = links;
    s->run.nr_links = 2;
    cr_assert_eq(report_openmetrics(&s->run, &out), ST_OK);
    text = strbuf_text(&out);
    cr_expect_eq(check(text, "rank", "1"), 1);
    cr_expect_not_null(strstr(text, "migcast_operation_done_ratio{source=\"migcast\",operation="
                                    "\"drain \\\"x\\\"\",kind=\"drain\"} 0.5\n"));
    cr_expect_not_null(strstr(text, "migcast_operation_duration_seconds{source=\"migcast\","
                                    "operation=\"drain \\\"x\\\"\",kind=\"drain\"} 10\n"));
    cr_expect_not_null(strstr(text, "link=\"a \\\"b\\\"\\n\",rank=\"1\"} 0.25\n"));
    cr_expect_not_null(strstr(text, "rank=\"2\"} NaN\n"));
    cr_expect_not_null(strstr(text, "migcast_retries{source=\"migcast\"} 0.5\n"));
    strbuf_release(&out);
    sample_free(s);
}

Test(report_openmetrics, hazards_are_shares_of_replications_and_always_there)
{
    struct sample *s = sample_new();
    char *text;

    s->run.replications = 4;
    sample_add_hazard(s, "dead-locked")->replications = 1;
    sample_add_hazard(s, "dead-locked elsewhere")->replications = 3;
    text = report(s);
    cr_expect_not_null(
        strstr(text, "migcast_hazard_ratio{source=\"migcast\",kind=\"deadlock\"} 0.75\n"), "%s",
        text);
    cr_expect_not_null(
        strstr(text, "migcast_hazard_ratio{source=\"migcast\",kind=\"infinite_drain\"} 0\n"));
    free(text);
    sample_free(s);
}
