/*
 * calibration.c - reads and writes calibration files with the rows of struct host_costs.
 *
 * Leaves measuring to the answers that calibrate.
 */
#include "sim/calibration.h"

#include <string.h>

#include "models/costs.h"
#include "sim/scenario_doc.h"

#include "base/banned.h"

void calibration_default(struct calibration *cal)
{
    *cal = (struct calibration){0};
    for (enum accel a = 0; a < ACCEL_NR; a++)
        host_costs_default(&cal->costs[a]);
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
static enum status fill(struct calibration *cal, const struct scn_doc *doc, enum accel accel,
                        struct diag *diag)
{
    const struct scn_section *s = scn_doc_find(doc, SCN_CALIBRATION, accel_names[accel]);

    cal->given[accel] = s != NULL;
    if (!s)
        s = scn_doc_find(doc, SCN_CALIBRATION, "");
    return scn_section_fill(doc, SCN_CALIBRATION, s, &cal->costs[accel], doc->arena, diag);
}

enum status calibration_read(struct calibration *cal, const char *path, struct diag *diag)
{
    struct arena *arena = arena_new(256 * MIB);
    struct scn_doc *doc = arena ? scn_doc_new(arena, path) : NULL;
    struct ini_file ini;
    enum status st;

    calibration_default(cal);
    if (!doc) {
        st = diag_at(diag, ST_ENOMEM, path, 0, "memory ran out");
        goto out;
    }
    st = ini_read(&ini, path, arena, diag);
    if (st == ST_OK)
        st = scn_doc_add(doc, &ini, SCN_FROM_FILE, diag);
    if (st == ST_OK)
        st = check_kinds(doc, diag);
    for (enum accel a = 0; st == ST_OK && a < ACCEL_NR; a++)
        st = fill(cal, doc, a, diag);
out:
    arena_free(arena);
    return st;
}

void calibration_write(const struct calibration *cal, const char *note, struct strbuf *out)
{
    while (note && *note) {
        size_t len = strcspn(note, "\n");

        strbuf_addstr(out, "# ");
        strbuf_add(out, note, len);
        strbuf_addch(out, '\n');
        note += len + (note[len] == '\n');
    }
    for (enum accel a = 0; a < ACCEL_NR; a++) {
        if (!cal->given[a])
            continue;
        strbuf_addf(out, "%s[calibration %s]\n", out->len ? "\n" : "", accel_names[a]);
        for (size_t i = 0; i < host_costs_options.nr; i++) {
            const struct option *opt = &host_costs_options.rows[i];

            strbuf_addf(out, "# %s\n%s = ", opt->help, opt->name);
            option_print(opt, &cal->costs[a], out);
            strbuf_addch(out, '\n');
        }
    }
}
