/*
 * main.c - picks the subcommand, runs it, and turns its status into an exit code.
 *
 * The only place that prints a diag and ends the program.  Everything about a subcommand stands in
 * its own file; here is only the list.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/manual.h"
#include "cli/opts.h"

#include "base/banned.h"

/* In the order in which `migcast help` lists them. */
const struct cmd *const cli_commands[] = {
    &cmd_run,       &cmd_quick,  &cmd_trace,   &cmd_predict, &cmd_replay,   &cmd_score,
    &cmd_calibrate, &cmd_import, &cmd_lab,     &cmd_diff,    &cmd_sweep,    &cmd_check,
    &cmd_trend,     &cmd_plan,   &cmd_explain, &cmd_report,  &cmd_validate, &cmd_config,
    &cmd_presets,   &cmd_schema, &cmd_help,    NULL,
};

atomic_int cli_interrupted;

const struct cmd *cli_find(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0)
            return cli_commands[i];
    return NULL;
}

const char *cli_version(void)
{
    return MIGCAST_VERSION;
}

static void on_interrupt(int signal)
{
    (void)signal;
    cli_interrupted = 1;
}

/* The first SIGINT or SIGTERM asks, the second kills.  No SA_RESTART: what waits for a slow file or
 * pipe gives up at the first.  A reader that goes away is a write error. */
static void set_signals(void)
{
    struct sigaction interrupt = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &interrupt, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* Closed standard descriptors would be taken by the next file opened, and results would go into a
 * database.  Opened read-only, so that writing to a closed standard output stays an error. */
static void hold_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* Has the subcommand ended in a way that leaves a result worth keeping?  An empty diag says that it
 * has reported what is wrong itself. */
static bool has_result(enum status st, const struct diag *diag)
{
    return !diag->what[0] || st == ST_OK || st == ST_EDIFF || st == ST_ETHRESHOLD || st == ST_EINTR;
}

static enum status show_help(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    enum status st;

    manual_command(&text, DOC_TEXT, o->cmd);
    st = cli_emit(o, &text, diag);
    strbuf_release(&text);
    return st;
}

static int run_command(struct cli_opts *o, int argc, char **argv)
{
    struct diag diag = {0}, lost = {0};
    enum status st = opts_parse(o, argc, argv, &diag);
    bool keep;

    if (st == ST_OK)
        st = o->show_help ? show_help(o, &diag) : o->cmd->run(o, &diag);
    keep = has_result(st, &diag);
    if (st == ST_EINTR && !diag.what[0])
        diag_set(&diag, st, "interrupted");
    if (st != ST_OK)
        cli_say_diag(o->cmd, &diag);
    if (cli_interrupted && !keep)
        st = ST_EINTR; /* what it waited for was broken off */
    if (out_finish(o, keep, &lost) != ST_OK) {
        cli_say_diag(o->cmd, &lost);
        st = keep ? ST_EOUTPUT : st;
    }
    opts_release(o);
    return status_exit_code(st);
}

static int unknown_command(const char *word)
{
    const char *near = opts_nearest(NULL, word);
    struct diag diag = {0};

    if (near)
        diag_hint(&diag, "did you mean '%s'?", near);
    else
        diag_hint(&diag, "see 'migcast help'");
    diag_set(&diag, ST_EUSAGE, "'%s' is no %s", word, word[0] == '-' ? "option" : "subcommand");
    cli_say_diag(NULL, &diag);
    return status_exit_code(ST_EUSAGE);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    struct cli_opts o = {0};

    hold_descriptors();
    set_signals();
    if (!*word) {
        fputs("usage: migcast SUBCOMMAND [OPTIONS] [ARGUMENTS]; see 'migcast help'\n", stderr);
        return status_exit_code(ST_EUSAGE);
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        o.cmd = &cmd_help; /* which has this option */
        return run_command(&o, argc, argv);
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        o.cmd = &cmd_help;
        return run_command(&o, 1, argv);
    }
    o.cmd = cli_find(word);
    return o.cmd ? run_command(&o, argc - 1, argv + 1) : unknown_command(word);
}
