/*
 * foreign_guestperf.c - a report of QEMU's own migration benchmark.
 *
 * It keeps one look an iteration, the scenario's tuning and the machine; the load is a stress
 * program that writes all memory.  Absent fields are zero in it, so zeros of what cannot be zero
 * count as unknown.  Source: QEMU tests/migration-stress/guestperf (before 10: tests/migration),
 * report.py, scenario.py, progress.py, hardware.py.
 */
#include <string.h>

#include "base/units.h"
#include "tracer/field.h"
#include "tracer/foreign_int.h"

#include "base/banned.h"

#define INT_LIMIT ((int64_t)1 << 53)

static const char *const statuses[] = {
    "active",         "completed", "failed", "cancelled",  "postcopy-active",
    "pre-switchover", "device",    "setup",  "cancelling", NULL};

static int64_t positive(int64_t value)
{
    return value > 0 ? value : -1;
}

static enum status read_int(const struct field_at *at, const json_t *obj, const char *key,
                            int64_t *out)
{
    double value = 0.0;
    enum status st;

    *out = 0;
    st = field_real(at, obj, key, &value);
    if (st == ST_OK && !(value >= 0.0 && value < (double)INT_LIMIT))
        return field_error(at, key, "is out of range");
    *out = (int64_t)value;
    return st;
}

/* Rows of key and destination. */
struct wanted {
    const char *key;
    int64_t *to;
};

static enum status read_ints(const struct field_at *at, const json_t *obj, const struct wanted *row)
{
    enum status st = ST_OK;

    for (; row->key && st == ST_OK; row++)
        st = read_int(at, obj, row->key, row->to);
    return st;
}

static enum status read_ram(const struct field_at *at, const json_t *ram, struct foreign_poll *p)
{
    int64_t mbps = 0;
    const struct wanted rows[] = {{"transferred_bytes", &p->transferred},
                                  {"remaining_bytes", &p->remaining},
                                  {"total_bytes", &p->total},
                                  {"duplicate_pages", &p->zero_pages},
                                  {"normal_pages", &p->normal_pages},
                                  {"dirty_rate_pps", &p->dirty_pages_per_s},
                                  {"iterations", &p->rounds},
                                  {"transfer_rate_mbs", &mbps},
                                  {0}};
    enum status st = read_ints(at, ram, rows);

    p->bytes_per_s = mbps > 0 ? (double)mbps * 1e6 / BITS_PER_BYTE : -1.0;
    p->dirty_pages_per_s = positive(p->dirty_pages_per_s);
    if (p->total > 0)
        return st;
    /* no RAM counters in this look */
    p->transferred = p->remaining = p->total = p->zero_pages = p->normal_pages = p->rounds = -1;
    return st;
}

static enum status read_progress(struct foreign *f, const struct field_at *at, const json_t *look)
{
    struct foreign_poll p = FOREIGN_POLL_INIT;
    const char *status = "active";
    const json_t *ram = NULL;
    int64_t duration = 0;
    const struct wanted rows[] = {{"duration", &duration},
                                  {"downtime", &p.downtime_ms},
                                  {"downtime_expected", &p.expected_downtime_ms},
                                  {"setup_time", &p.setup_ms},
                                  {"throttle_pcent", &p.throttle_pct},
                                  {0}};
    enum status st;
    size_t i = 0;

    if ((st = field_string(at, look, "status", &status)) != ST_OK ||
        (st = field_json(at, look, "ram", JSON_OBJECT, &ram)) != ST_OK ||
        (st = read_ints(at, look, rows)) != ST_OK || (ram && (st = read_ram(at, ram, &p)) != ST_OK))
        return st;
    while (statuses[i] && strcmp(statuses[i], status) != 0)
        i++;
    p.status = statuses[i] ? statuses[i] : "active";
    if (p.throttle_pct > 100)
        return field_error(at, "throttle_pcent", "is over 100");
    p.total_ms = positive(duration);
    p.expected_downtime_ms = positive(p.expected_downtime_ms);
    if (strcmp(p.status, "completed") != 0)
        p.downtime_ms = -1;
    p.t_ns = duration < INT_LIMIT / NS_PER_MS ? duration * NS_PER_MS : 0;
    if (f->nr_polls > 0 && p.t_ns < f->polls[f->nr_polls - 1].t_ns)
        p.t_ns = f->polls[f->nr_polls - 1].t_ns;
    return foreign_add_poll(f, &p);
}

