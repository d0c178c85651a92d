/*
 * openmetrics.c - the forecast as metrics, under the names that KubeVirt gives the real thing.
 *
 * What hosts, links and queues add is openmetrics_cluster.c.
 * A series carries source="migcast", so that a board can lay the forecast over what was measured.
 * Moments are seconds of simulated time from the start of a replication; over several replications
 * a VM's value is their median, and a success the share of them.  Only gauges, histograms and
 * summaries: their names are the same in OpenMetrics and in Prometheus' older text form.
 * KubeVirt names the VM in label `name` of some metrics and `vmi` of others, and so do we.
 * Invariant: no series appears twice; `request` numbers what would else look the same.
 */
#include "reports/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/stats.h"
#include "base/units.h"
#include "reports/openmetrics_int.h"

#include "base/banned.h"

enum {
    VM_SERIES_MAX = 5000 /* VMs with series of their own, worst first: some 10 MB */
};

/* The labels of one VM's migration. */
struct labels {
    size_t at; /* into openmetrics.text: the rest of the labels after the name's key */
    size_t group;
    uint32_t attempt;
    unsigned request; /* which of those with the same text, from 1 */
};

struct openmetrics {
    struct strbuf *out;
    struct summary sum;
    struct strbuf text;
    size_t nr_labels;
    struct labels *labels; /* by text */
    double *scratch;       /* as long as the largest group */
};

static void add_info(struct openmetrics *om)
{
    const struct run_result *run = om->sum.run;

    om_add_family(om->out, "migcast_run_info", "gauge", "The run that was reported, always 1.");
    strbuf_addstr(om->out, "migcast_run_info{source=\"migcast\",scenario=");
    om_add_value(om->out, run->scenario);
    strbuf_addstr(om->out, ",digest=");
    om_add_value(om->out, run->digest);
    strbuf_addstr(om->out, ",version=");
    om_add_value(om->out, run->version);
    strbuf_addf(om->out, ",seed=\"%llu\"}", (unsigned long long)run->seed);
    om_end_sample(om->out, 1);
    om_add_family(om->out, "migcast_replications", "gauge",
                  "Replications the values are drawn from.");
    strbuf_addstr(om->out, "migcast_replications{source=\"migcast\"}");
    om_end_sample(om->out, run->replications);
}

static void add_outcomes(struct openmetrics *om)
{
    struct mig_result room;
    const struct run_result *run = om->sum.run;
    double waiting = 0, running = 0, replications = run->replications ? run->replications : 1;

    om_add_family(om->out, "migcast_migrations", "gauge",
                  "Migrations of all replications, by outcome.");
    for (int o = 0; o < OUTCOME_NR; o++) {
        strbuf_addf(om->out, "migcast_migrations{source=\"migcast\",outcome=\"%s\"}",
                    outcome_name((enum outcome)o));
        om_end_sample(om->out, (double)om->sum.outcomes[o]);
    }
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        if (mig->outcome == OUTCOME_QUEUED)
            *(mig->started_ns < 0 ? &waiting : &running) += 1;
    }
    om_add_family(om->out, "kubevirt_vmi_migrations_in_pending_phase", "gauge",
                  "Migrations still waiting when the run ends, mean of replications.");
    strbuf_addstr(om->out, "kubevirt_vmi_migrations_in_pending_phase{source=\"migcast\"}");
    om_end_sample(om->out, waiting / replications);
    om_add_family(om->out, "kubevirt_vmi_migrations_in_running_phase", "gauge",
                  "Migrations still running when the run ends, mean of replications.");
    strbuf_addstr(om->out, "kubevirt_vmi_migrations_in_running_phase{source=\"migcast\"}");
    om_end_sample(om->out, running / replications);
}

static void add_summary(struct openmetrics *om, const char *name, const char *help,
                        const struct spread *s)
{
    const struct {
        const char *quantile;
        double ns;
    } rows[] = {
        {"0.05", s->p5}, {"0.5", s->p50}, {"0.95", s->p95}, {"0.99", s->p99}, {"1.0", s->max}};

    om_add_family(om->out, name, "summary", help);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        strbuf_addf(om->out, "%s{source=\"migcast\",quantile=\"%s\"}", name, rows[i].quantile);
        om_end_sample(om->out, rows[i].ns / (double)NS_PER_S);
    }
    strbuf_addf(om->out, "%s_sum{source=\"migcast\"}", name);
    om_end_sample(om->out, s->nr ? s->mean * (double)s->nr / (double)NS_PER_S : 0);
    strbuf_addf(om->out, "%s_count{source=\"migcast\"}", name);
    om_end_sample(om->out, (double)s->nr);
}

