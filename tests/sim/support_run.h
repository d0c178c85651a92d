/*
 * support_run.h - a scenario given as text or file, run once, with its rows, rounds and log.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_RUN_H
#define MIGCAST_TESTS_SIM_SUPPORT_RUN_H

#include "sim/result.h"
#include "sim/scenario/scenario.h"
#include "sim/sim.h"

struct test_run {
    struct scenario sc;
    struct sim *sim;
    const struct mig_result *rows;
    const struct mig_round *rounds;
    const struct sim_event *log;
    uint32_t nr_rows, nr_rounds, nr_log;
};

/* Loads and runs replication 0; fails the test when it does not load. */
void test_run_text(struct test_run *run, const char *text);
/* The same of a shipped scenario: "ovirt-drain.ini". */
void test_run_shipped(struct test_run *run, const char *file);
void test_run_release(struct test_run *run);

/* The row of the @attempt-th attempt (from 1) of the first job of @vm; fails the test when there is
 * none. */
const struct mig_result *test_row(const struct test_run *run, const char *vm, uint32_t attempt);
/* When the @nth (from 0) log line of @vm (NULL = any) that begins with @what was written; -1 =
 * never.
 */
int64_t test_log_ns(const struct test_run *run, const char *vm, const char *what, uint32_t nth);
uint32_t test_log_count(const struct test_run *run, const char *vm, const char *what);

/* The most attempts that ran at one time, from `migrate` to the end: out of @source and into
 * @target (NULL = any). */
uint32_t test_most_at_once(const struct test_run *run, const char *source, const char *target);

#endif
