/*
 * capture.c - machines up, one recording thread a member, machines down.
 *
 * Machines are started by the calling thread, which outlives them (process.h); threads only talk to
 * monitors.  Invariant: on return no child, socket, namespace or half-written file is left.
 */
#include "lab/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "lab/host.h"
#include "lab/network.h"
#include "lab/process.h"
#include "tracer/record.h"

#include "base/banned.h"

#define READY_TIMEOUT_NS (180 * NS_PER_S) /* Linux under emulation loads its data first */
#define MONITOR_TIMEOUT_NS (10 * NS_PER_S)
#define LOOK_NS (20 * NS_PER_MS)
#define LAST_WORDS_NS (3 * NS_PER_S) /* for the guest's first line at the destination */
#define START_DELAY_NS (200 * NS_PER_MS)
#define PORT_FIRST 47000

enum side {
    SOURCE,
    DESTINATION,
    SIDES
};
static const char *const side_words[SIDES] = {"s", "d"};

struct member {
    struct capture *capture;
    const struct lab_case *c;
    size_t nr;
    pid_t pids[SIDES];
    struct qmp *monitors[SIDES];
    struct strbuf logs[SIDES]; /* paths of the serial logs */
    struct strbuf final_path, part_path;
    char id[LAB_NAME_MAX + 16], group[LAB_NAME_MAX + 16], uri[64];
    json_t *workload, *capabilities, *parameters;
    unsigned windows_ms[LAB_WINDOWS_MAX];
    struct record_options options;
    struct recorder *rec;

    pthread_t thread;
    enum status st;
    struct diag diag;
};

struct capture {
    const struct lab_env *env;
    const struct lab_group *group;
    uint32_t repeat;
    struct lab_network net;
    struct member members[LAB_MEMBERS_MAX];
    int64_t epoch_ns;

    pthread_mutex_t lock; /* of what follows */
    size_t nr_ready;      /* measured and prepared */
    int64_t start_ns;     /* the first start; 0 = not all are ready */
    bool failed;          /* somebody never will be */
};

void lab_capture_path(struct strbuf *path, const char *output, const struct lab_case *c,
                      uint32_t repeat)
{
    strbuf_addf(path, "%s/%s-r%" PRIu32 ".jsonl.zst", output, c->name, repeat);
}

static bool told_to_stop(const struct capture *k)
{
    return k->env->stop && atomic_load(k->env->stop);
}

static void nap(int64_t ns)
{
    const struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};

    nanosleep(&t, NULL);
}

/* -------- guests' logs -------- */

enum {
    LOG_TAIL = 4096
};

/* The end of a serial log up to its last whole line; the length. */
static size_t read_tail(const char *path, char text[LOG_TAIL])
{
    FILE *f = fopen(path, "rb");
    size_t len;

    text[0] = '\0';
    if (!f)
        return 0;
    if (fseek(f, -(long)(LOG_TAIL - 1), SEEK_END) != 0)
        rewind(f);
    len = fread(text, 1, LOG_TAIL - 1, f);
    fclose(f);
    while (len && text[len - 1] != '\n')
        len--;
    text[len] = '\0';
    return len;
}

/* The last whole line, without its end; "" = none yet. */
static void last_line(const char *path, char *line, size_t cap)
{
    char text[LOG_TAIL];
    size_t from, to = read_tail(path, text);

    while (to && (text[to - 1] == '\n' || text[to - 1] == '\r'))
        to--;
    for (from = to; from && text[from - 1] != '\n'; from--)
        ;
    snprintf(line, cap, "%.*s", (int)(to - from), text + from);
}

/* Bare: any line; the kernel may say something before and after Linux's. */
static bool is_ready(const struct member *m)
{
    char text[LOG_TAIL];
    size_t len = read_tail(strbuf_text(&m->logs[SOURCE]), text);

    return m->c->guest == LAB_GUEST_BARE ? len > 0 : strstr(text, "READY") != NULL;
}

/* -------- machines -------- */

