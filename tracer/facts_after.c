/*
 * facts_after.c - the lines from the source's `migrate` on: what happened, and how it ended.
 *
 * Passes, states and moments come from events, counters from query-migrate, the outcome from the
 * last state of the source.  Two races are settled here: up to QEMU 8.2.0 the state turns to
 * `completed` before the totals are filled in, so a completed answer with a total time of 0 is
 * passed over for a later one; and a cancelled migration reports no totals at all, so they are
 * taken from the events and the last answer that had RAM counters.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "tracer/facts_int.h"

#include "base/banned.h"

/* How far from timeout_s a cancel may come and still be the timeout's, when no footer tells. */
#define TIMEOUT_EARLY_NS (100 * NS_PER_MS)
#define TIMEOUT_LATE_NS (2 * NS_PER_S)

void facts_after_init(struct facts_loader *ld)
{
    struct facts_after *after = &ld->facts->after;

    after->poll_stride = 1;
    after->at = (struct facts_moments){-1, -1, -1, -1, -1, -1, -1, -1, -1};
    after->totals = (struct facts_totals){
        .total_ns = -1, .downtime_ns = -1, .setup_ns = -1, .rounds = -1, .transferred_bytes = -1};
    ld->source_status = FACTS_ST_NONE;
    ld->footer_status = FACTS_ST_NONE;
}

static bool is_final(enum facts_status status)
{
    return status == FACTS_ST_COMPLETED || status == FACTS_ST_FAILED ||
           status == FACTS_ST_CANCELLED;
}

static int64_t since_migrate(const struct facts_loader *ld, const struct trace_line *line)
{
    assert(ld->facts->before.migrate_ns >= 0 && line->t_ns >= ld->facts->before.migrate_ns);
    return line->t_ns - ld->facts->before.migrate_ns;
}

static void set_once(int64_t *moment, int64_t t_ns)
{
    if (*moment < 0)
        *moment = t_ns;
}

static enum status add_state(struct facts_loader *ld, const struct trace_line *line,
                             enum facts_status status, bool from_poll)
{
    struct facts_after *after = &ld->facts->after;
    int64_t t_ns = since_migrate(ld, line);
    void *array = after->states;
    enum status st = facts_grow(ld, line, &array, after->nr_states, &ld->states_cap,
                                sizeof(*after->states), FACTS_LIST_MAX);

    after->states = array;
    if (st != ST_OK)
        return st;
    after->states[after->nr_states++] = (struct facts_state){t_ns, line->side, status, from_poll};
    if (line->side != TRACE_SOURCE)
        return ST_OK;
    ld->source_status = status;
    if (status == FACTS_ST_SETUP)
        set_once(&after->at.setup_ns, t_ns);
    if (is_final(status))
        set_once(&after->at.end_ns, t_ns);
    return ST_OK;
}

static enum status take_state_event(struct facts_loader *ld, const struct trace_line *line)
{
    struct field_at at = facts_at(ld, line);
    const char *status = "";
    enum status st;

    if ((st = field_need(&at, line->data, "status")) != ST_OK ||
        (st = field_string(&at, line->data, "status", &status)) != ST_OK)
        return st;
    if (line->side == TRACE_SOURCE) {
        bool first = !ld->source_events;

        ld->source_events = true;
        if (first && facts_status_parse(status) == ld->source_status)
            return ST_OK; /* a poll was quicker */
    }
    return add_state(ld, line, facts_status_parse(status), false);
}

static enum status take_pass(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_after *after = &ld->facts->after;
    struct field_at at = facts_at(ld, line);
    void *array = after->passes;
    int64_t pass = 0;
    enum status st;

    if ((st = field_need(&at, line->data, "pass")) != ST_OK ||
        (st = field_int(&at, line->data, "pass", 0, UINT32_MAX, &pass)) != ST_OK)
        return st;
    st = facts_grow(ld, line, &array, after->nr_passes, &ld->passes_cap, sizeof(*after->passes),
                    FACTS_PASSES_MAX);
    after->passes = array;
    if (st == ST_OK)
        after->passes[after->nr_passes++] =
            (struct facts_pass){since_migrate(ld, line), (uint32_t)pass};
    return st;
}

