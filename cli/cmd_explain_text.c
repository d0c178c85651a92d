/*
 * cmd_explain_text.c - an explanation on the terminal: sentences first, then tables.
 *
 * The sentences are answers/explain/explain_words.c's.  Without --verbose each table keeps to a few
 * lines and says what it left out.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "answers/explain/explain_words.h"
#include "base/units.h"
#include "cli/explain.h"
#include "reports/cell.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    MOMENTS_SHOWN = 18,
    ROUNDS_FIRST = 6, /* of long lists: the first and the last */
    ROUNDS_LAST = 3,
    SHARES_SHOWN = 6,
    HOSTS_SHOWN = 6
};

struct printer {
    struct strbuf *out;
    const struct cli_opts *o;
    const struct explain *e;
    bool verbose;
};

static void heading(const struct printer *p, const char *text)
{
    strbuf_addf(p->out, "\n%s%s%s\n", cli_style(p->o, CLI_BOLD), text, cli_style(p->o, CLI_PLAIN));
}

/* Text from names of outside, made safe, and wrapped. */
static void paragraph(const struct printer *p, const char *text, size_t used, size_t indent)
{
    struct strbuf safe = STRBUF_INIT;

    cell_add_text(&safe, text);
    cell_wrap(p->out, strbuf_text(&safe), used, indent, EXPLAIN_WIDTH);
    strbuf_release(&safe);
}

static void left_out(const struct printer *p, size_t nr)
{
    if (nr > 0)
        strbuf_addf(p->out, "  and %zu more; --verbose shows all\n", nr);
}

/* ---- sentences ---- */

static void add_verdict(const struct printer *p)
{
    struct mig_result room;
    const struct explain *e = p->e;
    const char *code = e->told ? code_of_migration(explain_row(e, &room)) : NULL;
    bool done = e->told && e->told->outcome == OUTCOME_COMPLETED;
    struct strbuf words = STRBUF_INIT;
    char word[64];

    snprintf(word, sizeof(word), "%s",
             !e->told ? "NOT ASKED"
             : done   ? "COMPLETED"
             : code   ? code
                      : "NOT COMPLETED");
    strbuf_addf(p->out, "%s%s%s: ", cli_style(p->o, done ? CLI_GOOD : CLI_BAD), word,
                cli_style(p->o, CLI_PLAIN));
    explain_verdict(e, &words);
    paragraph(p, strbuf_text(&words), strlen(word) + 2, 2);
    strbuf_release(&words);
}

static void add_story(const struct printer *p)
{
    struct strbuf words = STRBUF_INIT;
    char *line, *next;

    explain_story(p->e, &words);
    for (line = words.buf; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        strbuf_addstr(p->out, "  ");
        paragraph(p, line, 2, 4);
    }
    strbuf_release(&words);
}

/* ---- what would change it ---- */

static void add_try(const struct printer *p, const struct explain_try *t)
{
    char total[UNITS_TEXT], stop[UNITS_TEXT];

    strbuf_addstr(p->out, "  ");
    cell_add(p->out, t->what, 41, CELL_LEFT);
    strbuf_addf(p->out, " %-9s %12s %12s\n", outcome_name(t->outcome),
                t->over_ns < 0 ? "never" : units_time(total, t->over_ns),
                t->downtime_ns < 0 ? "-" : units_time(stop, t->downtime_ns));
}

static bool has_fixes(const struct explain *e)
{
    return e->fixed != EXPLAIN_NONE && e->run.nr_fixes > 0;
}

static void add_fixes(const struct printer *p)
{
    const struct explain *e = p->e;
    struct strbuf words = STRBUF_INIT;

    if (has_fixes(e) && words_advice(&words, &e->run, e->fixed)) {
        strbuf_addf(p->out, "  %s: ",
                    e->told->outcome == OUTCOME_COMPLETED ? "A stop within the limit needs"
                                                          : "Least single changes, the VM alone");
        paragraph(p, strbuf_text(&words), 40, 4);
    }
    strbuf_release(&words);
}

