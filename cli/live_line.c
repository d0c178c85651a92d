/*
 * live_line.c - draws what answers/accuracy/live.h says.
 *
 * Invariant: while a thread forecasts, `fresh` is its own; the view is drawn from `live`, which
 * only the recording thread touches.
 */
#include "cli/live_line.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers/accuracy/live.h"
#include "base/json_text.h"
#include "base/units.h"

#include "base/banned.h"

#define LOOK_EVERY_NS (250 * NS_PER_MS) /* an alarm waits for no line to be due */
#define JSON_EVERY_NS (1 * NS_PER_S)
#define PLAIN_EVERY_NS (5 * NS_PER_S)

struct live_line {
    struct cli_opts *o;
    const char *path;
    const struct costs_file *calibration; /* NULL = no forecast */
    struct live *live;
    bool terminal, drawn, started, ended, alarm_said;
    int64_t last_ns, look_ns, show_ns; /* of the trace's clock: the last line, and what is due */

    pthread_t thread;
    bool thread_runs;
    atomic_bool thread_done;
    struct live *fresh; /* the thread's */
    enum status fresh_status;
    struct diag fresh_diag;
};

enum status live_line_new(struct live_line **out, struct cli_opts *o, const char *path,
                          const struct costs_file *calibration, struct diag *diag)
{
    struct live_line *ll = calloc(1, sizeof(*ll));
    const char *term = getenv("TERM");

    *out = ll;
    if (!ll || !(ll->live = live_new()))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    ll->o = o;
    ll->path = path;
    ll->calibration = calibration;
    ll->terminal = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
    return ST_OK;
}

/* -------- the forecast -------- */

static enum status forecast(const struct live_line *ll, struct live *live, struct diag *diag)
{
    struct predict_options po = {.calibration = ll->calibration,
                                 .seed = ll->o->has_seed ? ll->o->seed : 1};
    struct trace_facts facts;
    enum status st = facts_load(&facts, ll->path, FACTS_BEFORE_ONLY, diag);

    if (st != ST_OK)
        return st;
    st = live_forecast(live, &facts, &po, diag);
    facts_release(&facts);
    return st;
}

static void *forecast_thread(void *arg)
{
    struct live_line *ll = arg;

    ll->fresh_status = forecast(ll, ll->fresh, &ll->fresh_diag);
    atomic_store(&ll->thread_done, true);
    return NULL;
}

static void forecast_anew(struct live_line *ll)
{
    ll->fresh = live_new();
    atomic_store(&ll->thread_done, false);
    if (ll->fresh && pthread_create(&ll->thread, NULL, forecast_thread, ll) == 0) {
        ll->thread_runs = true;
        return;
    }
    live_free(ll->fresh);
    ll->fresh = NULL;
}

/* Takes over what the thread found; waits for it only if @wait. */
static void collect_forecast(struct live_line *ll, bool wait)
{
    if (!ll->thread_runs || (!wait && !atomic_load(&ll->thread_done)))
        return;
    pthread_join(ll->thread, NULL);
    ll->thread_runs = false;
    if (ll->fresh_status == ST_OK)
        live_adopt(ll->live, ll->fresh);
    else
        cli_say_diag(ll->o->cmd, &ll->fresh_diag);
    live_free(ll->fresh);
    ll->fresh = NULL;
}

/* -------- as JSON -------- */

static void add_pair(struct strbuf *out, const char *key, int64_t low, int64_t high, double unit)
{
    json_key(out, key);
    if (low < 0) {
        strbuf_addstr(out, "null");
        return;
    }
    strbuf_addch(out, '[');
    json_next(out);
    json_add_double(out, (double)low / unit);
    json_next(out);
    json_add_double(out, (double)high / unit);
    strbuf_addch(out, ']');
}

static void add_count(struct strbuf *out, const char *key, int64_t value)
{
    json_key(out, key);
    if (value < 0)
        strbuf_addstr(out, "null");
    else
        json_add_int(out, value);
}

static void open_event(struct strbuf *out, const struct live_line *ll, const char *event)
{
    strbuf_addch(out, '{');
    json_put_text(out, "format_version", CLI_FORMAT_VERSION);
    json_put_text(out, "event", event);
    json_put_ms(out, "t_ms", ll->last_ns);
}

