/*
 * opts.h - from argv to struct cli_opts.  For main.c, cmd_help.c and out.c; subcommands see cmd.h
 * only.
 */
#ifndef MIGCAST_CLI_OPTS_H
#define MIGCAST_CLI_OPTS_H

#include "base/new_file.h"
#include "cli/cmd.h"

struct cli_given { /* one of the subcommand's own options, as given */
    const struct cli_option *option;
    const char *value; /* "" for a flag */
};

struct cli_state {
    bool color_auto;         /* --color was not always or never */
    struct cli_given *given; /* in the order of the command line */
    size_t nr_given;
    struct scn_override *sets;
    struct new_file file; /* of -o; not open until cli_out() asks for it */
    int write_errno;      /* why cli_emit() could not write; 0 = it could */
};

/* The shared options, with the CLI_* bit of each; 0 = taken by every subcommand.  Ended by a row
 * without a name. */
struct cli_shared_option {
    struct cli_option option;
    unsigned bit;
};
extern const struct cli_shared_option cli_shared_options[];

/* opts_parse - read argv[1..], which follows the subcommand's name in argv[0], into @o (zeroed,
 * @o->cmd set). Returns ST_EUSAGE with the nearest right name as a hint.  opts_release() is due in
 * every case. */
enum status opts_parse(struct cli_opts *o, int argc, char **argv, struct diag *diag);
void opts_release(struct cli_opts *o);

/* opts_nearest - the shared and own options of @cmd, or the subcommands where @cmd is NULL, that is
 * nearest to @word; NULL = none is near. */
const char *opts_nearest(const struct cmd *cmd, const char *word);

/* out_finish - flush and close standard output and put the file of -o in its place (@keep) or drop
 * it. Returns ST_EOUTPUT if anything written got lost. */
enum status out_finish(struct cli_opts *o, bool keep, struct diag *diag);

#endif
