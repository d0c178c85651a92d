/*
 * facts_before.c - the lines before the source's `migrate`: measurements, capabilities, parameters.
 *
 * A request takes effect when its answer is seen, so one that QEMU refused changes nothing.
 * Invariant: at most one measurement is under way, and only finished ones are in the list.
 */
#include <string.h>

#include "base/units.h"
#include "tracer/facts_int.h"

#include "base/banned.h"

#define RSS_MIB_MAX ((int64_t)1 << 30)
#define RATE_MIB_MAX ((int64_t)1 << 40)
#define PERIOD_US_MAX 10000000

static enum facts_dirty_mode parse_mode(const char *text)
{
    if (strcmp(text, "page-sampling") == 0)
        return FACTS_DIRTY_SAMPLING;
    if (strcmp(text, "dirty-bitmap") == 0)
        return FACTS_DIRTY_BITMAP;
    return strcmp(text, "dirty-ring") == 0 ? FACTS_DIRTY_RING : FACTS_DIRTY_OTHER;
}

/* What request and answer have in common; QEMU allows 1 to 60 s, or 50 to 60000 ms. */
static enum status read_window(const struct field_at *at, const json_t *obj, struct facts_dirty *d)
{
    const char *unit = "second", *mode = NULL;
    int64_t calc = -1;
    enum status st;

    if ((st = field_string(at, obj, "calc-time-unit", &unit)) != ST_OK ||
        (st = field_int(at, obj, "calc-time", 1, 1000000, &calc)) != ST_OK ||
        (st = field_string(at, obj, "mode", &mode)) != ST_OK ||
        (st = field_int(at, obj, "sample-pages", 0, 1 << 20, &d->sample_pages)) != ST_OK)
        return st;
    if (strcmp(unit, "second") != 0 && strcmp(unit, "millisecond") != 0)
        return field_error(at, "calc-time-unit", "\"%.40s\" is not known", unit);
    if (calc > 0)
        d->calc_ns = calc * (*unit == 's' ? NS_PER_S : NS_PER_MS);
    if (mode)
        d->mode = parse_mode(mode);
    return ST_OK;
}

static enum status begin_measurement(struct facts_loader *ld, const struct field_at *at,
                                     const struct trace_line *line)
{
    if (!json_is_object(line->data))
        return field_error(at, NULL, "data must be an object");
    ld->measuring = (struct facts_dirty){
        .command_ns = line->t_ns, .accepted_ns = -1, .measured_ns = -1, .calc_ns = -1};
    ld->is_measuring = true;
    return read_window(at, line->data, &ld->measuring);
}

static enum status keep_measurement(struct facts_loader *ld, const struct field_at *at,
                                    const struct trace_line *line)
{
    struct facts_before *before = &ld->facts->before;
    struct facts_dirty *d = &ld->measuring;
    int64_t rate = 0;
    void *array = before->dirty;
    enum status st;

    if (!ld->is_measuring) { /* asked again, or measured before the capture began */
        if (before->nr_dirty > 0)
            return ST_OK;
        *d = (struct facts_dirty){.command_ns = -1, .accepted_ns = -1, .calc_ns = -1};
    }
    if ((st = read_window(at, line->data, d)) != ST_OK ||
        (st = field_need(at, line->data, "dirty-rate")) != ST_OK ||
        (st = field_int(at, line->data, "dirty-rate", 0, RATE_MIB_MAX, &rate)) != ST_OK)
        return st;
    if (d->calc_ns <= 0)
        return field_error(at, "calc-time", "is missing");
    d->measured_ns = line->t_ns;
    d->rate_bytes_per_s = (uint64_t)rate * MIB;
    st = facts_grow(ld, line, &array, before->nr_dirty, &ld->dirty_cap, sizeof(*before->dirty),
                    FACTS_LIST_MAX);
    before->dirty = array;
    if (st != ST_OK)
        return st;
    before->dirty[before->nr_dirty++] = *d;
    ld->is_measuring = false;
    return ST_OK;
}

