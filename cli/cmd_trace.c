/*
 * cmd_trace.c - `migcast trace`: records a migration of a running VM.
 *
 * From the options to a recorder (tracer/record.h) and through its life.  What is shown meanwhile
 * is in live_line.c.  Whatever happens after the file was opened, it gets its footer.
 */
#include <stdlib.h>
#include <string.h>

#include "answers/accuracy/calibration.h"
#include "base/units.h"
#include "cli/live_line.h"
#include "cli/traces.h"
#include "tracer/libvirt.h"
#include "tracer/profile.h"

#include "base/banned.h"

enum {
    WINDOWS_MAX = 16,
    PATH_TEXT = 512
};
#define CONNECT_NS (5 * NS_PER_S)
#define POLL_MIN_MS 1
#define POLL_MAX_MS 10000

struct session {
    struct cli_opts *o;
    struct qmp *source, *destination;
    struct libvirt *lv;
    struct record_options ro;
    unsigned windows_ms[WINDOWS_MAX];
    char id[128], path[PATH_TEXT];
    const char *migrate; /* URI; NULL = somebody else starts it */
    const char *incoming;
    int64_t wait_ns;
    struct costs_file calibration;
    struct live_line *line;
    struct recorder *rec;
};

/* -------- options -------- */

static enum status bad_option(const char *name, const char *value, const char *want,
                              struct diag *diag)
{
    diag_hint(diag, "give %s", want);
    return diag_set(diag, ST_EUSAGE, "--%s: '%s' cannot be used", name, value);
}

static enum status time_option(const struct cli_opts *o, const char *name, int64_t least,
                               int64_t *ns, struct diag *diag)
{
    const char *text = cli_value(o, name);

    if (!text)
        return ST_OK;
    if (units_parse_time(text, ns, NULL) != ST_OK || *ns < least)
        return bad_option(name, text, "a time such as 20ms or 30s", diag);
    return ST_OK;
}

static enum status seconds_option(const struct cli_opts *o, const char *name, double *seconds,
                                  struct diag *diag)
{
    int64_t ns = 0;
    enum status st = time_option(o, name, NS_PER_MS, &ns, diag);

    *seconds = (double)ns / (double)NS_PER_S;
    return st;
}

/* "1s,2s,4s", or "none". */
static enum status windows_option(struct session *s, struct diag *diag)
{
    const char *text = cli_value(s->o, "windows"), *at = text;

    if (!text)
        return ST_OK;
    s->ro.windows_ms = s->windows_ms;
    while (strcmp(text, "none") != 0 && at) {
        const char *comma = strchr(at, ',');
        char one[32];
        int64_t ns;
        size_t len = comma ? (size_t)(comma - at) : strlen(at);

        snprintf(one, sizeof(one), "%.*s", len < sizeof(one) ? (int)len : 0, at);
        if (s->ro.nr_windows == WINDOWS_MAX || units_parse_time(one, &ns, NULL) != ST_OK ||
            ns < 50 * NS_PER_MS || ns > 60 * NS_PER_S)
            return bad_option("windows", text,
                              "up to 16 times from 50ms to 60s, such as 1s,2s,4s; or none", diag);
        s->windows_ms[s->ro.nr_windows++] = (unsigned)(ns / NS_PER_MS);
        at = comma ? comma + 1 : NULL;
    }
    return ST_OK;
}

static json_t *parameter_value(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);

    if (*text && *end == '\0')
        return json_integer(number);
    if (strcmp(text, "true") == 0 || strcmp(text, "on") == 0)
        return json_true();
    if (strcmp(text, "false") == 0 || strcmp(text, "off") == 0)
        return json_false();
    return json_string(text);
}

static enum status parameter_options(struct session *s, struct diag *diag)
{
    const char *text;

    for (size_t i = 0; (text = cli_value_at(s->o, "parameter", i)); i++) {
        const char *equals = strchr(text, '=');
        char name[64];

        if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name))
            return bad_option("parameter", text, "NAME=VALUE, in QEMU's own words and units", diag);
        snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
        json_object_set_new(s->ro.parameters, name, parameter_value(equals + 1));
    }
    return ST_OK;
}

static enum status tuning_options(struct session *s, struct diag *diag)
{
    const char *text;
    int64_t limit_ns = -1;
    uint64_t rate;
    enum status st;

