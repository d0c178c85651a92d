/*
 * params.h - the inputs of one migration: tuning, guest, host costs.
 *
 * Plain data, and its defaults.  Scenario files, traces and `quick` fill these structs; the engine
 * reads them.  Units end the names; a rate of UNITS_UNLIMITED means no limit.
 */
#ifndef MIGCAST_MODELS_PARAMS_H
#define MIGCAST_MODELS_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "models/mirror.h"

/* QEMU releases whose decisions differ; the differences are one table, models/qemu.c. */
enum qemu_version {
    QEMU_7_2,
    QEMU_8_2,
    QEMU_9_2,
    QEMU_10_0,
    QEMU_10_1,
    QEMU_NR
};

enum mfd_compression {
    MFD_NONE,
    MFD_ZLIB,
    MFD_ZSTD,
    MFD_QPL,
    MFD_UADK,
    MFD_QATZIP,
    MFD_NR
};

enum zero_detection {
    ZERO_DEFAULT, /* what the version does by itself */
    ZERO_LEGACY,  /* main thread, 9 B a page */
    ZERO_MULTIFD, /* sender threads */
    ZERO_NONE     /* zero pages go out in full */
};

enum dirty_log {
    DIRTY_LOG_MANUAL, /* KVM bitmap, cleared by 1 GiB chunk as the sweep gets there */
    DIRTY_LOG_LEGACY, /* bitmap cleared at the sync (old kernels, and TCG's own log) */
    DIRTY_LOG_RING    /* KVM dirty ring: cleared at the sync */
};

/* What starts post-copy, once the capability is on. */
enum postcopy_trigger {
    POSTCOPY_NEVER,
    POSTCOPY_AT_TIME,    /* postcopy_after_ns after `migrate` */
    POSTCOPY_AT_ROUND,   /* when round postcopy_after_round begins (libvirt: 2) */
    POSTCOPY_ON_TIMEOUT, /* instead of giving up at the completion timeout */
    POSTCOPY_ON_STALL    /* when the progress timeout would give up */
};

enum timeout_action {
    TIMEOUT_CANCEL,
    TIMEOUT_SUSPEND, /* pause the guest and let it complete (virsh --timeout) */
    TIMEOUT_POSTCOPY
};

/* Migration tuning.  Defaults are QEMU's, from reference section 2. */
struct mig_params {
    enum qemu_version qemu;

    /* capabilities: what is asked at every sync */
    bool auto_converge;
    bool dirty_limit; /* 8.1+, needs the dirty ring */
    bool xbzrle;
    bool multifd;
    bool postcopy; /* postcopy-ram */
    bool postcopy_preempt;
    bool return_path;
    bool pause_before_switchover;
    bool tls;
    bool libvirt; /* libvirt's extra steps around QEMU's (reference section 15) */

    uint64_t max_bandwidth_bytes_per_s;
    uint64_t max_postcopy_bandwidth_bytes_per_s;
    uint64_t avail_switchover_bytes_per_s; /* 0 = use the estimate (8.2+) */
    int64_t downtime_limit_ns;

    bool cpu_throttle_tailslow;
    uint32_t throttle_trigger_pct;       /* 50 */
    uint32_t cpu_throttle_initial_pct;   /* 20 */
    uint32_t cpu_throttle_increment_pct; /* 10 */
    uint32_t max_cpu_throttle_pct;       /* 99 */

    uint64_t vcpu_dirty_limit_bytes_per_s;
    int64_t vcpu_dirty_limit_period_ns;
    uint64_t dirty_ring_entries; /* per vCPU */
    enum dirty_log dirty_log;
    uint64_t clear_chunk_bytes; /* 1 GiB: x-clear-bitmap-shift 18 */

    uint64_t xbzrle_cache_bytes; /* 64 MiB */

    bool multifd_flush_each_call; /* as machine types up to 8.0: a barrier in each iterate call */
    uint32_t multifd_channels;    /* 2 */
    enum mfd_compression multifd_compression;
    uint32_t multifd_level; /* 1 */
    enum zero_detection zero_detection;

    enum postcopy_trigger postcopy_trigger;
    int64_t postcopy_after_ns;
    uint32_t postcopy_after_round;
    int64_t postcopy_recover_after_ns; /* a broken post-copy is recovered this long after the break;
                                          0 = never */

    int64_t management_wait_ns; /* how long the manager takes to say migrate-continue */

    enum mirror_mode disk_mode;      /* of disks that the target does not see */
    uint64_t disk_limit_bytes_per_s; /* of each disk's copy; 0 = max_bandwidth */
    int64_t disk_poll_ns; /* how often the manager looks whether all are ready; 0 = it is told */

    int64_t completion_timeout_ns;         /* 0 = none; fixed part */
    int64_t completion_timeout_ns_per_gib; /* of guest memory; 0 = none */
    int64_t progress_timeout_ns; /* 0 = none: no new minimum of remaining bytes for this long */
    enum timeout_action timeout_action;
};

/* How a guest writes. */
enum dirty_kind {
    DIRTY_IDLE,
    DIRTY_UNIFORM,    /* every page of the working set equally likely */
    DIRTY_HOTCOLD,    /* a share of the writes to a hot part, the rest over the whole working set */
    DIRTY_ZIPF,       /* page of rank i with weight i^-exponent */
    DIRTY_SEQUENTIAL, /* in page order, wrapping at the end of the working set */
    DIRTY_CURVE,      /* measured distinct bytes against time */
    DIRTY_SERIES,     /* write rate against time (metrics), uniform over the working set */
    DIRTY_CLASSES,    /* a mixture given outright: what fits from traces produce */
    DIRTY_TRACE,      /* distinct bytes per second against time, as captured */
    DIRTY_KIND_NR
};

