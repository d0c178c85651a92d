/*
 * matrix.h - the matrix of captures to make: an INI file, one section a case.
 *
 *     [defaults]            what cases take unless they say otherwise
 *     [case NAME]           one migration; its capture of repeat N is NAME-rN
 *     [link NAME]           a shared, rate-limited link; cases join it with `link = NAME`
 *
 * Knows what may stand in a matrix and what contradicts itself; whether this machine can run it is
 * for machine.h and network.h.  Everything lives in the arena that lab_matrix_read() was given.
 */
#ifndef MIGCAST_LAB_MATRIX_H
#define MIGCAST_LAB_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"

enum lab_accel {
    LAB_ACCEL_AUTO, /* bare: kvm where /dev/kvm opens, else tcg; linux: tcg */
    LAB_ACCEL_KVM,
    LAB_ACCEL_TCG
};

enum lab_guest {
    LAB_GUEST_BARE, /* the project's own, without an operating system */
    LAB_GUEST_LINUX
};

enum lab_order {
    LAB_ORDER_RANDOM,
    LAB_ORDER_SEQUENTIAL
};

enum lab_write {
    LAB_WRITE_COUNT, /* small changes */
    LAB_WRITE_ZERO,  /* pages become zero pages */
    LAB_WRITE_RANDOM /* bytes that do not compress */
};

enum lab_content {
    LAB_CONTENT_SPARSE, /* two words a page */
    LAB_CONTENT_RANDOM
};

enum {
    LAB_WRITERS = 3,
    LAB_MEMBERS_MIN = 2, /* of a shared link */
    LAB_MEMBERS_MAX = 4,
    LAB_WINDOWS_MAX = 8,
    LAB_NAME_MAX = 60 /* of cases and links: they become file names */
};

struct lab_writer {
    uint64_t at_bytes, hot_bytes;
    uint32_t rate; /* page writes a second; 0 = there is no such writer */
    double hot_ratio;
    enum lab_order order;
    int64_t on_ns, off_ns;
    uint64_t bytes; /* written in a page */
    enum lab_write write;
};

struct lab_case {
    enum lab_accel accel;
    enum lab_guest guest;
    uint64_t memory_bytes;
    uint32_t repeats;
    int64_t settle_ns;
    int64_t timeout_ns;
    struct option_list windows; /* of calc-dirty-rate, as lab_windows() reads them */

    uint64_t max_bandwidth_bytes_per_s; /* UINT64_MAX = unlimited */
    int64_t downtime_limit_ns;
    uint32_t multifd_channels;   /* 0 = off */
    uint64_t xbzrle_cache_bytes; /* 0 = off */
    bool auto_converge;
    uint32_t throttle_initial_pct, throttle_increment_pct,
        max_throttle_pct; /* 0 = QEMU's default */
    bool postcopy;
    int64_t postcopy_after_ns; /* 0 = never */

    uint64_t fill_bytes; /* bare */
    enum lab_content content;
    int64_t tick_ns;
    struct lab_writer writers[LAB_WRITERS];

    const char *program; /* linux: see linux/init */
    const char *args;

    const char *link; /* "" = loopback */
    int64_t start_ns; /* after the link's first start */

    const char *name;   /* of the section; not an option, as the line */
    unsigned long line; /* where it stands */
};

struct lab_link {
    uint64_t rate_bps;
    uint64_t burst_bytes;
    int64_t latency_ns;

    const char *name;
    unsigned long line;
};

/* What is captured at once: one case, or the members of a link. */
struct lab_group {
    const char *name;              /* of the case or of the link */
    const struct lab_link *link;   /* NULL = one case over loopback */
    const struct lab_case **cases; /* in file order */
    size_t nr;
};

struct lab_matrix {
    const char *path;
    const struct lab_case *cases; /* in file order */
    size_t nr_cases;
    const struct lab_group *groups; /* in the order of their first case */
    size_t nr_groups;
};

extern const struct option_table lab_case_options;
extern const struct option_table lab_link_options;

/* lab_matrix_read - ST_EINPUT with file, line, section and key on anything that cannot be meant. */
enum status lab_matrix_read(struct lab_matrix *m, const char *path, struct arena *arena,
                            struct diag *diag);
enum status lab_matrix_read_text(struct lab_matrix *m, const char *name, const char *text,
                                 size_t len, struct arena *arena, struct diag *diag);

/* lab_windows - the case's measuring windows in ms; how many. */
size_t lab_windows(const struct lab_case *c, unsigned ms[LAB_WINDOWS_MAX]);

#endif
