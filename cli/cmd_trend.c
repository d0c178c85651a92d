/*
 * cmd_trend.c - `migcast trend`: how the measures of checked scenarios went over time.
 *
 * Reads the history that `check --db` keeps; nothing is judged anew here.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "cli/check_print.h"
#include "reports/cell.h"
#include "reports/json_fields.h"
#include "store/history.h"

#include "base/banned.h"

enum {
    LAST = 30, /* checks of each scenario */
    SPARK = 20 /* of them drawn */
};

/* One measure of one scenario, oldest first; @nr of them. */
struct course {
    const char *name, *measure;
    enum value_unit unit;
    size_t nr;
    const struct store_check_figure **figures; /* of each check; NULL = was not measured */
    const struct store_check **checks;
};

struct trend {
    struct store_history history;
    size_t nr;
    struct course *courses;
};

static void release(struct trend *t)
{
    for (size_t i = 0; i < t->nr; i++) {
        free(t->courses[i].figures);
        free(t->courses[i].checks);
    }
    free(t->courses);
    store_history_release(&t->history);
}

static bool wanted(const struct cli_opts *o, const char *option, const char *text)
{
    const char *only;

    for (size_t i = 0; (only = cli_value_at(o, option, i)); i++)
        if (strcmp(only, text) == 0)
            return true;
    return !cli_value(o, option);
}

static struct course *find(struct trend *t, const struct store_check *c,
                           const struct store_check_figure *f)
{
    for (size_t i = 0; i < t->nr; i++)
        if (strcmp(t->courses[i].name, c->name) == 0 &&
            strcmp(t->courses[i].measure, f->measure) == 0)
            return &t->courses[i];
    return NULL;
}

static enum status add_figure(struct trend *t, const struct store_check *c,
                              const struct store_check_figure *f)
{
    struct course *course = find(t, c, f);

    if (!course) {
        course = reallocarray(t->courses, t->nr + 1, sizeof(*course));
        if (!course)
            return ST_ENOMEM;
        t->courses = course;
        course = &t->courses[t->nr];
        *course = (struct course){.name = c->name, .measure = f->measure, .unit = f->unit};
        course->figures = calloc(t->history.nr, sizeof(struct store_check_figure *));
        course->checks = calloc(t->history.nr, sizeof(struct store_check *));
        t->nr++;
        if (!course->figures || !course->checks)
            return ST_ENOMEM;
    }
    if (course->nr > 0 && course->checks[course->nr - 1] == c)
        return ST_OK; /* there is room for one a check; only a file changed by hand has two */
    course->checks[course->nr] = c;
    course->figures[course->nr++] = f;
    return ST_OK;
}

/* Measures of the whole, in the order of scenarios and checks. */
static enum status gather(const struct cli_opts *o, struct trend *t)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < t->history.nr; i++) {
        const struct store_check *c = &t->history.checks[i];

        if (!wanted(o, "scenario", c->name))
            continue;
        for (size_t k = 0; st == ST_OK && k < c->nr; k++)
            if (!c->figures[k].vm && wanted(o, "measure", c->figures[k].measure) &&
                !isnan(c->figures[k].now))
                st = add_figure(t, c, &c->figures[k]);
    }
    return st;
}

static int by_name(const void *left, const void *right)
{
    const struct course *a = left, *b = right;
    int names = strcmp(a->name, b->name);

    return names ? names : strcmp(a->measure, b->measure);
}

/* ---- text ---- */

/* The last values from lowest to highest as blocks; a course without change is low. */
static void add_spark(struct strbuf *out, const struct course *c)
{
    size_t first = c->nr > SPARK ? c->nr - SPARK : 0;
    double low = INFINITY, high = -INFINITY;

    for (size_t i = first; i < c->nr; i++) {
        low = fmin(low, c->figures[i]->now);
        high = fmax(high, c->figures[i]->now);
    }
    for (size_t i = first; i < c->nr; i++) {
        double share = high > low ? (c->figures[i]->now - low) / (high - low) : 0.0;

        strbuf_addf(out, "\xe2\x96%c", (char)(0x81 + (int)(share * 7.0 + 0.5)));
    }
}

static size_t count(const struct course *c, const char *verdict)
{
    size_t nr = 0;

    for (size_t i = 0; i < c->nr; i++)
        nr += strcmp(c->figures[i]->verdict, verdict) == 0;
    return nr;
}

static void add_cell(struct strbuf *out, double value, enum value_unit unit)
{
    struct strbuf words = STRBUF_INIT;

    check_words_value(&words, value, unit);
    cell_add(out, strbuf_text(&words), 12, CELL_RIGHT);
    strbuf_release(&words);
}

static void add_course(struct strbuf *out, const struct course *c)
{
    double first = c->figures[0]->now, last = c->figures[c->nr - 1]->now;
    size_t worse = count(c, "regressed"), better = count(c, "improved");

    strbuf_addstr(out, "  ");
    cell_add(out, c->measure, 26, CELL_LEFT);
    add_cell(out, first, c->unit);
    add_cell(out, last, c->unit);
    if (first != 0.0)
        strbuf_addf(out, "  %+7.3g %%  ", 100.0 * (last - first) / fabs(first) + 0.0);
    else
        strbuf_addf(out, "  %9s  ", last == first ? "0 %" : "-");
    add_spark(out, c);
    if (worse)
        strbuf_addf(out, "  regressed %zu time%s", worse, worse == 1 ? "" : "s");
    if (better)
        strbuf_addf(out, "%s improved %zu time%s", worse ? "," : " ", better,
                    better == 1 ? "" : "s");
    strbuf_addch(out, '\n');
}