enum {
    DIRTY_CLASSES_MAX = 24, /* classes of pages in a mixture */
    DIRTY_CURVE_MAX = 64,   /* points of a measured curve */
    DIRTY_SERIES_MAX = 4096 /* points of a time series */
};

struct dirty_point {
    int64_t t_ns;
    double value; /* distinct bytes (curve) or bytes per second (series) */
};

struct dirty_class {
    double pages; /* in the class */
    double
        writes_per_s; /* to the class, all pages together, unthrottled and while the phase is on */
    bool sequential;  /* written in order rather than at random */
};

struct dirty_params {
    enum dirty_kind kind;
    double write_bytes_per_s; /* page writes x 4096: the offered rate, not the distinct rate */
    uint64_t working_set_bytes;
    uint64_t hot_bytes;    /* hotcold */
    double hot_ratio;      /* hotcold: share of the writes inside the hot part */
    double zipf_exponent;  /* zipf: > 0 */
    int64_t on_ns, off_ns; /* phases; off_ns 0 = always on */
    int64_t phase_ns;      /* where in the cycle (of a sequential writer: in its set) the migration
                              starts; < 0 = unknown, drawn at random */
    double
        cpu_need_ratio; /* share of vCPU time the writer uses when unthrottled; 1 = CPU-bound, so
                           any throttle slows it; below 1 a throttle first uses up the idle time */
    double zero_write_ratio; /* share of the writes that leave the page all zero */
    double change_ratio;   /* share of a page's bytes that differ after a rewrite (XBZRLE); 0..1 */
    double compress_ratio; /* compressed size / size, for multifd compression; 0 < r <= 1 */
    uint32_t nr_classes;
    uint32_t nr_points;
    struct dirty_class classes[DIRTY_CLASSES_MAX];
    const struct dirty_point *points; /* curve or series, nr_points; borrowed */
};

/* mig_params_default - QEMU's own defaults. */
void mig_params_default(struct mig_params *params);

struct guest_params {
    uint64_t memory_bytes;
    uint64_t extra_bytes;     /* migratable RAM beside guest memory: video, ROMs, ACPI tables */
    uint64_t nonzero_bytes;   /* pages with content; the rest are zero pages */
    uint64_t host_page_bytes; /* 4096, 2 MiB, 1 GiB */
    uint64_t device_state_bytes;
    uint32_t vcpus;
    double zero_tail_ratio; /* where the zero pages lie: 1 = one run at the end of memory, 0 =
                               spread evenly */
    double zero_last_ratio; /* share of the zero pages that lie behind everything else */
    int64_t shutdown_ns;    /* of the guest's system, for cold moves */
    int64_t boot_ns;        /* until it serves again */
    struct dirty_params dirty;
};

/* Costs of a pair of hosts, from `calibrate` or a preset; every default says its origin in
 * models/costs.c. */
struct host_costs {
    uint64_t copy_bytes_per_s;    /* normal pages through one stream, sender CPU */
    uint64_t multifd_bytes_per_s; /* normal pages, all channels together; 0 = each adds a stream */
    uint64_t zero_scan_bytes_per_s;  /* guest bytes tested and found zero */
    uint64_t final_copy_bytes_per_s; /* normal pages in the stop-and-copy */
    uint64_t push_bytes_per_s;       /* ... and in post-copy's push; 0 = as in the stop-and-copy */
    uint64_t tls_bytes_per_s;        /* ceiling of one encrypted stream */
    uint64_t zlib_bytes_per_s;       /* input, one thread, level 1 */
    uint64_t zstd_bytes_per_s;
    uint64_t hw_compress_bytes_per_s; /* qpl, uadk, qatzip */
    uint64_t xbzrle_bytes_per_s;      /* input compared and encoded */
    int64_t sync_fixed_ns;            /* one dirty-log sync */
    int64_t sync_ns_per_gib;          /* more of it, by guest memory */
    int64_t setup_fixed_ns;
    int64_t setup_ns_per_gib;
    int64_t window_slip_ns;              /* how late a rate-limit sleep wakes up */
    int64_t stop_ns;                     /* stop vCPUs, drain block I/O */
    int64_t device_save_ns;              /* fixed part of saving, and loading, device state */
    int64_t finish_ns;                   /* clean-up between the last byte and `completed` */
    int64_t rtt_ns;                      /* between the hosts */
    int64_t dest_start_ns;               /* load devices and start vCPUs at the destination */
    int64_t postcopy_discard_ns_per_run; /* per contiguous dirty run */
    int64_t postcopy_fault_ns;           /* fault handling besides the transfer */
    int64_t postcopy_zero_ns;            /* placing one zero page at the destination */
    uint64_t socket_buffer_bytes;
    uint64_t rss_overhead_bytes; /* resident memory of QEMU that is not guest memory */
    double guest_fault_ns;       /* guest time lost per newly dirtied page */
    int64_t cancel_ns;           /* clean-up after a cancel */
    int64_t tcp_timeout_ns;      /* a dead path breaks the connection after this long */
    int64_t libvirt_wait_ns;     /* libvirt's reaction to pre-switchover, guest stopped */
    int64_t libvirt_finish_ns;   /* from QEMU's completion to `cont` at the destination */
    uint64_t guest_writes_per_s; /* page writes one vCPU can do; tells how CPU-bound a measured
                                    writer is */
    double dirty_scatter_ratio;  /* of a guest's work in one second: standard deviation, relative;
                                    over t seconds this / sqrt(t); 0 = writers are even */
};

#endif
