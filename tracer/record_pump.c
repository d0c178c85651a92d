/*
 * record_pump.c - what goes to the monitors and what comes from them, and the lines that follow.
 *
 * Every message becomes its line before the next one is looked at.  While somebody else's migration
 * has been seen but its `migrate` line is not written yet, lines are held back, so that the line
 * which divides a trace stands where it belongs.
 *
 * Invariant: stamps in the file never step back; each pending command is done exactly once.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "tracer/lines.h"
#include "tracer/record_int.h"

#include "base/banned.h"

/* How often a stop request is looked at. */
#define STOP_CHECK_NS (100 * NS_PER_MS)

struct record_side *record_side(struct recorder *rec, enum trace_side side)
{
    assert(side == TRACE_SOURCE || side == TRACE_DESTINATION);
    return &rec->sides[side == TRACE_DESTINATION];
}

bool record_ended(const char *status)
{
    return strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0 ||
           strcmp(status, "cancelled") == 0;
}

/* -------- lines -------- */

static const char *const kind_names[] = {
    [TRACE_COMMAND] = "command", [TRACE_RETURN] = "return", [TRACE_ERROR] = "error",
    [TRACE_EVENT] = "event",     [TRACE_NOTE] = "note",
};

static bool add_data(struct strbuf *line, const json_t *data)
{
    char *text = data ? json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (data && !text)
        return false;
    /* What no reader would take is left out; the line still tells that it was there. */
    if (!text || strlen(text) > LINES_MAX_BYTES - 4096)
        strbuf_addstr(line, "null");
    else
        strbuf_addstr(line, text);
    free(text);
    return true;
}

static enum status write_line(struct recorder *rec, const struct trace_line *l, struct diag *diag)
{
    struct strbuf *line = &rec->line;
    int64_t t_ns = l->t_ns - rec->epoch_ns;
    struct trace_line told = *l;
    enum status st;

    if (t_ns < rec->last_t_ns)
        t_ns = rec->last_t_ns;
    rec->last_t_ns = told.t_ns = t_ns;
    strbuf_clear(line);
    strbuf_addf(line, "{\"t_ns\":%lld,\"kind\":\"%s\",\"side\":\"%s\",\"name\":", (long long)t_ns,
                kind_names[l->kind], l->side == TRACE_SOURCE ? "source" : "destination");
    json_add_text(line, l->name);
    strbuf_addstr(line, ",\"data\":");
    if (!add_data(line, l->data) || strbuf_failed(line))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    strbuf_addch(line, '}');
    st = record_file_line(rec->file, strbuf_text(line), line->len, diag);
    told.line_no = ++rec->nr_lines;
    if (st == ST_OK && rec->o.observe)
        rec->o.observe(rec->o.observe_ctx, &told);
    return st;
}

static enum status hold_line(struct recorder *rec, const struct trace_line *l, struct diag *diag)
{
    struct record_held *h = calloc(1, sizeof(*h));

    if (!h || !(h->name = strdup(l->name))) {
        free(h);
        return diag_set(diag, ST_ENOMEM, "out of memory");
    }
    h->kind = l->kind;
    h->side = l->side;
    h->t_ns = l->t_ns;
    h->data = json_incref(l->data);
    *rec->held_tail = h;
    rec->held_tail = &h->next;
    return ST_OK;
}

static struct record_held *pop_held(struct recorder *rec)
{
    struct record_held *h = rec->held;

    rec->held = h->next;
    if (!rec->held)
        rec->held_tail = &rec->held;
    return h;
}

static void free_held(struct record_held *h)
{
    json_decref(h->data);
    free(h->name);
    free(h);
}

void record_drop_held(struct recorder *rec)
{
    while (rec->held)
        free_held(pop_held(rec));
}

enum status record_release_held(struct recorder *rec, struct diag *diag)
{
    enum status st = ST_OK;

    while (rec->held && st == ST_OK) {
        struct record_held *h = pop_held(rec);

        st = record_line(rec, h->kind, h->side, h->t_ns, h->name, h->data, diag);
        free_held(h);
    }
    return st;
}

enum status record_line(struct recorder *rec, enum trace_kind kind, enum trace_side side,
                        int64_t t_ns, const char *name, json_t *data, struct diag *diag)
{
    struct trace_line l = {.kind = kind, .side = side, .t_ns = t_ns, .name = name, .data = data};

    if (!rec->file) /* before the header */
        return ST_OK;
    return write_line(rec, &l, diag);
}

/* Lines of what arrives by itself wait for `migrate`; see the top. */
static enum status arrived_line(struct recorder *rec, enum trace_kind kind, enum trace_side side,
                                int64_t t_ns, const char *name, json_t *data, struct diag *diag)
{
    struct trace_line l = {.kind = kind, .side = side, .t_ns = t_ns, .name = name, .data = data};

    if (rec->file && rec->seen && !rec->started)
        return hold_line(rec, &l, diag);
    return record_line(rec, kind, side, t_ns, name, data, diag);
}

