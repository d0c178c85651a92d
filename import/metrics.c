/*
 * metrics.c - answers of Prometheus' query_range: what VMs dirtied of late.
 *
 * A VM's samples become a distribution, never one number: the next migration meets another moment.
 * KubeVirt probes one second at a time in whole MiB/s, so a working set is at least what one second
 * dirtied, and rates are known to 1 MiB/s only.  Of long series samples are kept evenly.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

enum {
    ENOUGH = 8 /* samples from which quantiles mean something */
};

#define PROBE_STEP ((double)MIB) /* resolution of the dirty rate probe */
#define RATE_MAX 1e12            /* bytes a second: more is no dirty rate */

enum metric {
    M_DIRTY,
    M_MIGRATION_DIRTY,
    M_TRANSFER,
    M_RESIDENT,
    M_DOMAIN,
    M_NR
};

static const struct {
    const char *name;
    enum metric metric;
} names[] = {
    {"kubevirt_vmi_dirty_rate_bytes_per_second", M_DIRTY},
    {"kubevirt_vmi_migration_dirty_memory_rate_bytes", M_MIGRATION_DIRTY},
    {"kubevirt_migrate_vmi_dirty_memory_rate_bytes", M_MIGRATION_DIRTY},
    {"kubevirt_vmi_migration_memory_transfer_rate_bytes", M_TRANSFER},
    {"kubevirt_migrate_vmi_memory_transfer_rate_bytes", M_TRANSFER},
    {"kubevirt_migrate_vmi_disk_transfer_rate_bytes", M_TRANSFER}, /* its old name, memory too */
    {"kubevirt_vmi_memory_resident_bytes", M_RESIDENT},
    {"kubevirt_vmi_memory_domain_bytes", M_DOMAIN},
    {"kubevirt_vmi_memory_domain_bytes_total", M_DOMAIN},
};

bool imp_is_metrics(const struct imp_item *it)
{
    return json_is_object(json_object_get(it->json, "metric")) &&
           (json_object_get(it->json, "values") || json_object_get(it->json, "value"));
}

static const char *label(const json_t *labels, const char *a, const char *b, const char *c)
{
    const char *text = imp_text(json_object_get(labels, a));

    if (!text)
        text = imp_text(json_object_get(labels, b));
    return text ? text : imp_text(json_object_get(labels, c));
}

struct imp_metrics *imp_metrics_make(struct import *im, const char *name_space, const char *name)
{
    char *key = imp_format(im, "%s/%s", name_space ? name_space : "", name);
    struct imp_metrics *m = NULL;

    if (!key)
        return NULL;
    HASH_FIND_STR(im->metrics, key, m);
    if (m || !(m = arena_alloc(im->arena, sizeof(*m))))
        return m;
    m->key = key;
    HASH_ADD_KEYPTR(hh, im->metrics, m->key, strlen(m->key), m);
    return m;
}

struct imp_metrics *imp_metrics_find(struct import *im, const struct imp_vm *vm)
{
    char *key = imp_format(im, "%s/%s", vm->name_space ? vm->name_space : "", vm->s.id);
    struct imp_metrics *m = NULL;

    if (key)
        HASH_FIND_STR(im->metrics, key, m);
    return m;
}

/* Keeps the first, then each place is taken with the chance that keeps all alike (Vitter's R), by
 * a fixed sequence of numbers. */
static enum status add_rate(struct import *im, struct imp_metrics *m, double rate)
{
    uint64_t at = m->seen++;

    if (!m->rates && !(m->rates = arena_array(im->arena, IMP_SAMPLES, sizeof(*m->rates))))
        return imp_no_memory(im);
    if (at >= IMP_SAMPLES) {
        uint64_t h = (at + 1) * 0x9e3779b97f4a7c15ULL;

        h ^= h >> 29;
        h = (h * 0xbf58476d1ce4e5b9ULL) >> 20;
        at = h % m->seen;
    } else {
        m->nr_rates++;
    }
    if (at < IMP_SAMPLES)
        m->rates[at] = (float)rate;
    return ST_OK;
}

