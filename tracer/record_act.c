/*
 * record_act.c - the migration itself: prepared and started here, or awaited from somebody else,
 * and followed to its end.
 *
 * Traps that are settled here, each seen in some version: totals of zero just after `completed` (up
 * to 8.2.0), a destination whose monitor closes on cancel, a cancel that is refused in post-copy
 * (10.0), an end that shows in polls only because the `events` capability is off.
 *
 * Invariant: one `migrate` line a file; at most one query-migrate under way.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/record_int.h"

#include "base/banned.h"

/* How often somebody else's start is looked for.  With the `events` capability the event comes
 * first anyway; without it this is how late the start may be noticed. */
#define WATCH_POLL_NS (100 * NS_PER_MS)
/* A monitor that does not answer for so long while a migration runs is given up.  QEMU holds the
 * lock for the whole stop-and-copy, so this is far longer than any sane downtime. */
#define SILENCE_NS (120 * NS_PER_S)
/* A cancel takes 0.1 s; one that was refused or hangs is waited for this long. */
#define CANCEL_NS (60 * NS_PER_S)
#define SETTLE_NS (200 * NS_PER_MS)
#define TOTALS_NS (2 * NS_PER_S)
#define DESTINATION_NS (1 * NS_PER_S)

/* -------- before -------- */

static enum status set_capabilities(struct recorder *rec, enum trace_side side, struct diag *diag)
{
    json_t *list = json_array(), *arguments, *name;
    enum status st;
    size_t i;

    json_array_append_new(list, json_pack("{s:s, s:b}", "capability", "events", "state", 1));
    json_array_foreach(rec->capabilities, i, name)
        json_array_append_new(list, json_pack("{s:O, s:b}", "capability", name, "state", 1));
    arguments = json_pack("{s:o}", "capabilities", list);
    st = record_command(rec, side, "migrate-set-capabilities", arguments, NULL, diag);
    json_decref(arguments);
    return st;
}

/* The parameters that both sides have to agree on. */
static json_t *shared_parameters(json_t *parameters)
{
    json_t *shared = json_object(), *value;
    const char *key;

    json_object_foreach(parameters, key,
                        value) if (strncmp(key, "multifd-", 8) == 0 || strncmp(key, "tls-", 4) == 0)
        json_object_set(shared, key, value);
    return shared;
}

static enum status set_parameters(struct recorder *rec, enum trace_side side, json_t *parameters,
                                  struct diag *diag)
{
    if (json_object_size(parameters) == 0)
        return ST_OK;
    return record_command(rec, side, "migrate-set-parameters", parameters, NULL, diag);
}

static enum status prepare_destination(struct recorder *rec, const char *incoming,
                                       struct diag *diag)
{
    json_t *arguments = shared_parameters(rec->o.parameters);
    enum status st = set_parameters(rec, TRACE_DESTINATION, arguments, diag);

    json_decref(arguments);
    if (st != ST_OK || !incoming)
        return st;
    arguments = json_pack("{s:s}", "uri", incoming);
    st = record_command(rec, TRACE_DESTINATION, "migrate-incoming", arguments, NULL, diag);
    json_decref(arguments);
    return st;
}

enum status record_prepare(struct recorder *rec, const char *incoming, struct diag *diag)
{
    bool both = rec->sides[1].qmp != NULL;
    enum status st = ST_OK;

    assert(!rec->o.passive && !rec->started && (both || !incoming));
    if (both)
        st = set_capabilities(rec, TRACE_DESTINATION, diag);
    if (st == ST_OK)
        st = set_capabilities(rec, TRACE_SOURCE, diag);
    if (st == ST_OK)
        st = set_parameters(rec, TRACE_SOURCE, rec->o.parameters, diag);
    if (st == ST_OK && both)
        st = prepare_destination(rec, incoming, diag);
    if (st == ST_OK)
        st = record_command(rec, TRACE_SOURCE, "query-migrate-parameters", NULL, NULL, diag);
    return st;
}

enum status record_start(struct recorder *rec, const char *uri, struct diag *diag)
{
    json_t *arguments = json_pack("{s:s}", "uri", uri);
    enum status st;

    assert(!rec->o.passive && !rec->started);
    rec->started = true;
    rec->start_ns = qmp_now();
    st = record_command(rec, TRACE_SOURCE, "migrate", arguments, NULL, diag);
    json_decref(arguments);
    return st;
}

enum status record_migrate(struct recorder *rec, const char *uri, struct diag *diag)
{
    enum status st = record_prepare(rec, rec->sides[1].qmp ? uri : NULL, diag);

    if (st == ST_OK)
        st = record_start(rec, uri, diag);
    return st == ST_OK ? record_follow(rec, diag) : st;
}

/* -------- somebody else's -------- */