    s->ro.parameters = json_object();
    s->ro.capabilities = json_array();
    if ((text = cli_value(s->o, "max-bandwidth"))) {
        if (units_parse_rate(text, &rate, NULL) != ST_OK)
            return bad_option("max-bandwidth", text, "a rate such as 64MiB/s, or unlimited", diag);
        rate = rate == UNITS_UNLIMITED ? 0 : rate;
        json_object_set_new(s->ro.parameters, "max-bandwidth", json_integer((json_int_t)rate));
    }
    st = time_option(s->o, "downtime-limit", 0, &limit_ns, diag);
    if (st == ST_OK && limit_ns >= 0)
        json_object_set_new(s->ro.parameters, "downtime-limit", json_integer(limit_ns / NS_PER_MS));
    if (st == ST_OK)
        st = parameter_options(s, diag);
    for (size_t i = 0; (text = cli_value_at(s->o, "capability", i)); i++)
        json_array_append_new(s->ro.capabilities, json_string(text));
    return st;
}

/* Options that only mean something if the migration is started here. */
static enum status refuse_acting_options(const struct cli_opts *o, struct diag *diag)
{
    static const char *const acting[] = {"incoming",      "capability", "parameter",
                                         "max-bandwidth", "timeout",    "downtime-limit",
                                         "postcopy-after"};

    for (size_t i = 0; i < sizeof(acting) / sizeof(acting[0]); i++) {
        if (!cli_value(o, acting[i]))
            continue;
        diag_hint(diag, "without --migrate nothing is changed, only watched");
        return diag_set(diag, ST_EUSAGE, "--%s needs --migrate", acting[i]);
    }
    return ST_OK;
}

static enum status check_sides(const struct session *s, struct diag *diag)
{
    const struct cli_opts *o = s->o;
    bool libvirt = cli_value(o, "libvirt") || cli_value(o, "domain");

    if (libvirt && !cli_value(o, "domain")) {
        diag_hint(diag, "add --domain NAME");
        return diag_set(diag, ST_EUSAGE, "--libvirt needs a domain");
    }
    if (libvirt == (o->nr_args > 0)) {
        diag_hint(diag, "give the source's QMP socket, or --libvirt URI --domain NAME");
        return diag_set(diag, ST_EUSAGE,
                        libvirt ? "both a socket and a domain are given" : "no VM is given");
    }
    if (libvirt && s->migrate) {
        diag_hint(diag, "let libvirt start it (virsh migrate) while this watches");
        return diag_set(diag, ST_EUSAGE, "--migrate does not go with --domain");
    }
    if (cli_value(o, "incoming") && !cli_value(o, "destination")) {
        diag_hint(diag, "add --destination SOCKET");
        return diag_set(diag, ST_EUSAGE, "--incoming needs the destination's socket");
    }
    return s->migrate ? ST_OK : refuse_acting_options(o, diag);
}

static enum status name_file(struct session *s, struct diag *diag)
{
    const char *id = cli_value(s->o, "id"), *domain = cli_value(s->o, "domain");

    snprintf(s->id, sizeof(s->id), "%s", id ? id : domain ? domain : "capture");
    s->ro.id = s->id;
    if (s->o->output)
        snprintf(s->path, sizeof(s->path), "%s", s->o->output);
    else if (strchr(s->id, '/'))
        return bad_option("id", s->id, "a name without '/', or -o FILE as well", diag);
    else
        snprintf(s->path, sizeof(s->path), "%s.jsonl.zst", s->id);
    s->o->output = NULL; /* standard output is for what is shown, the file for the trace */
    return ST_OK;
}

static enum status read_options(struct session *s, struct diag *diag)
{
    struct cli_opts *o = s->o;
    int64_t poll_ns = RECORD_DEFAULT_POLL_MS * NS_PER_MS;
    const char *mode = cli_value(o, "mode");
    enum status st;

    s->migrate = cli_value(o, "migrate");
    s->incoming = cli_value(o, "incoming");
    s->ro.passive = !s->migrate;
    s->ro.dirty_mode = mode && strcmp(mode, "auto") != 0 ? mode : NULL;
    s->ro.stop = &cli_interrupted;
    if ((st = check_sides(s, diag)) != ST_OK || (st = name_file(s, diag)) != ST_OK ||
        (st = windows_option(s, diag)) != ST_OK || (st = tuning_options(s, diag)) != ST_OK ||
        (st = time_option(o, "wait", NS_PER_MS, &s->wait_ns, diag)) != ST_OK ||
        (st = time_option(o, "poll", POLL_MIN_MS * NS_PER_MS, &poll_ns, diag)) != ST_OK ||
        (st = seconds_option(o, "timeout", &s->ro.timeout_s, diag)) != ST_OK ||
        (st = seconds_option(o, "postcopy-after", &s->ro.postcopy_after_s, diag)) != ST_OK)
        return st;
    if (poll_ns > POLL_MAX_MS * NS_PER_MS)
        return bad_option("poll", cli_value(o, "poll"), "1ms to 10s", diag);
    s->ro.poll_ms = (unsigned)(poll_ns / NS_PER_MS);
    return ST_OK;
}

