/*
 * plan_int.h - the parts of plan.c.
 */
#ifndef MIGCAST_ANSWERS_PLAN_INT_H
#define MIGCAST_ANSWERS_PLAN_INT_H

#include "answers/plan/plan.h"

/* plan_knobs - fill @plan->knobs from @options, or from what the platform has.  ST_EUSAGE,
 * ST_EINPUT, ST_ENOMEM. */
enum status plan_knobs(struct plan *plan, const struct plan_options *options, struct diag *diag);

/* plan_goals - fill @plan->goals from the thresholds of @plan->sc. */
enum status plan_goals(struct plan *plan, struct diag *diag);

/* ---- plan_sample.c: replications of one setting, and what they tell of the goals ---- */

struct plan_sample {
    struct scenario sc;
    struct run_result run; /* of all blocks so far */
};

/* plan_sample_more - @nr more replications, from @first on; they must follow those there are. */
enum status plan_sample_more(struct plan_sample *s, uint32_t first, uint32_t nr,
                             const struct plan_options *options, struct diag *diag);
void plan_sample_release(struct plan_sample *s);
/* plan_sample_clear - forget the replications, keep the scenario. */
void plan_sample_clear(struct plan_sample *s);
/* plan_sample_is_fixed - is each replication like the first? */
bool plan_sample_is_fixed(const struct plan_sample *s);
/* plan_sample_goals - each goal over all replications.  ST_OK or ST_ENOMEM. */
enum status plan_sample_goals(const struct plan *plan, const struct plan_sample *s,
                              struct measured *out);
/* plan_sample_good - nr_good and good of @t: in how many replications do all goals hold, each by
 * the rows of that replication? */
enum status plan_sample_good(const struct plan *plan, const struct plan_sample *s,
                             struct plan_tried *t);
/* plan_sample_axes - axes and moved of @t. */
enum status plan_sample_axes(const struct plan_sample *s, struct plan_tried *t);
/* plan_sample_bound - binding and why of @t. */
enum status plan_sample_bound(struct plan *plan, const struct plan_sample *s, struct plan_tried *t);

enum plan_leaning {
    PLAN_WRONG = -2,
    PLAN_LOOKS_WRONG,
    PLAN_TIE,
    PLAN_LOOKS_RIGHT,
    PLAN_RIGHT
};

/* plan_lean - what @m says of @goal.  @strict: of one look of several; the interval must then be
 * further away by half its length. */
enum plan_leaning plan_lean(const struct plan_goal *goal, const struct measured *m, bool strict,
                            bool fixed);
/* plan_shortfall - log of value over limit, or the other way round; > 0 = missed. */
double plan_shortfall(const struct plan_goal *goal, const struct measured *m);

/* ---- plan_race.c: how one setting fares ---- */

enum {
    PLAN_FIRST_LOOK = 4,         /* replications after which a setting may be dropped */
    PLAN_LEAST_REPLICATIONS = 32 /* for one setting */
};

/* A search on its way. */
struct plan_hunt {
    struct plan *plan;
    const struct plan_options *options;
    struct variant_base base; /* with the goals */
    struct diag *diag;
    uint32_t budget;
};

/* plan_try_present - the scenario as it is: the first of plan->tried, and what follows from it for
 * all others (replications, implied goals). */
enum status plan_try_present(struct plan_hunt *s);
/* plan_try_setting - one more of plan->tried.  What excludes itself is PLAN_INVALID. */
enum status plan_try_setting(struct plan_hunt *s, const uint16_t *choice);
/* plan_look_again - @nr_fresh fresh replications of what was tried: fresh, shortfall, nr_good. */
enum status plan_look_again(struct plan_hunt *s, struct plan_tried *t, uint32_t nr_fresh);

/* plan_front - mark which of the settings tried none is better than in all respects. */
void plan_front(struct plan *plan);

#endif
