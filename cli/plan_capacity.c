/*
 * plan_capacity.c - `migcast plan --smallest-link, --spare, --latest-start`: how much is needed?
 *
 * answers/plan/capacity.h searches; here are the words.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "answers/plan/capacity.h"
#include "base/json_text.h"
#include "base/units.h"
#include "cli/plan_print.h"
#include "reports/cell.h"

#include "base/banned.h"

struct question {
    const char *option;
    enum capacity_kind kind;
};

static const struct question questions[] = {
    {"smallest-link", CAPACITY_LINK},
    {"spare", CAPACITY_SPARE},
    {"latest-start", CAPACITY_START},
};

enum {
    NR_QUESTIONS = sizeof(questions) / sizeof(questions[0]),
    LINES_SHOWN = 12
};

/* ---- text ---- */

static void add_proof(struct strbuf *out, const struct capacity *c)
{
    strbuf_addf(out, " (%u of %u fresh replications went well, a share of %.3g to %.3g %%).",
                c->hits, c->n, 100.0 * c->share.low, 100.0 * c->share.high);
}

static void add_bound(struct strbuf *out, const struct capacity *c)
{
    if (c->why) {
        strbuf_addstr(out, "; migrations fail: ");
        cell_add_text(out, c->why);
    } else if (c->binding != BINDING_NONE) {
        strbuf_addf(out, "; they are bound by the %s", binding_name(c->binding));
    }
    strbuf_addch(out, '.');
}

/* Each link and card with what it needs, where they have different rates. */
static void add_rates(struct strbuf *out, const struct capacity *c, const char *only)
{
    char now[UNITS_TEXT], then[UNITS_TEXT];
    uint32_t shown = 0;

    for (uint32_t i = 0; i < c->sc.nr_links && shown < LINES_SHOWN; i++) {
        double bps = uncertain_mid(&c->sc.links[i].rate_bps);

        if (only && strcmp(only, c->sc.links[i].name) != 0)
            continue;
        strbuf_addstr(out, "  link ");
        cell_add_text(out, c->sc.links[i].name);
        strbuf_addf(out, ": %s -> %s\n", units_bps(now, uncertain_u64(bps)),
                    units_bps(then, uncertain_u64(bps * c->value)));
        shown++;
    }
    for (uint32_t i = 0; i < c->sc.nr_hosts && shown < LINES_SHOWN && !only; i++) {
        uint64_t bps = c->sc.hosts[i].nic_bps;

        if (bps == UNITS_UNLIMITED || (i > 0 && bps == c->sc.hosts[i - 1].nic_bps))
            continue;
        strbuf_addstr(out, "  card of ");
        cell_add_text(out, c->sc.hosts[i].name);
        strbuf_addf(out, " and those like it: %s -> %s\n", units_bps(now, bps),
                    units_bps(then, uncertain_u64((double)bps * c->value)));
        shown++;
    }
}

static void link_text(const struct cli_opts *o, struct strbuf *out, const struct capacity *c)
{
    const char *only = cli_value(o, "link"), *window = cli_value(o, "smallest-link");
    char rate[UNITS_TEXT], head[UNITS_TEXT + 24];
    struct strbuf words = STRBUF_INIT;

    if (!c->found) {
        strbuf_addf(&words, " is fast enough for %s", window);
        add_bound(&words, c);
        plan_say(o, CLI_BAD, "NO LINK", strbuf_text(&words), out);
        strbuf_release(&words);
        return;
    }
    if (c->rate_bps > 0.0)
        units_bps(head, uncertain_u64(c->value * c->rate_bps));
    else
        snprintf(head, sizeof(head), "%.3g TIMES TODAY'S RATES", c->value);
    strbuf_addf(&words, " is the smallest migration link for %s", window);
    add_proof(&words, c);
    if (c->rate_bps > 0.0)
        strbuf_addf(&words, " Now it is %s", units_bps(rate, uncertain_u64(c->rate_bps)));
    if (c->rate_bps > 0.0 && c->usual_bps > 0.0)
        strbuf_addf(&words, "; the next speed on sale is %s",
                    units_bps(rate, uncertain_u64(c->usual_bps)));
    if (c->rate_bps > 0.0)
        strbuf_addch(&words, '.');
    plan_say(o, CLI_GOOD, head, strbuf_text(&words), out);
    strbuf_release(&words);
    add_rates(out, c, only);
}

static bool same_memory(const struct capacity *c)
{
    for (uint32_t i = 1; i < c->sc.nr_hosts; i++)
        if (c->sc.hosts[i].memory_bytes != c->sc.hosts[0].memory_bytes)
            return false;
    return true;
}

static double spare_bytes(const struct capacity *c, double factor)
{
    return fmax(0.0, c->host_bytes * factor - c->guest_bytes);
}

