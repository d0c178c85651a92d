/*
 * manual.c - help, man pages and completion, from the tables of subcommands and scenario options.
 *
 * Decides what a page says and in which order; doc.c decides how it looks.  Nothing here names a
 * subcommand or one of its options.
 */
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>

#include "cli/opts.h"
#include "reports/codes.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

struct exit_code {
    enum status st;
    const char *means;
};

static const struct exit_code exit_codes[] = {
    {ST_OK, "done"},
    {ST_EINTERNAL, "internal error"},
    {ST_EDIFF, "differences were found, and asked for"},
    {ST_EUSAGE, "the command line is wrong"},
    {ST_EINPUT, "a scenario, trace, database or value is wrong; the message says where"},
    {ST_EOUTPUT, "a result could not be written"},
    {ST_ERETRY, "busy or short of memory: the same command may work later"},
    {ST_ETHRESHOLD, "a threshold was crossed, or a check found a regression"},
    {ST_EINTR, "interrupted; partial results are kept"},
};

static void add_exit_codes(struct doc *doc)
{
    char number[16];

    doc_heading(doc, "EXIT STATUS");
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++) {
        snprintf(number, sizeof(number), "%d", status_exit_code(exit_codes[i].st));
        doc_item(doc, number, exit_codes[i].means);
    }
}

/* "-o, --output FILE" */
static void add_option(struct doc *doc, const struct cli_option *row)
{
    char term[128];

    if (row->hidden)
        return;
    snprintf(term, sizeof(term), "%s%c%s--%s%s%s", row->letter ? "-" : "",
             row->letter ? row->letter : ' ', row->letter ? ", " : "   ", row->name,
             row->arg ? " " : "", row->arg ? row->arg : "");
    doc_item(doc, term + (doc->form == DOC_MAN ? strspn(term, " ") : 0), row->help);
}

void manual_program(struct strbuf *out, enum doc_form form)
{
    struct doc doc = {.form = form, .out = out};

    doc_title(&doc, "migcast", 1, cli_version(), "forecast live migrations of virtual machines");
    doc_heading(&doc, "SYNOPSIS");
    doc_usage(&doc, "migcast", "SUBCOMMAND [OPTIONS] [ARGUMENTS]");
    doc_heading(&doc, "DESCRIPTION");
    doc_paras(&doc, "Simulates the live migration of QEMU/KVM guests, round by round: how long "
                    "each one takes, how "
                    "long the guest stands still, what limits it, and whether it ends at all.\n\n"
                    "Results go to standard output, everything else to standard error.");
    doc_heading(&doc, "SUBCOMMANDS");
    for (size_t i = 0; cli_commands[i]; i++)
        doc_item(&doc, cli_commands[i]->name, cli_commands[i]->help);
    if (form == DOC_TEXT)
        strbuf_addch(out, '\n');
    doc_paras(&doc, form == DOC_TEXT
                        ? "'migcast help SUBCOMMAND' tells more; 'migcast help options' lists "
                          "what a scenario file may say."
                        : "Each has a page of its own, migcast-SUBCOMMAND(1). Scenario files "
                          "are described in migcast-scenario(5).");
    add_exit_codes(&doc);
    doc_heading(&doc, "ENVIRONMENT");
    doc_item(&doc, "NO_COLOR",
             "if set and not empty, text is not coloured unless --color always is given");
}

void manual_command(struct strbuf *out, enum doc_form form, const struct cmd *cmd)
{
    struct doc doc = {.form = form, .out = out};
    char page[64], command[64];

    snprintf(page, sizeof(page), "migcast%c%s", form == DOC_MAN ? '-' : ' ', cmd->name);
    snprintf(command, sizeof(command), "migcast %s", cmd->name);
    doc_title(&doc, page, 1, cli_version(), cmd->help);
    doc_heading(&doc, "SYNOPSIS");
    doc_usage(&doc, command, cmd->args);
    doc_heading(&doc, "DESCRIPTION");
    doc_paras(&doc, cmd->about);
    doc_heading(&doc, "OPTIONS");
    for (const struct cli_option *row = cmd->options; row && row->name; row++)
        add_option(&doc, row);
    for (const struct cli_shared_option *s = cli_shared_options; s->option.name; s++)
        if (!s->bit || (cmd->shared & s->bit))
            add_option(&doc, &s->option);
    add_exit_codes(&doc);
}