static enum status take_event(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_moments *at = &ld->facts->after.at;
    bool source = line->side == TRACE_SOURCE;

    if (strcmp(line->name, "MIGRATION") == 0)
        return take_state_event(ld, line);
    if (strcmp(line->name, "MIGRATION_PASS") == 0)
        return source ? take_pass(ld, line) : ST_OK;
    if (strcmp(line->name, "STOP") == 0 && source)
        at->stop_ns = since_migrate(ld, line);
    else if (strcmp(line->name, "RESUME") == 0 && at->stop_ns >= 0)
        set_once(source ? &at->resume_source_ns : &at->resume_dest_ns, since_migrate(ld, line));
    return ST_OK;
}

/* Makes room by dropping every second poll; see FACTS_POLLS_MAX. */
static void thin_polls(struct facts_after *after)
{
    size_t kept = 0;

    for (size_t i = 0; i < after->nr_polls; i += 2)
        after->polls[kept++] = after->polls[i];
    after->nr_polls = kept;
    after->poll_stride *= 2;
}

static enum status keep_poll(struct facts_loader *ld, const struct trace_line *line,
                             const struct facts_poll *poll)
{
    struct facts_after *after = &ld->facts->after;
    void *array = after->polls;
    enum status st;

    if (after->polls_seen++ % after->poll_stride != 0)
        return ST_OK;
    if (after->nr_polls == FACTS_POLLS_MAX) {
        thin_polls(after);
        if ((after->polls_seen - 1) % after->poll_stride != 0)
            return ST_OK;
    }
    st = facts_grow(ld, line, &array, after->nr_polls, &ld->polls_cap, sizeof(*after->polls),
                    FACTS_POLLS_MAX);
    after->polls = array;
    if (st == ST_OK)
        after->polls[after->nr_polls++] = *poll;
    return st;
}

static enum status note_throttle(struct facts_loader *ld, const struct trace_line *line,
                                 const struct facts_poll *poll)
{
    struct facts_after *after = &ld->facts->after;
    size_t nr = after->nr_throttles;
    uint32_t pct = (uint32_t)poll->throttle_pct;
    void *array = after->throttles;
    enum status st;

    if (poll->throttle_pct < 0 || (nr > 0 ? after->throttles[nr - 1].pct : 0) == pct)
        return ST_OK;
    st = facts_grow(ld, line, &array, nr, &ld->throttles_cap, sizeof(*after->throttles),
                    FACTS_LIST_MAX);
    after->throttles = array;
    if (st != ST_OK)
        return st;
    after->throttles[after->nr_throttles++] =
        (struct facts_throttle){poll->t_ns, pct, poll->rounds};
    if (pct > after->totals.max_throttle_pct)
        after->totals.max_throttle_pct = pct;
    return ST_OK;
}

static enum status take_poll(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_after *after = &ld->facts->after;
    struct field_at at = facts_at(ld, line);
    struct facts_poll poll;
    const char *error_desc = NULL;
    enum status st = facts_read_poll(&at, line->data, &poll);

    if (st == ST_OK)
        st = field_string(&at, line->data, "error-desc", &error_desc);
    if (st != ST_OK)
        return st;
    poll.t_ns = since_migrate(ld, line);
    if (error_desc)
        facts_copy_text(ld->error_desc, sizeof(ld->error_desc), error_desc);
    if (poll.transferred_bytes >= 0) {
        after->has_ram = true;
        after->last_ram = poll;
    }
    if (poll.status == FACTS_ST_COMPLETED && poll.total_ns > 0) {
        ld->has_final = true;
        ld->final = poll;
    }
    if (!ld->source_events && poll.status != ld->source_status)
        st = add_state(ld, line, poll.status, true);
    if (st == ST_OK)
        st = note_throttle(ld, line, &poll);
    return st == ST_OK ? keep_poll(ld, line, &poll) : st;
}

