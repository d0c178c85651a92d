/*
 * foreign_domjobinfo.c - what `virsh domjobinfo` printed, look after look.
 *
 * A look is a block of "name: value" lines that begins with the job's type; blocks follow one
 * another as a loop in a shell leaves them, with --completed at the end for the totals.  Names are
 * those of a person's output, or with --rawstats those of libvirt's typed parameters.  Source:
 * names and units as printed by virsh 9.0 (tools/virsh-domain.c) and libvirt-domain.h,
 * VIR_DOMAIN_JOB_*.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/foreign_int.h"

#include "base/banned.h"

enum unit {
    UNIT_PLAIN, /* also ms, bytes, pages/s as virsh prints them */
    UNIT_SIZE,  /* "1.234 GiB"; plain bytes when raw */
    UNIT_SPEED  /* "1.234 MiB/s"; bytes/s when raw */
};

/* clang-format off */
#define AT(field) offsetof(struct foreign_poll, field)
static const struct {
    const char *label, *raw;
    size_t offset;
    enum unit unit;
} fields[] = {
    {"Time elapsed",             "time_elapsed",             AT(total_ms),             UNIT_PLAIN},
    {"Total downtime",           "downtime",                 AT(downtime_ms),          UNIT_PLAIN},
    {"Downtime",                 NULL,                       AT(downtime_ms),          UNIT_PLAIN},
    {"Expected downtime",        NULL,                       AT(expected_downtime_ms), UNIT_PLAIN},
    {"Setup time",               "setup_time",               AT(setup_ms),             UNIT_PLAIN},
    {"Memory processed",         "memory_processed",         AT(transferred),          UNIT_SIZE},
    {"Memory remaining",         "memory_remaining",         AT(remaining),            UNIT_SIZE},
    {"Memory total",             "memory_total",             AT(total),                UNIT_SIZE},
    {"Dirty rate",               "memory_dirty_rate",        AT(dirty_pages_per_s),    UNIT_PLAIN},
    {"Page size",                "memory_page_size",         AT(page_bytes),           UNIT_PLAIN},
    {"Iteration",                "memory_iteration",         AT(rounds),               UNIT_PLAIN},
    {"Postcopy requests",        "memory_postcopy_requests", AT(postcopy_requests),    UNIT_PLAIN},
    {"Constant pages",           "memory_constant",          AT(zero_pages),           UNIT_PLAIN},
    {"Normal pages",             "memory_normal",            AT(normal_pages),         UNIT_PLAIN},
    {"Compression overflows",    "compression_overflow",     AT(xbzrle_overflow),      UNIT_PLAIN},
    {"Compressed pages",         "compression_pages",        AT(xbzrle_pages),         UNIT_PLAIN},
    {"Compressed data",          "compression_bytes",        AT(xbzrle_bytes),         UNIT_SIZE},
    {"Compression cache misses", "compression_cache_misses", AT(xbzrle_cache_miss),    UNIT_PLAIN},
    {"Auto converge throttle",   "auto_converge_throttle",   AT(throttle_pct),         UNIT_PLAIN},
};
/* clang-format on */

enum {
    NR_FIELDS = sizeof(fields) / sizeof(fields[0])
};

struct look {
    struct foreign_poll poll;
    bool open;
    bool other; /* a job that is no migration, or no job */
};

