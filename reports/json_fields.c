/*
 * json_fields.c - the scored fields, their intervals and the details of a migration; values in
 * their units.
 *
 * Leaves the object around them to the caller.  The keys here are a published form
 * (docs/schema/): add, never rename.
 */
#include "reports/json_fields.h"

#include <assert.h>
#include <math.h>

#include "base/json_text.h"

#include "base/banned.h"

static const char *const scored_keys[SCORED_NR] = {
    [SCORED_TOTAL_TIME] = "total_time_ms",      [SCORED_DOWNTIME] = "downtime_ms",
    [SCORED_SETUP_TIME] = "setup_time_ms",      [SCORED_ROUNDS] = "rounds",
    [SCORED_TRANSFERRED] = "transferred_bytes", [SCORED_MAX_THROTTLE] = "max_throttle_pct",
};

const char *scored_key(enum scored field)
{
    assert((unsigned)field < SCORED_NR);
    return scored_keys[field];
}

const char *json_unit(enum value_unit unit)
{
    return unit == VALUE_NS ? "ms" : value_unit_key(unit);
}

void json_add_value(struct strbuf *out, enum value_unit unit, double value)
{
    if (unit == VALUE_NS)
        json_add_ms_real(out, value);
    else
        json_add_double(out, value);
}

void json_put_value(struct strbuf *out, const char *key, enum value_unit unit, double value)
{
    json_key(out, key);
    json_add_value(out, unit, value);
}

void json_add_scored(struct strbuf *out, enum scored field, double value)
{
    bool time =
        field == SCORED_TOTAL_TIME || field == SCORED_DOWNTIME || field == SCORED_SETUP_TIME;

    if (!time)
        json_add_double(out, field == SCORED_TRANSFERRED ? round(value) : value);
    else
        json_add_ms(out, value >= 0 && value < (double)INT64_MAX ? llround(value) : -1);
}

/* Counts and rates; "unlimited" has no number. */
static void add_count(struct strbuf *out, const char *key, uint64_t value)
{
    json_key(out, key);
    if (value == UINT64_MAX)
        json_add_text(out, NULL);
    else
        json_add_u64(out, value);
}

static void add_intervals(struct strbuf *out, const struct spread *scored)
{
    json_key(out, "intervals");
    strbuf_addch(out, '{');
    for (int field = 0; scored && field < SCORED_NR; field++) {
        if (scored[field].nr < 2)
            continue;
        json_key(out, scored_keys[field]);
        strbuf_addch(out, '[');
        json_add_scored(out, (enum scored)field, scored[field].p5);
        json_next(out);
        json_add_scored(out, (enum scored)field, scored[field].p95);
        strbuf_addch(out, ']');
    }
    strbuf_addch(out, '}');
}

void json_mig_fields(struct strbuf *out, const struct mig_result *mig,
                     const struct spread scored[SCORED_NR])
{
    bool started = mig->started_ns >= 0;

    json_put_text(out, "outcome", outcome_name(mig->outcome));
    json_put_text(out, "reason", mig->reason);
    json_put_ms(out, scored_keys[SCORED_TOTAL_TIME], started ? mig->total_ns : -1);
    json_put_ms(out, scored_keys[SCORED_DOWNTIME], started ? mig->downtime_ns : -1);
    json_put_ms(out, scored_keys[SCORED_SETUP_TIME], started ? mig->setup_ns : -1);
    add_count(out, scored_keys[SCORED_ROUNDS], mig->rounds);
    add_count(out, scored_keys[SCORED_TRANSFERRED], mig->transferred_bytes);
    add_count(out, scored_keys[SCORED_MAX_THROTTLE], mig->max_throttle_pct);
    add_intervals(out, scored);
}

static void add_round(struct strbuf *out, const struct mig_round *r)
{
    json_next(out);
    strbuf_addch(out, '{');
    add_count(out, "round", r->round);
    json_put_s(out, "start_s", r->start_ns);
    json_put_ms(out, "duration_ms", r->duration_ns);
    add_count(out, "wire_bytes", r->wire_bytes);
    add_count(out, "sent_pages", r->sent_pages);
    add_count(out, "dirtied_bytes", r->dirtied_bytes);
    add_count(out, "remaining_bytes", r->remaining_bytes);
    add_count(out, "threshold_bytes", r->threshold_bytes);
    add_count(out, "throttle_pct", r->throttle_pct);
    strbuf_addch(out, '}');
}

void json_mig_details(struct strbuf *out, const struct mig_result *mig,
                      const struct mig_round *rounds)
{
    bool started = mig->started_ns >= 0;

    json_put_text(out, "binding", mig->binding == BINDING_NONE ? NULL : binding_key(mig->binding));
    json_put_ms(out, "blackout_ms", started ? mig->blackout_ns : -1);
    json_put_ms(out, "postcopy_ms", started ? mig->postcopy_ns : -1);
    json_put_ms(out, "postcopy_stall_ms", started ? mig->postcopy_stall_ns : -1);
    json_put_ms(out, "expected_downtime_ms", started ? mig->expected_downtime_ns : -1);
    json_put_ms(out, "downtime_limit_ms", started ? mig->downtime_limit_ns : -1);
    json_put_ms(out, "disk_ms", started ? mig->disk_ns : -1);
    add_count(out, "disk_bytes", mig->disk_bytes);
    json_put_ms(out, "network_outage_ms", mig->network_outage_ns);
    add_count(out, "dirty_pages_rate", mig->dirty_pages_rate);
    add_count(out, "precopy_bytes", mig->precopy_bytes);
    add_count(out, "downtime_bytes", mig->downtime_bytes);
    add_count(out, "postcopy_bytes", mig->postcopy_bytes);
    add_count(out, "normal_pages", mig->normal_pages);
    add_count(out, "zero_pages", mig->zero_pages);
    json_put_double(out, "guest_slowdown_ratio", mig->guest_slowdown_ratio);
    add_count(out, "convergence_bytes_per_s",
              mig->convergence_bytes_per_s ? mig->convergence_bytes_per_s : UINT64_MAX);
    if (!rounds || mig->nr_rounds == 0)
        return;
    json_key(out, "round_details");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < mig->nr_rounds; i++)
        add_round(out, &rounds[mig->first_round + i]);
    strbuf_addch(out, ']');
}
