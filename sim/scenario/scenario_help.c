/*
 * scenario_help.c - the option tables as help, manual and reference page.
 *
 * Says nothing that is not in the tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* How one form writes the parts. */
struct form {
    void (*section)(struct strbuf *out, const struct scn_section_type *type);
    void (*option)(struct strbuf *out, const struct scn_section_type *type,
                   const struct option *opt, const char *facts);
    void (*metric)(struct strbuf *out, const struct scn_metric *m);
};

/* The default as text: from the row, or what the table's init() sets. */
static void add_default(const struct option_table *table, const struct option *opt,
                        struct strbuf *out)
{
    void *obj;

    if (opt->def || !table->init) {
        strbuf_addstr(out, opt->def ? opt->def : "");
        return;
    }
    obj = calloc(1, table->size);
    if (!obj) {
        out->failed = true;
        return;
    }
    table->init(obj);
    option_print(opt, obj, out);
    free(obj);
}

/* "time, 0ns to 2000s, default 300ms, QEMU's downtime-limit" */
static void add_facts(const struct option_table *table, const struct option *opt,
                      struct strbuf *out)
{
    struct strbuf part = STRBUF_INIT;

    option_describe_type(opt, out);
    option_describe_range(opt, &part);
    if (part.len)
        strbuf_addf(out, ", %s", strbuf_text(&part));
    strbuf_clear(&part);
    add_default(table, opt, &part);
    if (opt->flags & OPT_REQUIRED)
        strbuf_addstr(out, ", required");
    else if (part.len)
        strbuf_addf(out, ", default %s", strbuf_text(&part));
    if (opt->alias)
        strbuf_addf(out, ", also %s", opt->alias);
    if (opt->qmp)
        strbuf_addf(out, ", QEMU's %s", opt->qmp);
    strbuf_release(&part);
}

static void write_option(const struct form *form, const struct scn_section_type *type,
                         const struct option_table *table, const struct option *opt,
                         struct strbuf *out)
{
    struct strbuf facts = STRBUF_INIT;

    add_facts(table, opt, &facts);
    form->option(out, type, opt, strbuf_text(&facts));
    strbuf_release(&facts);
}

/* @key NULL = all options of the section. */
static size_t write_section(const struct form *form, enum scn_kind kind, const char *key,
                            struct strbuf *out)
{
    const struct scn_section_type *type = &scn_section_types[kind];
    size_t nr = 0;

    if (!key)
        form->section(out, type);
    if (kind == SCN_THRESHOLDS)
        for (const struct scn_metric *m = scn_metrics; m->name; m++)
            if (!key || strcmp(key, m->name) == 0) {
                form->metric(out, m);
                nr++;
            }
    for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++) {
        const struct option_table *table = type->tables[t].table;

        for (size_t i = 0; i < table->nr; i++) {
            const struct option *opt = &table->rows[i];

            if (key && strcmp(key, opt->name) != 0 && (!opt->alias || strcmp(key, opt->alias) != 0))
                continue;
            write_option(form, type, table, opt, out);
            nr++;
        }
    }
    return nr;
}

/* ---- terminal ---- */

static void help_section(struct strbuf *out, const struct scn_section_type *type)
{
    static const char *const names[] = {
        [SCN_UNNAMED] = "", [SCN_MAYBE_NAMED] = " or with a NAME", [SCN_ALWAYS_NAMED] = " NAME"};

    strbuf_addf(out, "%s[%s%s]%s: %s\n", out->len ? "\n" : "", type->word,
                type->naming == SCN_ALWAYS_NAMED ? names[type->naming] : "",
                type->naming == SCN_MAYBE_NAMED ? names[type->naming] : "", type->help);
}

static void help_option(struct strbuf *out, const struct scn_section_type *type,
                        const struct option *opt, const char *facts)
{
    (void)type;
    strbuf_addf(out, "  %s\n      %s\n      (%s)\n", opt->name, opt->help, facts);
    if (opt->note)
        strbuf_addf(out, "      %s\n", opt->note);
}

static const char *statistics_of(const struct scn_metric *m)
{
    return m->statistics & SCN_STAT_RATE ? "rate" : "min, mean, max, p50, p99.9 ...";
}

static void help_metric(struct strbuf *out, const struct scn_metric *m)
{
    strbuf_addf(out, "  %s\n      %s\n      (%s)\n", m->name, m->help, statistics_of(m));
}

static const struct form help_form = {help_section, help_option, help_metric};

static enum status unknown_topic(const char *topic, const char *key, struct diag *diag)
{
    struct option_nearest nearest = {.word = key};

    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        const struct scn_section_type *type = &scn_section_types[k];

