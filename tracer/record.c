/*
 * record.c - the two ends of a recording: who is there and the header, the footer and the closing.
 *
 * What happens in between is in profile.c (before), record_act.c (the migration) and record_pump.c
 * (each message).  Invariant: the header is the first line; nothing follows the footer.
 */
#include "tracer/record.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/content.h"
#include "tracer/profile.h"
#include "tracer/pulse.h"
#include "tracer/record_int.h"

#include "base/banned.h"

#define PULSE_WATCH_NS (2 * NS_PER_S)
#define PULSE_MOMENTS 20000 /* more than there are looks in that time */

/* -------- who is there -------- */

static enum status ask_quietly(struct recorder *rec, const char *command, json_t **reply,
                               struct diag *diag)
{
    enum status st = record_ask(rec, TRACE_SOURCE, command, NULL, 0, reply, diag);

    if (st == ST_EINPUT && rec->sides[0].qmp) { /* QEMU does not know the command */
        *reply = NULL;
        return ST_OK;
    }
    return st;
}

static enum status find_accel(struct recorder *rec, struct diag *diag)
{
    json_t *reply = NULL;
    enum status st;

    if (rec->o.accel) {
        snprintf(rec->accel, sizeof(rec->accel), "%s", rec->o.accel);
        return ST_OK;
    }
    st = ask_quietly(rec, "query-kvm", &reply, diag);
    snprintf(rec->accel, sizeof(rec->accel), "%s",
             json_is_true(json_object_get(reply, "enabled")) ? "kvm" : "tcg");
    json_decref(reply);
    return st;
}

static enum status find_memory(struct recorder *rec, struct diag *diag)
{
    json_t *reply = NULL;
    json_int_t bytes;
    enum status st;

    rec->mem_mib = rec->o.mem_mib;
    if (rec->mem_mib)
        return ST_OK;
    st = ask_quietly(rec, "query-memory-size-summary", &reply, diag);
    bytes = json_integer_value(json_object_get(reply, "base-memory")) +
            json_integer_value(json_object_get(reply, "plugged-memory"));
    rec->mem_mib = bytes > 0 ? (uint64_t)bytes / MIB : 0;
    json_decref(reply);
    if (st == ST_OK && rec->mem_mib == 0)
        st = diag_at(diag, ST_EINPUT, qmp_name(rec->o.source), 0,
                     "does not say how much memory the machine has");
    return st;
}

static enum status find_vcpus(struct recorder *rec, struct diag *diag)
{
    json_t *reply = NULL;
    enum status st;

    rec->vcpus = rec->o.vcpus;
    if (rec->vcpus)
        return ST_OK;
    st = ask_quietly(rec, "query-cpus-fast", &reply, diag);
    rec->vcpus = json_array_size(reply) ? (uint32_t)json_array_size(reply) : 1;
    json_decref(reply);
    return st;
}

/* Names of what is on, but for "events", which changes nothing. */
static enum status find_capabilities(struct recorder *rec, struct diag *diag)
{
    json_t *reply = NULL, *item;
    enum status st;
    size_t i;

    if (!rec->o.passive) {
        rec->capabilities = rec->o.capabilities ? json_incref(rec->o.capabilities) : json_array();
        return ST_OK;
    }
    rec->capabilities = json_array();
    st = ask_quietly(rec, "query-migrate-capabilities", &reply, diag);
    json_array_foreach(reply, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "capability"));

        if (name && strcmp(name, "events") != 0 && json_is_true(json_object_get(item, "state")))
            json_array_append_new(rec->capabilities, json_string(name));
    }
    json_decref(reply);
    return st;
}

/* Did somebody start a migration before this recording?  Then it counts from its own start. */
static enum status find_running(struct recorder *rec, struct diag *diag)
{
    json_t *reply = NULL;
    const char *status;
    enum status st;

    snprintf(rec->before, sizeof(rec->before), "none");
    if (!rec->o.passive)
        return ST_OK;
    st = ask_quietly(rec, "query-migrate", &reply, diag);
    status = json_string_value(json_object_get(reply, "status"));
    if (status && record_ended(status))
        snprintf(rec->before, sizeof(rec->before), "%s", status);
    if (rec->seen && rec->seen_ns < rec->epoch_ns)
        rec->epoch_ns = rec->seen_ns;
    json_decref(reply);
    return st;
}

static enum status look_around(struct recorder *rec, struct diag *diag)
{
    enum status st;

