/*
 * check_words.c - the words that all forms of `migcast check` share.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/check_print.h"
#include "reports/cell.h"

#include "base/banned.h"

enum check_verdict check_whole_verdict(const struct check_result *r)
{
    if (!r->before)
        return CHECK_NEW;
    if (r->nr[CHECK_REGRESSED])
        return CHECK_REGRESSED;
    return r->nr[CHECK_IMPROVED] ? CHECK_IMPROVED : CHECK_SAME;
}

static size_t count(const struct check_result *r, bool parts, enum check_verdict verdict)
{
    size_t nr = 0;

    for (size_t i = 0; i < r->nr_findings; i++)
        nr += (r->findings[i].vm != NULL) == parts && r->findings[i].verdict == verdict;
    return nr;
}

static void add_counts(struct strbuf *out, const struct check_result *r, bool parts)
{
    static const enum check_verdict told[] = {CHECK_REGRESSED, CHECK_IMPROVED, CHECK_UNSURE,
                                              CHECK_NEW, CHECK_GONE};
    size_t all = parts ? r->nr_findings - r->nr_wholes : r->nr_wholes, shown = 0;

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        size_t nr = count(r, parts, told[i]);

        if (nr == 0)
            continue;
        strbuf_addf(out, "%s%zu %s", shown++ ? ", " : "", nr, check_verdict_name(told[i]));
    }
    if (shown == 0)
        strbuf_addstr(out, "no change");
    strbuf_addf(out, " of %zu %s", all, parts ? "figures of VMs" : "measures");
}

void check_words_counts(struct strbuf *out, const struct check_result *r)
{
    add_counts(out, r, false);
    if (r->nr_findings > r->nr_wholes) {
        strbuf_addstr(out, "; ");
        add_counts(out, r, true);
    }
}

void check_words_value(struct strbuf *out, double value, enum value_unit unit)
{
    char buf[UNITS_TEXT];

    if (!isfinite(value)) {
        strbuf_addch(out, '-');
    } else if (unit == VALUE_NS && fabs(value) < 9e18) {
        strbuf_addstr(out, units_time(buf, llround(value)));
    } else if (unit == VALUE_BYTES && fabs(value) < 9e18) {
        strbuf_addf(out, "%s%s", value < 0 ? "-" : "", units_size(buf, (uint64_t)fabs(value)));
    } else if (unit == VALUE_RATIO) {
        strbuf_addf(out, "%.3g %%", 100.0 * value);
    } else {
        strbuf_addf(out, "%.4g", value);
    }
}

/* Three digits, and no more than two after the point of what is small. */
static void add_pct(struct strbuf *out, double ratio)
{
    double pct = 100.0 * ratio;

    strbuf_addf(out, fabs(pct) < 1.0 ? "%+.2f" : fabs(pct) < 1000.0 ? "%+.3g" : "%+.0f", pct);
}

void check_words_change(struct strbuf *out, const struct check_finding *f)
{
    double base = fabs(f->test.before);

    if (f->verdict == CHECK_NEW || f->verdict == CHECK_GONE || isnan(f->test.before))
        return;
    if (f->test.now == f->test.before) {
        strbuf_addstr(out, "0 %");
        return;
    }
    if (!(base > 0.0)) {
        check_words_value(out, f->test.now, f->unit);
        return;
    }
    add_pct(out, f->change);
    strbuf_addstr(out, " %");
    if (!isfinite(f->test.low) || !isfinite(f->test.high))
        return;
    strbuf_addstr(out, " (");
    add_pct(out, f->test.low / base);
    strbuf_addstr(out, " .. ");
    add_pct(out, f->test.high / base);
    strbuf_addstr(out, " %)");
}

void check_words_p(struct strbuf *out, const struct check_finding *f)
{
    if (f->verdict == CHECK_NEW || f->verdict == CHECK_GONE || f->verdict == CHECK_UNSURE ||
        f->test.n == 0)
        return;
    if (f->p < 0.001)
        strbuf_addstr(out, "p < 0.001");
    else
        strbuf_addf(out, "p %.3f", f->p);
}

void check_words_finding(struct strbuf *out, const struct check_finding *f)
{
    cell_add_text(out, f->measure);
    strbuf_addf(out, " %s", check_verdict_name(f->verdict));
    if (f->verdict == CHECK_NEW || f->verdict == CHECK_GONE)
        return;
    strbuf_addstr(out, ": ");
    check_words_value(out, f->test.before, f->unit);
    strbuf_addstr(out, " -> ");
    check_words_value(out, f->test.now, f->unit);
    strbuf_addstr(out, ", ");
    check_words_change(out, f);
    strbuf_addstr(out, ", ");
    check_words_p(out, f);
}

void check_words_input(struct strbuf *out, const struct check_change *c)
{
    strbuf_addch(out, '[');
    cell_add_text(out, c->section);
    strbuf_addstr(out, "] ");
    cell_add_text(out, c->key);
    strbuf_addstr(out, ": ");
    cell_add_text(out, c->before ? c->before : "default");
    strbuf_addstr(out, " -> ");
    cell_add_text(out, c->now ? c->now : "default");
}

void check_words_share(struct strbuf *out, const struct check_result *r,
                       const struct check_change *c)
{
    if (!r->why_of || isnan(c->share))
        return;
    strbuf_addf(out, "undone alone, takes back %.0f %% of ", 100.0 * c->share + 0.0);
    cell_add_text(out, r->why_of);
}

