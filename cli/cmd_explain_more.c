/*
 * cmd_explain_more.c - an operation, and a table of sensitivities, on the terminal.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"
#include "cli/explain.h"
#include "reports/cell.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    HOSTS_SHOWN = 10,
    MOVES_SHOWN = 20,
    BAR_WIDTH = 24,
    NAME_WIDTH = 28
};

static void heading(struct strbuf *out, const struct cli_opts *o, const char *text)
{
    strbuf_addf(out, "\n%s%s%s\n", cli_style(o, CLI_BOLD), text, cli_style(o, CLI_PLAIN));
}

static void add_origin(struct strbuf *out, const struct scenario *sc, uint32_t replications)
{
    struct strbuf words = STRBUF_INIT;

    cell_add_text(&words, sc->path);
    strbuf_addf(&words, ", seed %" PRIu64 ", %" PRIu32 " replication%s, migcast %s", sc->seed,
                replications, replications == 1 ? "" : "s", cli_version());
    strbuf_addch(out, '\n');
    cell_wrap(out, strbuf_text(&words), 0, 0, EXPLAIN_WIDTH);
    strbuf_release(&words);
}

/* Words with names of outside, after what stands on the line already. */
static void add_wrapped(struct strbuf *out, const char *words, size_t used, size_t indent)
{
    struct strbuf safe = STRBUF_INIT;

    cell_add_text(&safe, words);
    cell_wrap(out, strbuf_text(&safe), used, indent, EXPLAIN_WIDTH);
    strbuf_release(&safe);
}

/* ---- operations ---- */

static void add_op_spread(struct strbuf *words, const struct explain_op *x)
{
    struct stats_interval in = stats_proportion_interval(x->nr_done, x->run.replications, 0.95);
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];

    strbuf_addf(words,
                " All hosts are done in %zu of %" PRIu32
                " replications (95 %% interval: %.0f to %.0f %%)",
                x->nr_done, x->run.replications, 100.0 * in.low, 100.0 * in.high);
    if (isfinite(x->p50_ns))
        strbuf_addf(words, ", half of them within %s, 90 %% between %s and %s",
                    units_time(a, llround(x->p50_ns)), units_time(b, llround(x->p5_ns)),
                    units_time(c, llround(x->p95_ns)));
    strbuf_addf(words, "; this is replication %" PRIu32 ".", x->row->replication);
}

static void add_op_verdict(struct strbuf *out, const struct cli_opts *o, const struct explain_op *x)
{
    const struct op_result *r = x->row;
    bool done = r->ended_ns >= 0 && r->hosts_done == r->hosts;
    const char *word = done ? "DONE" : r->ended_ns >= 0 ? "PARTLY DONE" : "NOT DONE";
    struct strbuf words = STRBUF_INIT, stands = STRBUF_INIT;

    strbuf_addf(&words, "%s %s: ", r->kind, r->name);
    words_operation(&stands, r);
    strbuf_addf(&words, "%s.", strbuf_text(&stands));
    if (x->run.replications > 1)
        add_op_spread(&words, x);
    strbuf_addf(out, "%s%s%s: ", cli_style(o, done ? CLI_GOOD : CLI_BAD), word,
                cli_style(o, CLI_PLAIN));
    add_wrapped(out, strbuf_text(&words), strlen(word) + 2, 2);
    strbuf_release(&stands);
    strbuf_release(&words);
}

/* "db-7 waited 12 min, then took 3 min, limited by link" */
static void add_last(struct strbuf *out, const struct mig_result *r)
{
    char wait[UNITS_TEXT], took[UNITS_TEXT];

    strbuf_addstr(out, r->vm);
    if (r->started_ns >= 0) {
        strbuf_addf(out, " waited %s, then took %s", units_time(wait, r->started_ns - r->queued_ns),
                    units_time(took, r->total_ns));
        if (r->binding != BINDING_NONE)
            strbuf_addf(out, ", limited by %s", binding_name(r->binding));
    }
    if (r->outcome == OUTCOME_COMPLETED)
        return;
    strbuf_addf(out, "%s %s (%s)", r->started_ns >= 0 ? ":" : " did not move:", words_outcome(r),
                code_of_migration(r));
    if (r->reason)
        strbuf_addf(out, ", %s", r->reason);
}