/* Asks, and puts the answer before the `migrate` line to come, as of the moment it was seen. */
static enum status ask_as_of_start(struct recorder *rec, const char *command, struct diag *diag)
{
    json_t *reply = NULL;
    enum status st = record_ask(rec, TRACE_SOURCE, command, NULL, 0, &reply, diag);

    if (st == ST_EINPUT && rec->sides[0].qmp)
        return ST_OK;
    if (st == ST_OK)
        st = record_line(rec, TRACE_RETURN, TRACE_SOURCE, rec->seen_ns, command, reply, diag);
    json_decref(reply);
    return st;
}

/* Whoever starts a migration sets its parameters just before, so they are asked for now, a moment
 * after, and written down as of the start. */
static enum status begin_seen(struct recorder *rec, struct diag *diag)
{
    json_t *nothing = json_object();
    enum status st = ask_as_of_start(rec, "query-migrate-capabilities", diag);

    if (st == ST_OK)
        st = ask_as_of_start(rec, "query-migrate-parameters", diag);
    if (st == ST_OK)
        st = record_line(rec, TRACE_COMMAND, TRACE_SOURCE, rec->seen_ns, "migrate", nothing, diag);
    json_decref(nothing);
    rec->started = true;
    rec->start_ns = rec->seen_ns;
    return st == ST_OK ? record_release_held(rec, diag) : st;
}

enum status record_watch(struct recorder *rec, int64_t timeout_ns, struct diag *diag)
{
    int64_t until_ns = timeout_ns ? qmp_now() + timeout_ns : INT64_MAX, ask_ns = qmp_now();
    enum status st = ST_OK;

    assert(rec->o.passive && !rec->started);
    while (st == ST_OK && !rec->seen) {
        if (qmp_now() >= until_ns)
            return diag_at(diag, ST_ERETRY, qmp_name(rec->o.source), 0,
                           "no migration was started within %.0f s",
                           (double)timeout_ns / (double)NS_PER_S);
        if (qmp_now() >= ask_ns) {
            st = record_ask(rec, TRACE_SOURCE, "query-migrate", NULL, 0, NULL, diag);
            ask_ns = qmp_now() + WATCH_POLL_NS;
        }
        if (st == ST_OK && !rec->seen)
            st = record_pump(rec, ask_ns < until_ns ? ask_ns : until_ns, diag);
    }
    return st == ST_OK ? begin_seen(rec, diag) : st;
}

/* -------- while it runs -------- */

static enum status send_once(struct recorder *rec, bool *sent, const char *command,
                             json_t *arguments, struct diag *diag)
{
    enum status st =
        record_send(rec, TRACE_SOURCE, command, arguments, RECORD_LOG | RECORD_FORGET, NULL, diag);

    json_decref(arguments);
    *sent = true;
    return st;
}

static int64_t after_start(const struct recorder *rec, double seconds)
{
    return seconds > 0 ? rec->start_ns + (int64_t)(seconds * (double)NS_PER_S) : INT64_MAX;
}

/* What the capture itself has to do by now. */
static enum status act(struct recorder *rec, struct diag *diag)
{
    int64_t now_ns = qmp_now();

    if (rec->o.passive)
        return ST_OK;
    if (!rec->cancel_sent && now_ns >= after_start(rec, rec->o.timeout_s)) {
        rec->by_timeout = true;
        return send_once(rec, &rec->cancel_sent, "migrate_cancel", NULL, diag);
    }
    if (!rec->postcopy_sent && !rec->cancel_sent && strcmp(rec->status, "active") == 0 &&
        now_ns >= after_start(rec, rec->o.postcopy_after_s))
        return send_once(rec, &rec->postcopy_sent, "migrate-start-postcopy", NULL, diag);
    if (!rec->continue_sent && strcmp(rec->status, "pre-switchover") == 0)
        return send_once(rec, &rec->continue_sent, "migrate-continue",
                         json_pack("{s:s}", "state", "pre-switchover"), diag);
    return ST_OK;
}

/* The next moment at which something is due by itself. */
static int64_t next_due(const struct recorder *rec, const struct record_pending *poll,
                        int64_t poll_ns)
{
    int64_t due_ns = poll ? poll->sent_ns + SILENCE_NS : poll_ns, at_ns;

    at_ns = after_start(rec, rec->o.timeout_s);
    if (!rec->o.passive && !rec->cancel_sent && at_ns < due_ns)
        due_ns = at_ns;
    at_ns = after_start(rec, rec->o.postcopy_after_s);
    if (!rec->o.passive && !rec->postcopy_sent && at_ns > qmp_now() && at_ns < due_ns)
        due_ns = at_ns;
    return due_ns;
}