static void add_changes(const struct printer *p)
{
    const struct explain *e = p->e;
    struct explain_try as_is = {.what = "as it is"};

    if (!has_fixes(e) && e->nr_tries == 0)
        return;
    heading(p, "What would change it, each simulated");
    add_fixes(p);
    if (e->nr_tries == 0)
        return;
    strbuf_addf(p->out, "  %-41s %-9s %12s %12s\n", "", "end", "over after", "stop");
    as_is.outcome = e->end->outcome;
    as_is.over_ns = e->end->over_ns < 0 ? -1 : e->end->over_ns - e->end->asked_ns;
    as_is.downtime_ns = e->end->downtime_ns;
    add_try(p, &as_is);
    for (size_t i = 0; i < e->nr_tries; i++)
        add_try(p, &e->tries[i]);
}

/* ---- tables ---- */

static void add_moments(const struct printer *p)
{
    const struct explain *e = p->e;
    size_t nr = e->nr_moments, shown = p->verbose || nr <= MOMENTS_SHOWN ? nr : MOMENTS_SHOWN;
    char at[UNITS_TEXT];

    if (nr == 0)
        return;
    heading(p, "Timeline");
    for (size_t i = 0; i < nr; i++) {
        if (i == shown - 2 && shown < nr) { /* the end is worth more than the middle */
            strbuf_addf(p->out, "  %12s  ... %zu more; --verbose shows all\n", "", nr - shown);
            i = nr - 2;
        }
        strbuf_addf(p->out, "  %12s  ", units_time(at, e->moments[i].at_ns));
        paragraph(p, e->moments[i].what, 16, 18);
    }
}

/* Short, for a column. */
static const char *bound_words(enum binding bound)
{
    switch (bound) {
    case BINDING_CAP:
        return "cap";
    case BINDING_STREAM_CPU:
        return "one CPU";
    case BINDING_SCAN:
        return "zero scan";
    case BINDING_LINK:
        return "link";
    default:
        return "";
    }
}

static void add_round(const struct printer *p, const struct mig_round *r)
{
    const struct explain *e = p->e;
    enum binding bound = explain_round_bound(e, e->told, r->round);
    double rate = r->duration_ns > 0
                      ? (double)r->wire_bytes * (double)NS_PER_S / (double)r->duration_ns
                      : 0.0;
    char text[UNITS_TEXT];

    strbuf_addf(p->out, "  %5" PRIu32, r->round);
    strbuf_addf(p->out, " %9s", units_time(text, r->duration_ns));
    strbuf_addf(p->out, " %9s", units_size(text, r->wire_bytes));
    strbuf_addf(p->out, " %10s", units_rate(text, rate < 1e18 ? (uint64_t)rate : 0));
    strbuf_addf(p->out, " %9s", units_size(text, r->dirtied_bytes));
    strbuf_addf(p->out, " %9s", units_size(text, r->remaining_bytes));
    strbuf_addf(p->out, " %9s  ", units_size(text, r->threshold_bytes));
    strbuf_addstr(p->out, bound_words(bound));
    while (p->out->buf[p->out->len - 1] == ' ')
        p->out->buf[--p->out->len] = '\0';
    strbuf_addch(p->out, '\n');
}

static void add_rounds(const struct printer *p)
{
    const struct explain *e = p->e;
    size_t nr = e->told->nr_rounds;
    bool all = p->verbose || nr <= ROUNDS_FIRST + ROUNDS_LAST;

    if (nr == 0)
        return;
    heading(p, "Rounds");
    strbuf_addf(p->out, "  %5s %9s %9s %10s %9s %9s %9s  %s\n", "round", "length", "sent", "rate",
                "dirtied", "remaining", "threshold", "bound by");
    for (size_t i = 0; i < nr; i++) {
        if (!all && i == ROUNDS_FIRST) {
            strbuf_addf(p->out, "    ... %zu more; --verbose shows all\n",
                        nr - ROUNDS_FIRST - ROUNDS_LAST);
            i = nr - ROUNDS_LAST;
        }
        add_round(p, &e->rounds[e->told->first_round + i]);
    }
}

static void add_blackout(const struct printer *p)
{
    struct explain_part parts[EXPLAIN_PARTS];
    size_t nr = explain_blackout(p->e, parts);
    char text[UNITS_TEXT];

    if (nr == 0)
        return;
    heading(p, "Blackout");
    for (size_t i = 0; i < nr; i++)
        strbuf_addf(p->out, "  %12s  %s\n", units_time(text, parts[i].ns), parts[i].what);
}

