/*
 * text.c - the verdict on one screen: what happens, why, what would fix it.
 *
 * The order is that of a reader's questions.  Tables are text_tables.c, the fix is advice.c.
 * Invariant: a single migration takes at most 23 lines of 80 columns unless verbose.
 */
#include "reports/text_int.h"
#include "reports/words.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/codes.h"

#include "base/banned.h"

enum {
    WIDTH_DEFAULT = 80,
    WIDTH_MIN = 76,
    WIDTH_MAX = 400,
    LABEL_WIDTH = 13,
    FACTS_INDENT = 2 + LABEL_WIDTH + 1,
    THRESHOLDS_SHOWN = 4
};

void text_tone(struct text *t, enum tone tone, const char *word)
{
    static const char *const codes[] = {
        [TONE_GOOD] = "1;32", [TONE_DOUBT] = "1;33", [TONE_BAD] = "1;31", [TONE_HEADING] = "1"};

    if (t->opts->color)
        strbuf_addf(t->out, "\033[%sm%s\033[0m", codes[tone], word);
    else
        strbuf_addstr(t->out, word);
}

void text_wrap(struct text *t, const char *words, size_t used, size_t indent)
{
    cell_wrap(t->out, words, used, indent, t->width);
}

void text_fact(struct text *t, const char *label, const char *words)
{
    strbuf_addstr(t->out, "  ");
    cell_add(t->out, label, LABEL_WIDTH, CELL_LEFT);
    strbuf_addch(t->out, ' ');
    text_wrap(t, words, FACTS_INDENT, FACTS_INDENT);
}

void text_decimal(struct strbuf *out, double value)
{
    long long tenths;

    if (!isfinite(value) || fabs(value) > 1e17) {
        strbuf_addch(out, '-');
        return;
    }
    tenths = llround(fabs(value) * 10);
    strbuf_addf(out, "%s%lld", value < 0 && tenths ? "-" : "", tenths / 10);
    if (tenths % 10)
        strbuf_addf(out, ".%lld", tenths % 10);
}

static const char *time_or_dash(char buf[UNITS_TEXT], int64_t ns)
{
    return ns < 0 ? "-" : units_time(buf, ns);
}

/* ": REASON" where there is one. */
static void add_reason(struct strbuf *words, const struct mig_result *mig)
{
    if (!mig->reason)
        return;
    strbuf_addstr(words, ": ");
    cell_add_text(words, mig->reason);
}

static void add_route(struct strbuf *words, const struct mig_result *mig)
{
    strbuf_addstr(words, " from ");
    cell_add_text(words, mig->source);
    strbuf_addstr(words, " to ");
    cell_add_text(words, mig->target);
}

static bool never_converges(const struct mig_result *mig)
{
    return mig->outcome == OUTCOME_QUEUED && mig->reason &&
           strcmp(mig->reason, REASON_NEVER_CONVERGES) == 0;
}

/* What becomes of one migration, as the rest of a sentence after its name. */
static void add_fate(struct strbuf *words, const struct mig_result *mig)
{
    char total[UNITS_TEXT], stop[UNITS_TEXT];
    const char *length = time_or_dash(total, mig->total_ns);

    switch (mig->outcome) {
    case OUTCOME_COMPLETED:
        strbuf_addstr(words, " moves");
        add_route(words, mig);
        strbuf_addf(words, " in %s", length);
        if (mig->downtime_ns >= 0)
            strbuf_addf(words, "; its guest stands still for %s",
                        units_time(stop, mig->downtime_ns));
        break;
    case OUTCOME_TIMEOUT:
        strbuf_addf(words, " is given up after %s and stays on ", length);
        cell_add_text(words, mig->source);
        add_reason(words, mig);
        break;
    case OUTCOME_CANCELLED:
        strbuf_addf(words, " is cancelled after %s and stays on ", length);
        cell_add_text(words, mig->source);
        add_reason(words, mig);
        break;
    case OUTCOME_FAILED:
        strbuf_addf(words, " fails after %s", length);
        add_reason(words, mig);
        break;
    case OUTCOME_REJECTED:
        strbuf_addstr(words, " does not start");
        add_reason(words, mig);
        break;
    default:
        if (never_converges(mig)) {
            strbuf_addf(words, " is still migrating after %s and would be for ever", length);
            break;
        }
        strbuf_addf(words, " is still %s when the run ends",
                    mig->started_ns < 0 ? "waiting" : "migrating");
        add_reason(words, mig);
    }
}

