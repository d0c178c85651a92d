/* html_int.h - what the parts of the page share; nobody else includes it. */
#ifndef MIGCAST_REPORTS_HTML_INT_H
#define MIGCAST_REPORTS_HTML_INT_H

#include <stdbool.h>

#include "reports/html.h"
#include "reports/summary.h"

enum {
    HTML_VMS = 500,      /* rows of the table of VMs */
    HTML_TIMELINES = 8,  /* VMs with a chart of their rounds */
    HTML_CDF_LEAST = 5,  /* migrations that make a distribution worth drawing */
    HTML_ROUND_ROWS = 60 /* rows of the table behind such a chart */
};

/* A figure over many migrations. */
enum html_unit {
    UNIT_NS,
    UNIT_BYTES,
    UNIT_PCT,
    UNIT_COUNT
};

struct html_sample {
    double *values; /* ascending */
    size_t nr;
};

/* A replication as a stretch of the rows. */
struct html_stretch {
    size_t first, nr;
};

struct html {
    struct strbuf *out;
    const struct run_result *run;
    struct summary sum;
    struct html_sample total, downtime; /* for tables and charts */
    double *scratch;                    /* room for a value a migration, and one more */
    struct html_stretch typical;        /* the replication that is shown; nr 0 = no migrations */
    size_t timelines[HTML_TIMELINES];   /* groups that have one */
    struct mig_result timeline_migs[HTML_TIMELINES];
    size_t nr_timelines;
    enum status st; /* of charts */
};

/* html_init - the sums of @run, for a page in @out.  ST_OK or ST_ENOMEM; release it in both cases.
 */
enum status html_init(struct html *h, const struct run_result *run, struct strbuf *out);
void html_release(struct html *h);
/* html_head - up to the first content; html_foot - after the last. */
void html_head(struct html *h, const char *what);
void html_foot(struct html *h);
/* text, escaped; and a name from outside, which keeps its own direction */
void html_text(struct html *h, const char *text);
void html_name(struct html *h, const char *name);
/* html_value - @value with its unit; "-" if it is not finite. */
void html_value(struct html *h, enum html_unit unit, double value);
/* html_section - a heading to link to. */
void html_section(struct html *h, const char *id, const char *title);
/* html_heading - one below a section. */
void html_heading(struct html *h, const char *id, const char *title);
/* html_open_table - with a caption and headings up to a NULL; "#" before a heading puts numbers to
 * the right. */
void html_open_table(struct html *h, const char *kind, const char *caption,
                     const char *const *heads);
void html_close_table(struct html *h);

/* html_tables.c */
void html_outcomes(struct html *h);
/* html_fixes - for the worst VMs: the smallest changes with which each ends well; nothing if none
 * was looked for or found. */
void html_fixes(struct html *h);
void html_distributions(struct html *h);
void html_vms(struct html *h);
void html_effects(struct html *h);
/* html_sample_of - @get of each migration that has it, ascending, in h->scratch. */
typedef bool html_get(const struct mig_result *mig, double *value);
size_t html_sample_of(struct html *h, html_get *get);
bool html_get_total(const struct mig_result *mig, double *value);
bool html_get_downtime(const struct mig_result *mig, double *value);

/* html_cluster.c: nothing where there is none */
void html_hazards(struct html *h);
void html_operations(struct html *h);
void html_log(struct html *h);

/* html_method.c */
void html_method(struct html *h);

/* html_course.c: nothing where there is nothing to tell */
void html_queue(struct html *h);
void html_links(struct html *h);

/* html_figures.c */
/* A figure: the drawing follows; then its table behind @summary; then the end. */
void html_open_figure(struct html *h, const char *label);
void html_close_drawing(struct html *h, enum status st, const char *summary);
void html_close_figure(struct html *h);
/* html_find_typical - result_typical() into h->typical. */
void html_find_typical(struct html *h);
void html_gantt(struct html *h);
void html_cdfs(struct html *h);
/* html_find_timelines - the worst VMs of which rounds were recorded. */
void html_find_timelines(struct html *h);
void html_timelines(struct html *h);

#endif
