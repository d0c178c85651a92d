/*
 * openmetrics_cluster.c - hazards, operations, links and costs as metrics; and how samples are
 * written.
 *
 * Invariant: no series appears twice, so an operation's name or a link's counts once.
 */
#include "reports/openmetrics_int.h"

#include <math.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"

#include "base/banned.h"

enum {
    OPERATIONS_MAX = 500
};

void om_add_value(struct strbuf *out, const char *text)
{
    strbuf_addch(out, '"');
    for (text = text ? text : ""; *text;) {
        const char *start = text;
        int32_t code = utf8_next(&text);

        if (code < 0)
            strbuf_add(out, "\xef\xbf\xbd", 3);
        else if (code == '\n')
            strbuf_add(out, "\\n", 2);
        else if (code == '"' || code == '\\')
            strbuf_addf(out, "\\%c", (char)code);
        else
            strbuf_add(out, start, (size_t)(text - start));
    }
    strbuf_addch(out, '"');
}

void om_add_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
    strbuf_addf(out, "# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

void om_end_sample(struct strbuf *out, double value)
{
    strbuf_addch(out, ' ');
    if (isnan(value))
        strbuf_addstr(out, "NaN");
    else if (isinf(value))
        strbuf_addstr(out, value > 0 ? "+Inf" : "-Inf");
    else
        json_add_double(out, value);
    strbuf_addch(out, '\n');
}

/* Every kind, so that an alarm can rest on a series that is always there. */
static void add_hazards(struct strbuf *out, const struct run_result *run)
{
    double replications = run->replications ? run->replications : 1;

    om_add_family(
        out, "migcast_hazard_ratio", "gauge",
        "Share of replications that show a hazard of this kind, of the one that most do.");
    for (int k = 0; k < HAZARD_NR; k++) {
        double most = 0;

        for (size_t i = 0; i < run->nr_hazards; i++)
            if (run->hazards[i].kind == (enum hazard_kind)k)
                most = fmax(most, run->hazards[i].replications);
        strbuf_addf(out, "migcast_hazard_ratio{source=\"migcast\",kind=\"%s\"}",
                    hazard_key((enum hazard_kind)k));
        om_end_sample(out, most / replications);
    }
}

/* What is told of an operation, as the mean over replications. */
enum op_figure {
    OP_DONE,
    OP_HOSTS_DONE,
    OP_GIVEN_UP,
    OP_VMS_LEFT,
    OP_MOVES,
    OP_SECONDS
};

static const struct {
    const char *name, *help;
} op_metrics[] = {
    [OP_DONE] = {"migcast_operation_done_ratio",
                 "Share of replications in which the operation was done with all its hosts."},
    [OP_HOSTS_DONE] = {"migcast_operation_hosts_done", "Hosts done, mean of replications."},
    [OP_GIVEN_UP] = {"migcast_operation_hosts_given_up", "Hosts given up, mean of replications."},
    [OP_VMS_LEFT] = {"migcast_operation_vms_left",
                     "VMs on hosts that still drain at the end, mean of replications."},
    [OP_MOVES] = {"migcast_operation_moves", "Moves made for the operation, mean of replications."},
    [OP_SECONDS] = {"migcast_operation_duration_seconds",
                    "From begin to end, mean of the replications in which it ended; NaN: of none."},
};

static double op_value(const struct op_result *op, enum op_figure figure)
{
    bool ended = op->started_ns >= 0 && op->ended_ns >= 0;

    switch (figure) {
    case OP_DONE:
        return ended && op->hosts_done == op->hosts;
    case OP_HOSTS_DONE:
        return op->hosts_done;
    case OP_GIVEN_UP:
        return op->hosts_given_up;
    case OP_VMS_LEFT:
        return op->vms_left;
    case OP_MOVES:
        return op->vms_moved;
    default:
        return ended ? (double)(op->ended_ns - op->started_ns) / (double)NS_PER_S : NAN;
    }
}

static double op_mean(const struct run_result *run, const char *name, enum op_figure figure)
{
    double sum = 0;
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_ops; i++) {
        double value = strcmp(run->ops[i].name, name) == 0 ? op_value(&run->ops[i], figure) : NAN;

        if (isnan(value))
            continue;
        sum += value;
        nr++;
    }
    return nr ? sum / (double)nr : NAN;
}

static bool op_is_first(const struct run_result *run, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(run->ops[k].name, run->ops[i].name) == 0)
            return false;
    return true;
}

/* The operations of the first replication are those of all. */
static void add_operations(struct strbuf *out, const struct run_result *run)
{
    size_t nr = 0;

    while (nr < run->nr_ops && nr < OPERATIONS_MAX &&
           run->ops[nr].replication == run->ops[0].replication)
        nr++;
    for (size_t k = 0; nr > 0 && k < sizeof(op_metrics) / sizeof(op_metrics[0]); k++) {
        om_add_family(out, op_metrics[k].name, "gauge", op_metrics[k].help);
        for (size_t i = 0; i < nr; i++) {
            if (!op_is_first(run, i))
                continue;
            strbuf_addf(out, "%s{source=\"migcast\",operation=", op_metrics[k].name);
            om_add_value(out, run->ops[i].name);
            strbuf_addstr(out, ",kind=");
            om_add_value(out, run->ops[i].kind);
            strbuf_addch(out, '}');
            om_end_sample(out, op_mean(run, run->ops[i].name, (enum op_figure)k));
        }
    }
}

static void add_links(struct strbuf *out, const struct run_result *run)
{
    if (run->nr_links > 0)
        om_add_family(
            out, "migcast_link_used_ratio", "gauge",
            "Mean use of what a link can carry, of those used most, in the replication of "
            "the median makespan.");
    for (size_t i = 0; i < run->nr_links; i++) {
        const struct link_result *link = &run->links[i];
        double sum = 0;

        for (uint32_t k = 0; k < link->nr; k++)
            sum += link->used_pct[k];
        strbuf_addstr(out, "migcast_link_used_ratio{source=\"migcast\",link=");
        om_add_value(out, link->link);
        strbuf_addf(out, ",rank=\"%zu\"}", i + 1);
        om_end_sample(out, link->nr ? sum / link->nr / 100.0 : NAN);
    }
}

static void add_costs(struct strbuf *out, const struct summary *sum)
{
    const struct summary_costs *c = &sum->costs;
    const struct {
        const char *name, *help;
        double value;
    } figures[] = {
        {"migcast_retries", "Attempts after the first, mean of replications.", (double)c->retries},
        {"migcast_wasted_bytes", "Sent by attempts that did not complete, mean of replications.",
         c->wasted_bytes},
        {"migcast_blackout_guest_seconds",
         "Time of all guests in which no vCPU ran, mean of replications.", c->blackout_ns * 1e-9},
        {"migcast_lost_guest_seconds",
         "Time of all guests that slowness took, mean of replications.", c->lost_ns * 1e-9},
        {"migcast_postcopy_guest_seconds",
         "Time of all guests with memory on two hosts, mean of replications.",
         c->exposed_ns * 1e-9},
    };

    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        om_add_family(out, figures[i].name, "gauge", figures[i].help);
        strbuf_addf(out, "%s{source=\"migcast\"}", figures[i].name);
        om_end_sample(out, figures[i].value / fmax(sum->run->replications, 1));
    }
}

void om_add_cluster(struct strbuf *out, const struct summary *sum)
{
    add_hazards(out, sum->run);
    add_operations(out, sum->run);
    add_links(out, sum->run);
    add_costs(out, sum);
}