/* "Unbounded" and "Bounded" run; words or, raw, numbers of VIR_DOMAIN_JOB_*. */
static bool job_status(const char *type, const char **status)
{
    static const char *const rows[][2] = {
        {"None", ""},
        {"Bounded", "active"},
        {"Unbounded", "active"},
        {"Completed", "completed"},
        {"Failed", "failed"},
        {"Cancelled", "cancelled"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        /* raw: the number */
        if (strncmp(type, rows[i][0], strlen(rows[i][0])) != 0 &&
            !(type[0] == (char)('0' + i) && strspn(type, "0123456789") == 1))
            continue;
        *status = rows[i][1];
        return true;
    }
    return false;
}

static enum status close_look(struct foreign *f, const struct foreign_file *file,
                              unsigned long line, struct look *l)
{
    const struct foreign_poll *last = f->nr_polls ? &f->polls[f->nr_polls - 1] : NULL;
    struct foreign_poll *p = &l->poll;

    if (!l->open || l->other || !*p->status)
        return ST_OK;
    l->open = false;
    if (p->total_ms < 0)
        return foreign_error(f, file, line, "a look without a time elapsed");
    p->t_ns = p->total_ms * NS_PER_MS;
    if (last && (strcmp(last->status, "active") != 0 ? strcmp(p->status, "active") == 0
                                                     : p->t_ns + NS_PER_S < last->t_ns)) {
        diag_hint(f->diag, "cut the file in two");
        return foreign_error(f, file, line, "another migration begins");
    }
    if (last && p->t_ns < last->t_ns)
        p->t_ns = last->t_ns;
    return foreign_add_poll(f, p);
}

static enum status begin_look(struct foreign *f, const struct foreign_file *file,
                              unsigned long line, const char *type, struct look *l)
{
    enum status st = close_look(f, file, line, l);

    if (st != ST_OK)
        return st;
    *l = (struct look){.poll = FOREIGN_POLL_INIT, .open = true};
    if (!job_status(type, &l->poll.status))
        return foreign_error(f, file, line, "'%.40s' is no type of a job", type);
    return ST_OK;
}

static enum status take_field(struct foreign *f, const struct foreign_file *file,
                              unsigned long line, size_t i, const char *text, struct look *l)
{
    int64_t *to = (int64_t *)(void *)((char *)&l->poll + fields[i].offset);
    const char *end;
    char *after;
    double value;

    if (fields[i].unit == UNIT_SIZE && foreign_size(text, &value, &end)) {
        foreign_approximate(f, "transferred");
        *to = llround(value);
        return ST_OK;
    }
    value = strtod(text, &after);
    if (after == text || !(value >= 0.0 && value < 9e15))
        return foreign_error(f, file, line, "'%.40s' is no number", text);
    *to = llround(value);
    if (to == &l->poll.throttle_pct && *to > 100)
        return foreign_error(f, file, line, "a throttle over 100 %%");
    return ST_OK;
}

static void take_speed(const char *text, bool raw, struct look *l)
{
    const char *end;
    double value = raw ? strtod(text, NULL) : 0.0;

    if (raw || foreign_size(text, &value, &end))
        l->poll.bytes_per_s = value >= 0.0 && value < 1e15 ? value : -1.0;
}

static enum status take_line(struct foreign *f, const struct foreign_file *file, unsigned long line,
                             char *text, struct look *l)
{
    char *colon = strchr(text, ':'), *value;
    size_t len;

    if (!colon)
        return ST_OK; /* a prompt, a date, a message of virsh */
    *colon = '\0';
    while (*text == ' ' || *text == '\t')
        text++;
    len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        text[--len] = '\0';
    value = colon + 1 + strspn(colon + 1, " \t");
    if (strcmp(text, "Job type") == 0)
        return begin_look(f, file, line, value, l);
    if (!l->open)
        return ST_OK;
    if (strcmp(text, "Operation") == 0)
        l->other = strstr(value, "migration") == NULL;
    if (strcmp(text, "Memory bandwidth") == 0 || strcmp(text, "memory_bps") == 0)
        take_speed(value, text[0] == 'm', l);
    for (size_t i = 0; i < NR_FIELDS; i++)
        if (strcmp(text, fields[i].label) == 0 ||
            (fields[i].raw && strcmp(text, fields[i].raw) == 0))
            return take_field(f, file, line, i, value, l);
    return ST_OK;
}

/* While it runs libvirt's downtime is QEMU's expectation. */
static void settle(struct foreign *f)
{
    for (size_t i = 0; i < f->nr_polls; i++) {
        struct foreign_poll *p = &f->polls[i];

        if (strcmp(p->status, "completed") == 0)
            continue;
        if (p->expected_downtime_ms < 0)
            p->expected_downtime_ms = p->downtime_ms;
        p->downtime_ms = -1;
    }
}

enum status foreign_read_domjobinfo(void *foreign)
{
    struct foreign *f = foreign;
    struct look look = {0};
    enum status st = ST_OK;

    for (size_t i = 0; i < f->nr_files && st == ST_OK; i++) {
        struct foreign_file file = f->files[i];
        unsigned long line = 0;
        size_t at = 0;
        char *text;

        while (st == ST_OK && (text = foreign_line(&file, &at)) != NULL)
            st = take_line(f, &file, ++line, text, &look);
        if (st == ST_OK)
            st = close_look(f, &file, line, &look);
    }
    settle(f);
    return st;
}