static void add_view(struct strbuf *out, const struct live_view *v)
{
    json_put_text(out, "status", v->status);
    json_put_ms(out, "elapsed_ms", v->elapsed_ns);
    add_count(out, "sent_bytes", v->sent_bytes);
    add_count(out, "rounds", v->rounds);
    add_count(out, "throttle_pct", v->throttle_pct);
    json_put_text(out, "state", v->has_forecast ? live_state_name(v->state) : NULL);
    json_put_text(out, "why", v->why[0] ? v->why : NULL);
    json_put_ms(out, "expected_end_ms", v->end_ns);
    add_pair(out, "expected_end_interval_ms", v->end_low_ns, v->end_high_ns, (double)NS_PER_MS);
    add_pair(out, "expected_sent_interval_bytes", v->sent_low_bytes, v->sent_high_bytes, 1.0);
    add_pair(out, "expected_rounds_interval", v->rounds_low, v->rounds_high, 1.0);
}

static void print_event(const struct live_line *ll, struct strbuf *out)
{
    struct diag ignored;
    FILE *f;

    strbuf_addstr(out, "}\n");
    (void)!cli_emit(ll->o, out, &ignored);
    f = cli_out(ll->o, &ignored);
    if (f)
        fflush(f); /* its reader waits for each line */
    strbuf_release(out);
}

static void print_view_event(const struct live_line *ll, const char *event,
                             const struct live_view *v)
{
    struct strbuf out = STRBUF_INIT;

    open_event(&out, ll, event);
    add_view(&out, v);
    print_event(ll, &out);
}

/* -------- as text -------- */

static void add_end(struct strbuf *out, const struct live_view *v)
{
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];

    if (!v->has_forecast)
        return;
    if (v->end_ns >= 0)
        strbuf_addf(out, ", end at %s (%s .. %s)", units_time(a, v->end_ns),
                    units_time(b, v->end_low_ns), units_time(c, v->end_high_ns));
    if (v->end_ns >= 0 && v->completes_share < 0.5)
        strbuf_addstr(out, " without completing");
    strbuf_addf(out, ", %s%s%s", live_state_name(v->state), v->why[0] ? ": " : "", v->why);
}

static void add_view_text(struct strbuf *out, const struct live_view *v)
{
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];

    strbuf_addf(out, "%s %s", v->status, units_time(a, v->elapsed_ns));
    if (v->sent_bytes >= 0)
        strbuf_addf(out, ", round %" PRId64 ", %s sent", v->rounds,
                    units_size(b, (uint64_t)v->sent_bytes));
    if (v->has_forecast && v->sent_low_bytes >= 0)
        strbuf_addf(out, " (%s .. %s)", units_size(b, (uint64_t)v->sent_low_bytes),
                    units_size(c, (uint64_t)v->sent_high_bytes));
    if (v->throttle_pct > 0)
        strbuf_addf(out, ", throttled %" PRId64 " %%", v->throttle_pct);
    add_end(out, v);
}

static void wipe(struct live_line *ll)
{
    if (ll->drawn)
        fputs("\r\033[K", stderr);
    ll->drawn = false;
}

static void draw(struct live_line *ll, const struct live_view *v)
{
    struct strbuf text = STRBUF_INIT;

    add_view_text(&text, v);
    if (ll->terminal && !ll->o->quiet) {
        fprintf(stderr, "\r%s\033[K", strbuf_text(&text));
        fflush(stderr);
        ll->drawn = true;
    } else {
        cli_note(ll->o, "%s", strbuf_text(&text));
    }
    strbuf_release(&text);
}

/* -------- while it runs -------- */

static int64_t show_every_ns(const struct live_line *ll)
{
    if (ll->o->json)
        return JSON_EVERY_NS;
    return ll->terminal && !ll->o->quiet ? LOOK_EVERY_NS : PLAIN_EVERY_NS;
}

static void alarm_once(struct live_line *ll, const struct live_view *v)
{
    if (v->state != LIVE_ABNORMAL || ll->alarm_said)
        return;
    ll->alarm_said = true;
    wipe(ll);
    if (ll->o->json)
        print_view_event(ll, "alarm", v);
    cli_warn(ll->o, "alarm: the migration %s", v->why);
}

static void look(struct live_line *ll)
{
    struct live_view v;

    collect_forecast(ll, false);
    live_look(ll->live, ll->last_ns, &v);
    alarm_once(ll, &v);
    ll->ended = v.ended;
    if (ll->last_ns < ll->show_ns || v.ended)
        return;
    ll->show_ns = ll->last_ns + show_every_ns(ll);
    if (ll->o->json)
        print_view_event(ll, "progress", &v);
    if (!ll->o->json || ll->terminal)
        draw(ll, &v);
}