    if ((st = find_accel(rec, diag)) != ST_OK || (st = find_memory(rec, diag)) != ST_OK ||
        (st = find_vcpus(rec, diag)) != ST_OK || (st = find_capabilities(rec, diag)) != ST_OK)
        return st;
    return find_running(rec, diag);
}

/* -------- the header -------- */

static json_t *link_json(const struct record_link *l)
{
    if (!l->type)
        return json_string("loopback");
    return json_pack("{s:s, s:I, s:s*, s:i, s:o}", "type", l->type, "rate_bps",
                     (json_int_t)l->rate_bps, "group", l->group, "members",
                     l->members ? (int)l->members : 1, "start_s",
                     l->start_s == floor(l->start_s) ? json_integer((json_int_t)l->start_s)
                                                     : json_real(l->start_s));
}

static json_t *seconds_json(double seconds)
{
    if (seconds <= 0)
        return json_null();
    return seconds == floor(seconds) ? json_integer((json_int_t)seconds) : json_real(seconds);
}

static enum status write_whole(struct recorder *rec, json_t *line, struct diag *diag)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    enum status st = text ? record_file_line(rec->file, text, strlen(text), diag)
                          : diag_set(diag, ST_ENOMEM, "out of memory");

    rec->nr_lines++;
    json_decref(line);
    free(text);
    return st;
}

static enum status write_header(struct recorder *rec, struct diag *diag)
{
    const struct record_options *o = &rec->o;
    struct qmp_version v = qmp_version(o->source);
    char version[48];

    snprintf(version, sizeof(version), "%u.%u.%u", v.major, v.minor, v.micro);
    return write_whole(
        rec,
        json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:I, s:i, s:o, s:O?, s:O, s:o, s:o, s:o}", "kind",
                  "header", "format", "qmp-migration-trace", "version", 1, "id",
                  o->id ? o->id : "capture", "qemu", version, "accel", rec->accel, "mem_mib",
                  (json_int_t)rec->mem_mib, "vcpus", (int)rec->vcpus, "link", link_json(&o->link),
                  "workload", o->workload, "capabilities", rec->capabilities, "parameters",
                  o->parameters ? json_incref(o->parameters) : json_object(), "timeout_s",
                  seconds_json(o->timeout_s), "postcopy_after_s",
                  seconds_json(o->postcopy_after_s)),
        diag);
}

static enum status note_number(struct recorder *rec, const char *name, json_int_t number,
                               struct diag *diag)
{
    json_t *data = json_integer(number);
    enum status st = record_line(rec, TRACE_NOTE, TRACE_SOURCE,
                                 rec->seen ? rec->seen_ns : qmp_now(), name, data, diag);

    json_decref(data);
    return st;
}

/* What is in the memory of the guest, and from the second time on what has changed in it. */
static enum status note_content(struct recorder *rec, pid_t pid, struct diag *diag)
{
    struct content_sample s;

    if (!rec->content)
        rec->content = content_new(pid, rec->mem_mib * MIB);
    if (!rec->content)
        return ST_OK;
    s = content_look(rec->content);
    return record_note(rec, TRACE_SOURCE, "guest-content",
                       json_pack("{s:i, s:i, s:i, s:i}", "resident", (int)s.resident, "zero",
                                 (int)s.zero, "changed", (int)s.changed, "changed-to-zero",
                                 (int)s.changed_zero),
                       diag);
}

static bool will_throttle(const struct recorder *rec)
{
    json_t *item;
    size_t i;

    json_array_foreach(rec->capabilities, i, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), "auto-converge") == 0)
            return true;
    }
    return false;
}

enum status record_note_pulse(struct recorder *rec, struct diag *diag)
{
    int64_t *at_ns, step_ns;
    struct pulse pulse;
    enum status st;
    size_t nr;
    bool asked = !rec->o.windows_ms || rec->o.nr_windows > 0; /* to measure anything */

    if (!asked || !rec->content || !will_throttle(rec))
        return ST_OK;
    at_ns = malloc(PULSE_MOMENTS * sizeof(*at_ns));
    if (!at_ns)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    nr = content_watch(rec->content, PULSE_WATCH_NS, at_ns, PULSE_MOMENTS, &step_ns);
    st = pulse_find(at_ns, nr, step_ns, &pulse);
    free(at_ns);
    if (st != ST_OK)
        return diag_set(diag, st, "out of memory");
    return record_note(rec, TRACE_SOURCE, "guest-pulse",
                       json_pack("{s:i, s:I, s:I, s:f}", "changes", (int)nr, "step-us",
                                 (json_int_t)(step_ns / NS_PER_US), "period-us",
                                 (json_int_t)(pulse.period_ns / NS_PER_US), "coherence",
                                 pulse.coherence),
                       diag);
}