static enum status take_sample(struct import *im, struct imp_metrics *m, enum metric metric,
                               double value)
{
    switch (metric) {
    case M_MIGRATION_DIRTY:
        m->during = true;
        /* fall through */
    case M_DIRTY:
        return value <= RATE_MAX ? add_rate(im, m, value) : ST_OK;
    case M_TRANSFER:
        if (value > m->transfer_max && value <= RATE_MAX)
            m->transfer_max = value;
        return ST_OK;
    case M_RESIDENT:
        if (value < 1e17 && (uint64_t)value > m->resident_bytes)
            m->resident_bytes = (uint64_t)value;
        return ST_OK;
    default:
        if (value < 1e17)
            m->domain_bytes = (uint64_t)value;
        return ST_OK;
    }
}

/* [time, "value"]: a text of NaN marks a gap; a number below 0 is no sample of these metrics. */
static enum status take_pair(struct import *im, const struct imp_item *it, const json_t *pair,
                             struct imp_metrics *m, enum metric metric)
{
    const char *text = imp_text(json_array_get(pair, 1));
    double value;

    if (!json_is_array(pair) || !json_is_number(json_array_get(pair, 0)))
        return imp_fail(im, it, "values", "a sample is [TIME, \"VALUE\"]");
    if (text && (strcmp(text, "NaN") == 0 || strstr(text, "Inf")))
        return ST_OK;
    if (!imp_number(json_array_get(pair, 1), &value) || value < 0.0)
        return imp_fail(im, it, "values", "'%.40s' is no value of this metric", text ? text : "it");
    return take_sample(im, m, metric, value);
}

enum status imp_metrics_item(struct import *im, const struct imp_item *it)
{
    const json_t *labels = json_object_get(it->json, "metric");
    const json_t *values = json_object_get(it->json, "values"), *pair;
    const char *name = imp_text(json_object_get(labels, "__name__"));
    const char *vm = label(labels, "name", "vmi", "vm");
    const char *node = label(labels, "node", "exported_node", "kubernetes_node");
    enum status st = ST_OK;
    struct imp_metrics *m;
    size_t i, k = 0;

    if (!name) {
        imp_note(im, "series without a name, not used: query the metric itself, not a function "
                     "of it");
        return ST_OK;
    }
    if (strncmp(name, "node_network_", 13) == 0)
        return imp_series_item(im, it, name);
    while (k < sizeof(names) / sizeof(names[0]) && strcmp(names[k].name, name) != 0)
        k++;
    if (k == sizeof(names) / sizeof(names[0]) || !vm) {
        imp_note(im, "series of %.80s, not used", name);
        return ST_OK;
    }
    m = imp_metrics_make(im, label(labels, "exported_namespace", "namespace", "ns"), vm);
    if (!m || (node && !m->node && !(m->node = arena_strdup(im->arena, node))))
        return imp_no_memory(im);
    m->file = it->file;
    if (!values)
        return take_pair(im, it, json_object_get(it->json, "value"), m, names[k].metric);
    json_array_foreach(values, i,
                       pair) if ((st = take_pair(im, it, pair, m, names[k].metric)) != ST_OK) break;
    return st;
}

/* ---- from samples to a distribution ---- */

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

/* The share @q of sorted samples lies at or below it. */
static double quantile(const struct imp_metrics *m, double q)
{
    double at = q * (double)(m->nr_rates - 1);
    uint32_t low = (uint32_t)at, high = low + 1 < m->nr_rates ? low + 1 : low;

    return (double)m->rates[low] + (at - (double)low) * (double)(m->rates[high] - m->rates[low]);
}

static char *rate_text(struct import *im, double bytes_per_s)
{
    return imp_format(im, "%.4gMiB/s", bytes_per_s / (double)MIB);
}

/* With few samples an interval; else a lognormal with their median that reaches both their 84th and
 * their 97.5th percentile (one and two factors up): bursts count. */
