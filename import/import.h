/*
 * import.h - inventories and metrics of other tools, as a scenario file.
 *
 * import_files() reads what a platform's own commands print and writes the text of a scenario:
 * hosts, VMs, settings, and an operation, so that `run` answers at once.  Every value says at the
 * line's end where it comes from, or that it was assumed.  Nothing here knows what a scenario
 * means: whoever calls loads the text with the scenario loader and so checks it.
 */
#ifndef MIGCAST_IMPORT_IMPORT_H
#define MIGCAST_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/strbuf.h"

/* What a person adds.  All zero is a valid choice. */
struct import_options {
    const char *preset;         /* NULL = by the releases that the input names */
    const char *link;           /* rate of a host's card, as a scenario writes it; NULL = assumed */
    const char *dirty;          /* write rate of VMs that no metric tells of; NULL = assumed */
    const char *working_set;    /* of the same VMs */
    const char *device;         /* network device whose traffic counts; NULL = the busiest one */
    const char *const *drains;  /* hosts to drain, in this order; NULL ends */
    const char *const *metrics; /* further files, with answers of Prometheus; NULL ends */
    bool upgrade;               /* all hosts one after the other, in place of a drain */
};

struct import_counts {
    size_t nr_vms, nr_hosts;
    size_t nr_measured;  /* VMs whose dirty rate comes from metrics */
    struct strbuf notes; /* one a line: what was left out, what was assumed */
};

/* One input that import understands; the list ends with a row without a name. */
struct import_source {
    const char *name;
    const char *help; /* what the files are, no full stop */
};
extern const struct import_source import_sources[];

/* import_files - read @paths ("-" = standard input) as @source, and add the scenario to @out.
 * @counts is filled in every case; import_counts_release() is due.  On ST_EINPUT @diag says file,
 * line, column or the place in the document, and what is wrong. */
enum status import_files(struct strbuf *out, struct import_counts *counts, const char *source,
                         const char *const *paths, size_t nr_paths,
                         const struct import_options *options, struct diag *diag);
void import_counts_release(struct import_counts *counts);

#endif
