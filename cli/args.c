/*
 * args.c - getopt_long over rows of struct cli_option.
 *
 * Leaves what an option means, and every message, to opts.c.
 */
#include "cli/args.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#include "base/banned.h"

enum {
    FIRST_LONG_CODE = 256 /* getopt's return for the long form of row i is this + i */
};

/* The row that getopt means by @code: a long code, a letter, or 0 for none. */
static const struct cli_option *row_of(const struct args *args, int code)
{
    if (code >= FIRST_LONG_CODE)
        return args->rows[code - FIRST_LONG_CODE];
    for (size_t i = 0; code && i < args->nr_rows; i++)
        if (args->rows[i]->letter == code)
            return args->rows[i];
    return NULL;
}

static enum args_step refused(struct args *args, int code)
{
    const char *word = args->argv[optind - 1];

    args->row = row_of(args, optopt);
    if (args->row)
        return code == ':' ? ARGS_VALUE_MISSING : ARGS_VALUE_UNWANTED;
    if (optopt)
        snprintf(args->name, sizeof(args->name), "-%c", optopt);
    else
        snprintf(args->name, sizeof(args->name), "%.*s", (int)strcspn(word, "="), word);
    return ARGS_UNKNOWN;
}

enum args_step args_next(struct args *args, bool *started)
{
    struct option longs[ARGS_MAX_ROWS + 1] = {0};
    char shorts[2 * ARGS_MAX_ROWS + 2] = ":"; /* a missing value is told from an unknown option */
    size_t nr_shorts = 1;
    int code;

    assert(args->nr_rows <= ARGS_MAX_ROWS);
    for (size_t i = 0; i < args->nr_rows; i++) {
        const struct cli_option *row = args->rows[i];

        longs[i].name = row->name;
        longs[i].has_arg = row->arg ? required_argument : no_argument;
        longs[i].val = FIRST_LONG_CODE + (int)i;
        if (row->letter)
            shorts[nr_shorts++] = row->letter;
        if (row->letter && row->arg)
            shorts[nr_shorts++] = ':';
    }
    if (!*started) {
        opterr = 0;
        optind = 0; /* glibc: start afresh */
        *started = true;
    }
    code = getopt_long(args->argc, args->argv, shorts, longs, NULL);
    if (code == -1) {
        args->first_arg = optind;
        return ARGS_END;
    }
    if (code == '?' || code == ':')
        return refused(args, code);
    args->row = row_of(args, code);
    args->value = args->row->arg ? optarg : "";
    return ARGS_OPTION;
}
