/*
 * libvirt.c - QMP on one end of a socket pair, libvirt on the other.
 *
 * Two threads: one takes commands from the socket pair and passes them through, one runs libvirt's
 * event loop, from which events arrive.  Both write whole messages, under one lock.
 *
 * Leaves to record.c what the messages mean.  Invariant: a reply carries the id of its command;
 * when the domain is gone the socket is closed, as a monitor's would be.
 */
#include "tracer/libvirt.h"

#include <assert.h>
#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#include "base/banned.h"

enum {
    COMMAND_MAX = 1 << 20,
    TICK_MS = 100, /* how often the event loop looks whether it should end */
    KEEPALIVE_S = 5,
    KEEPALIVE_COUNT = 5,
    CLOSE_WAIT_S = 2 /* for a command under way */
};

struct libvirt {
    virConnectPtr conn;
    virDomainPtr domain;
    int callback; /* -1 = none */
    int timer;    /* -1 = none */

    int fd;               /* the bridge's end; -1 = closed */
    pthread_mutex_t lock; /* writing to fd, and closing it */
    atomic_bool stop;
    pthread_t commands, events;
    bool commands_run, events_run;
};

bool libvirt_is_built_in(void)
{
    return true;
}

/* -------- to the recorder -------- */

static void shut(struct libvirt *lv)
{
    pthread_mutex_lock(&lv->lock);
    shutdown(lv->fd, SHUT_RDWR);
    pthread_mutex_unlock(&lv->lock);
}