/* -------- the recording -------- */

static enum status connect_all(struct session *s, struct diag *diag)
{
    const char *destination = cli_value(s->o, "destination");
    enum status st;

    if (s->o->nr_args > 0) {
        st = qmp_open(&s->source, s->o->args[0], CONNECT_NS, diag);
    } else {
        st = libvirt_open(&s->lv, &s->source, cli_value(s->o, "libvirt"), cli_value(s->o, "domain"),
                          CONNECT_NS, diag);
        if (st == ST_OK)
            s->ro.rss_mib = libvirt_rss_mib(s->lv);
    }
    if (st == ST_OK && destination)
        st = qmp_open(&s->destination, destination, CONNECT_NS, diag);
    s->ro.source = s->source;
    s->ro.destination = s->destination;
    return st;
}

/* What a planner could know beforehand, and the forecast from it. */
static enum status before(struct session *s, struct diag *diag)
{
    const char *incoming = s->incoming                    ? s->incoming
                           : s->destination && s->migrate ? s->migrate
                                                          : NULL;
    enum status st = ST_OK;

    if (!record_is_running(s->rec)) {
        live_line_say(s->line, "measuring", "measuring the guest");
        st = profile_layout(s->rec, diag);
        if (st == ST_OK)
            st = record_profile(s->rec, diag);
        if (st == ST_OK && !record_is_running(s->rec))
            st = record_note_rss(s->rec, diag);
        if (st == ST_OK && !record_is_running(s->rec))
            st = record_note_pulse(s->rec, diag);
    }
    if (incoming && strcmp(incoming, "no") == 0)
        incoming = NULL;
    if (st == ST_OK && s->migrate)
        st = record_prepare(s->rec, incoming, diag);
    if (st == ST_OK && !record_is_running(s->rec))
        st = live_line_forecast(s->line, diag);
    return st;
}

static enum status during(struct session *s, struct diag *diag)
{
    enum status st;

    if (s->migrate) {
        st = record_start(s->rec, s->migrate, diag);
    } else {
        if (!record_is_running(s->rec))
            live_line_say(s->line, "waiting", "waiting for somebody to start the migration");
        st = record_watch(s->rec, s->wait_ns, diag);
    }
    return st == ST_OK ? record_follow(s->rec, diag) : st;
}

/* libvirt's own count, which includes what QEMU does not see: storage, and the start over there. */
static void note_job(struct session *s)
{
    json_t *job = s->lv ? libvirt_job(s->lv, true) : NULL;

    if (job)
        record_note(s->rec, TRACE_SOURCE, "libvirt-job-completed", job, NULL);
}

static enum status record(struct session *s, struct diag *diag)
{
    struct record_result result;
    struct diag later = {0};
    enum status st, st_end;

    s->ro.observe = live_line_observe;
    s->ro.tick = live_line_tick;
    s->ro.observe_ctx = s->line;
    st = record_open(&s->rec, &s->ro, s->path, diag);
    if (st != ST_OK)
        return st;
    st = before(s, diag);
    if (st == ST_OK)
        st = during(s, diag);
    if (st == ST_OK)
        note_job(s);
    st_end = record_finish(s->rec, NULL, NULL, &result, st == ST_OK ? diag : &later);
    s->rec = NULL;
    if (st == ST_OK)
        st = st_end;
    if (st != ST_OK && st != ST_EINTR)
        return st;
    st_end = live_line_end(s->line, &result, st == ST_OK ? diag : &later);
    return st == ST_OK ? st_end : st;
}

static void session_release(struct session *s)
{
    live_line_free(s->line);
    qmp_close(s->source);
    qmp_close(s->destination);
    libvirt_close(s->lv);
    json_decref(s->ro.parameters);
    json_decref(s->ro.capabilities);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct session s = {.o = o};
    bool forecast = cli_flag(o, "forecast");
    enum status st;

    if (cli_value(o, "from"))
        return cli_trace_from(o, diag);
    if (o->nr_args > 1)
        return diag_set(diag, ST_EUSAGE, "one socket at a time: '%s' is one too many", o->args[1]);
    st = read_options(&s, diag);
    if (st == ST_OK && forecast)
        st = cli_calibration(o, &s.calibration, diag);
    if (st == ST_OK)
        st = connect_all(&s, diag);
    if (st == ST_OK)
        st = live_line_new(&s.line, o, s.path, forecast ? &s.calibration : NULL, diag);
    if (st == ST_OK)
        st = record(&s, diag);
    session_release(&s);
    return st;
}

