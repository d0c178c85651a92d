/*
 * opts.c - from argv to struct cli_opts.
 *
 * The accepted options of a subcommand are the shared rows it asks for and its own rows.  Judges
 * only the shape of the command line: what a value means is for the subcommand, apart from choices
 * ("a|b|c"), numbers and --color.  Prints nothing.
 */
#include "cli/opts.h"

#include <assert.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/option.h"
#include "base/units.h"
#include "cli/args.h"
#include "sim/scenario/scenario.h"

#include "base/banned.h"

enum {
    JOBS_MAX = 1024,
    SETS_MORE = 4 /* overrides that cli_sets can take beside those of --set */
};

/* clang-format off */
const struct cli_shared_option cli_shared_options[] = {
    {{.name = "set", .arg = "SECTION.KEY=VALUE",
      .help = "override one scenario value; may be given again"}, CLI_SET},
    {{.name = "seed", .arg = "N", .help = "start the random streams from N"}, CLI_SEED},
    {{.name = "jobs", .letter = 'j', .arg = "N",
      .help = "use N threads (default: all CPUs); the results do not depend on it"}, CLI_JOBS},
    {{.name = "db", .arg = "FILE", .help = "keep the rows in this SQLite database"}, CLI_DB},
    {{.name = "output", .letter = 'o', .arg = "FILE",
      .help = "write the result to FILE instead of standard output"}, CLI_OUTPUT},
    {{.name = "json", .help = "print JSON instead of text"}, CLI_JSON},
    {{.name = "quiet", .letter = 'q', .help = "print no notes and no progress"}, 0},
    {{.name = "color", .arg = "auto|always|never",
      .help = "colour the text (auto: on a terminal, unless NO_COLOR is set)"}, 0},
    {{.name = "help", .letter = 'h', .help = "show this help and exit"}, 0},
    {{0}, 0},
};
/* clang-format on */

/* The options that @cmd takes, shared ones first. */
static void collect_rows(struct args *args, const struct cmd *cmd)
{
    args->nr_rows = 0;
    for (const struct cli_shared_option *s = cli_shared_options; s->option.name; s++) {
        if (s->bit && !(cmd->shared & s->bit))
            continue;
        assert(args->nr_rows < ARGS_MAX_ROWS);
        args->rows[args->nr_rows++] = &s->option;
    }
    for (const struct cli_option *own = cmd->options; own && own->name; own++) {
        assert(args->nr_rows < ARGS_MAX_ROWS);
        args->rows[args->nr_rows++] = own;
    }
}

static bool is_shared(const struct cli_option *row)
{
    for (const struct cli_shared_option *s = cli_shared_options; s->option.name; s++)
        if (row == &s->option)
            return true;
    return false;
}

const char *opts_nearest(const struct cmd *cmd, const char *word)
{
    struct option_nearest near = {.word = word};
    struct args args = {0};

    if (!cmd) {
        for (size_t i = 0; cli_commands[i]; i++)
            option_nearest_offer(&near, cli_commands[i]->name);
        return near.best;
    }
    collect_rows(&args, cmd);
    for (size_t i = 0; i < args.nr_rows; i++)
        if (!args.rows[i]->hidden)
            option_nearest_offer(&near, args.rows[i]->name);
    return near.best;
}

/* Is @value one of the words of "a|b|c"? */
static bool choice_has(const char *choices, const char *value)
{
    size_t len = strlen(value);

    for (const char *at = choices;;) {
        size_t word = strcspn(at, "|");

        if (word == len && memcmp(at, value, len) == 0)
            return true;
        if (!at[word])
            return false;
        at += word + 1;
    }
}

static enum status bad_value(const struct cli_option *row, const char *value, const char *want,
                             struct diag *diag)
{
    diag_hint(diag, "give %s", want);
    return diag_set(diag, ST_EUSAGE, "--%s: '%s' cannot be used", row->name, value);
}

static enum status take_color(struct cli_opts *o, const char *value)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    o->state->color_auto = strcmp(value, "auto") == 0;
    if (!o->state->color_auto)
        o->color = strcmp(value, "always") == 0;
    else
        o->color = isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
                   !(term && strcmp(term, "dumb") == 0);
    return ST_OK;
}

static enum status take_jobs(struct cli_opts *o, const struct cli_option *row, const char *value,
                             struct diag *diag)
{
    uint64_t jobs;

