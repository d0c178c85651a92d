/*
 * qmp.c - bytes to QMP messages, commands to bytes.
 *
 * Bytes flow: socket -> in[] -> (a scanner that finds where an object ends) -> jansson -> queue.
 * The scanner makes no use of line ends, so a monitor with pretty=on is understood too.
 *
 * Invariant: in[0, in_len) holds at most one incomplete message; scan stands at in_len; once
 * `failure` is set, nothing more is read or written.
 */
#include "tracer/qmp.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#include "base/banned.h"

enum {
    READ_BYTES = 16 * 1024,
    CLIENTS_MAX = 8, /* of one qmp_wait() */
    BUSY_RETRY_MS = 20
};
#define SEND_TIMEOUT_NS (10 * NS_PER_S)

struct queued {
    struct qmp_message m;
    size_t bytes;
    struct queued *next;
};

struct scanner {
    unsigned depth;
    bool in_string, escaped;
};

struct qmp {
    char *name;
    int fd;
    pid_t peer;
    struct qmp_version version;
    char package[128];
    uint64_t last_id;

    char *in;
    size_t in_len, in_cap;
    struct scanner scan;
    struct queued *head, **tail;
    size_t queued_bytes;

    enum status failure;
    struct diag why;
};

int64_t qmp_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* -------- the end of a connection -------- */

static void fail(struct qmp *q, enum status st, const char *what)
{
    if (q->failure != ST_OK)
        return;
    q->failure = diag_at(&q->why, st, q->name, 0, "%s", what);
}

enum status qmp_failure(const struct qmp *q, struct diag *diag)
{
    if (q->failure != ST_OK && diag)
        *diag = q->why;
    return q->failure;
}

/* -------- messages -------- */

void qmp_message_release(struct qmp_message *m)
{
    json_decref(m->whole);
    *m = (struct qmp_message){.kind = QMP_NOTHING};
}

static void enqueue(struct qmp *q, struct qmp_message m, size_t bytes)
{
    struct queued *item = malloc(sizeof(*item));

    if (!item) {
        json_decref(m.whole);
        fail(q, ST_ENOMEM, "out of memory");
        return;
    }
    *item = (struct queued){m, bytes, NULL};
    *q->tail = item;
    q->tail = &item->next;
    q->queued_bytes += bytes;
    if (q->queued_bytes > QMP_QUEUE_MAX)
        fail(q, ST_EINPUT, "the monitor sends faster than anybody can read");
}

/* What kind of message is @whole?  False: none of QMP's. */
static bool classify(json_t *whole, struct qmp_message *m)
{
    json_t *id = json_object_get(whole, "id");
    double number;

    *m = (struct qmp_message){.whole = whole, .t_ns = qmp_now()};
    number = json_number_value(id); /* a real where a counter did not fit, see take_object() */
    m->id = number >= 1 && number < 1e15 ? (uint64_t)number : 0;
    if ((m->data = json_object_get(whole, "return"))) {
        m->kind = QMP_RETURN;
        return true;
    }
    if ((m->data = json_object_get(whole, "error"))) {
        m->kind = QMP_ERROR;
        return json_is_object(m->data);
    }
    if (!(m->name = json_string_value(json_object_get(whole, "event"))))
        return false;
    m->kind = QMP_EVENT;
    m->id = 0;
    m->data = json_object_get(whole, "data");
    if (!m->data) {
        json_object_set_new(whole, "data", json_object());
        m->data = json_object_get(whole, "data");
    }
    return m->data != NULL;
}

static void take_greeting(struct qmp *q, const json_t *greeting)
{
    const json_t *version = json_object_get(greeting, "version");
    const json_t *qemu = json_object_get(version, "qemu");
    const char *package = json_string_value(json_object_get(version, "package"));

    q->version.major = (unsigned)json_integer_value(json_object_get(qemu, "major"));
    q->version.minor = (unsigned)json_integer_value(json_object_get(qemu, "minor"));
    q->version.micro = (unsigned)json_integer_value(json_object_get(qemu, "micro"));
    snprintf(q->package, sizeof(q->package), "%s", package ? package : "");
}

