/*
 * sweep.h - a scenario with every combination of some settings' values, simulated.
 *
 * All cells have the same seed, so they meet the same luck (answers/variant.h) and may be compared
 * with few replications.  A cell that a database holds already is not simulated again.  The result
 * depends neither on the number of threads nor on what was stored before.
 *
 *     struct sweep_options options = {.base = ..., .axes = texts, .nr_axes = 2, ...};
 *     struct sweep sweep;
 *     st = sweep_prepare(&sweep, &options, diag);
 *     if (st == ST_OK)
 *         st = sweep_run(&sweep, &options, diag);
 *     ... sweep.cells, in the order of the axes, the last one fastest ...
 *     sweep_release(&sweep);
 */
#ifndef MIGCAST_ANSWERS_SWEEP_H
#define MIGCAST_ANSWERS_SWEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answers/sweep/axis.h"
#include "answers/variant.h"
#include "base/arena.h"
#include "base/status.h"
#include "sim/measure.h"
#include "store/sweep.h"

enum {
    SWEEP_AXES_MAX = 12,
    SWEEP_MEASURES_MAX = 64,
    SWEEP_CELLS_MAX = 1000000
};

enum sweep_state {
    SWEEP_OPEN,    /* interrupted before it was finished */
    SWEEP_DONE,    /* simulated now */
    SWEEP_STORED,  /* taken from the database */
    SWEEP_INVALID, /* the scenario cannot be run with these values; see why */
    SWEEP_STATES
};

struct sweep_cell {
    enum sweep_state state;
    char digest[33];
    uint64_t seed;
    uint32_t replications;
    struct store_figure *figures; /* by measure */
    struct store_goal *goals;     /* by threshold; NULL when there is none */
    uint32_t nr_goals;
    uint32_t nr_crossed; /* of severity error */
    uint32_t nr_warned;  /* crossed, of severity warning */
    uint32_t nr_unsure;  /* not crossed, but not decided by the sample */
    const char *why;     /* of SWEEP_INVALID: the message */
};

struct sweep_goal_text {
    const char *text; /* as written */
    double limit;
    bool error;
    enum value_unit unit;
};

struct sweep_measure {
    const char *name;
    struct measure measure;
    enum value_unit unit;
    bool less; /* is better */
};

struct sweep {
    struct arena *arena;
    const char *scenario;  /* path as given */
    char digest[33];       /* of the scenario as it stands; "" = it cannot be run so */
    uint64_t seed;         /* of the first cell */
    uint32_t replications; /* alike */
    size_t nr_axes, nr_cells, nr_goals;
    struct axis *axes;
    struct sweep_measure *measures; /* what was asked for, then the usual ones */
    size_t nr_measures;
    size_t nr_asked; /* of them, what was asked for: all usual ones where nothing was */
    size_t first;    /* the measure that decides who is best */
    struct sweep_goal_text *goals; /* of the first cell, or of the scenario as it stands */
    struct sweep_cell *cells;
    /* cells that have a result, best first: fewest thresholds of severity error crossed, then the
     * largest share of VMs moved, then the deciding measure; of equal ones the earlier cell */
    size_t *ranked;
    size_t nr_ranked;
    size_t nr_state[SWEEP_STATES];
    size_t present;         /* the cell that is the scenario as it stands; SIZE_MAX = none */
    bool *axis_idle;        /* by axis: no value of it made any difference */
    struct diag store_diag; /* what went wrong with the database, or empty */
    enum status store_status;
};

/* The measures where none is asked for.  Ends with NULL. */
extern const char *const sweep_usual_measures[];

struct sweep_options {
    struct variant_base base;
    const char *const *axes; /* "bandwidth=1Gb/s,2Gb/s" */
    size_t nr_axes;
    const char *const *measures; /* "downtime.p99"; none = the usual ones */
    size_t nr_measures;
    const char *version;     /* of the program: part of what makes a stored cell the same */
    uint32_t jobs;           /* threads, at least 1 */
    struct store *store;     /* NULL = nothing is kept or used again */
    bool again;              /* simulate also what is stored */
    const atomic_int *stop;  /* NULL, or ends the sweep early: ST_EINTR */
    void (*step)(void *arg); /* NULL, or: a run is finished; from any thread */
    void (*skip)(void *arg, uint64_t runs); /* NULL, or: so many need not or cannot be run; alike */
    void *arg;
};

/**
 * sweep_prepare - read axes and measures, count cells, load the first one
 *
 * ST_EUSAGE for a wrong axis or measure, for one key twice and for too many cells; ST_EINPUT where
 * neither the first cell nor the scenario itself can be loaded.  Release in every case.
 */
enum status sweep_prepare(struct sweep *sweep, const struct sweep_options *options,
                          struct diag *diag);

/**
 * sweep_run - simulate what is not stored, keep it, rank the cells
 *
 * ST_OK also where cells are invalid or the database fails: see the cells and store_status.
 * ST_EINTR with what was finished; ST_ENOMEM.
 */
enum status sweep_run(struct sweep *sweep, const struct sweep_options *options, struct diag *diag);

/* sweep_settings - the settings of cell @cell, nr_axes of them, as variant_load() takes them. */
void sweep_settings(const struct sweep *sweep, size_t cell, const char *settings[SWEEP_AXES_MAX]);
/* sweep_value - which value of axis @axis cell @cell has. */
size_t sweep_value(const struct sweep *sweep, size_t cell, size_t axis);

/* What is known before anything is simulated. */
struct sweep_estimate {
    uint64_t runs;
    double seconds; /* of all of them on all threads; NaN = unknown */
    uint64_t bytes; /* memory */
};

/* sweep_guess - from some replications of the first and the last cell: about a second of work. */
enum status sweep_guess(const struct sweep *sweep, const struct sweep_options *options,
                        struct sweep_estimate *out, struct diag *diag);

void sweep_release(struct sweep *sweep);

#endif
