/*
 * words_course.c - queue and links of the typical replication, in a line each.
 */
#include "reports/words.h"

#include "base/units.h"
#include "reports/queue_course.h"

#include "base/banned.h"

void words_replication(struct strbuf *out, const struct run_result *run, size_t first)
{
    struct mig_result room;

    if (run->replications > 1)
        strbuf_addf(out, "Replication %u, of the median makespan among %u; seed %llu",
                    result_mig(run, first, &room)->replication, run->replications,
                    (unsigned long long)run->seed);
    else
        strbuf_addf(out, "1 replication, seed %llu", (unsigned long long)run->seed);
}

void words_sample(struct strbuf *out, const struct run_result *run, size_t nr)
{
    strbuf_addf(out, "n = %zu migrations, %u replication%s, seed %llu", nr, run->replications,
                run->replications == 1 ? "" : "s", (unsigned long long)run->seed);
}

bool words_queue(struct strbuf *out, const struct run_result *run)
{
    size_t nr, first = result_typical(run, &nr);
    struct queue_course q;
    enum status st = queue_course_init(&q, run, first, nr);
    char when[UNITS_TEXT];

    if (st == ST_OK && q.most_waiting > 0) {
        strbuf_addf(out, "up to %u wait", q.most_waiting);
        if (q.most_at_ns > 0)
            strbuf_addf(out, " (first at %s)", units_time(when, q.most_at_ns));
        strbuf_addf(out, "; up to %u run at a time", q.most_running);
    }
    queue_course_release(&q);
    return st == ST_OK;
}

enum {
    FULL_PCT = 95
};

int64_t words_link_full_ns(const struct link_result *link)
{
    int64_t ns = 0;

    for (uint32_t k = 0; k < link->nr; k++)
        ns += link->used_pct[k] >= FULL_PCT ? link->step_ns : 0;
    return ns;
}

void words_links(struct strbuf *out, const struct run_result *run)
{
    const struct link_result *most = NULL;
    int64_t longest = 0;
    uint32_t peak = 0;
    char full[UNITS_TEXT], all[UNITS_TEXT];

    for (size_t i = 0; i < run->nr_links; i++) {
        int64_t ns = words_link_full_ns(&run->links[i]);

        if (ns > longest) {
            longest = ns;
            most = &run->links[i];
        }
    }
    if (most) {
        strbuf_addf(out, "%s is full for %s of %s", most->link, units_time(full, longest),
                    units_time(all, most->step_ns * most->nr));
    } else if (run->nr_links > 0) {
        most = &run->links[0];
        for (uint32_t k = 0; k < most->nr; k++)
            peak = most->used_pct[k] > peak ? most->used_pct[k] : peak;
        strbuf_addf(out, "none is ever full; %s is used most, up to %u %%", most->link, peak);
    }
}
