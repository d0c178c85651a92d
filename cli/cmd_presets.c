/*
 * cmd_presets.c - `migcast presets`: what `preset = NAME` in a scenario can name.
 *
 * A preset explains itself: its first comment line is the help text shown here.
 */
#include <string.h>

#include "base/json_text.h"
#include "cli/cmd.h"
#include "sim/scenario/presets.h"

#include "base/banned.h"

enum {
    HELP_TEXT = 160
};

/* The first comment line of a preset, without its mark. */
static const char *help_of(const struct preset *preset, char buf[HELP_TEXT])
{
    const char *text = preset->text + strspn(preset->text, "#; ");

    snprintf(buf, HELP_TEXT, "%.*s", (int)strcspn(text, "\n"), text);
    return buf;
}

/* The object around the presets, which @only narrows to one, with its text. */
static void add_json(struct strbuf *out, const struct preset *only)
{
    char help[HELP_TEXT];

    strbuf_addch(out, '{');
    json_put_text(out, "format_version", CLI_FORMAT_VERSION);
    json_key(out, "presets");
    strbuf_addch(out, '[');
    for (const struct preset *p = presets; p->name; p++) {
        if (only && p != only)
            continue;
        json_next(out);
        strbuf_addch(out, '{');
        json_put_text(out, "name", p->name);
        json_put_text(out, "help", help_of(p, help));
        if (only) {
            json_put_text(out, "text", p->text);
        }
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}

static void add_list(struct strbuf *out, const struct cli_opts *o)
{
    char help[HELP_TEXT];

    for (const struct preset *p = presets; p->name; p++)
        strbuf_addf(out, "%s%-23s%s %s\n", cli_style(o, CLI_BOLD), p->name, cli_style(o, CLI_PLAIN),
                    help_of(p, help));
}

static const struct preset *find(const char *name, struct diag *diag)
{
    const struct preset *preset = preset_find(name);

    if (preset)
        return preset;
    preset_hint(name, diag);
    diag_set(diag, ST_EUSAGE, "there is no preset '%s'", name);
    return NULL;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    const char *verb = o->nr_args ? o->args[0] : "list";
    const struct preset *only = NULL;
    struct strbuf out = STRBUF_INIT;
    enum status st;

    if (strcmp(verb, "show") == 0 && o->nr_args == 2) {
        only = find(o->args[1], diag);
        if (!only)
            return ST_EUSAGE;
    } else if (strcmp(verb, "list") != 0 || o->nr_args == 2) {
        diag_hint(diag, "usage: migcast presets [list | show NAME]");
        return diag_set(diag, ST_EUSAGE, "give 'list', or 'show' and a name");
    }
    if (o->json)
        add_json(&out, only);
    else if (only)
        strbuf_addstr(&out, only->text);
    else
        add_list(&out, o);
    st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    return st;
}

const struct cmd cmd_presets = {
    .name = "presets",
    .args = "[list | show NAME]",
    .help = "list the presets of platforms, or show one",
    .about = "A scenario names presets with 'preset = NAME' in [scenario]; what the scenario says "
             "itself goes before "
             "them. 'show' prints one as the INI text that it is, with the source of each number.",
    .shared = CLI_JSON | CLI_OUTPUT,
    .max_args = 2,
    .run = run,
};
