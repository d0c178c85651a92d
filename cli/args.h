/*
 * args.h - getopt_long over rows of struct cli_option.
 *
 * A file of its own because <getopt.h> and base/option.h both call a struct `option`.  Knows the
 * shape of a command line only; opts.c gives it meaning.  getopt has state in the C library, so one
 * walk at a time.
 */
#ifndef MIGCAST_CLI_ARGS_H
#define MIGCAST_CLI_ARGS_H

#include "cli/cmd.h"

enum args_step {
    ARGS_OPTION,        /* row, and value ("" for a flag) */
    ARGS_END,           /* the rest of argv, from @first_arg on, are arguments */
    ARGS_UNKNOWN,       /* name: no such option, or the start of several */
    ARGS_VALUE_MISSING, /* row */
    ARGS_VALUE_UNWANTED /* row */
};

enum {
    ARGS_MAX_ROWS = 64 /* options of one subcommand */
};

struct args {
    const struct cli_option *rows[ARGS_MAX_ROWS]; /* what is accepted; set by the caller */
    size_t nr_rows;
    int argc;
    char **argv; /* argv[0] is skipped; getopt moves options before arguments */

    const struct cli_option *row;
    const char *value;
    char name[64]; /* of an unknown option, with its dashes */
    int first_arg;
};

/* args_next - the next option, left to right.  The first call needs @started false, and sets it. */
enum args_step args_next(struct args *args, bool *started);

#endif