static enum status take_change(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_after *after = &ld->facts->after;
    struct field_at at = facts_at(ld, line);
    struct facts_change change = {since_migrate(ld, line), 0, -1};
    int64_t limit_ms = -1;
    void *array = after->changes;
    enum status st;

    if ((st = facts_read_bandwidth(&at, line->data, "max-bandwidth",
                                   &change.max_bandwidth_bytes_per_s)) != ST_OK ||
        (st = field_int(&at, line->data, "downtime-limit", 0, 2000000, &limit_ms)) != ST_OK)
        return st;
    if (limit_ms >= 0)
        change.downtime_limit_ns = limit_ms * NS_PER_MS;
    if (change.max_bandwidth_bytes_per_s == 0 && limit_ms < 0)
        return ST_OK;
    st = facts_grow(ld, line, &array, after->nr_changes, &ld->changes_cap, sizeof(*after->changes),
                    FACTS_LIST_MAX);
    after->changes = array;
    if (st == ST_OK)
        after->changes[after->nr_changes++] = change;
    return st;
}

/* A migrate that does not resume a broken post-copy would be another migration. */
static enum status take_second_migrate(struct facts_loader *ld, const struct trace_line *line)
{
    struct field_at at = facts_at(ld, line);
    bool resume = false;
    enum status st = field_bool(&at, line->data, "resume", &resume);

    if (st != ST_OK || resume)
        return st;
    st = field_error(&at, NULL, "second `migrate` of the source");
    diag_hint(ld->diag, "one file holds one migration");
    return st;
}

static enum status take_command(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_moments *at = &ld->facts->after.at;
    int64_t t_ns = since_migrate(ld, line);

    if (line->side != TRACE_SOURCE)
        return ST_OK;
    if (strcmp(line->name, "migrate") == 0)
        return take_second_migrate(ld, line);
    if (strcmp(line->name, "migrate-set-parameters") == 0)
        return take_change(ld, line);
    if (strcmp(line->name, "migrate-start-postcopy") == 0)
        set_once(&at->start_postcopy_ns, t_ns);
    else if (strcmp(line->name, "migrate_cancel") == 0 || strcmp(line->name, "migrate-cancel") == 0)
        set_once(&at->cancel_ns, t_ns);
    else if (strcmp(line->name, "migrate-continue") == 0)
        set_once(&at->continue_ns, t_ns);
    return ST_OK;
}

static enum status take_footer(struct facts_loader *ld, const struct trace_line *line)
{
    struct field_at at = facts_at(ld, line);
    const char *status = "none";
    enum status st;

    at.section = "footer";
    ld->footer_timeout_known = json_is_boolean(json_object_get(line->data, "cancelled_by_timeout"));
    if ((st = field_string(&at, line->data, "status", &status)) == ST_OK)
        st = field_bool(&at, line->data, "cancelled_by_timeout", &ld->footer_timeout);
    ld->footer_status = facts_status_parse(status);
    return st;
}

enum status facts_after_line(struct facts_loader *ld, const struct trace_line *line)
{
    if (line->t_ns >= 0)
        ld->facts->after.at.last_ns = since_migrate(ld, line);
    switch (line->kind) {
    case TRACE_COMMAND:
        return take_command(ld, line);
    case TRACE_EVENT:
        return take_event(ld, line);
    case TRACE_RETURN:
        if (line->side == TRACE_SOURCE && strcmp(line->name, "query-migrate") == 0)
            return take_poll(ld, line);
        return ST_OK;
    case TRACE_ERROR:
        if (line->side == TRACE_SOURCE && strcmp(line->name, "migrate") == 0 &&
            ld->source_status == FACTS_ST_NONE)
            ld->refused = true;
        return ST_OK;
    case TRACE_FOOTER:
        return take_footer(ld, line);
    default:
        return ST_OK;
    }
}

