/*
 * ovirt_options.c - the rows of [ovirt], and the words for single VMs in its `vms`.
 *
 * Defaults are oVirt's own; where they come from stands in the presets scenarios/platforms/ovirt-*.
 */
#include "base/units.h"
#include "sim/platforms/ovirt_int.h"
#include "sim/scenario/scenario_options.h"

static const char *const version_names[] = {"4.2", "4.3", "4.4", "4.5", "4.6", "4.7", "4.8", NULL};
static const char *const policy_names[] = {"inherit",    "minimal-downtime", "suspend", "post-copy",
                                           "very-large", "legacy",           NULL};
static const char *const switch_names[] = {"inherit", "off", "on", NULL};
static const char *const parallel_names[] = {"inherit",       "disabled", "auto",
                                             "auto_parallel", "custom",   NULL};
static const char *const bandwidth_names[] = {"auto", "vdsm", "custom", NULL};
static const char *const balance_names[] = {"none", "evenly_distributed", "vm_evenly_distributed",
                                            NULL};
#define FOR_EVER ((double)(3650LL * 86400 * NS_PER_S))

/* clang-format off */
#define AT(field) offsetof(struct ovirt_settings, field)
static const struct option settings_rows[] = {
    {.name = "version", .type = OPT_ENUM, .offset = AT(version), .def = "4.8",
     .words = version_names,
     .help = "compatibility version of the cluster",
     .note = "4.7 brought parallel connections and the policy for very large VMs."},
    {.name = "policy", .type = OPT_ENUM, .offset = AT(policy), .def = "minimal-downtime",
     .words = policy_names,
     .help = "migration policy of the cluster",
     .note = "Its schedule raises the downtime limit by memory passes, then aborts or switches to "
             "post-copy."},
    {.name = "auto_converge", .type = OPT_ENUM, .offset = AT(auto_converge), .def = "inherit",
     .words = switch_names,
     .help = "auto-converge of the cluster, for policy legacy",
     .note = "VM before cluster before the engine's default, which is off. The other policies "
             "bring their own."},
    {.name = "compressed", .type = OPT_ENUM, .offset = AT(compressed), .def = "inherit",
     .words = switch_names,
     .help = "XBZRLE of the cluster, for policy legacy",
     .note = "Inherited as auto_converge is."},
    {.name = "parallel", .type = OPT_ENUM, .offset = AT(parallel), .def = "disabled",
     .words = parallel_names,
     .help = "parallel connections (multifd) of the cluster",
     .note = "auto: one for each 10240 Mb/s of the migration network, at most one a vCPU, and none "
             "below two; auto_parallel: at least two. With any, hosts migrate one VM at a time. "
             "The policy for very large VMs turns disabled and auto into auto_parallel."},
    {.name = "custom_parallel", .type = OPT_U32, .offset = AT(custom_parallel), .def = "2",
     .min = 1.0, .max = 255.0,
     .help = "their number with parallel = custom",
     .note = "Cut to the number of vCPUs, but not below two."},
    {.name = "bandwidth", .type = OPT_ENUM, .offset = AT(bandwidth), .def = "auto",
     .words = bandwidth_names,
     .help = "where the bandwidth of migrations comes from",
     .note = "auto: speed of the slower network card (or qos), custom: custom_bandwidth; Mb/s over "
             "8 becomes MiB/s, and that over the policy's number of migrations is the share of "
             "each, however many run. vdsm, or a speed that is not known: vdsm_bandwidth."},
    {.name = "custom_bandwidth", .type = OPT_BPS, .offset = AT(custom_bps), .def = "1Gb/s",
     .min = 8e6, .max = SCN_BPS_LIMIT,
     .help = "bandwidth of the cluster's migrations with bandwidth = custom"},
    {.name = "qos", .type = OPT_BPS, .offset = AT(qos_bps), .def = "none",
     .min = 8e6, .max = SCN_BPS_LIMIT, .word = "none", .word_value = 0.0,
     .help = "outgoing average of the migration network's QoS; takes the place of the card's speed"},
    {.name = "link_speed", .type = OPT_BPS, .offset = AT(link_bps), .def = "nic",
     .min = 1e6, .max = SCN_BPS_LIMIT, .word = "nic", .word_value = 0.0,
     .help = "speed that the card of the migration network reports; nic = the host's nic"},
    {.name = "vdsm_bandwidth", .type = OPT_RATE, .offset = AT(vdsm_bytes_per_s), .def = "52MiB/s",
     .min = 0.0, .max = SCN_RATE_LIMIT,
     .help = "migration_max_bandwidth of the hosts, for each migration; 0 = unlimited"},
    {.name = "monitor_interval", .type = OPT_TIME_NS, .offset = AT(monitor_ns), .def = "10s",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "how often vdsm looks at a migration; 0s = never"},
    {.name = "monitor_lead", .type = OPT_TIME_NS, .offset = AT(monitor_lead_ns), .def = "0s",
     .min = 0.0, .max = (double)(600 * NS_PER_S),
     .help = "how long before `migrate` the monitor starts",
     .note = "libvirt prepares the target in between; the looks come that much earlier."},
    {.name = "retry_timeout", .type = OPT_TIME_NS, .offset = AT(retry_ns), .def = "10s",
     .min = (double)NS_PER_S, .max = (double)(3600 * NS_PER_S),
     .help = "wait after a target had no slot"},
    {.name = "guest_hook", .type = OPT_TIME_NS, .offset = AT(hook_ns), .def = "0s",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "time until a guest's agent has answered that it is ready to migrate",
     .note = "The slot at the source is held meanwhile. Policy legacy does not ask."},
    {.name = "guest_hook_limit", .type = OPT_TIME_NS, .offset = AT(hook_limit_ns), .def = "10s",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "vdsm waits no longer than this for it"},
    {.name = "migration_downtime", .type = OPT_TIME_NS, .offset = AT(downtime_ns), .def = "500ms",
     .min = 100.0 * NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .help = "longest downtime limit of policy legacy"},
    {.name = "migration_downtime_steps", .type = OPT_U32, .offset = AT(downtime_steps), .def = "5",
     .min = 1.0, .max = OVIRT_LEGACY_STEPS_MAX,
     .help = "exponential steps to it"},
    {.name = "max_rerun", .type = OPT_U32, .offset = AT(max_rerun), .def = "3",
     .min = 1.0, .max = 1000.0,
     .help = "hosts that a migration is tried with"},
    {.name = "nic_plug", .type = OPT_TIME_NS, .offset = AT(plug_ns), .def = "1s",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "time to plug passed-through network cards in again at the target",
     .note = "The engine unplugs them before the request queues at the source, so a guest is without "
             "them while it waits too. After a failure they stay unplugged."},
    {.name = "balance", .type = OPT_ENUM, .offset = AT(balance), .def = "none",
     .words = balance_names,
     .help = "what the engine evens out each minute, one VM at a time",
     .note = "Hosts with a VM on its way are left out."},
    {.name = "high_utilization", .type = OPT_PCT, .offset = AT(high_utilization_pct), .def = "75%",
     .min = 1.0, .max = 100.0,
     .help = "CPU load from which a host is too busy"},
    {.name = "underused", .type = OPT_PCT, .offset = AT(underused_pct), .def = "80%",
     .min = 1.0, .max = 100.0,
     .help = "a host takes VMs below this share of high_utilization"},
    {.name = "vcpu_consumption", .type = OPT_PCT, .offset = AT(vcpu_pct), .def = "10%",
     .min = 0.0, .max = 100.0,
     .help = "and at least this far below it"},
    {.name = "overload_time", .type = OPT_TIME_NS, .offset = AT(overload_ns), .def = "2min",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "how long it must have been too busy"},
    {.name = "high_vm_count", .type = OPT_U32, .offset = AT(high_vm_count), .def = "10",
     .min = 1.0, .max = 1e6,
     .help = "VMs from which vm_evenly_distributed looks at a host"},
    {.name = "vm_threshold", .type = OPT_U32, .offset = AT(vm_threshold), .def = "5",
     .min = 1.0, .max = 1e6,
     .help = "how many VMs fewer a target must have"},
    {.name = "vm_cpu", .type = OPT_RATIO, .offset = AT(vm_cpu_ratio), .def = "0%",
     .min = 0.0, .max = 1.0,
     .help = "share of its vCPUs that a VM uses, for the CPU load of its host"},
    {.name = "affinity_enforcement", .type = OPT_BOOL, .offset = AT(affinity), .def = "on",
     .help = "move one VM a minute while affinity groups are broken and nothing migrates"},
    {.name = "engine_interval", .type = OPT_TIME_NS, .offset = AT(minute_ns), .def = "1min",
     .min = (double)NS_PER_S, .max = (double)(86400 * NS_PER_S),
     .help = "how often the engine balances and enforces affinity"},
    {.name = "engine_phase", .type = OPT_TIME_NS, .offset = AT(phase_ns), .def = "unknown",
     .min = 0.0, .max = (double)(86400 * NS_PER_S), .word = "unknown", .word_value = -1.0,
     .help = "when it does so for the first time",
     .note = "unknown: within the first interval, drawn by each replication."},
    {.name = "power_management", .type = OPT_BOOL, .offset = AT(power_management), .def = "on",
     .help = "hosts can be fenced; without, guests of a dead host start nowhere"},
    {.name = "heartbeat", .type = OPT_TIME_NS, .offset = AT(heartbeat_ns), .def = "30s",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "from the death of a host until the engine misses it"},
    {.name = "grace", .type = OPT_TIME_NS, .offset = AT(grace_ns), .def = "60s",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "how long it may be silent before it is fenced"},
    {.name = "grace_per_vm", .type = OPT_TIME_NS, .offset = AT(grace_per_vm_ns), .def = "500ms",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "and longer for each of its guests"},
    {.name = "fence_time", .type = OPT_TIME_NS, .offset = AT(fence_ns), .def = "20s",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "until its power is off, and known to be"},
    {.name = "restart_retry", .type = OPT_TIME_NS, .offset = AT(short_ns), .def = "30s",
     .min = (double)NS_PER_S, .max = (double)(86400 * NS_PER_S),
     .help = "between tries to start guests that found no host"},
    {.name = "restart_tries", .type = OPT_U32, .offset = AT(short_tries), .def = "10",
     .min = 1.0, .max = 1e6,
     .help = "such tries, before they come more seldom"},
    {.name = "restart_retry_long", .type = OPT_TIME_NS, .offset = AT(long_ns), .def = "30min",
     .min = (double)NS_PER_S, .max = (double)(30LL * 86400 * NS_PER_S),
     .help = "between those"},
    {.name = "priority_block", .type = OPT_TIME_NS, .offset = AT(blocked_ns), .def = "10min",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "how long guests of lower priority wait for one that finds no host"},
    {.name = "vms", .type = OPT_LIST, .offset = AT(vms), .def = "",
     .help = "settings of single VMs: NAME KEY=VALUE ..., between commas",
     .note = "NAME is a VM, a section of VMs or a pattern. Keys: policy, auto_converge, compressed, "
             "parallel, custom_parallel, migration_downtime, guest_hook, cpu, paused. Later items "
             "win."},
};
#undef AT

