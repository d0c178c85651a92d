/*
 * score_text.c - the tables of `migcast score` for a terminal.
 *
 * Wide tables hold absolute errors; single captures keep their sign.  A wrong outcome counts as an
 * error of 100 %.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cli/score.h"

#include "base/banned.h"

enum {
    LIST_MAX = 40, /* captures listed one by one; of more, the worst ten */
    WORST = 10,
    NAME_WIDTH = 30
};

void score_say_constants(struct strbuf *out, const struct score *s)
{
    switch (s->mode) {
    case SCORE_LEAVE_ONE_OUT:
        strbuf_addstr(out, "learned from the other captures (leave one out)");
        break;
    case SCORE_SPLIT:
        strbuf_addf(out, "learned from the %zu captures of the calibration half", s->learned_from);
        break;
    case SCORE_GIVEN:
        strbuf_addstr(out, "as given");
        break;
    }
}

/* Names of captures are free text: what could move the cursor becomes '?'. */
static void add_name(struct strbuf *out, const char *name)
{
    char text[NAME_WIDTH + 1];
    size_t n = 0;

    for (; name[n] && n < NAME_WIDTH; n++)
        text[n] = (unsigned char)name[n] < ' ' || (unsigned char)name[n] == 0x7f ? '?' : name[n];
    text[n] = '\0';
    strbuf_addf(out, "%-*s", NAME_WIDTH, text);
}

/* "  4.78", or a dash where there is nothing. */
static void add_number(struct strbuf *out, int width, int digits, double value)
{
    if (isfinite(value))
        strbuf_addf(out, " %*.*f", width, digits, value);
    else
        strbuf_addf(out, " %*s", width, "-");
}

static void add_class(struct strbuf *out, const char *name, const struct score_sum *c)
{
    strbuf_addf(out, "%-12s %3zu %7zu", name, c->nr, c->outcomes_right);
    add_number(out, 8, 2, 100.0 * c->total.p50);
    add_number(out, 6, 2, 100.0 * c->total.p90);
    add_number(out, 6, 2, 100.0 * c->total.max);
    add_number(out, 7, 1, c->downtime_ns.p50 / (double)NS_PER_MS);
    add_number(out, 6, 1, c->downtime_ns.p90 / (double)NS_PER_MS);
    add_number(out, 5, 1, 100.0 * c->bytes.p90);
    strbuf_addf(out, " %3zu/%zu", c->covered, c->covered_of);
    add_number(out, 6, 2, 100.0 * c->replay_total.p90);
    add_number(out, 6, 2, 100.0 * c->replay_total.max);
    strbuf_addch(out, '\n');
}

static void add_repeats(struct strbuf *out, const struct score_sum *c)
{
    if (c->repeats == 0)
        return;
    strbuf_addf(out, "%-12s %3zu %7zu", "  repeats", c->repeats, c->repeat_outcomes_right);
    add_number(out, 8, 2, 100.0 * c->repeat_total.p50);
    add_number(out, 6, 2, 100.0 * c->repeat_total.p90);
    add_number(out, 6, 2, 100.0 * c->repeat_total.max);
    add_number(out, 7, 1, c->repeat_downtime_ns.p50 / (double)NS_PER_MS);
    add_number(out, 6, 1, c->repeat_downtime_ns.p90 / (double)NS_PER_MS);
    add_number(out, 5, 1, 100.0 * c->repeat_bytes.p90);
    strbuf_addch(out, '\n');
}

static void add_class_head(struct strbuf *out)
{
    strbuf_addf(out, "%-12s %3s %7s %8s %6s %6s %7s %6s %5s %5s %6s %6s\n", "", "", "outcome",
                "total", "", "", "down ms", "", "bytes", "in 90", "replay", "total");
    strbuf_addf(out, "%-12s %3s %7s %8s %6s %6s %7s %6s %5s %5s %6s %6s\n", "class", "n", "right",
                "p50 %", "p90 %", "max %", "p50", "p90", "p90 %", "band", "p90 %", "max %");
}

static void add_interval(struct strbuf *out, const char *name, double value,
                         struct stats_interval in, int digits)
{
    strbuf_addf(out, "  %s %.*f", name, digits, value);
    if (isfinite(in.low) && isfinite(in.high))
        strbuf_addf(out, " (%.*f..%.*f)", digits, in.low, digits, in.high);
}

static struct stats_interval scaled(struct stats_interval in, double by)
{
    return (struct stats_interval){in.low * by, in.high * by};
}

