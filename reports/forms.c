/*
 * forms.c - the list of report forms, nothing else.
 *
 * A new form is one file with its function, and one row here.
 */
#include "reports/report.h"

#include <string.h>

#include "reports/html.h"

static enum status add_json(const struct run_result *run, const struct report_text_opts *opts,
                            struct strbuf *out)
{
    (void)opts;
    return report_json(run, out);
}

static enum status add_csv(const struct run_result *run, const struct report_text_opts *opts,
                           struct strbuf *out)
{
    (void)opts;
    return report_csv(run, out);
}

static enum status add_html(const struct run_result *run, const struct report_text_opts *opts,
                            struct strbuf *out)
{
    (void)opts;
    return report_html(run, out);
}

static enum status add_junit(const struct run_result *run, const struct report_text_opts *opts,
                             struct strbuf *out)
{
    (void)opts;
    return report_junit(run, out);
}

static enum status add_markdown(const struct run_result *run, const struct report_text_opts *opts,
                                struct strbuf *out)
{
    (void)opts;
    return report_markdown(run, out);
}

static enum status add_github(const struct run_result *run, const struct report_text_opts *opts,
                              struct strbuf *out)
{
    (void)opts;
    return report_github(run, out);
}

static enum status add_openmetrics(const struct run_result *run,
                                   const struct report_text_opts *opts, struct strbuf *out)
{
    (void)opts;
    return report_openmetrics(run, out);
}

static enum status add_trace(const struct run_result *run, const struct report_text_opts *opts,
                             struct strbuf *out)
{
    return report_trace(run, opts->replication, out);
}

const struct report_form report_forms[] = {
    {"text", "the verdict and tables, for a terminal", report_text},
    {"json", "one object with everything", add_json},
    {"csv", "a line a migration", add_csv},
    {"html", "one page with charts, offline", add_html},
    {"junit", "test cases (XML) for thresholds and VMs", add_junit},
    {"markdown", "tables for a review comment or a job's summary", add_markdown},
    {"github", "annotations as workflow commands", add_github},
    {"openmetrics", "metrics under the names KubeVirt gives them", add_openmetrics},
    {"trace", "a timeline (Chrome trace JSON) of one replication", add_trace},
    {NULL, NULL, NULL},
};

const struct report_form *report_form_find(const char *name)
{
    for (const struct report_form *f = report_forms; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}