    if (units_parse_u64(value, &jobs, NULL) != ST_OK || jobs < 1 || jobs > JOBS_MAX)
        return bad_value(row, value, "a whole number from 1 to 1024", diag);
    o->jobs = (unsigned)jobs;
    return ST_OK;
}

static enum status take_set(struct cli_opts *o, const struct cli_option *row, const char *value,
                            struct diag *diag)
{
    const char *equals = strchr(value, '=');

    if (!equals || !memchr(value, '.', (size_t)(equals - value)))
        return bad_value(row, value, "SECTION.KEY=VALUE, such as migration.downtime_limit=500ms",
                         diag);
    o->state->sets[o->nr_sets++] = (struct scn_override){.text = value, .origin = "--set"};
    return ST_OK;
}

static enum status take_shared(struct cli_opts *o, const struct cli_option *row, const char *value,
                               struct diag *diag)
{
    if (strcmp(row->name, "set") == 0)
        return take_set(o, row, value, diag);
    if (strcmp(row->name, "jobs") == 0)
        return take_jobs(o, row, value, diag);
    if (strcmp(row->name, "color") == 0)
        return take_color(o, value);
    if (strcmp(row->name, "seed") == 0) {
        if (units_parse_u64(value, &o->seed, NULL) != ST_OK)
            return bad_value(row, value, "a whole number from 0 to 18446744073709551615", diag);
        o->has_seed = true;
    } else if (strcmp(row->name, "db") == 0) {
        o->db = value;
    } else if (strcmp(row->name, "output") == 0) {
        o->output = strcmp(value, "-") == 0 ? NULL : value;
    } else if (strcmp(row->name, "json") == 0) {
        o->json = true;
    } else if (strcmp(row->name, "quiet") == 0) {
        o->quiet = true;
    } else {
        assert(strcmp(row->name, "help") == 0);
        o->show_help = true;
    }
    return ST_OK;
}

static enum status take(struct cli_opts *o, const struct cli_option *row, const char *value,
                        struct diag *diag)
{
    if (row->arg && !*value)
        return bad_value(row, value, row->arg, diag);
    if (row->arg && strchr(row->arg, '|') && !choice_has(row->arg, value))
        return bad_value(row, value, row->arg, diag);
    if (is_shared(row))
        return take_shared(o, row, value, diag);
    o->state->given[o->state->nr_given++] = (struct cli_given){row, value};
    return ST_OK;
}

static enum status unknown_option(const struct cli_opts *o, const char *given, struct diag *diag)
{
    const char *near = opts_nearest(o->cmd, given + strspn(given, "-"));

    if (near && strlen(given) > 2)
        diag_hint(diag, "did you mean '--%s'?", near);
    else
        diag_hint(diag, "see 'migcast help %s'", o->cmd->name);
    return diag_set(diag, ST_EUSAGE, "'%s' is no option of this subcommand", given);
}

static enum status parse_options(struct cli_opts *o, int argc, char **argv, struct diag *diag)
{
    struct args args = {.argc = argc, .argv = argv};
    bool started = false;

    collect_rows(&args, o->cmd);
    for (;;) {
        enum status st = ST_OK;

        switch (args_next(&args, &started)) {
        case ARGS_OPTION:
            st = take(o, args.row, args.value, diag);
            break;
        case ARGS_UNKNOWN:
            return unknown_option(o, args.name, diag);
        case ARGS_VALUE_MISSING:
            diag_hint(diag, "give --%s %s", args.row->name, args.row->arg);
            return diag_set(diag, ST_EUSAGE, "--%s needs a value", args.row->name);
        case ARGS_VALUE_UNWANTED:
            return diag_set(diag, ST_EUSAGE, "--%s takes no value", args.row->name);
        case ARGS_END:
            o->args = (const char *const *)(argv + args.first_arg);
            o->nr_args = (unsigned)(argc - args.first_arg);
            return ST_OK;
        }
        if (st != ST_OK)
            return st;
    }
}

static enum status check_args(const struct cli_opts *o, struct diag *diag)
{
    const struct cmd *cmd = o->cmd;

