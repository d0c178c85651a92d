/*
 * result.h - the rows that leave a run.
 *
 * The only header of sim/ that store/ and reports/ may see.  Times are nanoseconds of simulated
 * time from the start of the replication unless the name says otherwise.
 */
#ifndef MIGCAST_SIM_RESULT_H
#define MIGCAST_SIM_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum outcome {
    OUTCOME_COMPLETED,
    OUTCOME_TIMEOUT, /* a limit set for the migration ended it */
    OUTCOME_CANCELLED,
    OUTCOME_FAILED,
    OUTCOME_REJECTED, /* refused before it started */
    OUTCOME_QUEUED,   /* still waiting, or still running, at the horizon */
    OUTCOME_NR
};

/* The reason of a migration that is still running at the horizon and, simulated further, stays so.
 */
#define REASON_NEVER_CONVERGES "never converges"

/* What bound the migration for most of its time, or kept it from converging. */
enum binding {
    BINDING_NONE,
    BINDING_LINK,           /* the network share */
    BINDING_CAP,            /* max-bandwidth */
    BINDING_STREAM_CPU,     /* one stream's CPU: copy, TLS, compression */
    BINDING_SCAN,           /* finding zero pages */
    BINDING_DIRTY_RATE,     /* the guest dirties as fast as pages leave */
    BINDING_DOWNTIME_LIMIT, /* would have converged with a longer limit */
    BINDING_TIMEOUT,
    BINDING_FAULT,
    BINDING_NR
};

struct mig_round {
    uint32_t round;   /* 1 is the full copy */
    int64_t start_ns; /* the sync that opened it */
    int64_t duration_ns;
    uint64_t wire_bytes;
    uint64_t sent_pages;
    uint64_t dirtied_bytes;   /* newly dirty at the sync that closed it */
    uint64_t remaining_bytes; /* known dirty just after that sync */
    uint64_t threshold_bytes; /* switchover threshold at that sync */
    uint32_t throttle_pct;    /* in force during the round */
};

/* One line of a run's log, in the platform's own words. */
struct sim_event {
    int64_t at_ns;
    const char *vm;   /* NULL = about a host */
    const char *host; /* NULL = about no host */
    const char *what;
    uint32_t replication;
    uint32_t job; /* UINT32_MAX = none */
};

/* One migration attempt.  Strings are borrowed from the scenario and outlive the result. */
struct mig_result {
    const char *vm;
    const char *source;
    const char *target;
    const char *platform;
    const char *reason;                   /* NULL unless the outcome needs one */
    const char *kind;                     /* "live", "cold", "suspend", "rescue", "restart" */
    const char *vm_class;                 /* the VM section it comes from */
    uint32_t vm_id, source_id, target_id; /* in the scenario; UINT32_MAX = none.  Not stored. */
    uint32_t job; /* which wish: attempts of one job share it; requests come first */
    uint32_t replication;
    uint32_t attempt; /* 1 = first */
    enum outcome outcome;
    enum binding binding;
    int64_t queued_ns;  /* requested */
    int64_t started_ns; /* `migrate`; -1 = never */
    int64_t ended_ns;   /* -1 = never */
    int64_t setup_ns;
    int64_t total_ns;          /* QEMU's total-time, and before it disk_ns */
    int64_t downtime_ns;       /* QEMU's downtime; -1 = unknown, the guest was never stopped */
    int64_t blackout_ns;       /* no vCPU ran on either side; -1 = never stopped */
    int64_t postcopy_ns;       /* time spent in post-copy */
    int64_t postcopy_stall_ns; /* vCPU time lost waiting for pages, all vCPUs */
    int64_t downtime_limit_ns; /* in force at the end */
    int64_t network_outage_ns; /* a passed-through card was away from the guest, and no other
                                  carried its traffic; -1 = never */
    int64_t disk_ns;           /* disks alone, before memory; part of total_ns */
    uint64_t disk_bytes;       /* copied of disks, beside transferred_bytes */
    uint64_t transferred_bytes;
    uint64_t precopy_bytes, downtime_bytes, postcopy_bytes;
    uint64_t normal_pages, zero_pages;
    double guest_slowdown_ratio;      /* share of guest work lost over the migration, 0..1 */
    uint64_t convergence_bytes_per_s; /* smallest bandwidth at which it would have converged; 0 =
                                         unknown */
    uint64_t dirty_pages_rate;        /* QEMU's last report, pages/s */
    int64_t expected_downtime_ns;     /* QEMU's own last estimate */
    uint32_t rounds;                  /* dirty-sync-count */
    uint32_t max_throttle_pct;
    size_t first_round, nr_rounds; /* into run_result.rounds; nr 0 when rounds were not recorded */
};