/* KubeVirt's buckets, in seconds. */
static const struct {
    const char *le;
    int64_t ms;
} buckets[] = {
    {"0.5", 500},        {"1.0", 1000},       {"2.0", 2000},     {"5.0", 5000},
    {"10.0", 10000},     {"20.0", 20000},     {"30.0", 30000},   {"40.0", 40000},
    {"50.0", 50000},     {"60.0", 60000},     {"90.0", 90000},   {"120.0", 120000},
    {"180.0", 180000},   {"300.0", 300000},   {"600.0", 600000}, {"1200.0", 1200000},
    {"1800.0", 1800000}, {"3600.0", 3600000},
};

enum {
    NR_BUCKETS = sizeof(buckets) / sizeof(buckets[0])
};

/* From the request to the moment a migration entered @phase; -1 if it never did. */
static int64_t time_to_phase(const struct mig_result *mig, const char *phase)
{
    bool done = mig->outcome == OUTCOME_COMPLETED;
    int64_t moment = mig->ended_ns;

    if (strcmp(phase, "Running") == 0)
        moment = mig->started_ns;
    else if (done != (strcmp(phase, "Succeeded") == 0) || mig->outcome == OUTCOME_QUEUED)
        moment = -1;
    return moment < mig->queued_ns ? -1 : moment - mig->queued_ns;
}

static void add_phase(struct openmetrics *om, const char *name, const char *phase)
{
    struct mig_result room;
    size_t counts[NR_BUCKETS] = {0}, all = 0;
    double sum_s = 0;

    for (size_t i = 0; i < om->sum.run->nr_migs; i++) {
        int64_t ns = time_to_phase(result_mig(om->sum.run, i, &room), phase);

        if (ns < 0)
            continue;
        all++;
        sum_s += (double)ns / (double)NS_PER_S;
        for (size_t b = NR_BUCKETS; b-- > 0 && ns <= buckets[b].ms * NS_PER_MS;)
            counts[b]++;
    }
    for (size_t b = 0; b < NR_BUCKETS; b++) {
        strbuf_addf(om->out, "%s_bucket{source=\"migcast\",phase=\"%s\",le=\"%s\"}", name, phase,
                    buckets[b].le);
        om_end_sample(om->out, (double)counts[b]);
    }
    strbuf_addf(om->out, "%s_bucket{source=\"migcast\",phase=\"%s\",le=\"+Inf\"}", name, phase);
    om_end_sample(om->out, (double)all);
    strbuf_addf(om->out, "%s_sum{source=\"migcast\",phase=\"%s\"}", name, phase);
    om_end_sample(om->out, sum_s);
    strbuf_addf(om->out, "%s_count{source=\"migcast\",phase=\"%s\"}", name, phase);
    om_end_sample(om->out, (double)all);
}

static void add_phases(struct openmetrics *om)
{
    static const char name[] = "kubevirt_vmi_migration_phase_transition_time_from_creation_seconds";
    static const char *const phases[] = {"Running", "Succeeded", "Failed"};

    om_add_family(om->out, name, "histogram",
                  "From a migration's request to the phase, over all replications.");
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
        add_phase(om, name, phases[i]);
}

static double threshold_figure(const struct threshold_result *th, size_t figure)
{
    double value = figure == 0 ? th->value : th->limit;

    if (figure == 2)
        return th->crossed;
    return th->unit == VALUE_NS ? value / (double)NS_PER_S : value;
}

/* `threshold` is its number: the same words may stand in a scenario twice. */
static void add_thresholds(struct openmetrics *om)
{
    static const char *const units[VALUE_NR] = {"count", "seconds", "bytes", "ratio"};
    static const char *const names[][2] = {
        {"migcast_threshold_value", "What was measured for a threshold, in its unit."},
        {"migcast_threshold_limit", "The limit of a threshold, in its unit."},
        {"migcast_threshold_crossed", "Whether a threshold was crossed."}};
    const struct run_result *run = om->sum.run;

    if (run->nr_thresholds == 0)
        return;
    for (size_t figure = 0; figure < 3; figure++) {
        om_add_family(om->out, names[figure][0], "gauge", names[figure][1]);
        for (size_t i = 0; i < run->nr_thresholds; i++) {
            const struct threshold_result *th = &run->thresholds[i];

            strbuf_addf(om->out, "%s{source=\"migcast\",threshold=\"%zu\",text=", names[figure][0],
                        i + 1);
            om_add_value(om->out, th->text);
            strbuf_addf(om->out, ",unit=\"%s\",severity=\"%s\"}", units[th->unit],
                        th->error ? "error" : "warning");
            om_end_sample(om->out, threshold_figure(th, figure));
        }
    }
}