#define AT(field) offsetof(struct ovirt_vm, field)
static const struct option vm_rows[] = {
    {.name = "policy", .type = OPT_ENUM, .offset = AT(policy), .words = policy_names,
     .help = "migration policy"},
    {.name = "auto_converge", .type = OPT_ENUM, .offset = AT(auto_converge), .words = switch_names,
     .help = "auto-converge, for policy legacy"},
    {.name = "compressed", .type = OPT_ENUM, .offset = AT(compressed), .words = switch_names,
     .help = "XBZRLE, for policy legacy"},
    {.name = "parallel", .type = OPT_ENUM, .offset = AT(parallel), .words = parallel_names,
     .help = "parallel connections"},
    {.name = "custom_parallel", .type = OPT_U32, .offset = AT(custom_parallel),
     .min = 1.0, .max = 255.0,
     .help = "their number with parallel=custom"},
    {.name = "migration_downtime", .type = OPT_TIME_NS, .offset = AT(downtime_ns),
     .min = 100.0 * NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .help = "longest downtime limit of policy legacy"},
    {.name = "guest_hook", .type = OPT_TIME_NS, .offset = AT(hook_ns),
     .min = 1.0, .max = (double)(3600 * NS_PER_S),
     .help = "time until its agent has answered"},
    {.name = "cpu", .type = OPT_RATIO, .offset = AT(cpu_ratio), .min = 0.0, .max = 1.0,
     .help = "share of its vCPUs that it uses"},
    {.name = "paused", .type = OPT_ENUM, .offset = AT(paused), .words = switch_names,
     .help = "it is paused: no post-copy, and no second host"},
};
#undef AT
/* clang-format on */

extern const struct option_table platform_ovirt_options;

const struct option_table platform_ovirt_options = {
    .rows = settings_rows,
    .nr = sizeof(settings_rows) / sizeof(settings_rows[0]),
    .size = sizeof(struct ovirt_settings),
};

const struct option_table ovirt_vm_options = {
    .rows = vm_rows,
    .nr = sizeof(vm_rows) / sizeof(vm_rows[0]),
    .size = sizeof(struct ovirt_vm),
};
