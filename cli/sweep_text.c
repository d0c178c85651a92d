/*
 * sweep_text.c - a sweep for a person: the answer first, then where it comes from.
 *
 * Two settings make a matrix of the deciding measure; one makes a table in its own order; more make
 * a table of the best cells.  Marks, and not colours, say what matters: a copy on paper says the
 * same.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/sweep.h"
#include "reports/cell.h"

#include "base/banned.h"

enum {
    WIDTH_DEFAULT = 120,
    WIDTH_LEAST = 40,
    ROWS_SHOWN = 24,  /* of a table */
    BEST_SHOWN = 5,   /* beneath a matrix */
    MATRIX_ROWS = 24, /* more values than that, and only the best cells are shown */
    REASONS_SHOWN = 5
};

struct page {
    struct strbuf *out;
    const struct cli_opts *o;
    const struct sweep *sweep;
    size_t width;
    bool all;
};

/* ---- a grid of texts; column 0 up to left - 1 are names, the rest figures ---- */

struct grid {
    size_t rows, columns, left;
    char **texts; /* [rows * columns]; NULL = empty */
};

static bool grid_init(struct grid *g, const struct page *p, size_t rows, size_t columns,
                      size_t left)
{
    *g = (struct grid){.rows = rows, .columns = columns, .left = left};
    g->texts = arena_array(p->sweep->arena, rows * columns, sizeof(*g->texts));
    return g->texts;
}

static void grid_set(struct grid *g, const struct page *p, size_t row, size_t column,
                     const char *text)
{
    assert(row < g->rows && column < g->columns);
    g->texts[row * g->columns + column] = arena_strdup(p->sweep->arena, text);
    if (!g->texts[row * g->columns + column])
        p->out->failed = true;
}

static size_t column_width(const struct grid *g, size_t column)
{
    size_t width = 1;

    for (size_t r = 0; r < g->rows; r++) {
        const char *text = g->texts[r * g->columns + column];
        size_t own = text ? cell_width(text) : 0;

        width = own > width ? own : width;
    }
    return width;
}

static void print_row(const struct page *p, const struct grid *g, size_t row, size_t from,
                      size_t to, const size_t *widths)
{
    struct strbuf line = STRBUF_INIT;

    for (size_t c = 0; c < to; c++) {
        const char *text = g->texts[row * g->columns + c];

        if (c >= g->left && c < from)
            continue;
        strbuf_addstr(&line, "  ");
        cell_add(&line, text ? text : "", widths[c], c < g->left ? CELL_LEFT : CELL_RIGHT);
    }
    while (line.len > 0 && line.buf[line.len - 1] == ' ')
        line.buf[--line.len] = '\0';
    strbuf_addf(p->out, "%s\n", strbuf_text(&line));
    p->out->failed |= line.failed;
    strbuf_release(&line);
}

/* Columns that do not fit go into a further block, with the names repeated. */
static void print_grid(const struct page *p, const struct grid *g)
{
    size_t *widths = arena_array(p->sweep->arena, g->columns, sizeof(*widths));
    size_t names = 0, from = g->left;

    if (!widths) {
        p->out->failed = true;
        return;
    }
    for (size_t c = 0; c < g->columns; c++) {
        widths[c] = column_width(g, c);
        names += c < g->left ? widths[c] + 2 : 0;
    }
    do {
        size_t to = from, used = names;

        while (to < g->columns && (to == from || used + widths[to] + 2 <= p->width))
            used += widths[to++] + 2;
        if (from > g->left)
            strbuf_addch(p->out, '\n');
        for (size_t r = 0; r < g->rows; r++)
            print_row(p, g, r, from, to, widths);
        from = to;
    } while (from < g->columns);
}

/* ---- figures ---- */

static void add_value(struct strbuf *out, enum value_unit unit, double value)
{
    char text[UNITS_TEXT];

    if (!isfinite(value))
        strbuf_addstr(out, "-");
    else if (unit == VALUE_NS)
        strbuf_addstr(out, units_time(text, llround(value)));
    else if (unit == VALUE_BYTES)
        strbuf_addstr(out, units_size(text, (uint64_t)llround(value)));
    else if (unit == VALUE_RATIO)
        strbuf_addf(out, "%.3g %%", value * 100.0);
    else
        strbuf_addf(out, "%.4g", value);
}

