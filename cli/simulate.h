/*
 * simulate.h - what `run` and `quick` share: simulate, advise, keep the rows, tell the verdict.
 */
#ifndef MIGCAST_CLI_SIMULATE_H
#define MIGCAST_CLI_SIMULATE_H

#include "cli/cmd.h"
#include "reports/report.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

/* The rows of a subcommand's option table that these functions ask for. */
#define SIMULATE_OPTIONS                                                                           \
    {.name = "replications",                                                                       \
     .letter = 'n',                                                                                \
     .arg = "N",                                                                                   \
     .help = "run N times with other draws of what is uncertain"},                                 \
        {.name = "csv", .help = "print a line a migration (CSV) instead of text"},                 \
    {                                                                                              \
        .name = "verbose", .letter = 'v', .help = "show all VMs, all rounds and whole lines"       \
    }

/* simulate_form - the form that --json or --csv ask for, else text; ST_EUSAGE for both. */
enum status simulate_form(const struct cli_opts *o, const struct report_form **form,
                          struct diag *diag);

/* simulate_emit - @run in @form to the result; width and colour of @opts are found here. */
enum status simulate_emit(struct cli_opts *o, const struct run_result *run,
                          const struct report_form *form, struct report_text_opts opts,
                          struct diag *diag);

/**
 * simulate - run @sc, add what would help what fails, keep the rows in @db, print the report
 * @db:    path of the database; NULL = do not keep
 * @after: NULL, or adds text of the subcommand's own behind the report
 *
 * Returns ST_ETHRESHOLD when a threshold of severity error was crossed and ST_EINTR after an
 * interrupt, with what was finished kept and printed.  A database that cannot be written is told at
 * once, and the report is printed all the same.
 */
enum status simulate(struct cli_opts *o, const struct scenario *sc, const char *db,
                     void (*after)(struct strbuf *out, const void *arg), const void *arg,
                     struct diag *diag);

#endif
