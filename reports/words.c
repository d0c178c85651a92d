/*
 * words.c - what several forms say in the same words, before they escape it.
 *
 * The terminal has words of its own (text.c), which know its width and colours; figures are the
 * same, because both take them from summary.h.
 */
#include "reports/words.h"

#include <math.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "reports/cell.h"
#include "reports/text_int.h"

#include "base/banned.h"

void words_counts(struct strbuf *out, const size_t outcomes[OUTCOME_NR], enum outcome from)
{
    const char *comma = "";

    for (int o = (int)from; o < OUTCOME_NR; o++) {
        if (outcomes[o] == 0)
            continue;
        strbuf_addf(out, "%s%zu %s", comma, outcomes[o], outcome_name((enum outcome)o));
        comma = ", ";
    }
}

static const char *verdict_word(const struct summary *sum)
{
    static const char *const words[OUTCOME_NR] = {"COMPLETED", "TIMEOUT",  "CANCELLED",
                                                  "FAILED",    "REJECTED", "QUEUED"};
    size_t nr = sum->nr_wishes;

    if (nr == 0)
        return "NO MIGRATION";
    for (int o = 0; o < OUTCOME_NR; o++)
        if (sum->ends[o] == nr)
            return words[o];
    return sum->ends[OUTCOME_COMPLETED] > 0 ? "PARTLY COMPLETED" : "NOT COMPLETED";
}

static size_t nr_crossed(const struct run_result *run)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_thresholds; i++)
        nr += run->thresholds[i].crossed;
    return nr;
}

void words_makespan(struct strbuf *out, const struct summary *sum)
{
    char buf[UNITS_TEXT];

    if (!isfinite(sum->makespan.p50))
        return;
    strbuf_addf(out, "; %s from the first request to the last end%s%s",
                units_time(buf, llround(sum->makespan.p50)),
                sum->ends[OUTCOME_QUEUED] > 0 ? " of those that ended" : "",
                sum->run->replications > 1 ? " (median)" : "");
}

const char *words_verdict(struct strbuf *out, const struct summary *sum)
{
    const struct run_result *run = sum->run;
    size_t nr = sum->nr_wishes, done = sum->ends[OUTCOME_COMPLETED], crossed = nr_crossed(run);

    if (nr == 0)
        strbuf_addstr(out, run->interrupted ? "none was finished" : "none was requested");
    else if (done == nr)
        strbuf_addf(out, "%s%zu migration%s", nr > 1 ? "all " : "", nr,
                    nr > 1 ? "s complete" : " completes");
    else
        strbuf_addf(out, "%zu of %zu migrations complete; ", done, nr);
    if (nr > 0 && done < nr)
        words_counts(out, sum->ends, OUTCOME_TIMEOUT);
    if (run->nr_migs > nr)
        strbuf_addf(out, ", in %zu attempts", run->nr_migs);
    if (nr > 0 && run->replications > 1)
        strbuf_addf(out, " (over %u replications)", run->replications);
    words_makespan(out, sum);
    if (run->nr_thresholds > 0)
        strbuf_addf(out, "; %zu of %zu threshold%s crossed", crossed, run->nr_thresholds,
                    run->nr_thresholds > 1 ? "s" : "");
    if (run->interrupted)
        strbuf_addf(out, "; interrupted after %u replication%s", run->replications,
                    run->replications == 1 ? "" : "s");
    strbuf_addch(out, '.');
    return verdict_word(sum);
}

void words_value(struct strbuf *out, double value, enum value_unit unit)
{
    char buf[UNITS_TEXT];

    if (isnan(value)) {
        strbuf_addstr(out, "nothing to judge");
        return;
    }
    switch (unit) {
    case VALUE_NS:
        strbuf_addstr(out, fabs(value) < 9e18 ? units_time(buf, llround(value)) : "-");
        break;
    case VALUE_BYTES:
        strbuf_addstr(out, value >= 0 && value < 1.8e19 ? units_size(buf, (uint64_t)value) : "-");
        break;
    case VALUE_RATIO:
        text_decimal(out, value * 100);
        strbuf_addstr(out, " %");
        break;
    default:
        text_decimal(out, value);
    }
}

