/*
 * scenario_threshold.c - goals: "downtime.p99 < 500ms", "timeouts.rate < 1% warn".
 *
 * Reads and prints them; judging a run by them is for others.  Invariant: metric and statistic are
 * words of scn_metrics, and the limit is in the metric's unit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario_int.h"

#include "base/banned.h"

enum {
    KEY_ROOM = 64,
    LIMIT_ROOM = 64
};

static const struct scn_metric *find_metric(const char *name, struct option_nearest *nearest)
{
    for (const struct scn_metric *m = scn_metrics; m->name; m++) {
        if (strcmp(m->name, name) == 0)
            return m;
        option_nearest_offer(nearest, m->name);
    }
    return NULL;
}

/* min, mean, max, or p and a number from 0 to 100 in its shortest form. */
static bool is_spread(const char *stat)
{
    double p;
    char again[32];

    if (strcmp(stat, "min") == 0 || strcmp(stat, "mean") == 0 || strcmp(stat, "max") == 0)
        return true;
    if (stat[0] != 'p' || units_parse_double(stat + 1, &p, NULL) != ST_OK)
        return false;
    snprintf(again, sizeof(again), "p%.10g", p);
    return p > 0.0 && p < 100.0 && strcmp(again, stat) == 0;
}

static enum status unknown_metric(const struct scn_entry *e, const char *metric,
                                  const struct option_nearest *nearest, struct diag *diag)
{
    diag_at(diag, ST_EINPUT, e->file, e->line, "'%s' is nothing that is measured", metric);
    if (nearest->best)
        diag_hint(diag, "did you mean '%s'?", nearest->best);
    else
        diag_hint(diag, "as downtime, total_time, drain.makespan, transferred, timeouts");
    return ST_EINPUT;
}

/* Splits "drain.makespan.p95" at its last point, and checks both halves.  p99.9 has a point too. */
static enum status read_key(struct scn_resolver *r, const struct scn_entry *e,
                            struct scn_threshold *t, const struct scn_metric **metric)
{
    char name[KEY_ROOM];
    struct option_nearest nearest = {.word = name};
    const char *point = strrchr(e->key, '.');
    const char *stat;

    if (strlen(e->key) >= KEY_ROOM || !point || point == e->key) {
        diag_at(r->diag, ST_EINPUT, e->file, e->line, "the goal does not name a statistic");
        diag_hint(r->diag, "write METRIC.STATISTIC < LIMIT, as downtime.p99 < 500ms");
        return ST_EINPUT;
    }
    stat = point;
    if (strspn(point + 1, "0123456789") == strlen(point + 1)) /* the point of p99.9 */
        while (stat > e->key && *--stat != '.')
            ;
    snprintf(name, sizeof(name), "%.*s", (int)(stat - e->key), e->key);
    *metric = find_metric(name, &nearest);
    if (!*metric)
        return unknown_metric(e, name, &nearest, r->diag);
    stat++;
    if (((*metric)->statistics & SCN_STAT_RATE) && strcmp(stat, "rate") != 0)
        return diag_at(r->diag, ST_EINPUT, e->file, e->line, "%s has only the statistic 'rate'",
                       name);
    if (((*metric)->statistics & SCN_STAT_SPREAD) && !is_spread(stat)) {
        diag_at(r->diag, ST_EINPUT, e->file, e->line, "'%s' is no statistic of %s", stat, name);
        diag_hint(r->diag, "min, mean, max, or a percentile as p50, p99 or p99.9");
        return ST_EINPUT;
    }
    t->metric = (*metric)->name;
    t->statistic = arena_strdup(r->arena, stat);
    return t->statistic ? ST_OK : scn_out_of_memory(r->diag);
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
        return units_parse_ratio(text, limit, diag);
    default:
        return units_parse_double(text, limit, diag);
    }
}

/* "< 500ms warn": sign, limit, severity. */
static enum status read_value(struct scn_resolver *r, const struct scn_entry *e,
                              const struct scn_metric *metric, struct scn_threshold *t)
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
    for (size_t i = 0; i < 2; i++) {
        const char *word = i ? " warn" : " error";
        size_t len = strlen(word);

        if ((size_t)(end - p) <= len || strcmp(end - len, word) != 0)
            continue;
        t->error = i == 0;
        end -= len;
        break;
    }
    if ((size_t)(end - p) >= sizeof(limit))
        return diag_at(r->diag, ST_EINPUT, e->file, e->line, "the limit is too long");
    memcpy(limit, p, (size_t)(end - p));
    limit[end - p] = '\0';
    return read_limit(limit, metric->unit, &t->limit, r->diag);
}

static void add_limit(const struct scn_threshold *t, struct strbuf *out)
{
    enum value_unit unit = VALUE_COUNT;
    char text[UNITS_TEXT];

    for (const struct scn_metric *m = scn_metrics; m->name; m++)
        if (strcmp(m->name, t->metric) == 0)
            unit = m->unit;
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
    strbuf_addf(out, "%s.%s %c ", t->metric, t->statistic, t->less ? '<' : '>');
    add_limit(t, out);
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
        const struct scn_metric *metric;
        enum status st;

        t->file = e->file;
        t->line = e->line;
        st = read_key(r, e, t, &metric);
        if (st == ST_OK)
            st = read_value(r, e, metric, t);
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