static char mark_of(const struct sweep *sweep, size_t cell)
{
    const struct sweep_cell *c = &sweep->cells[cell];

    if (c->nr_crossed)
        return '!';
    if (sweep->nr_ranked && sweep->ranked[0] == cell)
        return '*';
    return c->nr_unsure ? '?' : ' ';
}

/* "12 min 05 s *" */
static void set_figure(struct grid *g, const struct page *p, size_t row, size_t column, size_t cell,
                       size_t measure, char mark)
{
    const struct sweep_cell *c = &p->sweep->cells[cell];
    struct strbuf text = STRBUF_INIT;

    if (c->state == SWEEP_INVALID)
        strbuf_addch(&text, 'x');
    else if (c->state == SWEEP_OPEN)
        strbuf_addstr(&text, "open");
    else
        add_value(&text, p->sweep->measures[measure].unit, c->figures[measure].value);
    if (mark)
        strbuf_addf(&text, " %c", mark);
    grid_set(g, p, row, column, strbuf_text(&text));
    strbuf_release(&text);
}

/* "downtime.p99" stands in two lines; the first is said once for neighbours. */
static void set_measure_heads(struct grid *g, const struct page *p, size_t column)
{
    const char *last = "";
    size_t last_len = 0;

    for (size_t i = 0; i < p->sweep->nr_asked; i++) {
        const char *name = p->sweep->measures[i].name, *point = strrchr(name, '.');
        size_t len = (size_t)(point - name);
        char metric[MEASURE_NAME + 64];

        /* "drain.makespan" as "makespan": its column is narrow */
        snprintf(metric, sizeof(metric), "%.*s", (int)len, name);
        if (strncmp(metric, "drain.", 6) == 0)
            memmove(metric, metric + 6, len - 5);
        if (len != last_len || strncmp(last, name, len) != 0)
            grid_set(g, p, 0, column + i, metric);
        grid_set(g, p, 1, column + i, point + 1);
        last = name;
        last_len = len;
    }
}

static void set_goals(struct grid *g, const struct page *p, size_t row, size_t column, size_t cell)
{
    const struct sweep_cell *c = &p->sweep->cells[cell];
    char text[64];

    if (!sweep_has_result(c))
        snprintf(text, sizeof(text), "-");
    else if (c->nr_crossed || c->nr_warned)
        snprintf(text, sizeof(text), "%u of %u met", c->nr_goals - c->nr_crossed - c->nr_warned,
                 c->nr_goals);
    else
        snprintf(text, sizeof(text), c->nr_unsure ? "met ?" : "met");
    grid_set(g, p, row, column, text);
}

/* ---- the parts of the page ---- */

static void add_best(const struct page *p)
{
    const struct sweep *sweep = p->sweep;
    const struct sweep_measure *first = &sweep->measures[sweep->first];
    const struct sweep_cell *best;

    if (sweep->nr_ranked == 0) {
        strbuf_addstr(p->out, "No cell has a result.\n");
        return;
    }
    best = &sweep->cells[sweep->ranked[0]];
    strbuf_addstr(p->out, cli_style(p->o, best->nr_crossed ? CLI_BAD : CLI_GOOD));
    if (best->nr_crossed)
        strbuf_addf(p->out, "None of %zu cells meets all thresholds. Nearest: ", sweep->nr_ranked);
    else
        strbuf_addstr(p->out, "Best: ");
    sweep_words(p->out, sweep, sweep->ranked[0]);
    strbuf_addf(p->out, "%s, %s ", cli_style(p->o, CLI_PLAIN), first->name);
    add_value(p->out, first->unit, best->figures[sweep->first].value);
    if (sweep->present != SIZE_MAX && sweep_has_result(&sweep->cells[sweep->present])) {
        strbuf_addstr(p->out, sweep->present == sweep->ranked[0] ? " (as it is now" : " (now ");
        if (sweep->present != sweep->ranked[0])
            add_value(p->out, first->unit,
                      sweep->cells[sweep->present].figures[sweep->first].value);
        strbuf_addch(p->out, ')');
    }
    strbuf_addch(p->out, '\n');
    if (!best->nr_crossed && best->nr_unsure)
        strbuf_addf(p->out,
                    "It meets %u of %u thresholds not surely: %u replications are too few.\n",
                    best->nr_unsure, best->nr_goals, sweep->replications);
}