/* "3 timeout, 2 rejected" */
static void add_counts(struct strbuf *words, const size_t outcomes[OUTCOME_NR], enum outcome from)
{
    const char *comma = "";

    for (int o = (int)from; o < OUTCOME_NR; o++) {
        if (outcomes[o] == 0)
            continue;
        strbuf_addf(words, "%s%zu %s", comma, outcomes[o], outcome_name((enum outcome)o));
        comma = ", ";
    }
}

static size_t thresholds_crossed(const struct run_result *run)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_thresholds; i++)
        nr += run->thresholds[i].crossed;
    return nr;
}

/* The word of a verdict over several migrations or replications. */
static const char *verdict_word(const size_t outcomes[OUTCOME_NR], size_t nr, enum tone *tone)
{
    static const char *const words[OUTCOME_NR] = {"COMPLETED", "TIMEOUT",  "CANCELLED",
                                                  "FAILED",    "REJECTED", "QUEUED"};

    *tone = TONE_BAD;
    for (int o = 0; o < OUTCOME_NR; o++) {
        if (outcomes[o] != nr)
            continue;
        if (o == OUTCOME_COMPLETED)
            *tone = TONE_GOOD;
        return words[o];
    }
    if (outcomes[OUTCOME_COMPLETED] > 0)
        *tone = TONE_DOUBT;
    return outcomes[OUTCOME_COMPLETED] > 0 ? "PARTLY COMPLETED" : "NOT COMPLETED";
}

static void verdict_of_one(struct text *t, struct strbuf *words)
{
    const struct summary_group *group = &t->sum.groups[0];
    struct mig_result room;
    const struct mig_result *mig = result_mig(t->run, t->sum.members[group->first], &room);
    size_t done = group->outcomes[OUTCOME_COMPLETED];
    char buf[UNITS_TEXT];

    cell_add_text(words, mig->vm);
    if (group->nr == 1) {
        add_fate(words, mig);
    } else if (done == 0) {
        strbuf_addf(words, " completes in none of %zu replications: ", group->nr);
        add_counts(words, group->outcomes, OUTCOME_TIMEOUT);
    } else {
        double typical = group->scored[SCORED_TOTAL_TIME].p50;

        strbuf_addstr(words, " moves");
        add_route(words, mig);
        if (done == group->nr)
            strbuf_addf(words, " in each of %zu replications", group->nr);
        else
            strbuf_addf(words, " in %zu of %zu replications", done, group->nr);
        if (done == group->nr && isfinite(typical))
            strbuf_addf(words, ", half of them within %s", units_time(buf, llround(typical)));
        if (done < group->nr) {
            strbuf_addstr(words, ": ");
            add_counts(words, group->outcomes, OUTCOME_COMPLETED);
        }
    }
}

static void verdict_of_many(struct text *t, struct strbuf *words)
{
    const struct summary *s = &t->sum;
    size_t nr = s->nr_wishes, done = s->ends[OUTCOME_COMPLETED];

    if (done == nr) {
        strbuf_addf(words, "all %zu migrations complete", nr);
    } else {
        strbuf_addf(words, "%zu of %zu migrations complete; ", done, nr);
        add_counts(words, s->ends, OUTCOME_TIMEOUT);
    }
    if (t->run->nr_migs > nr)
        strbuf_addf(words, ", in %zu attempts", t->run->nr_migs);
    if (t->run->replications > 1)
        strbuf_addf(words, " (over %u replications)", t->run->replications);
    words_makespan(words, s);
}

