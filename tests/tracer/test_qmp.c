/*
 * test_qmp.c - the client of QEMU's monitor, against monitors that behave and ones that do not.
 */
#include "tracer/qmp.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "support_monitor.h"

#define SOON_NS (5 * NS_PER_S)

struct scene {
    struct folder folder;
    struct monitor monitor;
    struct qmp *q;
    struct diag diag;
    enum status st;
};

static void enter(struct scene *s, void (*serve)(int fd, void *ctx), void *ctx, int64_t timeout_ns)
{
    *s = (struct scene){.st = ST_OK};
    folder_make(&s->folder);
    monitor_start(&s->monitor, &s->folder, "qmp", serve, ctx);
    s->st = qmp_open(&s->q, s->monitor.path, timeout_ns, &s->diag);
}

static void leave(struct scene *s)
{
    qmp_close(s->q);
    monitor_stop(&s->monitor);
    folder_remove(&s->folder);
}

/* Waits for the next message. */
static enum qmp_kind next(struct scene *s, struct qmp_message *m)
{
    int64_t until_ns = qmp_now() + SOON_NS;
    enum qmp_kind kind;

    while ((kind = qmp_next(s->q, m)) == QMP_NOTHING && qmp_now() < until_ns)
        qmp_wait(&s->q, 1, until_ns);
    return kind;
}

static void serve_status(int fd, void *ctx)
{
    json_t *command;

    (void)ctx;
    if (!monitor_greet(fd, "7.2.22") || !(command = monitor_hear_json(fd)))
        return;
    cr_assert_str_eq(json_string_value(json_object_get(command, "execute")), "query-status");
    monitor_say(fd,
                "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n");
    monitor_return(fd, command, json_pack("{s:s}", "status", "paused"));
    monitor_say(fd, "{\"event\": \"RESUME\", \"data\": {\"x\": 1}}\r\n");
    json_decref(command);
}

Test(qmp, negotiates_and_tells_the_version)
{
    struct scene s;

    enter(&s, serve_status, NULL, SOON_NS);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert(qmp_version(s.q).major == 7 && qmp_version(s.q).minor == 2);
    cr_assert(qmp_version(s.q).micro == 22);
    cr_assert_str_eq(qmp_package(s.q), "made up");
    cr_assert(qmp_peer_pid(s.q) == getpid());
    leave(&s);
}

