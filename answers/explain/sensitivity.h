/*
 * sensitivity.h - which uncertain input moves a measure most.
 *
 * Each input goes to its low and to its high end while all others stay, with the draws of the
 * scenario's own replications, so a difference comes from the input alone.  What people can set is
 * not uncertain and belongs to sweep and plan; two such settings stand here all the same, because
 * platforms change them unasked: the downtime limit and the time before `migrate`.
 */
#ifndef MIGCAST_ANSWERS_SENSITIVITY_H
#define MIGCAST_ANSWERS_SENSITIVITY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/measure.h"
#include "sim/scenario/scenario.h"

/* An input with the ends between which it is uncertain. */
struct sensitivity_input {
    const char *key;  /* "dirty_rate", for programs; never changes */
    const char *name; /* for people */
    double low, high; /* times what the scenario says */
    const char *why;  /* these ends */
};

/* All inputs; a row without a key ends the table. */
extern const struct sensitivity_input sensitivity_inputs[];

struct sensitivity_row {
    const struct sensitivity_input *input;
    struct measured low, high; /* the measure at both ends */
    double swing;              /* from the least to the largest of the three values; INFINITY where
                                  one of them is unknown and another is not */
    double changed_low, changed_high; /* share of the replications, paired, in which it changed at
                                         all; NaN where no replication has such a figure */
};

struct sensitivity {
    const struct scenario *sc;
    struct measure measure;
    struct measured base;
    double limit; /* of a threshold on this measure; NaN = there is none */
    size_t nr;    /* rows with an effect first, the widest first; inputs that the scenario does not
                     have are left out */
    struct sensitivity_row *rows;
    uint32_t replications;
};

struct sensitivity_options {
    uint32_t jobs;
    const atomic_int *stop;
    void (*step)(void *arg); /* NULL, or called after each of sensitivity_runs() runs */
    void *step_arg;
};

/* sensitivity_runs - how many runs of the scenario there will be. */
size_t sensitivity_runs(void);

/**
 * sensitivity_find - vary each input of @sc (borrowed)
 *
 * ST_EINTR, ST_ENOMEM; release in any case.
 */
enum status sensitivity_find(struct sensitivity *s, const struct scenario *sc,
                             const struct measure *measure,
                             const struct sensitivity_options *options, struct diag *diag);
void sensitivity_release(struct sensitivity *s);

/* sensitivity_default - the measure to take where none is named: of the first threshold; else the
 * makespan where there is more than one move, else the total time. */
enum status sensitivity_default(const struct scenario *sc, struct measure *out, struct diag *diag);

#endif
