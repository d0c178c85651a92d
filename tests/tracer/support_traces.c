/*
 * support_traces.c - see support_traces.h.
 */
#include "support_traces.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

const char *const capture_names[NR_CAPTURES] = {
    "kvm-hot-32m-converges",
    "kvm-hot-64m-tight-downtime",
    "kvm-hotcold-autoconverge",
    "kvm-idle-512m",
    "kvm-multifd",
    "kvm-never-converges-cancelled",
    "kvm-phased",
    "kvm-postcopy",
    "kvm-xbzrle",
    "link-three-0",
    "link-three-1",
    "link-three-2",
    "link-two-0",
    "link-two-1",
    "linux-gzip-pipeline",
    "linux-idle",
    "linux-redis-set",
    "linux-stress-vm-autoconverge",
};

void capture_path(char *buf, size_t cap, const char *name)
{
    int len = snprintf(buf, cap, "%s/tests/traces/%s.jsonl.zst", SOURCE_DIR, name);

    cr_assert(len > 0 && (size_t)len < cap);
}

static struct text read_file(const char *path)
{
    FILE *in = fopen(path, "rb");
    struct text t = {0};
    size_t got;

    cr_assert(in, "cannot open %s", path);
    do {
        t.buf = realloc(t.buf, t.len + 65536);
        cr_assert(t.buf);
        got = fread(t.buf + t.len, 1, 65536, in);
        t.len += got;
    } while (got > 0);
    fclose(in);
    return t;
}

struct text capture_text(const char *name)
{
    char path[512];
    struct text packed, t = {0};
    unsigned long long size;

    capture_path(path, sizeof(path), name);
    packed = read_file(path);
    size = ZSTD_getFrameContentSize(packed.buf, packed.len);
    cr_assert(size > 0 && size < 16 << 20);
    t.buf = malloc(size + 1);
    cr_assert(t.buf);
    t.len = ZSTD_decompress(t.buf, size, packed.buf, packed.len);
    cr_assert(t.len == size);
    t.buf[size] = '\0';
    text_release(&packed);
    return t;
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list args;
    char *more;
    int len;

    va_start(args, fmt);
    len = vasprintf(&more, fmt, args);
    va_end(args);
    cr_assert(len >= 0);
    t->buf = realloc(t->buf, t->len + (size_t)len + 1);
    cr_assert(t->buf);
    memcpy(t->buf + t->len, more, (size_t)len + 1);
    t->len += (size_t)len;
    free(more);
}

void text_release(struct text *t)
{
    free(t->buf);
    *t = (struct text){0};
}

void text_add_header(struct text *t, const char *more)
{
    text_addf(t,
              "{\"kind\": \"header\", \"format\": \"qmp-migration-trace\", \"version\": 1, "
              "\"id\": \"t\", \"qemu\": \"7.2.22\", \"accel\": \"kvm\", \"mem_mib\": 64, "
              "\"vcpus\": 1%s}\n",
              more);
}

void text_add_line(struct text *t, int64_t t_ns, const char *kind, const char *side,
                   const char *name, const char *data)
{
    text_addf(
        t, "{\"t_ns\":%" PRId64 ",\"kind\":\"%s\",\"side\":\"%s\",\"name\":\"%s\",\"data\":%s}\n",
        t_ns, kind, side, name, data);
}

struct memory_file memory_file(const void *data, size_t len)
{
    struct memory_file f = {.fd = memfd_create("trace", 0)};

    cr_assert(f.fd >= 0);
    cr_assert(write(f.fd, data, len) == (ssize_t)len);
    snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
    return f;
}

void memory_file_release(struct memory_file *f)
{
    close(f->fd);
}

enum status load_bytes(struct trace_facts *facts, const void *data, size_t len, unsigned flags,
                       struct diag *diag)
{
    struct memory_file f = memory_file(data, len);
    enum status st;

    *diag = (struct diag){0};
    st = facts_load(facts, f.path, flags, diag);
    memory_file_release(&f);
    return st;
}

enum status load_text(struct trace_facts *facts, const struct text *t, struct diag *diag)
{
    return load_bytes(facts, t->buf, t->len, 0, diag);
}

void load_good(struct trace_facts *facts, const struct text *t)
{
    struct diag diag;
    enum status st = load_text(facts, t, &diag);

    cr_assert(st == ST_OK, "line %lu [%s] %s: %s", diag.line, diag.section, diag.key, diag.what);
}

static void print_params(FILE *out, const struct mig_params *p)
{
    fprintf(out, "bw %" PRIu64 " pcbw %" PRIu64 " avail %" PRIu64 " limit %" PRId64 "\n",
            p->max_bandwidth_bytes_per_s, p->max_postcopy_bandwidth_bytes_per_s,
            p->avail_switchover_bytes_per_s, p->downtime_limit_ns);
    fprintf(out, "converge %d %d %u %u %u %u log %d chunk %" PRIu64 "\n", p->auto_converge,
            p->cpu_throttle_tailslow, p->throttle_trigger_pct, p->cpu_throttle_initial_pct,
            p->cpu_throttle_increment_pct, p->max_cpu_throttle_pct, p->dirty_log,
            p->clear_chunk_bytes);
    fprintf(out, "xbzrle %d %" PRIu64 " multifd %d %d %u %d %u zero %d tls %d\n", p->xbzrle,
            p->xbzrle_cache_bytes, p->multifd, p->multifd_flush_each_call, p->multifd_channels,
            p->multifd_compression, p->multifd_level, p->zero_detection, p->tls);
    fprintf(out, "postcopy %d %d %d %" PRId64 " path %d pause %d timeout %" PRId64 "\n",
            p->postcopy, p->postcopy_preempt, p->postcopy_trigger, p->postcopy_after_ns,
            p->return_path, p->pause_before_switchover, p->completion_timeout_ns);
}

