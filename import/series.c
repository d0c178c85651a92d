/*
 * series.c - other traffic on the cards of hosts, from node_exporter's counters.
 *
 * Counters become rates between samples; a counter that falls was set back and gives none.  Of a
 * host's devices the busiest one is taken, or the one that was asked for: no metric says which of
 * them carries migrations.  The larger direction counts, for a card has both.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

enum {
    SERIES_MAX = 100000, /* samples of one device */
    SERIES_NR = 200000   /* devices in all */
};

struct point {
    double t_s, bytes;
};

/* One device of one host, one direction. */
struct imp_series {
    char *key;
    const char *file, *instance, *device;
    struct point *points;
    uint32_t nr;
    double mean; /* bytes a second */
    UT_hash_handle hh;
};

/* Devices of containers and guests, whose traffic goes through a card too. */
static bool physical(const char *device)
{
    static const char *const virtual[] = {"lo",  "veth", "cali", "cni",   "docker",       "br-",
                                          "ovs", "tap",  "vnet", "flann", "genev",        "vxlan",
                                          "k6t", "lxc",  "tun",  "kube-", "nodelocaldns", "virbr"};

    for (size_t i = 0; i < sizeof(virtual) / sizeof(virtual[0]); i++)
        if (strncmp(device, virtual[i], strlen(virtual[i])) == 0)
            return false;
    return true;
}

static const char *text_of(const json_t *labels, const char *a, const char *b, const char *c)
{
    const char *text = imp_text(json_object_get(labels, a));

    if (!text)
        text = imp_text(json_object_get(labels, b));
    return text ? text : imp_text(json_object_get(labels, c));
}

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;

    return (x->t_s > y->t_s) - (x->t_s < y->t_s);
}

static enum status read_points(struct import *im, const struct imp_item *it, struct imp_series *s)
{
    const json_t *values = json_object_get(it->json, "values"), *pair;
    size_t i;

    if (json_array_size(values) > SERIES_MAX)
        return imp_fail(im, it, "values", "more than %d samples", SERIES_MAX);
    s->points = arena_array(im->arena, json_array_size(values) + 1, sizeof(*s->points));
    if (!s->points)
        return imp_no_memory(im);
    json_array_foreach(values, i, pair)
    {
        struct point p;

        if (!json_is_number(json_array_get(pair, 0)) ||
            !(fabs(json_number_value(json_array_get(pair, 0))) < 1e12))
            return imp_fail(im, it, "values", "a sample is [TIME, \"VALUE\"]");
        p.t_s = json_number_value(json_array_get(pair, 0));
        if (imp_number(json_array_get(pair, 1), &p.bytes) && p.bytes >= 0.0)
            s->points[s->nr++] = p;
    }
    qsort(s->points, s->nr, sizeof(*s->points), by_time);
    if (s->nr >= 2 && s->points[s->nr - 1].t_s > s->points[0].t_s) {
        double sum = 0.0;

        for (uint32_t k = 1; k < s->nr; k++)
            sum += fmax(s->points[k].bytes - s->points[k - 1].bytes, 0.0);
        s->mean = sum / (s->points[s->nr - 1].t_s - s->points[0].t_s);
    }
    return ST_OK;
}

enum status imp_series_item(struct import *im, const struct imp_item *it, const char *metric)
{
    const json_t *labels = json_object_get(it->json, "metric");
    const char *instance = text_of(labels, "node", "nodename", "instance");
    const char *device = text_of(labels, "device", "interface", "dev");
    struct imp_series *s;
    enum status st;

    if (strcmp(metric, "node_network_transmit_bytes_total") != 0 &&
        strcmp(metric, "node_network_receive_bytes_total") != 0) {
        imp_note(im, "series of %.80s, not used", metric);
        return ST_OK;
    }
    if (!instance || !device || !json_is_array(json_object_get(it->json, "values")))
        return imp_fail(im, it, "metric",
                        "%s: labels device and instance, and values of "
                        "query_range, are needed",
                        metric);
    if (im->options->device ? strcmp(im->options->device, device) != 0 : !physical(device))
        return ST_OK;
    if (HASH_COUNT(im->series) >= SERIES_NR)
        return imp_fail(im, it, "metric", "more than %d devices", SERIES_NR);
    s = arena_alloc(im->arena, sizeof(*s));
    if (!s || !(s->key = imp_format(im, "%s %s %s", instance, device, metric)) ||
        !(s->instance = arena_strdup(im->arena, instance)) ||
        !(s->device = arena_strdup(im->arena, device)))
        return imp_no_memory(im);
    s->file = it->file;
    st = read_points(im, it, s);
    if (st == ST_OK)
        HASH_ADD_KEYPTR(hh, im->series, s->key, strlen(s->key), s);
    return st;
}