static void write_message(struct libvirt *lv, const json_t *message)
{
    char *text = message ? json_dumps(message, JSON_COMPACT) : NULL, *at = text;
    size_t left = text ? strlen(text) : 0;

    pthread_mutex_lock(&lv->lock);
    while (left > 0) {
        ssize_t n = send(lv->fd, at, left, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        at += n;
        left -= (size_t)n;
    }
    pthread_mutex_unlock(&lv->lock);
    free(text);
}

static void on_event(virConnectPtr conn, virDomainPtr domain, const char *event, long long seconds,
                     unsigned int micros, const char *details, void *opaque)
{
    json_t *data = details ? json_loads(details, 0, NULL) : NULL;
    json_t *message =
        json_pack("{s:s, s:o, s:{s:I, s:i}}", "event", event, "data", data ? data : json_object(),
                  "timestamp", "seconds", (json_int_t)seconds, "microseconds", (int)micros);

    (void)conn;
    (void)domain;
    write_message(opaque, message);
    json_decref(message);
}

/* -------- commands -------- */

static void reply_error(struct libvirt *lv, json_t *id, const char *desc)
{
    json_t *message =
        json_pack("{s:{s:s, s:s}, s:O*}", "error", "class", "GenericError", "desc", desc, "id", id);

    write_message(lv, message);
    json_decref(message);
}

static bool is_gone(const struct libvirt *lv)
{
    return virDomainIsActive(lv->domain) != 1;
}

/* Passes @command, which has no id, through; NULL with @why filled if libvirt would not. */
static json_t *pass_through(const struct libvirt *lv, const json_t *command, char *why, size_t cap)
{
    char *text = json_dumps(command, JSON_COMPACT), *result = NULL;
    json_t *reply = NULL;

    if (text && virDomainQemuMonitorCommand(lv->domain, text, &result, 0) == 0)
        reply = json_loads(result, 0, NULL);
    if (!reply)
        snprintf(why, cap, "%s", virGetLastErrorMessage());
    free(text);
    free(result);
    return reply;
}

static void serve(struct libvirt *lv, json_t *command)
{
    const char *name = json_string_value(json_object_get(command, "execute"));
    json_t *id = json_incref(json_object_get(command, "id")), *reply;
    char why[256] = "";

    json_object_del(command, "id");
    if (name && strcmp(name, "qmp_capabilities") == 0)
        reply = json_pack("{s:{}}", "return");
    else
        reply = pass_through(lv, command, why, sizeof(why));
    if (reply) {
        json_object_set(reply, "id", id);
        write_message(lv, reply);
    } else if (is_gone(lv)) {
        shut(lv);
    } else {
        reply_error(lv, id, why);
    }
    json_decref(reply);
    json_decref(id);
}

/* One message a line: that is how qmp.c writes them. */
static void *run_commands(void *arg)
{
    struct libvirt *lv = arg;
    FILE *in = fdopen(dup(lv->fd), "re");
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while (in && (len = getline(&line, &cap, in)) > 0 && len < COMMAND_MAX) {
        json_t *command = json_loadb(line, (size_t)len, 0, NULL);

        if (command)
            serve(lv, command);
        json_decref(command);
    }
    shut(lv);
    free(line);
    if (in)
        fclose(in);
    return NULL;
}

/* -------- events -------- */

static void on_tick(int timer, void *opaque)
{
    (void)timer;
    (void)opaque;
}

static void *run_events(void *arg)
{
    struct libvirt *lv = arg;

    while (!atomic_load(&lv->stop))
        if (virEventRunDefaultImpl() < 0)
            break;
    return NULL;
}

/* libvirt keeps its errors; nothing is to be printed. */
static void keep_quiet(void *opaque, virErrorPtr error)
{
    (void)opaque;
    (void)error;
}

static void set_up_library(void)
{
    virSetErrorFunc(NULL, keep_quiet);
    virInitialize();
    virEventRegisterDefaultImpl();
}

/* -------- life -------- */

static enum status connect_to(struct libvirt *lv, const char *uri, struct diag *diag)
{
    lv->conn = virConnectOpen(uri);
    if (!lv->conn)
        return diag_at(diag, ST_ERETRY, uri ? uri : "libvirt", 0, "cannot connect: %s",
                       virGetLastErrorMessage());
    virConnectSetKeepAlive(lv->conn, KEEPALIVE_S, KEEPALIVE_COUNT);
    return ST_OK;
}

static enum status find_domain(struct libvirt *lv, const char *name, struct diag *diag)
{
    char *end = NULL;
    long id;

    lv->domain = virDomainLookupByName(lv->conn, name);
    if (!lv->domain)
        lv->domain = virDomainLookupByUUIDString(lv->conn, name);
    errno = 0;
    id = strtol(name, &end, 10);
    if (!lv->domain && errno == 0 && end != name && *end == '\0' && id >= 0 && id < 1 << 30)
        lv->domain = virDomainLookupByID(lv->conn, (int)id);
    if (!lv->domain)
        return diag_at(diag, ST_EINPUT, name, 0, "libvirt knows no such domain");
    if (is_gone(lv))
        return diag_at(diag, ST_EINPUT, name, 0, "the domain does not run");
    return ST_OK;
}

static enum status greet(struct libvirt *lv, const char *name, struct diag *diag)
{
    json_t *command = json_pack("{s:s}", "execute", "query-version");
    char why[256] = "no answer";
    json_t *reply = pass_through(lv, command, why, sizeof(why));
    json_t *greeting;

    json_decref(command);
    if (!json_object_get(reply, "return")) {
        json_decref(reply);
        return diag_at(diag, ST_EINPUT, name, 0, "libvirt does not pass commands through: %s", why);
    }
    greeting = json_pack("{s:{s:O, s:[]}}", "QMP", "version", json_object_get(reply, "return"),
                         "capabilities");
    write_message(lv, greeting);
    json_decref(greeting);
    json_decref(reply);
    return ST_OK;
}

static enum status start_threads(struct libvirt *lv, struct diag *diag)
{
    lv->callback =
        virConnectDomainQemuMonitorEventRegister(lv->conn, lv->domain, NULL, on_event, lv, NULL, 0);
    lv->timer = virEventAddTimeout(TICK_MS, on_tick, NULL, NULL);
    lv->events_run = pthread_create(&lv->events, NULL, run_events, lv) == 0;
    lv->commands_run = lv->events_run && pthread_create(&lv->commands, NULL, run_commands, lv) == 0;
    return lv->commands_run ? ST_OK : diag_set(diag, ST_ERETRY, "cannot start a thread");
}

enum status libvirt_open(struct libvirt **out, struct qmp **monitor, const char *uri,
                         const char *domain, int64_t timeout_ns, struct diag *diag)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct libvirt *lv = calloc(1, sizeof(*lv));
    int pair[2];
    enum status st;

    assert(out && monitor && domain);
    *out = NULL;
    *monitor = NULL;
    if (!lv)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        free(lv);
        return diag_errno(diag, ST_ERETRY, NULL, "cannot make a socket pair");
    }
    pthread_once(&once, set_up_library);
    pthread_mutex_init(&lv->lock, NULL);
    lv->fd = pair[0];
    lv->callback = lv->timer = -1;
    if ((st = connect_to(lv, uri, diag)) != ST_OK ||
        (st = find_domain(lv, domain, diag)) != ST_OK || (st = greet(lv, domain, diag)) != ST_OK ||
        (st = start_threads(lv, diag)) != ST_OK) {
        close(pair[1]);
        libvirt_close(lv);
        return st;
    }
    st = qmp_attach(monitor, pair[1], domain, timeout_ns, diag);
    if (st == ST_OK)
        *out = lv;
    else
        libvirt_close(lv);
    return st;
}