char *before_as_text(const struct trace_facts *facts)
{
    const struct facts_header *h = &facts->header;
    const struct facts_before *b = &facts->before;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert(out);
    fprintf(out, "%s %s %d %d %" PRIu64 " %u\n", h->id, h->qemu_text, h->qemu, h->accel,
            h->memory_bytes, h->vcpus);
    fprintf(out,
            "link %d %" PRIu64 " '%s' %u %" PRId64 " timeout %" PRId64 " postcopy %" PRId64 "\n",
            h->link.kind, h->link.rate_bps, h->link.group, h->link.members, h->link.start_ns,
            h->timeout_ns, h->postcopy_after_ns);
    fprintf(out, "%s %s %s\n", h->workload, h->capabilities, h->parameters);
    fprintf(out, "migrate %" PRId64 " rss %" PRIu64 " reported %d other '%s'\n", b->migrate_ns,
            b->rss_bytes, b->params_reported, b->unmodelled);
    for (size_t i = 0; i < b->nr_dirty; i++) {
        const struct facts_dirty *d = &b->dirty[i];

        fprintf(out,
                "dirty %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64 " %d %" PRId64
                "\n",
                d->command_ns, d->accepted_ns, d->measured_ns, d->calc_ns, d->rate_bytes_per_s,
                d->mode, d->sample_pages);
    }
    print_params(out, &b->params);
    cr_assert(fclose(out) == 0);
    return text;
}

/* The named integer, through up to two levels; -1 if absent. */
static int64_t integer(const json_t *obj, const char *key)
{
    const json_t *value = json_object_get(obj, key);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : -1;
}

static void scan_poll(struct scan *s, const json_t *data)
{
    const json_t *ram = json_object_get(data, "ram");
    const char *status = json_string_value(json_object_get(data, "status"));
    int64_t throttle = integer(data, "cpu-throttle-percentage");

    s->nr_polls++;
    if (throttle > s->max_throttle)
        s->max_throttle = throttle;
    if (ram) {
        s->last_rounds = integer(ram, "dirty-sync-count");
        s->last_transferred = integer(ram, "transferred");
    }
    if (status && strcmp(status, "completed") == 0) {
        s->total_ms = integer(data, "total-time");
        s->downtime_ms = integer(data, "downtime");
        s->setup_ms = integer(data, "setup-time");
        s->rounds = integer(ram, "dirty-sync-count");
        s->transferred = integer(ram, "transferred");
    }
}

static void scan_line(struct scan *s, const json_t *line)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const char *name = json_string_value(json_object_get(line, "name"));
    const char *side = json_string_value(json_object_get(line, "side"));
    const json_t *data = json_object_get(line, "data");
    int64_t t_ns = integer(line, "t_ns");
    bool source = side && strcmp(side, "source") == 0;

    cr_assert(kind);
    if (!name)
        return;
    if (strcmp(kind, "command") == 0 && strcmp(name, "migrate") == 0) {
        s->migrate_line = s->nr_lines;
        s->migrate_ns = t_ns;
    }
    if (strcmp(name, "query-dirty-rate") == 0)
        s->dirty_mib_s[s->nr_dirty++] = integer(data, "dirty-rate");
    if (s->migrate_ns < 0)
        return;
    if (strcmp(name, "query-migrate") == 0 && source)
        scan_poll(s, data);
    s->nr_passes += strcmp(name, "MIGRATION_PASS") == 0;
    s->nr_states += strcmp(name, "MIGRATION") == 0;
    if (strcmp(name, "STOP") == 0)
        s->stop_ns = t_ns - s->migrate_ns;
    if (strcmp(name, "RESUME") == 0)
        s->resume_ns = t_ns - s->migrate_ns;
}

struct scan scan_capture(const struct text *t)
{
    struct scan s = {.migrate_ns = -1,
                     .stop_ns = -1,
                     .resume_ns = -1,
                     .total_ms = -1,
                     .downtime_ms = -1,
                     .setup_ms = -1,
                     .rounds = -1,
                     .transferred = -1};
    const char *at = t->buf;

    while (*at) {
        const char *end = strchr(at, '\n');
        json_t *line;

        cr_assert(end);
        line = json_loadb(at, (size_t)(end - at), 0, NULL);
        cr_assert(line);
        s.nr_lines++;
        scan_line(&s, line);
        if (s.migrate_line == s.nr_lines)
            s.migrate_end = (size_t)(end + 1 - t->buf);
        json_decref(line);
        at = end + 1;
    }
    return s;
}