static void add_verdict(struct text *t)
{
    struct mig_result room;
    struct strbuf words = STRBUF_INIT;
    size_t crossed = thresholds_crossed(t->run);
    enum tone tone;
    const char *word = verdict_word(t->sum.ends, t->sum.nr_wishes, &tone);

    if (t->run->nr_migs == 0) {
        word = "NO MIGRATION";
        tone = TONE_DOUBT;
        strbuf_addstr(&words, t->run->interrupted ? "none was finished" : "none was requested");
    } else if (t->sum.nr_groups == 1) {
        if (t->run->nr_migs == 1 && never_converges(result_mig(t->run, 0, &room)))
            word = "NEVER CONVERGES";
        verdict_of_one(t, &words);
    } else {
        verdict_of_many(t, &words);
    }
    if (crossed)
        strbuf_addf(&words, ". %zu threshold%s crossed", crossed, crossed > 1 ? "s" : "");
    strbuf_addch(&words, '.');
    if (t->run->interrupted) {
        text_tone(t, TONE_DOUBT, "INTERRUPTED");
        strbuf_addf(t->out, " after %u replication%s; what follows is of those.\n",
                    t->run->replications, t->run->replications == 1 ? "" : "s");
    }
    text_tone(t, tone, word);
    strbuf_addstr(t->out, ": ");
    text_wrap(t, strbuf_text(&words), strlen(word) + 2, 2);
    strbuf_release(&words);
}

/* The replication that tells most about a VM: one that did not complete and needs the largest
 * change; the first if all completed. */
static size_t telling_member(const struct text *t, const struct summary_group *group)
{
    size_t telling = t->sum.members[group->first];
    struct mig_result room, best = *result_mig(t->run, telling, &room);

    for (size_t i = group->first + 1; i < group->first + group->nr; i++) {
        const struct mig_result *mig = result_mig(t->run, t->sum.members[i], &room);

        if (mig->outcome == OUTCOME_COMPLETED)
            continue;
        if (advice_has_fixes(t->run, t->sum.members[i]))
            return t->sum.members[i];
        if (best.outcome == OUTCOME_COMPLETED ||
            mig->convergence_bytes_per_s > best.convergence_bytes_per_s) {
            telling = t->sum.members[i];
            best = *mig;
        }
    }
    return telling;
}

/* Adds "label   words" and empties @words. */
static void flush_fact(struct text *t, const char *label, struct strbuf *words)
{
    if (words->len > 0)
        text_fact(t, label, strbuf_text(words));
    strbuf_clear(words);
}

/* Of what does not converge: how fast pages become dirty, and how fast they leave. */
static void add_rates(struct strbuf *words, const struct mig_result *mig)
{
    double sent = mig->total_ns > 0
                      ? (double)mig->transferred_bytes / (double)mig->total_ns * (double)NS_PER_S
                      : 0;
    char dirty[UNITS_TEXT], rate[UNITS_TEXT];

    if (mig->binding != BINDING_DIRTY_RATE || mig->dirty_pages_rate == 0 ||
        mig->dirty_pages_rate > UINT64_MAX / PAGE_BYTES || sent <= 0 || sent > 1e18)
        return;
    strbuf_addf(words, ": %s become dirty (pages count once a round) while %s are sent",
                units_rate(dirty, mig->dirty_pages_rate * PAGE_BYTES),
                units_rate(rate, (uint64_t)sent));
}

static void add_limits(struct text *t, size_t at)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(t->run, at, &room);
    struct strbuf words = STRBUF_INIT;

    if (mig->binding != BINDING_NONE) {
        strbuf_addstr(&words, binding_name(mig->binding));
        add_rates(&words, mig);
        flush_fact(t, "limited by", &words);
    }
    if (advice_add(&words, t->run, at))
        flush_fact(t, mig->outcome == OUTCOME_COMPLETED ? "shorter stop" : "smallest fix", &words);
    strbuf_release(&words);
}

static void add_sent(struct strbuf *words, const struct mig_result *mig)
{
    char buf[UNITS_TEXT];

    strbuf_addstr(words, units_size(buf, mig->transferred_bytes));
    if (mig->total_ns > 0) {
        double rate = (double)mig->transferred_bytes / (double)mig->total_ns * (double)NS_PER_S;

        if (rate < 1e18)
            strbuf_addf(words, ", %s on average", units_rate(buf, (uint64_t)rate));
    }
    if (mig->postcopy_bytes > 0)
        strbuf_addf(words, "; %s of it in post-copy", units_size(buf, mig->postcopy_bytes));
}

