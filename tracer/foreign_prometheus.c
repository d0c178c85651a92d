/*
 * foreign_prometheus.c - range queries for KubeVirt's metrics.
 *
 * Samples come at the scrape interval, so rounds and the end are seen only so far.  The dirty rate
 * before the migration is what KubeVirt measures with a window of one second, so it counts as such.
 * Metric names: KubeVirt docs/observability/metrics.md, and the prefix kubevirt_migrate_vmi_ of
 * older releases; the window: dirtyRateCalculationTime in virt-launcher's command server.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/foreign_int.h"

#include "base/banned.h"

enum metric {
    M_PROCESSED,
    M_REMAINING,
    M_TOTAL,
    M_DIRTY,
    M_SPEED,
    M_START,
    M_END,
    M_SUCCEEDED,
    M_FAILED,
    M_BEFORE, /* dirty rate whether or not it migrates */
    M_MEMORY,
    M_RESIDENT,
    M_NR
};

/* The end of the name, behind kubevirt_vmi_migration_ or kubevirt_migrate_vmi_, or whole. */
static const struct {
    const char *name;
    enum metric metric;
} names[] = {
    {"data_processed_bytes", M_PROCESSED},
    {"data_remaining_bytes", M_REMAINING},
    {"data_total_bytes", M_TOTAL},
    {"data_bytes_total", M_TOTAL},
    {"dirty_memory_rate_bytes", M_DIRTY},
    {"memory_transfer_rate_bytes", M_SPEED},
    {"disk_transfer_rate_bytes", M_SPEED},
    {"start_time_seconds", M_START},
    {"end_time_seconds", M_END},
    {"succeeded", M_SUCCEEDED},
    {"failed", M_FAILED},
    {"kubevirt_vmi_dirty_rate_bytes_per_second", M_BEFORE},
    {"kubevirt_vmi_memory_domain_bytes", M_MEMORY},
    {"kubevirt_vmi_memory_resident_bytes", M_RESIDENT},
};

struct sample {
    double t_s, value;
};

struct series {
    struct sample *samples;
    size_t nr, cap;
};

struct range {
    struct foreign *f;
    const struct foreign_file *file;
    struct series of[M_NR];
    char vm[FOREIGN_NAME];
    double start_s, end_s; /* NAN = not known */
};

static bool metric_of(const char *name, enum metric *out)
{
    static const char *const prefixes[] = {"kubevirt_vmi_migration_", "kubevirt_migrate_vmi_", ""};

    for (size_t p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++) {
        size_t len = strlen(prefixes[p]);

        if (strncmp(name, prefixes[p], len) != 0)
            continue;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (strcmp(name + len, names[i].name) == 0) {
                *out = names[i].metric;
                return true;
            }
        }
    }
    return false;
}

static enum status add_sample(struct range *r, struct series *s, struct sample sample)
{
    struct sample *grown;

    if (s->nr == FOREIGN_ROWS_MAX)
        return foreign_error(r->f, r->file, 0, "more than %d samples", FOREIGN_ROWS_MAX);
    if (s->nr == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        grown = realloc(s->samples, s->cap * sizeof(*grown));
        if (!grown)
            return diag_set(r->f->diag, ST_ENOMEM, "out of memory");
        s->samples = grown;
    }
    s->samples[s->nr++] = sample;
    return ST_OK;
}

static enum status take_values(struct range *r, enum metric metric, const json_t *values)
{
    const json_t *pair;
    size_t i;