static bool given_up(const struct recorder *rec)
{
    return rec->cancel_sent && qmp_now() >= after_start(rec, rec->o.timeout_s) + CANCEL_NS;
}

static enum status follow_running(struct recorder *rec, struct diag *diag)
{
    int64_t every_ns = (rec->o.poll_ms ? rec->o.poll_ms : RECORD_DEFAULT_POLL_MS) * NS_PER_MS;
    int64_t poll_ns = qmp_now();
    struct record_pending *poll = NULL;
    enum status st = ST_OK;

    while (st == ST_OK && !record_ended(rec->status) && !given_up(rec)) {
        if (poll && poll->done) {
            record_pending_free(poll);
            poll = NULL;
            poll_ns = qmp_now() + every_ns;
        }
        if (!poll && qmp_now() >= poll_ns)
            st = record_send(rec, TRACE_SOURCE, "query-migrate", NULL, RECORD_LOG_REPLY, &poll,
                             diag);
        else if (poll && qmp_now() >= poll->sent_ns + SILENCE_NS)
            return diag_at(diag, ST_ERETRY, qmp_name(rec->o.source), 0,
                           "the monitor fell silent while the migration ran");
        if (st == ST_OK)
            st = act(rec, diag);
        if (st == ST_OK)
            st = record_pump(rec, next_due(rec, poll, poll_ns), diag);
    }
    if (st == ST_ERETRY && !rec->sides[0].qmp && record_ended(rec->status))
        st = ST_OK; /* QEMU was ended together with the migration */
    /* An answer under way is logged when it comes, and nobody waits for it. */
    if (poll && poll->done)
        record_pending_free(poll);
    else if (poll)
        poll->flags |= RECORD_FORGET;
    return st;
}

/* -------- its end -------- */

/* One more poll; that the monitor is gone by now is how some managers end a migration. */
static enum status poll_end(struct recorder *rec, struct diag *diag)
{
    enum status st;

    if (!rec->sides[0].qmp)
        return ST_OK;
    st = record_ask(rec, TRACE_SOURCE, "query-migrate", NULL, RECORD_LOG_REPLY, NULL, diag);
    return st == ST_EINPUT || (st == ST_ERETRY && !rec->sides[0].qmp) ? ST_OK : st;
}

static enum status settle(struct recorder *rec, int64_t ns, struct diag *diag)
{
    enum status st = rec->sides[0].qmp ? record_idle(rec, qmp_now() + ns, diag) : ST_OK;

    return st == ST_ERETRY && !rec->sides[0].qmp ? ST_OK : st;
}

static bool totals_are_due(const struct recorder *rec)
{
    return rec->sides[0].qmp && strcmp(rec->status, "completed") == 0 && rec->total_ms < 0;
}

static bool destination_is_due(const struct recorder *rec)
{
    const struct record_side *d = &rec->sides[1];

    return d->qmp && strcmp(rec->status, "completed") == 0 && strcmp(d->status, "") != 0 &&
           !record_ended(d->status);
}

/* The destination's last word, if it has one soon: it may hang, and the source's is what counts. */
static enum status poll_destination(struct recorder *rec, struct diag *diag)
{
    int64_t until_ns = qmp_now() + DESTINATION_NS;
    struct record_pending *p = NULL;
    enum status st = ST_OK;

    if (!rec->sides[1].qmp || !rec->sides[0].qmp)
        return ST_OK;
    if (record_send(rec, TRACE_DESTINATION, "query-migrate", NULL, RECORD_LOG_REPLY, &p, NULL) !=
        ST_OK)
        return ST_OK;
    while (st == ST_OK && !p->done && rec->sides[0].qmp && qmp_now() < until_ns)
        st = settle(rec, SETTLE_NS / 40, diag);
    record_pending_free(p);
    return st;
}

static enum status follow_end(struct recorder *rec, struct diag *diag)
{
    int64_t end_ns = qmp_now();
    enum status st = poll_end(rec, diag);

    if (st == ST_OK)
        st = settle(rec, SETTLE_NS, diag);
    if (st == ST_OK)
        st = poll_end(rec, diag);
    while (st == ST_OK && totals_are_due(rec) && qmp_now() < end_ns + TOTALS_NS) {
        st = settle(rec, SETTLE_NS / 4, diag);
        if (st == ST_OK)
            st = poll_end(rec, diag);
    }
    while (st == ST_OK && destination_is_due(rec) && qmp_now() < end_ns + DESTINATION_NS)
        st = settle(rec, SETTLE_NS / 4, diag);
    return st == ST_OK ? poll_destination(rec, diag) : st;
}

enum status record_follow(struct recorder *rec, struct diag *diag)
{
    enum status st;

    assert(rec->started);
    st = follow_running(rec, diag);
    return st == ST_OK && record_ended(rec->status) ? follow_end(rec, diag) : st;
}
