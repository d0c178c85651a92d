/*
 * foreign_proxmox.c - the task log of a migration in Proxmox VE.
 *
 * Lines begin with a time stamp of whole seconds; sizes have one decimal.  The tuning that is not
 * in the log but is the same in every release stands here: auto-converge and xbzrle are on, and
 * without a limit the cap is 16 GiB/s.  Source: the messages of qemu-server's PVE/QemuMigrate.pm,
 * phase2, and its set_migration_caps.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/foreign_int.h"

#include "base/banned.h"

struct log {
    struct foreign *f;
    const struct foreign_file *file;
    unsigned long line;
    double start_s; /* of `migrate`; < 0 = not yet */
    double now_s;
    bool ended;
    int64_t downtime_ms;        /* of the summary; -1 */
    struct foreign_poll xbzrle; /* counters of the line before */
};

/* What follows @prefix in @text, or NULL. */
static const char *behind(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static int64_t since_start(const struct log *l)
{
    double s = l->now_s - l->start_s;

    return s > 0.0 && s < 1e9 ? llround(s * (double)NS_PER_S) : 0;
}

static enum status add_poll(struct log *l, struct foreign_poll *p)
{
    p->t_ns = since_start(l);
    if (l->f->nr_polls > 0 && p->t_ns < l->f->polls[l->f->nr_polls - 1].t_ns)
        return foreign_error(l->f, l->file, l->line, "the clock was set back");
    return foreign_add_poll(l->f, p);
}

/* "357.9 MiB of 4.0 GiB VM-state, 586.6 MiB/s, VM dirties lots of memory: 1.2 GiB/s" */
static enum status take_progress(struct log *l, const char *text)
{
    struct foreign_poll p = FOREIGN_POLL_INIT;
    double sent, total, speed, dirty;
    const char *end, *lots;

    if (!foreign_size(text, &sent, &end) || !(end = behind(end, " of ")) ||
        !foreign_size(end, &total, &end))
        return foreign_error(l->f, l->file, l->line, "no sizes in '%.60s'", text);
    p.transferred = llround(sent);
    p.total = llround(total);
    end = behind(end, " VM-state, ");
    if (end && foreign_size(end, &speed, &end))
        p.bytes_per_s = speed;
    lots = strstr(text, "dirties lots of memory: ");
    if (lots && foreign_size(strchr(lots, ':') + 2, &dirty, &end))
        p.dirty_pages_per_s = llround(dirty / (double)PAGE_BYTES);
    p.xbzrle_bytes = l->xbzrle.xbzrle_bytes;
    p.xbzrle_pages = l->xbzrle.xbzrle_pages;
    p.xbzrle_overflow = l->xbzrle.xbzrle_overflow;
    if (l->f->memory_bytes == 0)
        l->f->memory_bytes = (uint64_t)total;
    return add_poll(l, &p);
}

/* "send updates to 1234 pages in 5.6 MiB encoded memory, cache-miss 97.62%, overflow 23" */
static void take_xbzrle(struct log *l, const char *text)
{
    const char *end = strstr(text, " pages in "), *overflow = strstr(text, "overflow ");
    unsigned long long pages;
    double bytes;

    if (!end || sscanf(text, "send updates to %18llu pages", &pages) != 1 ||
        !foreign_size(end + strlen(" pages in "), &bytes, &end))
        return;
    l->xbzrle.xbzrle_pages = (int64_t)pages;
    l->xbzrle.xbzrle_bytes = llround(bytes);
    if (overflow && sscanf(overflow, "overflow %18llu", &pages) == 1)
        l->xbzrle.xbzrle_overflow = (int64_t)pages;
}

static enum status take_limit(struct log *l, const char *text, const char *what, int64_t *ms)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || !(value >= 0.0 && value <= 2e6))
        return foreign_error(l->f, l->file, l->line, "no %s in '%.40s'", what, text);
    *ms = llround(value);
    return ST_OK;
}

static enum status take_end(struct log *l, const char *status)
{
    struct foreign_poll p = FOREIGN_POLL_INIT;
    const struct foreign_poll *last = l->f->nr_polls ? &l->f->polls[l->f->nr_polls - 1] : NULL;

    if (l->ended || l->start_s < 0.0)
        return ST_OK;
    l->ended = true;
    p.status = status;
    p.downtime_ms = strcmp(status, "completed") == 0 ? l->downtime_ms : -1;
    p.total_ms = since_start(l) / NS_PER_MS;
    if (last) {
        p.transferred = last->transferred;
        p.total = last->total;
    }
    return add_poll(l, &p);
}