/* Was the cancel the capture's own time limit? */
static bool by_timeout(const struct facts_loader *ld)
{
    const struct facts_after *after = &ld->facts->after;
    int64_t limit = ld->facts->header.timeout_ns, t_ns = after->at.cancel_ns;

    if (ld->footer_timeout_known)
        return ld->footer_timeout;
    for (size_t i = 0; i < after->nr_states && t_ns < 0; i++)
        if (after->states[i].side == TRACE_SOURCE &&
            (after->states[i].status == FACTS_ST_CANCELLING ||
             after->states[i].status == FACTS_ST_CANCELLED))
            t_ns = after->states[i].t_ns;
    return limit > 0 && t_ns >= limit - TIMEOUT_EARLY_NS && t_ns <= limit + TIMEOUT_LATE_NS;
}

static enum facts_outcome judge(const struct facts_loader *ld)
{
    enum facts_status status = ld->source_status;

    if (ld->refused)
        return FACTS_REJECTED;
    if (!is_final(status) && is_final(ld->footer_status))
        status = ld->footer_status;
    switch (status) {
    case FACTS_ST_COMPLETED:
        return FACTS_COMPLETED;
    case FACTS_ST_FAILED:
        return FACTS_FAILED;
    case FACTS_ST_CANCELLED:
        return by_timeout(ld) ? FACTS_TIMEOUT : FACTS_CANCELLED;
    default: /* the tracer gave up on a migration that could not be cancelled, or the file is cut */
        return ld->footer_timeout ? FACTS_TIMEOUT : FACTS_UNKNOWN;
    }
}

static void fill_totals(struct facts_loader *ld)
{
    struct facts_after *after = &ld->facts->after;
    struct facts_totals *totals = &after->totals;
    const struct facts_poll *poll = ld->has_final ? &ld->final : &after->last_ram;

    if (after->has_ram) {
        totals->setup_ns = poll->setup_ns;
        totals->rounds = poll->rounds;
        totals->transferred_bytes = poll->transferred_bytes;
    }
    if (!ld->has_final || totals->rounds < 0) {
        for (size_t i = 0; i < after->nr_passes; i++)
            if (after->passes[i].pass > totals->rounds)
                totals->rounds = after->passes[i].pass;
    }
    if (ld->has_final && after->outcome == FACTS_COMPLETED) {
        totals->total_ns = ld->final.total_ns;
        totals->downtime_ns = ld->final.downtime_ns;
    } else if (after->at.end_ns >= 0) {
        totals->total_ns = after->at.end_ns - (after->at.setup_ns >= 0 ? after->at.setup_ns : 0);
        totals->total_from_events = true;
    }
}

static void fill_reason(struct facts_loader *ld)
{
    const struct trace_facts *facts = ld->facts;
    struct facts_after *after = &ld->facts->after;
    size_t nr = facts->nr_errors < FACTS_ERRORS_MAX ? facts->nr_errors : FACTS_ERRORS_MAX;

    if (after->outcome == FACTS_TIMEOUT && facts->header.timeout_ns >= 0) {
        snprintf(after->reason, sizeof(after->reason), "cancelled by the capture after %lld s",
                 (long long)(facts->header.timeout_ns / NS_PER_S));
    } else if (after->outcome == FACTS_FAILED && ld->error_desc[0]) {
        facts_copy_text(after->reason, sizeof(after->reason), ld->error_desc);
    } else if (after->outcome == FACTS_REJECTED || after->outcome == FACTS_FAILED) {
        for (size_t i = 0; i < nr; i++)
            if (strcmp(facts->errors[i].command, "migrate") == 0)
                facts_copy_text(after->reason, sizeof(after->reason), facts->errors[i].text);
    }
}

void facts_after_finish(struct facts_loader *ld)
{
    struct facts_after *after = &ld->facts->after;

    if (ld->facts->before.migrate_ns < 0)
        return;
    after->outcome = judge(ld);
    fill_totals(ld);
    fill_reason(ld);
}