enum status record_note(struct recorder *rec, enum trace_side side, const char *name, json_t *data,
                        struct diag *diag)
{
    enum status st = arrived_line(rec, TRACE_NOTE, side, qmp_now(), name, data, diag);

    json_decref(data);
    return st;
}

/* -------- what arrives -------- */

void record_set_status(struct recorder *rec, const char *status, int64_t t_ns)
{
    bool runs = strcmp(status, "none") != 0 && !record_ended(status);

    if (rec->o.passive && !rec->seen) {
        /* One that ended between two looks counts as well, but not what an earlier one left. */
        if (!runs &&
            (!rec->file || strcmp(status, "none") == 0 || strcmp(status, rec->before) == 0))
            return;
        rec->seen = true;
        rec->seen_ns = t_ns;
    }
    if (rec->seen || rec->started)
        snprintf(rec->status, sizeof(rec->status), "%s", status);
}

static void take_event(struct recorder *rec, struct record_side *s, const struct qmp_message *m)
{
    const char *status = json_string_value(json_object_get(m->data, "status"));

    if (strcmp(m->name, "RESUME") == 0)
        s->resumed = true;
    if (strcmp(m->name, "MIGRATION") != 0 || !status)
        return;
    snprintf(s->status, sizeof(s->status), "%s", status);
    if (s->side == TRACE_SOURCE)
        record_set_status(rec, status, m->t_ns);
}

static void take_poll(struct recorder *rec, const struct qmp_message *m)
{
    const char *status = json_string_value(json_object_get(m->data, "status"));
    json_int_t total = json_integer_value(json_object_get(m->data, "total-time"));

    if (!status)
        return;
    /* Seen late, by a poll: the migration itself says since when it runs. */
    record_set_status(rec, status, m->t_ns - (record_ended(status) ? 0 : total * NS_PER_MS));
    if ((rec->seen || rec->started) && strcmp(status, "completed") == 0 && total > 0) {
        rec->total_ms = total;
        rec->downtime_ms = json_integer_value(json_object_get(m->data, "downtime"));
    }
}

static struct record_pending *find_pending(struct record_side *s, uint64_t id)
{
    for (int i = 0; i < RECORD_PENDING; i++)
        if (s->pending[i].id == id && !s->pending[i].done)
            return &s->pending[i];
    return NULL;
}

void record_pending_free(struct record_pending *p)
{
    if (!p)
        return;
    json_decref(p->reply);
    *p = (struct record_pending){0};
}

static bool is_logged(const struct record_pending *p, const struct qmp_message *m)
{
    const char *status = json_string_value(json_object_get(m->data, "status"));

    if (p->flags & RECORD_LOG_MEASURED)
        return m->kind == QMP_ERROR || (status && strcmp(status, "measured") == 0);
    return p->flags & RECORD_LOG_REPLY;
}

static enum status take_reply(struct recorder *rec, struct record_side *s,
                              const struct qmp_message *m, struct diag *diag)
{
    struct record_pending *p = m->id ? find_pending(s, m->id) : NULL;
    enum trace_kind kind = m->kind == QMP_ERROR ? TRACE_ERROR : TRACE_RETURN;
    enum status st = ST_OK;

    if (!p) /* given up on, or not ours */
        return ST_OK;
    if (m->kind == QMP_RETURN && s->side == TRACE_SOURCE && strcmp(p->name, "query-migrate") == 0)
        take_poll(rec, m);
    if (is_logged(p, m))
        st = arrived_line(rec, kind, s->side, m->t_ns, p->name, m->data, diag);
    p->done = true;
    p->refused = m->kind == QMP_ERROR;
    p->reply = json_incref(m->data);
    if (p->flags & RECORD_FORGET)
        record_pending_free(p);
    return st;
}

static enum status take_message(struct recorder *rec, struct record_side *s,
                                const struct qmp_message *m, struct diag *diag)
{
    if (m->kind != QMP_EVENT)
        return take_reply(rec, s, m, diag);
    take_event(rec, s, m);
    return arrived_line(rec, TRACE_EVENT, s->side, m->t_ns, m->name, m->data, diag);
}

/* The monitor is gone: nobody will answer. */
static enum status lose_side(struct recorder *rec, struct record_side *s, struct diag *diag)
{
    struct diag why = {0};
    enum status st = qmp_failure(s->qmp, &why);

    s->qmp = NULL;
    for (int i = 0; i < RECORD_PENDING; i++)
        if (s->pending[i].id)
            s->pending[i].done = s->pending[i].refused = true;
    record_note(rec, s->side, "monitor-closed", json_string(why.what), NULL);
    if (s->side == TRACE_DESTINATION)
        return ST_OK;
    if (diag)
        *diag = why;
    return st;
}