/* The facts of one migration, one a line. */
/* Of the only migration. */
static void add_facts(struct text *t)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(t->run, 0, &room);
    struct strbuf words = STRBUF_INIT;
    char a[UNITS_TEXT], b[UNITS_TEXT];

    strbuf_addstr(&words, words_outcome(mig));
    if (code_of_migration(mig))
        strbuf_addf(&words, " (%s)", code_of_migration(mig));
    flush_fact(t, "outcome", &words);
    if (mig->started_ns >= 0) {
        strbuf_addf(&words, "%s, of it %s set-up", time_or_dash(a, mig->total_ns),
                    time_or_dash(b, mig->setup_ns));
        flush_fact(t, "total time", &words);
        if (mig->downtime_ns < 0)
            strbuf_addstr(&words, "none: the guest was never stopped");
        else
            strbuf_addstr(&words, units_time(a, mig->downtime_ns));
        if (mig->downtime_ns >= 0 && mig->blackout_ns >= 0)
            strbuf_addf(&words, "; no vCPU runs for %s", units_time(a, mig->blackout_ns));
        flush_fact(t, "downtime", &words);
        if (mig->disk_bytes > 0) {
            strbuf_addf(&words, "%s copied, for %s before memory", units_size(a, mig->disk_bytes),
                        units_time(b, mig->disk_ns));
            flush_fact(t, "disks", &words);
        }
        strbuf_addf(&words, "%u", mig->rounds);
        if (mig->max_throttle_pct > 0)
            strbuf_addf(&words, ", the guest throttled by up to %u %%", mig->max_throttle_pct);
        flush_fact(t, "rounds", &words);
        add_sent(&words, mig);
        flush_fact(t, "bytes sent", &words);
        if (mig->postcopy_ns > 0) {
            strbuf_addf(&words, "%s, its vCPUs together wait for pages for %s",
                        units_time(a, mig->postcopy_ns), time_or_dash(b, mig->postcopy_stall_ns));
            flush_fact(t, "post-copy", &words);
        }
        if (mig->guest_slowdown_ratio >= 0.0005) {
            strbuf_addstr(&words, "loses ");
            text_decimal(&words, mig->guest_slowdown_ratio * 100);
            strbuf_addstr(&words, " % of its work meanwhile");
            flush_fact(t, "guest", &words);
        }
    }
    strbuf_release(&words);
    add_limits(t, 0);
}

static void add_threshold_value(struct strbuf *words, const struct threshold_result *th)
{
    char buf[UNITS_TEXT];

    if (!isfinite(th->value)) {
        strbuf_addstr(words, "nothing to judge");
        return;
    }
    switch (th->unit) {
    case VALUE_NS:
        strbuf_addstr(words, fabs(th->value) < 9e18 ? units_time(buf, llround(th->value)) : "-");
        break;
    case VALUE_BYTES:
        strbuf_addstr(words, th->value >= 0 && th->value < 1.8e19
                                 ? units_size(buf, (uint64_t)th->value)
                                 : "-");
        break;
    case VALUE_RATIO:
        text_decimal(words, th->value * 100);
        strbuf_addstr(words, " %");
        break;
    default:
        text_decimal(words, th->value);
    }
}

static void add_threshold(struct text *t, const struct threshold_result *th)
{
    struct strbuf words = STRBUF_INIT, more = STRBUF_INIT, place = STRBUF_INIT;
    const char *word = th->crossed ? (th->error ? "CROSSED" : "WARNING") : "ok";
    enum tone tone = th->crossed ? (th->error ? TONE_BAD : TONE_DOUBT) : TONE_GOOD;
    bool wraps = t->opts->verbose || th->small_sample || t->run->nr_thresholds < THRESHOLDS_SHOWN;
    size_t room = t->width - FACTS_INDENT, all;

    if (!isfinite(th->value) && !th->crossed) {
        word = "no data";
        tone = TONE_DOUBT;
    } else if (th->small_sample && !th->crossed) {
        word = "not decided";
        tone = TONE_DOUBT;
    }
    strbuf_addstr(t->out, "  ");
    text_tone(t, tone, word);
    for (size_t used = strlen(word); used < LABEL_WIDTH + 1; used++)
        strbuf_addch(t->out, ' ');
    cell_add_text(&words, th->text);
    strbuf_addstr(&words, ": ");
    add_threshold_value(&words, th);
    words_interval(&more, th);
    words_attempts(&more, th, &t->sum);
    if (more.len > 0)
        strbuf_addf(&words, " (%s)", strbuf_text(&more));
    strbuf_clear(&more);
    words_doubt(&more, th);
    if (more.len > 0)
        strbuf_addf(&words, ", %s", strbuf_text(&more));
    strbuf_release(&more);
    if (th->crossed && th->file) {
        strbuf_addstr(&place, " (");
        cell_add_text(&place, th->file);
        strbuf_addf(&place, ":%lu)", th->line);
    }
    all = cell_width(strbuf_text(&words));
    /* rather no place than half a place */
    if (wraps || all + cell_width(strbuf_text(&place)) <= room)
        strbuf_addstr(&words, strbuf_text(&place));
    if (wraps) {
        text_wrap(t, strbuf_text(&words), FACTS_INDENT, FACTS_INDENT);
    } else {
        all = cell_width(strbuf_text(&words));
        cell_add(t->out, strbuf_text(&words), all < room ? all : room, CELL_LEFT);
        strbuf_addch(t->out, '\n');
    }
    strbuf_release(&place);
    strbuf_release(&words);
}

