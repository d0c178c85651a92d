/*
 * check_text.c - `migcast check` for the terminal and as Markdown.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/check_print.h"
#include "reports/cell.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    VMS_SHOWN = 10,
    INPUTS_SHOWN = 6,
    VALUE_WIDTH = 14,
    TEXT_WIDTH = 80
};

static enum cli_style style_of(enum check_verdict verdict)
{
    return verdict == CHECK_REGRESSED  ? CLI_BAD
           : verdict == CHECK_IMPROVED ? CLI_GOOD
           : verdict == CHECK_SAME     ? CLI_DIM
                                       : CLI_WARN;
}

static const char *loud(enum check_verdict verdict)
{
    return verdict == CHECK_REGRESSED  ? "REGRESSED"
           : verdict == CHECK_IMPROVED ? "IMPROVED"
           : verdict == CHECK_NEW      ? "NEW"
                                       : "NO CHANGE";
}

/* ---- terminal ---- */

static void add_value_cell(struct strbuf *out, double value, enum value_unit unit)
{
    struct strbuf words = STRBUF_INIT;

    check_words_value(&words, value, unit);
    cell_add(out, strbuf_text(&words), VALUE_WIDTH, CELL_RIGHT);
    strbuf_addstr(out, "  ");
    strbuf_release(&words);
}

static void add_row(struct strbuf *out, const struct check_view *v, const struct check_finding *f)
{
    struct strbuf words = STRBUF_INIT;

    strbuf_addstr(out, "  ");
    cell_add(out, f->measure, f->vm ? 32 : 24, CELL_LEFT);
    add_value_cell(out, f->test.before, f->unit);
    add_value_cell(out, f->test.now, f->unit);
    strbuf_addf(out, "%s", cli_style(v->o, style_of(f->verdict)));
    cell_add(out, check_verdict_name(f->verdict), 13, CELL_LEFT);
    strbuf_addf(out, "%s", cli_style(v->o, CLI_PLAIN));
    check_words_change(&words, f);
    if (f->test.now != f->test.before && f->test.n > 0) {
        strbuf_addstr(&words, ", ");
        check_words_p(&words, f);
    }
    strbuf_addf(out, "  %s\n", strbuf_text(&words));
    strbuf_release(&words);
}

/* Nothing to read about, unless all is wanted: without change, or told in the notes. */
static bool is_quiet(const struct check_view *v, const struct check_finding *f)
{
    return !cli_flag(v->o, "verbose") && (f->verdict == CHECK_SAME || f->verdict >= CHECK_NEW);
}

static bool all_equal(const struct check_result *r)
{
    for (size_t i = 0; i < r->nr_findings; i++) {
        const struct check_finding *f = &r->findings[i];

        if (f->verdict != CHECK_SAME || (f->test.n > 0 && f->test.now != f->test.before))
            return false;
    }
    return true;
}

/* Measures without change, with what can be seen of a difference: "downtime.p50 +0.20 % (...)". */
static void add_unchanged(struct strbuf *out, const struct check_view *v,
                          const struct check_result *r)
{
    struct strbuf words = STRBUF_INIT;

    for (size_t i = 0; i < r->nr_wholes; i++) {
        const struct check_finding *f = &r->findings[i];

        if (f->verdict != CHECK_SAME || !is_quiet(v, f))
            continue;
        strbuf_addstr(&words, words.len ? ", " : "no change: ");
        cell_add_text(&words, f->measure);
        if (f->test.n > 0 && f->test.now != f->test.before) {
            strbuf_addch(&words, ' ');
            check_words_change(&words, f);
        }
    }
    if (words.len > 0) {
        strbuf_addstr(out, "\n  ");
        cell_wrap(out, strbuf_text(&words), 2, 2, TEXT_WIDTH);
    }
    strbuf_release(&words);
}

static void add_wholes(struct strbuf *out, const struct check_view *v, const struct check_result *r)
{
    size_t shown = 0;

    for (size_t i = 0; i < r->nr_wholes; i++) {
        if (is_quiet(v, &r->findings[i]))
            continue;
        if (shown++ == 0)
            strbuf_addf(out, "\n  %-24s%*s  %*s  %-13s  change (95 %%), p corrected\n", "measure",
                        VALUE_WIDTH, "before", VALUE_WIDTH, "now", "verdict");
        add_row(out, v, &r->findings[i]);
    }
}

static void add_parts(struct strbuf *out, const struct check_view *v, const struct check_result *r)
{
    size_t changed = 0, shown = 0;
    bool all = cli_flag(v->o, "verbose");

    for (size_t i = r->nr_wholes; i < r->nr_findings; i++)
        changed += r->findings[i].verdict <= CHECK_IMPROVED;
    if (r->nr_findings == r->nr_wholes || (changed == 0 && !all))
        return;
    strbuf_addf(out, "\n  %zu of %zu figures of VMs changed\n", changed,
                r->nr_findings - r->nr_wholes);
    for (size_t i = r->nr_wholes; i < r->nr_findings; i++) {
        if (!all && (r->findings[i].verdict > CHECK_IMPROVED || shown == VMS_SHOWN))
            continue;
        add_row(out, v, &r->findings[i]);
        shown++;
    }
    if (!all && shown < changed)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", changed - shown);
}

