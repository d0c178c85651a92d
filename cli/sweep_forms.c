/*
 * sweep_forms.c - a sweep as JSON and as CSV, for other programs.
 *
 * Neither says what was simulated and what was stored, so the same sweep gives the same bytes
 * whichever way it came about.
 */
#include <math.h>
#include <string.h>

#include "base/csv_text.h"
#include "base/json_text.h"
#include "cli/sweep.h"
#include "reports/json_fields.h"
#include "sim/result.h"

#include "base/banned.h"

bool sweep_has_result(const struct sweep_cell *cell)
{
    return cell->state == SWEEP_DONE || cell->state == SWEEP_STORED;
}

void sweep_words(struct strbuf *out, const struct sweep *sweep, size_t cell)
{
    for (size_t a = 0; a < sweep->nr_axes; a++)
        strbuf_addf(out, "%s%s=%s", a ? " " : "", sweep->axes[a].name,
                    sweep->axes[a].values[sweep_value(sweep, cell, a)].text);
}

static const char *state_word(enum sweep_state state)
{
    return state == SWEEP_INVALID ? "invalid" : state == SWEEP_OPEN ? "open" : "done";
}

/* ---- JSON ---- */

/* An index, or null. */
static void add_index(struct strbuf *out, const char *key, size_t index)
{
    json_key(out, key);
    if (index == SIZE_MAX)
        json_add_text(out, NULL);
    else
        json_add_u64(out, index);
}

static void add_axes(struct strbuf *out, const struct sweep *sweep)
{
    json_key(out, "axes");
    strbuf_addch(out, '[');
    for (size_t a = 0; a < sweep->nr_axes; a++) {
        const struct axis *axis = &sweep->axes[a];

        json_next(out);
        strbuf_addstr(out, "\n  {");
        json_put_text(out, "name", axis->name);
        json_put_text(out, "key", axis->key);
        json_key(out, "values");
        strbuf_addch(out, '[');
        for (size_t v = 0; v < axis->nr; v++) {
            json_next(out);
            json_add_text(out, axis->values[v].text);
        }
        strbuf_addch(out, ']');
        json_put_bool(out, "no_difference", sweep->axis_idle[a]);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]");
}

static void add_measures(struct strbuf *out, const struct sweep *sweep)
{
    json_key(out, "measures");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < sweep->nr_asked; i++) {
        const struct sweep_measure *m = &sweep->measures[i];

        json_next(out);
        strbuf_addstr(out, "\n  {");
        json_put_text(out, "name", m->name);
        json_put_text(out, "unit", json_unit(m->unit));
        json_put_text(out, "better", m->less ? "less" : "more");
        json_put_bool(out, "decides", i == sweep->first);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]");
}

static void add_goals(struct strbuf *out, const struct sweep *sweep)
{
    json_key(out, "thresholds");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < sweep->nr_goals; i++) {
        const struct sweep_goal_text *g = &sweep->goals[i];

        json_next(out);
        strbuf_addstr(out, "\n  {");
        json_put_text(out, "text", g->text);
        json_put_text(out, "unit", json_unit(g->unit));
        json_put_value(out, "limit", g->unit, g->limit);
        json_put_text(out, "severity", g->error ? "error" : "warning");
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]");
}

static void add_figure(struct strbuf *out, enum value_unit unit, const struct store_figure *f)
{
    json_put_value(out, "value", unit, f->value);
    json_put_value(out, "low", unit, f->low);
    json_put_value(out, "high", unit, f->high);
    json_put_u64(out, "n", f->n);
}