static char *distribution(struct import *im, const struct imp_metrics *m)
{
    double low = m->rates[0], high = m->rates[m->nr_rates - 1], median = quantile(m, 0.5), factor;

    if (m->nr_rates < ENOUGH || high < 2.0 * PROBE_STEP)
        return imp_format(im, "%s..%s", rate_text(im, low), rate_text(im, high + PROBE_STEP));
    median = fmax(median, PROBE_STEP / 2.0);
    factor = fmax(quantile(m, 0.84) / median, sqrt(quantile(m, 0.975) / median));
    factor = fmin(fmax(factor, 1.1), 100.0);
    return imp_format(im, "lognormal(%s, %.3g)", rate_text(im, median), factor);
}

static const char *whole_mib(char text[UNITS_TEXT], double bytes)
{
    return units_size_exact(text, bytes < 2.0 * (double)MIB ? MIB : (uint64_t)bytes / MIB * MIB);
}

enum status imp_metrics_vm(struct import *im, struct imp_vm *vm, bool *told)
{
    struct imp_metrics *m = imp_metrics_find(im, vm);
    double most = (double)vm->memory_bytes, least, high;
    char low_text[UNITS_TEXT], high_text[UNITS_TEXT], *from;
    enum status st = ST_OK;

    *told = m && m->nr_rates > 0;
    if (m && m->resident_bytes > 0 && !vm->huge_pages && m->resident_bytes < vm->memory_bytes)
        st = imp_set_size(
            im, &vm->s, "nonzero",
            imp_format(im, "@%s: kubevirt_vmi_memory_resident_bytes, highest", m->file),
            (double)m->resident_bytes);
    if (!*told || st != ST_OK)
        return st;
    qsort(m->rates, m->nr_rates, sizeof(*m->rates), by_value);
    from = imp_format(im, "@%s: %u samples of its dirty rate%s, %s to %s", m->file,
                      (unsigned)m->seen, m->during ? ", some while it migrated" : "",
                      rate_text(im, m->rates[0]), rate_text(im, m->rates[m->nr_rates - 1]));
    if (!from)
        return imp_no_memory(im);
    st = imp_set(im, &vm->s, "write_rate", from, "%s", distribution(im, m));
    /* one second of the highest rate at least; a quarter of memory, as where nothing is known */
    least = fmin(fmax((double)m->rates[m->nr_rates - 1], most / 100.0), most);
    high = vm->active_bytes > 0 ? (double)vm->active_bytes : most / 4.0;
    high = fmin(fmax(high, least), most);
    if (st == ST_OK)
        st = imp_assume(im, &vm->s, "working_set",
                        "what one second dirtied at most, to 25% of memory", "%s..%s",
                        whole_mib(low_text, least), whole_mib(high_text, high));
    return st;
}

/* ---- metrics alone ---- */

/* `migcast import prometheus`: VMs and hosts are those that the series name. */
enum status imp_prometheus_finish(struct import *im)
{
    struct imp_metrics *m, *next;

    HASH_ITER(hh, im->metrics, m, next)
    {
        struct imp_item it = {.file = m->file, .line = 1, .path = "data.result"};
        char *slash = strchr(m->key, '/'); /* the key is ours */
        char *name_space = imp_format(im, "%.*s", (int)(slash - m->key), m->key);
        struct imp_vm *vm;
        enum status st;

        if (m->domain_bytes == 0 || !m->node) {
            imp_note(im,
                     "VMs without kubevirt_vmi_memory_domain_bytes and its label node, left out");
            continue;
        }
        vm = name_space ? imp_vm_new(im, &it, *name_space ? name_space : NULL, slash + 1) : NULL;
        if (!vm)
            return imp_no_memory(im);
        vm->host_id = m->node;
        vm->host_from = "label node";
        st = imp_memory(im, &it, vm, "kubevirt_vmi_memory_domain_bytes", (double)m->domain_bytes);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
