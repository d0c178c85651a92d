/*
 * foreign.c - files in, a trace out; the readers of the formats are foreign_NAME.c.
 *
 * Invariant: a field that its source does not tell is absent from the trace, and if a forecast or a
 * replay would want it, it is named in the header.
 */
#include "tracer/foreign_int.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"

#include "base/banned.h"

const struct foreign_format foreign_formats[] = {
    {"guestperf", "the JSON report of QEMU's tests/migration guestperf", foreign_read_guestperf},
    {"domjobinfo", "outputs of `virsh domjobinfo`, one after the other, plain or --rawstats",
     foreign_read_domjobinfo},
    {"proxmox", "the task log of a Proxmox VE migration", foreign_read_proxmox},
    {"kubevirt", "VirtualMachineInstance and migration objects of KubeVirt, as kubectl -o json",
     foreign_read_kubevirt},
    {"prometheus", "Prometheus query_range answers with KubeVirt's metrics",
     foreign_read_prometheus},
    {0},
};

/* ---- for the readers ---- */

enum status foreign_error(const struct foreign *f, const struct foreign_file *file,
                          unsigned long line, const char *fmt, ...)
{
    char text[DIAG_TEXT];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return diag_at(f->diag, ST_EINPUT, file->path, line, "%s", text);
}

static enum status grow(const struct foreign *f, void **array, size_t nr, size_t *cap, size_t size)
{
    void *grown;

    if (nr < *cap)
        return ST_OK;
    if (nr >= FOREIGN_ROWS_MAX)
        return diag_set(f->diag, ST_EINPUT, "more than %d rows", FOREIGN_ROWS_MAX);
    *cap = *cap ? *cap * 2 : 64;
    grown = realloc(*array, *cap * size);
    if (!grown)
        return diag_set(f->diag, ST_ENOMEM, "out of memory");
    *array = grown;
    return ST_OK;
}

enum status foreign_add_poll(struct foreign *f, const struct foreign_poll *poll)
{
    void *array = f->polls;
    enum status st = grow(f, &array, f->nr_polls, &f->polls_cap, sizeof(*poll));

    f->polls = array;
    if (st == ST_OK)
        f->polls[f->nr_polls++] = *poll;
    return st;
}

enum status foreign_add_dirty(struct foreign *f, const struct foreign_dirty *dirty)
{
    void *array = f->dirty;
    enum status st = grow(f, &array, f->nr_dirty, &f->dirty_cap, sizeof(*dirty));

    f->dirty = array;
    if (st == ST_OK)
        f->dirty[f->nr_dirty++] = *dirty;
    return st;
}

enum status foreign_add_change(struct foreign *f, const struct foreign_change *change)
{
    void *array = f->changes;
    enum status st = grow(f, &array, f->nr_changes, &f->changes_cap, sizeof(*change));

    f->changes = array;
    if (st == ST_OK)
        f->changes[f->nr_changes++] = *change;
    return st;
}

void foreign_capability(struct foreign *f, const char *name)
{
    json_array_append_new(f->capabilities, json_string(name));
}

void foreign_parameter(struct foreign *f, const char *name, int64_t value)
{
    json_object_set_new(f->parameters, name, json_integer(value));
}

void foreign_approximate(struct foreign *f, const char *what)
{
    for (size_t i = 0; i < f->nr_approximate; i++)
        if (strcmp(f->approximate[i], what) == 0)
            return;
    assert(f->nr_approximate < FOREIGN_WORDS);
    f->approximate[f->nr_approximate++] = what;
}

void foreign_name(struct foreign *f, const char *name)
{
    size_t len = strlen(name);

    if (len >= sizeof(f->id))
        len = sizeof(f->id) - 1;
    while (len > 0 && len == sizeof(f->id) - 1 && ((unsigned char)name[len] & 0xc0) == 0x80)
        len--; /* not inside a UTF-8 sequence */
    memcpy(f->id, name, len);
    f->id[len] = '\0';
}