static double success(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->outcome == OUTCOME_COMPLETED;
}

static double failure(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->outcome != OUTCOME_COMPLETED && mig->outcome != OUTCOME_QUEUED;
}

static double seconds(int64_t ns)
{
    return ns < 0 ? NAN : (double)ns / (double)NS_PER_S;
}

static double start_time(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return seconds(mig->started_ns);
}

static double end_time(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 ? NAN : seconds(mig->ended_ns);
}

static double processed(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 ? NAN : (double)mig->transferred_bytes;
}

/* At the end; unknown where no rounds were recorded. */
static double remaining(const struct run_result *run, const struct mig_result *mig)
{
    if (mig->outcome == OUTCOME_COMPLETED)
        return 0;
    return mig->nr_rounds == 0
               ? NAN
               : (double)run->rounds[mig->first_round + mig->nr_rounds - 1].remaining_bytes;
}

static double dirty_rate(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 ? NAN : (double)mig->dirty_pages_rate * (double)PAGE_BYTES;
}

static double transfer_rate(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 || mig->total_ns <= 0
               ? NAN
               : (double)mig->transferred_bytes * (double)NS_PER_S / (double)mig->total_ns;
}

static double total_time(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 ? NAN : seconds(mig->total_ns);
}

static double downtime(const struct run_result *run, const struct mig_result *mig)
{
    (void)run;
    return mig->started_ns < 0 ? NAN : seconds(mig->downtime_ns);
}

/* How the values of several replications become one. */
enum fold {
    FOLD_MEDIAN,
    FOLD_MEAN
};

/* @value gives NaN for unknown. */
static const struct vm_metric {
    const char *name, *label, *help;
    enum fold fold;
    double (*value)(const struct run_result *run, const struct mig_result *mig);
} vm_metrics[] = {
    {"kubevirt_vmi_migration_succeeded", "vmi", "Share of replications in which it succeeded.",
     FOLD_MEAN, success},
    {"kubevirt_vmi_migration_failed", "vmi", "Share of replications in which it failed.", FOLD_MEAN,
     failure},
    {"kubevirt_vmi_migration_start_time_seconds", "name", "When it started, simulated time.",
     FOLD_MEDIAN, start_time},
    {"kubevirt_vmi_migration_end_time_seconds", "name", "When it ended, simulated time.",
     FOLD_MEDIAN, end_time},
    {"kubevirt_vmi_migration_data_processed_bytes", "name", "Sent in all.", FOLD_MEDIAN, processed},
    {"kubevirt_vmi_migration_data_remaining_bytes", "name", "Not yet sent at the end.", FOLD_MEDIAN,
     remaining},
    {"kubevirt_vmi_migration_dirty_memory_rate_bytes", "name",
     "Last reported rate of memory made dirty, bytes per second.", FOLD_MEDIAN, dirty_rate},
    {"kubevirt_vmi_migration_memory_transfer_rate_bytes", "name",
     "Mean rate of transfer, bytes per second.", FOLD_MEDIAN, transfer_rate},
    {"migcast_vmi_migration_total_time_seconds", "name", "Total time.", FOLD_MEDIAN, total_time},
    {"migcast_vmi_migration_downtime_seconds", "name", "Downtime.", FOLD_MEDIAN, downtime},
};

/* NaN when nothing is known. */
static double fold(struct openmetrics *om, const struct vm_metric *metric,
                   const struct summary_group *group)
{
    struct mig_result room;
    const struct run_result *run = om->sum.run;
    size_t nr = 0;
    double sum = 0;

    for (size_t i = group->first; i < group->first + group->nr; i++) {
        double value = metric->value(run, result_mig(run, om->sum.members[i], &room));

        if (isnan(value))
            continue;
        om->scratch[nr++] = value;
        sum += value;
    }
    if (nr == 0)
        return NAN;
    if (metric->fold == FOLD_MEAN)
        return sum / (double)nr;
    stats_sort(om->scratch, nr);
    return stats_quantile_sorted(om->scratch, nr, 0.5);
}