void check_words_why(struct strbuf *out, const struct check_result *r, size_t most)
{
    size_t shown = r->nr_changes < most ? r->nr_changes : most;

    for (size_t i = 0; i < shown; i++) {
        const struct check_change *c = &r->changes[i];

        strbuf_addstr(out, i ? "; " : "inputs changed: ");
        check_words_input(out, c);
        if (c->file) {
            strbuf_addstr(out, " (");
            cell_add_text(out, c->file);
            if (c->line)
                strbuf_addf(out, ":%lu", c->line);
            strbuf_addch(out, ')');
        }
        if (r->why_of && !isnan(c->share)) {
            strbuf_addstr(out, ", ");
            check_words_share(out, r, c);
        }
    }
    if (shown < r->nr_changes)
        strbuf_addf(out, "; and %zu more", r->nr_changes - shown);
    if (shown == 0 && r->version_differs)
        strbuf_addstr(out, "the inputs are the same, the program is not");
    else if (shown == 0 && r->inputs_differ)
        strbuf_addstr(out, "the inputs are not the same, though no value that is set differs");
    else if (shown == 0 && r->seed_differs)
        strbuf_addstr(out, "the inputs are the same, the seed is not");
}

static void names_of(struct strbuf *out, const struct check_result *r, enum check_verdict verdict)
{
    size_t nr = 0;

    for (size_t i = 0; i < r->nr_findings; i++) {
        if (r->findings[i].verdict != verdict)
            continue;
        if (nr < 5) {
            strbuf_addstr(out, nr ? ", " : "");
            cell_add_text(out, r->findings[i].measure);
        }
        nr++;
    }
    if (nr > 5)
        strbuf_addf(out, " and %zu more", nr - 5);
}

static void note_version(struct strbuf *out, const struct check_result *r)
{
    if (!r->before || !r->version_differs)
        return;
    strbuf_addstr(out, "The baseline was made with migcast ");
    cell_add_text(out, r->before->version);
    strbuf_addstr(out, ", this is ");
    cell_add_text(out, r->now->version);
    strbuf_addstr(out, ": what differs may come from the program.");
}

static void note_inputs(struct strbuf *out, const struct check_result *r)
{
    if (!r->before || !r->inputs_differ || r->nr_changes > 0)
        return;
    strbuf_addstr(out, r->now->samples ? "The captures are not those of the baseline."
                                       : "The digest of the inputs differs, though no value that "
                                         "is set does: a goal or a built-in default changed.");
}

static void note_seed(struct strbuf *out, const struct check_result *r)
{
    if (r->before && r->seed_differs)
        strbuf_addf(out,
                    "Seed %" PRIu64 " here, %" PRIu64 " in the baseline: pairs share no luck, so "
                    "only larger changes can be seen.",
                    r->now->seed, r->before->seed);
}

static void note_samples(struct strbuf *out, const struct check_result *r)
{
    uint32_t a, b;

    if (!r->before || !r->samples_differ)
        return;
    a = r->before->nr_samples;
    b = r->now->nr_samples;
    strbuf_addf(out,
                "%" PRIu32 " %s here, %" PRIu32 " in the baseline: those that both have are "
                "compared.",
                b, r->now->samples ? "configurations" : "replications", a);
}

static void note_new(struct strbuf *out, const struct check_result *r)
{
    if (!r->before) {
        strbuf_addstr(out, "Not in the baseline: nothing to compare with; --update adds it.");
    } else if (r->nr[CHECK_NEW]) {
        strbuf_addstr(out, "Not in the baseline, --update adds them: ");
        names_of(out, r, CHECK_NEW);
        strbuf_addch(out, '.');
    }
}

static void note_gone(struct strbuf *out, const struct check_result *r)
{
    if (!r->nr[CHECK_GONE])
        return;
    strbuf_addstr(out, "In the baseline, but not measured any more: ");
    names_of(out, r, CHECK_GONE);
    strbuf_addch(out, '.');
}

static void note_missing(struct strbuf *out, const struct check_result *r)
{
    size_t nr = 0;

    for (size_t i = 0; i < r->nr_findings; i++)
        nr += r->findings[i].test.missing > 0;
    if (nr > 0)
        strbuf_addf(out,
                    "Of %zu figures some replications have a value on one side alone (nothing "
                    "completed, say); they are left out of the means of that figure.",
                    nr);
}

static void note_unsure(struct strbuf *out, const struct check_result *r)
{
    if (r->nr[CHECK_UNSURE])
        strbuf_addf(out, "%zu figures differ, but have fewer than %d pairs: no judgement.",
                    r->nr[CHECK_UNSURE], (int)PAIRED_LEAST);
}

bool check_words_note(struct strbuf *out, const struct check_result *r, size_t i)
{
    static void (*const notes[])(struct strbuf * out, const struct check_result *r) = {
        note_version, note_inputs, note_seed,    note_samples,
        note_new,     note_gone,   note_missing, note_unsure,
    };

    if (i >= sizeof(notes) / sizeof(notes[0]))
        return false;
    notes[i](out, r);
    return true;
}

const char *check_place(const struct check_item *item, unsigned long *line)
{
    const struct check_result *r = &item->result;

    for (size_t i = 0; i < r->nr_changes; i++)
        if (r->changes[i].file && r->changes[i].line && access(r->changes[i].file, R_OK) == 0) {
            *line = r->changes[i].line;
            return r->changes[i].file;
        }
    *line = 0;
    return item->path;
}
