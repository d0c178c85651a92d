/*
 * cmd_schema.c - `migcast schema`: JSON schemas of what the subcommands print.
 *
 * The schemas are files in docs/schema, built into the program.  What several share (a scored
 * migration) is one file, added under $defs, so that each printed schema stands alone.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "cli/cmd.h"
#include "cli/schemas.h"

#include "base/banned.h"

enum schema_parts {
    SCHEMA_ALONE,
    SCHEMA_WITH_DEFS
};

struct schema {
    const char *name;
    const char *help;
    const char *text;
    enum schema_parts parts;
};

static const struct schema schemas[] = {
    {"run", "migcast run, migcast quick", schema_run, SCHEMA_WITH_DEFS},
    {"trace", "migcast trace, one object for each event", schema_trace, SCHEMA_ALONE},
    {"predict", "migcast predict, one object for each trace", schema_predict, SCHEMA_WITH_DEFS},
    {"replay", "migcast replay, one object for each trace", schema_replay, SCHEMA_WITH_DEFS},
    {"score", "migcast score", schema_score, SCHEMA_ALONE},
    {"lab", "migcast lab", schema_lab, SCHEMA_ALONE},
    {"diff", "migcast diff", schema_diff, SCHEMA_ALONE},
    {"sweep", "migcast sweep", schema_sweep, SCHEMA_ALONE},
    {"plan", "migcast plan", schema_plan, SCHEMA_ALONE},
    {"order", "migcast plan --order", schema_order, SCHEMA_ALONE},
    {"capacity", "migcast plan --smallest-link, --spare, --latest-start", schema_capacity,
     SCHEMA_ALONE},
    {"check", "migcast check", schema_check, SCHEMA_ALONE},
    {"trend", "migcast trend", schema_trend, SCHEMA_ALONE},
    {"explain", "migcast explain", schema_explain, SCHEMA_WITH_DEFS},
    {"validate", "migcast validate", schema_validate, SCHEMA_ALONE},
    {"config", "migcast config show", schema_config, SCHEMA_ALONE},
    {"presets", "migcast presets list", schema_presets, SCHEMA_ALONE},
};

enum {
    NR_SCHEMAS = sizeof(schemas) / sizeof(schemas[0])
};

static enum status add_schema(struct strbuf *out, const struct schema *schema, struct diag *diag)
{
    json_t *root = json_loads(schema->text, 0, NULL);
    char *text = NULL;

    if (root && schema->parts == SCHEMA_WITH_DEFS)
        json_object_set_new(root, "$defs", json_loads(schema_defs, 0, NULL));
    if (root)
        text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (!text)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    strbuf_addf(out, "%s\n", text);
    free(text);
    return ST_OK;
}

static enum status find_and_add(struct strbuf *out, const char *name, struct diag *diag)
{
    struct option_nearest near = {.word = name};

    for (size_t i = 0; i < NR_SCHEMAS; i++) {
        if (strcmp(schemas[i].name, name) == 0)
            return add_schema(out, &schemas[i], diag);
        option_nearest_offer(&near, schemas[i].name);
    }
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    else
        diag_hint(diag, "'migcast schema' lists the names");
    return diag_set(diag, ST_EUSAGE, "there is no schema '%s'", name);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    enum status st = ST_OK;

    if (o->nr_args)
        st = find_and_add(&out, o->args[0], diag);
    else
        for (size_t i = 0; i < NR_SCHEMAS; i++)
            strbuf_addf(&out, "%-10s %s\n", schemas[i].name, schemas[i].help);
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    return st;
}

const struct cmd cmd_schema = {
    .name = "schema",
    .args = "[NAME]",
    .help = "print the JSON schema of what a subcommand prints",
    .about =
        "Without a name, lists the schemas. With one, prints it (JSON Schema, draft 2020-12). A "
        "change of the "
        "minor number of format_version only adds members, so accept those that you do not know.",
    .shared = CLI_OUTPUT,
    .max_args = 1,
    .run = run,
};