static void add_op_reason(struct strbuf *out, const struct explain_op *x)
{
    const struct explain_op_host *h = &x->hosts[0];
    struct strbuf words = STRBUF_INIT;
    char end[UNITS_TEXT], next[UNITS_TEXT];

    if (x->nr_hosts == 0 || !h->any)
        return;
    if (h->empty_ns < 0)
        strbuf_addf(&words, "%s holds it up: %" PRIu32 " of its %" PRIu32 " VMs left, and ",
                    h->host, h->gone, h->vms);
    else
        strbuf_addf(&words, "%s is empty last, at %s: ", h->host, units_time(end, h->empty_ns));
    add_last(&words, &h->last);
    if (h->empty_ns >= 0 && x->nr_hosts > 1 && x->hosts[1].empty_ns >= 0)
        strbuf_addf(&words, ". The one before it, %s, at %s", x->hosts[1].host,
                    units_time(next, x->hosts[1].empty_ns));
    strbuf_addch(&words, '.');
    strbuf_addstr(out, "  ");
    add_wrapped(out, strbuf_text(&words), 2, 4);
    strbuf_clear(&words);
    strbuf_addf(&words, "Why: migcast explain vm %s %s%s", h->last.vm, x->sc->path,
                x->run.replications > 1 ? " --replication " : "");
    if (x->run.replications > 1)
        strbuf_addf(&words, "%" PRIu32, x->row->replication);
    strbuf_addstr(out, "  ");
    add_wrapped(out, strbuf_text(&words), 2, 4);
    strbuf_release(&words);
}

/* The goals of the scenario: does it fit the window? */
static void add_op_goals(struct strbuf *out, const struct explain_op *x)
{
    struct strbuf words = STRBUF_INIT;

    for (size_t i = 0; i < x->run.nr_thresholds; i++) {
        const struct threshold_result *th = &x->run.thresholds[i];

        strbuf_clear(&words);
        strbuf_addf(&words, "Goal %s: %s, ", th->text, words_judgement(th));
        words_measured(&words, th);
        strbuf_addch(&words, '.');
        strbuf_addstr(out, "  ");
        add_wrapped(out, strbuf_text(&words), 2, 4);
    }
    strbuf_release(&words);
}

static void add_op_hosts(struct strbuf *out, const struct cli_opts *o, const struct explain_op *x)
{
    size_t shown = cli_flag(o, "verbose") || x->nr_hosts <= HOSTS_SHOWN ? x->nr_hosts : HOSTS_SHOWN;
    struct strbuf words = STRBUF_INIT;
    char end[UNITS_TEXT];

    heading(out, o, "Hosts, the latest first");
    for (size_t i = 0; i < shown; i++) {
        const struct explain_op_host *h = &x->hosts[i];

        strbuf_addstr(out, "  ");
        cell_add(out, h->host, 16, CELL_LEFT);
        strbuf_addf(out, " %3" PRIu32 " of %3" PRIu32 " gone, empty %-12s ", h->gone, h->vms,
                    !h->any           ? "from start"
                    : h->empty_ns < 0 ? "never"
                                      : units_time(end, h->empty_ns));
        strbuf_clear(&words);
        if (h->any)
            add_last(&words, &h->last);
        add_wrapped(out, strbuf_text(&words), 55, 22);
    }
    if (shown < x->nr_hosts)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", x->nr_hosts - shown);
    strbuf_release(&words);
}

void explain_print_op(struct strbuf *out, const struct cli_opts *o, const struct explain_op *x)
{
    add_op_verdict(out, o, x);
    add_op_goals(out, x);
    add_op_reason(out, x);
    add_op_hosts(out, o, x);
    add_origin(out, x->sc, x->run.replications);
}

/* ---- hosts ---- */

