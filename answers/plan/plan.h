/*
 * plan.h - the inverse question: which settings meet the goals, and which of those is cheapest?
 *
 * Goals are the [thresholds] of a scenario.  A knob is something that may be set to one of several
 * values; a setting chooses for each knob a value, or leaves it as it is.  Settings are compared by
 * cost: fewest knobs changed, then the smallest changes, then the order in which they were given.
 *
 * They are walked in that order.  A setting is raced: 4, 8, 16 replications, the same for all, and
 * it is out as soon as the interval of a goal is clearly on the wrong side.  What is left is
 * confirmed with replications that no setting was chosen by, until every goal's interval is on the
 * right side or the replications for one setting are used up.  The first that is confirmed is the
 * answer, so with budget enough it is the one that a simulation of all settings would give.
 *
 * A setting by which fewer VMs arrive than today never meets the goals: giving up sooner makes
 * every drain shorter.
 */
#ifndef MIGCAST_ANSWERS_PLAN_H
#define MIGCAST_ANSWERS_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "answers/variant.h"
#include "base/arena.h"
#include "base/stats.h"
#include "sim/measure.h"

enum {
    PLAN_FRESH = 1 << 20, /* first replication of those that confirm */
    PLAN_RACE_MAX = 16,   /* replications of a race */
    PLAN_LIMIT = 1 << 20, /* settings that are looked at, at most */
    PLAN_KNOBS_MAX = 16,
    PLAN_SETTINGS_MAX = 64, /* of one variant */
    PLAN_BUDGET = 2000      /* replications, unless said otherwise */
};

/* What a setting is judged by beside the goals: the axes of the front. */
enum plan_axis {
    PLAN_MAKESPAN, /* ns, mean */
    PLAN_DOWNTIME, /* ns, p95 */
    PLAN_SLOWDOWN, /* share of guest work lost while migrating, mean */
    PLAN_BYTES,    /* sent by all migrations together, mean */
    PLAN_AXIS_NR
};

struct plan_value {
    const char *text;
    const char *const *settings; /* as variant_load() takes them */
    size_t nr_settings;
    double step; /* how far it is from the present: 0..1 of the knob's range */
};

struct plan_knob {
    const char *name;
    const char *key;     /* of its first setting: "cluster.max_out" */
    const char *present; /* the value now */
    struct plan_value *values;
    size_t nr; /* without the present one */
};

struct plan_goal {
    const char *text; /* as written */
    struct measure measure;
    double limit;
    bool less;
    bool implied; /* as many VMs arrive as today */
};

enum plan_state {
    PLAN_OPEN,   /* the replications for one setting did not decide it */
    PLAN_MISSES, /* a goal */
    PLAN_MEETS,  /* all goals, confirmed */
    PLAN_INVALID /* values that exclude each other */
};

/* A setting that was tried. */
struct plan_tried {
    uint16_t choice[PLAN_KNOBS_MAX]; /* by knob: 0 = as it is, i = values[i - 1] */
    uint32_t changes;
    double step; /* of all changes together */
    enum plan_state state;
    uint32_t runs;          /* replications, fresh ones too */
    struct measured *goals; /* by goal, of the race */
    struct measured *fresh; /* by goal, of the confirmation; NULL = it did not come to that */
    uint32_t nr_race, nr_fresh;
    uint32_t nr_good;           /* of the fresh ones, those in which all goals hold by themselves */
    struct stats_interval good; /* the share of such, 95 % */
    double shortfall; /* by how much the goal that is missed most is missed, as a log; <= 0: none */
    uint32_t worst_goal;
    enum binding binding;      /* of most of the migration time, or of those that did not arrive */
    const char *why;           /* most of those stayed; NULL = nothing to say */
    double axes[PLAN_AXIS_NR]; /* of the first look; NaN = unknown */
    double moved;              /* share of the wishes that came true, likewise */
    bool on_front;
};

enum plan_verdict {
    PLAN_PRESENT, /* the present settings meet the goals */
    PLAN_FOUND,   /* others do */
    PLAN_PERHAPS, /* none surely; `best` may */
    PLAN_NONE,    /* none; `best` is nearest */
    PLAN_NO_GOALS /* only the front was asked for */
};

struct plan_options {
    struct variant_base base;
    const char *const *goals; /* "drain.makespan.p95 < 2h", beside those of the scenario */
    size_t nr_goals;
    const char *const *knobs; /* "bandwidth=1Gb/s..25Gb/s"; none = what the platform has */
    size_t nr_knobs;
    uint32_t budget;       /* replications in all; 0 = PLAN_BUDGET */
    uint32_t replications; /* for one setting, at most; 0 = what the goals need */
    uint32_t jobs;         /* threads; 0 = one per core */
    bool whole_front;      /* try all settings, as far as the budget goes */
    const atomic_int *stop;
    void (*step)(void *arg, uint32_t runs); /* NULL, or called after some more replications */
    void *step_arg;
};

struct plan {
    struct arena *arena;
    struct scenario sc; /* the present */
    enum plan_verdict verdict;
    struct plan_goal *goals;
    size_t nr_goals;
    struct plan_knob *knobs;
    size_t nr_knobs;
    struct plan_tried *tried; /* [0] is the present */
    size_t nr_tried, cap_tried;
    size_t best; /* into tried */
    double nr_settings;
    uint32_t runs;
    uint32_t replications; /* for one setting, at most */
    bool all_cheaper;      /* every cheaper setting than the best was tried */
    bool fixed;            /* nothing is uncertain: one replication is like the other */
    bool interrupted;
    bool out_of_budget;
};

/**
 * plan_search - fill @plan
 * Returns ST_OK, or ST_EINTR with the best so far; ST_EUSAGE for a knob, ST_EINPUT for a value or
 * goal that is wrong.  plan_release() is due in every case.
 */
enum status plan_search(struct plan *plan, const struct plan_options *options, struct diag *diag);
void plan_release(struct plan *plan);

/* How a goal stands with a setting, at 95 %. */
enum plan_standing {
    PLAN_HELD,
    PLAN_UNSURE,
    PLAN_BROKEN
};
enum plan_standing plan_judge(const struct plan *plan, const struct plan_tried *t, size_t goal);

/* plan_settings - the settings of @t, for variant_load(): at most @cap are written, their number is
 * returned. */
size_t plan_settings(const struct plan *plan, const struct plan_tried *t, const char **settings,
                     size_t cap);

#endif
