/*
 * import.c - one conversion from files to the text of a scenario.
 *
 * The list of sources is here; each is a file of its own.  A conversion lives in one arena.
 */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

#define ARENA_LIMIT ((size_t)(6 * GIB))

const struct import_source import_sources[] = {
    {"kubevirt", "kubectl get vmi,vm,nodes,migrationpolicy,kubevirt -A, as JSON or YAML"},
    {"harvester", "the same of a Harvester cluster, with settings.harvesterhci.io"},
    {"libvirt", "virsh dumpxml, capabilities and domcapabilities; HOST=FILE says whose"},
    {"proxmox", "pvesh get /cluster/resources --output-format json"},
    {"openstack", "openstack server, flavor and hypervisor list or show, with -f json"},
    {"nova", "the same as openstack"},
    {"ovirt", "answers of the REST API as JSON: vms, hosts, clusters, nics"},
    {"cloudpods", "climc server-list and host-list with --details --output json"},
    {"csv", "tables of VMs and hosts, as RVTools or a spreadsheet exports them"},
    {"prometheus", "query_range of KubeVirt's metrics, where nothing else is at hand"},
    {NULL, NULL},
};

static const struct imp_reader readers[] = {
    {.name = "kubevirt",
     .preset = "kubevirt-1.9",
     .list = {"items"},
     .yaml = true,
     .item = imp_kubevirt_item,
     .finish = imp_kubevirt_finish,
     .release = imp_kubevirt_release},
    {.name = "harvester",
     .preset = "harvester-1.7",
     .memory_overcommit = 1.5,
     .list = {"items"},
     .yaml = true,
     .item = imp_kubevirt_item,
     .finish = imp_kubevirt_finish,
     .release = imp_kubevirt_release},
    {.name = "libvirt", .preset = "virsh-script", .text = imp_libvirt_text},
    {.name = "proxmox",
     .preset = "proxmox-9",
     .item = imp_proxmox_item,
     .finish = imp_proxmox_finish},
    {.name = "openstack",
     .preset = "nova",
     .list = {"servers", "flavors", "hypervisors"},
     .item = imp_openstack_item,
     .finish = imp_openstack_finish,
     .release = imp_openstack_release},
    {.name = "nova",
     .preset = "nova",
     .list = {"servers", "flavors", "hypervisors"},
     .item = imp_openstack_item,
     .finish = imp_openstack_finish,
     .release = imp_openstack_release},
    {.name = "ovirt",
     .preset = "ovirt-minimal-downtime",
     .list = {"vm", "host", "host_nic", "cluster", "network"},
     .item = imp_ovirt_item},
    {.name = "cloudpods",
     .preset = "cloudpods-4.0.2",
     .list = {"servers", "hosts"},
     .item = imp_cloudpods_item},
    {.name = "csv", .preset = "virsh-script", .text = imp_csv_text},
    {.name = "prometheus", .preset = "kubevirt-1.9", .finish = imp_prometheus_finish},
};

static const struct imp_reader *find_reader(const char *name)
{
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
        if (strcmp(readers[i].name, name) == 0)
            return &readers[i];
    return NULL;
}

/* Values that go into the text as they are: one line, and no comment's start. */
static enum status check_option(struct import *im, const char *name, const char *value)
{
    if (!value || (value[0] && !strpbrk(value, "\r\n;#[]")))
        return ST_OK;
    return diag_set(im->diag, ST_EUSAGE, "--%s: '%.80s' is no value", name, value);
}

static enum status check_options(struct import *im)
{
    const struct import_options *o = im->options;
    enum status st;

    if ((st = check_option(im, "link", o->link)) != ST_OK ||
        (st = check_option(im, "dirty", o->dirty)) != ST_OK ||
        (st = check_option(im, "working-set", o->working_set)) != ST_OK)
        return st;
    return check_option(im, "preset", o->preset);
}

/* "node1=domains.xml" gives the host of what is in the file; a path may have a "=" of its own. */
static enum status read_path(struct import *im, const char *path)
{
    const char *eq = strchr(path, '=');

    im->file_host = NULL;
    if (strcmp(im->reader->name, "libvirt") == 0 && eq && eq > path &&
        !memchr(path, '/', (size_t)(eq - path))) {
        im->file_host = imp_format(im, "%.*s", (int)(eq - path), path);
        if (!im->file_host)
            return imp_no_memory(im);
        path = eq + 1;
    }
    return imp_read_file(im, path);
}

static enum status read_paths(struct import *im)
{
    const char *const *metrics = im->options->metrics;
    enum status st = ST_OK;

    for (size_t i = 0; i < im->nr_paths && st == ST_OK; i++)
        st = read_path(im, im->paths[i]);
    for (size_t i = 0; metrics && metrics[i] && st == ST_OK; i++)
        st = imp_read_file(im, metrics[i]);
    return st;
}

static void tell_notes(struct import *im)
{
    struct strbuf *out = &im->counts->notes;
    struct imp_note *n, *next;

    HASH_ITER(hh, im->notes, n, next)
    {
        if (n->nr > 1)
            strbuf_addf(out, "%zu x ", n->nr);
        imp_comment(out, n->text);
        strbuf_addch(out, '\n');
    }
    if (im->nr_unused == 0)
        return;
    strbuf_addf(out, "%zu x keys that forecasts do not use: ", im->nr_unused);
    HASH_ITER(hh, im->unused, n, next)
    {
        strbuf_addstr(out, n == im->unused ? "" : ", ");
        imp_comment(out, n->text);
    }
    strbuf_addch(out, '\n');
}

static void release(struct import *im)
{
    for (struct imp_vm *vm = im->vms; vm; vm = vm->next)
        json_decref(vm->affinity);
    HASH_CLEAR(hh, im->aliases);
    HASH_CLEAR(hh, im->host_names);
    HASH_CLEAR(hh, im->vm_names);
    HASH_CLEAR(hh, im->other_names);
    HASH_CLEAR(hh, im->notes);
    HASH_CLEAR(hh, im->unused);
    HASH_CLEAR(hh, im->metrics);
    imp_series_release(im);
    if (im->reader->release)
        im->reader->release(im);
    arena_free(im->arena);
}

enum status import_files(struct strbuf *out, struct import_counts *counts, const char *source,
                         const char *const *paths, size_t nr_paths,
                         const struct import_options *options, struct diag *diag)
{
    struct import im = {.options = options, .diag = diag, .counts = counts};
    enum status st;

    *counts = (struct import_counts){0};
    im.reader = find_reader(source);
    if (!im.reader)
        return diag_set(diag, ST_EUSAGE, "'%.40s' is no source", source);
    im.paths = paths;
    im.nr_paths = nr_paths;
    im.hosts_tail = &im.hosts;
    im.vms_tail = &im.vms;
    im.settings_tail = &im.settings;
    im.arena = arena_new(ARENA_LIMIT);
    if (!im.arena)
        return imp_no_memory(&im);
    st = check_options(&im);
    if (st == ST_OK)
        st = read_paths(&im);
    if (st == ST_OK && im.reader->finish)
        st = im.reader->finish(&im);
    if (st == ST_OK)
        st = imp_place_vms(&im);
    if (st == ST_OK)
        st = imp_write(&im, out);
    tell_notes(&im);
    release(&im);
    return st;
}

void import_counts_release(struct import_counts *counts)
{
    strbuf_release(&counts->notes);
}
