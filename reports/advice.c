/*
 * advice.c - the changes that would have let a migration end well, in words.
 *
 * Fixes found by simulation come first.  A run without them (a row that was not looked at, an
 * interrupted run) gets the kind of change that what held it up suggests.
 */
#include "reports/text_int.h"

#include <math.h>

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

static void add_rate_fix(struct strbuf *out, double value)
{
    char rate[UNITS_TEXT];

    if (value < 1e18)
        strbuf_addf(out, "max_bandwidth >= %s", units_rate(rate, (uint64_t)llround(value)));
    else
        strbuf_addstr(out, "no max_bandwidth");
}

static void add_time_fix(struct strbuf *out, const char *what, double ns, const char *sign)
{
    char text[UNITS_TEXT];

    strbuf_addf(out, "%s %s %s", what, sign, units_time(text, ns < 9e18 ? llround(ns) : INT64_MAX));
}

static void add_fix(struct strbuf *out, const struct fix_result *fix, const struct mig_result *mig)
{
    const char *sign = mig->outcome == OUTCOME_COMPLETED ? "<=" : ">=";
    char text[UNITS_TEXT];

    switch (fix->kind) {
    case FIX_ALONE:
        strbuf_addstr(out, "migrating it while no other migration runs");
        break;
    case FIX_MAX_BANDWIDTH:
        add_rate_fix(out, fix->value);
        break;
    case FIX_LINK_RATE:
        strbuf_addf(
            out, "a link of >= %s",
            units_bps(text, fix->value < 1e18 ? (uint64_t)llround(fix->value) : UINT64_MAX));
        break;
    case FIX_MULTIFD:
        strbuf_addf(out, "multifd with %.0f channels", fix->value);
        break;
    case FIX_DOWNTIME_LIMIT:
        add_time_fix(out, "downtime_limit", fix->value, sign);
        break;
    case FIX_TIMEOUT:
        add_time_fix(out, "completion_timeout", fix->value, ">=");
        break;
    case FIX_PROGRESS_TIMEOUT:
        add_time_fix(out, "progress_timeout", fix->value, ">=");
        break;
    case FIX_HORIZON:
        add_time_fix(out, "horizon", fix->value, ">=");
        break;
    case FIX_AUTO_CONVERGE:
        strbuf_addf(out, "auto_converge (throttles to %.0f %%)", fix->value);
        break;
    case FIX_POSTCOPY:
        strbuf_addf(out, "post-copy from round %.0f on", fix->value);
        break;
    case FIX_DIRTY_RATE:
        strbuf_addstr(out, "a guest that writes <= ");
        text_decimal(out, fix->value * 100.0);
        strbuf_addstr(out, " % as fast");
        break;
    case FIX_NR:
        break;
    }
}

bool advice_has_fixes(const struct run_result *run, size_t mig)
{
    for (size_t i = 0; i < run->nr_fixes; i++)
        if (run->fixes[i].mig == mig)
            return true;
    return false;
}

static void add_fixes(struct strbuf *out, const struct run_result *run, size_t mig)
{
    struct mig_result room;
    const char *before = "";

    for (size_t i = 0; i < run->nr_fixes; i++) {
        if (run->fixes[i].mig != mig)
            continue;
        strbuf_addstr(out, before);
        add_fix(out, &run->fixes[i], result_mig(run, mig, &room));
        before = ", or ";
    }
}

bool advice_add(struct strbuf *out, const struct run_result *run, size_t at)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(run, at, &room);

    if (advice_has_fixes(run, at)) {
        add_fixes(out, run, at);
        return true;
    }
    if (mig->outcome == OUTCOME_COMPLETED || mig->outcome == OUTCOME_REJECTED)
        return false;
    if (mig->outcome == OUTCOME_QUEUED && mig->binding != BINDING_DIRTY_RATE) {
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