static enum status take_measurement(struct facts_loader *ld, const struct field_at *at,
                                    const struct trace_line *line)
{
    const char *status = "";
    enum status st;

    if (!json_is_object(line->data))
        return field_error(at, NULL, "data must be an object");
    st = field_string(at, line->data, "status", &status);
    if (st != ST_OK || strcmp(status, "measured") != 0)
        return st;
    return keep_measurement(ld, at, line);
}

/* [{"capability": NAME, "state": BOOL}, ...] */
static enum status apply_capabilities(struct facts_loader *ld, const struct field_at *at,
                                      const json_t *list)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list))
        return field_error(at, "capabilities", "must be an array");
    json_array_foreach(list, i, item)
    {
        const char *name = NULL;
        bool on = false;
        enum status st;

        if (!json_is_object(item))
            return field_error(at, "capabilities", "must hold objects");
        if ((st = field_need(at, item, "capability")) != ST_OK ||
            (st = field_string(at, item, "capability", &name)) != ST_OK ||
            (st = field_need(at, item, "state")) != ST_OK ||
            (st = field_bool(at, item, "state", &on)) != ST_OK)
            return st;
        facts_capability_apply(ld, name, on);
    }
    return ST_OK;
}

static void remember(json_t **slot, json_t *data)
{
    json_decref(*slot);
    *slot = data ? json_incref(data) : NULL;
}

static enum status take_command(struct facts_loader *ld, const struct field_at *at,
                                const struct trace_line *line)
{
    if (strcmp(line->name, "calc-dirty-rate") == 0)
        return begin_measurement(ld, at, line);
    if (strcmp(line->name, "migrate-set-parameters") == 0)
        remember(&ld->sent_parameters, line->data);
    else if (strcmp(line->name, "migrate-set-capabilities") == 0)
        remember(&ld->sent_capabilities, line->data);
    return ST_OK;
}

static enum status take_return(struct facts_loader *ld, const struct field_at *at,
                               const struct trace_line *line)
{
    enum status st = ST_OK;

    if (strcmp(line->name, "query-dirty-rate") == 0)
        return take_measurement(ld, at, line);
    if (strcmp(line->name, "calc-dirty-rate") == 0) {
        if (ld->is_measuring && ld->measuring.accepted_ns < 0)
            ld->measuring.accepted_ns = line->t_ns;
    } else if (strcmp(line->name, "query-migrate-parameters") == 0) {
        ld->facts->before.params_reported = true;
        return facts_params_apply(ld, at, line->data);
    } else if (strcmp(line->name, "query-migrate-capabilities") == 0) {
        return apply_capabilities(ld, at, line->data);
    } else if (strcmp(line->name, "migrate-set-parameters") == 0 && ld->sent_parameters) {
        st = facts_params_apply(ld, at, ld->sent_parameters);
        remember(&ld->sent_parameters, NULL);
    } else if (strcmp(line->name, "migrate-set-capabilities") == 0 && ld->sent_capabilities) {
        st = apply_capabilities(ld, at, json_object_get(ld->sent_capabilities, "capabilities"));
        remember(&ld->sent_capabilities, NULL);
    }
    return st;
}

static enum status take_content(struct facts_loader *ld, const struct field_at *at,
                                const json_t *data)
{
    struct facts_content c = {0};
    enum status st;

    if (!json_is_object(data))
        return field_error(at, "data", "must be an object");
    if ((st = field_int(at, data, "resident", 0, INT32_MAX, &c.resident)) != ST_OK ||
        (st = field_int(at, data, "zero", 0, c.resident, &c.zero)) != ST_OK ||
        (st = field_int(at, data, "changed", 0, c.resident, &c.changed)) != ST_OK ||
        (st = field_int(at, data, "changed-to-zero", 0, c.changed, &c.changed_zero)) != ST_OK)
        return st;
    ld->facts->before.content = c;
    return ST_OK;
}