static enum status drain_side(struct recorder *rec, struct record_side *s, struct diag *diag)
{
    enum status st = ST_OK;
    struct qmp_message m;

    while (s->qmp && st == ST_OK) {
        switch (qmp_next(s->qmp, &m)) {
        case QMP_NOTHING:
            return ST_OK;
        case QMP_CLOSED:
            return lose_side(rec, s, diag);
        default:
            st = take_message(rec, s, &m, diag);
            qmp_message_release(&m);
        }
    }
    return st;
}

enum status record_pump(struct recorder *rec, int64_t until_ns, struct diag *diag)
{
    struct qmp *clients[RECORD_SIDES];
    int64_t check_ns = qmp_now() + STOP_CHECK_NS;

    for (int i = 0; i < RECORD_SIDES; i++)
        clients[i] = rec->sides[i].qmp;
    if (!clients[0])
        return diag_set(diag, ST_ERETRY, "the source's monitor is closed");
    qmp_wait(clients, RECORD_SIDES, until_ns < check_ns ? until_ns : check_ns);
    for (int i = 0; i < RECORD_SIDES; i++) {
        enum status st = drain_side(rec, &rec->sides[i], diag);

        if (st != ST_OK)
            return st;
    }
    if (rec->o.tick)
        rec->o.tick(rec->o.observe_ctx, qmp_now() - rec->epoch_ns);
    if (rec->o.stop && atomic_load(rec->o.stop))
        return diag_set(diag, ST_EINTR, "interrupted");
    return ST_OK;
}

enum status record_idle(struct recorder *rec, int64_t until_ns, struct diag *diag)
{
    enum status st;

    do
        st = record_pump(rec, until_ns, diag);
    while (st == ST_OK && qmp_now() < until_ns);
    return st;
}

/* -------- what is sent -------- */

enum status record_send(struct recorder *rec, enum trace_side side, const char *command,
                        json_t *arguments, unsigned flags, struct record_pending **slot,
                        struct diag *diag)
{
    struct record_side *s = record_side(rec, side);
    struct record_pending *p = NULL;
    json_t *nothing = arguments ? NULL : json_object();
    enum status st = ST_OK;

    for (int i = 0; i < RECORD_PENDING && !p; i++)
        if (!s->pending[i].id)
            p = &s->pending[i];
    if (!p || !s->qmp)
        st = diag_set(diag, ST_ERETRY,
                      s->qmp ? "the monitor has too many commands to answer"
                             : "the monitor is closed");
    if (st == ST_OK && flags & RECORD_LOG_COMMAND)
        st = record_line(rec, TRACE_COMMAND, side, qmp_now(), command,
                         arguments ? arguments : nothing, diag);
    json_decref(nothing);
    if (st != ST_OK)
        return st;
    *p = (struct record_pending){.name = command, .flags = flags, .sent_ns = qmp_now()};
    st = qmp_send(s->qmp, command, arguments, &p->id, diag);
    if (st != ST_OK) {
        *p = (struct record_pending){0};
        drain_side(rec, s, NULL); /* what came before the end, and the note of it */
    }
    if (slot)
        *slot = st == ST_OK ? p : NULL;
    return st;
}

enum status record_ask(struct recorder *rec, enum trace_side side, const char *command,
                       json_t *arguments, unsigned flags, json_t **reply, struct diag *diag)
{
    int64_t until_ns = qmp_now() + RECORD_ANSWER_NS;
    struct record_pending *p = NULL;
    enum status st = record_send(rec, side, command, arguments, flags, &p, diag);
    const char *desc;

    if (reply)
        *reply = NULL;
    while (st == ST_OK && !p->done) {
        st = record_pump(rec, until_ns, diag);
        if (st == ST_OK && !p->done && qmp_now() >= until_ns)
            st =
                diag_at(diag, ST_ERETRY, qmp_name(record_side(rec, side)->qmp), 0,
                        "no answer to %s within %d s", command, (int)(RECORD_ANSWER_NS / NS_PER_S));
    }
    if (st == ST_OK && p->refused) {
        desc = json_string_value(json_object_get(p->reply, "desc"));
        st = diag_set(diag, ST_EINPUT, "%s: %s", command, desc ? desc : "the monitor closed");
    } else if (st == ST_OK && reply) {
        *reply = json_incref(p->reply);
    }
    record_pending_free(p);
    return st;
}

enum status record_command(struct recorder *rec, enum trace_side side, const char *command,
                           json_t *arguments, json_t **reply, struct diag *diag)
{
    return record_ask(rec, side, command, arguments, RECORD_LOG, reply, diag);
}