static void add_heading(struct strbuf *out, const struct cli_opts *o, const struct course *c)
{
    const struct store_check *first = c->checks[0], *last = c->checks[c->nr - 1];

    strbuf_addstr(out, cli_style(o, CLI_BOLD));
    cell_add_text(out, c->name);
    strbuf_addf(out, "%s: check %" PRId64, cli_style(o, CLI_PLAIN), first->check_id);
    if (first->label) {
        strbuf_addstr(out, " (");
        cell_add_text(out, first->label);
        strbuf_addch(out, ')');
    }
    strbuf_addf(out, " to %" PRId64, last->check_id);
    if (last->label) {
        strbuf_addstr(out, " (");
        cell_add_text(out, last->label);
        strbuf_addch(out, ')');
    }
    strbuf_addf(out, ", last verdict: %s\n  %-26s%12s%12s  %9s  course\n", last->verdict, "measure",
                "first", "last", "change");
}

static void add_text(struct strbuf *out, const struct cli_opts *o, const struct trend *t)
{
    for (size_t i = 0; i < t->nr; i++) {
        if (i == 0 || strcmp(t->courses[i].name, t->courses[i - 1].name) != 0) {
            strbuf_addstr(out, i ? "\n" : "");
            add_heading(out, o, &t->courses[i]);
        }
        add_course(out, &t->courses[i]);
    }
}

/* ---- JSON ---- */

static void add_point(struct strbuf *out, const struct store_check *c,
                      const struct store_check_figure *f)
{
    json_next(out);
    strbuf_addstr(out, "\n  {");
    json_put_int(out, "check", c->check_id);
    json_put_text(out, "label", c->label);
    json_put_text(out, "version", c->version);
    json_put_text(out, "digest", c->digest);
    json_put_value(out, "now", f->unit, f->now);
    json_put_value(out, "before", f->unit, f->before);
    json_put_text(out, "verdict", f->verdict);
    json_put_double(out, "p_corrected", f->p);
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const struct trend *t)
{
    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_key(out, "courses");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < t->nr; i++) {
        const struct course *c = &t->courses[i];

        json_next(out);
        strbuf_addstr(out, "\n {");
        json_put_text(out, "name", c->name);
        json_put_text(out, "measure", c->measure);
        json_put_text(out, "unit", json_unit(c->unit));
        json_key(out, "points");
        strbuf_addch(out, '[');
        for (size_t k = 0; k < c->nr; k++)
            add_point(out, c->checks[k], c->figures[k]);
        strbuf_addstr(out, "]}");
    }
    strbuf_addstr(out, "]}\n");
}

static enum status read_last(const struct cli_opts *o, uint32_t *last, struct diag *diag)
{
    const char *given = cli_value(o, "last");
    uint64_t nr = LAST;

    if (given && units_parse_u64(given, &nr, diag) != ST_OK)
        return ST_EUSAGE;
    if (nr < 1 || nr > 1000000)
        return diag_set(diag, ST_EUSAGE, "--last is from 1 to 1000000");
    *last = (uint32_t)nr;
    return ST_OK;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    const char *db = o->db ? o->db : "migcast.db";
    struct trend t = {0};
    struct store *store = NULL;
    struct strbuf out = STRBUF_INIT;
    uint32_t last = LAST;
    enum status st = read_last(o, &last, diag);

    if (st == ST_OK)
        st = store_open(&store, db, STORE_OPEN_READ, diag);
    if (st == ST_OK)
        st = store_load_history(store, last, &t.history, diag);
    if (st == ST_OK && gather(o, &t) != ST_OK)
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK && t.nr == 0 && !o->json) {
        diag_hint(diag, "`migcast check --db %s` keeps one", db);
        st = diag_at(diag, ST_EINPUT, db, 0, "holds no history of such checks");
    }
    if (st == ST_OK) {
        if (t.nr > 0)
            qsort(t.courses, t.nr, sizeof(*t.courses), by_name);
        if (o->json)
            add_json(&out, &t);
        else
            add_text(&out, o, &t);
        st = cli_emit(o, &out, diag);
    }
    strbuf_release(&out);
    release(&t);
    store_close(store);
    return st;
}

static const struct cli_option options[] = {
    {.name = "last", .arg = "N", .help = "checks of each scenario to show (default 30)"},
    {.name = "scenario",
     .arg = "PATH",
     .help = "only this one, as the check named it; can be given several times"},
    {.name = "measure", .arg = "MEASURE", .help = "only this one; can be given several times"},
    {0},
};

const struct cmd cmd_trend = {
    .name = "trend",
    .args = "",
    .help = "how checked scenarios went over time",
    .about = "Shows what `migcast check --db FILE` kept: of each scenario and measure the first "
             "and the last value, the change, and the course between; 20 values are drawn, from "
             "the lowest to the highest.\n\n"
             "  migcast check scenarios/first.ini --baseline b.json --update \\\n"
             "    --db history.db --label \"$COMMIT\"\n"
             "  migcast trend --db history.db --measure downtime.p99",
    .options = options,
    .shared = CLI_JSON | CLI_OUTPUT | CLI_DB,
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