static enum status start_machine(struct member *m, enum side side, struct diag *diag)
{
    const struct capture *k = m->capture;
    char output[32];
    struct lab_argv a;
    struct lab_spawn how = {.dir = k->env->folder, .output = output};
    enum status st;

    snprintf(output, sizeof(output), "%s%zu.err", side_words[side], m->nr);
    if (k->group->link)
        how.netns = side == SOURCE ? k->net.source : k->net.destination;
    st = lab_argv_init(&a, m->c, k->env->host, side_words[side], m->nr, diag);
    how.argv = a.argv;
    if (st == ST_OK)
        st = lab_process_start(&m->pids[side], &how, diag);
    lab_argv_release(&a);
    return st;
}

/* What QEMU said before it died. */
static enum status machine_died(const struct member *m, enum side side, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    char line[256];

    strbuf_addf(&path, "%s/%s%zu.err", m->capture->env->folder, side_words[side], m->nr);
    last_line(strbuf_text(&path), line, sizeof(line));
    strbuf_release(&path);
    return diag_set(diag, ST_ERETRY, "%s: the %s machine ended: %s", m->id,
                    side == SOURCE ? "source's" : "destination's",
                    line[0] ? line : "no reason given");
}

/* QEMU's socket is there a moment before anybody listens at it. */
static enum status open_monitor(struct member *m, enum side side, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    int64_t until = qmp_now() + MONITOR_TIMEOUT_NS;
    enum status st = ST_ERETRY;

    strbuf_addf(&path, "%s/%s%zu.qmp", m->capture->env->folder, side_words[side], m->nr);
    while (st == ST_ERETRY && qmp_now() < until && lab_process_alive(m->pids[side])) {
        if (access(strbuf_text(&path), F_OK) == 0)
            st = qmp_open(&m->monitors[side], strbuf_text(&path), MONITOR_TIMEOUT_NS, diag);
        if (st == ST_ERETRY)
            nap(LOOK_NS);
    }
    if (st == ST_ERETRY && !lab_process_alive(m->pids[side]))
        st = machine_died(m, side, diag);
    else if (st == ST_ERETRY)
        st = diag_at(diag, ST_ERETRY, strbuf_text(&path), 0, "no monitor answers");
    strbuf_release(&path);
    return st;
}

static enum status await_guest(const struct member *m, int64_t until, struct diag *diag)
{
    while (!is_ready(m)) {
        if (told_to_stop(m->capture))
            return diag_set(diag, ST_EINTR, "interrupted");
        for (enum side side = SOURCE; side < SIDES; side++)
            if (!lab_process_alive(m->pids[side]))
                return machine_died(m, side, diag);
        if (qmp_now() > until)
            return diag_set(diag, ST_ERETRY, "%s: the guest did not come up", m->id);
        nap(LOOK_NS);
    }
    return ST_OK;
}

static enum status settle(const struct capture *k, struct diag *diag)
{
    int64_t until = qmp_now();

    for (size_t i = 0; i < k->group->nr; i++)
        if (qmp_now() + k->group->cases[i]->settle_ns > until)
            until = qmp_now() + k->group->cases[i]->settle_ns;
    while (qmp_now() < until && !told_to_stop(k))
        nap(LOOK_NS);
    return told_to_stop(k) ? diag_set(diag, ST_EINTR, "interrupted") : ST_OK;
}

static enum status bring_up(struct capture *k, struct diag *diag)
{
    enum status st = ST_OK;
    int64_t until;

    if (k->group->link)
        st = lab_network_init(&k->net, k->group->link, diag);
    for (size_t i = 0; st == ST_OK && i < k->group->nr; i++)
        st = lab_files_write(k->group->cases[i], k->env->folder, diag);
    k->epoch_ns = qmp_now();
    for (size_t i = 0; st == ST_OK && i < k->group->nr; i++)
        for (enum side side = SOURCE; st == ST_OK && side < SIDES; side++)
            st = start_machine(&k->members[i], side, diag);
    for (size_t i = 0; st == ST_OK && i < k->group->nr; i++)
        for (enum side side = SOURCE; st == ST_OK && side < SIDES; side++)
            st = open_monitor(&k->members[i], side, diag);
    until = qmp_now() + READY_TIMEOUT_NS;
    for (size_t i = 0; st == ST_OK && i < k->group->nr; i++)
        st = await_guest(&k->members[i], until, diag);
    return st == ST_OK ? settle(k, diag) : st;
}

