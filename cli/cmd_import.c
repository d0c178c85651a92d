/*
 * cmd_import.c - `migcast import`: what other tools know, as a scenario.
 *
 * import/ reads and writes; here the text is loaded as `run` would load it, so that what leaves is
 * a scenario that runs, and what was assumed is told.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "import/import.h"
#include "sim/scenario/presets.h"
#include "sim/scenario/scenario.h"

#include "base/banned.h"

static enum status check_source(const struct cli_opts *o, struct diag *diag)
{
    struct strbuf all = STRBUF_INIT;

    for (const struct import_source *s = import_sources; s->name; s++)
        if (strcmp(s->name, o->args[0]) == 0)
            return ST_OK;
    for (const struct import_source *s = import_sources; s->name; s++)
        strbuf_addf(&all, "%s%s", all.len ? ", " : "", s->name);
    diag_hint(diag, "known are %s", strbuf_text(&all));
    strbuf_release(&all);
    return diag_set(diag, ST_EUSAGE, "'%s' is no source", o->args[0]);
}

static void tell(const struct cli_opts *o, const struct import_counts *counts)
{
    const char *line = strbuf_text(&counts->notes);

    if (counts->nr_vms > 0)
        cli_note(o, "%zu VM%s on %zu host%s; dirty rate: %zu by the input, %zu assumed",
                 counts->nr_vms, counts->nr_vms == 1 ? "" : "s", counts->nr_hosts,
                 counts->nr_hosts == 1 ? "" : "s", counts->nr_measured,
                 counts->nr_vms - counts->nr_measured);
    while (*line) {
        size_t len = strcspn(line, "\n");

        cli_note(o, "  %.*s", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

/* Loads the text as `run` would.  Here a fault is the input's: a value no scenario takes. */
static enum status check(const struct cli_opts *o, const struct strbuf *text, struct diag *diag)
{
    struct scenario sc = {0};
    enum status st = scenario_load_text(&sc, o->output ? o->output : "the scenario made",
                                        strbuf_text(text), NULL, 0, diag);

    if (st == ST_EINPUT && diag && !diag->hint[0])
        diag_hint(diag, "the input has a value that no scenario takes; nothing was written");
    scenario_release(&sc);
    return st;
}

static enum status convert(struct cli_opts *o, const struct import_options *options,
                           struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct import_counts counts;
    enum status st =
        import_files(&text, &counts, o->args[0], o->args + 1, o->nr_args - 1, options, diag);

    tell(o, &counts);
    if (st == ST_OK)
        st = check(o, &text, diag);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    if (st == ST_OK && o->output)
        cli_note(o, "now: migcast run %s", o->output);
    import_counts_release(&counts);
    strbuf_release(&text);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct import_options options = {
        .preset = cli_value(o, "preset"),
        .link = cli_value(o, "link"),
        .dirty = cli_value(o, "dirty"),
        .working_set = cli_value(o, "working-set"),
        .device = cli_value(o, "device"),
        .upgrade = cli_flag(o, "upgrade"),
    };
    size_t nr_drains, nr_metrics;
    const char **drains = cli_values(o, "drain", &nr_drains);
    const char **metrics = cli_values(o, "metrics", &nr_metrics);
    enum status st = check_source(o, diag);

    if (!drains || !metrics)
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK && options.upgrade && nr_drains > 0)
        st = diag_set(diag, ST_EUSAGE, "--drain and --upgrade are two operations; take one");
    if (st == ST_OK && options.preset && !preset_find(options.preset)) {
        preset_hint(options.preset, diag);
        st = diag_set(diag, ST_EUSAGE, "--preset: '%.60s' is no preset", options.preset);
    }
    if (st == ST_OK) {
        options.drains = nr_drains > 0 ? drains : NULL;
        options.metrics = metrics;
        st = convert(o, &options, diag);
    }
    free(drains);
    free(metrics);
    return st;
}

static const struct cli_option options[] = {
    {.name = "metrics",
     .arg = "FILE",
     .help = "answer of Prometheus' query_range with dirty rates or network traffic; repeatable"},
    {.name = "drain", .arg = "HOST", .help = "host to empty; repeatable, in this order"},
    {.name = "upgrade", .help = "all hosts, one after the other, in place of a drain"},
    {.name = "preset", .arg = "NAME", .help = "in place of the one that the input's release gives"},
    {.name = "link", .arg = "RATE", .help = "each host's card in the migration network, as 25Gb/s"},
    {.name = "dirty",
     .arg = "RATE",
     .help = "write rate of VMs that no metric tells of: a rate, an interval or a distribution"},
    {.name = "working-set", .arg = "SIZE", .help = "working set of the same VMs"},
    {.name = "device",
     .arg = "NAME",
     .help = "network device whose traffic is in the way; else each host's busiest"},
    {.name = NULL},
};

const struct cmd cmd_import = {
    .name = "import",
    .args = "SOURCE FILE...",
    .help = "make a scenario of an inventory and its metrics",
    .about =
        "Reads what a platform's own commands print ('-' is standard input) and writes a scenario: "
        "hosts, VMs, settings of the platform by its release, and an operation, so that 'migcast "
        "run' answers at once. Without --drain and --upgrade the host with most memory of VMs is "
        "emptied. Files are known by what is in them, in any order.\n\n"
        "Each line of the scenario ends with where its value comes from, or with what was assumed. "
        "No inventory tells how fast guests write to memory nor how fast the network is: the first "
        "is a wide distribution unless --metrics or a table tells it, the second 10 Gb/s unless "
        "--link says it.\n\n"
        "  kubevirt    kubectl get vmi,vm,nodes,namespaces,migrationpolicies,\\\n"
        "                kubevirts,hyperconvergeds -A -o json > inventory.json\n"
        "  harvester   the same with settings.harvesterhci.io\n"
        "  libvirt     virsh dumpxml DOMAIN >> node1.xml; virsh capabilities >> node1.xml\n"
        "              migcast import libvirt node1=node1.xml node2=node2.xml\n"
        "  proxmox     pvesh get /cluster/resources --output-format json\n"
        "  openstack   openstack server list --all-projects --long -f json\n"
        "              openstack flavor list --all -f json\n"
        "              openstack hypervisor list --long -f json\n"
        "  ovirt       curl -H 'Accept: application/json' .../ovirt-engine/api/vms\n"
        "              also /hosts, /clusters and /hosts/ID/nics\n"
        "  cloudpods   climc server-list --details --output json\n"
        "              climc host-list --details --output json\n"
        "  csv         titles as VM, Host, Memory (MiB), CPUs, Active Memory (MiB), Tags\n"
        "  prometheus  curl 'URL/api/v1/query_range?query=METRIC&start=S&end=E&step=60'\n"
        "              METRIC: kubevirt_vmi_dirty_rate_bytes_per_second,\n"
        "              kubevirt_vmi_memory_resident_bytes,\n"
        "              node_network_transmit_bytes_total and others\n\n"
        "  migcast import kubevirt tests/import/data/kubevirt.json --drain node1 \\\n"
        "    --link 25Gb/s -o drain.ini && migcast run drain.ini",
    .shared = CLI_OUTPUT,
    .options = options,
    .min_args = 2,
    .max_args = CLI_ANY,
    .run = run,
};