static void add_shares(const struct printer *p)
{
    const struct explain *e = p->e;
    size_t shown = p->verbose || e->nr_shares <= SHARES_SHOWN ? e->nr_shares : SHARES_SHOWN;
    char from[UNITS_TEXT], to[UNITS_TEXT];
    struct strbuf words = STRBUF_INIT;

    if (e->nr_shares == 0)
        return;
    heading(p, "On the same link");
    for (size_t i = 0; i < shown; i++) {
        const struct explain_share *s = &e->shares[i];

        strbuf_clear(&words);
        cell_add_text(&words, s->vm);
        strbuf_addf(&words, " on %s", s->link);
        strbuf_addf(p->out, "  %12s to %-12s  ", units_time(from, s->from_ns),
                    units_time(to, s->to_ns));
        cell_wrap(p->out, strbuf_text(&words), 32, 34, EXPLAIN_WIDTH);
    }
    left_out(p, e->nr_shares - shown);
    strbuf_release(&words);
}

static void add_host(const struct printer *p, const struct watch_host *h,
                     const struct watch_place *at)
{
    const struct explain *e = p->e;
    const struct job job = {.vm = e->vm,
                            .wanted = at->asked,
                            .target = HOST_NONE,
                            .last_target = HOST_NONE,
                            .earlier_target = HOST_NONE};
    struct strbuf words = STRBUF_INIT;
    char size[UNITS_TEXT];

    strbuf_addstr(p->out, "  ");
    cell_add(p->out, e->sc->hosts[h->host].name, 20, CELL_LEFT);
    if (e->sc->hosts[h->host].memory_bytes > 0)
        strbuf_addf(p->out, " %10s free", units_size(size, h->free_bytes));
    else
        strbuf_addf(p->out, " %15s", "");
    strbuf_addf(p->out, ", %" PRIu32 " in %" PRIu32 " out  ", h->in, h->out);
    if (h->host == at->chosen)
        strbuf_addstr(&words, "chosen");
    else if (h->refusal == REFUSE_NOT)
        strbuf_addstr(&words, "would do");
    else
        placement_refusal_words(e->sim, &job, h->refusal, 0, &words);
    cell_wrap(p->out, strbuf_text(&words), 52, 52, EXPLAIN_WIDTH);
    strbuf_release(&words);
}

static void add_hosts(const struct printer *p)
{
    const struct explain *e = p->e;
    const struct watch_place *at = NULL;
    uint32_t shown;

    for (uint32_t i = 0; i < e->watch->nr_places; i++)
        if (e->watch->places[i].job == e->told->job)
            at = &e->watch->places[i];
    if (!at || (at->chosen != HOST_NONE && (at->asked != HOST_NONE || at->nr_hosts < 2)))
        return;
    heading(p,
            at->chosen == HOST_NONE ? "Hosts, nearest to fitting first" : "Hosts it could go to");
    shown = p->verbose || at->nr_hosts <= HOSTS_SHOWN ? at->nr_hosts : HOSTS_SHOWN;
    for (uint32_t i = 0; i < shown; i++)
        add_host(p, &at->hosts[i], at);
    if (shown < e->sc->nr_hosts - 1)
        strbuf_addf(p->out, "  and %" PRIu32 " more\n", e->sc->nr_hosts - 1 - shown);
}

static void add_origin(const struct printer *p)
{
    const struct run_result *run = &p->e->run;
    struct strbuf words = STRBUF_INIT;

    cell_add_text(&words, run->scenario);
    strbuf_addf(&words, ", seed %" PRIu64 ", %" PRIu32 " replication%s, migcast %s", run->seed,
                run->replications, run->replications == 1 ? "" : "s", run->version);
    strbuf_addch(p->out, '\n');
    cell_wrap(p->out, strbuf_text(&words), 0, 0, EXPLAIN_WIDTH);
    strbuf_release(&words);
}

void explain_print(struct strbuf *out, const struct cli_opts *o, const struct explain *e)
{
    struct printer p = {.out = out, .o = o, .e = e, .verbose = cli_flag(o, "verbose")};

    add_verdict(&p);
    if (e->end) {
        add_story(&p);
        add_changes(&p);
        add_hosts(&p);
        add_moments(&p);
        add_rounds(&p);
        add_blackout(&p);
        add_shares(&p);
    }
    add_origin(&p);
}