static void add_flow(struct strbuf *words, const struct explain_flow *f, const char *verb)
{
    char last[UNITS_TEXT], sent[UNITS_TEXT];

    if (f->attempts == 0) {
        strbuf_addf(words, "Nothing %s.", verb);
        return;
    }
    strbuf_addf(words, "%" PRIu32 " %s in %" PRIu32 " %s, at most %" PRIu32 " at once, %s sent",
                f->completed, verb, f->attempts, f->attempts == 1 ? "attempt" : "attempts", f->most,
                units_size(sent, f->bytes));
    if (f->last_ns >= 0)
        strbuf_addf(words, "; the last by %s", units_time(last, f->last_ns));
    strbuf_addch(words, '.');
}

static void add_host_story(struct strbuf *out, const struct explain_host *h)
{
    const struct scn_host *host = &h->sc->hosts[h->host];
    struct strbuf words = STRBUF_INIT;
    char used[UNITS_TEXT], all[UNITS_TEXT];

    strbuf_addf(&words, "%s has %" PRIu32 " %s of %s at the start", host->name, h->vms,
                h->vms == 1 ? "VM" : "VMs", units_size(used, h->memory_bytes));
    if (host->memory_bytes > 0)
        strbuf_addf(&words, ", of its own %s", units_size(all, host->memory_bytes));
    strbuf_addstr(&words, ". ");
    add_flow(&words, &h->out, "left");
    strbuf_addch(&words, ' ');
    add_flow(&words, &h->in, "came");
    add_wrapped(out, strbuf_text(&words), 0, 2);
    strbuf_release(&words);
}

static void add_host_move(struct strbuf *out, const struct explain_host *h,
                          const struct mig_result *r)
{
    bool leaves = r->source_id == h->host;
    const char *other = leaves ? r->target : r->source;
    struct strbuf words = STRBUF_INIT;
    char at[UNITS_TEXT], took[UNITS_TEXT];

    strbuf_addf(out, "  %12s  ", r->started_ns < 0 ? "not begun" : units_time(at, r->started_ns));
    strbuf_addf(&words, "%s %s %s", r->vm, leaves ? "to" : "from", other ? other : "nowhere");
    if (r->started_ns >= 0)
        strbuf_addf(&words, ", %s", units_time(took, r->total_ns));
    strbuf_addf(&words, ", %s", words_outcome(r));
    if (code_of_migration(r))
        strbuf_addf(&words, " (%s)", code_of_migration(r));
    add_wrapped(out, strbuf_text(&words), 16, 18);
    strbuf_release(&words);
}

void explain_print_host(struct strbuf *out, const struct cli_opts *o, const struct explain_host *h)
{
    size_t shown = cli_flag(o, "verbose") || h->nr_moves <= MOVES_SHOWN ? h->nr_moves : MOVES_SHOWN;

    add_host_story(out, h);
    if (shown > 0)
        heading(out, o, "Moves from it and to it");
    for (size_t i = 0; i < shown; i++)
        add_host_move(out, h, &h->moves[i]);
    if (shown < h->nr_moves)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", h->nr_moves - shown);
    add_origin(out, h->sc, 1);
}

/* ---- sensitivity ---- */

static double finite_or(double x, double instead)
{
    return isfinite(x) ? x : instead;
}

/* From the least to the largest value of all rows. */
static void find_range(const struct sensitivity *s, double *least, double *most)
{
    *least = *most = finite_or(s->base.value, 0.0);
    for (size_t i = 0; i < s->nr; i++) {
        const double ends[] = {s->rows[i].low.value, s->rows[i].high.value};

        for (int k = 0; k < 2; k++) {
            *least = fmin(*least, finite_or(ends[k], *least));
            *most = fmax(*most, finite_or(ends[k], *most));
        }
    }
}

static size_t column(double value, double least, double most)
{
    if (!isfinite(value) || most <= least)
        return 0;
    return (size_t)llround((value - least) / (most - least) * (BAR_WIDTH - 1));
}

