/*
 * advice.c - from what held a migration up to the one change that would have let it complete.
 *
 * Says only what the result holds: a figure where the engine found one, the kind of change
 * otherwise.
 */
#include "reports/text_int.h"

#include "base/units.h"

#include "base/banned.h"

/* QEMU takes the downtime limit in whole milliseconds. */
static int64_t whole_ms_up(int64_t ns)
{
    return (ns + NS_PER_MS - 1) / NS_PER_MS * NS_PER_MS;
}

/* What to change to get more bandwidth, by what holds it down. */
static const char *bandwidth_from(enum binding binding)
{
    switch (binding) {
    case BINDING_CAP:
        return "raise max_bandwidth";
    case BINDING_LINK:
        return "a faster link, or fewer migrations on it at a time";
    case BINDING_STREAM_CPU:
        return "spread it over multifd channels, or take off TLS or compression";
    case BINDING_SCAN:
        return "multifd with zero pages found by its threads";
    default:
        return NULL;
    }
}

static bool advise_bandwidth(struct strbuf *out, const struct mig_result *mig)
{
    const char *from = bandwidth_from(mig->binding);
    uint64_t needed = mig->convergence_bytes_per_s;
    bool known = needed > 0 && needed < UINT64_MAX;
    char rate[UNITS_TEXT];

    if (known)
        strbuf_addf(out, "about %s of bandwidth for this migration", units_rate(rate, needed));
    if (mig->binding == BINDING_DIRTY_RATE)
        strbuf_addf(out, "%sslow the guest with auto_converge, or allow post-copy",
                    known ? ", or " : "");
    else if (from)
        strbuf_addf(out, "%s%s", known ? ": " : "", from);
    return known || from || mig->binding == BINDING_DIRTY_RATE;
}

static bool advise_downtime(struct strbuf *out, const struct mig_result *mig)
{
    char limit[UNITS_TEXT];

    if (mig->expected_downtime_ns > 0 && mig->expected_downtime_ns < INT64_MAX - NS_PER_MS)
        strbuf_addf(out, "a downtime_limit of %s",
                    units_time(limit, whole_ms_up(mig->expected_downtime_ns)));
    else
        strbuf_addstr(out, "a longer downtime_limit");
    return true;
}

bool advice_add(struct strbuf *out, const struct mig_result *mig)
{
    if (mig->outcome == OUTCOME_COMPLETED || mig->outcome == OUTCOME_REJECTED)
        return false;
    if (mig->outcome == OUTCOME_QUEUED) {
        strbuf_addstr(out, "a longer horizon");
        return true;
    }
    switch (mig->binding) {
    case BINDING_NONE:
        return false;
    case BINDING_FAULT:
        strbuf_addstr(out, "no setting prevents it: repeat the migration when the fault is over");
        return true;
    case BINDING_DOWNTIME_LIMIT:
        return advise_downtime(out, mig);
    case BINDING_TIMEOUT:
        strbuf_addstr(out, "a longer completion_timeout");
        if (mig->convergence_bytes_per_s == 0 || mig->convergence_bytes_per_s == UINT64_MAX)
            return true;
        strbuf_addstr(out, ", or ");
        return advise_bandwidth(out, mig);
    default:
        return advise_bandwidth(out, mig);
    }
}
