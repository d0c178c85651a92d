/*
 * observed.h - did a captured migration go as its forecast says?
 *
 * Plays the lines of a capture to answers/accuracy/live.h as if they came in now, and looks as
 * often as a person who watches would.  The forecast knows only what stands before `migrate`.
 */
#ifndef MIGCAST_ANSWERS_OBSERVED_H
#define MIGCAST_ANSWERS_OBSERVED_H

#include "answers/accuracy/live.h"

struct observed {
    enum live_state state; /* the worst of all looks; LIVE_WAITING: there is no migration in it */
    size_t looks[LIVE_NR]; /* how many said so */
    int64_t abnormal_ns;   /* the first look that said so, since `migrate`; -1 = none */
    char why[160];         /* of that look; "" = none */
    struct live_view last; /* how it stood at the end of the capture */
    struct prediction forecast;
};

/* observed_play - the capture at @path, of which @facts tell what stands before `migrate`. */
enum status observed_play(struct observed *out, const char *path, const struct trace_facts *facts,
                          const struct predict_options *options, struct diag *diag);

#endif