/* The unit of a threshold's value and limit. */
enum value_unit {
    VALUE_COUNT,
    VALUE_NS,
    VALUE_BYTES,
    VALUE_RATIO,
    VALUE_NR
};

struct threshold_result {
    const char *text; /* as written */
    const char *file;
    unsigned long line;
    double value; /* in the threshold's own unit; NaN = nothing to judge */
    double limit;
    double low, high;             /* 95 % of the value; may be infinite; NaN as the value is */
    uint64_t n;                   /* rows behind it, or replications */
    uint32_t replications_needed; /* to decide it; 0 = decided, or cannot be said */
    bool error;                   /* severity: error crosses the exit code, warning does not */
    bool crossed;
    bool small_sample;    /* the limit is inside the interval: not decided */
    enum value_unit unit; /* of value and limit */
};

/* What a single change can be that would have let a migration end well. */
enum fix_kind {
    FIX_ALONE,            /* no other migration at the same time; no value */
    FIX_MAX_BANDWIDTH,    /* bytes/s; INFINITY = unlimited */
    FIX_LINK_RATE,        /* nominal, bits/s, of each slower link and NIC on its path */
    FIX_MULTIFD,          /* channels */
    FIX_DOWNTIME_LIMIT,   /* ns */
    FIX_TIMEOUT,          /* ns, completion timeout */
    FIX_PROGRESS_TIMEOUT, /* ns */
    FIX_HORIZON,          /* ns: only the simulated time was too short */
    FIX_AUTO_CONVERGE,    /* highest throttle it then needs, percent */
    FIX_POSTCOPY,         /* switching over when this round begins */
    FIX_DIRTY_RATE,       /* ratio of the present write rate, 0..1 */
    FIX_NR
};

/* One such change, found by simulating that migration with it. */
struct fix_result {
    size_t mig; /* which of run_result.migs */
    enum fix_kind kind;
    double value;     /* by kind */
    int64_t total_ns; /* of the migration with the change */
    int64_t downtime_ns;
};

/* What became of an operation.  Strings as above. */
struct op_result {
    const char *name, *kind;
    uint32_t replication;
    int64_t started_ns, ended_ns; /* -1 = never */
    uint32_t hosts, hosts_done, hosts_given_up;
    uint32_t vms_moved; /* moves made for it */
    uint32_t vms_left;  /* on hosts that still drain */
    /* what a host still waits for, or what it was given up for; NULL = nothing to say */
    const char *host, *blocker, *why;
};

/* What planners fear; answers/hazards.c finds it. */
enum hazard_kind {
    HAZARD_INFINITE_DRAIN, /* tried again and again, each time the same */
    HAZARD_DEADLOCK,       /* nothing has room, and nothing will free any */
    HAZARD_NO_TARGET,      /* no host will ever do */
    HAZARD_TIMEOUT,        /* the timeout ends all of a class */
    HAZARD_NEVER,          /* a guest never converges; others wait behind it */
    HAZARD_DISK,           /* a disk is never ready, so memory is not begun */
    HAZARD_FROZEN,         /* guests stand still for long */
    HAZARD_LIMIT,          /* a downtime limit was raised beyond what guests bear */
    HAZARD_LOST,           /* guests are lost */
    HAZARD_POSTCOPY,       /* guests run on two hosts at once */
    HAZARD_TARGET_NIC,     /* many streams into one card */
    HAZARD_NR
};

