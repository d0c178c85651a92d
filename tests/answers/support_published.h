/*
 * support_published.h - the published database-server set, read where it lies, and the engine set
 * up from it.
 *
 * The files stay outside the tree: the tests that use them are skipped where they are not there.
 * What the set is and what is taken from which run: docs/published.md.
 */
#ifndef MIGCAST_TESTS_ANSWERS_SUPPORT_PUBLISHED_H
#define MIGCAST_TESTS_ANSWERS_SUPPORT_PUBLISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answers/accuracy/baselines.h"
#include "answers/setup.h"
#include "sim/result.h"

enum {
    PUB_RUNS = 10,
    PUB_ROUNDS_MAX = 256
};

/* The last row of a migration. */
struct pub_final {
    double total_ms, downtime_ms;
    double transferred_bytes;
    double rounds;
    double normal_pages, zero_pages;
    double throttle_pct;
    double precopy_bytes, downtime_bytes, postcopy_bytes;
    double ram_bytes;
    double load_left_s; /* from the migration's end to the benchmark's */
};

/* The first sample after a sync. */
struct pub_round {
    double sync;
    double at_ms;
    double transferred_bytes, remaining_bytes;
    double normal_pages, zero_pages;
};

enum pub_how {
    PUB_PLAIN,
    PUB_AUTO_CONVERGE,
    PUB_STOPPED, /* the guest is stopped before the migration */
    PUB_POSTCOPY /* ordered after after_s */
};

/* One scenario of the set, and the plain one whose run tells its guest's curve. */
struct pub_scenario {
    const char *name;
    const char *plain;
    enum pub_how how;
    double after_s;
};

enum {
    PUB_SCENARIOS = 10
};

extern const struct pub_scenario pub_scenarios[PUB_SCENARIOS];

/* What one run tells of the guest. */
struct pub_guest {
    uint64_t ram_bytes;
    uint64_t nonzero_bytes;       /* as round 1 sent them */
    uint64_t start_nonzero_bytes; /* before it: round 1 takes long, and the guest fills zero pages
                                     meanwhile */
    double round_1_s, round_1_dirty_bytes;
    double zero_write_ratio;
    uint32_t nr_classes;
    struct dirty_class classes[DIRTY_CLASSES_MAX];
    int64_t load_end_ns;         /* writing stops; 0 = never */
    struct baseline_guest curve; /* what the rounds found dirty, by their length */
};

/* What one run tells of the pair of hosts. */
struct pub_host {
    uint64_t copy_bytes_per_s;
    uint64_t zero_bytes_per_s;
    int64_t window_slip_ns;
    int64_t place_zero_ns;
};

/* pub_path - @name in the folder of published files, or NULL (with a line on standard error) if it
 * is not there.  The text is overwritten by the next call. */
const char *pub_path(const char *name);

/* The comma-separated fields of @line, cut in place, at most @max; the set quotes nothing. */
size_t pub_split(char *line, char **fields, size_t max);

/* All return false when the file or its rows are not as described. */
bool pub_finals(const char *scenario, struct pub_final finals[PUB_RUNS]);
bool pub_rounds(const char *scenario, int run, struct pub_round rounds[PUB_ROUNDS_MAX],
                uint32_t *nr);
bool pub_guest(const char *scenario, int run, struct pub_guest *guest);
/* @postcopy: the scenario whose same run tells what a zero page costs in post-copy. */
bool pub_host(const char *scenario, const char *postcopy, int run, struct pub_host *host);

/* pub_setup - one migration of @guest between two @host, QEMU's defaults; NULL when memory ran out.
 */
struct setup *pub_setup(const struct pub_guest *guest, const struct pub_host *host);
/* The same, with post-copy wanted @after_s from the start; and with the guest stopped before the
 * start. */
struct setup *pub_setup_postcopy(const struct pub_guest *guest, const struct pub_host *host,
                                 double after_s);
struct setup *pub_setup_stopped(const struct pub_guest *guest, const struct pub_host *host);
/* pub_run - runs @s once and frees it; @s may be NULL, then false. */
bool pub_run(struct setup *s, struct mig_result *out);

/* All that is taken from run @run to forecast @s. */
bool pub_inputs(const struct pub_scenario *s, int run, struct pub_guest *guest,
                struct pub_host *host);
bool pub_forecast(const struct pub_scenario *s, const struct pub_guest *guest,
                  const struct pub_host *host, struct mig_result *out);

/* When the harness of the set gave the order that was due after @after_s. */
double pub_order_s(double after_s);

/* A method to compare with, told the same; false if it says that the migration never ends. */
bool pub_guess(enum baseline method, const struct pub_scenario *s, const struct pub_guest *guest,
               const struct pub_host *host, struct baseline_result *out);
/* Absolute errors of the 90 migrations that run @run was not taken from, by @method or (-1) by
 * ours.  Returns how many; 0 when the files are not as described. */
size_t pub_errors(int method, int run, double errors[PUB_SCENARIOS * PUB_RUNS]);

/* Sorts @values. */
double pub_median(double *values, size_t nr);

#endif
