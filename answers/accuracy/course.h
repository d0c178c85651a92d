/*
 * course.h - the way of a forecast: remaining bytes over time, for a picture.
 */
#ifndef MIGCAST_ANSWERS_COURSE_H
#define MIGCAST_ANSWERS_COURSE_H

#include "answers/accuracy/predict.h"

struct course_point {
    double t_ns, bytes; /* since `migrate`; known dirty and not yet sent */
};

struct course_band {
    double t_ns, low, high; /* p5 and p95 over the samples */
};

struct course {
    struct prediction prediction;
    size_t nr_band, nr_middle;
    struct course_band *band;
    struct course_point *middle; /* the sample whose total time is the median */
};

enum {
    COURSE_POINTS = 400
};

/* course_forecast - of one capture; release with course_release(). */
enum status course_forecast(struct course *out, const struct trace_facts *facts,
                            const struct costs_file *calibration, uint64_t seed, struct diag *diag);
void course_release(struct course *c);

#endif
