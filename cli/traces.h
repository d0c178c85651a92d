/*
 * traces.h - what the subcommands that read captures share.
 */
#ifndef MIGCAST_CLI_TRACES_H
#define MIGCAST_CLI_TRACES_H

#include "cli/cmd.h"
#include "sim/scenario/costs_file.h"
#include "tracer/facts.h"

struct cli_traces {
    size_t nr;
    struct trace_facts *facts;
};

/* cli_traces_load - read all arguments as captures; stops at the first that is wrong.  @flags as
 * facts_load(). */
enum status cli_traces_load(struct cli_traces *t, const struct cli_opts *o, unsigned flags,
                            struct diag *diag);
void cli_traces_release(struct cli_traces *t);

/* cli_calibration - the file of --calibration, or the built-in constants. */
enum status cli_calibration(const struct cli_opts *o, struct costs_file *c, struct diag *diag);

/* cli_trace_from - `migcast trace --from FORMAT FILE...`. */
enum status cli_trace_from(struct cli_opts *o, struct diag *diag);

#endif