double libvirt_rss_mib(const struct libvirt *lv)
{
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int nr = virDomainMemoryStats(lv->domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);

    for (int i = 0; i < nr; i++)
        if (stats[i].tag == VIR_DOMAIN_MEMORY_STAT_RSS)
            return (double)stats[i].val / 1024;
    return -1;
}

static json_t *parameter_json(const virTypedParameter *p)
{
    switch (p->type) {
    case VIR_TYPED_PARAM_INT:
        return json_integer(p->value.i);
    case VIR_TYPED_PARAM_UINT:
        return json_integer(p->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return json_integer(p->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return json_integer((json_int_t)p->value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
        return json_real(p->value.d);
    case VIR_TYPED_PARAM_BOOLEAN:
        return json_boolean(p->value.b);
    case VIR_TYPED_PARAM_STRING:
        return json_string(p->value.s);
    default:
        return json_null();
    }
}

json_t *libvirt_job(const struct libvirt *lv, bool completed)
{
    unsigned flags =
        completed ? VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED : 0;
    virTypedParameterPtr parameters = NULL;
    int type = VIR_DOMAIN_JOB_NONE, nr = 0;
    json_t *job;

    if (virDomainGetJobStats(lv->domain, &type, &parameters, &nr, flags) < 0)
        return NULL;
    job = type == VIR_DOMAIN_JOB_NONE ? NULL : json_pack("{s:i}", "type", type);
    for (int i = 0; i < nr && job; i++)
        json_object_set_new(job, parameters[i].field, parameter_json(&parameters[i]));
    virTypedParamsFree(parameters, nr);
    return job;
}

void libvirt_close(struct libvirt *lv)
{
    struct timespec until;

    if (!lv)
        return;
    atomic_store(&lv->stop, true);
    shut(lv);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_WAIT_S;
    if (lv->commands_run && pthread_timedjoin_np(lv->commands, NULL, &until) != 0)
        return; /* it hangs in libvirt, with all of this in use: better leaked than waited for */
    if (lv->callback >= 0)
        virConnectDomainQemuMonitorEventDeregister(lv->conn, lv->callback);
    if (lv->events_run)
        pthread_join(lv->events, NULL);
    if (lv->timer >= 0)
        virEventRemoveTimeout(lv->timer);
    if (lv->domain)
        virDomainFree(lv->domain);
    if (lv->conn)
        virConnectClose(lv->conn);
    close(lv->fd);
    pthread_mutex_destroy(&lv->lock);
    free(lv);
}