Test(qmp, a_reply_is_awaited_and_no_event_around_it_is_lost)
{
    struct scene s;
    struct qmp_message m;
    json_t *reply = NULL;
    int64_t before_ns = qmp_now();

    enter(&s, serve_status, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-status", NULL, SOON_NS, &reply, &s.diag);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert_str_eq(json_string_value(json_object_get(reply, "status")), "paused");
    json_decref(reply);
    cr_assert(next(&s, &m) == QMP_EVENT);
    cr_assert_str_eq(m.name, "STOP");
    cr_assert(json_is_object(m.data) && json_object_size(m.data) == 0);
    cr_assert(m.t_ns >= before_ns && m.t_ns <= qmp_now());
    qmp_message_release(&m);
    cr_assert(next(&s, &m) == QMP_EVENT);
    cr_assert_str_eq(m.name, "RESUME");
    cr_assert(json_integer_value(json_object_get(m.data, "x")) == 1);
    qmp_message_release(&m);
    cr_assert(next(&s, &m) == QMP_CLOSED);
    cr_assert(qmp_failure(s.q, &s.diag) == ST_ERETRY);
    cr_assert(strstr(s.diag.what, "closed"), "%s", s.diag.what);
    leave(&s);
}

/* Pretty-printed, a byte at a time. */
static void serve_slowly(int fd, void *ctx)
{
    static const char text[] =
        "{\r\n    \"return\": {\"text\": \"}{ \\\" ]\", \"n\": [1, [2]]},\r\n"
        "    \"id\": 2\r\n}\r\n\r\n{\"event\":\"A\"}{\"event\":\"B\"}";

    (void)ctx;
    if (!monitor_greet(fd, "9.2.0"))
        return;
    for (const char *at = text; *at; at++) {
        monitor_say(fd, (char[]){*at, '\0'});
        if (at - text < 40)
            usleep(200);
    }
}

Test(qmp, messages_need_not_be_lines)
{
    struct scene s;
    struct qmp_message m;
    json_t *reply = NULL;

    enter(&s, serve_slowly, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "anything", NULL, SOON_NS, &reply, &s.diag);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert_str_eq(json_string_value(json_object_get(reply, "text")), "}{ \" ]");
    json_decref(reply);
    cr_assert(next(&s, &m) == QMP_EVENT);
    cr_assert_str_eq(m.name, "A");
    qmp_message_release(&m);
    cr_assert(next(&s, &m) == QMP_EVENT);
    cr_assert_str_eq(m.name, "B");
    qmp_message_release(&m);
    leave(&s);
}

static void serve_error(int fd, void *ctx)
{
    char command[256];

    (void)ctx;
    if (monitor_greet(fd, "7.2.22") && monitor_hear(fd, command, sizeof(command)))
        monitor_say(fd, "{\"id\":2,\"error\":{\"class\":\"GenericError\",\"desc\":\"not now\"}}\n");
}

Test(qmp, an_error_reply_brings_qemus_own_words)
{
    struct scene s;

    enter(&s, serve_error, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "migrate", NULL, SOON_NS, NULL, &s.diag);
    cr_assert(s.st == ST_EINPUT);
    cr_assert_str_eq(s.diag.what, "migrate: not now");
    leave(&s);
}

static void serve_big_number(int fd, void *ctx)
{
    char command[256];

    (void)ctx;
    if (monitor_greet(fd, "7.2.22") && monitor_hear(fd, command, sizeof(command)))
        monitor_say(fd, "{\"id\":2,\"return\":{\"n\":18446744073709551615,\"m\":3}}\n");
}

Test(qmp, a_counter_beyond_63_bits_does_not_end_the_connection)
{
    struct scene s;
    json_t *reply = NULL;

    enter(&s, serve_big_number, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-x", NULL, SOON_NS, &reply, &s.diag);
    cr_assert(s.st == ST_OK, "%s", s.diag.what);
    cr_assert(json_number_value(json_object_get(reply, "n")) > 1.8e19);
    json_decref(reply);
    leave(&s);
}

/* -------- what goes wrong -------- */

struct bad {
    const char *text;
    enum status st;
    const char *what;
};

static void serve_text(int fd, void *ctx)
{
    monitor_say(fd, ctx);
}

Test(qmp, what_does_not_greet_as_a_monitor_is_refused)
{
    static const struct bad cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", ST_EINPUT, "not QMP"},
        {"QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ", ST_EINPUT, "not QMP"},
        {"[1, 2]\n", ST_EINPUT, "not QMP"},
        {"{\"event\": \"STOP\"}\n", ST_EINPUT, "greet"},
        {"{\"hello\": 1}\n", ST_EINPUT, "neither reply nor event"},
        {"{]\n", ST_EINPUT, "not QMP"},
        {"{\"QMP\": {\"version\": \"\xff\xfe\"}}\n", ST_EINPUT, "not QMP"},
        {"{\"QMP\": ", ST_ERETRY, "in the middle of a message"},
        {"", ST_ERETRY, "closed"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s;

        enter(&s, serve_text, (void *)(uintptr_t)cases[i].text, SOON_NS);
        cr_expect(s.st == cases[i].st, "%s: %d", cases[i].text, (int)s.st);
        cr_expect(strstr(s.diag.what, cases[i].what), "%s: %s", cases[i].text, s.diag.what);
        cr_expect_str_eq(s.diag.file, s.monitor.path);
        cr_assert(s.q == NULL);
        leave(&s);
    }
}

static void serve_then_text(int fd, void *ctx)
{
    if (monitor_greet(fd, "7.2.22"))
        monitor_say(fd, ctx);
}

Test(qmp, what_is_not_qmp_ends_the_connection_after_what_came_before)
{
    static const struct bad cases[] = {
        {"{\"event\":\"A\"}\nrubbish", ST_EINPUT, "not QMP"},
        {"{\"event\":\"A\"}\n{\"error\":1}", ST_EINPUT, "neither"},
        {"{\"event\":\"A\"}\n{\"event\":7}", ST_EINPUT, "neither"},
        {"{\"event\":\"A\"}\n{\"a\" \"b\"}", ST_EINPUT, "not QMP"},
        {"{\"event\":\"A\"}\n{\"return\":{", ST_ERETRY, "in the middle"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scene s;
        struct qmp_message m;

        enter(&s, serve_then_text, (void *)(uintptr_t)cases[i].text, SOON_NS);
        cr_assert(s.st == ST_OK, "%s", s.diag.what);
        cr_assert(next(&s, &m) == QMP_EVENT);
        qmp_message_release(&m);
        cr_assert(next(&s, &m) == QMP_CLOSED);
        cr_expect(qmp_failure(s.q, &s.diag) == cases[i].st, "%s", cases[i].text);
        cr_expect(strstr(s.diag.what, cases[i].what), "%s: %s", cases[i].text, s.diag.what);
        cr_expect(qmp_send(s.q, "query-status", NULL, NULL, &s.diag) == cases[i].st);
        leave(&s);
    }
}

static void serve_nesting(int fd, void *ctx)
{
    (void)ctx;
    if (!monitor_greet(fd, "7.2.22"))
        return;
    monitor_say(fd, "{\"return\":");
    for (int i = 0; i < 100000; i++)
        monitor_say(fd, "[");
    for (int i = 0; i < 100000; i++)
        monitor_say(fd, "]");
    monitor_say(fd, "}");
}

Test(qmp, nesting_without_end_is_refused)
{
    struct scene s;

    enter(&s, serve_nesting, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-status", NULL, SOON_NS, NULL, &s.diag);
    cr_assert(s.st == ST_EINPUT);
    cr_assert(strstr(s.diag.what, "not QMP"), "%s", s.diag.what);
    leave(&s);
}

static void serve_endless(int fd, void *ctx)
{
    char part[4097];

    (void)ctx;
    memset(part, 'x', sizeof(part) - 1);
    part[sizeof(part) - 1] = '\0';
    if (!monitor_greet(fd, "7.2.22"))
        return;
    monitor_say(fd, "{\"return\":\"");
    for (size_t sent = 0; sent < 2 * QMP_MESSAGE_MAX; sent += sizeof(part) - 1)
        monitor_say(fd, part);
}

Test(qmp, a_message_of_more_than_a_mebibyte_is_refused)
{
    struct scene s;

    enter(&s, serve_endless, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-status", NULL, SOON_NS, NULL, &s.diag);
    cr_assert(s.st == ST_EINPUT);
    cr_assert(strstr(s.diag.what, "more than 1 MiB"), "%s", s.diag.what);
    leave(&s);
}

static void serve_flood(int fd, void *ctx)
{
    char event[1024];

    (void)ctx;
    snprintf(event, sizeof(event), "{\"event\":\"A\",\"data\":{\"x\":\"%0900d\"}}\n", 0);
    if (!monitor_greet(fd, "7.2.22"))
        return;
    for (size_t sent = 0; sent < 2 * QMP_QUEUE_MAX; sent += strlen(event))
        monitor_say(fd, event);
}

Test(qmp, a_flood_of_events_does_not_take_all_memory)
{
    struct scene s;

    enter(&s, serve_flood, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-status", NULL, SOON_NS, NULL, &s.diag);
    cr_assert(s.st == ST_EINPUT, "%d %s", (int)s.st, s.diag.what);
    cr_assert(strstr(s.diag.what, "faster than"), "%s", s.diag.what);
    leave(&s);
}

/* -------- nobody there -------- */

static void serve_silence(int fd, void *ctx)
{
    char buf[256];

    (void)ctx;
    while (monitor_hear(fd, buf, sizeof(buf)))
        ;
}

Test(qmp, a_monitor_that_serves_somebody_else_is_told_apart)
{
    struct scene s;
    int64_t start_ns = qmp_now();

    enter(&s, serve_silence, NULL, NS_PER_S / 5);
    cr_assert(s.st == ST_ERETRY);
    cr_assert(strstr(s.diag.hint, "one client at a time"), "%s", s.diag.hint);
    cr_assert(qmp_now() - start_ns < 2 * NS_PER_S);
    leave(&s);
}

static void serve_greeting_only(int fd, void *ctx)
{
    if (monitor_greet(fd, "7.2.22"))
        serve_silence(fd, ctx);
}

Test(qmp, an_answer_that_does_not_come_is_not_awaited_for_ever)
{
    struct scene s;
    int64_t start_ns = qmp_now();

    enter(&s, serve_greeting_only, NULL, SOON_NS);
    s.st = qmp_execute(s.q, "query-status", NULL, NS_PER_S / 5, NULL, &s.diag);
    cr_assert(s.st == ST_ERETRY);
    cr_assert(strstr(s.diag.what, "no answer to query-status within 0.2 s"), "%s", s.diag.what);
    cr_assert(qmp_now() - start_ns < 2 * NS_PER_S);
    leave(&s);
}

Test(qmp, the_path_is_judged_before_the_answer)
{
    struct folder f;
    char path[200];
    struct qmp *q;
    struct diag diag;
    FILE *file;

    folder_make(&f);
    snprintf(path, sizeof(path), "%s/absent", f.path);
    cr_assert(qmp_open(&q, path, SOON_NS, &diag) == ST_EINPUT && !q);
    cr_assert(strstr(diag.what, "No such file"), "%s", diag.what);
    file = fopen(path, "w");
    cr_assert(file && fclose(file) == 0);
    cr_assert(qmp_open(&q, path, SOON_NS, &diag) == ST_EINPUT && !q);
    cr_assert(strstr(diag.what, "not a socket"), "%s", diag.what);
    memset(path, 'a', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    cr_assert(qmp_open(&q, path, SOON_NS, &diag) == ST_EINPUT && !q);
    cr_assert(strstr(diag.what, "longer than a socket's"), "%s", diag.what);
    folder_remove(&f);
}

static void serve_nobody(int fd, void *ctx)
{
    (void)fd;
    (void)ctx;
}

Test(qmp, a_socket_that_nobody_listens_on_may_be_tried_again)
{
    struct folder f;
    struct monitor m;
    struct qmp *q;
    struct diag diag;

    folder_make(&f);
    monitor_start(&m, &f, "qmp", serve_nobody, NULL);
    monitor_stop(&m);
    cr_assert(qmp_open(&q, m.path, SOON_NS, &diag) == ST_ERETRY && !q);
    cr_assert(strstr(diag.what, "nobody listens"), "%s", diag.what);
    folder_remove(&f);
}