/* -------- one member's recording -------- */

static enum status note_whole(struct member *m, const char *name, double value)
{
    return record_note(m->rec, TRACE_SOURCE, name, json_integer((json_int_t)lround(value)),
                       &m->diag);
}

/* All members start together, or none: waits for the others, and then for this one's offset. */
static enum status await_start(struct member *m)
{
    struct capture *k = m->capture;
    int64_t start_ns = 0;
    bool failed = false;
    enum status st = ST_OK;

    if (k->group->nr == 1)
        return ST_OK;
    pthread_mutex_lock(&k->lock);
    if (++k->nr_ready == k->group->nr)
        k->start_ns = qmp_now() + START_DELAY_NS;
    pthread_mutex_unlock(&k->lock);
    while (st == ST_OK && !failed && !start_ns) {
        st = record_idle(m->rec, qmp_now() + LOOK_NS, &m->diag);
        pthread_mutex_lock(&k->lock);
        start_ns = k->start_ns;
        failed = k->failed;
        pthread_mutex_unlock(&k->lock);
    }
    if (failed)
        return diag_set(&m->diag, ST_ERETRY, "%s: another member failed", m->id);
    return st == ST_OK ? record_idle(m->rec, start_ns + m->c->start_ns, &m->diag) : st;
}

/* Processor time of all our machines so far. */
static double own_cpu(const struct capture *k)
{
    double s = 0.0;

    for (size_t i = 0; i < k->group->nr; i++)
        for (enum side side = SOURCE; side < SIDES; side++)
            s += lab_cpu_of(k->members[i].pids[side]);
    return s;
}

static enum status migrate(struct member *m)
{
    struct lab_cpu from, to;
    double own;
    enum status st = lab_cpu_now(&from, &m->diag);

    own = own_cpu(m->capture);
    if (st == ST_OK)
        st = record_start(m->rec, m->uri, &m->diag);
    if (st == ST_OK)
        st = record_follow(m->rec, &m->diag);
    if (st == ST_OK)
        st = lab_cpu_now(&to, &m->diag);
    if (st != ST_OK)
        return st;
    own = (own_cpu(m->capture) - own) / ((double)(to.at_ns - from.at_ns) / (double)NS_PER_S);
    /* in percent of one processor: what all others did meanwhile, the recorder included */
    st = note_whole(m, "host-others-cpu-pct", 100.0 * fmax(0.0, lab_cpus_busy(&from, &to) - own));
    return st == ST_OK ? note_whole(m, "host-stolen-ms", 1000.0 * (to.stolen_s - from.stolen_s))
                       : st;
}

/* The guest's first line at the destination shows that it runs there. */
static enum status last_words(struct member *m, char source[128], char destination[128])
{
    int64_t until = qmp_now() + LAST_WORDS_NS;
    bool completed = strcmp(record_status(m->rec), "completed") == 0;
    enum status st = ST_OK;

    destination[0] = '\0';
    while (st == ST_OK && completed && !destination[0] && m->c->guest == LAB_GUEST_BARE &&
           qmp_now() < until) {
        st = record_idle(m->rec, qmp_now() + NS_PER_S / 2, &m->diag);
        last_line(strbuf_text(&m->logs[DESTINATION]), destination, 128);
    }
    last_line(strbuf_text(&m->logs[SOURCE]), source, 128);
    if (st == ST_OK && completed)
        st = record_command(m->rec, TRACE_DESTINATION, "query-migrate", NULL, NULL, &m->diag);
    return st;
}