/* The crossed ones first, then those in doubt: they are what the reader must not miss. */
static void add_thresholds(struct text *t)
{
    size_t nr = t->run->nr_thresholds, shown = 0;
    size_t most = t->opts->verbose || nr <= THRESHOLDS_SHOWN ? nr : THRESHOLDS_SHOWN;

    if (nr == 0)
        return;
    strbuf_addch(t->out, '\n');
    text_tone(t, TONE_HEADING, "Thresholds");
    strbuf_addch(t->out, '\n');
    for (int urgency = 2; urgency >= 0; urgency--)
        for (size_t i = 0; i < nr && shown < most; i++) {
            const struct threshold_result *th = &t->run->thresholds[i];

            if (words_urgency(th) != urgency)
                continue;
            add_threshold(t, th);
            shown++;
        }
    if (shown < nr)
        strbuf_addf(t->out, "  and %zu more; --verbose shows all\n", nr - shown);
}

static void add_origin(struct text *t)
{
    struct strbuf words = STRBUF_INIT;

    cell_add_text(&words, t->run->scenario);
    strbuf_addf(&words, ", seed %llu, %u replication%s, migcast ", (unsigned long long)t->run->seed,
                t->run->replications, t->run->replications == 1 ? "" : "s");
    cell_add_text(&words, t->run->version);
    if (t->opts->verbose) {
        strbuf_addstr(&words, ", inputs ");
        cell_add_text(&words, t->run->digest);
    }
    strbuf_addch(t->out, '\n');
    text_wrap(t, strbuf_text(&words), 0, 0);
    strbuf_release(&words);
}

static void add_body(struct text *t)
{
    struct mig_result room;

    if (t->run->nr_migs == 0)
        return;
    if (t->run->nr_migs == 1) {
        strbuf_addch(t->out, '\n');
        add_facts(t);
    } else {
        if (t->sum.scored[SCORED_ROUNDS].nr > 0 || t->sum.nr_groups == 1) /* else no spreads */
            strbuf_addch(t->out, '\n');
        text_spread_table(t);
        if (t->sum.nr_groups == 1)
            add_limits(t, telling_member(t, &t->sum.groups[0]));
        else
            text_vm_table(t);
        if (t->sum.nr_groups > 1)
            text_fix_table(t);
    }
    if (t->opts->verbose && t->sum.nr_groups == 1)
        text_round_table(t, result_mig(t->run, telling_member(t, &t->sum.groups[0]), &room));
}

enum status report_text(const struct run_result *run, const struct report_text_opts *opts,
                        struct strbuf *out)
{
    struct text t = {.out = out, .opts = opts, .run = run};

    assert(run && opts && out);
    t.width = opts->width ? opts->width : WIDTH_DEFAULT;
    t.width = t.width < WIDTH_MIN ? WIDTH_MIN : t.width > WIDTH_MAX ? WIDTH_MAX : t.width;
    if (summary_init(&t.sum, run) != ST_OK)
        return ST_ENOMEM;
    add_verdict(&t);
    text_hazards(&t);
    text_operations(&t);
    text_course(&t);
    add_body(&t);
    add_thresholds(&t);
    add_origin(&t);
    summary_release(&t.sum);
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
