/* traces.c - captures and calibration from the command line. */
#include "cli/traces.h"

#include <stdlib.h>

#include "answers/accuracy/calibration.h"

#include "base/banned.h"

static void warn_of_cut(const struct cli_opts *o, const char *path, const struct trace_facts *f,
                        unsigned flags)
{
    if (!f->counts.truncated)
        return;
    if ((flags & FACTS_BEFORE_ONLY) && f->before.migrate_ns >= 0)
        cli_warn(o,
                 "%s: ends in the middle of a line or of a compressed frame; everything before "
                 "`migrate` is there",
                 path);
    else
        cli_warn(o, "%s: the last line is cut short and was left out", path);
}

enum status cli_traces_load(struct cli_traces *t, const struct cli_opts *o, unsigned flags,
                            struct diag *diag)
{
    enum status st = ST_OK;

    *t = (struct cli_traces){.facts = calloc(o->nr_args, sizeof(*t->facts))};
    if (!t->facts)
        return diag_set(diag, ST_ENOMEM, "not enough memory for %u captures", o->nr_args);
    while (t->nr < o->nr_args && st == ST_OK) {
        st = facts_load(&t->facts[t->nr], o->args[t->nr], flags, diag);
        if (st == ST_OK) {
            warn_of_cut(o, o->args[t->nr], &t->facts[t->nr], flags);
            t->nr++;
        }
        if (st == ST_OK && cli_interrupted)
            st = diag_set(diag, ST_EINTR, "interrupted");
    }
    if (st != ST_OK)
        cli_traces_release(t);
    return st;
}

void cli_traces_release(struct cli_traces *t)
{
    for (size_t i = 0; i < t->nr; i++)
        facts_release(&t->facts[i]);
    free(t->facts);
    *t = (struct cli_traces){0};
}

enum status cli_calibration(const struct cli_opts *o, struct costs_file *c, struct diag *diag)
{
    const char *path = cli_value(o, "calibration");

    if (path)
        return costs_file_read(c, path, diag);
    return calibration_default(c, diag);
}
