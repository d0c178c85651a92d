/*
 * html_course.c - the replication of the timeline over time: its queue, and the links it used.
 *
 * Each chart has its numbers behind it.  Invariant: tables are cut to what a reader can take in,
 * and say so.
 */
#include "reports/html_int.h"

#include <math.h>

#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/queue_course.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    QUEUE_ROWS = 25,
    LINK_PARTS = 8 /* stretches of time in the table of links */
};

/* The state at QUEUE_ROWS moments that are evenly apart. */
static void add_queue_rows(struct html *h, const struct queue_course *q)
{
    int64_t from = q->steps[0].at_ns, to = q->steps[q->nr - 1].at_ns;
    size_t rows = q->nr < QUEUE_ROWS ? q->nr : QUEUE_ROWS, k = 0;

    for (size_t i = 0; i < rows; i++) {
        int64_t at = q->nr <= QUEUE_ROWS
                         ? q->steps[i].at_ns
                         : from + (int64_t)((double)(to - from) * (double)i / (double)(rows - 1));

        while (k + 1 < q->nr && q->steps[k + 1].at_ns <= at)
            k++;
        strbuf_addstr(h->out, "<tr><td>");
        html_value(h, UNIT_NS, (double)at);
        strbuf_addf(h->out, "</td><td>%u</td><td>%u</td></tr>\n", q->steps[k].waiting,
                    q->steps[k].running);
    }
}

void html_queue(struct html *h)
{
    static const char *const heads[] = {"#At", "#Waiting", "#Running", NULL};
    const struct chart_look look = {CHART_INLINE, "c-queue"};
    struct strbuf setting = STRBUF_INIT;
    struct queue_course q;
    enum status st = queue_course_init(&q, h->run, h->typical.first, h->typical.nr);

    if (st == ST_OK && q.nr > 1 && q.most_waiting + q.most_running > 2) {
        words_replication(&setting, h->run, h->typical.first);
        html_section(h, "queue", "Queue");
        html_open_figure(h, "Migrations that wait and that run");
        if (chart_available())
            st = chart_queue(h->out, &look, &(struct chart_queue){&q, strbuf_text(&setting)});
        html_close_drawing(h, st, "As a table");
        html_open_table(h, "", q.nr > QUEUE_ROWS ? "At moments evenly apart" : "At each change",
                        heads);
        add_queue_rows(h, &q);
        html_close_table(h);
        html_close_figure(h);
    }
    if (st == ST_ENOMEM)
        h->st = st;
    queue_course_release(&q);
    strbuf_release(&setting);
}

static double mean_used(const struct link_result *link, uint32_t from, uint32_t to)
{
    double sum = 0;

    for (uint32_t i = from; i < to; i++)
        sum += link->used_pct[i];
    return to > from ? sum / (to - from) : 0;
}

static void add_link_row(struct html *h, const struct link_result *link)
{
    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    html_name(h, link->link);
    strbuf_addstr(h->out, "</th><td>");
    html_value(h, UNIT_PCT, mean_used(link, 0, link->nr));
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, (double)words_link_full_ns(link));
    strbuf_addstr(h->out, "</td><td class=\"l\">");
    for (uint32_t i = 0; i < LINK_PARTS && link->nr >= LINK_PARTS; i++) {
        strbuf_addstr(h->out, i ? ", " : "");
        html_value(
            h, UNIT_PCT,
            round(mean_used(link, link->nr * i / LINK_PARTS, link->nr * (i + 1) / LINK_PARTS)));
    }
    strbuf_addstr(h->out, "</td></tr>\n");
}

void html_links(struct html *h)
{
    static const char *const heads[] = {"Link", "#Mean use", "#Full for",
                                        "Use in each eighth of the time", NULL};
    const struct chart_look look = {CHART_INLINE, "c-links"};
    struct strbuf setting = STRBUF_INIT;
    enum status st = ST_OK;

    if (h->run->nr_links == 0 || h->run->links[0].nr == 0)
        return;
    words_replication(&setting, h->run, h->typical.first);
    html_section(h, "links", "Link use");
    html_open_figure(h, "Use of links over time");
    if (chart_available())
        st = chart_run_links(h->out, &look, h->run, strbuf_text(&setting));
    html_close_drawing(h, st, "As a table");
    html_open_table(h, "wide",
                    "The links used most; full means 95 % or more of what migrations can have",
                    heads);
    for (size_t i = 0; i < h->run->nr_links; i++)
        add_link_row(h, &h->run->links[i]);
    html_close_table(h);
    html_close_figure(h);
    strbuf_release(&setting);
}