static void add_cell_goals(struct strbuf *out, const struct sweep *sweep,
                           const struct sweep_cell *cell)
{
    json_key(out, "thresholds");
    strbuf_addch(out, '[');
    for (uint32_t i = 0; i < cell->nr_goals; i++) {
        const struct store_goal *g = &cell->goals[i];

        json_next(out);
        strbuf_addch(out, '{');
        add_figure(out, i < sweep->nr_goals ? sweep->goals[i].unit : VALUE_COUNT, &g->figure);
        json_put_bool(out, "crossed", g->crossed);
        json_put_bool(out, "small_sample", g->small_sample);
        json_put_u64(out, "replications_needed", g->replications_needed);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_cell(struct strbuf *out, const struct sweep *sweep, size_t index, size_t rank)
{
    const struct sweep_cell *cell = &sweep->cells[index];

    json_next(out);
    strbuf_addstr(out, "\n  {");
    json_key(out, "settings");
    strbuf_addch(out, '[');
    for (size_t a = 0; a < sweep->nr_axes; a++) {
        json_next(out);
        json_add_text(out, sweep->axes[a].values[sweep_value(sweep, index, a)].text);
    }
    strbuf_addch(out, ']');
    json_put_text(out, "state", state_word(cell->state));
    json_put_text(out, "reason", cell->why);
    json_put_text(out, "digest", cell->digest[0] ? cell->digest : NULL);
    add_index(out, "rank", rank);
    if (sweep_has_result(cell)) {
        json_put_u64(out, "crossed", cell->nr_crossed);
        json_put_u64(out, "undecided", cell->nr_unsure);
        json_key(out, "measures");
        strbuf_addch(out, '[');
        for (size_t i = 0; i < sweep->nr_asked; i++) {
            json_next(out);
            strbuf_addch(out, '{');
            add_figure(out, sweep->measures[i].unit, &cell->figures[i]);
            strbuf_addch(out, '}');
        }
        strbuf_addch(out, ']');
        add_cell_goals(out, sweep, cell);
    }
    strbuf_addch(out, '}');
}

/* The rank of each cell; SIZE_MAX = it has none. */
static size_t *make_ranks(const struct sweep *sweep)
{
    size_t *ranks = arena_array(sweep->arena, sweep->nr_cells, sizeof(*ranks));

    for (size_t i = 0; ranks && i < sweep->nr_cells; i++)
        ranks[i] = SIZE_MAX;
    for (size_t i = 0; ranks && i < sweep->nr_ranked; i++)
        ranks[sweep->ranked[i]] = i + 1;
    return ranks;
}

void sweep_json(struct strbuf *out, const struct sweep *sweep)
{
    const size_t *ranks = make_ranks(sweep);

    if (!ranks) {
        out->failed = true;
        return;
    }
    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "scenario", sweep->scenario);
    json_put_u64(out, "seed", sweep->seed);
    json_put_u64(out, "replications", sweep->replications);
    json_put_bool(out, "interrupted", sweep->nr_state[SWEEP_OPEN] > 0);
    add_index(out, "best", sweep->nr_ranked ? sweep->ranked[0] : SIZE_MAX);
    add_index(out, "present", sweep->present);
    add_axes(out, sweep);
    add_measures(out, sweep);
    add_goals(out, sweep);
    json_key(out, "cells");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < sweep->nr_cells; i++)
        add_cell(out, sweep, i, ranks[i]);
    strbuf_addstr(out, "]}\n");
}

/* ---- CSV ---- */

static void add_csv_number(struct strbuf *out, enum value_unit unit, double value)
{
    strbuf_addch(out, ',');
    if (isfinite(value))
        json_add_value(out, unit, value);
}

static void add_csv_head(struct strbuf *out, const struct sweep *sweep)
{
    for (size_t a = 0; a < sweep->nr_axes; a++) {
        csv_add_text(out, sweep->axes[a].name);
        strbuf_addch(out, ',');
    }
    strbuf_addstr(out, "state,rank,crossed,undecided");
    for (size_t i = 0; i < sweep->nr_asked; i++) {
        const struct sweep_measure *m = &sweep->measures[i];
        const char *parts[] = {"", "_low", "_high"};

        for (size_t k = 0; k < 3; k++) {
            struct strbuf name = STRBUF_INIT;

            strbuf_addf(&name, "%s%s_%s", m->name, parts[k], json_unit(m->unit));
            strbuf_addch(out, ',');
            csv_add_text(out, strbuf_text(&name));
            strbuf_release(&name);
        }
    }
    strbuf_addch(out, '\n');
}

void sweep_csv(struct strbuf *out, const struct sweep *sweep)
{
    const size_t *ranks = make_ranks(sweep);

    if (!ranks) {
        out->failed = true;
        return;
    }
    add_csv_head(out, sweep);
    for (size_t i = 0; i < sweep->nr_cells; i++) {
        const struct sweep_cell *cell = &sweep->cells[i];
        bool known = sweep_has_result(cell);

        for (size_t a = 0; a < sweep->nr_axes; a++) {
            csv_add_text(out, sweep->axes[a].values[sweep_value(sweep, i, a)].text);
            strbuf_addch(out, ',');
        }
        strbuf_addstr(out, state_word(cell->state));
        if (known)
            strbuf_addf(out, ",%zu,%u,%u", ranks[i], cell->nr_crossed, cell->nr_unsure);
        else
            strbuf_addstr(out, ",,,");
        for (size_t m = 0; m < sweep->nr_asked; m++) {
            const struct store_figure *f = &cell->figures[m];
            enum value_unit unit = sweep->measures[m].unit;

            add_csv_number(out, unit, known ? f->value : NAN);
            add_csv_number(out, unit, known ? f->low : NAN);
            add_csv_number(out, unit, known ? f->high : NAN);
        }
        strbuf_addch(out, '\n');
    }
}