static void add_inputs(struct strbuf *out, const struct check_view *v, const struct check_result *r)
{
    size_t most = cli_flag(v->o, "verbose") ? r->nr_changes : INPUTS_SHOWN;
    struct strbuf words = STRBUF_INIT;

    if (r->nr_changes > 0)
        strbuf_addf(out, "  Inputs that are not as in the baseline:\n");
    for (size_t i = 0; i < r->nr_changes && i < most; i++) {
        const struct check_change *c = &r->changes[i];

        strbuf_addstr(out, "    ");
        check_words_input(out, c);
        if (c->file) {
            strbuf_addstr(out, "   ");
            cell_add_text(out, c->file);
            if (c->line)
                strbuf_addf(out, ":%lu", c->line);
        }
        strbuf_addch(out, '\n');
        check_words_share(&words, r, c);
        if (words.len > 0)
            strbuf_addf(out, "      %s\n", strbuf_text(&words));
        strbuf_clear(&words);
    }
    strbuf_release(&words);
    if (r->nr_changes > most)
        strbuf_addf(out, "    and %zu more; --verbose shows all\n", r->nr_changes - most);
}

static void add_notes(struct strbuf *out, const struct check_result *r, const char *before,
                      const char *after)
{
    struct strbuf words = STRBUF_INIT;

    for (size_t i = 0; check_words_note(&words, r, i); i++) {
        if (words.len > 0)
            strbuf_addf(out, "%s%s%s", before, strbuf_text(&words), after);
        strbuf_clear(&words);
    }
    strbuf_release(&words);
}

void check_add_text(struct strbuf *out, const struct check_view *v)
{
    for (size_t i = 0; i < v->nr; i++) {
        const struct check_result *r = &v->items[i].result;
        enum check_verdict verdict = check_whole_verdict(r);

        strbuf_addf(out, "%s%s%s%s: ", i ? "\n" : "", cli_style(v->o, style_of(verdict)),
                    loud(verdict), cli_style(v->o, CLI_PLAIN));
        cell_add_text(out, v->items[i].path);
        if (r->before) {
            strbuf_addstr(out, ": ");
            check_words_counts(out, r);
        }
        strbuf_addstr(out, ".\n");
        add_notes(out, r, "  ", "\n");
        add_inputs(out, v, r);
        if (r->before && all_equal(r) && !cli_flag(v->o, "verbose")) {
            strbuf_addstr(out, "  All values are the same to the last digit.\n");
        } else if (r->before) {
            add_wholes(out, v, r);
            add_parts(out, v, r);
            add_unchanged(out, v, r);
        }
        strbuf_addf(out,
                    "  %" PRIu32 " %s, seed %" PRIu64 ", false alarms at most %.3g %%, noise "
                    "floor %.3g %%, baseline ",
                    r->now->nr_samples, r->now->samples ? "configurations" : "replications",
                    r->now->seed, 100.0 * r->alpha, 100.0 * r->noise);
        cell_add_text(out, v->baseline);
        strbuf_addch(out, '\n');
    }
}

/* ---- Markdown ---- */

static const char *in_cell(const char *at)
{
    switch (*at) {
    case '|':
        return "\\|";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '`':
        return "'";
    case '*':
        return "\\*";
    case '_':
        return "\\_";
    case '[':
        return "\\[";
    case '\n':
        return " ";
    default:
        return NULL;
    }
}

static void add_markdown_row(struct strbuf *out, const struct check_finding *f)
{
    struct strbuf words = STRBUF_INIT;

    strbuf_addf(out, "| %s%s | ",
                f->verdict == CHECK_REGRESSED  ? "\xe2\x9d\x8c "
                : f->verdict == CHECK_IMPROVED ? "\xe2\x9c\x85 "
                                               : "",
                check_verdict_name(f->verdict));
    words_escape(out, f->measure, in_cell);
    strbuf_addstr(out, " | ");
    check_words_value(out, f->test.before, f->unit);
    strbuf_addstr(out, " | ");
    check_words_value(out, f->test.now, f->unit);
    strbuf_addstr(out, " | ");
    check_words_change(out, f);
    strbuf_addstr(out, " | ");
    check_words_p(&words, f);
    words_escape(out, strbuf_text(&words), in_cell);
    strbuf_addstr(out, " |\n");
    strbuf_release(&words);
}

void check_add_markdown(struct strbuf *out, const struct check_view *v)
{
    for (size_t i = 0; i < v->nr; i++) {
        const struct check_result *r = &v->items[i].result;
        struct strbuf words = STRBUF_INIT;
        size_t parts = 0;

        strbuf_addf(out, "%s### %s: ", i ? "\n" : "", loud(check_whole_verdict(r)));
        words_escape(out, v->items[i].path, in_cell);
        strbuf_addstr(out, "\n\n");
        if (r->before) {
            check_words_counts(out, r);
            strbuf_addstr(out, ".\n\n");
        }
        check_words_why(&words, r, INPUTS_SHOWN);
        if (words.len > 0) {
            words_escape(out, strbuf_text(&words), in_cell);
            strbuf_addstr(out, "\n\n");
        }
        add_notes(out, r, "- ", "\n");
        strbuf_release(&words);
        if (!r->before)
            continue;
        strbuf_addstr(out, "\n| | measure | before | now | change (95 %) | p, corrected |\n"
                           "| --- | --- | ---: | ---: | ---: | --- |\n");
        for (size_t k = 0; k < r->nr_findings; k++)
            if (k < r->nr_wholes ||
                (r->findings[k].verdict <= CHECK_IMPROVED && parts++ < VMS_SHOWN))
                add_markdown_row(out, &r->findings[k]);
    }
}