enum status foreign_json(const struct foreign *f, const struct foreign_file *file, json_t **out)
{
    json_error_t error;

    *out = json_loadb(file->text, file->len, JSON_REJECT_DUPLICATES, &error);
    if (*out)
        return ST_OK;
    return foreign_error(f, file, error.line > 0 ? (unsigned long)error.line : 0,
                         "is not JSON: %.160s", error.text);
}

char *foreign_line(struct foreign_file *file, size_t *at)
{
    char *line = file->text + *at, *end;

    if (*at >= file->len)
        return 0;
    end = memchr(line, '\n', file->len - *at);
    *at = end ? (size_t)(end - file->text) + 1 : file->len;
    if (end)
        *end = '\0';
    if (end && end > line && end[-1] == '\r')
        end[-1] = '\0';
    return line;
}

bool foreign_size(const char *text, double *bytes, const char **end)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {
        {"TiB", (double)GIB * (double)KIB},
        {"GiB", (double)GIB},
        {"MiB", (double)MIB},
        {"KiB", (double)KIB},
        {"bytes", 1.0},
        {"B", 1.0},
    };
    char *after;
    double value = strtod(text, &after);

    if (after == text || !(value >= 0.0) || value > 1e15)
        return false;
    while (*after == ' ')
        after++;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = strlen(units[i].name);

        if (strncmp(after, units[i].name, len) != 0)
            continue;
        *bytes = value * units[i].bytes;
        *end = after + len;
        return *bytes < 9e18;
    }
    return false;
}

bool foreign_stamp(const char *text, double *seconds, const char **end)
{
    struct tm tm = {0};
    int len = 0;
    double fraction = 0.0;
    char *after;

    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &len) != 6 ||
        len == 0 || tm.tm_year < 1970 || tm.tm_mon < 1 || tm.tm_mon > 12)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    after = (char *)text + len;
    if (*after == '.' && isdigit((unsigned char)after[1]))
        fraction = strtod(after, &after);
    *seconds = (double)timegm(&tm) + fmod(fraction, 1.0);
    *end = after;
    return true;
}

bool foreign_number(const json_t *value, double *out)
{
    const char *text = json_string_value(value);
    char *end = 0;

    if (json_is_number(value))
        *out = json_number_value(value);
    else if (text)
        *out = strtod(text, &end);
    else
        return false;
    return (!text || (end != text && *end == '\0')) && isfinite(*out);
}

/* ---- writing ---- */

struct writer {
    struct strbuf *out;
    int64_t origin_ns; /* of the trace, before the migration: <= 0 */
    bool failed;
};

static void add_line(struct writer *w, json_t *line)
{
    char *text = line ? json_dumps(line, JSON_COMPACT) : 0;

    w->failed |= !text;
    if (text) {
        strbuf_addstr(w->out, text);
        strbuf_addch(w->out, '\n');
    }
    free(text);
    json_decref(line);
}

/* Takes @data. */
static void add_message(struct writer *w, int64_t t_ns, const char *kind, const char *name,
                        json_t *data)
{
    add_line(w, json_pack("{s:s, s:I, s:s, s:s, s:o}", "kind", kind, "t_ns",
                          (json_int_t)(t_ns - w->origin_ns), "side", "source", "name", name, "data",
                          data));
}

static void add_int(json_t *object, const char *key, int64_t value)
{
    if (value >= 0)
        json_object_set_new(object, key, json_integer(value));
}

static bool any_known(const struct foreign *f, size_t offset)
{
    for (size_t i = 0; i < f->nr_polls; i++)
        if (*(const int64_t *)(const void *)((const char *)&f->polls[i] + offset) >= 0)
            return true;
    return false;
}

