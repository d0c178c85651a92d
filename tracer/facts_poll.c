/*
 * facts_poll.c - one query-migrate answer as a flat struct.
 *
 * Which fields an answer has depends on the state and the QEMU release, so each one may be absent.
 */
#include <string.h>

#include "base/units.h"
#include "tracer/facts_int.h"

#include "base/banned.h"

static const char *const status_names[] = {
    [FACTS_ST_NONE] = "none",
    [FACTS_ST_SETUP] = "setup",
    [FACTS_ST_CANCELLING] = "cancelling",
    [FACTS_ST_CANCELLED] = "cancelled",
    [FACTS_ST_ACTIVE] = "active",
    [FACTS_ST_POSTCOPY_DEVICE] = "postcopy-device",
    [FACTS_ST_POSTCOPY_ACTIVE] = "postcopy-active",
    [FACTS_ST_POSTCOPY_PAUSED] = "postcopy-paused",
    [FACTS_ST_POSTCOPY_RECOVER_SETUP] = "postcopy-recover-setup",
    [FACTS_ST_POSTCOPY_RECOVER] = "postcopy-recover",
    [FACTS_ST_COMPLETED] = "completed",
    [FACTS_ST_FAILED] = "failed",
    [FACTS_ST_COLO] = "colo",
    [FACTS_ST_PRE_SWITCHOVER] = "pre-switchover",
    [FACTS_ST_DEVICE] = "device",
    [FACTS_ST_WAIT_UNPLUG] = "wait-unplug",
    [FACTS_ST_OTHER] = "other",
};

enum status_index {
    NR_STATUS = sizeof(status_names) / sizeof(status_names[0])
};

enum facts_status facts_status_parse(const char *text)
{
    for (int i = 0; i < NR_STATUS; i++)
        if (strcmp(status_names[i], text) == 0)
            return (enum facts_status)i;
    return FACTS_ST_OTHER;
}

const char *facts_status_name(enum facts_status status)
{
    return (unsigned)status < NR_STATUS ? status_names[status] : "other";
}

#define BYTES_PER_MEGABIT 125000.0 /* QEMU: megabit = 10^6 bits */
#define AT(field) offsetof(struct facts_poll, field)

struct poll_int {
    const char *key;
    size_t offset;
    int64_t scale; /* to our unit */
};

/* clang-format off */
static const struct poll_int top_ints[] = {
    {"setup-time",              AT(setup_ns),             NS_PER_MS},
    {"total-time",              AT(total_ns),             NS_PER_MS},
    {"downtime",                AT(downtime_ns),          NS_PER_MS},
    {"expected-downtime",       AT(expected_downtime_ns), NS_PER_MS},
    {"cpu-throttle-percentage", AT(throttle_pct),         1},
    {"dirty-limit-throttle-time-per-round", AT(dirty_limit_throttle_ns), NS_PER_US},
    {"dirty-limit-ring-full-time", AT(dirty_limit_ring_full_ns), NS_PER_US},
    {NULL, 0, 0},
};

static const struct poll_int ram_ints[] = {
    {"transferred",       AT(transferred_bytes), 1},
    {"remaining",         AT(remaining_bytes),   1},
    {"total",             AT(total_bytes),       1},
    {"duplicate",         AT(zero_pages),        1},
    {"normal",            AT(normal_pages),      1},
    {"dirty-pages-rate",  AT(dirty_pages_rate),  1},
    {"dirty-sync-count",  AT(rounds),            1},
    {"pages-per-second",  AT(pages_per_s),       1},
    {"precopy-bytes",     AT(precopy_bytes),     1},
    {"downtime-bytes",    AT(downtime_bytes),    1},
    {"postcopy-bytes",    AT(postcopy_bytes),    1},
    {"multifd-bytes",     AT(multifd_bytes),     1},
    {"postcopy-requests", AT(postcopy_requests), 1},
    {"page-size",         AT(page_bytes),        1},
    {NULL, 0, 0},
};

static const struct poll_int xbzrle_ints[] = {
    {"bytes",      AT(xbzrle_bytes),      1},
    {"pages",      AT(xbzrle_pages),      1},
    {"cache-miss", AT(xbzrle_cache_miss), 1},
    {"overflow",   AT(xbzrle_overflow),   1},
    {NULL, 0, 0},
};

static const struct poll_int vfio_ints[] = {
    {"transferred", AT(vfio_bytes), 1},
    {NULL, 0, 0},
};
/* clang-format on */

static enum status read_ints(const struct field_at *at, const json_t *obj,
                             const struct poll_int *table, struct facts_poll *out)
{
    for (; table->key; table++) {
        int64_t *field = (int64_t *)(void *)((char *)out + table->offset);
        enum status st = field_int(at, obj, table->key, 0, INT64_MAX / table->scale, field);

        if (st != ST_OK)
            return st;
        if (*field > 0)
            *field *= table->scale;
    }
    return ST_OK;
}

static enum status read_part(const struct field_at *at, const json_t *data, const char *key,
                             const struct poll_int *table, struct facts_poll *out,
                             const json_t **part)
{
    enum status st = field_json(at, data, key, JSON_OBJECT, part);

    return st == ST_OK && *part ? read_ints(at, *part, table, out) : st;
}

static void poll_clear(struct facts_poll *out)
{
    *out = (struct facts_poll){.status = FACTS_ST_NONE,
                               .bandwidth_bytes_per_s = -1,
                               .xbzrle_miss_ratio = -1,
                               .xbzrle_encoding_ratio = -1};
    for (const struct poll_int *t = top_ints; t->key; t++)
        *(int64_t *)(void *)((char *)out + t->offset) = -1;
    for (const struct poll_int *t = ram_ints; t->key; t++)
        *(int64_t *)(void *)((char *)out + t->offset) = -1;
    for (const struct poll_int *t = xbzrle_ints; t->key; t++)
        *(int64_t *)(void *)((char *)out + t->offset) = -1;
    out->vfio_bytes = -1;
}

enum status facts_read_poll(const struct field_at *at, const json_t *data, struct facts_poll *out)
{
    const json_t *ram = NULL, *xbzrle = NULL, *vfio = NULL;
    const char *status = "none";
    double mbps = -1;
    enum status st;

    poll_clear(out);
    if (!json_is_object(data))
        return field_error(at, NULL, "data must be an object");
    if ((st = field_string(at, data, "status", &status)) != ST_OK ||
        (st = read_ints(at, data, top_ints, out)) != ST_OK ||
        (st = read_part(at, data, "ram", ram_ints, out, &ram)) != ST_OK ||
        (st = read_part(at, data, "xbzrle-cache", xbzrle_ints, out, &xbzrle)) != ST_OK ||
        (st = read_part(at, data, "vfio", vfio_ints, out, &vfio)) != ST_OK)
        return st;
    if (out->throttle_pct > 100)
        return field_error(at, "cpu-throttle-percentage", "is over 100");
    if (out->rounds > UINT32_MAX)
        return field_error(at, "dirty-sync-count", "is out of range");
    if (ram && (st = field_real(at, ram, "mbps", &mbps)) != ST_OK)
        return st;
    if (mbps >= 0)
        out->bandwidth_bytes_per_s = mbps * BYTES_PER_MEGABIT;
    if (xbzrle &&
        ((st = field_real(at, xbzrle, "cache-miss-rate", &out->xbzrle_miss_ratio)) != ST_OK ||
         (st = field_real(at, xbzrle, "encoding-rate", &out->xbzrle_encoding_ratio)) != ST_OK))
        return st;
    out->status = facts_status_parse(status);
    return ST_OK;
}