static void add_intervals(struct strbuf *out, const char *name, const struct score_sum *c)
{
    double ms = 1.0 / (double)NS_PER_MS;

    strbuf_addf(out, "%-12s", name);
    add_interval(out, "p50", 100.0 * c->total.p50, scaled(c->total.p50_in, 100.0), 2);
    add_interval(out, "p90", 100.0 * c->total.p90, scaled(c->total.p90_in, 100.0), 2);
    strbuf_addstr(out, " %;");
    add_interval(out, "downtime p90", c->downtime_ns.p90 * ms, scaled(c->downtime_ns.p90_in, ms),
                 1);
    strbuf_addstr(out, " ms;");
    add_interval(out, "bytes p90", 100.0 * c->bytes.p90, scaled(c->bytes.p90_in, 100.0), 1);
    strbuf_addf(out, " %%; %zu configurations\n", c->nr_configs);
}

/* One part of a split, or all. */
struct part_sums {
    struct score_sum class[SCORE_CLASSES + 1]; /* the last: all */
};

static enum status sum_part(const struct score_view *v, int part, struct part_sums *out)
{
    enum status st = ST_OK;

    for (int c = 0; c <= SCORE_CLASSES && st == ST_OK; c++) {
        struct score_filter filter = {part, c < SCORE_CLASSES ? c : SCORE_ANY, SCORE_ANY};

        st = score_summarise(v->s, filter, v->seed, &out->class[c]);
    }
    return st;
}

static const char *class_name(int c)
{
    return c < SCORE_CLASSES ? score_class_name((enum score_class)c) : "all";
}

static void add_method(struct strbuf *out, const struct part_sums *p, int method)
{
    strbuf_addf(out, "%-16s", method < 0 ? "migcast" : baseline_name((enum baseline)method));
    for (int c = 0; c <= SCORE_CLASSES; c++) {
        const struct score_sum *s = &p->class[c];
        const struct score_errors *e = method < 0 ? &s->total : &s->guess_total[method];

        if (s->nr == 0)
            continue;
        strbuf_addstr(out, " |");
        add_number(out, 5, 1, 100.0 * e->p50);
        add_number(out, 5, 1, 100.0 * e->p90);
        strbuf_addf(out, " %4.0f",
                    100.0 * (double)(method < 0 ? s->bad : s->guess_bad[method]) / (double)s->nr);
    }
    strbuf_addch(out, '\n');
}

static void add_methods(struct strbuf *out, const struct part_sums *p)
{
    strbuf_addf(out, "\n%-16s", "the same by");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (p->class[c].nr)
            strbuf_addf(out, " | %-16s", class_name(c));
    strbuf_addf(out, "\n%-16s", "other methods");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (p->class[c].nr)
            strbuf_addf(out, " | %5s %5s %4s", "p50", "p90", "bad%");
    strbuf_addch(out, '\n');
    for (int m = -1; m < BASELINE_NR; m++)
        add_method(out, p, m);
}

static void add_counts(struct strbuf *out, const struct score_sum *s)
{
    const char *sep = "";

    strbuf_addf(out, "\n%-16s", "outcomes");
    for (int seen = 0; seen < OUTCOME_NR; seen++)
        for (int said = 0; said < OUTCOME_NR; said++)
            if (s->outcomes[seen][said]) {
                strbuf_addf(out, "%s%zu %s", sep, s->outcomes[seen][said],
                            outcome_name((enum outcome)seen));
                if (seen == said)
                    strbuf_addstr(out, " as forecast");
                else
                    strbuf_addf(out, ", forecast %s", outcome_name((enum outcome)said));
                sep = "; ";
            }
    strbuf_addf(out,
                "\n%-16s%zu kept as forecast, %zu passed as forecast, %zu kept but forecast "
                "to pass, %zu passed but forecast to keep\n",
                "downtime limit", s->limit_kept[1][1], s->limit_kept[0][0], s->limit_kept[1][0],
                s->limit_kept[0][1]);
    strbuf_addf(out, "%-16s%zu of %zu exact, %zu within one\n", "rounds", s->rounds_exact,
                s->rounds_of, s->rounds_within_1);
    if (s->throttle_of)
        strbuf_addf(out, "%-16shighest step right or one off in %zu of %zu\n", "throttle",
                    s->throttle_right, s->throttle_of);
    strbuf_addf(out, "%-16sobserved total time in %zu of %zu, downtime in %zu of %zu\n",
                "90 % bands", s->covered, s->covered_of, s->downtime_covered,
                s->downtime_covered_of);
}

static enum status add_kinds(struct strbuf *out, const struct score_view *v, int part)
{
    strbuf_addf(out, "\n%-14s %3s %7s %8s %6s %6s %7s %8s\n", "kind", "n", "right", "p50 %",
                "p90 %", "max %", "down ms", "repeats");
    for (int k = 0; k < SCORE_KINDS; k++) {
        struct score_sum s;
        enum status st =
            score_summarise(v->s, (struct score_filter){part, SCORE_ANY, k}, v->seed, &s);

        if (st != ST_OK)
            return st;
        if (s.nr == 0)
            continue;
        strbuf_addf(out, "%-14s %3zu %7zu", score_kind_name((enum score_kind)k), s.nr,
                    s.outcomes_right);
        add_number(out, 8, 2, 100.0 * s.total.p50);
        add_number(out, 6, 2, 100.0 * s.total.p90);
        add_number(out, 6, 2, 100.0 * s.total.max);
        add_number(out, 7, 1, s.downtime_ns.p90 / (double)NS_PER_MS);
        add_number(out, 8, 2, 100.0 * s.repeat_total.p90);
        strbuf_addch(out, '\n');
    }
    return ST_OK;
}