static enum status record_member(struct member *m)
{
    char source[128] = "", destination[128] = "";
    struct diag ignored;
    enum status st, finished;

    st = record_open(&m->rec, &m->options, strbuf_text(&m->part_path), &m->diag);
    if (st != ST_OK)
        return st;
    st = note_whole(m, "host-busy-cpu-pct", 100.0 * m->capture->env->busy_before);
    if (st == ST_OK)
        st = note_whole(m, "host-load-pct", 100.0 * lab_load());
    if (st == ST_OK)
        st = record_profile(m->rec, &m->diag);
    if (st == ST_OK) /* again: guests grow while they are measured, and the last note counts */
        st = record_note_rss(m->rec, &m->diag);
    if (st == ST_OK)
        st = record_note_pulse(m->rec, &m->diag);
    if (st == ST_OK)
        st = record_prepare(m->rec, m->uri, &m->diag);
    if (st == ST_OK)
        st = await_start(m);
    if (st == ST_OK)
        st = migrate(m);
    if (st == ST_OK)
        st = last_words(m, source, destination);
    finished = record_finish(m->rec, source, destination, NULL, st == ST_OK ? &m->diag : &ignored);
    m->rec = NULL;
    return st == ST_OK ? finished : st;
}

static void *member_thread(void *arg)
{
    struct member *m = arg;

    m->st = record_member(m);
    if (m->st != ST_OK) {
        pthread_mutex_lock(&m->capture->lock);
        m->capture->failed = true;
        pthread_mutex_unlock(&m->capture->lock);
    }
    return NULL;
}

static enum status record_all(struct capture *k, struct diag *diag)
{
    enum status st = ST_OK;
    size_t nr = 0;

    for (; st == ST_OK && nr < k->group->nr; nr++)
        if (pthread_create(&k->members[nr].thread, NULL, member_thread, &k->members[nr]) != 0) {
            st = diag_set(diag, ST_ERETRY, "cannot start a thread");
            pthread_mutex_lock(&k->lock);
            k->failed = true;
            pthread_mutex_unlock(&k->lock);
            break;
        }
    for (size_t i = 0; i < nr; i++)
        pthread_join(k->members[i].thread, NULL);
    for (size_t i = 0; st == ST_OK && i < nr; i++) {
        st = k->members[i].st;
        if (st != ST_OK && diag)
            *diag = k->members[i].diag;
    }
    return st;
}

/* -------- the whole -------- */

static void set_options(struct member *m)
{
    const struct capture *k = m->capture;
    const struct lab_link *link = k->group->link;
    const struct lab_case *c = m->c;
    bool kvm = lab_accel_of(c, k->env->host) == LAB_ACCEL_KVM;

    m->options = (struct record_options){
        .id = m->id,
        .accel = lab_accel_name(lab_accel_of(c, k->env->host)),
        .mem_mib = c->memory_bytes / MIB,
        .vcpus = 1,
        .workload = m->workload,
        .capabilities = m->capabilities,
        .parameters = m->parameters,
        .timeout_s = (double)c->timeout_ns / (double)NS_PER_S,
        .postcopy_after_s = (double)c->postcopy_after_ns / (double)NS_PER_S,
        .source = m->monitors[SOURCE],
        .destination = m->monitors[DESTINATION],
        /* never returns under tcg in QEMU 7.2 */
        .dirty_mode = kvm ? "dirty-bitmap" : "page-sampling",
        .windows_ms = m->windows_ms,
        .nr_windows = lab_windows(c, m->windows_ms),
        .rss_pid = m->pids[SOURCE],
        .epoch_ns = k->epoch_ns,
        .stop = k->env->stop,
    };
    if (link)
        m->options.link =
            (struct record_link){"tbf", link->rate_bps, m->group, (uint32_t)k->group->nr,
                                 (double)c->start_ns / (double)NS_PER_S};
}

