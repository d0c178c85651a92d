/*
 * score_markdown.c - `migcast score --markdown`: the tables for a README.
 *
 * Of a split only the validation half is printed: the other half is what was tuned on.
 */
#include <math.h>

#include "base/units.h"
#include "cli/score.h"

#include "base/banned.h"

static void add_share(struct strbuf *out, size_t part, size_t of)
{
    if (of == 0)
        strbuf_addstr(out, " - |");
    else
        strbuf_addf(out, " %zu of %zu |", part, of);
}

/* Percent with as many digits as mean something. */
static void add_pct(struct strbuf *out, double ratio)
{
    double pct = 100.0 * ratio;

    if (isnan(pct))
        strbuf_addstr(out, "-");
    else
        strbuf_addf(out, "%.*f %%", pct < 9.95 ? 1 : 0, pct);
}

static void add_sum(struct strbuf *out, const char *name, const struct score_sum *s)
{
    double ms = 1.0 / (double)NS_PER_MS;

    strbuf_addf(out, "| %s | %zu (%zu) |", name, s->nr, s->nr_configs);
    add_share(out, s->outcomes_right, s->nr);
    strbuf_addch(out, ' ');
    add_pct(out, s->total.p50);
    strbuf_addstr(out, " / ");
    add_pct(out, s->total.p90);
    if (isfinite(s->total.p90_in.low))
        strbuf_addf(out, " (%.1f-%.1f)", 100.0 * s->total.p90_in.low, 100.0 * s->total.p90_in.high);
    strbuf_addstr(out, " | ");
    add_pct(out, s->repeat_total.p50);
    strbuf_addstr(out, " / ");
    add_pct(out, s->repeat_total.p90);
    strbuf_addstr(out, " |");
    add_share(out, s->bad, s->nr);
    strbuf_addf(out, " %.0f / %.0f ms | ", s->downtime_ns.p50 * ms, s->downtime_ns.p90 * ms);
    add_pct(out, s->bytes.p90);
    strbuf_addstr(out, " |");
    add_share(out, s->covered, s->covered_of);
    strbuf_addch(out, '\n');
}

static void add_method(struct strbuf *out, int method, const struct score_sum *class, size_t nr)
{
    strbuf_addf(out, "| %s |", method < 0 ? "**migcast**" : baseline_name((enum baseline)method));
    for (size_t c = 0; c < nr; c++) {
        const struct score_errors *e = method < 0 ? &class[c].total : &class[c].guess_total[method];
        size_t bad = method < 0 ? class[c].bad : class[c].guess_bad[method];

        if (class[c].nr == 0)
            continue;
        strbuf_addch(out, ' ');
        add_pct(out, e->p50);
        strbuf_addstr(out, " / ");
        add_pct(out, e->p90);
        strbuf_addstr(out, " / ");
        add_pct(out, (double)bad / (double)class[c].nr);
        strbuf_addstr(out, " |");
    }
    strbuf_addch(out, '\n');
}

static const char *name_of(int class)
{
    return class < SCORE_CLASSES ? score_class_name((enum score_class) class) : "all";
}

enum status score_add_markdown(struct strbuf *out, const struct score_view *v)
{
    int part = v->s->mode == SCORE_SPLIT ? SPLIT_VALIDATION : SCORE_ANY;
    struct score_sum class[SCORE_CLASSES + 1];
    enum status st = ST_OK;

    for (int c = 0; c <= SCORE_CLASSES && st == ST_OK; c++)
        st = score_summarise(
            v->s, (struct score_filter){part, c < SCORE_CLASSES ? c : SCORE_ANY, SCORE_ANY},
            v->seed, &class[c]);
    if (st != ST_OK)
        return st;
    strbuf_addstr(out, "| captures | n (configurations) | outcome right | total time p50 / p90 "
                       "(95 % interval) | repeats among themselves | bad | downtime p50 / p90 | "
                       "bytes p90 | in the 90 % band |\n"
                       "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (class[c].nr)
            add_sum(out, name_of(c), &class[c]);
    strbuf_addstr(out, "\n| total time p50 / p90 / bad |");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (class[c].nr)
            strbuf_addf(out, " %s |", name_of(c));
    strbuf_addstr(out, "\n|---|");
    for (int c = 0; c <= SCORE_CLASSES; c++)
        if (class[c].nr)
            strbuf_addstr(out, "---:|");
    strbuf_addch(out, '\n');
    for (int m = -1; m < BASELINE_NR; m++)
        add_method(out, m, class, SCORE_CLASSES + 1);
    return ST_OK;
}
