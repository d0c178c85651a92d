/*
 * cmd_explain_json.c - explanations as JSON: docs/schema/explain.json.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "answers/explain/explain_words.h"
#include "base/json_text.h"
#include "cli/explain.h"
#include "reports/json_fields.h"
#include "reports/words.h"

#include "base/banned.h"

static void open_list(struct strbuf *out, const char *key)
{
    json_key(out, key);
    strbuf_addch(out, '[');
}

static void open_item(struct strbuf *out)
{
    json_next(out);
    strbuf_addch(out, '{');
}

static void add_head(struct strbuf *out, const char *kind, const struct scenario *sc,
                     uint32_t replications)
{
    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "kind", kind);
    json_put_text(out, "scenario", sc->path);
    json_put_u64(out, "seed", sc->seed);
    json_put_u64(out, "replications", replications);
}

/* ---- a VM ---- */

static void add_story(struct strbuf *out, const struct explain *e)
{
    struct strbuf words = STRBUF_INIT;
    char *line, *next;

    explain_verdict(e, &words);
    json_put_text(out, "verdict", strbuf_text(&words));
    strbuf_clear(&words);
    explain_story(e, &words);
    open_list(out, "story");
    for (line = words.buf; line && *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        json_next(out);
        json_add_text(out, line);
    }
    strbuf_addch(out, ']');
    strbuf_release(&words);
}

static void add_outcomes(struct strbuf *out, const struct explain *e)
{
    json_key(out, "outcomes");
    strbuf_addch(out, '{');
    for (int i = 0; i < OUTCOME_NR; i++)
        json_put_u64(out, outcome_name((enum outcome)i), e->outcomes[i]);
    strbuf_addch(out, '}');
}

