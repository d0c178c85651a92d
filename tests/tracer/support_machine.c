/*
 * support_machine.c - see support_machine.h.
 */
#include "support_machine.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "tracer/qmp.h"

#define RAM_BYTES (64LL << 20)

static void say_event(struct machine *m, const char *name, json_t *data)
{
    json_t *event = json_pack("{s:s, s:o, s:{s:i, s:i}}", "event", name, "data", data, "timestamp",
                              "seconds", 1, "microseconds", 2);
    char *text = json_dumps(event, JSON_COMPACT);

    monitor_say(m->fd, text);
    monitor_say(m->fd, "\r\n");
    free(text);
    json_decref(event);
}

static void say_status(struct machine *m, const char *status)
{
    if (m->events)
        say_event(m, "MIGRATION", json_pack("{s:s}", "status", status));
}

static void say_pass(struct machine *m, int pass)
{
    if (m->events)
        say_event(m, "MIGRATION_PASS", json_pack("{s:i}", "pass", pass));
}

static void begin(struct machine *m)
{
    m->started = true;
    m->start_ns = qmp_now();
    say_status(m, "setup");
    say_pass(m, 1);
    say_status(m, "active");
}

static void complete(struct machine *m)
{
    m->ended = true;
    say_event(m, "STOP", json_object());
    say_pass(m, 2);
    say_status(m, "completed");
}

static json_t *statistics(const struct machine *m, const char *status, int64_t total_ms)
{
    json_int_t sent = m->ended ? RAM_BYTES : (json_int_t)(m->polls % 64) << 20;

    return json_pack("{s:s, s:i, s:I, s:i, s:{s:I, s:I, s:I, s:i, s:i, s:I, s:f, s:i}}", "status",
                     status, "setup-time", 2, "total-time", (json_int_t)total_ms,
                     m->ended ? "downtime" : "expected-downtime", total_ms ? 7 : 0, "ram",
                     "transferred", sent, "remaining", (json_int_t)RAM_BYTES - sent, "total",
                     (json_int_t)RAM_BYTES, "duplicate", 3, "normal", 5, "dirty-sync-count",
                     (json_int_t)(m->ended ? 2 : 1), "mbps", 123.5, "page-size", 4096);
}

static json_t *query_migrate(struct machine *m)
{
    const struct machine_quirks *q = &m->quirks;
    int64_t ms = m->started ? (qmp_now() - m->start_ns) / NS_PER_MS + 1 : 0;

    if (q->is_destination)
        return json_pack("{s:s}", "status", m->started ? "completed" : "setup");
    if (!m->started)
        return q->leftover_failed ? json_pack("{s:s}", "status", "failed") : json_object();
    if (m->cancelled)
        return json_pack("{s:s}", "status", "cancelled");
    if (!m->ended && ++m->polls > (q->nr_polls ? q->nr_polls : 5) && !q->never_ends) {
        if (q->pauses && !m->continued) {
            if (m->polls == (q->nr_polls ? q->nr_polls : 5) + 1)
                say_status(m, "pre-switchover");
            return statistics(m, "pre-switchover", ms);
        }
        complete(m);
    }
    if (m->ended)
        return statistics(m, "completed", ++m->end_polls > q->nr_zero_totals ? 1234 : 0);
    return statistics(m, m->postcopy ? "postcopy-active" : "active", ms);
}

static void refuse(struct machine *m, const json_t *command, const char *desc)
{
    json_t *reply = json_pack("{s:{s:s, s:s}, s:O}", "error", "class", "GenericError", "desc", desc,
                              "id", json_object_get(command, "id"));
    char *text = json_dumps(reply, JSON_COMPACT);

    monitor_say(m->fd, text);
    monitor_say(m->fd, "\r\n");
    free(text);
    json_decref(reply);
}

static const char *measure(struct machine *m, const json_t *command)
{
    const json_t *arguments = json_object_get(command, "arguments");
    const char *mode = json_string_value(json_object_get(arguments, "mode"));

    if (mode && m->quirks.knows_no_mode)
        return "Parameter 'mode' is unexpected";
    snprintf(m->mode, sizeof(m->mode), "%s", mode ? mode : "page-sampling");
    return NULL;
}

static json_t *measured(const struct machine *m)
{
    const json_t *arguments = NULL;

    for (size_t i = 0; i < m->nr_commands && i < MACHINE_COMMANDS; i++)
        if (strcmp(m->commands[i], "calc-dirty-rate") == 0)
            arguments = m->arguments[i];
    if (m->quirks.bitmap_never_returns && strcmp(m->mode, "dirty-bitmap") == 0)
        return json_pack("{s:s}", "status", "measuring");
    return json_pack("{s:s, s:i, s:s, s:i, s:O, s:i}", "status", "measured", "dirty-rate", 42,
                     "mode", m->mode, "start-time", 1, "calc-time",
                     json_object_get(arguments, "calc-time"), "sample-pages", 512);
}

static json_t *capabilities(const struct machine *m)
{
    return json_pack("[{s:s, s:b}, {s:s, s:b}]", "capability", "events", "state", m->events,
                     "capability", "auto-converge", "state", 1);
}