/* "10.0.0.1:9100" and "node1.example.com" mean a host by its address or the start of its name. */
static const struct imp_host *host_of(struct import *im, const struct imp_series *s)
{
    char name[256];
    size_t len = strlen(s->instance);
    struct imp_host *h = imp_host_find(im, s->instance);

    if (h || len >= sizeof(name))
        return h;
    memcpy(name, s->instance, len + 1);
    name[strcspn(name, ":")] = '\0';
    h = imp_host_find(im, name);
    if (h || name[strspn(name, "0123456789.")] == '\0')
        return h;
    name[strcspn(name, ".")] = '\0';
    return imp_host_find(im, name);
}

/* Adds the series' bytes a second to slots of the range that begins at @start_s. */
static void add_slots(const struct imp_series *s, double start_s, double slot_s, double *slots,
                      uint32_t nr)
{
    for (uint32_t i = 1; i < s->nr; i++) {
        double from = s->points[i - 1].t_s, to = s->points[i].t_s;
        double rate = to > from ? (s->points[i].bytes - s->points[i - 1].bytes) / (to - from) : 0.0;
        uint32_t first = (uint32_t)fmin(fmax((from - start_s) / slot_s, 0.0), (double)nr);
        uint32_t last = (uint32_t)fmin(fmax((to - start_s) / slot_s, 0.0), (double)(nr - 1));

        if (rate <= 0.0)
            continue;
        for (uint32_t k = first; k <= last && k < nr; k++) {
            double a = fmax(from, start_s + k * slot_s), b = fmin(to, start_s + (k + 1) * slot_s);

            if (b > a)
                slots[k] += rate * (b - a) / slot_s;
        }
    }
}

struct choice {
    const struct imp_series *best[2]; /* transmit, receive */
};

/* Both directions of the busiest card of @host, or of any host where that is NULL. */
static struct choice choose(struct import *im, const struct imp_host *host)
{
    struct choice c = {{NULL, NULL}};
    const struct imp_series *busiest = NULL;
    struct imp_series *s, *next;

    HASH_ITER(hh, im->series, s, next)
    {
        const struct imp_host *of;

        if (s->nr < 2 || (busiest && s->mean <= busiest->mean))
            continue;
        of = host_of(im, s);
        if (of && (!host || of == host))
            busiest = s;
    }
    HASH_ITER(hh, im->series, s, next)
    {
        if (busiest && strcmp(s->instance, busiest->instance) == 0 &&
            strcmp(s->device, busiest->device) == 0)
            c.best[strstr(s->key, "receive") != NULL] = s;
    }
    return c;
}

static char *slots_text(struct import *im, const double *slots, uint32_t nr, double slot_s)
{
    struct strbuf sb = STRBUF_INIT;
    char rate[UNITS_TEXT], *text = NULL;
    uint64_t before = 0;

    for (uint32_t i = 0; i < nr; i++) {
        uint64_t bps = (uint64_t)(fmin(slots[i], 1e12) * BITS_PER_BYTE);

        if (i > 0 && bps == before)
            continue;
        strbuf_addf(&sb, "%s%.0fs %s", i ? ", " : "", floor(i * slot_s),
                    units_bps_exact(rate, bps));
        before = bps;
    }
    if (!strbuf_failed(&sb))
        text = arena_strdup(im->arena, strbuf_text(&sb));
    strbuf_release(&sb);
    return text;
}

/* The host whose migrations the text is for: NULL = the one with most traffic. */
enum status imp_series_text(struct import *im, const struct imp_host *host, char **text,
                            double *period_s, const char **from)
{
    double slots[2][IMP_POINTS] = {{0.0}}, start = INFINITY, end = -INFINITY, slot;
    struct choice c = choose(im, host);
    uint32_t nr;

    *text = NULL;
    for (int d = 0; d < 2; d++) {
        if (!c.best[d] || c.best[d]->nr < 2)
            continue;
        start = fmin(start, c.best[d]->points[0].t_s);
        end = fmax(end, c.best[d]->points[c.best[d]->nr - 1].t_s);
    }
    if (!(end - start >= 1.0) || end - start > 1e8)
        return ST_OK;
    nr = (uint32_t)fmin(IMP_POINTS, fmax(1.0, floor(end - start)));
    slot = (end - start) / nr;
    slot = slot < 1.0 ? 1.0 : slot;
    for (int d = 0; d < 2; d++)
        if (c.best[d])
            add_slots(c.best[d], start, slot, slots[d], nr);
    for (uint32_t i = 0; i < nr; i++)
        slots[0][i] = fmax(slots[0][i], slots[1][i]);
    *period_s = end - start;
    *text = slots_text(im, slots[0], nr, slot);
    *from = imp_format(im, "@%s: node_network_*_bytes_total of %s, device %s",
                       c.best[0] ? c.best[0]->file : c.best[1]->file,
                       c.best[0] ? c.best[0]->instance : c.best[1]->instance,
                       c.best[0] ? c.best[0]->device : c.best[1]->device);
    return *text && *from ? ST_OK : imp_no_memory(im);
}

void imp_series_release(struct import *im)
{
    HASH_CLEAR(hh, im->series);
}