static void add_rounds(struct strbuf *out, const struct explain *e)
{
    const struct mig_result *r = e->told;

    open_list(out, "rounds");
    for (size_t i = 0; i < r->nr_rounds; i++) {
        const struct mig_round *round = &e->rounds[r->first_round + i];

        open_item(out);
        json_put_u64(out, "round", round->round);
        json_put_s(out, "start_s", round->start_ns);
        json_put_ms(out, "duration_ms", round->duration_ns);
        json_put_u64(out, "wire_bytes", round->wire_bytes);
        json_put_u64(out, "dirtied_bytes", round->dirtied_bytes);
        json_put_u64(out, "remaining_bytes", round->remaining_bytes);
        json_put_u64(out, "threshold_bytes", round->threshold_bytes);
        json_put_u64(out, "throttle_pct", round->throttle_pct);
        json_put_text(out, "bound_by", binding_key(explain_round_bound(e, r, round->round)));
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_changes(struct strbuf *out, const struct explain *e)
{
    open_list(out, "fixes");
    for (size_t i = 0; i < e->run.nr_fixes; i++) {
        const struct fix_result *f = &e->run.fixes[i];

        open_item(out);
        json_put_text(out, "change", fix_key(f->kind));
        json_put_double(out, "value", f->value);
        json_put_ms(out, "total_time_ms", f->total_ns);
        json_put_ms(out, "downtime_ms", f->downtime_ns);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
    open_list(out, "tries");
    for (size_t i = 0; i < e->nr_tries; i++) {
        const struct explain_try *t = &e->tries[i];

        open_item(out);
        json_put_text(out, "what", t->what);
        json_put_text(out, "outcome", outcome_name(t->outcome));
        json_put_s(out, "over_s", t->over_ns);
        json_put_ms(out, "total_time_ms", t->total_ns);
        json_put_ms(out, "downtime_ms", t->downtime_ns);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_waits(struct strbuf *out, const struct explain *e)
{
    static const char *const limits[WATCH_LIMITS] = {
        [WATCH_TOTAL] = "max_total",       [WATCH_OUT] = "max_out",
        [WATCH_PER_HOST] = "max_per_host", [WATCH_TARGET] = "target",
        [WATCH_NO_TARGET] = "no_target",   [WATCH_BACK_OFF] = "back_off",
        [WATCH_PLATFORM] = "platform",     [WATCH_START] = "start_delay",
    };

    open_list(out, "waits");
    for (uint32_t i = 0; i < e->watch->nr_waits; i++) {
        const struct watch_wait *w = &e->watch->waits[i];

        open_item(out);
        json_put_s(out, "from_s", w->from_ns);
        json_put_s(out, "to_s", w->to_ns);
        json_put_u64(out, "attempt", w->attempt);
        json_put_text(out, "limit", limits[w->limit]);
        json_put_u64(out, "ahead", w->ahead);
        open_list(out, "holders");
        for (uint32_t k = 0; k < w->nr_holders && k < WATCH_HOLDERS; k++) {
            json_next(out);
            json_add_text(out, e->sc->vms[w->holders[k]].name);
        }
        strbuf_addch(out, ']');
        json_put_text(out, "freed_by",
                      w->freed_by == VM_NONE ? NULL : e->sc->vms[w->freed_by].name);
        json_put_text(out, "why", w->why);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_hosts(struct strbuf *out, const struct explain *e)
{
    const struct watch_place *p =
        e->watch->nr_places ? &e->watch->places[e->watch->nr_places - 1] : NULL;

    open_list(out, "hosts");
    for (uint32_t i = 0; p && i < p->nr_hosts; i++) {
        const struct watch_host *h = &p->hosts[i];
        const struct job job = {.vm = e->vm,
                                .wanted = p->asked,
                                .target = HOST_NONE,
                                .last_target = HOST_NONE,
                                .earlier_target = HOST_NONE};
        struct strbuf words = STRBUF_INIT;

        if (h->refusal != REFUSE_NOT)
            placement_refusal_words(e->sim, &job, h->refusal, 0, &words);
        open_item(out);
        json_put_text(out, "host", e->sc->hosts[h->host].name);
        json_put_bool(out, "chosen", h->host == p->chosen);
        json_put_text(out, "refused", words.len ? strbuf_text(&words) : NULL);
        json_key(out, "free_bytes");
        if (e->sc->hosts[h->host].memory_bytes > 0)
            json_add_u64(out, h->free_bytes);
        else
            json_add_text(out, NULL);
        strbuf_addch(out, '}');
        strbuf_release(&words);
    }
    strbuf_addch(out, ']');
}

static void add_lists(struct strbuf *out, const struct explain *e)
{
    struct explain_part parts[EXPLAIN_PARTS];
    size_t nr = explain_blackout(e, parts);

    open_list(out, "timeline");
    for (size_t i = 0; i < e->nr_moments; i++) {
        open_item(out);
        json_put_s(out, "at_s", e->moments[i].at_ns);
        json_put_text(out, "what", e->moments[i].what);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
    open_list(out, "blackout");
    for (size_t i = 0; i < nr; i++) {
        open_item(out);
        json_put_text(out, "what", parts[i].what);
        json_put_ms(out, "duration_ms", parts[i].ns);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
    open_list(out, "shared_links");
    for (size_t i = 0; i < e->nr_shares; i++) {
        open_item(out);
        json_put_text(out, "vm", e->shares[i].vm);
        json_put_text(out, "link", e->shares[i].link);
        json_put_s(out, "from_s", e->shares[i].from_ns);
        json_put_s(out, "to_s", e->shares[i].to_ns);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

void explain_print_json(struct strbuf *out, const struct explain *e)
{
    struct mig_result room;

    add_head(out, "vm", e->sc, e->run.replications);
    json_put_text(out, "vm", e->sc->vms[e->vm].name);
    add_story(out, e);
    add_outcomes(out, e);
    if (e->end) {
        json_put_u64(out, "replication", e->end->replication);
        json_put_text(out, "picked", explain_pick_words(e));
        json_put_text(out, "code", code_of_migration(explain_row(e, &room)));
        json_key(out, "migration");
        strbuf_addch(out, '{');
        json_put_text(out, "source", e->told->source);
        json_put_text(out, "target", e->told->target);
        json_put_u64(out, "attempt", e->told->attempt);
        json_put_text(out, "binding", binding_key(e->told->binding));
        json_mig_fields(out, e->told, NULL);
        strbuf_addch(out, '}');
        add_changes(out, e);
        json_put_double(out, "write_margin_ratio", e->margin_ratio);
        add_waits(out, e);
        add_hosts(out, e);
        add_rounds(out, e);
        add_lists(out, e);
    }
    strbuf_addstr(out, "}\n");
}

/* ---- an operation ---- */

void explain_print_op_json(struct strbuf *out, const struct explain_op *x)
{
    struct strbuf words = STRBUF_INIT;

    add_head(out, "operation", x->sc, x->run.replications);
    json_put_text(out, "operation", x->op->name);
    words_operation(&words, x->row);
    json_put_text(out, "verdict", strbuf_text(&words));
    json_put_u64(out, "done", x->nr_done);
    json_put_u64(out, "replication", x->row->replication);
    json_put_s(out, "started_s", x->row->started_ns);
    json_put_s(out, "ended_s", x->row->ended_ns);
    open_list(out, "hosts");
    for (size_t i = 0; i < x->nr_hosts; i++) {
        const struct explain_op_host *h = &x->hosts[i];

        open_item(out);
        json_put_text(out, "host", h->host);
        json_put_u64(out, "vms", h->vms);
        json_put_u64(out, "gone", h->gone);
        json_put_u64(out, "attempts", h->attempts);
        json_put_s(out, "empty_s", h->empty_ns);
        json_put_text(out, "last_vm", h->any ? h->last.vm : NULL);
        json_put_text(out, "code", h->any ? code_of_migration(&h->last) : NULL);
        json_put_text(out, "binding", h->any ? binding_key(h->last.binding) : NULL);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
    strbuf_release(&words);
}

/* ---- a host ---- */

static void add_flow(struct strbuf *out, const char *key, const struct explain_flow *f)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_put_u64(out, "attempts", f->attempts);
    json_put_u64(out, "completed", f->completed);
    json_put_u64(out, "most_at_once", f->most);
    json_put_u64(out, "bytes", f->bytes);
    json_put_s(out, "last_s", f->last_ns);
    strbuf_addch(out, '}');
}

void explain_print_host_json(struct strbuf *out, const struct explain_host *h)
{
    add_head(out, "host", h->sc, 1);
    json_put_text(out, "host", h->sc->hosts[h->host].name);
    json_put_u64(out, "replication", h->replication);
    json_put_u64(out, "vms", h->vms);
    json_put_u64(out, "memory_bytes", h->memory_bytes);
    add_flow(out, "left", &h->out);
    add_flow(out, "came", &h->in);
    open_list(out, "moves");
    for (size_t i = 0; i < h->nr_moves; i++) {
        const struct mig_result *r = &h->moves[i];

        open_item(out);
        json_put_text(out, "vm", r->vm);
        json_put_text(out, "source", r->source);
        json_put_text(out, "target", r->target);
        json_put_s(out, "started_s", r->started_ns);
        json_put_s(out, "ended_s", r->ended_ns);
        json_put_text(out, "outcome", outcome_name(r->outcome));
        json_put_text(out, "code", code_of_migration(r));
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}

/* ---- sensitivity ---- */

static void add_measured(struct strbuf *out, const char *key, double ratio,
                         const struct measured *m, double changed)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_put_double(out, "times", ratio);
    json_put_double(out, "value", m->value);
    json_put_double(out, "interval_low", m->low);
    json_put_double(out, "interval_high", m->high);
    json_put_double(out, "changed_ratio", changed);
    strbuf_addch(out, '}');
}

void explain_print_tornado_json(struct strbuf *out, const struct sensitivity *s)
{
    struct strbuf words = STRBUF_INIT;

    add_head(out, "sensitivity", s->sc, s->replications);
    measure_print(&s->measure, &words);
    json_put_text(out, "measure", strbuf_text(&words));
    json_put_text(out, "unit", value_unit_key(s->base.unit));
    add_measured(out, "base", 1.0, &s->base, 0.0);
    open_list(out, "inputs");
    for (size_t i = 0; i < s->nr; i++) {
        const struct sensitivity_row *r = &s->rows[i];

        open_item(out);
        json_put_text(out, "input", r->input->key);
        json_put_text(out, "name", r->input->name);
        json_put_text(out, "why", r->input->why);
        json_put_double(out, "swing", r->swing);
        add_measured(out, "low", r->input->low, &r->low, r->changed_low);
        add_measured(out, "high", r->input->high, &r->high, r->changed_high);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
    strbuf_release(&words);
}