    if (o->show_help)
        return ST_OK;
    if (o->nr_args >= cmd->min_args && o->nr_args <= cmd->max_args)
        return ST_OK;
    diag_hint(diag, "usage: migcast %s %s", cmd->name, cmd->args);
    if (o->nr_args < cmd->min_args)
        return diag_set(diag, ST_EUSAGE, "an argument is missing");
    return diag_set(diag, ST_EUSAGE, "unexpected argument '%s'", o->args[cmd->max_args]);
}

static unsigned usable_cpus(void)
{
    cpu_set_t set;
    int nr = 1;

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        nr = CPU_COUNT(&set);
    return nr < 1 ? 1 : nr > JOBS_MAX ? JOBS_MAX : (unsigned)nr;
}

enum status opts_parse(struct cli_opts *o, int argc, char **argv, struct diag *diag)
{
    enum status st;

    assert(o->cmd && argc >= 1);
    o->jobs = usable_cpus();
    o->state = calloc(1, sizeof(*o->state));
    if (!o->state)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    take_color(o, "auto");
    o->state->given = calloc((size_t)argc, sizeof(*o->state->given));
    o->state->sets = calloc((size_t)argc, sizeof(*o->state->sets));
    o->sets = o->state->sets;
    if (!o->state->given || !o->state->sets)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = parse_options(o, argc, argv, diag);
    if (o->output && o->state->color_auto)
        o->color = false; /* what the terminal can do says nothing about a file */
    return st == ST_OK ? check_args(o, diag) : st;
}

void opts_release(struct cli_opts *o)
{
    if (!o->state)
        return;
    assert(!o->state->file.out); /* out_finish() came first */
    free(o->state->given);
    free(o->state->sets);
    free(o->state);
    *o = (struct cli_opts){0};
}

static const struct cli_option *own_row(const struct cli_opts *o, const char *name)
{
    const struct cli_option *row = o->cmd->options;

    while (row && row->name && strcmp(row->name, name) != 0)
        row++;
    assert(row && row->name);
    return row;
}

const char *cli_value_at(const struct cli_opts *o, const char *name, size_t i)
{
    const struct cli_option *row = own_row(o, name);

    for (size_t k = 0; k < o->state->nr_given; k++)
        if (o->state->given[k].option == row && i-- == 0)
            return o->state->given[k].value;
    return NULL;
}

const char *cli_value(const struct cli_opts *o, const char *name)
{
    const struct cli_option *row = own_row(o, name);

    for (size_t k = o->state->nr_given; k-- > 0;)
        if (o->state->given[k].option == row)
            return o->state->given[k].value;
    return NULL;
}

const char **cli_values(const struct cli_opts *o, const char *name, size_t *nr)
{
    const struct cli_option *row = own_row(o, name);
    const char **values = calloc(o->state->nr_given + 1, sizeof(*values));

    *nr = 0;
    for (size_t k = 0; values && k < o->state->nr_given; k++)
        if (o->state->given[k].option == row)
            values[(*nr)++] = o->state->given[k].value;
    return values;
}

bool cli_flag(const struct cli_opts *o, const char *name)
{
    return cli_value(o, name) != NULL;
}

enum status cli_sets_init(struct cli_sets *sets, const struct cli_opts *o, struct diag *diag)
{
    char seed[UNITS_TEXT];

    *sets = (struct cli_sets){.all = calloc(o->nr_sets + SETS_MORE, sizeof(*sets->all))};
    if (!sets->all)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    for (size_t i = 0; i < o->nr_sets; i++)
        sets->all[sets->nr++] = o->sets[i];
    sets->nr_given = sets->nr;
    snprintf(seed, sizeof(seed), "%" PRIu64, o->seed);
    return cli_sets_add(sets, "--seed", "scenario.seed", o->has_seed ? seed : NULL, diag);
}

enum status cli_sets_add(struct cli_sets *sets, const char *origin, const char *key,
                         const char *value, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;

    if (!value)
        return ST_OK;
    assert(sets->nr < sets->nr_given + SETS_MORE);
    strbuf_addf(&text, "%s=%s", key, value);
    sets->all[sets->nr] = (struct scn_override){.text = strbuf_detach(&text), .origin = origin};
    return sets->all[sets->nr++].text ? ST_OK : diag_set(diag, ST_ENOMEM, "out of memory");
}

void cli_sets_release(struct cli_sets *sets)
{
    for (size_t i = sets->nr_given; i < sets->nr; i++)
        free((char *)sets->all[i].text);
    free(sets->all);
    *sets = (struct cli_sets){0};
}
