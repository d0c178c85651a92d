/*
 * plan_order.c - `migcast plan --order`: which VM when, and where to?
 *
 * answers/plan/order.h searches; here are the words.
 */
#include <math.h>
#include <string.h>

#include "answers/plan/order.h"
#include "base/json_text.h"
#include "base/units.h"
#include "cli/plan_print.h"
#include "reports/cell.h"

#include "base/banned.h"

enum {
    MOVES_SHOWN = 40,
    NAME_COLUMNS = 20,
    TIME_COLUMNS = 13
};

static const char *dash(char buf[UNITS_TEXT])
{
    memcpy(buf, "-", sizeof("-"));
    return buf;
}

static const char *time_or_dash(char buf[UNITS_TEXT], double ns)
{
    return isnan(ns) || ns < 0.0 ? dash(buf) : units_time(buf, llround(ns));
}

static void add_verdict(const struct cli_opts *o, const struct order *order, struct strbuf *out)
{
    char own[UNITS_TEXT], planned[UNITS_TEXT];
    struct strbuf words = STRBUF_INIT;

    time_or_dash(own, order->own.makespan_ns);
    time_or_dash(planned, order->planned.makespan_ns);
    if (order->interrupted)
        strbuf_addf(&words, ": %u schedules were tried%s.", order->schedules,
                    order->nr_moves ? "; the best of them is below, unconfirmed"
                                    : ", none of them shorter");
    else if (order->better)
        strbuf_addf(&words,
                    ": %u wave%s take %s where the platform's own order takes %s. That is %.3g %% "
                    "less (%.3g to %.3g %%), on %u fresh replications.",
                    order->nr_waves, order->nr_waves == 1 ? "" : "s", planned, own,
                    100.0 * order->gain, 100.0 * order->gain_interval.low,
                    100.0 * order->gain_interval.high, order->replications);
    else
        strbuf_addf(&words, ": none of %u schedules is surely 1 %% shorter than its %s.",
                    order->schedules, order->replications ? own : "own");
    plan_say(o, order->interrupted ? CLI_WARN : CLI_GOOD,
             order->interrupted ? "INTERRUPTED"
             : order->better    ? "A BETTER ORDER"
                                : "KEEP THE PLATFORM'S ORDER",
             strbuf_text(&words), out);
    strbuf_release(&words);
}

static void add_total(struct strbuf *out, const char *what, const struct order_total *t)
{
    char buf[UNITS_TEXT];

    cell_add(out, what, NAME_COLUMNS, CELL_LEFT);
    cell_add(out, time_or_dash(buf, t->makespan_ns), TIME_COLUMNS, CELL_RIGHT);
    cell_add(out, time_or_dash(buf, t->makespan_p95_ns), TIME_COLUMNS, CELL_RIGHT);
    cell_add(out, time_or_dash(buf, t->downtime_p95_ns), TIME_COLUMNS, CELL_RIGHT);
    strbuf_addf(out, "%*.4g\n", TIME_COLUMNS, t->moved);
}

static void add_totals(const struct cli_opts *o, const struct order *order, struct strbuf *out)
{
    strbuf_addf(out, "\n%s%-*s%*s%*s%*s%*s%s\n", cli_style(o, CLI_BOLD), NAME_COLUMNS, "",
                TIME_COLUMNS, "makespan", TIME_COLUMNS, "p95", TIME_COLUMNS, "downtime p95",
                TIME_COLUMNS, "VMs moved", cli_style(o, CLI_PLAIN));
    add_total(out, "platform's own", &order->own);
    add_total(out, order->better ? "planned" : "best schedule", &order->planned);
}

static void add_move(const struct order *order, const struct order_move *m, struct strbuf *out)
{
    char buf[UNITS_TEXT];

    strbuf_addstr(out, "  ");
    cell_add(out, order->sc.vms[m->vm].name, NAME_COLUMNS, CELL_LEFT);
    cell_add(out, order->sc.hosts[m->source].name, NAME_COLUMNS - 8, CELL_LEFT);
    strbuf_addstr(out, " -> ");
    cell_add(out, m->target == HOST_NONE ? "any" : order->sc.hosts[m->target].name,
             NAME_COLUMNS - 8, CELL_LEFT);
    cell_add(out, time_or_dash(buf, (double)m->start_ns), TIME_COLUMNS, CELL_RIGHT);
    cell_add(out, time_or_dash(buf, (double)m->end_ns), TIME_COLUMNS, CELL_RIGHT);
    strbuf_addch(out, '\n');
}

