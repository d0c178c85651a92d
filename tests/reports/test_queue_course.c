/* test_queue_course.c - who waits and who runs, from the rows. */
#include "reports/queue_course.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/support_results.h"

static struct mig_result *add(struct sample *s, uint32_t job, int64_t queued, int64_t started,
                              int64_t ended)
{
    struct mig_result *m = sample_add(s, "vm");

    m->job = job;
    m->attempt = s->run.nr_migs > 1 && m[-1].job == job ? m[-1].attempt + 1 : 1;
    m->queued_ns = queued * NS_PER_S;
    m->started_ns = started < 0 ? -1 : started * NS_PER_S;
    m->ended_ns = ended < 0 ? -1 : ended * NS_PER_S;
    return m;
}

Test(reports_queue_course, waits_and_runs_are_counted_at_each_moment)
{
    static const struct queue_step expected[] = {
        {0, 2, 1}, {10 * NS_PER_S, 1, 1}, {20 * NS_PER_S, 0, 1}, {30 * NS_PER_S, 0, 0}};
    struct sample *s = sample_new();
    struct queue_course q;

    add(s, 0, 0, 0, 10);
    add(s, 1, 0, 10, 20);
    add(s, 2, 0, 20, 30);
    cr_assert_eq(queue_course_init(&q, &s->run, 0, s->run.nr_migs), ST_OK);
    cr_assert_eq(q.nr, 4);
    for (size_t i = 0; i < q.nr; i++) {
        cr_expect_eq(q.steps[i].at_ns, expected[i].at_ns);
        cr_expect_eq(q.steps[i].waiting, expected[i].waiting);
        cr_expect_eq(q.steps[i].running, expected[i].running);
    }
    cr_expect_eq(q.most_waiting, 2);
    cr_expect_eq(q.most_running, 1);
    cr_expect_float_eq(q.mean_waiting, 1.0, 1e-9);
    queue_course_release(&q);
    sample_free(s);
}

/* Between attempts a job waits again; one refused waits until then; one left waits for ever. */
Test(reports_queue_course, retries_refusals_and_the_horizon)
{
    struct sample *s = sample_new();
    struct queue_course q;

    add(s, 0, 0, 0, 10);
    add(s, 0, 0, 15, 20);
    add(s, 1, 5, -1, 8);
    add(s, 2, 0, -1, -1);
    cr_assert_eq(queue_course_init(&q, &s->run, 0, s->run.nr_migs), ST_OK);
    cr_assert_eq(q.nr, 6);
    cr_expect_eq(q.steps[1].waiting, 2, "the refused one, from 5 s on");
    cr_expect_eq(q.steps[3].waiting, 2, "the second attempt, from 10 s on");
    cr_expect_eq(q.steps[3].running, 0);
    cr_expect_eq(q.steps[5].waiting, 1, "who never started");
    cr_expect_eq(q.steps[5].running, 0);
    queue_course_release(&q);
    sample_free(s);
}

Test(reports_queue_course, one_that_runs_at_the_horizon_is_shown_until_then)
{
    struct sample *s = sample_new();
    struct queue_course q;

    add(s, 0, 0, 0, 10);
    add(s, 1, 0, 10, -1)->total_ns = 90 * NS_PER_S;
    add(s, 2, 0, -1, -1);
    cr_assert_eq(queue_course_init(&q, &s->run, 0, s->run.nr_migs), ST_OK);
    cr_assert_eq(q.nr, 3);
    cr_expect_eq(q.steps[2].at_ns, 100 * NS_PER_S);
    cr_expect_eq(q.steps[2].running, 1);
    cr_expect_eq(q.steps[2].waiting, 1);
    cr_expect_float_eq(q.mean_waiting, 1.1, 1e-9);
    queue_course_release(&q);
    sample_free(s);
}

Test(reports_queue_course, nothing_gives_no_steps)
{
    const struct run_result run = {0};
    struct queue_course q;

    cr_assert_eq(queue_course_init(&q, &run, 0, 0), ST_OK);
    cr_expect_eq(q.nr, 0);
    queue_course_release(&q);
}