/* NULL: refused, with *@why. */
static json_t *answer(struct machine *m, const char *name, const json_t *command, const char **why)
{
    const struct machine_quirks *q = &m->quirks;

    *why = "The command has not been found";
    if (strcmp(name, "query-kvm") == 0)
        return json_pack("{s:b, s:b}", "enabled", !q->tcg, "present", 1);
    if (strcmp(name, "query-memory-size-summary") == 0)
        return json_pack("{s:I, s:i}", "base-memory", (json_int_t)RAM_BYTES, "plugged-memory", 0);
    if (strcmp(name, "query-cpus-fast") == 0)
        return json_pack("[{s:i}, {s:i}]", "cpu-index", 0, "cpu-index", 1);
    if (strcmp(name, "query-migrate-capabilities") == 0)
        return capabilities(m);
    if (strcmp(name, "query-migrate-parameters") == 0)
        return json_pack("{s:i, s:i}", "max-bandwidth", m->started ? 7777777 : 1111111,
                         "downtime-limit", 250);
    if (strcmp(name, "migrate-set-capabilities") == 0)
        m->events = true;
    if (strcmp(name, "query-migrate") == 0)
        return query_migrate(m);
    if (strcmp(name, "query-dirty-rate") == 0)
        return measured(m);
    if (strcmp(name, "calc-dirty-rate") == 0 && (*why = measure(m, command)))
        return NULL;
    *why = "Migration is not possible now";
    if (strcmp(name, "migrate") == 0 && q->refuses_migrate)
        return NULL;
    *why = "The migration cannot be cancelled in post-copy";
    if (strcmp(name, "migrate_cancel") == 0 && q->cancel_is_refused)
        return NULL;
    *why = NULL;
    return json_object();
}

/* What follows once the answer is out. */
static void go_on(struct machine *m, const char *name)
{
    if (strcmp(name, "migrate") == 0 && !m->quirks.refuses_migrate)
        begin(m);
    if (strcmp(name, "migrate-incoming") == 0)
        say_status(m, "setup");
    if (strcmp(name, "migrate-continue") == 0)
        m->continued = true;
    if (strcmp(name, "migrate-start-postcopy") == 0) {
        m->postcopy = true;
        say_status(m, "postcopy-active");
    }
    if (strcmp(name, "migrate_cancel") == 0 && !m->quirks.cancel_is_refused) {
        say_status(m, "cancelling");
        m->cancelled = true;
        say_status(m, "cancelled");
    }
}

static void remember(struct machine *m, const char *name, const json_t *command)
{
    if (m->nr_commands < MACHINE_COMMANDS) {
        json_t *arguments = json_object_get(command, "arguments");

        snprintf(m->commands[m->nr_commands], sizeof(m->commands[0]), "%s", name);
        m->arguments[m->nr_commands] = json_incref(arguments);
    }
    m->nr_commands++;
}

static bool is_dead(const struct machine *m, const char *name)
{
    const struct machine_quirks *q = &m->quirks;

    return (q->dies_after_polls && m->polls >= q->dies_after_polls) ||
           (q->dies_after_end && m->end_polls >= q->dies_after_end) ||
           (q->closes_on_capabilities && strcmp(name, "migrate-set-capabilities") == 0);
}

/* More is waiting: the recorder does not wait for answers. */
static void look_ahead(struct machine *m)
{
    char peek[4096];
    ssize_t got = recv(m->fd, peek, sizeof(peek), MSG_PEEK | MSG_DONTWAIT);
    unsigned lines = 0;

    for (ssize_t i = 0; i < got; i++)
        lines += peek[i] == '\n';
    if (lines > m->most_waiting)
        m->most_waiting = lines;
}

static bool handle(struct machine *m, const json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "execute")), *why = NULL;
    json_t *result;

    remember(m, name, command);
    if (m->quirks.slow_ms)
        usleep(m->quirks.slow_ms * 1000);
    look_ahead(m);
    result = answer(m, name, command, &why);
    if (result)
        monitor_return(m->fd, command, result);
    else
        refuse(m, command, why);
    go_on(m, name);
    return !is_dead(m, name);
}

static void serve(int fd, void *ctx)
{
    struct machine *m = ctx;
    const struct machine_quirks *q = &m->quirks;
    bool goes_on = true;

    m->fd = fd;
    m->events = q->events_on;
    if (!monitor_greet(fd, q->version ? q->version : "7.2.22"))
        return;
    m->greeted_ns = qmp_now();
    if (q->runs_since_ms) {
        m->started = true;
        m->start_ns = m->greeted_ns - q->runs_since_ms * NS_PER_MS;
    }
    while (goes_on) {
        struct pollfd pfd = {.fd = fd, .events = POLLIN};
        json_t *command;

        if (q->starts_itself_ms && !m->started &&
            qmp_now() >= m->greeted_ns + q->starts_itself_ms * NS_PER_MS)
            begin(m);
        if (poll(&pfd, 1, 5) <= 0)
            continue;
        command = monitor_hear_json(fd);
        if (!command)
            return;
        goes_on = handle(m, command);
        json_decref(command);
    }
}

void machine_start(struct machine *m, const struct folder *f, const char *name,
                   struct machine_quirks quirks)
{
    memset(m, 0, sizeof(*m));
    m->quirks = quirks;
    monitor_start(&m->monitor, f, name, serve, m);
}

void machine_stop(struct machine *m)
{
    monitor_stop(&m->monitor);
}

void machine_release(struct machine *m)
{
    for (size_t i = 0; i < MACHINE_COMMANDS; i++)
        json_decref(m->arguments[i]);
}

size_t machine_count(const struct machine *m, const char *command)
{
    size_t nr = 0;

    for (size_t i = 0; i < m->nr_commands && i < MACHINE_COMMANDS; i++)
        nr += strcmp(m->commands[i], command) == 0;
    return nr;
}

const json_t *machine_told(const struct machine *m, const char *command)
{
    for (size_t i = 0; i < m->nr_commands && i < MACHINE_COMMANDS; i++)
        if (strcmp(m->commands[i], command) == 0)
            return m->arguments[i];
    return NULL;
}