const char *words_judgement(const struct threshold_result *th)
{
    if (th->crossed)
        return th->error ? "crossed" : "warning";
    if (isnan(th->value))
        return "no data";
    return th->small_sample ? "not decided" : "ok";
}

void words_interval(struct strbuf *out, const struct threshold_result *th)
{
    bool low = isfinite(th->low), high = isfinite(th->high);

    if (isnan(th->value) || isnan(th->low) || !(th->low < th->high))
        return;
    strbuf_addstr(out, "95 %: ");
    if (!low && !high) {
        strbuf_addstr(out, "anything");
        return;
    }
    if (low) {
        strbuf_addstr(out, high ? "" : "at least ");
        words_value(out, th->low, th->unit);
    }
    if (high) {
        strbuf_addstr(out, low ? " .. " : "up to ");
        words_value(out, th->high, th->unit);
    }
}

void words_attempts(struct strbuf *out, const struct threshold_result *th,
                    const struct summary *sum)
{
    if (strstr(th->text, ".rate") && th->n > 0 && sum->run->nr_migs > sum->nr_wishes)
        strbuf_addf(out, "%sof %llu attempts", out->len > 0 ? ", " : "", (unsigned long long)th->n);
}

int words_urgency(const struct threshold_result *th)
{
    return th->crossed ? 2 : th->small_sample ? 1 : 0;
}

void words_doubt(struct strbuf *out, const struct threshold_result *th)
{
    if (!th->small_sample)
        return;
    if (th->replications_needed > 0)
        strbuf_addf(out, "about %u replications would decide it", th->replications_needed);
    else
        strbuf_addstr(out, "too few migrations to be sure");
}

void words_measured(struct strbuf *out, const struct threshold_result *th)
{
    struct strbuf more = STRBUF_INIT;

    strbuf_addstr(out, "measured ");
    words_value(out, th->value, th->unit);
    words_interval(&more, th);
    if (more.len > 0)
        strbuf_addf(out, " (%s)", strbuf_text(&more));
    strbuf_addstr(out, ", limit ");
    words_value(out, th->limit, th->unit);
    strbuf_clear(&more);
    words_doubt(&more, th);
    if (more.len > 0)
        strbuf_addf(out, "; %s", strbuf_text(&more));
    strbuf_release(&more);
}

size_t words_fixed(const struct summary *sum, const struct summary_group *group)
{
    size_t g = (size_t)(group - sum->groups);

    for (size_t i = 0; i < sum->run->nr_fixes; i++)
        if (sum->group_of[sum->run->fixes[i].mig] == g)
            return sum->run->fixes[i].mig;
    return WORDS_NONE;
}

bool words_advice(struct strbuf *out, const struct run_result *run, size_t mig)
{
    return advice_add(out, run, mig);
}

size_t words_telling(const struct summary *sum, const struct summary_group *group)
{
    struct mig_result room;

    for (size_t i = group->first; i < group->first + group->nr; i++)
        if (result_mig(sum->run, sum->members[i], &room)->outcome != OUTCOME_COMPLETED)
            return sum->members[i];
    return sum->members[group->first];
}

/* ", LABEL 12 s" with the median of what is known. */
static void add_time(struct strbuf *out, const char *label, const struct summary_group *group,
                     enum scored field)
{
    double typical = group->scored[field].p50;
    char buf[UNITS_TEXT];

    if (isfinite(typical))
        strbuf_addf(out, ", %s %s%s", label, units_time(buf, llround(typical)),
                    group->nr > 1 ? " (median)" : "");
}