/* One complete object in text[0, len). */
static void take_object(struct qmp *q, const char *text, size_t len)
{
    json_error_t error;
    struct qmp_message m;
    json_t *whole = json_loadb(text, len, 0, &error);
    char what[200];

    /* Counters are unsigned in QMP, signed in jansson: better rounded than lost. */
    if (!whole && json_error_code(&error) == json_error_numeric_overflow)
        whole = json_loadb(text, len, JSON_DECODE_INT_AS_REAL, &error);
    if (!whole) {
        snprintf(what, sizeof(what), "sends what is not QMP: %s", error.text);
        fail(q, ST_EINPUT, what);
        return;
    }
    if (json_object_get(whole, "QMP")) {
        take_greeting(q, json_object_get(whole, "QMP"));
        m = (struct qmp_message){.kind = QMP_EVENT, .t_ns = qmp_now(), .name = "", .whole = whole};
        enqueue(q, m, len); /* for take_first(); no event has an empty name */
    } else if (classify(whole, &m)) {
        enqueue(q, m, len);
    } else {
        json_decref(whole);
        fail(q, ST_EINPUT,
             "sends an object that is neither reply nor event: is this a QMP socket?");
    }
}

/* One byte; true if it closes an object.  False in *@ok: nothing of this kind may stand here. */
static bool scan_byte(struct scanner *s, char c, bool *ok)
{
    if (s->in_string) {
        if (s->escaped)
            s->escaped = false;
        else if (c == '\\')
            s->escaped = true;
        else if (c == '"')
            s->in_string = false;
        return false;
    }
    if (c == '{' || (c == '[' && s->depth > 0)) {
        s->depth++;
        return false;
    }
    if (s->depth == 0) {
        *ok = c == ' ' || c == '\r' || c == '\n' || c == '\t';
        return false;
    }
    if (c == '"')
        s->in_string = true;
    return (c == '}' || c == ']') && --s->depth == 0;
}

static bool keep_byte(struct qmp *q, char c)
{
    if (q->in_len == q->in_cap) {
        size_t cap = q->in_cap ? q->in_cap * 2 : 4096;
        char *grown;

        if (q->in_len >= QMP_MESSAGE_MAX) {
            fail(q, ST_EINPUT, "sends a message of more than 1 MiB");
            return false;
        }
        grown = realloc(q->in, cap);
        if (!grown) {
            fail(q, ST_ENOMEM, "out of memory");
            return false;
        }
        q->in = grown;
        q->in_cap = cap;
    }
    q->in[q->in_len++] = c;
    return true;
}

static void take_bytes(struct qmp *q, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && q->failure == ST_OK; i++) {
        bool ok = true, complete = scan_byte(&q->scan, bytes[i], &ok);

        if (!ok) {
            fail(q, ST_EINPUT, "sends what is not QMP: is this a monitor in another mode?");
            return;
        }
        if (q->scan.depth == 0 && !complete)
            continue; /* white space between messages */
        if (!keep_byte(q, bytes[i]))
            return;
        if (complete) {
            take_object(q, q->in, q->in_len);
            q->in_len = 0;
        }
    }
}

/* -------- reading -------- */