static json_t *list_missing(const struct foreign *f)
{
    static const struct {
        const char *word;
        size_t offset;
    } of_polls[] = {
        {"total-time", offsetof(struct foreign_poll, total_ms)},
        {"downtime", offsetof(struct foreign_poll, downtime_ms)},
        {"transferred", offsetof(struct foreign_poll, transferred)},
        {"remaining", offsetof(struct foreign_poll, remaining)},
        {"zero-pages", offsetof(struct foreign_poll, zero_pages)},
        {"rounds", offsetof(struct foreign_poll, rounds)},
        {"throttle", offsetof(struct foreign_poll, throttle_pct)},
    };
    json_t *list = json_array();
    const char *status = f->nr_polls ? f->polls[f->nr_polls - 1].status : "";
    const struct {
        const char *word;
        bool missing;
    } of_header[] = {
        {"qemu", !f->qemu[0]},
        {"accel", !f->accel},
        {"memory", f->memory_bytes == 0},
        {"vcpus", f->vcpus == 0},
        {"resident-memory", f->rss_bytes == 0},
        {"dirty-rate", f->nr_dirty == 0},
        {"max-bandwidth", !json_object_get(f->parameters, "max-bandwidth")},
        {"downtime-limit", !json_object_get(f->parameters, "downtime-limit")},
        {"outcome", strcmp(status, "completed") != 0 && strcmp(status, "failed") != 0 &&
                        strcmp(status, "cancelled") != 0},
    };

    for (size_t i = 0; i < sizeof(of_header) / sizeof(of_header[0]); i++)
        if (of_header[i].missing)
            json_array_append_new(list, json_string(of_header[i].word));
    for (size_t i = 0; i < sizeof(of_polls) / sizeof(of_polls[0]); i++)
        if (!any_known(f, of_polls[i].offset))
            json_array_append_new(list, json_string(of_polls[i].word));
    return list;
}

static void add_header(struct writer *w, const struct foreign *f, const char *format)
{
    json_t *header =
        json_pack("{s:s, s:s, s:i, s:s, s:s, s:n, s:O, s:O, s:o}", "kind", "header", "format",
                  "qmp-migration-trace", "version", 1, "id", f->id[0] ? f->id : format, "source",
                  format, "workload", "capabilities", f->capabilities, "parameters", f->parameters,
                  "missing", list_missing(f));
    json_t *about = json_array();

    for (size_t i = 0; i < f->nr_approximate; i++)
        json_array_append_new(about, json_string(f->approximate[i]));
    json_object_set_new(header, "approximate", about);
    if (f->qemu[0])
        json_object_set_new(header, "qemu", json_string(f->qemu));
    if (f->accel)
        json_object_set_new(header, "accel", json_string(f->accel));
    if (f->memory_bytes > 0)
        add_int(header, "mem_mib", (int64_t)((f->memory_bytes + MIB - 1) / MIB));
    if (f->vcpus > 0)
        add_int(header, "vcpus", f->vcpus);
    if (f->timeout_s > 0.0)
        json_object_set_new(header, "timeout_s", json_real(f->timeout_s));
    add_line(w, header);
}

static void add_dirty(struct writer *w, const struct foreign_dirty *d)
{
    int64_t start_ns = d->t_ns - d->calc_s * NS_PER_S;
    json_t *asked = json_pack("{s:I}", "calc-time", (json_int_t)d->calc_s);

    add_message(w, start_ns, "command", "calc-dirty-rate", asked);
    add_message(w, start_ns, "return", "calc-dirty-rate", json_object());
    add_message(w, d->t_ns, "return", "query-dirty-rate",
                json_pack("{s:s, s:I, s:I, s:I, s:s}", "status", "measured", "dirty-rate",
                          (json_int_t)(d->bytes_per_s / (double)MIB), "start-time", (json_int_t)0,
                          "calc-time", (json_int_t)d->calc_s, "mode", "page-sampling"));
}