static void add_row(struct strbuf *out, const struct score_view *v, const struct score_row *r)
{
    add_name(out, r->facts->header.id);
    if (!r->forecast) {
        strbuf_addf(out, " %s\n", r->missing);
        return;
    }
    if (!r->outcome_right)
        strbuf_addf(out, " %swrong outcome: %s, was %s%s", cli_style(v->o, CLI_BAD),
                    outcome_name(r->prediction.result.outcome),
                    outcome_name(replay_observed_outcome(r->facts)), cli_style(v->o, CLI_PLAIN));
    else
        strbuf_addf(out, " %8.2f %%", 100.0 * r->total_error_ratio);
    if (r->outcome_right && isnan(r->downtime_error_ns))
        strbuf_addf(out, " %9s", "-");
    else if (r->outcome_right)
        strbuf_addf(out, " %6.1f ms", r->downtime_error_ns / (double)NS_PER_MS);
    if (r->outcome_right)
        strbuf_addf(out, " %6.1f %% %+4.0f %4s", 100.0 * r->bytes_error_ratio, r->rounds_error,
                    !r->covered_known ? "-"
                    : r->covered      ? "yes"
                                      : "no");
    if (r->replayed)
        strbuf_addf(out, " |%7.2f %% %+3" PRId64, 100.0 * r->replay.total_error_ratio,
                    r->replay.rounds_error);
    else
        strbuf_addstr(out, " |       -");
    if (r->repeat.known)
        strbuf_addf(out, " |%7.2f %%", 100.0 * r->repeat.total_error_ratio);
    strbuf_addch(out, '\n');
}

static void add_list_head(struct strbuf *out, const char *what)
{
    strbuf_addf(out, "\n%-30s %10s %9s %8s %4s %4s | %8s\n", what, "total", "downtime", "bytes",
                "rnds", "band", "replay");
}

static void add_worst(struct strbuf *out, const struct score_view *v, int part)
{
    struct score_filter filter = {part, SCORE_ANY, SCORE_ANY};
    size_t index[WORST], nr = score_worst(v->s, filter, index, WORST);

    add_list_head(out, "worst of them");
    for (size_t i = 0; i < nr; i++)
        add_row(out, v, &v->s->rows[index[i]]);
}

static void add_list(struct strbuf *out, const struct score_view *v)
{
    add_list_head(out, "capture");
    for (size_t i = 0; i < v->s->nr; i++)
        add_row(out, v, &v->s->rows[i]);
}

static enum status add_part(struct strbuf *out, const struct score_view *v, int part)
{
    struct part_sums p;
    enum status st = sum_part(v, part, &p);
    const struct score_sum *all = &p.class[SCORE_CLASSES];

    if (st != ST_OK)
        return st;
    add_class_head(out);
    for (int c = 0; c <= SCORE_CLASSES; c++) {
        if (p.class[c].nr)
            add_class(out, class_name(c), &p.class[c]);
        if (p.class[c].nr)
            add_repeats(out, &p.class[c]);
    }
    if (all->nr == 0)
        return ST_OK;
    strbuf_addstr(out, "\n95 % intervals, from resampling configurations\n");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (p.class[c].nr_configs > 1)
            add_intervals(out, class_name(c), &p.class[c]);
    add_methods(out, &p);
    add_counts(out, all);
    return add_kinds(out, v, part);
}

enum status score_add_text(struct strbuf *out, const struct score_view *v)
{
    enum status st = ST_OK;

    strbuf_addf(out, "%sforecast error%s, constants ", cli_style(v->o, CLI_BOLD),
                cli_style(v->o, CLI_PLAIN));
    score_say_constants(out, v->s);
    strbuf_addch(out, '\n');
    if (v->s->mode != SCORE_SPLIT) {
        st = add_part(out, v, SCORE_ANY);
        if (v->s->nr > LIST_MAX)
            add_worst(out, v, SCORE_ANY);
    }
    for (int part = SPLIT_NR - 1; part >= 0 && v->s->mode == SCORE_SPLIT && st == ST_OK; part--) {
        strbuf_addf(out, "\n%s%s half%s%s\n", cli_style(v->o, CLI_BOLD),
                    split_part_name((enum split_part)part), cli_style(v->o, CLI_PLAIN),
                    part == SPLIT_CALIBRATION ? ", each configuration by the rest of it" : "");
        st = add_part(out, v, part);
        add_worst(out, v, part);
    }
    if (v->s->nr <= LIST_MAX)
        add_list(out, v);
    return st;
}
