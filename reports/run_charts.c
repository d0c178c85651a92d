/*
 * run_charts.c - a chart of a run without its page.
 *
 * Shows what the page shows: the replication of the median makespan, all migrations in the
 * distributions, and of the VMs with recorded rounds the one that took longest.
 */
#include "reports/run_charts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "reports/queue_course.h"
#include "reports/summary.h"
#include "reports/words.h"

#include "base/banned.h"

static enum status draw_timeline(struct strbuf *out, const struct chart_look *look,
                                 const struct run_result *run)
{
    struct mig_result room;
    struct strbuf setting = STRBUF_INIT;
    struct chart_gantt what = {.run = run};
    bool any = false;
    enum status st;

    what.first = result_typical(run, &what.nr);
    for (size_t i = 0; i < what.nr; i++)
        any |= result_mig(run, what.first + i, &room)->started_ns >= 0;
    if (!any)
        return ST_EINPUT;
    words_replication(&setting, run, what.first);
    what.subtitle = strbuf_text(&setting);
    st = chart_gantt(out, look, &what);
    strbuf_release(&setting);
    return st;
}

static enum status draw_queue(struct strbuf *out, const struct chart_look *look,
                              const struct run_result *run)
{
    size_t nr, first = result_typical(run, &nr);
    struct strbuf setting = STRBUF_INIT;
    struct queue_course q;
    enum status st;

    if (nr == 0)
        return ST_EINPUT;
    st = queue_course_init(&q, run, first, nr);
    words_replication(&setting, run, first);
    if (st == ST_OK)
        st = chart_queue(out, look, &(struct chart_queue){&q, strbuf_text(&setting)});
    queue_course_release(&q);
    strbuf_release(&setting);
    return st;
}

/* With the links as run_result has them. */
enum status chart_run_links(struct strbuf *out, const struct chart_look *look,
                            const struct run_result *run, const char *setting)
{
    uint32_t steps = run->nr_links ? run->links[0].nr : 0;
    struct chart_link links[LINKS_KEPT];
    double *used = malloc((steps * run->nr_links + 1) * sizeof(*used));
    struct chart_links what = {.links = links,
                               .nr = run->nr_links,
                               .nr_steps = steps,
                               .step_ns = run->nr_links ? (double)run->links[0].step_ns : 0,
                               .subtitle = setting};
    enum status st = ST_ENOMEM;

    for (size_t i = 0; used && i < run->nr_links; i++) {
        const struct link_result *link = &run->links[i];

        for (uint32_t k = 0; k < steps; k++)
            used[i * steps + k] = k < link->nr ? link->used_pct[k] / 100.0 : NAN;
        links[i] = (struct chart_link){link->link, &used[i * steps]};
    }
    if (used)
        st = chart_links(out, look, &what);
    free(used);
    return st;
}

static enum status draw_links(struct strbuf *out, const struct chart_look *look,
                              const struct run_result *run)
{
    size_t nr, first = result_typical(run, &nr);
    struct strbuf setting = STRBUF_INIT;
    enum status st;

    if (nr == 0 || run->nr_links == 0 || run->links[0].nr == 0)
        return ST_EINPUT;
    words_replication(&setting, run, first);
    st = chart_run_links(out, look, run, strbuf_text(&setting));
    strbuf_release(&setting);
    return st;
}

static enum status draw_cdf(struct strbuf *out, const struct chart_look *look,
                            const struct run_result *run, enum scored field, const char *axis,
                            const char *finding)
{
    struct mig_result room;
    double *values = malloc((run->nr_migs + 1) * sizeof(*values));
    struct strbuf setting = STRBUF_INIT;
    struct chart_cdf what = {.ns = values, .what = finding, .axis = axis};
    enum status st = ST_EINPUT;

    if (!values)
        return ST_ENOMEM;
    for (size_t i = 0; i < run->nr_migs; i++)
        what.nr += scored_value(result_mig(run, i, &room), field, &values[what.nr]);
    stats_sort(values, what.nr);
    words_sample(&setting, run, what.nr);
    what.subtitle = strbuf_text(&setting);
    if (what.nr > 0)
        st = chart_cdf(out, look, &what);
    strbuf_release(&setting);
    free(values);
    return st;
}

static enum status draw_downtime(struct strbuf *out, const struct chart_look *look,
                                 const struct run_result *run)
{
    return draw_cdf(out, look, run, SCORED_DOWNTIME, "Downtime", "guests stand still for");
}

static enum status draw_total(struct strbuf *out, const struct chart_look *look,
                              const struct run_result *run)
{
    return draw_cdf(out, look, run, SCORED_TOTAL_TIME, "Total time", "migrations take");
}

static enum status draw_rounds(struct strbuf *out, const struct chart_look *look,
                               const struct run_result *run)
{
    struct mig_result longest = {.total_ns = -1}, room;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        if (mig->nr_rounds > 1 && mig->total_ns > longest.total_ns)
            longest = *mig;
    }
    return longest.nr_rounds > 1 ? chart_vm(out, look, run, &longest) : ST_EINPUT;
}

const struct run_chart run_charts[] = {
    {"timeline", "who waits, who moves and how it ends", draw_timeline},
    {"rounds", "bytes that remain and throttle, round by round", draw_rounds},
    {"queue", "how many migrations wait and run", draw_queue},
    {"links", "how much of each link is in use", draw_links},
    {"downtime", "the distribution of downtimes", draw_downtime},
    {"total", "the distribution of total times", draw_total},
    {NULL, NULL, NULL},
};

const struct run_chart *run_chart_find(const char *name)
{
    for (const struct run_chart *c = run_charts; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