static const struct cli_option options[] = {
    {"destination", 'd', "SOCKET", "QMP socket of the destination, recorded as well", false},
    {"migrate", 'm', "URI", "start the migration to this address, instead of waiting for it",
     false},
    {"incoming", 0, "URI",
     "where the destination is told to listen (default: where --migrate goes; no: it does already)",
     false},
    {"capability", 0, "NAME", "switch a capability on, both sides; repeatable", false},
    {"parameter", 0, "NAME=VALUE", "set a migration parameter in QEMU's units; repeatable", false},
    {"max-bandwidth", 0, "RATE", "the same as --parameter max-bandwidth, with a unit", false},
    {"downtime-limit", 0, "TIME", "the same as --parameter downtime-limit, with a unit", false},
    {"timeout", 0, "TIME", "cancel the migration after this time", false},
    {"postcopy-after", 0, "TIME", "switch to post-copy after this time", false},
    {"windows", 0, "LIST",
     "windows of the dirty-rate profile (default: 1s,2s,1s,4s,1s,8s), or none", false},
    {"mode", 0, "auto|page-sampling|dirty-bitmap|dirty-ring", "how dirty rates are measured",
     false},
    {"poll", 0, "TIME", "time between two questions for statistics (default: 20ms)", false},
    {"wait", 0, "TIME", "give up if nobody starts a migration for so long (default: never)", false},
    {"id", 0, "NAME", "name of the capture (default: the domain, or capture)", false},
    {"libvirt", 0, "URI", "connection on which the domain is looked up (default: libvirt's)",
     false},
    {"domain", 0, "NAME", "a domain of libvirt instead of a socket: name, UUID or id", false},
    {"forecast", 0, NULL, "say when it will end and whether what is seen is normal", false},
    {"calibration", 0, "FILE",
     "host constants from `migcast calibrate`, instead of the built-in ones", false},
    {"from", 0, "guestperf|domjobinfo|proxmox|kubevirt|prometheus",
     "make a trace from files of another tool, instead of recording", false},
    {"memory", 0, "SIZE", "of the guest, where the files do not tell it", false},
    {"vcpus", 0, "N", "the same", false},
    {0},
};

const struct cmd cmd_trace = {
    .name = "trace",
    .args = "[SOCKET | --from FORMAT FILE...]",
    .help = "record a migration of a running VM",
    .about =
        "Connects to the QMP socket of a running QEMU (the migration's source) and records what "
        "predict, replay,\n"
        "score and calibrate read: before the migration the guest's dirty rate over several "
        "windows, its resident\n"
        "memory, capabilities and parameters; then statistics and events up to the end.  Waits "
        "for somebody else to\n"
        "start the migration and changes nothing, unless --migrate tells it to.  Measuring in "
        "mode dirty-bitmap costs\n"
        "the guest some write faults; --windows none leaves it alone.  Where QEMU's memory may be "
        "read, a sample of\n"
        "the guest's pages is looked at from outside: zero or not and, if it may be throttled, "
        "when "
        "they change.\n\n"
        "The trace goes to -o FILE (default: ID.jsonl.zst), a line at a time, and reads well up "
        "to its last complete\n"
        "line whatever ends the recording.  With --forecast the exit code is 99 if the "
        "migration did not go as any\n"
        "sample of the forecast did.  A monitor serves one client at a time: give the VM a "
        "second -qmp socket.\n\n"
        "--from makes a trace of what another tool wrote down: a report of QEMU's guestperf, "
        "outputs of virsh\n"
        "domjobinfo, a task log of Proxmox, KubeVirt objects as JSON, answers of Prometheus' "
        "query_range.  What they\n"
        "do not tell is named in the trace's header; --domain chooses a VM where there are "
        "several.\n\n"
        "  migcast trace /run/vm.qmp -o vm.jsonl.zst --forecast\n"
        "  migcast trace src.qmp --migrate tcp:host2:4444 --downtime-limit 200ms\n"
        "  migcast trace --libvirt qemu:///system --domain db-07\n"
        "  migcast trace --from proxmox task.log -o vm-105.jsonl",
    .shared = CLI_JSON | CLI_OUTPUT | CLI_SEED,
    .options = options,
    .min_args = 0,
    .max_args = CLI_ANY,
    .run = run,
};
