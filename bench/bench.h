/*
 * bench.h - what a benchmark is, and how it reports.
 *
 * A benchmark is one function in one file and one row in bench_table (main.c).  It hands over each
 * figure with bench_report() as soon as it has it; main.c alone prints.  Nothing here passes or
 * fails: figures are read by people, and ratios tell more than absolutes.
 */
#ifndef MIGCAST_BENCH_BENCH_H
#define MIGCAST_BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BENCH_NAME_MAX = 64,
    BENCH_CASES_MAX = 256
};

struct bench_case {
    char name[BENCH_NAME_MAX]; /* "hold 10^5 pending" */
    const char *unit;          /* "M events/s"; static text */
    double value;
    double peer;       /* the same work done the way to compare with; 0 = nothing to compare with */
    const char *bound; /* what limits it; static text, NULL = not known */
    double must;       /* what the goal asks for, in the same unit; 0 = no goal */
};

struct bench_report {
    uint32_t nr_cases;
    struct bench_case cases[BENCH_CASES_MAX];
    bool quick; /* asked for a rough answer in a second or so */
    bool quiet; /* do not print progress */
};

struct bench {
    const char *name; /* for --only */
    const char *help; /* what is measured against what */
    void (*run)(struct bench_report *report);
};

/* bench_add - hand over one figure; the case is copied.  Figures past BENCH_CASES_MAX assert. */
void bench_add(struct bench_report *report, struct bench_case figure);

/* CPU time of this thread: what else the machine does does not count. */
uint64_t bench_now_ns(void);

/* The median of @n values, n >= 1; sorts them in place. */
double bench_median(double *values, uint32_t n);

/* bench_keep - make the compiler believe that @value is used. */
static inline void bench_keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

void bench_cluster(struct bench_report *report);
void bench_queue(struct bench_report *report);
void bench_forecast(struct bench_report *report);
void bench_network(struct bench_report *report);

#endif