static void add_hosts(struct strbuf *out, const struct cli_opts *o, const struct capacity *c)
{
    uint64_t k = 0;

    units_parse_u64(cli_value(o, "spare"), &k, NULL);
    for (uint64_t i = 0; i < k && i < LINES_SHOWN; i++) {
        strbuf_addstr(out, i ? ", " : "");
        cell_add_text(out, c->sc.hosts[c->hosts[i]].name);
    }
}

static void add_spare(const struct cli_opts *o, struct strbuf *out, const struct capacity *c)
{
    char need[UNITS_TEXT], have[UNITS_TEXT];

    strbuf_addf(out, ": any %s of %u hosts can be emptied at once with %s free in all; now %s are.",
                cli_value(o, "spare"), c->sc.nr_hosts,
                units_size(need, (uint64_t)spare_bytes(c, c->value)),
                units_size(have, (uint64_t)spare_bytes(c, 1.0)));
    if (same_memory(c))
        strbuf_addf(out, " That is %s a host (now %s).",
                    units_size(need, (uint64_t)((double)c->sc.hosts[0].memory_bytes * c->value)),
                    units_size(have, c->sc.hosts[0].memory_bytes));
    else
        strbuf_addf(out, " That is %.3g times the memory of each host.", c->value);
    strbuf_addstr(out, " Hardest to empty: ");
    add_hosts(out, o, c);
    strbuf_addf(out, "; %s%u sets of hosts tried.", c->all_sets ? "all " : "", c->nr_sets);
    if (c->full)
        strbuf_addstr(out, " Less would not hold the guests where they are now.");
}

static void spare_text(const struct cli_opts *o, struct strbuf *out, const struct capacity *c)
{
    struct strbuf words = STRBUF_INIT;

    if (c->found) {
        add_spare(o, &words, c);
    } else {
        strbuf_addf(&words, " is enough to empty any %s of %u hosts at once", cli_value(o, "spare"),
                    c->sc.nr_hosts);
        add_bound(&words, c);
    }
    plan_say(o, c->present ? CLI_GOOD : CLI_BAD,
             !c->found    ? "NO MEMORY"
             : c->present ? "ENOUGH SPARE"
                          : "TOO LITTLE SPARE",
             strbuf_text(&words), out);
    strbuf_release(&words);
}

static void start_text(const struct cli_opts *o, struct strbuf *out, const struct capacity *c)
{
    const char *deadline = cli_value(o, "latest-start");
    char when[UNITS_TEXT], head[UNITS_TEXT + 16] = "TOO LATE";
    struct strbuf words = STRBUF_INIT;

    if (c->found) {
        snprintf(head, sizeof(head), "START BY %s", units_time(when, llround(c->value)));
        strbuf_addf(&words, " after the scenario's beginning to be done before %s", deadline);
        add_proof(&words, c);
    } else {
        strbuf_addf(&words, ": whenever it starts, it is not surely done before %s", deadline);
        add_bound(&words, c);
    }
    plan_say(o, c->found ? CLI_GOOD : CLI_BAD, head, strbuf_text(&words), out);
    strbuf_release(&words);
}

static void add_text(const struct cli_opts *o, struct strbuf *out, const struct capacity *c,
                     enum capacity_kind kind)
{
    if (kind == CAPACITY_LINK)
        link_text(o, out, c);
    else if (kind == CAPACITY_SPARE)
        spare_text(o, out, c);
    else
        start_text(o, out, c);
    strbuf_addf(out, "\n%u simulations.\n", c->runs);
}

/* What was enough when the search was interrupted. */
static void add_so_far(const struct cli_opts *o, struct strbuf *out, const struct capacity *c,
                       enum capacity_kind kind)
{
    struct strbuf words = STRBUF_INIT;
    char buf[UNITS_TEXT];

    if (c->so_far < 0.0)
        strbuf_addstr(&words, " that is enough when interrupted.");
    else if (kind == CAPACITY_START)
        strbuf_addf(&words, ": a start at %s was early enough, unconfirmed.",
                    units_time(buf, llround(c->so_far)));
    else if (kind == CAPACITY_SPARE)
        strbuf_addf(&words, ": %s of spare memory were enough for the hosts tried, unconfirmed.",
                    units_size(buf, (uint64_t)spare_bytes(c, c->so_far)));
    else if (c->rate_bps > 0.0)
        strbuf_addf(&words, ": %s were enough, unconfirmed.",
                    units_bps(buf, uncertain_u64(c->so_far * c->rate_bps)));
    else
        strbuf_addf(&words, ": %.3g times today's rates were enough, unconfirmed.", c->so_far);
    plan_say(o, CLI_WARN, c->so_far < 0.0 ? "NOTHING FOUND" : "SO FAR", strbuf_text(&words), out);
    strbuf_release(&words);
}

/* ---- JSON ---- */

static void add_number(struct strbuf *out, const char *key, double value, bool known)
{
    json_put_double(out, key, known ? value : NAN);
}