static void add_waves(const struct cli_opts *o, const struct order *order, struct strbuf *out)
{
    size_t shown =
        cli_flag(o, "verbose") || order->nr_moves < MOVES_SHOWN ? order->nr_moves : MOVES_SHOWN;
    uint32_t wave = UINT32_MAX;
    char buf[UNITS_TEXT];

    for (size_t i = 0; i < shown; i++) {
        const struct order_move *m = &order->moves[i];

        if (m->wave != wave)
            strbuf_addf(out, "\n%swave %u, ask at %s%s\n", cli_style(o, CLI_BOLD), m->wave + 1,
                        m->at_ns ? units_time(buf, m->at_ns) : "once", cli_style(o, CLI_PLAIN));
        wave = m->wave;
        add_move(order, m, out);
    }
    if (shown < order->nr_moves)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", order->nr_moves - shown);
    strbuf_addstr(out, "\nStart and end are what to expect (medians); the platform's queue and "
                       "limits stay.\n");
}

static void add_text(const struct cli_opts *o, const struct order *order, struct strbuf *out)
{
    add_verdict(o, order, out);
    if (order->replications > 0)
        add_totals(o, order, out);
    if (order->better || order->interrupted)
        add_waves(o, order, out);
    strbuf_addf(out, "\n%u schedules in %u simulations.\n", order->schedules, order->runs);
}

/* ---- JSON ---- */

static void add_total_json(struct strbuf *out, const char *key, const struct order_total *t,
                           bool known)
{
    json_key(out, key);
    if (!known) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_put_double(out, "makespan_s", t->makespan_ns / 1e9);
    json_put_double(out, "makespan_p95_s", t->makespan_p95_ns / 1e9);
    json_put_ms_real(out, "downtime_p95_ms", t->downtime_p95_ns);
    json_put_double(out, "moved", t->moved);
    strbuf_addch(out, '}');
}

static void add_moves_json(const struct order *order, struct strbuf *out)
{
    json_key(out, "moves");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < order->nr_moves && (order->better || order->interrupted); i++) {
        const struct order_move *m = &order->moves[i];

        json_next(out);
        strbuf_addstr(out, "\n{");
        json_put_u64(out, "wave", m->wave + 1);
        json_put_s(out, "ask_at_s", m->at_ns);
        json_put_text(out, "vm", order->sc.vms[m->vm].name);
        json_put_text(out, "source", order->sc.hosts[m->source].name);
        json_put_text(out, "target",
                      m->target == HOST_NONE ? NULL : order->sc.hosts[m->target].name);
        json_put_s(out, "start_s", m->start_ns);
        json_put_s(out, "end_s", m->end_ns);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_json(const struct cli_opts *o, const struct order *order, struct strbuf *out)
{
    bool known = order->replications > 0;

    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "scenario", o->args[0]);
    json_put_text(out, "digest", order->sc.digest);
    json_put_u64(out, "seed", order->sc.seed);
    json_put_bool(out, "better", order->better);
    json_put_double(out, "gain_ratio", known ? order->gain : NAN);
    json_put_pair(out, "gain_interval", known ? order->gain_interval.low : NAN,
                  known ? order->gain_interval.high : NAN);
    add_total_json(out, "own", &order->own, known);
    add_total_json(out, "planned", &order->planned, known);
    json_put_u64(out, "waves", order->better ? order->nr_waves : 0);
    add_moves_json(order, out);
    json_put_u64(out, "replications", order->replications);
    json_put_u64(out, "schedules", order->schedules);
    json_put_u64(out, "simulations", order->runs);
    strbuf_addstr(out, "}\n");
}

enum status plan_order(struct cli_opts *o, const struct plan_options *from, struct diag *diag)
{
    struct order_options options = {.base = from->base,
                                    .budget = from->budget,
                                    .replications = from->replications,
                                    .jobs = from->jobs,
                                    .stop = from->stop,
                                    .step = from->step,
                                    .step_arg = from->step_arg};
    struct order order = {0};
    struct strbuf out = STRBUF_INIT;
    enum status st = order_find(&order, &options, diag), printed = ST_OK;

    if (st == ST_EINTR)
        diag_set(diag, st, "interrupted after %u simulations; nothing was confirmed", order.runs);
    if ((st == ST_OK || st == ST_EINTR) && o->json)
        add_json(o, &order, &out);
    else if (st == ST_OK || st == ST_EINTR)
        add_text(o, &order, &out);
    if (st == ST_OK || st == ST_EINTR)
        printed = cli_emit(o, &out, diag);
    strbuf_release(&out);
    order_release(&order);
    return printed == ST_OK ? st : printed;
}