void words_fate(struct strbuf *out, const struct summary *sum, const struct summary_group *group)
{
    size_t telling = words_telling(sum, group);
    struct mig_result room;
    const struct mig_result *mig = result_mig(sum->run, telling, &room);
    struct strbuf advice = STRBUF_INIT;

    if (group->nr > 1) {
        strbuf_addf(out, "of %zu replications ", group->nr);
        words_counts(out, group->outcomes, OUTCOME_COMPLETED);
    } else {
        strbuf_addstr(out, outcome_name(mig->outcome));
    }
    if (mig->outcome != OUTCOME_COMPLETED && mig->reason)
        strbuf_addf(out, ": %s", mig->reason);
    add_time(out, "total time", group, SCORED_TOTAL_TIME);
    add_time(out, "downtime", group, SCORED_DOWNTIME);
    if (mig->outcome != OUTCOME_COMPLETED) {
        if (mig->binding != BINDING_NONE)
            strbuf_addf(out, ", bound by %s", binding_name(mig->binding));
        if (advice_add(&advice, sum->run, telling))
            strbuf_addf(out, "; would help: %s", strbuf_text(&advice));
    }
    strbuf_release(&advice);
}

void words_escape(struct strbuf *out, const char *text, const char *(*special)(const char *at))
{
    text = text ? text : "-";
    while (*text) {
        const char *start = text;
        const char *instead = special(start);
        char one[8] = {0};

        (void)utf8_next(&text);
        if (instead) {
            strbuf_addstr(out, instead);
            continue;
        }
        for (size_t i = 0; start + i < text; i++)
            one[i] = start[i];
        cell_add_text(out, one);
    }
}

const char *words_outcome(const struct mig_result *mig)
{
    if (mig->outcome == OUTCOME_QUEUED && mig->started_ns >= 0)
        return "still migrating";
    return outcome_name(mig->outcome);
}

bool words_hazard_told(const struct summary *sum, const struct hazard_result *hazard)
{
    return hazard->kind != HAZARD_POSTCOPY || sum->nr_groups != 1;
}

void words_hazard(struct strbuf *out, const struct run_result *run,
                  const struct hazard_result *hazard)
{
    strbuf_addstr(out, hazard->text ? hazard->text : hazard_key(hazard->kind));
    if (run->replications > 1)
        strbuf_addf(out, " (in %u of %u replications)", hazard->replications, run->replications);
}

void words_operation_stands(struct strbuf *out, const struct op_result *op)
{
    if (op->host) {
        strbuf_addstr(out, op->host);
        strbuf_addstr(out, op->vms_left ? " waits for " : " was given up");
        if (op->vms_left)
            strbuf_addstr(out, op->blocker ? op->blocker : "?");
    }
    if (op->why) {
        strbuf_addstr(out, op->host ? ": " : "");
        strbuf_addstr(out, op->why);
    }
}

void words_operation(struct strbuf *out, const struct op_result *op)
{
    char text[UNITS_TEXT];

    if (op->started_ns < 0) {
        strbuf_addstr(out, "does not begin before the run ends");
        return;
    }
    strbuf_addf(out, "%u of %u %s done", op->hosts_done, op->hosts,
                op->hosts == 1 ? "host" : "hosts");
    if (op->ended_ns >= 0)
        strbuf_addf(out, " in %s", units_time(text, op->ended_ns - op->started_ns));
    if (op->hosts_given_up)
        strbuf_addf(out, ", %u given up", op->hosts_given_up);
    strbuf_addf(out, "; %u %s", op->vms_moved, op->vms_moved == 1 ? "move" : "moves");
    if (op->vms_left)
        strbuf_addf(out, "; %u %s", op->vms_left, op->vms_left == 1 ? "VM stays" : "VMs stay");
    if (op->host || op->why)
        strbuf_addstr(out, "; ");
    words_operation_stands(out, op);
}

uint32_t words_operation_done(const struct run_result *run, const char *name)
{
    uint32_t nr = 0;

    for (size_t i = 0; i < run->nr_ops; i++) {
        const struct op_result *op = &run->ops[i];

        nr += op->ended_ns >= 0 && op->hosts_done == op->hosts && op->name && name &&
              strcmp(op->name, name) == 0;
    }
    return nr;
}
