/*
 * test_predict.c - what stands before a migration beside its dirty rate, and what a forecast makes
 * of it.
 */
#include "answers/accuracy/predict.h"

#include <criterion/criterion.h>

#include "answers/setup.h"
#include "base/units.h"

/* 512 MiB of 1 GiB resident, 24 MiB/s in every window, 64 MiB/s to send with. */
struct guest {
    struct facts_dirty windows[3];
    struct trace_facts facts;
};

static void guest_init(struct guest *g)
{
    int64_t at = 0;

    *g = (struct guest){
        .facts = {
            .header = {.id = "guest", .memory_bytes = GIB, .vcpus = 1, .link = {.members = 1}},
            .before = {.resident_bytes = 512 * MIB, .nr_dirty = 3}}};
    mig_params_default(&g->facts.before.params);
    g->facts.before.params.max_bandwidth_bytes_per_s = 64 * MIB;
    for (int i = 0; i < 3; i++) {
        int64_t length = (1 << i) * NS_PER_S;

        g->windows[i] = (struct facts_dirty){.command_ns = at,
                                             .accepted_ns = at,
                                             .measured_ns = at + length,
                                             .calc_ns = length,
                                             .rate_bytes_per_s = 24 * MIB,
                                             .mode = FACTS_DIRTY_BITMAP};
        at += length;
    }
    g->facts.before.dirty = g->windows;
    g->facts.before.until_ns = g->facts.before.migrate_ns = at;
}

static double forecast_bytes(const struct trace_facts *f)
{
    struct costs_file costs;
    struct predict_options o = {.calibration = &costs, .seed = 1, .samples = 60};
    struct prediction p;
    struct diag diag = {0};

    cr_assert(calibration_default(&costs, &diag) == ST_OK, "%s", diag.what);
    cr_assert(predict_group(&f, 1, &o, &p, &diag) == ST_OK);
    cr_assert(p.result.outcome == OUTCOME_COMPLETED);
    return (double)p.result.transferred_bytes;
}

Test(predict, what_was_seen_to_be_zero_is_not_sent)
{
    struct guest g;
    double all, half;

    guest_init(&g);
    g.facts.before.content = (struct facts_content){.resident = 8192};
    all = forecast_bytes(&g.facts);
    g.facts.before.content.zero = 4096;
    half = forecast_bytes(&g.facts);
    /* 256 MiB, and what was written in the four seconds that they took */
    cr_expect(all - half > 256.0 * MIB && all - half < 420.0 * MIB, "%g, %g", all, half);
}

Test(predict, a_guest_that_writes_zeros_sends_little_of_them)
{
    struct guest g;
    double data, zeros;

    guest_init(&g);
    g.facts.before.content =
        (struct facts_content){.resident = 8192, .changed = 2000, .changed_zero = 0};
    data = forecast_bytes(&g.facts);
    g.facts.before.content.changed_zero = 2000;
    zeros = forecast_bytes(&g.facts);
    cr_expect(data > 600.0 * MIB, "%g", data);
    cr_expect(zeros > 505.0 * MIB && zeros < 530.0 * MIB, "%g", zeros);
}

Test(predict, a_few_pages_say_nothing)
{
    struct guest g;
    struct costs_file_part part = {.spread = {.resident_zero_bytes = 12 * MIB}};

    guest_init(&g);
    g.facts.before.content =
        (struct facts_content){.resident = 100, .zero = 50, .changed = 5, .changed_zero = 5};
    cr_expect(predict_zero_writes(&g.facts) <= 0.0);
    cr_expect(predict_memory_of(&g.facts, &part).bytes == (double)(500 * MIB));
}

Test(predict, the_share_of_zero_pages_is_as_unsure_as_its_sample_is_small)
{
    struct costs_file_part part = {0};
    struct predict_memory many, few;
    struct guest g;

    guest_init(&g);
    g.facts.before.content = (struct facts_content){.resident = 10000, .zero = 2000};
    many = predict_memory_of(&g.facts, &part);
    g.facts.before.content = (struct facts_content){.resident = 1000, .zero = 200};
    few = predict_memory_of(&g.facts, &part);
    cr_expect(few.bytes == many.bytes);
    cr_expect(few.less > 3.0 * many.less && few.less < 3.4 * many.less);
}