static void add_vm_metric(struct openmetrics *om, const struct vm_metric *metric)
{
    const char *text = strbuf_text(&om->text);

    om_add_family(om->out, metric->name, "gauge", metric->help);
    for (size_t i = 0; i < om->nr_labels && !strbuf_failed(om->out); i++) {
        const struct labels *l = &om->labels[i];
        double value = fold(om, metric, &om->sum.groups[l->group]);

        if (isnan(value))
            continue;
        strbuf_addf(om->out, "%s{source=\"migcast\",%s=", metric->name, metric->label);
        strbuf_addstr(om->out, text + l->at);
        strbuf_addf(om->out, ",attempt=\"%u\",request=\"%u\"}", l->attempt, l->request);
        om_end_sample(om->out, value);
    }
}

static int by_text(const void *left, const void *right, void *arg)
{
    const struct labels *a = left, *b = right;
    const char *text = arg;
    int by = strcmp(text + a->at, text + b->at);

    if (by == 0)
        by = a->attempt < b->attempt ? -1 : a->attempt > b->attempt;
    return by ? by : a->group < b->group ? -1 : a->group > b->group;
}

static void number_requests(struct openmetrics *om)
{
    const char *text = strbuf_text(&om->text);

    for (size_t i = 0; i < om->nr_labels; i++) {
        struct labels *l = &om->labels[i];

        l->request = 1;
        if (i > 0 && l[-1].attempt == l->attempt && strcmp(text + l[-1].at, text + l->at) == 0)
            l->request = l[-1].request + 1;
    }
}

/* Texts are compared as they will be written: two names may differ in bytes that are not UTF-8
 * only.
 */
static enum status make_labels(struct openmetrics *om)
{
    struct mig_result room;
    const struct summary *sum = &om->sum;
    size_t nr = sum->nr_groups < VM_SERIES_MAX ? sum->nr_groups : VM_SERIES_MAX, longest = 1;

    om->labels = calloc(nr + 1, sizeof(*om->labels));
    if (!om->labels)
        return ST_ENOMEM;
    for (size_t i = 0; i < nr; i++) {
        const struct summary_group *group = &sum->groups[i];

        om->labels[i] = (struct labels){om->text.len, i, group->attempt, 0};
        longest = group->nr > longest ? group->nr : longest;
        om_add_value(&om->text, group->vm);
        strbuf_addstr(&om->text, ",node=");
        om_add_value(&om->text, result_mig(sum->run, sum->members[group->first], &room)->source);
        strbuf_addch(&om->text, '\0');
    }
    om->nr_labels = nr;
    om->scratch = calloc(longest, sizeof(*om->scratch));
    if (!om->scratch || strbuf_failed(&om->text))
        return ST_ENOMEM;
    qsort_r(om->labels, nr, sizeof(*om->labels), by_text, om->text.buf);
    number_requests(om);
    return ST_OK;
}

static void add_body(struct openmetrics *om)
{
    add_info(om);
    add_outcomes(om);
    add_summary(om, "migcast_migration_total_time_seconds", "Total time of a migration.",
                &om->sum.scored[SCORED_TOTAL_TIME]);
    add_summary(om, "migcast_migration_downtime_seconds", "Downtime of a migration.",
                &om->sum.scored[SCORED_DOWNTIME]);
    add_summary(om, "migcast_makespan_seconds", "First request to last end of a replication.",
                &om->sum.makespan);
    add_phases(om);
    add_thresholds(om);
    om_add_cluster(om->out, &om->sum);
    om_add_family(om->out, "migcast_vms_left_out", "gauge",
                  "VMs without series of their own; they count in the figures over all.");
    strbuf_addstr(om->out, "migcast_vms_left_out{source=\"migcast\"}");
    om_end_sample(om->out, (double)(om->sum.nr_groups - om->nr_labels));
    for (size_t i = 0; i < sizeof(vm_metrics) / sizeof(vm_metrics[0]); i++)
        add_vm_metric(om, &vm_metrics[i]);
    strbuf_addstr(om->out, "# EOF\n");
}

enum status report_openmetrics(const struct run_result *run, struct strbuf *out)
{
    struct openmetrics om = {.out = out};
    enum status st = summary_init(&om.sum, run);

    if (st == ST_OK)
        st = make_labels(&om);
    if (st == ST_OK)
        add_body(&om);
    strbuf_release(&om.text);
    free(om.labels);
    free(om.scratch);
    summary_release(&om.sum);
    return st != ST_OK ? st : strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