static enum status take_pulse(struct facts_loader *ld, const struct field_at *at,
                              const json_t *data)
{
    int64_t us = 0;
    enum status st;

    if (!json_is_object(data))
        return field_error(at, "data", "must be an object");
    if ((st = field_int(at, data, "period-us", 0, PERIOD_US_MAX, &us)) != ST_OK)
        return st;
    ld->facts->before.write_period_ns = us * NS_PER_US;
    return ST_OK;
}

static enum status take_note(struct facts_loader *ld, const struct field_at *at,
                             const struct trace_line *line)
{
    bool process = strcmp(line->name, "process-rss-mib") == 0;
    double mib;

    if (strcmp(line->name, "guest-content") == 0)
        return take_content(ld, at, line->data);
    if (strcmp(line->name, "guest-pulse") == 0)
        return take_pulse(ld, at, line->data);
    if (!process && strcmp(line->name, "guest-resident-kib") != 0)
        return ST_OK;
    if (!json_is_number(line->data))
        return field_error(at, "data", "must be a number");
    mib = json_number_value(line->data) * (process ? 1.0 : (double)KIB / (double)MIB);
    if (!(mib >= 0 && mib <= (double)RSS_MIB_MAX))
        return field_error(at, "data", "%g MiB is out of range", mib);
    if (process)
        ld->facts->before.rss_bytes = (uint64_t)(mib * (double)MIB);
    else
        ld->facts->before.resident_bytes = (uint64_t)(mib * (double)MIB);
    return ST_OK;
}

enum status facts_before_line(struct facts_loader *ld, const struct trace_line *line)
{
    struct field_at at = facts_at(ld, line);

    if (line->side != TRACE_SOURCE)
        return ST_OK;
    switch (line->kind) {
    case TRACE_NOTE:
        return take_note(ld, &at, line);
    case TRACE_COMMAND:
        return take_command(ld, &at, line);
    case TRACE_RETURN:
        return take_return(ld, &at, line);
    case TRACE_ERROR:
        if (strcmp(line->name, "calc-dirty-rate") == 0)
            ld->is_measuring = false;
        else if (strcmp(line->name, "migrate-set-parameters") == 0)
            remember(&ld->sent_parameters, NULL);
        else if (strcmp(line->name, "migrate-set-capabilities") == 0)
            remember(&ld->sent_capabilities, NULL);
        return ST_OK;
    default:
        return ST_OK;
    }
}

static void choose_level(const struct facts_loader *ld, struct mig_params *p)
{
    p->multifd_level = (uint32_t)(p->multifd_compression == MFD_ZSTD     ? ld->level_zstd
                                  : p->multifd_compression == MFD_QATZIP ? ld->level_qatzip
                                                                         : ld->level_zlib);
}

void facts_before_finish(struct facts_loader *ld)
{
    const struct facts_header *h = &ld->facts->header;
    const struct facts_before *before = &ld->facts->before;
    struct mig_params *p = &ld->facts->before.params;

    p->qemu = h->qemu;
    p->dirty_log = h->accel == FACTS_ACCEL_KVM ? DIRTY_LOG_MANUAL : DIRTY_LOG_LEGACY;
    if (p->dirty_limit)
        p->dirty_log = DIRTY_LOG_RING; /* QEMU refuses dirty-limit without the ring */
    for (size_t i = 0; i < before->nr_dirty; i++)
        if (before->dirty[i].mode == FACTS_DIRTY_RING)
            p->dirty_log = DIRTY_LOG_RING; /* the same holds for this mode */
    /* Machine types up to 8.0 keep the old barrier; a trace does not name the machine type. */
    p->multifd_flush_each_call = h->qemu_major < 8 || (h->qemu_major == 8 && h->qemu_minor == 0);
    choose_level(ld, p);
    p->return_path |= p->postcopy; /* QEMU opens it for post-copy without being asked */
    if (h->timeout_ns > 0)
        p->completion_timeout_ns = h->timeout_ns;
    p->timeout_action = TIMEOUT_CANCEL;
    if (p->postcopy && h->postcopy_after_ns >= 0) {
        p->postcopy_trigger = POSTCOPY_AT_TIME;
        p->postcopy_after_ns = h->postcopy_after_ns;
    }
}
