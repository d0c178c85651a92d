/*
 * support_results.c - small runs for the tests of reports/.
 */
#include "reports/support_results.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "support_rows.h"

struct sample *sample_new(void)
{
    struct sample *s = calloc(1, sizeof(*s));

    cr_assert_not_null(s);
    s->run = (struct run_result){.scenario = "scenarios/evacuate.ini",
                                 .digest = "00112233445566778899aabbccddeeff",
                                 .version = "0.1.0",
                                 .seed = 7,
                                 .replications = 1,
                                 .rounds = s->rounds,
                                 .thresholds = s->thresholds,
                                 .events = s->events,
                                 .ops = s->ops,
                                 .hazards = s->hazards};
    for (size_t i = 0; i < SAMPLE_MAX; i++)
        cr_assert(result_add_mig(&s->run, &(struct mig_result){0}));
    s->migs = support_row(&s->run, 0);
    s->run.nr_migs = 0;
    return s;
}

void sample_free(struct sample *s)
{
    result_free_migs(&s->run);
    free(s);
}

struct mig_result *sample_add(struct sample *s, const char *vm)
{
    struct mig_result *m = &s->migs[s->run.nr_migs++];

    cr_assert_leq(s->run.nr_migs, SAMPLE_MAX);
    *m = (struct mig_result){.vm = vm,
                             .source = "node-a",
                             .target = "node-b",
                             .attempt = 1,
                             .outcome = OUTCOME_COMPLETED,
                             .binding = BINDING_LINK,
                             .queued_ns = NS_PER_S,
                             .started_ns = 2 * NS_PER_S,
                             .ended_ns = 2 * NS_PER_S + 41200 * NS_PER_MS,
                             .setup_ns = 12 * NS_PER_MS,
                             .total_ns = 41200 * NS_PER_MS,
                             .downtime_ns = 212 * NS_PER_MS,
                             .blackout_ns = 230 * NS_PER_MS,
                             .expected_downtime_ns = 200 * NS_PER_MS,
                             .dirty_pages_rate = 21000,
                             .transferred_bytes = 72 * GIB,
                             .precopy_bytes = 71 * GIB,
                             .downtime_bytes = GIB,
                             .normal_pages = 18874368,
                             .zero_pages = 1000,
                             .rounds = 7,
                             .guest_slowdown_ratio = 0.031};
    return m;
}

struct mig_result *sample_add_timeout(struct sample *s, const char *vm)
{
    struct mig_result *m = sample_add(s, vm);

    m->outcome = OUTCOME_TIMEOUT;
    m->reason = "completion timeout";
    m->binding = BINDING_DIRTY_RATE;
    m->total_ns = 300 * NS_PER_S;
    m->ended_ns = m->started_ns + m->total_ns;
    m->downtime_ns = m->blackout_ns = -1;
    m->convergence_bytes_per_s = 1400 * MIB;
    m->rounds = 31;
    m->max_throttle_pct = 99;
    return m;
}

void sample_add_rounds(struct sample *s, struct mig_result *mig, size_t nr)
{
    mig->first_round = s->run.nr_rounds;
    mig->nr_rounds = nr;
    for (size_t i = 0; i < nr; i++) {
        struct mig_round *r = &s->rounds[s->run.nr_rounds++];

        cr_assert_leq(s->run.nr_rounds, 64);
        *r = (struct mig_round){.round = (uint32_t)i + 1,
                                .start_ns = mig->started_ns + (int64_t)i * 5 * NS_PER_S,
                                .duration_ns = 5 * NS_PER_S,
                                .wire_bytes = 10 * GIB >> i,
                                .sent_pages = 2621440 >> i,
                                .dirtied_bytes = 5 * GIB >> i,
                                .remaining_bytes = 5 * GIB >> i,
                                .threshold_bytes = 300 * MIB,
                                .throttle_pct = (uint32_t)i * 10};
    }
}

struct threshold_result *sample_add_threshold(struct sample *s, const char *text)
{
    struct threshold_result *t = &s->thresholds[s->run.nr_thresholds++];

    cr_assert_leq(s->run.nr_thresholds, 16);
    *t = (struct threshold_result){.text = text,
                                   .file = "scenarios/evacuate.ini",
                                   .line = 40 + s->run.nr_thresholds,
                                   .value = 212e6,
                                   .limit = 500e6,
                                   .error = true,
                                   .unit = VALUE_NS};
    return t;
}

struct op_result *sample_add_operation(struct sample *s, const char *name)
{
    struct op_result *op = &s->ops[s->run.nr_ops++];

    cr_assert_leq(s->run.nr_ops, SAMPLE_OPS);
    *op = (struct op_result){.name = name,
                             .kind = "drain",
                             .started_ns = NS_PER_S,
                             .ended_ns = -1,
                             .hosts = 4,
                             .hosts_done = 3,
                             .vms_moved = 12,
                             .vms_left = 2,
                             .host = "node-4",
                             .blocker = "db-7",
                             .why = "no target"};
    return op;
}

struct hazard_result *sample_add_hazard(struct sample *s, const char *text)
{
    struct hazard_result *hazard = &s->hazards[s->run.nr_hazards++];

    cr_assert_leq(s->run.nr_hazards, SAMPLE_OPS);
    *hazard = (struct hazard_result){.kind = HAZARD_DEADLOCK, .text = text, .replications = 1};
    return hazard;
}

struct sim_event *sample_add_event(struct sample *s, const char *vm, const char *host,
                                   const char *what)
{
    struct sim_event *e = &s->events[s->run.nr_events++];

    cr_assert_leq(s->run.nr_events, SAMPLE_EVENTS);
    *e = (struct sim_event){
        .at_ns = 3 * NS_PER_S, .vm = vm, .host = host, .what = what, .job = UINT32_MAX};
    return e;
}