/* '-' from the low end, '+' from the high end, '|' as it is. */
static void add_bar(struct strbuf *out, const struct sensitivity *s,
                    const struct sensitivity_row *r, double least, double most)
{
    char bar[BAR_WIDTH + 1];
    size_t base = column(s->base.value, least, most);
    const struct {
        double value;
        char mark;
    } ends[] = {{r->low.value, '-'}, {r->high.value, '+'}};

    memset(bar, ' ', BAR_WIDTH);
    bar[BAR_WIDTH] = '\0';
    for (int k = 0; k < 2; k++) {
        size_t at = column(ends[k].value, least, most);

        if (!isfinite(ends[k].value))
            continue;
        for (size_t c = at < base ? at : base; c <= (at < base ? base : at); c++)
            bar[c] = bar[c] == ' ' || bar[c] == ends[k].mark ? ends[k].mark : '#';
    }
    bar[base] = '|';
    strbuf_addstr(out, bar);
}

static void add_value_cell(struct strbuf *out, const struct measured *m)
{
    struct strbuf words = STRBUF_INIT;

    if (isnan(m->value))
        strbuf_addstr(&words, "none");
    else
        words_value(&words, m->value, m->unit);
    strbuf_addch(out, ' ');
    cell_add(out, strbuf_text(&words), 11, CELL_RIGHT);
    strbuf_release(&words);
}

static void add_row(struct strbuf *out, const struct sensitivity *s,
                    const struct sensitivity_row *r, double least, double most)
{
    strbuf_addstr(out, "  ");
    cell_add(out, r->input->name, NAME_WIDTH, CELL_LEFT);
    add_value_cell(out, &r->low);
    strbuf_addch(out, ' ');
    add_bar(out, s, r, least, most);
    add_value_cell(out, &r->high);
    strbuf_addch(out, '\n');
}

static void add_finding(struct strbuf *out, const struct sensitivity *s)
{
    const struct sensitivity_row *top = s->nr ? &s->rows[0] : NULL;
    struct strbuf words = STRBUF_INIT;

    measure_print(&s->measure, &words);
    strbuf_addstr(&words, " is ");
    if (isnan(s->base.value))
        strbuf_addstr(&words, "unknown: no migration has it");
    else
        words_value(&words, s->base.value, s->base.unit);
    if (!top || !(top->swing > 0.0)) {
        strbuf_addstr(&words, "; no uncertain input moves it.");
    } else {
        strbuf_addf(&words, "; what moves it most is %s: ", top->input->name);
        words_value(&words, top->low.value, top->low.unit);
        strbuf_addf(&words, " at x%g, ", top->input->low);
        words_value(&words, top->high.value, top->high.unit);
        strbuf_addf(&words, " at x%g (%s).", top->input->high, top->input->why);
    }
    add_wrapped(out, strbuf_text(&words), 0, 2);
    strbuf_release(&words);
}

void explain_print_tornado(struct strbuf *out, const struct cli_opts *o,
                           const struct sensitivity *s)
{
    struct strbuf words = STRBUF_INIT;
    double least, most;

    find_range(s, &least, &most);
    add_finding(out, s);
    heading(out, o, "One input at a time; - at its low end, + at its high end, | as it is");
    for (size_t i = 0; i < s->nr; i++)
        add_row(out, s, &s->rows[i], least, most);
    strbuf_addstr(out, "\nEnds, times what the scenario says:\n");
    for (size_t i = 0; i < s->nr; i++) {
        const struct sensitivity_input *in = s->rows[i].input;

        strbuf_addstr(out, "  ");
        cell_add(out, in->name, NAME_WIDTH, CELL_LEFT);
        strbuf_clear(&words);
        strbuf_addf(&words, " x%g to x%g: %s", in->low, in->high, in->why);
        cell_wrap(out, strbuf_text(&words), 2 + NAME_WIDTH, 4 + NAME_WIDTH, EXPLAIN_WIDTH);
    }
    strbuf_release(&words);
    add_origin(out, s->sc, s->replications);
}