static enum status take_start(struct log *l)
{
    if (l->start_s >= 0.0) {
        diag_hint(l->f->diag, "cut the log in two");
        return foreign_error(l->f, l->file, l->line, "another migration begins");
    }
    l->start_s = l->now_s;
    if (!json_object_get(l->f->parameters, "max-bandwidth"))
        foreign_parameter(l->f, "max-bandwidth", (int64_t)(16 * GIB));
    return ST_OK;
}

static enum status take_tuning(struct log *l, const char *m)
{
    enum status st = ST_OK;
    const char *rest, *end;
    double bytes;
    int64_t ms = 0;

    if ((rest = behind(m, "migration downtime limit: "))) {
        st = take_limit(l, rest, "limit", &ms);
        if (st == ST_OK)
            foreign_parameter(l->f, "downtime-limit", ms);
    } else if ((rest = behind(m, "migration speed limit: ")) && foreign_size(rest, &bytes, &end)) {
        foreign_parameter(l->f, "max-bandwidth", llround(bytes));
        foreign_approximate(l->f, "max-bandwidth");
    } else if ((rest = behind(m, "migration cachesize: ")) && foreign_size(rest, &bytes, &end)) {
        foreign_parameter(l->f, "xbzrle-cache-size", llround(bytes));
    } else if ((rest = behind(m, "auto-increased downtime to continue migration: "))) {
        st = take_limit(l, rest, "limit", &ms);
        if (st == ST_OK)
            st = foreign_add_change(l->f, &(struct foreign_change){since_start(l), ms});
    }
    return st;
}

static void take_name(struct log *l, const char *m)
{
    const char *rest = behind(m, "starting migration of VM ");
    char name[64];
    size_t n = 0;

    if (!rest || l->f->id[0])
        return;
    n = (size_t)snprintf(name, sizeof(name), "vm-");
    for (; isalnum((unsigned char)*rest) && n + 1 < sizeof(name); rest++)
        name[n++] = *rest;
    name[n] = '\0';
    foreign_name(l->f, name);
}

/* One message, without its time stamp. */
static enum status take_message(struct log *l, const char *m)
{
    const char *rest;

    take_name(l, m);
    if ((rest = behind(m, "start migrate command to ")))
        return take_start(l);
    if (l->start_s < 0.0)
        return take_tuning(l, m);
    if ((rest = behind(m, "migration active, transferred ")))
        return take_progress(l, rest);
    if ((rest = behind(m, "xbzrle: "))) {
        take_xbzrle(l, rest);
    } else if ((rest = behind(m, "average migration speed: "))) {
        rest = strstr(rest, "downtime ");
        return rest ? take_limit(l, rest + strlen("downtime "), "downtime", &l->downtime_ms)
                    : ST_OK;
    } else if ((rest = behind(m, "migration status error: "))) {
        return take_end(l, behind(rest, "cancelled") ? "cancelled" : "failed");
    } else if (behind(m, "migration status: completed") || behind(m, "migration completed, ")) {
        return take_end(l, "completed");
    } else if (behind(m, "migrate_cancel") || behind(m, "migration aborted") ||
               (rest = behind(m, "ERROR: "))) {
        snprintf(l->f->reason, sizeof(l->f->reason), "%.200s", m);
        return take_end(l, behind(m, "migrate_cancel") ? "cancelled" : "failed");
    } else {
        return take_tuning(l, m);
    }
    return ST_OK;
}

enum status foreign_read_proxmox(void *foreign)
{
    struct foreign *f = foreign;
    struct foreign_file file = f->files[0];
    struct log l = {.f = f,
                    .file = &f->files[0],
                    .start_s = -1.0,
                    .downtime_ms = -1,
                    .xbzrle = FOREIGN_POLL_INIT};
    enum status st = ST_OK;
    size_t at = 0;
    char *text;

    if (f->nr_files != 1)
        return foreign_error(f, &f->files[1], 0, "one log at a time");
    f->accel = "kvm";
    foreign_capability(f, "auto-converge");
    foreign_capability(f, "xbzrle");
    foreign_approximate(f, "time");
    foreign_approximate(f, "total-time");
    foreign_approximate(f, "transferred");
    foreign_approximate(f, "memory");
    while (st == ST_OK && (text = foreign_line(&file, &at)) != NULL) {
        const char *message;

        l.line++;
        if (!foreign_stamp(text, &l.now_s, &message))
            continue; /* "TASK OK" and the like */
        st = take_message(&l, message + strspn(message, " "));
    }
    return st;
}
