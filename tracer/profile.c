/*
 * profile.c - measurements before the migration: dirty rate over several windows, memory.
 *
 * calc-dirty-rate works in one of three modes, and which one depends on accelerator, dirty ring and
 * version: dirty-bitmap is exact but never returns under tcg (7.2), dirty-ring needs the ring and
 * excludes the bitmap, page-sampling always works and is coarse.  The first that answers is kept.
 *
 * Leaves to tracer/fit.c what the figures mean.  Invariant: one measurement at a time.
 */
#include "tracer/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/record_int.h"

#include "base/banned.h"

/* QEMU is asked this long after the window should be over, then again and again.  A window is
 * started by a thread that sleeps in whole ms, so 0.1 s is late enough for nearly all. */
#define FIRST_ASK_NS (100 * NS_PER_MS)
#define ASK_AGAIN_NS (50 * NS_PER_MS)
#define GIVE_UP_NS (5 * NS_PER_S)

/*
 * A few seconds long and about as long as rounds are, for pages dirty in a round are what a
 * forecast needs; and short ones in between, for a guest that comes and goes shows itself only to
 * windows that begin at different moments.  What others would say: docs/trace.md.
 */
static const unsigned default_windows_ms[] = {1000, 2000, 1000, 4000, 1000, 8000};

const unsigned *profile_windows(size_t *nr)
{
    *nr = sizeof(default_windows_ms) / sizeof(default_windows_ms[0]);
    return default_windows_ms;
}

/* In the order they are tried; NULL = without the argument, as before QEMU 6.2. */
static const char *const modes_kvm[] = {"dirty-bitmap", "dirty-ring", "page-sampling", NULL};
static const char *const modes_other[] = {"page-sampling", NULL};

struct measuring {
    const char *const *mode; /* into one of the lists; the last is NULL */
    bool at_end;             /* no mode is left */
    const char *only[2];     /* the list, if the caller named a mode */
};

static json_t *window_arguments(unsigned window_ms, const char *mode)
{
    if (window_ms % 1000 == 0)
        return json_pack("{s:i, s:s*}", "calc-time", (int)(window_ms / 1000), "mode", mode);
    return json_pack("{s:i, s:s, s:s*}", "calc-time", (int)window_ms, "calc-time-unit",
                     "millisecond", "mode", mode);
}

/* calc-time-unit came with QEMU 8.2; windows go from 50 ms to 60 s. */
static bool window_works(const struct recorder *rec, unsigned window_ms)
{
    struct qmp_version v = qmp_version(rec->sides[0].qmp);

    if (window_ms % 1000 == 0)
        return window_ms >= 1000 && window_ms <= 60000;
    return window_ms >= 50 && window_ms <= 60000 && (v.major > 8 || (v.major == 8 && v.minor >= 2));
}

/* Waits for the result of a window that was accepted; *@measured = false: it never came. */
static enum status await_result(struct recorder *rec, unsigned window_ms, bool *measured,
                                struct diag *diag)
{
    int64_t ask_ns = qmp_now() + window_ms * NS_PER_MS + FIRST_ASK_NS, end_ns = ask_ns + GIVE_UP_NS;
    enum status st = ST_OK;

    *measured = false;
    while (!*measured && !rec->seen && ask_ns < end_ns) {
        json_t *reply = NULL;
        const char *status;

        while (st == ST_OK && !rec->seen && qmp_now() < ask_ns)
            st = record_pump(rec, ask_ns, diag);
        if (st != ST_OK || rec->seen)
            return st;
        st = record_ask(rec, TRACE_SOURCE, "query-dirty-rate", NULL, RECORD_LOG_MEASURED, &reply,
                        diag);
        if (st != ST_OK)
            return st;
        status = json_string_value(json_object_get(reply, "status"));
        *measured = status && strcmp(status, "measured") == 0;
        json_decref(reply);
        ask_ns = qmp_now() + ASK_AGAIN_NS;
    }
    return ST_OK;
}

/* Falls back to the next mode. */
static enum status next_mode(struct recorder *rec, struct measuring *m, unsigned window_ms,
                             const char *why, struct diag *diag)
{
    const char *mode = *m->mode;

    m->at_end = mode == NULL;
    if (mode)
        m->mode++;
    return record_note(
        rec, TRACE_SOURCE, "dirty-rate-not-measured",
        json_pack("{s:s?, s:i, s:s}", "mode", mode, "calc-time-ms", (int)window_ms, "why", why),
        diag);
}