static bool member_init(struct member *m, struct capture *k, size_t nr)
{
    const struct lab_case *c = k->group->cases[nr];

    m->capture = k;
    m->c = c;
    m->nr = nr;
    snprintf(m->id, sizeof(m->id), "%s-r%" PRIu32, c->name, k->repeat);
    snprintf(m->group, sizeof(m->group), "%s-r%" PRIu32, k->group->name, k->repeat);
    if (k->group->link)
        snprintf(m->uri, sizeof(m->uri), "tcp:%s:%zu", LAB_NETWORK_DESTINATION, PORT_FIRST + nr);
    else
        snprintf(m->uri, sizeof(m->uri), "unix:mig.sock");
    for (enum side side = SOURCE; side < SIDES; side++)
        strbuf_addf(&m->logs[side], "%s/%s%zu.log", k->env->folder, side_words[side], nr);
    lab_capture_path(&m->final_path, k->env->output, c, k->repeat);
    strbuf_addf(&m->part_path, "%s/.%s.part.jsonl.zst", k->env->output, m->id);
    m->workload = lab_workload(c, k->env->host);
    m->capabilities = lab_capabilities(c);
    m->parameters = lab_parameters(c);
    return m->workload && m->capabilities && m->parameters && !strbuf_failed(&m->final_path) &&
           !strbuf_failed(&m->part_path) && !strbuf_failed(&m->logs[SOURCE]) &&
           !strbuf_failed(&m->logs[DESTINATION]);
}

/* Logs and sockets of this capture would be taken for those of the next one. */
static void clean_folder(const struct member *m)
{
    static const char *const ends[] = {"qmp", "log", "err"};
    struct strbuf path = STRBUF_INIT;

    for (enum side side = SOURCE; side < SIDES; side++) {
        for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
            strbuf_clear(&path);
            strbuf_addf(&path, "%s/%s%zu.%s", m->capture->env->folder, side_words[side], m->nr,
                        ends[i]);
            unlink(strbuf_text(&path));
        }
    }
    strbuf_clear(&path);
    strbuf_addf(&path, "%s/mig.sock", m->capture->env->folder);
    unlink(strbuf_text(&path));
    strbuf_release(&path);
}

static void member_release(struct member *m)
{
    for (enum side side = SOURCE; side < SIDES; side++) {
        qmp_close(m->monitors[side]);
        lab_process_end(m->pids[side]);
        strbuf_release(&m->logs[side]);
    }
    clean_folder(m);
    if (strbuf_text(&m->part_path)[0])
        unlink(strbuf_text(&m->part_path)); /* gone already where it became the result */
    json_decref(m->workload);
    json_decref(m->capabilities);
    json_decref(m->parameters);
    strbuf_release(&m->final_path);
    strbuf_release(&m->part_path);
}

static enum status keep(struct capture *k, struct diag *diag)
{
    for (size_t i = 0; i < k->group->nr; i++) {
        const struct member *m = &k->members[i];

        if (rename(strbuf_text(&m->part_path), strbuf_text(&m->final_path)) != 0)
            return diag_errno(diag, ST_EOUTPUT, strbuf_text(&m->final_path), "cannot put in place");
    }
    return ST_OK;
}

enum status lab_capture(const struct lab_env *env, const struct lab_group *g, uint32_t repeat,
                        struct diag *diag)
{
    struct capture *k = calloc(1, sizeof(*k));
    enum status st = ST_OK;

    if (!k)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    k->env = env;
    k->group = g;
    k->repeat = repeat;
    pthread_mutex_init(&k->lock, NULL);
    for (size_t i = 0; i < g->nr; i++)
        if (!member_init(&k->members[i], k, i))
            st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK)
        st = bring_up(k, diag);
    for (size_t i = 0; st == ST_OK && i < g->nr; i++)
        set_options(&k->members[i]);
    if (st == ST_OK)
        st = record_all(k, diag);
    if (st == ST_OK)
        st = keep(k, diag);
    for (size_t i = 0; i < g->nr; i++)
        member_release(&k->members[i]);
    lab_network_release(&k->net);
    pthread_mutex_destroy(&k->lock);
    free(k);
    return st;
}
