/*
 * plan_json.c - a plan told to a program: docs/schema/plan.json.
 */
#include <inttypes.h>
#include <math.h>

#include "base/json_text.h"
#include "cli/plan_print.h"

#include "base/banned.h"

static void add_measured(struct strbuf *out, const char *key, const struct measured *m)
{
    json_key(out, key);
    if (!m) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_put_double(out, "value", m->value);
    json_put_pair(out, "interval", m->low, m->high);
    json_put_u64(out, "n", m->n);
    json_put_u64(out, "replications", m->replications);
    strbuf_addch(out, '}');
}

static void add_goals(struct strbuf *out, const struct plan *plan)
{
    static const char *const words[] = {
        [PLAN_HELD] = "met", [PLAN_UNSURE] = "unsure", [PLAN_BROKEN] = "missed"};
    const struct plan_tried *now = &plan->tried[0], *t = &plan->tried[plan->best];

    json_key(out, "goals");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < plan->nr_goals && plan->nr_tried > 0; i++) {
        const struct plan_goal *g = &plan->goals[i];

        json_next(out);
        strbuf_addstr(out, "\n{");
        json_put_text(out, "goal", g->text);
        json_put_bool(out, "implied", g->implied);
        json_put_double(out, "limit", g->limit);
        json_put_text(out, "unit", value_unit_key(t->goals[i].unit));
        add_measured(out, "now", now->fresh ? &now->fresh[i] : &now->goals[i]);
        add_measured(out, "planned", t->fresh ? &t->fresh[i] : &t->goals[i]);
        json_put_bool(out, "confirmed", t->fresh != NULL);
        json_put_text(out, "state", words[plan_judge(plan, t, i)]);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_values(struct strbuf *out, const struct plan *plan, const struct plan_tried *t)
{
    json_key(out, "values");
    strbuf_addch(out, '{');
    for (size_t k = 0; k < plan->nr_knobs; k++)
        if (t->choice[k] > 0) {
            json_next(out);
            json_add_text(out, plan->knobs[k].name);
            strbuf_addch(out, ':');
            json_add_text(out, plan->knobs[k].values[t->choice[k] - 1].text);
        }
    strbuf_addch(out, '}');
}

static void add_tried(struct strbuf *out, const struct plan *plan)
{
    static const char *const words[] = {[PLAN_OPEN] = "unsure",
                                        [PLAN_MISSES] = "misses",
                                        [PLAN_MEETS] = "meets",
                                        [PLAN_INVALID] = "invalid"};

    json_key(out, "tried");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < plan->nr_tried; i++) {
        const struct plan_tried *t = &plan->tried[i];

        json_next(out);
        strbuf_addstr(out, "\n{");
        add_values(out, plan, t);
        json_put_text(out, "state", plan->nr_goals ? words[t->state] : NULL);
        json_put_u64(out, "replications", t->runs);
        json_put_bool(out, "front", t->on_front);
        json_put_double(out, "makespan_s", t->axes[PLAN_MAKESPAN] / 1e9);
        json_put_ms_real(out, "downtime_p95_ms", t->axes[PLAN_DOWNTIME]);
        json_put_double(out, "slowdown_ratio", t->axes[PLAN_SLOWDOWN]);
        json_put_double(out, "transferred_bytes", t->axes[PLAN_BYTES]);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_advice(struct strbuf *out, const struct plan_advice *advice)
{
    json_key(out, "set");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < advice->nr_changes; i++) {
        json_next(out);
        strbuf_addch(out, '{');
        json_put_text(out, "key", advice->changes[i].key);
        json_put_text(out, "value", advice->changes[i].value);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
    json_key(out, "paste");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < advice->snippets.nr; i++) {
        const struct snippet *s = &advice->snippets.items[i];

        json_next(out);
        strbuf_addch(out, '{');
        json_put_text(out, "form", s->form);
        json_put_text(out, "where", s->where);
        json_put_text(out, "text", strbuf_text(&s->text));
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

/* That all goals hold at once, in a replication that nothing was chosen by. */
static void add_probability(struct strbuf *out, const struct plan *plan)
{
    const struct plan_tried *t = plan->nr_tried ? &plan->tried[plan->best] : NULL;

    json_key(out, "all_goals_hold");
    if (!t || t->nr_fresh == 0) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_put_u64(out, "replications", t->nr_fresh);
    json_put_u64(out, "hits", t->nr_good);
    json_key(out, "probability");
    strbuf_addch(out, '[');
    json_add_double(out, t->good.low);
    json_next(out);
    json_add_double(out, t->good.high);
    strbuf_addstr(out, "]}");
}

void plan_json(const struct cli_opts *o, const struct plan *plan, const struct plan_advice *advice,
               struct strbuf *out)
{
    static const char *const verdicts[] = {[PLAN_PRESENT] = "present",
                                           [PLAN_FOUND] = "found",
                                           [PLAN_PERHAPS] = "unsure",
                                           [PLAN_NONE] = "none",
                                           [PLAN_NO_GOALS] = "no_goals"};

    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "scenario", o->args[0]);
    json_put_text(out, "digest", plan->sc.digest);
    json_put_u64(out, "seed", plan->sc.seed);
    json_put_text(out, "verdict", verdicts[plan->verdict]);
    json_put_bool(out, "interrupted", plan->interrupted);
    json_put_bool(out, "all_cheaper_tried", plan->all_cheaper);
    json_put_text(out, "binding",
                  plan->verdict == PLAN_NONE && plan->nr_tried
                      ? binding_key(plan->tried[plan->best].binding)
                      : NULL);
    add_advice(out, advice);
    add_goals(out, plan);
    add_probability(out, plan);
    json_put_double(out, "settings", plan->nr_settings);
    json_put_u64(out, "simulations", plan->runs);
    add_tried(out, plan);
    strbuf_addstr(out, "}\n");
}