static enum status read_hardware(struct foreign *f, const struct field_at *at, const json_t *hw)
{
    int64_t gib = 0, cpus = 0;
    const struct wanted rows[] = {{"mem", &gib}, {"cpus", &cpus}, {0}};
    enum status st = read_ints(at, hw, rows);

    if (st != ST_OK)
        return st;
    if (gib > 1 << 20 || cpus > 1 << 16)
        return field_error(at, "mem", "is out of range");
    /* the benchmark gives its guest half a GiB more than the load fills */
    f->memory_bytes = gib > 0 ? (uint64_t)gib * GIB + 512 * MIB : 0;
    f->vcpus = (uint32_t)cpus;
    f->accel = "kvm";
    return ST_OK;
}

static enum status read_scenario(struct foreign *f, const struct field_at *at, const json_t *sc)
{
    static const struct {
        const char *key, *capability;
    } flags[] = {{"auto_converge", "auto-converge"},
                 {"post_copy", "postcopy-ram"},
                 {"compression_xbzrle", "xbzrle"},
                 {"compression_mt", "compress"},
                 {"multifd", "multifd"},
                 {"dirty_limit", "dirty-limit"}};
    int64_t mib_s = 0, downtime = 0, step = 0, channels = 0, seconds = 0;
    const struct wanted rows[] = {{"bandwidth", &mib_s},         {"downtime", &downtime},
                                  {"auto_converge_step", &step}, {"multifd_channels", &channels},
                                  {"max_time", &seconds},        {0}};
    const char *name = NULL;
    enum status st = field_string(at, sc, "name", &name);

    if (st == ST_OK)
        st = read_ints(at, sc, rows);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && st == ST_OK; i++) {
        bool on = false;

        st = field_bool(at, sc, flags[i].key, &on);
        if (on)
            foreign_capability(f, flags[i].capability);
    }
    if (st != ST_OK)
        return st;
    if (name)
        foreign_name(f, name);
    if (mib_s > 0 && mib_s < 1 << 30)
        foreign_parameter(f, "max-bandwidth", mib_s * (int64_t)MIB);
    if (downtime > 0 && downtime <= 2000000)
        foreign_parameter(f, "downtime-limit", downtime);
    if (step > 0 && step < 100)
        foreign_parameter(f, "cpu-throttle-increment", step);
    if (channels > 0 && channels < 256)
        foreign_parameter(f, "multifd-channels", channels);
    f->timeout_s = seconds < 1 << 26 ? (double)seconds : 0.0;
    return ST_OK;
}

static enum status read_report(struct foreign *f, const struct foreign_file *file,
                               const json_t *report)
{
    struct field_at at = {file->path, 0, "report", f->diag};
    const json_t *hw = NULL, *sc = NULL, *history = NULL, *look;
    enum status st;
    size_t i;

    if (!json_is_object(report))
        return foreign_error(f, file, 0, "is no report: not a JSON object");
    if ((st = field_need(&at, report, "progress_history")) != ST_OK ||
        (st = field_json(&at, report, "progress_history", JSON_ARRAY, &history)) != ST_OK ||
        (st = field_json(&at, report, "hardware", JSON_OBJECT, &hw)) != ST_OK ||
        (st = field_json(&at, report, "scenario", JSON_OBJECT, &sc)) != ST_OK)
        return st;
    at.section = "hardware";
    if (hw && (st = read_hardware(f, &at, hw)) != ST_OK)
        return st;
    at.section = "scenario";
    if (sc && (st = read_scenario(f, &at, sc)) != ST_OK)
        return st;
    at.section = "progress_history";
    json_array_foreach(history, i, look)
    {
        if (!json_is_object(look))
            return field_error(&at, NULL, "entry %zu is not an object", i);
        if ((st = read_progress(f, &at, look)) != ST_OK)
            return st;
    }
    return ST_OK;
}

enum status foreign_read_guestperf(void *foreign)
{
    struct foreign *f = foreign;
    json_t *report;
    enum status st;

    if (f->nr_files != 1)
        return foreign_error(f, &f->files[1], 0, "one report at a time");
    st = foreign_json(f, &f->files[0], &report);
    if (st != ST_OK)
        return st;
    st = read_report(f, &f->files[0], report);
    json_decref(report);
    if (st == ST_OK && f->nr_polls > 0 && f->timeout_s > 0.0)
        f->cancelled_by_timeout = strcmp(f->polls[f->nr_polls - 1].status, "cancelled") == 0 &&
                                  (double)f->polls[f->nr_polls - 1].total_ms >= f->timeout_s * 1e3;
    return st;
}