struct hazard_result {
    enum hazard_kind kind;
    const char *text;      /* for people */
    const char *vm, *host; /* the worst; NULL = none in particular */
    uint32_t replications; /* in which it shows */
};

enum {
    LINKS_KEPT = 16,    /* links whose use a run keeps */
    LINK_SAMPLES = 240, /* of each, at most */
    INPUTS_KEPT = 1000
};

/* How much of what a link can carry migrations used, in the replication that result_typical()
 * finds: at moments one step apart, from 0 on; means, where steps were joined. */
struct link_result {
    const char *link; /* for people: "the card of node-1 (out)" */
    uint32_t replication;
    uint32_t nr; /* samples */
    int64_t step_ns;
    unsigned char used_pct[LINK_SAMPLES];
};

/* A value of the scenario that a file, preset or option gave. */
struct input_result {
    const char *section, *key, *value; /* "vm web" */
    const char *file;                  /* or preset, or "--set" */
    unsigned long line;                /* 0 = none */
};

struct arena;
struct rows; /* sim/rows.h */

struct run_result {
    const char *scenario; /* path, or "quick" */
    const char *digest;   /* of the resolved inputs, hex */
    const char *version;  /* of the program */
    uint64_t seed;
    uint32_t replications;      /* finished */
    uint32_t first_replication; /* the number of the first of them; 0 but for parts of a run */
    bool interrupted;
    size_t nr_migs, nr_rounds, nr_thresholds, nr_fixes, nr_events, nr_ops, nr_hazards;
    struct rows *migs; /* replication-major, then job, then attempt; jobs of requests come first.
                          result_mig() */
    struct mig_round *rounds;
    struct threshold_result *thresholds;
    struct fix_result *fixes; /* by migration, then kind */
    struct sim_event *events; /* replication-major, then time */
    struct op_result *ops;    /* replication-major, then as in the scenario */
    struct hazard_result *hazards;
    struct link_result *links; /* most used first */
    size_t nr_links;
    struct input_result *inputs; /* the first INPUTS_KEPT */
    size_t nr_inputs, nr_inputs_given;
    struct arena *input_texts;
    struct arena *hazard_texts;
    struct arena **texts; /* reasons that a run made up */
    size_t nr_texts;
};

/* result_mig - migration @i: where it is kept, or unpacked into @room, so it lives as long as both.
 * All that is known of migrations is had one by one, for all of a large run do not fit in memory
 * as they are told. */
const struct mig_result *result_mig(const struct run_result *run, size_t i,
                                    struct mig_result *room);
/* result_next_replication - where the rows of the next replication begin, from @i on. */
size_t result_next_replication(const struct run_result *run, size_t i);
/* result_add_mig - another one behind the others; false when memory ran out. */
bool result_add_mig(struct run_result *run, const struct mig_result *mig);
/* result_set_mig - what became known of migration @i later; false when memory ran out. */
bool result_set_mig(struct run_result *run, size_t i, const struct mig_result *mig);
/* result_free_migs - none are left. */
void result_free_migs(struct run_result *run);

/* result_typical - the migrations of the replication of the median makespan (first request to last
 * end; the lower one of an even number): where they begin; *@nr how many, 0 when there are none or
 * memory ran out. */
size_t result_typical(const struct run_result *run, size_t *nr);

const char *outcome_name(enum outcome o); /* "completed" ... as in CONTRACT */
const char *binding_name(enum binding b); /* "link", "bandwidth limit" ... for people */
const char *
binding_key(enum binding b); /* "link", "cap" ... for databases and JSON; never changes */
const char *
fix_key(enum fix_kind f); /* "max_bandwidth" ... for databases and JSON; never changes */
const char *
hazard_key(enum hazard_kind k); /* "infinite_drain" ... for databases and JSON; never changes */
const char *value_unit_key(enum value_unit u); /* "count", "ns", "bytes", "ratio" */

#endif