static json_t *poll_ram(const struct foreign_poll *p)
{
    json_t *ram = json_object();

    add_int(ram, "transferred", p->transferred);
    add_int(ram, "remaining", p->remaining);
    add_int(ram, "total", p->total);
    add_int(ram, "duplicate", p->zero_pages);
    add_int(ram, "normal", p->normal_pages);
    add_int(ram, "dirty-pages-rate", p->dirty_pages_per_s);
    add_int(ram, "dirty-sync-count", p->rounds);
    add_int(ram, "postcopy-requests", p->postcopy_requests);
    add_int(ram, "page-size", p->page_bytes);
    if (p->bytes_per_s >= 0.0)
        json_object_set_new(ram, "mbps", json_real(p->bytes_per_s * BITS_PER_BYTE / 1e6));
    return ram;
}

static void add_poll(struct writer *w, const struct foreign *f, const struct foreign_poll *p)
{
    json_t *data = json_pack("{s:s}", "status", p->status), *ram = poll_ram(p);
    json_t *cache = json_object();

    add_int(data, "total-time", p->total_ms);
    add_int(data, "downtime", p->downtime_ms);
    add_int(data, "setup-time", p->setup_ms);
    add_int(data, "expected-downtime", p->expected_downtime_ms);
    add_int(data, "cpu-throttle-percentage", p->throttle_pct > 0 ? p->throttle_pct : -1);
    add_int(cache, "bytes", p->xbzrle_bytes);
    add_int(cache, "pages", p->xbzrle_pages);
    add_int(cache, "cache-miss", p->xbzrle_cache_miss);
    add_int(cache, "overflow", p->xbzrle_overflow);
    if (json_object_size(cache) > 0)
        json_object_set(data, "xbzrle-cache", cache);
    if (json_object_size(ram) > 0)
        json_object_set(data, "ram", ram);
    if (f->reason[0] && strcmp(p->status, "failed") == 0)
        json_object_set_new(data, "error-desc", json_string(f->reason));
    json_decref(cache);
    json_decref(ram);
    add_message(w, p->t_ns, "return", "query-migrate", data);
}

static int by_time(const void *a, const void *b)
{
    const struct foreign_dirty *x = a, *y = b;

    return (x->t_ns > y->t_ns) - (x->t_ns < y->t_ns);
}

/* Windows in order and one after the other, as one QEMU can measure them. */
static void order_dirty(struct foreign *f)
{
    size_t kept = 0;

    if (f->nr_dirty > 1)
        qsort(f->dirty, f->nr_dirty, sizeof(*f->dirty), by_time);
    for (size_t i = 0; i < f->nr_dirty; i++) {
        const struct foreign_dirty *d = &f->dirty[i];

        if (d->t_ns < 0 && (kept == 0 || d->t_ns - d->calc_s * NS_PER_S >= f->dirty[kept - 1].t_ns))
            f->dirty[kept++] = *d;
    }
    f->nr_dirty = kept;
}

static enum status write_trace(struct foreign *f, const char *format, struct strbuf *out)
{
    struct writer w = {.out = out};
    const struct foreign_poll *last = &f->polls[f->nr_polls - 1];
    size_t change = 0;

    order_dirty(f);
    if (f->nr_dirty > 0)
        w.origin_ns = f->dirty[0].t_ns - f->dirty[0].calc_s * NS_PER_S;
    add_header(&w, f, format);
    for (size_t i = 0; i < f->nr_dirty; i++)
        add_dirty(&w, &f->dirty[i]);
    if (f->rss_bytes > 0)
        add_message(&w, f->nr_dirty ? f->dirty[f->nr_dirty - 1].t_ns : 0, "note", "process-rss-mib",
                    json_real((double)f->rss_bytes / (double)MIB));
    add_message(&w, 0, "command", "migrate", json_object());
    for (size_t i = 0; i < f->nr_polls; i++) {
        for (; change < f->nr_changes && f->changes[change].t_ns <= f->polls[i].t_ns; change++)
            add_message(&w, f->changes[change].t_ns, "command", "migrate-set-parameters",
                        json_pack("{s:I}", "downtime-limit",
                                  (json_int_t)f->changes[change].downtime_limit_ms));
        add_poll(&w, f, &f->polls[i]);
    }
    add_line(&w, json_pack("{s:s, s:I, s:s, s:b}", "kind", "footer", "t_ns",
                           (json_int_t)(last->t_ns - w.origin_ns), "status", last->status,
                           "cancelled_by_timeout", f->cancelled_by_timeout));
    return w.failed || strbuf_failed(out) ? diag_set(f->diag, ST_ENOMEM, "out of memory") : ST_OK;
}

