/* record_int.h - inside of a recorder, for record*.c and profile.c only. */
#ifndef MIGCAST_TRACER_RECORD_INT_H
#define MIGCAST_TRACER_RECORD_INT_H

#include "base/strbuf.h"
#include "tracer/record.h"
#include "tracer/record_file.h"

enum {
    RECORD_PENDING = 8, /* commands under way on one side */
    RECORD_SIDES = 2
};
/* How long a monitor may take to answer before the migration.  QEMU answers within ms; 7.2 holds
 * the big lock for seconds while it sets up a dirty log. */
#define RECORD_ANSWER_NS (30 * NS_PER_S)

enum record_flags {
    RECORD_LOG_COMMAND = 1 << 0,
    RECORD_LOG_REPLY = 1 << 1,
    RECORD_LOG = RECORD_LOG_COMMAND | RECORD_LOG_REPLY,
    RECORD_LOG_MEASURED = 1 << 2, /* log the reply only if its status is "measured" */
    RECORD_FORGET = 1 << 3        /* nobody waits for the reply */
};

struct record_pending { /* one command whose reply is to come */
    uint64_t id;        /* 0 = free */
    const char *name;   /* static, or lives until the reply */
    unsigned flags;
    bool done, refused;
    json_t *reply; /* once done; owned */
    int64_t sent_ns;
};

struct record_side {
    struct qmp *qmp; /* borrowed; NULL = none, or closed */
    enum trace_side side;
    struct record_pending pending[RECORD_PENDING];
    char status[RECORD_STATUS]; /* of MIGRATION events */
    bool resumed;               /* RESUME seen */
};

struct record_held { /* a line that has to wait until `migrate` is written */
    enum trace_kind kind;
    enum trace_side side;
    int64_t t_ns;
    char *name;
    json_t *data;
    struct record_held *next;
};

struct recorder {
    struct record_options o;
    struct record_file *file; /* NULL until the header is written: nothing is logged */
    struct strbuf line;
    int64_t epoch_ns;
    int64_t last_t_ns; /* stamps in the file never step back */
    unsigned long nr_lines;
    struct record_side sides[RECORD_SIDES]; /* source, destination */

    /* the source's machine */
    char accel[16];
    uint64_t mem_mib;
    uint32_t vcpus;
    json_t *capabilities;    /* as in the header; owned */
    struct content *content; /* NULL = may not be looked at */

    /* the migration */
    char status[RECORD_STATUS];
    bool started;    /* the `migrate` line is written */
    bool seen;       /* passive: somebody's migration runs; lines are held until `started` */
    int64_t seen_ns; /* absolute */
    char before[RECORD_STATUS]; /* passive: what an earlier migration left behind */
    struct record_held *held, **held_tail;
    int64_t start_ns; /* absolute, of `migrate` */
    bool cancel_sent, postcopy_sent, continue_sent, by_timeout;
    int64_t total_ms, downtime_ms;
};

struct record_side *record_side(struct recorder *rec, enum trace_side side);

/* Sends; *@slot is to be freed with record_pending_free() once done. */
enum status record_send(struct recorder *rec, enum trace_side side, const char *command,
                        json_t *arguments, unsigned flags, struct record_pending **slot,
                        struct diag *diag);
void record_pending_free(struct record_pending *p);
/* Sends and waits for the reply, at most RECORD_ANSWER_NS. */
enum status record_ask(struct recorder *rec, enum trace_side side, const char *command,
                       json_t *arguments, unsigned flags, json_t **reply, struct diag *diag);
/* Takes in what has arrived, waiting until @until_ns at most for the first of it.  ST_EINTR if told
 * to stop, ST_ERETRY or ST_EINPUT if the source's monitor is lost; a lost destination is noted. */
enum status record_pump(struct recorder *rec, int64_t until_ns, struct diag *diag);
/* A line; @t_ns is absolute.  @data is borrowed. */
enum status record_line(struct recorder *rec, enum trace_kind kind, enum trace_side side,
                        int64_t t_ns, const char *name, json_t *data, struct diag *diag);
bool record_ended(const char *status); /* completed, failed, cancelled */

/* Files of the migration itself (record_act.c) need these of record_pump.c. */
void record_set_status(struct recorder *rec, const char *status, int64_t t_ns);
enum status record_release_held(struct recorder *rec, struct diag *diag);
void record_drop_held(struct recorder *rec);

#endif