/* One window, in the first mode that works. */
static enum status measure(struct recorder *rec, struct measuring *m, unsigned window_ms,
                           struct diag *diag)
{
    bool measured = false;
    enum status st = ST_OK;

    while (st == ST_OK && !measured && !m->at_end && !rec->seen) {
        json_t *arguments = window_arguments(window_ms, *m->mode);
        struct diag refusal = {0};

        st =
            record_ask(rec, TRACE_SOURCE, "calc-dirty-rate", arguments, RECORD_LOG, NULL, &refusal);
        json_decref(arguments);
        if (st == ST_EINPUT && rec->sides[0].qmp) {
            st = next_mode(rec, m, window_ms, refusal.what, diag);
            continue;
        }
        if (st != ST_OK) {
            if (diag)
                *diag = refusal;
            return st;
        }
        st = await_result(rec, window_ms, &measured, diag);
        if (st == ST_OK && !measured && !rec->seen)
            st = next_mode(rec, m, window_ms, "no result", diag);
    }
    return st;
}

enum status record_profile(struct recorder *rec, struct diag *diag)
{
    const struct record_options *o = &rec->o;
    size_t nr;
    const unsigned *windows = profile_windows(&nr);
    struct measuring m = {.only = {o->dirty_mode, NULL}};
    enum status st = ST_OK;

    if (o->windows_ms) {
        windows = o->windows_ms;
        nr = o->nr_windows;
    }
    m.mode = o->dirty_mode ? m.only : strcmp(rec->accel, "kvm") == 0 ? modes_kvm : modes_other;
    for (size_t i = 0; i < nr && st == ST_OK && !rec->seen && !m.at_end; i++) {
        if (window_works(rec, windows[i]))
            st = measure(rec, &m, windows[i], diag);
        else
            st = record_note(rec, TRACE_SOURCE, "dirty-rate-not-measured",
                             json_pack("{s:i, s:s}", "calc-time-ms", (int)windows[i], "why",
                                       "this QEMU measures over whole seconds, 1 to 60"),
                             diag);
    }
    return st;
}

/* -------- memory -------- */

static bool is_qemu(pid_t pid)
{
    char path[64], name[64] = "";
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return false;
    if (!fgets(name, sizeof(name), f))
        name[0] = '\0';
    fclose(f);
    return strstr(name, "qemu") != NULL;
}

double profile_rss_mib(pid_t pid, bool must_be_qemu)
{
    char path[64], text[256];
    long kib = -1;
    FILE *f;

    if (pid <= 0 || (must_be_qemu && !is_qemu(pid)))
        return -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return -1;
    while (kib < 0 && fgets(text, sizeof(text), f))
        if (sscanf(text, "VmRSS: %ld kB", &kib) != 1)
            kib = -1;
    fclose(f);
    return kib < 0 ? -1 : (double)kib / 1024;
}

long profile_guest_kib(pid_t pid, uint64_t bytes)
{
    char path[64], text[512];
    long kib = -1;
    bool inside = false;
    FILE *f;

    if (pid <= 0 || bytes == 0 || bytes > PROFILE_GUEST_MAX)
        return -1;
    snprintf(path, sizeof(path), "/proc/%d/smaps", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return -1;
    while (kib < 0 && fgets(text, sizeof(text), f)) {
        unsigned long from, to;

        if (sscanf(text, "%lx-%lx ", &from, &to) == 2)
            inside = to - from == bytes;
        else if (inside && sscanf(text, "Rss: %ld kB", &kib) != 1)
            kib = -1;
    }
    fclose(f);
    return kib;
}

enum status profile_layout(struct recorder *rec, struct diag *diag)
{
    static const char *const commands[] = {
        "query-memory-size-summary",
        "query-memdev",
        "query-memory-devices",
        "query-balloon",
        "query-kvm",
        "query-migrate-capabilities",
    };
    enum status st = ST_OK;

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && st == ST_OK; i++) {
        st = record_command(rec, TRACE_SOURCE, commands[i], NULL, NULL, diag);
        if (st == ST_EINPUT && rec->sides[0].qmp)
            st = ST_OK;
    }
    return st;
}