/* ---- reading ---- */

static enum status load(struct foreign_file *file, const char *path, struct diag *diag)
{
    bool input = strcmp(path, "-") == 0;
    FILE *in = input ? stdin : fopen(path, "rb");
    struct strbuf text = STRBUF_INIT;
    char chunk[1 << 14];
    size_t n;
    enum status st = ST_OK;

    file->path = input ? "<stdin>" : path;
    if (!in)
        return diag_errno(diag, ST_EINPUT, file->path, "cannot open");
    while (st == ST_OK && (n = fread(chunk, 1, sizeof(chunk), in)) > 0) {
        if (memchr(chunk, '\0', n))
            st = diag_at(diag, ST_EINPUT, file->path, 0, "is not text: it holds NUL bytes");
        strbuf_add(&text, chunk, n);
        if (text.len > FOREIGN_MIB_MAX * MIB)
            st = diag_at(diag, ST_EINPUT, file->path, 0, "is larger than %d MiB", FOREIGN_MIB_MAX);
    }
    if (st == ST_OK && ferror(in))
        st = diag_errno(diag, ST_EINPUT, file->path, "cannot read");
    if (!input)
        fclose(in);
    file->len = text.len;
    if (st == ST_OK && text.len == 0)
        st = diag_at(diag, ST_EINPUT, file->path, 0, "is empty");
    if (st == ST_OK) {
        file->text = strbuf_detach(&text);
        st = file->text ? ST_OK : diag_set(diag, ST_ENOMEM, "out of memory");
    }
    strbuf_release(&text);
    return st;
}

static const struct foreign_format *find_format(const char *name)
{
    for (const struct foreign_format *f = foreign_formats; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return 0;
}

static void release(struct foreign *f)
{
    json_decref(f->capabilities);
    json_decref(f->parameters);
    free(f->polls);
    free(f->dirty);
    free(f->changes);
}

/* What the person says counts more than what the input says. */
static void apply_options(struct foreign *f)
{
    if (f->options->id)
        foreign_name(f, f->options->id);
    if (f->options->memory_bytes > 0)
        f->memory_bytes = f->options->memory_bytes;
    if (f->options->vcpus > 0)
        f->vcpus = f->options->vcpus;
}

enum status foreign_convert(struct strbuf *out, const char *format, const char *const *paths,
                            size_t nr, const struct foreign_options *options, struct diag *diag)
{
    const struct foreign_format *row = find_format(format);
    struct foreign_file files[FOREIGN_FILES_MAX] = {0};
    struct foreign f = {.files = files,
                        .nr_files = nr,
                        .options = options,
                        .diag = diag,
                        .capabilities = json_array(),
                        .parameters = json_object()};
    enum status st = ST_OK;

    if (!row)
        return diag_set(diag, ST_EUSAGE, "no such format: '%s'", format);
    if (nr < 1 || nr > FOREIGN_FILES_MAX)
        return diag_set(diag, ST_EUSAGE, "between 1 and %d files", FOREIGN_FILES_MAX);
    for (size_t i = 0; i < nr && st == ST_OK; i++)
        st = load(&files[i], paths[i], diag);
    if (st == ST_OK)
        st = row->read(&f);
    if (st == ST_OK && f.nr_polls == 0)
        st = foreign_error(&f, &files[0], 0, "no migration in it");
    if (st == ST_OK) {
        apply_options(&f);
        st = write_trace(&f, format, out);
    }
    release(&f);
    for (size_t i = 0; i < nr; i++)
        free(files[i].text);
    return st;
}
