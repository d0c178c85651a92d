/*
 * dirty.h - how a guest's writes turn into distinct dirty pages.
 *
 * Every kind of writer is compiled, once per migration, into at most DIRTY_CLASSES_MAX classes of
 * pages, each written at random or in sequence, plus a clock of work: seconds of unthrottled
 * writing.  Phases, time series, throttling and write-protection faults only move that clock, so
 * the formulas below hold for all kinds, and a new kind is one file and one row in dirty.c.
 *
 * Random class of n pages with rate w writes/s: distinct pages after work time tau = n (1 - exp(-w
 * tau / n)), the mean of independent Poisson writers (the "unseen coupons" formula; see
 * models/README.md). Sequential class: min(n, w tau).
 */
#ifndef MIGCAST_MODELS_DIRTY_H
#define MIGCAST_MODELS_DIRTY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "models/params.h"

/* Compiled form; set once, then only read. */
struct dirty_model {
    uint32_t nr;
    uint32_t nr_series;
    int64_t on_ns, off_ns, phase_ns;
    const struct dirty_point *series; /* NULL, or rate against time; borrowed */
    double series_mean;
    double total_pages;        /* of all classes */
    double total_writes_per_s; /* of all classes: no distinct rate is higher */
    double cpu_per_work;       /* vCPU seconds a second of work needs, faults aside */
    double fault_s;            /* vCPU seconds per newly dirtied page */
    double head_ratio;         /* where a sequential writer is at time zero, 0..1 of its class */
    bool any_sequential;
    bool sequential[DIRTY_CLASSES_MAX];
    double pages[DIRTY_CLASSES_MAX];
    double writes_per_s[DIRTY_CLASSES_MAX];
    double page_writes_per_s[DIRTY_CLASSES_MAX]; /* to each page: writes_per_s / pages */
};

/* A kind of writer. */
struct dirty_ops {
    const char *name; /* as in scenario files */
    const char *help;
    void (*compile)(const struct dirty_params *params, struct dirty_model *model);
};

/* The row of a kind; kind < DIRTY_KIND_NR. */
const struct dirty_ops *dirty_ops(enum dirty_kind kind);
/* Names in order of enum dirty_kind, NULL at the end: for option tables. */
extern const char *const dirty_kind_names[DIRTY_KIND_NR + 1];

/* dirty_compile - @params into @model.  @phase_ns: where in the on/off cycle time zero lies.
 * The caller has checked that working sets fit the memory. */
void dirty_compile(struct dirty_model *model, const struct dirty_params *params,
                   double guest_fault_ns, int64_t phase_ns);
/* For the kinds' own files: append a class; no-op for empty ones. */
void dirty_add_class(struct dirty_model *model, double pages, double writes_per_s, bool sequential);

/* Share of pages that was written at random, @writes times each in the mean: 1 - exp(-writes).
 * Where little cancels exp() does, to 2e-14 of the share, in less than half the time of expm1(). */
static inline double dirty_share(double writes)
{
    return writes > 1.0 / 128.0 ? 1.0 - exp(-writes) : -expm1(-writes);
}

/* Distinct pages of class @k, or of all, written in @tau seconds of work from a clean state. */
double dirty_class_distinct(const struct dirty_model *model, uint32_t k, double tau);
double dirty_distinct(const struct dirty_model *model, double tau);
/* Distinct pages per second of work at @tau. */
double dirty_distinct_rate(const struct dirty_model *model, double tau);

/* Seconds of [from_ns, to_ns) in which the writer wants to write: phases and series. */
double dirty_wanted(const struct dirty_model *model, int64_t from_ns, int64_t to_ns);

/*
 * dirty_work - seconds of work done while the writer wanted @wanted_s, @tau seconds after the last
 * re-protection, with @cpu_share (0..1) of its vCPU time.  A writer that needs less than its share
 * is not slowed; a writer that needs more loses the rest.  Never more than @wanted_s.
 */
double dirty_work(const struct dirty_model *model, double tau, double wanted_s, double cpu_share);

/* The kinds, one file each. */
void dirty_compile_uniform(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_hotcold(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_zipf(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_sequential(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_curve(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_series(const struct dirty_params *params, struct dirty_model *model);
void dirty_compile_trace(const struct dirty_params *params, struct dirty_model *model);

#endif
