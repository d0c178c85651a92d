/*
 * scenario_threshold.c - goals: "downtime.p99 < 500ms", "timeouts.rate < 1% warn".
 *
 * Reads and prints them; judging a run by them is for others.  Invariant: the class or VM it
 * speaks of exists, and the limit is in the metric's unit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

enum {
    LIMIT_ROOM = 64
};

/* A goal may speak of a class or of one VM: there must be one of that name. */
static enum status find_whom(struct scn_resolver *r, const struct scn_entry *e,
                             const struct measure *m)
{
    struct option_nearest nearest = {.word = m->name};
    const char *best = NULL;

    if (m->scope == MEASURE_VM) {
        if (name_index_find(&r->vms, m->name) != NAME_NONE)
            return ST_OK;
        best = name_index_nearest(&r->vms, m->name);
    }
    for (uint32_t i = 0; m->scope == MEASURE_CLASS && i < r->sc->nr_classes; i++) {
        if (strcmp(r->sc->class_names[i], m->name) == 0)
            return ST_OK;
        option_nearest_offer(&nearest, r->sc->class_names[i]);
        best = nearest.best;
    }
    if (m->scope == MEASURE_ALL)
        return ST_OK;
    diag_at(r->diag, ST_EINPUT, e->file, e->line, "there is no %s '%s'",
            m->scope == MEASURE_VM ? "VM" : "[vm] section", m->name);
    if (best)
        diag_hint(r->diag, "did you mean '%s'?", best);
    return ST_EINPUT;
}

static enum status read_key(struct scn_resolver *r, const struct scn_entry *e,
                            struct scn_threshold *t)
{
    enum status st = measure_parse(e->key, &t->measure, r->diag);

    return st == ST_OK ? find_whom(r, e, &t->measure) : st;
}

static enum status read_limit(const char *text, enum value_unit unit, double *limit,
                              struct diag *diag)
{
    uint64_t bytes = 0;
    int64_t ns = 0;
    enum status st;

    switch (unit) {
    case VALUE_NS:
        st = units_parse_time(text, &ns, diag);
        *limit = (double)ns;
        return st;
    case VALUE_BYTES:
        st = units_parse_size(text, &bytes, diag);
        *limit = (double)bytes;
        return st;
    case VALUE_RATIO:
        st = units_parse_ratio(text, limit, diag);
        if (st == ST_OK && *limit > 1.0)
            st =
                diag_set(diag, ST_EINPUT, "'%s' is more than the whole; shares end at 100%%", text);
        return st;
    default:
        return units_parse_double(text, limit, diag);
    }
}

/* Takes a word off the end of the value; false where there is none left. */
static bool take_word(const char *from, const char **end, struct scn_threshold *t)
{
    static const char *const words[] = {" warn", " error", " sure"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);

        if ((size_t)(*end - from) <= len || memcmp(*end - len, words[i], len) != 0)
            continue;
        *end -= len;
        while (*end > from && (*end)[-1] == ' ')
            --*end;
        if (i == 2)
            t->sure = true;
        else
            t->error = i == 1;
        return true;
    }
    return false;
}

/* "< 500ms sure warn": sign, limit, whether doubt counts as crossed, severity. */
static enum status read_value(struct scn_resolver *r, const struct scn_entry *e,
                              struct scn_threshold *t)
{
    const char *p = e->value, *end;
    char limit[LIMIT_ROOM];

    if ((*p != '<' && *p != '>') || p[1] == '=') {
        diag_at(r->diag, ST_EINPUT, e->file, e->line, "'%s' does not start with < or >", e->value);
        diag_hint(r->diag, "write METRIC.STATISTIC < LIMIT, as downtime.p99 < 500ms");
        return ST_EINPUT;
    }
    t->less = *p++ == '<';
    p += strspn(p, " \t");
    end = p + strlen(p);
    t->error = true;
    while (take_word(p, &end, t))
        ;
    if ((size_t)(end - p) >= sizeof(limit))
        return diag_at(r->diag, ST_EINPUT, e->file, e->line, "the limit is too long");
    memcpy(limit, p, (size_t)(end - p));
    limit[end - p] = '\0';
    return read_limit(limit, t->measure.metric->unit, &t->limit, r->diag);
}

static void add_limit(const struct scn_threshold *t, struct strbuf *out)
{
    enum value_unit unit = t->measure.metric->unit;
    char text[UNITS_TEXT];

    if (unit == VALUE_NS)
        strbuf_addstr(out, units_time_exact(text, (int64_t)t->limit));
    else if (unit == VALUE_BYTES)
        strbuf_addstr(out, units_size_exact(text, uncertain_u64(t->limit)));
    else if (unit == VALUE_RATIO)
        strbuf_addf(out, "%.15g%%", t->limit * 100.0);
    else
        strbuf_addf(out, "%.15g", t->limit);
}

/* "downtime.p99 < 500ms" with exact units. */
static void threshold_text(const struct scn_threshold *t, struct strbuf *out)
{
    measure_print(&t->measure, out);
    strbuf_addf(out, " %c ", t->less ? '<' : '>');
    add_limit(t, out);
    strbuf_addstr(out, t->sure ? " sure" : "");
    strbuf_addstr(out, t->error ? "" : " warn");
}

/* Reports show the goal as it was written; the digest sees what it means. */
static enum status keep_text(struct scn_resolver *r, const struct scn_entry *e,
                             struct scn_threshold *t)
{
    struct strbuf text = STRBUF_INIT;
    bool failed;

    threshold_text(t, &text);
    XXH3_128bits_update(r->hash, strbuf_text(&text), text.len + 1);
    failed = strbuf_failed(&text);
    strbuf_clear(&text);
    strbuf_addf(&text, "%s %s", e->key, e->value);
    failed |= strbuf_failed(&text);
    t->text = arena_strdup(r->arena, strbuf_text(&text));
    strbuf_release(&text);
    return t->text && !failed ? ST_OK : scn_out_of_memory(r->diag);
}

enum status scn_resolve_thresholds(struct scn_resolver *r)
{
    const struct scn_section *s = r->doc->first[SCN_THRESHOLDS];
    uint32_t nr = 0;

    for (const struct scn_entry *e = s ? s->entries : NULL; e; e = e->next)
        nr++;
    r->sc->thresholds = arena_array(r->arena, nr, sizeof(*r->sc->thresholds));
    if (!r->sc->thresholds)
        return scn_out_of_memory(r->diag);
    for (const struct scn_entry *e = s ? s->entries : NULL; e; e = e->next) {
        struct scn_threshold *t = &r->sc->thresholds[r->sc->nr_thresholds];
        enum status st;

        t->file = e->file;
        t->line = e->line;
        st = read_key(r, e, t);
        if (st == ST_OK)
            st = read_value(r, e, t);
        if (st != ST_OK) {
            if (r->diag) {
                snprintf(r->diag->file, sizeof(r->diag->file), "%s", e->file);
                r->diag->line = e->line;
                snprintf(r->diag->section, sizeof(r->diag->section), "thresholds");
                snprintf(r->diag->key, sizeof(r->diag->key), "%s", e->key);
            }
            return st;
        }
        st = keep_text(r, e, t);
        if (st != ST_OK)
            return st;
        r->sc->nr_thresholds++;
    }
    return ST_OK;
}
