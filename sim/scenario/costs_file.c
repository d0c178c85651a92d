/*
 * costs_file.c - reads and writes host costs with their option rows.
 *
 * Leaves measuring to those who calibrate.
 */
#include "sim/scenario/costs_file.h"

#include <assert.h>
#include <string.h>

#include "models/costs.h"
#include "sim/scenario/scenario_doc.h"

#include "base/banned.h"

#define FILE_MEMORY ((size_t)(256 * MIB))

static const struct {
    const struct option_table *table;
    size_t offset; /* in struct costs_file_part */
} part_tables[] = {
    {&host_costs_options, offsetof(struct costs_file_part, costs)},
    {&host_costs_spread_options, offsetof(struct costs_file_part, spread)},
};

void costs_file_default(struct costs_file *file)
{
    *file = (struct costs_file){0};
    for (enum accel a = 0; a < ACCEL_NR; a++) {
        enum status st;

        host_costs_default(&file->part[a].costs);
        /* no row of this table holds text, so no arena is needed and nothing can run out */
        st = option_defaults(&host_costs_spread_options, &file->part[a].spread, NULL);
        assert(st == ST_OK);
        (void)st;
    }
}

/* Nothing but calibrations may stand in the file: a scenario given by mistake is an error. */
static enum status check_kinds(const struct scn_doc *doc, struct diag *diag)
{
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        if (k == SCN_CALIBRATION || !doc->first[k])
            continue;
        scn_fail(doc->first[k], NULL, diag, "the section does not belong into a calibration file");
        diag_hint(diag,
                  "a calibration file has [calibration], [calibration kvm] or [calibration tcg]");
        return ST_EINPUT;
    }
    if (doc->nr[SCN_CALIBRATION] == 0)
        return diag_at(diag, ST_EINPUT, doc->path, 0, "the file has no [calibration]");
    return ST_OK;
}

/* The section that speaks for an accelerator, filled from [calibration] where it has no value. */
static enum status fill(struct costs_file *file, const struct scn_doc *doc, enum accel accel,
                        struct diag *diag)
{
    const struct scn_section *s = scn_doc_find(doc, SCN_CALIBRATION, accel_names[accel]);
    struct scn_calibration_decl decl;
    enum status st;

    file->part[accel].given = s != NULL;
    if (!s)
        s = scn_doc_find(doc, SCN_CALIBRATION, "");
    st = scn_section_fill(doc, SCN_CALIBRATION, s, &decl, doc->arena, diag);
    file->part[accel].costs = decl.costs;
    file->part[accel].spread = decl.spread;
    return st;
}

/* @text NULL = read @path. */
static enum status read_from(struct costs_file *file, const char *path, const char *text,
                             struct diag *diag)
{
    struct arena *arena = arena_new(FILE_MEMORY);
    struct scn_doc *doc = arena ? scn_doc_new(arena, path) : NULL;
    struct ini_file ini;
    enum status st;

    costs_file_default(file);
    if (!doc) {
        st = diag_at(diag, ST_ENOMEM, path, 0, "memory ran out");
        goto out;
    }
    st = text ? ini_read_text(&ini, path, text, strlen(text), arena, diag)
              : ini_read(&ini, path, arena, diag);
    if (st == ST_OK)
        st = scn_doc_add(doc, &ini, SCN_FROM_FILE, diag);
    if (st == ST_OK)
        st = check_kinds(doc, diag);
    for (enum accel a = 0; st == ST_OK && a < ACCEL_NR; a++)
        st = fill(file, doc, a, diag);
out:
    if (st != ST_OK)
        costs_file_default(file);
    arena_free(arena);
    return st;
}

enum status costs_file_read(struct costs_file *file, const char *path, struct diag *diag)
{
    return read_from(file, path, NULL, diag);
}

enum status costs_file_read_text(struct costs_file *file, const char *name, const char *text,
                                 struct diag *diag)
{
    return read_from(file, name, text, diag);
}

static void write_note(const char *note, struct strbuf *out)
{
    while (note && *note) {
        size_t len = strcspn(note, "\n");

        strbuf_addstr(out, "# ");
        strbuf_add(out, note, len);
        strbuf_addch(out, '\n');
        note += len + (note[len] == '\n');
    }
}

static void write_part(const struct costs_file_part *part, struct strbuf *out)
{
    for (size_t t = 0; t < sizeof(part_tables) / sizeof(part_tables[0]); t++) {
        const struct option_table *table = part_tables[t].table;
        const void *obj = (const unsigned char *)part + part_tables[t].offset;

        for (size_t i = 0; i < table->nr; i++) {
            strbuf_addf(out, "# %s\n%s = ", table->rows[i].help, table->rows[i].name);
            option_print(&table->rows[i], obj, out);
            strbuf_addch(out, '\n');
        }
    }
}

void costs_file_write(const struct costs_file *file, const char *note, struct strbuf *out)
{
    write_note(note, out);
    for (enum accel a = 0; a < ACCEL_NR; a++) {
        if (!file->part[a].given)
            continue;
        strbuf_addf(out, "%s[calibration %s]\n", out->len ? "\n" : "", accel_names[a]);
        write_part(&file->part[a], out);
    }
}