        option_nearest_offer(&nearest, type->word);
        for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++)
            for (size_t i = 0; i < type->tables[t].table->nr; i++)
                option_nearest_offer(&nearest, type->tables[t].table->rows[i].name);
    }
    diag_set(diag, ST_EUSAGE, "no scenario option is called '%s'", topic);
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    return ST_EUSAGE;
}

enum status scenario_options_help(struct strbuf *out, const char *topic, struct diag *diag)
{
    const char *point = topic ? strchr(topic, '.') : NULL;
    const char *key = point ? point + 1 : topic;
    size_t nr = 0;

    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        const char *word = scn_section_types[k].word;
        size_t len = strlen(word);

        if (!topic || strcmp(topic, word) == 0) {
            write_section(&help_form, k, NULL, out);
            nr++;
        } else if (!point || ((size_t)(point - topic) == len && strncmp(topic, word, len) == 0)) {
            struct strbuf found = STRBUF_INIT;

            if (write_section(&help_form, k, key, &found)) {
                help_section(out, &scn_section_types[k]);
                strbuf_addstr(out, strbuf_text(&found));
                nr++;
            }
            strbuf_release(&found);
        }
    }
    return nr ? ST_OK : unknown_topic(topic, key, diag);
}

/* ---- man(7) ---- */

/* Text as roff: no line starts with a control character, backslashes and hyphens are literal. */
static void add_roff(struct strbuf *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        strbuf_addstr(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            strbuf_addstr(out, "\\e");
        else if (*text == '-')
            strbuf_addstr(out, "\\-");
        else
            strbuf_addch(out, *text);
    }
}

static void man_section(struct strbuf *out, const struct scn_section_type *type)
{
    if (type->naming == SCN_UNNAMED)
        strbuf_addf(out, ".SS [%s]\n", type->word);
    else if (type->naming == SCN_MAYBE_NAMED)
        strbuf_addf(out, ".SS [%s], [%s NAME]\n", type->word, type->word);
    else
        strbuf_addf(out, ".SS [%s NAME]\n", type->word);
    add_roff(out, type->help);
    strbuf_addch(out, '\n');
}

static void man_entry(struct strbuf *out, const char *name, const char *help, const char *facts,
                      const char *note)
{
    strbuf_addf(out, ".TP\n.B %s\n", name);
    add_roff(out, help);
    strbuf_addstr(out, ".\n");
    if (note) {
        add_roff(out, note);
        strbuf_addch(out, '\n');
    }
    strbuf_addstr(out, ".br\n");
    add_roff(out, facts);
    strbuf_addstr(out, ".\n");
}

static void man_option(struct strbuf *out, const struct scn_section_type *type,
                       const struct option *opt, const char *facts)
{
    (void)type;
    man_entry(out, opt->name, opt->help, facts, opt->note);
}

static void man_metric(struct strbuf *out, const struct scn_metric *m)
{
    man_entry(out, m->name, m->help, statistics_of(m), NULL);
}

static const struct form man_form = {man_section, man_option, man_metric};

void scenario_options_man(struct strbuf *out)
{
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++)
        write_section(&man_form, k, NULL, out);
}

/* ---- Markdown ---- */

/* A bar would end the cell. */
static void add_cell(struct strbuf *out, const char *text)
{
    strbuf_addch(out, ' ');
    for (; *text; text++) {
        if (*text == '|' || *text == '*')
            strbuf_addch(out, '\\');
        strbuf_addch(out, *text);
    }
    strbuf_addstr(out, " |");
}

static void markdown_section(struct strbuf *out, const struct scn_section_type *type)
{
    strbuf_addf(out, "%s## [%s%s]\n\n%s\n\n| key | meaning | value |\n|---|---|---|\n",
                out->len ? "\n" : "", type->word, type->naming == SCN_ALWAYS_NAMED ? " NAME" : "",
                type->help);
}

static void markdown_option(struct strbuf *out, const struct scn_section_type *type,
                            const struct option *opt, const char *facts)
{
    struct strbuf meaning = STRBUF_INIT;

    (void)type;
    strbuf_addstr(&meaning, opt->help);
    if (opt->note)
        strbuf_addf(&meaning, ". %s", opt->note);
    strbuf_addf(out, "| `%s` |", opt->name);
    add_cell(out, strbuf_text(&meaning));
    add_cell(out, facts);
    strbuf_addch(out, '\n');
    strbuf_release(&meaning);
}

static void markdown_metric(struct strbuf *out, const struct scn_metric *m)
{
    strbuf_addf(out, "| `%s` |", m->name);
    add_cell(out, m->help);
    add_cell(out, statistics_of(m));
    strbuf_addch(out, '\n');
}

static const struct form markdown_form = {markdown_section, markdown_option, markdown_metric};

void scenario_options_markdown(struct strbuf *out)
{
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++)
        write_section(&markdown_form, k, NULL, out);
}
