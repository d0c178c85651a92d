/*
 * measure_words.c - "class.web.downtime.p99": reading and printing what a measure is called.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/measure.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

enum {
    METRIC_ROOM = 64
};

static const char *const scope_words[] = {"", "class.", "vm."};

static enum status no_statistic(struct diag *diag)
{
    diag_set(diag, ST_EINPUT, "the measure does not name a statistic");
    diag_hint(diag, "write METRIC.STATISTIC, as downtime.p99");
    return ST_EINPUT;
}

static enum status unknown_metric(const char *metric, struct diag *diag)
{
    struct option_nearest nearest = {.word = metric};

    for (const struct scn_metric *m = scn_metrics; m->name; m++)
        option_nearest_offer(&nearest, m->name);
    diag_set(diag, ST_EINPUT, "'%.64s' is nothing that is measured", metric);
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    else
        diag_hint(diag, "as downtime, total_time, drain.makespan, transferred, timeouts, or of a "
                        "[vm] section class.NAME.downtime");
    return ST_EINPUT;
}

/* min, mean, max, rate, or p and a number between 0 and 100 in its shortest form. */
static bool read_statistic(const char *text, struct measure *out)
{
    static const char *const words[] = {[MEASURE_MIN] = "min",
                                        [MEASURE_MEAN] = "mean",
                                        [MEASURE_MAX] = "max",
                                        [MEASURE_QUANTILE] = "",
                                        [MEASURE_RATE] = "rate"};
    double p;
    char again[32];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i][0] && strcmp(words[i], text) == 0) {
            out->statistic = (enum measure_statistic)i;
            return true;
        }
    if (text[0] != 'p' || units_parse_double(text + 1, &p, NULL) != ST_OK)
        return false;
    snprintf(again, sizeof(again), "p%.10g", p);
    out->statistic = MEASURE_QUANTILE;
    out->quantile = p / 100.0;
    return p > 0.0 && p < 100.0 && strcmp(again, text) == 0;
}

/* The metric is the longest that the text ends with: names may hold points, "drain.makespan" does.
 */
static const struct scn_metric *ending(const char *text, size_t len)
{
    const struct scn_metric *best = NULL;
    size_t best_len = 0;

    for (const struct scn_metric *m = scn_metrics; m->name; m++) {
        size_t own = strlen(m->name);

        if (own > best_len && own + 1 < len && text[len - own - 1] == '.' &&
            memcmp(text + len - own, m->name, own) == 0) {
            best = m;
            best_len = own;
        }
    }
    return best;
}

static enum status read_metric(const char *text, size_t len, struct measure *out, struct diag *diag)
{
    char name[METRIC_ROOM + MEASURE_NAME];
    size_t prefix, rest;

    out->scope = MEASURE_ALL;
    for (size_t i = MEASURE_CLASS; i <= MEASURE_VM; i++)
        if (strncmp(text, scope_words[i], strlen(scope_words[i])) == 0)
            out->scope = (enum measure_scope)i;
    prefix = strlen(scope_words[out->scope]);
    if (out->scope != MEASURE_ALL && len > prefix)
        out->metric = ending(text + prefix, len - prefix);
    for (const struct scn_metric *m = scn_metrics; m->name && out->scope == MEASURE_ALL; m++)
        if (strlen(m->name) == len && memcmp(m->name, text, len) == 0)
            out->metric = m;
    if (!out->metric) {
        const char *point = out->scope == MEASURE_ALL ? NULL : memrchr(text, '.', len);
        size_t from = point ? (size_t)(point + 1 - text) : 0;

        snprintf(name, sizeof(name), "%.*s", (int)(len - from), text + from);
        return unknown_metric(name, diag);
    }
    if (out->scope == MEASURE_ALL)
        return ST_OK;
    rest = len - prefix - strlen(out->metric->name) - 1;
    if (rest == 0 || rest >= MEASURE_NAME)
        return diag_set(diag, ST_EINPUT, "the measure does not name a %s",
                        out->scope == MEASURE_CLASS ? "class" : "VM");
    memcpy(out->name, text + prefix, rest);
    return ST_OK;
}

static enum status check_pair(const struct measure *m, const char *statistic, bool known,
                              struct diag *diag)
{
    bool share = m->metric->statistics & SCN_STAT_RATE;

    if (share && (!known || m->statistic != MEASURE_RATE))
        return diag_set(diag, ST_EINPUT, "%s has only the statistic 'rate'", m->metric->name);
    if (!share && (!known || m->statistic == MEASURE_RATE)) {
        diag_set(diag, ST_EINPUT, "'%.32s' is no statistic of %s", statistic, m->metric->name);
        diag_hint(diag, "min, mean, max, or a percentile as p50, p99 or p99.9");
        return ST_EINPUT;
    }
    return ST_OK;
}

enum status measure_parse(const char *text, struct measure *out, struct diag *diag)
{
    const char *point = strrchr(text, '.'), *stat = point;
    enum status st;
    bool known;

    *out = (struct measure){0};
    if (!point || point == text || strlen(text) >= METRIC_ROOM + MEASURE_NAME)
        return no_statistic(diag);
    if (strspn(point + 1, "0123456789") == strlen(point + 1)) /* the point of p99.9 */
        while (stat > text && *--stat != '.')
            ;
    if (stat == text)
        return no_statistic(diag);
    st = read_metric(text, (size_t)(stat - text), out, diag);
    if (st != ST_OK)
        return st;
    known = read_statistic(stat + 1, out);
    return check_pair(out, stat + 1, known, diag);
}

void measure_print(const struct measure *m, struct strbuf *out)
{
    strbuf_addf(out, "%s%s%s%s.", scope_words[m->scope], m->name, m->name[0] ? "." : "",
                m->metric->name);
    switch (m->statistic) {
    case MEASURE_MIN:
        strbuf_addstr(out, "min");
        break;
    case MEASURE_MEAN:
        strbuf_addstr(out, "mean");
        break;
    case MEASURE_MAX:
        strbuf_addstr(out, "max");
        break;
    case MEASURE_RATE:
        strbuf_addstr(out, "rate");
        break;
    case MEASURE_QUANTILE:
        strbuf_addf(out, "p%.10g", m->quantile * 100.0);
        break;
    }
}

bool measure_wanted_less(const struct measure *m)
{
    return m->metric != &scn_metrics[SCN_METRIC_COMPLETED] &&
           m->metric != &scn_metrics[SCN_METRIC_MOVED];
}