void live_line_observe(void *ctx, const struct trace_line *line)
{
    struct live_line *ll = ctx;
    bool starts = line->kind == TRACE_COMMAND && line->side == TRACE_SOURCE &&
                  strcmp(line->name, "migrate") == 0;

    ll->last_ns = line->t_ns;
    live_line(ll->live, line);
    if (starts && !ll->started) {
        ll->started = true;
        ll->show_ns = line->t_ns + (ll->o->json ? 0 : show_every_ns(ll));
        /* Started by somebody else: a command that names no address. */
        if (ll->calibration && !json_object_get(line->data, "uri"))
            forecast_anew(ll);
    }
}

void live_line_tick(void *ctx, int64_t t_ns)
{
    struct live_line *ll = ctx;

    if (!ll->started || ll->ended || t_ns < ll->look_ns || t_ns < ll->last_ns)
        return;
    ll->last_ns = t_ns;
    ll->look_ns = t_ns + LOOK_EVERY_NS;
    look(ll);
}

void live_line_say(struct live_line *ll, const char *event, const char *text)
{
    struct strbuf out = STRBUF_INIT;

    cli_note(ll->o, "%s", text);
    if (!ll->o->json)
        return;
    open_event(&out, ll, event);
    print_event(ll, &out);
}

enum status live_line_forecast(struct live_line *ll, struct diag *diag)
{
    struct live_view v;
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];
    enum status st;

    if (!ll->calibration)
        return ST_OK;
    st = forecast(ll, ll->live, diag);
    if (st != ST_OK)
        return st;
    live_look(ll->live, ll->last_ns, &v);
    if (ll->o->json)
        print_view_event(ll, "forecast", &v);
    cli_note(ll->o, "forecast: %s in %s (%s .. %s)",
             v.completes_share >= 0.5 ? "completes" : "does not complete, ends",
             units_time(a, v.end_ns), units_time(b, v.end_low_ns), units_time(c, v.end_high_ns));
    return ST_OK;
}

/* -------- the end -------- */

static void print_end(struct live_line *ll, const struct record_result *r,
                      const struct live_view *v)
{
    struct strbuf out = STRBUF_INIT;
    char a[UNITS_TEXT], b[UNITS_TEXT];
    const char *status = r->cancelled_by_timeout ? "timeout" : r->status;

    if (ll->o->json) {
        open_event(&out, ll, "ended");
        add_view(&out, v);
        add_count(&out, "total_time_ms", r->total_ms);
        add_count(&out, "downtime_ms", r->downtime_ms);
        json_key(&out, "cancelled_by_timeout");
        json_add_bool(&out, r->cancelled_by_timeout);
        json_key(&out, "alarm");
        json_add_bool(&out, live_alarmed(ll->live, NULL));
        json_key(&out, "file");
        json_add_text(&out, ll->path);
        print_event(ll, &out);
        return;
    }
    strbuf_addf(&out, "%s%s%s", cli_style(ll->o, CLI_BOLD), status, cli_style(ll->o, CLI_PLAIN));
    if (r->total_ms >= 0)
        strbuf_addf(&out, " in %s, downtime %s", units_time(a, r->total_ms * NS_PER_MS),
                    units_time(b, r->downtime_ms * NS_PER_MS));
    else if (ll->started)
        strbuf_addf(&out, " after %s", units_time(a, v->elapsed_ns));
    if (v->sent_bytes >= 0)
        strbuf_addf(&out, ", %s sent in %" PRId64 " rounds", units_size(a, (uint64_t)v->sent_bytes),
                    v->rounds);
    if (v->has_forecast && ll->started)
        strbuf_addf(&out, ", %s%s%s", live_state_name(v->state), v->why[0] ? ": " : "", v->why);
    strbuf_addf(&out, "\n%s: %lu lines\n", ll->path, r->lines);
    (void)!cli_emit(ll->o, &out, NULL);
    strbuf_release(&out);
}

enum status live_line_end(struct live_line *ll, const struct record_result *result,
                          struct diag *diag)
{
    struct live_view v;
    const char *why;

    collect_forecast(ll, true);
    wipe(ll);
    live_look(ll->live, ll->last_ns, &v);
    print_end(ll, result, &v);
    if (!live_alarmed(ll->live, &why))
        return ST_OK;
    return diag_set(diag, ST_ETHRESHOLD, "outside of what was forecast: the migration %s", why);
}

void live_line_free(struct live_line *ll)
{
    if (!ll)
        return;
    if (ll->thread_runs)
        pthread_join(ll->thread, NULL);
    live_free(ll->fresh);
    live_free(ll->live);
    free(ll);
}
