/*
 * cmd.h - what a subcommand is, and what main() hands to it.
 *
 * A subcommand is one file cli/cmd_NAME.c with one `const struct cmd cmd_NAME`, declared at the end
 * of this header and listed in the table of main.c.  Parsing, hints, --help, man page and
 * completion all come from that struct.  A subcommand writes results to cli_out(), notes to
 * cli_note(), returns a status with a filled diag, and never exits: main() prints the diag and
 * picks the exit code.
 */
#ifndef MIGCAST_CLI_CMD_H
#define MIGCAST_CLI_CMD_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "base/strbuf.h"

struct scn_override;

/* Options that mean the same in every subcommand that takes them.  --quiet, --color and --help go
 * with every one. */
enum cli_shared {
    CLI_SET = 1 << 0,    /* --set section.key=value, repeatable */
    CLI_SEED = 1 << 1,   /* --seed N */
    CLI_JOBS = 1 << 2,   /* --jobs N */
    CLI_DB = 1 << 3,     /* --db FILE */
    CLI_OUTPUT = 1 << 4, /* -o FILE, --output FILE */
    CLI_JSON = 1 << 5    /* --json */
};

#define CLI_FORMAT_VERSION "1.0" /* of every JSON object printed */

#define CLI_ANY UINT_MAX /* no upper bound on the number of arguments */

struct cli_option {
    const char *name; /* long form without dashes; a row without a name ends the table */
    char letter;      /* short form, 0 = none */
    const char *arg;  /* NULL = a flag; "a|b|c" = one of these words, checked; else what the value
                         is: "FILE" */
    const char *help; /* one sentence, no full stop */
    bool hidden;      /* parsed, but in no help, man page or completion */
};

struct cli_opts;

struct cmd {
    const char *name;
    const char *args;  /* as in the synopsis: "[--origin] SCENARIO.ini"; "" = none */
    const char *help;  /* one line for the list of subcommands, no full stop */
    const char *about; /* paragraphs, a blank line between; a paragraph that starts with two blanks
                          is shown as it stands (examples, commands) */
    unsigned shared;   /* enum cli_shared */
    const struct cli_option *options; /* its own; NULL = none */
    unsigned min_args, max_args;
    enum status (*run)(struct cli_opts *o, struct diag *diag);
};

enum cli_style {
    CLI_PLAIN,
    CLI_BOLD,
    CLI_DIM,
    CLI_GOOD,
    CLI_WARN,
    CLI_BAD
};

/* The parsed command line.  Everything is borrowed from argv and lives until main() returns. */
struct cli_opts {
    const struct cmd *cmd;
    const char *const *args; /* nr_args, NULL behind the last */
    unsigned nr_args;
    const struct scn_override *sets; /* nr_sets, in the order given: for scenario_load() */
    size_t nr_sets;
    bool has_seed;
    uint64_t seed;
    unsigned jobs;      /* at least 1; the CPUs of this process unless --jobs says otherwise */
    const char *db;     /* NULL = not given */
    const char *output; /* NULL = standard output */
    bool json;
    bool quiet;
    bool color; /* results may carry escapes: already judged from --color, NO_COLOR and the terminal
                 */
    bool show_help;          /* --help was among the options */
    struct cli_state *state; /* private to opts.c and out.c */
};

/* Set by the first SIGINT or SIGTERM: finish the step, keep what there is, return ST_EINTR.  The
 * second signal ends the program at once. */
extern atomic_int cli_interrupted;

/* opts.c: values of the subcommand's own options; @name must be in its table. */
bool cli_flag(const struct cli_opts *o, const char *name);
const char *cli_value(const struct cli_opts *o, const char *name); /* the last given; NULL = none */
const char *cli_value_at(const struct cli_opts *o, const char *name,
                         size_t i); /* i-th given; NULL = no more */
/* cli_values - all values of an option that may come several times, in their order, with a NULL
 * behind the last; caller frees the array.  NULL = out of memory. */
const char **cli_values(const struct cli_opts *o, const char *name, size_t *nr);

/* opts.c: what a scenario is loaded with: the overrides of --set, then --seed and others, which are
 * overrides as any other and so part of every digest.  cli_sets_release() is due in every case. */
struct cli_sets {
    struct scn_override *all;
    size_t nr;
    size_t nr_given; /* the first ones borrow their text from the command line */
};
enum status cli_sets_init(struct cli_sets *sets, const struct cli_opts *o, struct diag *diag);
/* cli_sets_add - one more, @key=@value; nothing where @value is NULL.  @origin is borrowed. */
enum status cli_sets_add(struct cli_sets *sets, const char *origin, const char *key,
                         const char *value, struct diag *diag);
void cli_sets_release(struct cli_sets *sets);

/* out.c: results.  cli_out() is standard output, or the file of -o: written beside it and renamed
 * when the subcommand succeeds, so a full disk or an interrupt never leaves half a file.  NULL =
 * cannot open, with
 * @diag filled: return ST_EOUTPUT.  Write errors are found by main() at the end; do not check each.
 */
FILE *cli_out(struct cli_opts *o, struct diag *diag);
/* The whole text to cli_out(); ST_ENOMEM if @text had failed. */
enum status cli_emit(struct cli_opts *o, const struct strbuf *text, struct diag *diag);
/* cli_default_db - migcast.db beside the output: in the folder of -o if that is a file, else in the
 * current one. */
void cli_default_db(const struct cli_opts *o, struct strbuf *path);
/* The escape that starts a style, or "" where colours are off.  CLI_PLAIN ends any style. */
const char *cli_style(const struct cli_opts *o, enum cli_style style);
/* A line to standard error: cli_note() is dropped by --quiet, cli_warn() is not. */
void cli_note(const struct cli_opts *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cli_warn(const struct cli_opts *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A diag to standard error, as main() prints the one that a subcommand returns; @cmd may be NULL.
 * Where several inputs can each be wrong: print each, return the status with an empty diag, and
 * what was written is kept. */
void cli_say_diag(const struct cmd *cmd, const struct diag *diag);

/* main.c: the table, ended by NULL, and the version with the commit it was built from. */
extern const struct cmd *const cli_commands[];
const struct cmd *cli_find(const char *name); /* NULL = no such subcommand */
const char *cli_version(void);

extern const struct cmd cmd_run;
extern const struct cmd cmd_quick;
extern const struct cmd cmd_lab;
extern const struct cmd cmd_check;
extern const struct cmd cmd_trend;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_sweep;
extern const struct cmd cmd_plan;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_report;
extern const struct cmd cmd_trace;
extern const struct cmd cmd_predict;
extern const struct cmd cmd_replay;
extern const struct cmd cmd_score;
extern const struct cmd cmd_calibrate;
extern const struct cmd cmd_import;
extern const struct cmd cmd_validate;
extern const struct cmd cmd_config;
extern const struct cmd cmd_presets;
extern const struct cmd cmd_schema;
extern const struct cmd cmd_help;

#endif
