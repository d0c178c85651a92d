/*
 * qmp.h - a client of QEMU's machine protocol over one connected socket.
 *
 * Knows greeting, negotiation, commands with ids, replies and events; what they mean is left to
 * record.c.  Everything read is stamped on arrival and queued, so a caller that waits for a reply
 * loses no event, and one that reads two monitors gets honest stamps from both.
 *
 * Nothing here blocks longer than it was told to.  A peer that closes, floods, or sends what is not
 * QMP ends the connection: what came before it is still handed out, then QMP_CLOSED, and
 * qmp_failure() says why.  Not safe for two threads at a time; two clients are independent.
 */
#ifndef MIGCAST_TRACER_QMP_H
#define MIGCAST_TRACER_QMP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* The longest single message and all that is read and not yet handed out.  The longest that a
 * migration needs (query-qmp-schema is not among them) has some 2 KiB. */
#define QMP_MESSAGE_MAX ((size_t)1 << 20)
#define QMP_QUEUE_MAX ((size_t)8 << 20)

enum qmp_kind {
    QMP_NOTHING, /* the queue is empty */
    QMP_RETURN,
    QMP_ERROR,
    QMP_EVENT,
    QMP_CLOSED /* the queue is empty, and nothing will come any more */
};

struct qmp_message {
    enum qmp_kind kind;
    int64_t t_ns;     /* CLOCK_MONOTONIC when its last byte had been read */
    uint64_t id;      /* of the command replied to; 0 = an event, or a reply to nothing known */
    const char *name; /* of the event; borrowed from the message; NULL for a reply */
    json_t *data;     /* the reply, the error object {class, desc}, or the event's data (an empty
                         object if it has none); NULL unless RETURN, ERROR or EVENT */
    json_t *whole;    /* private: owns the above */
};

struct qmp_version {
    unsigned major, minor, micro;
};

struct qmp; /* opaque */

int64_t qmp_now(void); /* CLOCK_MONOTONIC, ns */

/* qmp_open - connect to the UNIX socket @path, take the greeting and negotiate, all within
 * @timeout_ns.  ST_ERETRY if nobody listens or answers (a monitor serves one client at a time),
 * ST_EINPUT if there is no such socket or what answers does not speak QMP. */
enum status qmp_open(struct qmp **out, const char *path, int64_t timeout_ns, struct diag *diag);
/* The same over a connected stream socket; owns @fd in every case.  @name is for messages. */
enum status qmp_attach(struct qmp **out, int fd, const char *name, int64_t timeout_ns,
                       struct diag *diag);

/* qmp_send - send a command; @arguments (NULL = none) is borrowed.  *@id (may be NULL) is that of
 * the reply to come. */
enum status qmp_send(struct qmp *q, const char *command, json_t *arguments, uint64_t *id,
                     struct diag *diag);

/* qmp_wait - read what the @nr clients (NULL entries are passed over) have to say, until at least
 * one of them has something to hand out, CLOCK_MONOTONIC is @until_ns, or a signal came. */
void qmp_wait(struct qmp *const *clients, size_t nr, int64_t until_ns);

/* qmp_next - hand out the oldest message; the caller releases it.  Never waits. */
enum qmp_kind qmp_next(struct qmp *q, struct qmp_message *out);
void qmp_message_release(struct qmp_message *m);

/* qmp_execute - send a command and wait for its reply; events stay queued.  An error reply is
 * ST_EINPUT with QEMU's text; no reply within @timeout_ns is ST_ERETRY.  *@reply (may be NULL) is
 * the caller's. */
enum status qmp_execute(struct qmp *q, const char *command, json_t *arguments, int64_t timeout_ns,
                        json_t **reply, struct diag *diag);

/* qmp_failure - why the connection ended: ST_OK while it has not, ST_ERETRY if the peer closed it,
 * ST_EINPUT if it sent what is not QMP. */
enum status qmp_failure(const struct qmp *q, struct diag *diag);

struct qmp_version qmp_version(const struct qmp *q); /* from the greeting */
const char *qmp_package(const struct qmp *q);        /* "Debian 1:7.2+..."; "" = none */
const char *qmp_name(const struct qmp *q);           /* for messages */
/* The process that listens on the socket; -1 = not known.  That is who made the socket, which need
 * not be QEMU: a manager may hand it over. */
pid_t qmp_peer_pid(const struct qmp *q);

void qmp_close(struct qmp *q);

#endif