static void add_json(const struct cli_opts *o, struct strbuf *out, const struct capacity *c,
                     const struct question *q)
{
    bool is_link = q->kind == CAPACITY_LINK, is_spare = q->kind == CAPACITY_SPARE;
    uint64_t k = 0;

    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "scenario", o->args[0]);
    json_put_text(out, "digest", c->sc.digest);
    json_put_u64(out, "seed", c->sc.seed);
    json_put_text(out, "question", q->option);
    json_put_text(out, "asked", cli_value(o, q->option));
    json_put_bool(out, "found", c->found);
    add_number(out, "so_far", c->so_far, !c->found && c->so_far >= 0.0);
    json_key(out, "present_is_enough");
    if (q->kind == CAPACITY_START)
        json_add_text(out, NULL);
    else
        json_add_bool(out, c->present);
    add_number(out, "factor", c->value, c->found && q->kind != CAPACITY_START);
    add_number(out, "rate_bps", c->value * c->rate_bps, c->found && is_link && c->rate_bps > 0.0);
    add_number(out, "usual_rate_bps", c->usual_bps, c->found && is_link && c->usual_bps > 0.0);
    add_number(out, "spare_bytes", spare_bytes(c, c->value), c->found && is_spare);
    add_number(out, "present_spare_bytes", spare_bytes(c, 1.0), is_spare);
    add_number(out, "start_s", c->value / 1e9, c->found && q->kind == CAPACITY_START);
    json_key(out, "hosts");
    strbuf_addch(out, '[');
    if (is_spare)
        units_parse_u64(cli_value(o, "spare"), &k, NULL);
    for (uint64_t i = 0; i < k && c->found; i++) {
        json_next(out);
        json_add_text(out, c->sc.hosts[c->hosts[i]].name);
    }
    strbuf_addch(out, ']');
    json_put_u64(out, "hits", c->hits);
    json_put_u64(out, "replications", c->n);
    json_put_pair(out, "probability", c->share.low, c->share.high);
    json_put_text(out, "binding", c->found ? NULL : binding_key(c->binding));
    json_put_u64(out, "simulations", c->runs);
    strbuf_addstr(out, "}\n");
}

/* ---- the command ---- */

bool plan_capacity_asked(const struct cli_opts *o)
{
    for (size_t i = 0; i < NR_QUESTIONS; i++)
        if (cli_value(o, questions[i].option))
            return true;
    return false;
}

static enum status read_question(const struct cli_opts *o, struct capacity_options *options,
                                 const struct question **question, struct diag *diag)
{
    const char *text;
    uint64_t hosts = 0;

    for (size_t i = 0; i < NR_QUESTIONS; i++) {
        if (!cli_value(o, questions[i].option))
            continue;
        if (*question)
            return diag_set(diag, ST_EUSAGE, "--%s and --%s are two questions", (*question)->option,
                            questions[i].option);
        *question = &questions[i];
    }
    text = cli_value(o, (*question)->option);
    options->kind = (*question)->kind;
    options->link = cli_value(o, "link");
    if (options->kind == CAPACITY_SPARE) {
        if (units_parse_u64(text, &hosts, NULL) != ST_OK || hosts == 0 || hosts > UINT32_MAX)
            return diag_set(diag, ST_EUSAGE, "--spare takes a number of hosts, not '%s'", text);
        options->nr_hosts = (uint32_t)hosts;
    } else if (units_parse_time(text, &options->limit_ns, diag) != ST_OK ||
               options->limit_ns <= 0) {
        return diag_set(diag, ST_EUSAGE, "--%s takes a time as 2h, not '%s'", (*question)->option,
                        text);
    }
    return ST_OK;
}

enum status plan_capacity(struct cli_opts *o, const struct plan_options *from, struct diag *diag)
{
    struct capacity_options options = {.base = from->base,
                                       .replications = from->replications,
                                       .jobs = from->jobs,
                                       .stop = from->stop,
                                       .step = from->step,
                                       .step_arg = from->step_arg};
    const struct question *question = NULL;
    struct capacity c = {0};
    struct strbuf out = STRBUF_INIT;
    enum status st = read_question(o, &options, &question, diag), printed = ST_OK;

    if (st == ST_OK)
        st = capacity_find(&c, &options, diag);
    if (st == ST_EINTR)
        diag_set(diag, st, "interrupted after %u simulations, before anything was sure", c.runs);
    if ((st == ST_OK || st == ST_EINTR) && o->json)
        add_json(o, &out, &c, question);
    else if (st == ST_EINTR)
        add_so_far(o, &out, &c, question->kind);
    else if (st == ST_OK)
        add_text(o, &out, &c, question->kind);
    if (st == ST_OK || st == ST_EINTR)
        printed = cli_emit(o, &out, diag);
    strbuf_release(&out);
    capacity_release(&c);
    return printed == ST_OK ? st : printed;
}
