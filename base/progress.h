/*
 * progress.h - how far a long job is, on a person's terminal.
 *
 * Draws one line at most ten times a second and only where a terminal shows it; elsewhere it is
 * silent, or with PROGRESS_VERBOSE prints a plain line every ten seconds.  Results never depend on
 * it.
 *
 *     struct progress p;
 *     progress_init(&p, nr_replications, "simulating", PROGRESS_AUTO, stderr);
 *     ... progress_step(&p, 1) from any thread ...
 *     progress_done(&p);
 */
#ifndef MIGCAST_BASE_PROGRESS_H
#define MIGCAST_BASE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum progress_mode {
    PROGRESS_QUIET,   /* nothing */
    PROGRESS_AUTO,    /* a line that redraws itself, on a terminal only */
    PROGRESS_VERBOSE, /* the same; plain lines where there is no terminal */
};

/* Private, but for the functions below. */
struct progress {
    uint64_t total; /* 0 = unknown */
    const char *label;
    FILE *stream;
    int64_t (*now_ns)(void); /* monotonic; tests put their own here after progress_init() */
    int64_t start_ns;
    int64_t interval_ns; /* 0 = silent */
    bool redraws;

    atomic_uint_fast64_t finished;
    atomic_uint_fast64_t skipped; /* of them */
    atomic_int_fast64_t next_draw_ns;
    atomic_flag drawing;
    bool drawn; /* under drawing */
};

/* progress_init - @label and @stream are borrowed.  A TERM of "dumb" is no terminal. */
void progress_init(struct progress *p, uint64_t total, const char *label, enum progress_mode mode,
                   FILE *stream);
/* progress_step - @steps more are finished; from any thread, without a lock. */
void progress_step(struct progress *p, uint64_t steps);
/* progress_skip - @steps more are finished and took no time: they say nothing of the speed. */
void progress_skip(struct progress *p, uint64_t steps);
/* progress_done - wipe the line; once, after the last step of all threads. */
void progress_done(struct progress *p);

#endif