/* The process behind the socket need not be QEMU; one that the caller names is taken as it is. */
enum status record_note_rss(struct recorder *rec, struct diag *diag)
{
    const struct record_options *o = &rec->o;
    pid_t pid = o->rss_pid ? o->rss_pid : rec->sides[0].qmp ? qmp_peer_pid(rec->sides[0].qmp) : -1;
    double mib = o->rss_mib > 0 ? o->rss_mib : profile_rss_mib(pid, o->rss_pid == 0);
    long kib = mib < 0 || o->rss_mib > 0 ? -1 : profile_guest_kib(pid, rec->mem_mib * MIB);
    enum status st = ST_OK;

    if (mib >= 0)
        st = note_number(rec, "process-rss-mib", (json_int_t)mib, diag);
    if (st == ST_OK && kib >= 0)
        st = note_number(rec, "guest-resident-kib", kib, diag);
    if (st == ST_OK && kib >= 0)
        st = note_content(rec, pid, diag);
    return st;
}

/* -------- life -------- */

static void recorder_free(struct recorder *rec)
{
    for (int i = 0; i < RECORD_SIDES; i++)
        for (int k = 0; k < RECORD_PENDING; k++)
            record_pending_free(&rec->sides[i].pending[k]);
    record_drop_held(rec);
    json_decref(rec->capabilities);
    content_free(rec->content);
    strbuf_release(&rec->line);
    free(rec);
}

enum status record_open(struct recorder **out, const struct record_options *options,
                        const char *path, struct diag *diag)
{
    struct recorder *rec = calloc(1, sizeof(*rec));
    enum status st;

    assert(out && options && options->source && path);
    *out = NULL;
    if (!rec)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    rec->o = *options;
    rec->epoch_ns = options->epoch_ns ? options->epoch_ns : qmp_now();
    rec->sides[0] = (struct record_side){.qmp = options->source, .side = TRACE_SOURCE};
    rec->sides[1] = (struct record_side){.qmp = options->destination, .side = TRACE_DESTINATION};
    rec->held_tail = &rec->held;
    rec->total_ms = rec->downtime_ms = -1;
    snprintf(rec->status, sizeof(rec->status), "none");
    strbuf_init(&rec->line);
    if ((st = look_around(rec, diag)) != ST_OK ||
        (st = record_file_open(&rec->file, path, diag)) != ST_OK ||
        (st = write_header(rec, diag)) != ST_OK || (st = record_note_rss(rec, diag)) != ST_OK) {
        record_file_finish(rec->file, NULL);
        recorder_free(rec);
        return st;
    }
    *out = rec;
    return ST_OK;
}

bool record_is_running(const struct recorder *rec)
{
    return rec->seen;
}

const char *record_status(const struct recorder *rec)
{
    return rec->status;
}

static enum status write_footer(struct recorder *rec, const char *guest_source,
                                const char *guest_destination, struct diag *diag)
{
    bool by_timeout = rec->by_timeout && strcmp(rec->status, "completed") != 0;
    int64_t t_ns = qmp_now() - rec->epoch_ns;

    if (t_ns < rec->last_t_ns)
        t_ns = rec->last_t_ns;
    return write_whole(rec,
                       json_pack("{s:I, s:s, s:s, s:b, s:s*, s:s*}", "t_ns", (json_int_t)t_ns,
                                 "kind", "footer", "status", rec->status, "cancelled_by_timeout",
                                 by_timeout, "guest_source", guest_source, "guest_destination",
                                 guest_destination),
                       diag);
}

enum status record_finish(struct recorder *rec, const char *guest_source,
                          const char *guest_destination, struct record_result *result,
                          struct diag *diag)
{
    enum status st, closed;

    if (!rec)
        return ST_OK;
    st = record_release_held(rec, diag);
    if (st == ST_OK)
        st = write_footer(rec, guest_source, guest_destination, diag);
    closed = record_file_finish(rec->file, st == ST_OK ? diag : NULL);
    if (result) {
        *result = (struct record_result){
            .cancelled_by_timeout = rec->by_timeout && strcmp(rec->status, "completed") != 0,
            .total_ms = rec->total_ms,
            .downtime_ms = rec->downtime_ms,
            .lines = rec->nr_lines,
        };
        snprintf(result->status, sizeof(result->status), "%s", rec->status);
    }
    recorder_free(rec);
    return st != ST_OK ? st : closed;
}
