/*
 * support_oracle.h - QEMU's pre-copy loop, stepped plainly, to check the engine that jumps.
 *
 * One migration on a link of constant rate.  The loop is written from its description alone:
 * decision, iterate call with the clock looked at after pages 1, 65, 129 ..., quota test before
 * each page, window close, sleep.  It shares with the engine the mean-field answer to "how much
 * became dirty" (models/dirty.h, models/memory.h, models/xbzrle.h) and the price of a page
 * (models/wire.h), and nothing else.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_ORACLE_H
#define MIGCAST_TESTS_SIM_SUPPORT_ORACLE_H

#include "support_oracle_world.h"

enum {
    ORACLE_STEPS_MAX = 16
};

struct oracle_row {
    enum outcome outcome;
    uint32_t rounds;
    uint32_t max_throttle_pct;
    uint32_t nr_steps;                     /* of the throttle */
    uint32_t step_round[ORACLE_STEPS_MAX]; /* rounds counted when the step came */
    double total_ns;
    double downtime_ns; /* -1 = never stopped */
    double counted_bytes;
    uint64_t windows;
};

/* oracle_run - migration 0 of @w. */
void oracle_run(const struct world *w, struct oracle_row *row);

/* oracle_case - random world number @index; @text says what it holds, for messages. */
void oracle_case(struct world *w, uint64_t index, char *text, size_t size);

#endif
