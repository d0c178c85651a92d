/*
 * foreign_int.h - shared by foreign.c and the foreign_NAME.c: a migration being put together.
 *
 * A reader fills a struct foreign; foreign.c works out what is missing and writes it.  Unknown
 * numbers are -1.  Times count from the start of the migration.
 */
#ifndef MIGCAST_TRACER_FOREIGN_INT_H
#define MIGCAST_TRACER_FOREIGN_INT_H

#include <jansson.h>
#include <stdbool.h>

#include "tracer/foreign.h"

struct foreign_file {
    const char *path;
    char *text; /* terminated, without NUL inside */
    size_t len;
};

/* One look at the migration: the fields of query-migrate. */
struct foreign_poll {
    int64_t t_ns;
    const char *status; /* static, QEMU's word */
    int64_t total_ms, downtime_ms, setup_ms, expected_downtime_ms;
    int64_t transferred, remaining, total; /* bytes */
    int64_t zero_pages, normal_pages, dirty_pages_per_s, rounds, throttle_pct;
    int64_t postcopy_requests, page_bytes;
    int64_t xbzrle_bytes, xbzrle_pages, xbzrle_cache_miss, xbzrle_overflow;
    double bytes_per_s; /* < 0 = unknown */
};

#define FOREIGN_POLL_INIT                                                                          \
    {                                                                                              \
        .status = "active", .total_ms = -1, .downtime_ms = -1, .setup_ms = -1,                     \
        .expected_downtime_ms = -1, .transferred = -1, .remaining = -1, .total = -1,               \
        .zero_pages = -1, .normal_pages = -1, .dirty_pages_per_s = -1, .rounds = -1,               \
        .throttle_pct = -1, .postcopy_requests = -1, .page_bytes = -1, .xbzrle_bytes = -1,         \
        .xbzrle_pages = -1, .xbzrle_cache_miss = -1, .xbzrle_overflow = -1, .bytes_per_s = -1      \
    }

/* A dirty-rate measurement that ended before the migration began. */
struct foreign_dirty {
    int64_t t_ns; /* < 0 */
    int64_t calc_s;
    double bytes_per_s;
};

/* The downtime limit was changed on the way. */
struct foreign_change {
    int64_t t_ns, downtime_limit_ms;
};

enum {
    FOREIGN_NAME = 256,
    FOREIGN_WORDS = 16, /* things that can be approximate */
    FOREIGN_ROWS_MAX = 1 << 18
};

struct foreign {
    const struct foreign_file *files;
    size_t nr_files;
    const struct foreign_options *options;
    struct diag *diag;
    /* to be filled */
    char id[FOREIGN_NAME];
    char qemu[64];     /* "" = unknown */
    const char *accel; /* NULL = unknown */
    uint64_t memory_bytes, rss_bytes;
    uint32_t vcpus;
    json_t *capabilities; /* array, owned */
    json_t *parameters;   /* object, owned */
    double timeout_s;     /* 0 = none, or unknown */
    bool cancelled_by_timeout;
    char reason[FOREIGN_NAME]; /* of a failure */
    const char *approximate[FOREIGN_WORDS];
    size_t nr_approximate;
    struct foreign_poll *polls;
    struct foreign_dirty *dirty;
    struct foreign_change *changes;
    size_t nr_polls, nr_dirty, nr_changes, polls_cap, dirty_cap, changes_cap;
};

/* Add a row; ST_ENOMEM, or ST_EINPUT when there are too many. */
enum status foreign_add_poll(struct foreign *f, const struct foreign_poll *poll);
enum status foreign_add_dirty(struct foreign *f, const struct foreign_dirty *dirty);
enum status foreign_add_change(struct foreign *f, const struct foreign_change *change);
void foreign_capability(struct foreign *f, const char *name);
void foreign_parameter(struct foreign *f, const char *name, int64_t value);
/* foreign_approximate - @what (static) is known only so; said once. */
void foreign_approximate(struct foreign *f, const char *what);
void foreign_name(struct foreign *f, const char *name);

/* foreign_error - a fault of @file at @line (0 = as a whole). */
enum status foreign_error(const struct foreign *f, const struct foreign_file *file,
                          unsigned long line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* foreign_json - @file as JSON; release with json_decref(). */
enum status foreign_json(const struct foreign *f, const struct foreign_file *file, json_t **out);

/* foreign_line - the next line of @file from *@at on, without its end; NULL at the end.  The text
 * of the file is cut into lines. */
char *foreign_line(struct foreign_file *file, size_t *at);

/* "1.5 GiB", "357.9 MiB": bytes, rounded.  False if @text does not begin so.  *@end: behind it. */
bool foreign_size(const char *text, double *bytes, const char **end);
/* "2025-01-04 00:34:29" or "2025-01-04T00:34:29Z", with a fraction or not: seconds of the epoch,
 * as if in UTC. */
bool foreign_stamp(const char *text, double *seconds, const char **end);
/* A JSON number, or a string that is one, as Prometheus writes it. */
bool foreign_number(const json_t *value, double *out);

enum status foreign_read_guestperf(void *foreign);
enum status foreign_read_domjobinfo(void *foreign);
enum status foreign_read_proxmox(void *foreign);
enum status foreign_read_kubevirt(void *foreign);
enum status foreign_read_prometheus(void *foreign);

#endif