/* Which thresholds hold, and where. */
static void add_goal_lines(const struct page *p)
{
    const struct sweep *sweep = p->sweep;

    for (size_t g = 0; g < sweep->nr_goals; g++) {
        size_t met = 0, unsure = 0, of = 0;

        for (size_t i = 0; i < sweep->nr_ranked; i++) {
            const struct sweep_cell *c = &sweep->cells[sweep->ranked[i]];

            if (g >= c->nr_goals)
                continue;
            of++;
            met += !c->goals[g].crossed;
            unsure += !c->goals[g].crossed && c->goals[g].small_sample;
        }
        strbuf_addstr(p->out, "  ");
        cell_add_text(p->out, sweep->goals[g].text);
        strbuf_addf(p->out, ": met by %zu of %zu cells", met, of);
        if (unsure)
            strbuf_addf(p->out, ", in %zu of them not surely", unsure);
        strbuf_addch(p->out, '\n');
    }
}

/* The first axis downwards, the second to the right. */
static void add_matrix(const struct page *p)
{
    const struct sweep *sweep = p->sweep;
    const struct axis *down = &sweep->axes[0], *right = &sweep->axes[1];
    struct grid g;

    strbuf_addf(p->out, "\n%s, %s downwards, %s to the right:\n",
                sweep->measures[sweep->first].name, down->name, right->name);
    if (!grid_init(&g, p, down->nr + 1, right->nr + 1, 1)) {
        p->out->failed = true;
        return;
    }
    for (size_t x = 0; x < right->nr; x++) {
        struct strbuf head = STRBUF_INIT;

        strbuf_addf(&head, "%s  ", right->values[x].text); /* above the figure, not the mark */
        grid_set(&g, p, 0, x + 1, strbuf_text(&head));
        strbuf_release(&head);
    }
    for (size_t y = 0; y < down->nr; y++) {
        grid_set(&g, p, y + 1, 0, down->values[y].text);
        for (size_t x = 0; x < right->nr; x++) {
            size_t cell = y * right->nr + x;

            set_figure(&g, p, y + 1, x + 1, cell, sweep->first, mark_of(sweep, cell));
        }
    }
    print_grid(p, &g);
}

/* Rows are @cells in their order; a mark stands in front. */
static void add_table(const struct page *p, const size_t *cells, size_t nr)
{
    const struct sweep *sweep = p->sweep;
    size_t figures = 1 + sweep->nr_axes, goals = figures + sweep->nr_asked;
    struct grid g;

    strbuf_addch(p->out, '\n');
    if (!grid_init(&g, p, nr + 2, goals + (sweep->nr_goals > 0), figures)) {
        p->out->failed = true;
        return;
    }
    for (size_t a = 0; a < sweep->nr_axes; a++)
        grid_set(&g, p, 1, 1 + a, sweep->axes[a].name);
    set_measure_heads(&g, p, figures);
    if (sweep->nr_goals)
        grid_set(&g, p, 1, goals, "thresholds");
    for (size_t r = 0; r < nr; r++) {
        char mark[2] = {mark_of(sweep, cells[r]), '\0'};

        grid_set(&g, p, r + 2, 0, mark);
        for (size_t a = 0; a < sweep->nr_axes; a++)
            grid_set(&g, p, r + 2, 1 + a,
                     sweep->axes[a].values[sweep_value(sweep, cells[r], a)].text);
        for (size_t m = 0; m < sweep->nr_asked; m++)
            set_figure(&g, p, r + 2, figures + m, cells[r], m, '\0');
        if (sweep->nr_goals)
            set_goals(&g, p, r + 2, goals, cells[r]);
    }
    print_grid(p, &g);
}