static const char scenario_about[] =
    "A scenario is an INI file: sections in brackets, 'key = value' lines, comments after # or ;. "
    "Units are explicit: 64GiB, 10Gb/s, 1.2GB/s, 300ms; a bare number is refused where platforms "
    "disagree about its unit. Uncertain values are written 'A..B', 'normal(MEAN, SD)' or "
    "'lognormal(MEDIAN, FACTOR)'.\n\n"
    "Weakest first, a value comes from: the built-in default, presets, includes, the file itself, "
    "--set section.key=value. 'migcast config show --origin' tells which.";

enum status manual_scenario(struct strbuf *out, enum doc_form form, const char *topic,
                            struct diag *diag)
{
    struct doc doc = {.form = form, .out = out};

    if (form == DOC_TEXT)
        return scenario_options_help(out, topic, diag);
    doc_title(&doc, "migcast-scenario", 5, cli_version(),
              "what a scenario file of migcast may say");
    doc_heading(&doc, "DESCRIPTION");
    doc_paras(&doc, scenario_about);
    doc_heading(&doc, "OPTIONS");
    scenario_options_man(out);
    return ST_OK;
}

void manual_codes(struct strbuf *out, enum doc_form form)
{
    struct doc doc = {.form = form, .out = out};
    enum code_group group = CODES_GROUPS;
    struct strbuf text = STRBUF_INIT;

    doc_title(&doc, "migcast-codes", 7, cli_version(), "what the codes beside failures mean");
    doc_heading(&doc, "DESCRIPTION");
    doc_paras(&doc, "Reports name a code beside a failure, a hazard and a crossed threshold. "
                    "'migcast explain CODE' shows one with an example; a code never changes "
                    "its meaning.");
    for (const struct code *c = code_table; c->code; c++) {
        if (c->group != group)
            doc_heading(&doc, code_group_name(c->group));
        group = c->group;
        strbuf_clear(&text);
        strbuf_addf(&text, "%s. %s %s %s", c->brief, c->cause, c->sign, c->cure);
        doc_item(&doc, c->code, strbuf_text(&text));
    }
    strbuf_release(&text);
}

static void add_words(struct strbuf *out, const struct cli_option *row)
{
    if (row->hidden)
        return;
    strbuf_addf(out, " --%s", row->name);
    if (row->letter)
        strbuf_addf(out, " -%c", row->letter);
}

/* The case of a shell function that offers the words of "a|b|c" after --NAME. */
static void add_choices(struct strbuf *out, const struct cli_option *row)
{
    if (row->hidden || !row->arg || !strchr(row->arg, '|'))
        return;
    strbuf_addf(out, "    --%s) COMPREPLY=($(compgen -W '", row->name);
    for (const char *c = row->arg; *c; c++)
        strbuf_add(out, *c == '|' ? " " : c, 1);
    strbuf_addstr(out, "' -- \"$word\")); return ;;\n");
}

static void add_command_words(struct strbuf *out, const struct cmd *cmd)
{
    strbuf_addf(out, "    %s) options='", cmd->name);
    for (const struct cli_option *row = cmd->options; row && row->name; row++)
        add_words(out, row);
    for (const struct cli_shared_option *s = cli_shared_options; s->option.name; s++)
        if (!s->bit || (cmd->shared & s->bit))
            add_words(out, &s->option);
    strbuf_addstr(out, "' ;;\n");
}

void manual_completion(struct strbuf *out)
{
    strbuf_addstr(
        out,
        "# bash completion for migcast; generated from its tables\n"
        "_migcast()\n{\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W '");
    for (size_t i = 0; cli_commands[i]; i++)
        strbuf_addf(out, "%s ", cli_commands[i]->name);
    strbuf_addstr(
        out, "--help --version' -- \"$word\"))\n        return\n    fi\n    case $before in\n");
    for (const struct cli_shared_option *s = cli_shared_options; s->option.name; s++)
        add_choices(out, &s->option);
    for (size_t i = 0; cli_commands[i]; i++)
        for (const struct cli_option *row = cli_commands[i]->options; row && row->name; row++)
            add_choices(out, row);
    strbuf_addstr(out, "    esac\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; cli_commands[i]; i++)
        add_command_words(out, cli_commands[i]);
    strbuf_addstr(out, "    esac\n"
                       "    case $word in\n"
                       "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
                       "    esac\n}\n"
                       "complete -o bashdefault -o default -F _migcast migcast\n");
}
