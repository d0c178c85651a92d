/*
 * support_machine.h - a machine made of nothing: answers a recorder as QEMU's source or destination
 * would, with the quirk that a test wants, and remembers what it was told.
 */
#ifndef MIGCAST_TESTS_SUPPORT_MACHINE_H
#define MIGCAST_TESTS_SUPPORT_MACHINE_H

#include "support_monitor.h"

enum {
    MACHINE_COMMANDS = 256
};

struct machine_quirks {
    const char *version;       /* NULL = "7.2.22" */
    bool tcg;                  /* not kvm */
    bool events_on;            /* somebody has switched the capability on already */
    unsigned nr_polls;         /* answers while active; 0 = 5 */
    unsigned nr_zero_totals;   /* completed answers with totals of 0 before the true ones */
    unsigned dies_after_polls; /* 0 = never */
    unsigned dies_after_end;   /* completed answers after which it closes; 0 = never */
    unsigned slow_ms;          /* before each answer */
    unsigned starts_itself_ms; /* after it was greeted; 0 = when told */
    int64_t runs_since_ms;     /* > 0: a migration runs already, for so long */
    bool never_ends;           /* until cancelled */
    bool cancel_is_refused;    /* as in post-copy of 10.0 */
    bool refuses_migrate;
    bool bitmap_never_returns;   /* as under tcg in 7.2 */
    bool knows_no_mode;          /* calc-dirty-rate takes no mode, as before 6.2 */
    bool pauses;                 /* before the switchover, until told to continue */
    bool is_destination;         /* no source: only listens, and completes */
    bool closes_on_capabilities; /* a destination that goes away */
    bool leftover_failed;        /* an earlier migration has failed */
};

struct machine {
    struct machine_quirks quirks;
    struct monitor monitor;
    /* read these after machine_stop() */
    char commands[MACHINE_COMMANDS][40];
    size_t nr_commands;
    json_t *arguments[MACHINE_COMMANDS]; /* NULL = none */
    unsigned most_waiting;               /* commands that came before the last was answered */
    /* private */
    int fd;
    bool greeted, started, ended, cancelled, continued, postcopy, events, measured_before;
    unsigned polls, end_polls;
    int64_t start_ns, greeted_ns;
    char mode[32];
};

void machine_start(struct machine *m, const struct folder *f, const char *name,
                   struct machine_quirks quirks);
void machine_stop(struct machine *m);
void machine_release(struct machine *m);
/* How often it was told @command. */
size_t machine_count(const struct machine *m, const char *command);
/* The arguments of the first such command; NULL = none. */
const json_t *machine_told(const struct machine *m, const char *command);

#endif