static void add_ranked(const struct page *p, size_t most)
{
    size_t nr = p->sweep->nr_ranked;

    if (!p->all && nr > most)
        nr = most;
    if (nr == 0)
        return;
    add_table(p, p->sweep->ranked, nr);
    if (nr < p->sweep->nr_ranked)
        strbuf_addf(p->out, "  and %zu more; --verbose shows all\n", p->sweep->nr_ranked - nr);
}

static void add_in_order(const struct page *p)
{
    size_t *cells = arena_array(p->sweep->arena, p->sweep->nr_cells, sizeof(*cells));

    if (!cells) {
        p->out->failed = true;
        return;
    }
    for (size_t i = 0; i < p->sweep->nr_cells; i++)
        cells[i] = i;
    add_table(p, cells, p->sweep->nr_cells);
}

static void add_legend(const struct page *p)
{
    const struct sweep *sweep = p->sweep;
    bool crossed = false, unsure = false;

    for (size_t i = 0; i < sweep->nr_ranked; i++) {
        crossed |= sweep->cells[sweep->ranked[i]].nr_crossed > 0;
        unsure |= sweep->cells[sweep->ranked[i]].nr_unsure > 0;
    }
    strbuf_addstr(p->out, "  * best");
    if (crossed)
        strbuf_addstr(p->out, "   ! crosses a threshold");
    if (unsure)
        strbuf_addf(p->out, "   ? %u replications do not decide it", sweep->replications);
    if (sweep->nr_state[SWEEP_INVALID])
        strbuf_addstr(p->out, "   x cannot be run");
    strbuf_addstr(p->out, "\n");
}

static void add_reasons(const struct page *p)
{
    size_t shown = 0, nr = p->sweep->nr_state[SWEEP_INVALID];

    if (nr)
        strbuf_addf(p->out, "\n%zu cell%s cannot be run:\n", nr, nr == 1 ? "" : "s");
    for (size_t i = 0; i < p->sweep->nr_cells && nr; i++) {
        const struct sweep_cell *cell = &p->sweep->cells[i];

        if (cell->state != SWEEP_INVALID)
            continue;
        if (shown++ == REASONS_SHOWN && !p->all) {
            strbuf_addf(p->out, "  and %zu more; --verbose shows all\n", nr - REASONS_SHOWN);
            return;
        }
        strbuf_addstr(p->out, "  ");
        sweep_words(p->out, p->sweep, i);
        strbuf_addstr(p->out, ": ");
        cell_add_text(p->out, cell->why ? cell->why : "out of memory");
        strbuf_addch(p->out, '\n');
    }
}

static void add_idle_axes(const struct page *p)
{
    for (size_t a = 0; a < p->sweep->nr_axes; a++)
        if (p->sweep->axis_idle[a])
            strbuf_addf(p->out, "%s makes no difference to any measure here.\n",
                        p->sweep->axes[a].name);
}

enum status sweep_text(struct strbuf *out, const struct cli_opts *o, const struct sweep *sweep,
                       const struct sweep_look *look)
{
    struct page p = {.out = out, .o = o, .sweep = sweep, .width = look->width, .all = look->all};
    bool matrix = sweep->nr_axes == 2 && (look->all || sweep->axes[0].nr <= MATRIX_ROWS);

    if (p.width == 0)
        p.width = WIDTH_DEFAULT;
    if (p.width < WIDTH_LEAST)
        p.width = WIDTH_LEAST;
    add_best(&p);
    add_goal_lines(&p);
    if (matrix)
        add_matrix(&p);
    if (sweep->nr_axes == 1 && (look->all || sweep->nr_cells <= ROWS_SHOWN))
        add_in_order(&p);
    else
        add_ranked(&p, matrix ? BEST_SHOWN : ROWS_SHOWN);
    if (sweep->nr_ranked)
        add_legend(&p);
    add_idle_axes(&p);
    add_reasons(&p);
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
