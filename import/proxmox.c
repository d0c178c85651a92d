/*
 * proxmox.c - `pvesh get /cluster/resources --output-format json`: nodes and guests in one list.
 *
 * Guests are written by VMID, the order in which a bulk migration takes them.  Fields as in
 * pve-manager, PVE/API2/Cluster.pm.
 */
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

static const char *const guest_known[] = {"type",   "id",     "vmid",    "name",    "node",
                                          "status", "maxmem", "maxcpu",  "hastate", "template",
                                          "lock",   "tags",   "maxdisk", "memhost", NULL};
static const char *const node_known[] = {"type", "id", "node", "status", "maxmem", "maxcpu", NULL};

static enum status read_node(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "node", NULL));
    const char *status = imp_text(imp_at(it->json, "status", NULL));
    const json_t *memory = imp_at(it->json, "maxmem", NULL);
    const json_t *cpus = imp_at(it->json, "maxcpu", NULL);
    struct imp_host *h = name ? imp_host_new(im, it, name) : NULL;
    enum status st = ST_OK;
    uint64_t nr;
    double d;

    if (!name)
        return imp_fail(im, it, "node", "a node has a name");
    if (!h)
        return imp_no_memory(im);
    imp_unused(im, it->json, node_known);
    if (memory && (st = imp_quantity(im, it, memory, "maxmem", &d)) == ST_OK && d >= 1.0)
        st = imp_host_memory(im, it, h, "maxmem", d);
    if (st == ST_OK && cpus && (st = imp_count(im, it, cpus, "maxcpu", 100000.0, &nr)) == ST_OK)
        st = imp_set(im, &h->s, "cpus", "maxcpu", "%u", (unsigned)nr);
    if (st == ST_OK && status && strcmp(status, "online") != 0)
        st = imp_set(im, &h->s, "taints", "status", "%s", imp_word(im, status));
    return st;
}

static enum status read_size(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *memory = imp_at(it->json, "maxmem", NULL);
    const json_t *resident = imp_at(it->json, "memhost", NULL);
    const json_t *cpus = imp_at(it->json, "maxcpu", NULL);
    enum status st = ST_OK;
    uint64_t nr;
    double d;

    if (memory && (st = imp_quantity(im, it, memory, "maxmem", &d)) == ST_OK)
        st = imp_memory(im, it, vm, "maxmem", d);
    if (st == ST_OK && resident && (st = imp_quantity(im, it, resident, "memhost", &d)) == ST_OK &&
        d >= 1.0 && d < (double)vm->memory_bytes)
        st = imp_set_size(im, &vm->s, "nonzero", "memhost", d);
    if (st == ST_OK && cpus && (st = imp_count(im, it, cpus, "maxcpu", 4096.0, &nr)) == ST_OK &&
        nr > 0)
        st = imp_set(im, &vm->s, "vcpus", "maxcpu", "%u", (unsigned)nr);
    return st;
}

static enum status read_guest(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "name", NULL));
    const char *node = imp_text(imp_at(it->json, "node", NULL));
    const char *status = imp_text(imp_at(it->json, "status", NULL));
    const char *ha = imp_text(imp_at(it->json, "hastate", NULL));
    struct imp_vm *vm;
    enum status st;
    uint64_t vmid;

    if (imp_true(imp_at(it->json, "template", NULL))) {
        imp_note(im, "templates, left out");
        return ST_OK;
    }
    if (!node || !status || strcmp(status, "running") != 0) {
        imp_note(im, "guests that do not run (%.40s), left out", status ? status : "no status");
        return ST_OK;
    }
    st = imp_count(im, it, imp_at(it->json, "vmid", NULL), "vmid", 1e9, &vmid);
    if (st != ST_OK)
        return st;
    vm = imp_vm_new(im, it, NULL, name ? name : imp_format(im, "vm-%u", (unsigned)vmid));
    if (!vm || !(vm->host_id = arena_strdup(im->arena, node)))
        return imp_no_memory(im);
    vm->host_from = "node";
    vm->order = (double)vmid;
    if (ha && strcmp(ha, "ignored") != 0)
        imp_note(im, "guests under the HA manager: --preset proxmox-ha follows its rules");
    imp_unused(im, it->json, guest_known);
    return read_size(im, it, vm);
}

enum status imp_proxmox_item(struct import *im, const struct imp_item *it)
{
    const char *type = imp_text(imp_at(it->json, "type", NULL));

    if (!type) {
        diag_hint(im->diag, "read what `pvesh get /cluster/resources --output-format json` prints");
        return imp_fail(im, it, "type", "a resource has one");
    }
    if (strcmp(type, "node") == 0)
        return read_node(im, it);
    if (strcmp(type, "qemu") == 0)
        return read_guest(im, it);
    imp_note(im, "resources of type %.40s, not used", type);
    return ST_OK;
}

enum status imp_proxmox_finish(struct import *im)
{
    if (im->nr_vms > 0)
        imp_note(im, "disks are taken to lie on shared storage, and CPU types not to be host: "
                     "/cluster/resources says neither");
    return ST_OK;
}