static void read_some(struct qmp *q)
{
    char bytes[READ_BYTES];

    while (q->failure == ST_OK) {
        ssize_t got = recv(q->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (got > 0) {
            take_bytes(q, bytes, (size_t)got);
            if ((size_t)got < sizeof(bytes))
                return;
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else if (got == 0 || errno == ECONNRESET) {
            fail(q, ST_ERETRY,
                 q->in_len ? "closed the connection in the middle of a message"
                           : "closed the connection");
        } else {
            q->failure = diag_errno(&q->why, ST_ERETRY, q->name, "cannot read");
        }
    }
}

static int wait_ms(int64_t until_ns)
{
    int64_t left = until_ns - qmp_now();

    if (left <= 0)
        return 0;
    left = (left + NS_PER_MS - 1) / NS_PER_MS;
    return left > 3600 * 1000 ? 3600 * 1000 : (int)left;
}

static bool has_news(const struct qmp *q)
{
    return q->head || q->failure != ST_OK;
}

void qmp_wait(struct qmp *const *clients, size_t nr, int64_t until_ns)
{
    assert(nr <= CLIENTS_MAX);
    for (;;) {
        struct pollfd fds[CLIENTS_MAX];
        bool news = false;
        nfds_t nr_fds = 0;
        int ready;

        for (size_t i = 0; i < nr; i++) {
            if (!clients[i])
                continue;
            news |= clients[i]->head != NULL;
            if (clients[i]->failure == ST_OK)
                fds[nr_fds++] = (struct pollfd){.fd = clients[i]->fd, .events = POLLIN};
        }
        ready = poll(fds, nr_fds, news ? 0 : wait_ms(until_ns));
        for (size_t i = 0; i < nr && ready > 0; i++)
            if (clients[i] && clients[i]->failure == ST_OK)
                read_some(clients[i]);
        for (size_t i = 0; i < nr && ready > 0; i++)
            news |= clients[i] && has_news(clients[i]);
        if (news || ready < 0 || qmp_now() >= until_ns)
            return;
    }
}

enum qmp_kind qmp_next(struct qmp *q, struct qmp_message *out)
{
    struct queued *item = q->head;

    *out = (struct qmp_message){.kind = q->failure != ST_OK ? QMP_CLOSED : QMP_NOTHING};
    if (!item)
        return out->kind;
    *out = item->m;
    q->head = item->next;
    if (!q->head)
        q->tail = &q->head;
    q->queued_bytes -= item->bytes;
    free(item);
    return out->kind;
}

/* -------- writing -------- */

static enum status send_all(struct qmp *q, const char *text, size_t len)
{
    int64_t until_ns = qmp_now() + SEND_TIMEOUT_NS;

    while (len > 0) {
        struct pollfd pfd = {.fd = q->fd, .events = POLLOUT};
        ssize_t sent = send(q->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent >= 0) {
            text += sent;
            len -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (qmp_now() >= until_ns) {
                fail(q, ST_ERETRY, "takes no commands");
                return q->failure;
            }
            poll(&pfd, 1, wait_ms(until_ns));
        } else if (errno == EPIPE || errno == ECONNRESET) {
            read_some(q); /* what was said before the end, and then the end itself */
            fail(q, ST_ERETRY, "closed the connection");
            return q->failure;
        } else if (errno != EINTR) {
            q->failure = diag_errno(&q->why, ST_ERETRY, q->name, "cannot write");
            return q->failure;
        }
    }
    return ST_OK;
}

enum status qmp_send(struct qmp *q, const char *command, json_t *arguments, uint64_t *id,
                     struct diag *diag)
{
    uint64_t new_id = ++q->last_id;
    json_t *message;
    char *text = NULL;

    if (q->failure != ST_OK)
        return qmp_failure(q, diag);
    message = json_pack("{s:s, s:O*, s:I}", "execute", command, "arguments", arguments, "id",
                        (json_int_t)new_id);
    if (message)
        text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (!text)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    send_all(q, text, strlen(text));
    if (q->failure == ST_OK)
        send_all(q, "\r\n", 2);
    free(text);
    if (id)
        *id = new_id;
    return qmp_failure(q, diag);
}

/* Takes the reply to @id out of the queue; false: not there yet. */
static bool take_reply(struct qmp *q, uint64_t id, struct qmp_message *out)
{
    for (struct queued **slot = &q->head; *slot; slot = &(*slot)->next) {
        struct queued *item = *slot;

        if (item->m.id != id || item->m.kind == QMP_EVENT)
            continue;
        *slot = item->next;
        if (q->tail == &item->next)
            q->tail = slot;
        *out = item->m;
        q->queued_bytes -= item->bytes;
        free(item);
        return true;
    }
    return false;
}

/* Reads on although the queue is not empty. */
static void wait_more(struct qmp *q, int64_t until_ns)
{
    struct pollfd pfd = {.fd = q->fd, .events = POLLIN};

    if (q->failure == ST_OK && poll(&pfd, 1, wait_ms(until_ns)) > 0)
        read_some(q);
}

enum status qmp_execute(struct qmp *q, const char *command, json_t *arguments, int64_t timeout_ns,
                        json_t **reply, struct diag *diag)
{
    int64_t until_ns = qmp_now() + timeout_ns;
    struct qmp_message m;
    uint64_t id = 0;
    enum status st = qmp_send(q, command, arguments, &id, diag);
    const char *desc;

    if (reply)
        *reply = NULL;
    if (st != ST_OK)
        return st;
    while (!take_reply(q, id, &m)) {
        if (q->failure != ST_OK)
            return qmp_failure(q, diag);
        if (qmp_now() >= until_ns)
            return diag_at(diag, ST_ERETRY, q->name, 0, "no answer to %s within %.1f s", command,
                           (double)timeout_ns / (double)NS_PER_S);
        wait_more(q, until_ns);
    }
    desc = json_string_value(json_object_get(m.data, "desc"));
    if (m.kind == QMP_ERROR)
        st = diag_at(diag, ST_EINPUT, q->name, 0, "%s: %s", command, desc ? desc : "refused");
    else if (reply)
        *reply = json_incref(m.data);
    qmp_message_release(&m);
    return st;
}

/* -------- the beginning of a connection -------- */

static enum status take_first(struct qmp *q, int64_t until_ns, struct diag *diag)
{
    struct qmp_message m;
    enum status st;
    bool greeted;

    qmp_wait(&q, 1, until_ns);
    while (!has_news(q) && qmp_now() < until_ns)
        qmp_wait(&q, 1, until_ns);
    if (!has_news(q)) {
        st = diag_at(diag, ST_ERETRY, q->name, 0, "accepts the connection but does not greet");
        diag_hint(diag,
                  "a monitor serves one client at a time: end the other one, or give the VM a "
                  "second -qmp socket");
        return st;
    }
    if (qmp_next(q, &m) == QMP_CLOSED)
        return qmp_failure(q, diag);
    greeted = m.kind == QMP_EVENT && m.name[0] == '\0';
    qmp_message_release(&m);
    return greeted ? ST_OK
                   : diag_at(diag, ST_EINPUT, q->name, 0, "does not greet as a QMP monitor does");
}

static enum status negotiate(struct qmp *q, int64_t timeout_ns, struct diag *diag)
{
    int64_t until_ns = qmp_now() + timeout_ns;
    enum status st = take_first(q, until_ns, diag);

    if (st != ST_OK)
        return st;
    return qmp_execute(q, "qmp_capabilities", NULL, until_ns - qmp_now(), NULL, diag);
}

enum status qmp_attach(struct qmp **out, int fd, const char *name, int64_t timeout_ns,
                       struct diag *diag)
{
    struct qmp *q = calloc(1, sizeof(*q));
    struct ucred cred;
    socklen_t len = sizeof(cred);
    enum status st;

    *out = NULL;
    if (!q || !(q->name = strdup(name))) {
        free(q);
        close(fd);
        return diag_set(diag, ST_ENOMEM, "out of memory");
    }
    q->fd = fd;
    q->tail = &q->head;
    q->peer = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? cred.pid : -1;
    st = negotiate(q, timeout_ns, diag);
    if (st == ST_OK)
        *out = q;
    else
        qmp_close(q);
    return st;
}

/* A listener whose backlog is full refuses with EAGAIN: worth asking again for a while. */
static int connect_until(const struct sockaddr_un *sun, int64_t until_ns)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

    if (fd < 0)
        return -1;
    while (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) != 0) {
        if ((errno == EAGAIN || errno == EINTR) && qmp_now() < until_ns) {
            poll(NULL, 0, BUSY_RETRY_MS);
            continue;
        }
        err = errno;
        close(fd);
        errno = err;
        return -1;
    }
    return fd;
}