    json_array_foreach(values, i, pair)
    {
        struct sample s;
        enum status st;

        if (!foreign_number(json_array_get(pair, 0), &s.t_s) || !(fabs(s.t_s) < 1e11))
            return foreign_error(r->f, r->file, 0, "sample %zu has no time", i);
        if (!foreign_number(json_array_get(pair, 1), &s.value))
            continue; /* NaN: a stale series */
        st = add_sample(r, &r->of[metric], s);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status take_series(struct range *r, const json_t *series)
{
    const json_t *labels = json_object_get(series, "metric");
    const char *name = json_string_value(json_object_get(labels, "__name__"));
    const char *vm = json_string_value(json_object_get(labels, "vmi"));
    const json_t *values = json_object_get(series, "values");
    enum metric metric;

    if (!name || !metric_of(name, &metric))
        return ST_OK;
    if (!vm)
        vm = json_string_value(json_object_get(labels, "name"));
    if (!vm)
        return foreign_error(r->f, r->file, 0, "%s: neither label vmi nor name", name);
    if (r->f->options->vm && strcmp(vm, r->f->options->vm) != 0)
        return ST_OK;
    if (r->vm[0] && strcmp(r->vm, vm) != 0) {
        diag_hint(r->f->diag, "say which VM is meant");
        return foreign_error(r->f, r->file, 0, "series of several VMs: %.80s and %.80s", r->vm, vm);
    }
    if (strlen(vm) >= sizeof(r->vm))
        return foreign_error(r->f, r->file, 0, "a name of more than %d bytes", FOREIGN_NAME - 1);
    memcpy(r->vm, vm, strlen(vm) + 1);
    if (!json_is_array(values))
        return foreign_error(r->f, r->file, 0, "%s: no values; is it the answer of query_range?",
                             name);
    return take_values(r, metric, values);
}

static enum status take_answer(struct range *r, const json_t *root)
{
    const json_t *data = json_object_get(root, "data"), *series;
    const json_t *result = json_object_get(data ? data : root, "result");
    size_t i;

    if (!json_is_array(result))
        return foreign_error(r->f, r->file, 0, "no data.result: not an answer of query_range");
    json_array_foreach(result, i, series)
    {
        enum status st = take_series(r, series);

        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;

    return (x->t_s > y->t_s) - (x->t_s < y->t_s);
}

/* The last value at or before @t_s, not older than @age_s; NAN if there is none. */
static double value_at(const struct series *s, double t_s, double age_s)
{
    double value = NAN;

    for (size_t i = 0; i < s->nr && s->samples[i].t_s <= t_s + 1e-3; i++)
        value = s->samples[i].t_s >= t_s - age_s ? s->samples[i].value : NAN;
    return value;
}

/* Start and end by their own metrics, else by the samples of what was sent. */
static enum status find_ends(struct range *r)
{
    const struct series *start = &r->of[M_START], *end = &r->of[M_END], *sent = &r->of[M_PROCESSED];

    r->start_s = r->end_s = NAN;
    for (size_t i = 0; i < start->nr; i++) {
        double v = start->samples[i].value;

        if (v > 0.0 && !isnan(r->start_s) && fabs(v - r->start_s) > 1.0) {
            diag_hint(r->f->diag, "narrow the range of the query");
            return foreign_error(r->f, r->file, 0, "several migrations in the range");
        }
        r->start_s = v > 0.0 ? v : r->start_s;
    }
    for (size_t i = 0; i < end->nr; i++)
        if (end->samples[i].value > 0.0)
            r->end_s = end->samples[i].value;
    for (size_t i = 1; i < sent->nr; i++) {
        if (sent->samples[i].value >= sent->samples[i - 1].value || !isnan(r->start_s))
            continue;
        diag_hint(r->f->diag, "narrow the range of the query");
        return foreign_error(r->f, r->file, 0, "several migrations in the range: %s falls",
                             names[M_PROCESSED].name);
    }
    if (isnan(r->start_s) && sent->nr > 0) {
        r->start_s = sent->samples[0].t_s;
        foreign_approximate(r->f, "total-time");
    }
    if (isnan(r->start_s))
        return foreign_error(r->f, r->file, 0, "no migration metrics in it");
    if (!isnan(r->end_s) && (r->end_s < r->start_s || r->end_s - r->start_s > 1e8))
        return foreign_error(r->f, r->file, 0, "the end is not after the start");
    return ST_OK;
}

static int64_t whole(double value)
{
    return value >= 0.0 && value < 9e18 ? llround(value) : -1;
}

static enum status add_polls(struct range *r)
{
    const struct series *sent = &r->of[M_PROCESSED];
    struct foreign_poll p = FOREIGN_POLL_INIT;
    enum status st = ST_OK;

    for (size_t i = 0; i < sent->nr && st == ST_OK; i++) {
        double t = sent->samples[i].t_s;
        double dirty = value_at(&r->of[M_DIRTY], t, 1.0);

        if (t < r->start_s || t > r->end_s || t - r->start_s > 1e8)
            continue;
        p.t_ns = llround((t - r->start_s) * (double)NS_PER_S);
        p.total_ms = p.t_ns / NS_PER_MS;
        p.transferred = whole(sent->samples[i].value);
        p.remaining = whole(value_at(&r->of[M_REMAINING], t, 1.0));
        p.total = whole(value_at(&r->of[M_TOTAL], t, 1.0));
        p.dirty_pages_per_s = isnan(dirty) ? -1 : whole(dirty / (double)PAGE_BYTES);
        p.bytes_per_s = value_at(&r->of[M_SPEED], t, 1.0);
        if (!(p.bytes_per_s >= 0.0 && p.bytes_per_s < 1e15))
            p.bytes_per_s = -1.0;
        st = foreign_add_poll(r->f, &p);
    }
    return st;
}

static enum status add_end(struct range *r)
{
    struct foreign_poll p = FOREIGN_POLL_INIT;
    const struct foreign_poll *last = r->f->nr_polls ? &r->f->polls[r->f->nr_polls - 1] : NULL;
    bool failed = value_at(&r->of[M_FAILED], INFINITY, INFINITY) > 0.0;

    if (isnan(r->end_s))
        return ST_OK;
    p.status = failed ? "failed" : "completed";
    p.total_ms = llround((r->end_s - r->start_s) * 1e3);
    p.t_ns = p.total_ms * NS_PER_MS;
    if (last) {
        p.transferred = last->transferred;
        p.total = last->total;
        foreign_approximate(r->f, "transferred");
    }
    foreign_approximate(r->f, "total-time");
    return foreign_add_poll(r->f, &p);
}

static enum status add_before(struct range *r)
{
    const struct series *rate = &r->of[M_BEFORE];
    double memory = value_at(&r->of[M_MEMORY], r->start_s, INFINITY);
    double resident = value_at(&r->of[M_RESIDENT], r->start_s, INFINITY);
    enum status st = ST_OK;

    if (memory > 0.0 && memory < 1e15)
        r->f->memory_bytes = (uint64_t)memory;
    if (resident > 0.0 && resident < 1e15)
        r->f->rss_bytes = (uint64_t)resident;
    for (size_t i = 0; i < rate->nr && st == ST_OK; i++) {
        const struct sample *s = &rate->samples[i];
        struct foreign_dirty d = {.calc_s = 1, .bytes_per_s = s->value};

        if (s->t_s >= r->start_s || r->start_s - s->t_s > 1e8 ||
            !(s->value >= 0.0 && s->value < 1e15))
            continue;
        d.t_ns = llround((s->t_s - r->start_s) * (double)NS_PER_S);
        st = foreign_add_dirty(r->f, &d);
    }
    return st;
}

static enum status put_together(struct range *r)
{
    enum status st = ST_OK;

    for (int m = 0; m < M_NR; m++)
        if (r->of[m].nr > 1)
            qsort(r->of[m].samples, r->of[m].nr, sizeof(*r->of[m].samples), by_time);
    st = find_ends(r);
    if (st != ST_OK)
        return st;
    foreign_name(r->f, r->vm);
    r->f->accel = "kvm";
    if ((st = add_before(r)) != ST_OK || (st = add_polls(r)) != ST_OK)
        return st;
    return add_end(r);
}

enum status foreign_read_prometheus(void *foreign)
{
    struct foreign *f = foreign;
    struct range r = {.f = f};
    enum status st = ST_OK;

    for (size_t i = 0; i < f->nr_files && st == ST_OK; i++) {
        json_t *root;

        r.file = &f->files[i];
        st = foreign_json(f, r.file, &root);
        if (st != ST_OK)
            break;
        st = take_answer(&r, root);
        json_decref(root);
    }
    if (st == ST_OK)
        st = put_together(&r);
    for (int m = 0; m < M_NR; m++)
        free(r.of[m].samples);
    return st;
}
