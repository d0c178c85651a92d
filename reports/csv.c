/*
 * csv.c - one line a migration, for spreadsheets and data frames (RFC 4180).
 *
 * Invariant: every line has as many cells as the heading, and no cell is taken for a formula.
 */
#include "reports/report.h"

#include "base/csv_text.h"
#include "base/json_text.h"

#include "base/banned.h"

static void next_text(struct strbuf *out, const char *text)
{
    strbuf_addch(out, ',');
    csv_add_text(out, text);
}

static void next_count(struct strbuf *out, uint64_t value)
{
    strbuf_addch(out, ',');
    if (value != UINT64_MAX)
        json_add_u64(out, value);
}

static void next_ms(struct strbuf *out, int64_t ns)
{
    strbuf_addch(out, ',');
    if (ns >= 0)
        json_add_ms(out, ns);
}

static void next_s(struct strbuf *out, int64_t ns)
{
    strbuf_addch(out, ',');
    if (ns >= 0)
        json_add_s(out, ns);
}

static void add_line(struct strbuf *out, const struct mig_result *mig)
{
    bool started = mig->started_ns >= 0;

    csv_add_text(out, mig->vm);
    next_text(out, mig->source);
    next_text(out, mig->target);
    next_text(out, mig->platform);
    next_count(out, mig->replication);
    next_s(out, mig->queued_ns);
    next_s(out, mig->started_ns);
    next_s(out, mig->ended_ns);
    next_count(out, mig->attempt);
    next_text(out, outcome_name(mig->outcome));
    next_text(out, mig->reason);
    next_ms(out, started ? mig->total_ns : -1);
    next_ms(out, started ? mig->downtime_ns : -1);
    next_ms(out, started ? mig->setup_ns : -1);
    next_count(out, mig->rounds);
    next_count(out, mig->transferred_bytes);
    next_count(out, mig->max_throttle_pct);
    next_text(out, mig->binding == BINDING_NONE ? NULL : binding_key(mig->binding));
    next_ms(out, started ? mig->blackout_ns : -1);
    next_ms(out, started ? mig->postcopy_ns : -1);
    next_ms(out, started ? mig->postcopy_stall_ns : -1);
    next_count(out, mig->precopy_bytes);
    next_count(out, mig->downtime_bytes);
    next_count(out, mig->postcopy_bytes);
    next_count(out, mig->normal_pages);
    next_count(out, mig->zero_pages);
    strbuf_addch(out, ',');
    if (mig->guest_slowdown_ratio >= 0) /* not NaN */
        json_add_double(out, mig->guest_slowdown_ratio);
    next_count(out, mig->convergence_bytes_per_s ? mig->convergence_bytes_per_s : UINT64_MAX);
    next_text(out, mig->kind);
    next_text(out, mig->vm_class);
    next_count(out, mig->job);
    next_ms(out, started ? mig->downtime_limit_ns : -1);
    next_ms(out, started ? mig->disk_ns : -1);
    next_count(out, mig->disk_bytes);
    next_ms(out, mig->network_outage_ns);
    strbuf_addstr(out, "\r\n");
}

enum status report_csv(const struct run_result *run, struct strbuf *out)
{
    struct mig_result room;

    strbuf_addstr(out,
                  "vm,source,target,platform,replication,queued_s,started_s,ended_s,attempt,"
                  "outcome,reason,total_time_ms,downtime_ms,setup_time_ms,rounds,"
                  "transferred_bytes,max_throttle_pct,binding,blackout_ms,postcopy_ms,"
                  "postcopy_stall_ms,precopy_bytes,downtime_bytes,postcopy_bytes,"
                  "normal_pages,zero_pages,guest_slowdown_ratio,"
                  "convergence_bytes_per_s,kind,vm_class,job,downtime_limit_ms,disk_ms,disk_bytes,"
                  "network_outage_ms\r\n");
    for (size_t i = 0; i < run->nr_migs && !strbuf_failed(out); i++)
        add_line(out, result_mig(run, i, &room));
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