static enum status cannot_connect(const char *path, struct diag *diag)
{
    int err = errno;
    struct stat at;
    enum status st;

    if (err == EAGAIN) {
        st = diag_at(diag, ST_ERETRY, path, 0, "has a queue of clients already");
        diag_hint(diag, "a monitor serves one client at a time: give the VM a second -qmp socket");
        return st;
    }
    if (err == ECONNREFUSED && stat(path, &at) == 0 && !S_ISSOCK(at.st_mode))
        return diag_at(diag, ST_EINPUT, path, 0, "is not a socket");
    errno = err;
    if (err == ECONNREFUSED)
        return diag_errno(diag, ST_ERETRY, path, "nobody listens");
    return diag_errno(diag, ST_EINPUT, path, "cannot connect");
}

enum status qmp_open(struct qmp **out, const char *path, int64_t timeout_ns, struct diag *diag)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int64_t until_ns = qmp_now() + timeout_ns;
    enum status st;
    int fd;

    *out = NULL;
    if (strlen(path) >= sizeof(sun.sun_path)) {
        st = diag_at(diag, ST_EINPUT, path, 0, "path is longer than a socket's can be (%zu bytes)",
                     sizeof(sun.sun_path) - 1);
        diag_hint(diag, "change into its folder and name it from there");
        return st;
    }
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
    fd = connect_until(&sun, until_ns);
    if (fd < 0)
        return cannot_connect(path, diag);
    return qmp_attach(out, fd, path, until_ns - qmp_now(), diag);
}

struct qmp_version qmp_version(const struct qmp *q)
{
    return q->version;
}

const char *qmp_package(const struct qmp *q)
{
    return q->package;
}

const char *qmp_name(const struct qmp *q)
{
    return q->name;
}

pid_t qmp_peer_pid(const struct qmp *q)
{
    return q->peer;
}

void qmp_close(struct qmp *q)
{
    struct qmp_message m;

    if (!q)
        return;
    while (q->head) {
        qmp_next(q, &m);
        qmp_message_release(&m);
    }
    close(q->fd);
    free(q->in);
    free(q->name);
    free(q);
}
