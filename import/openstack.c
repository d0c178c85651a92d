/*
 * openstack.c - what the openstack client prints as JSON: servers, flavors, hypervisors.
 *
 * Lists have titles as keys ("Hypervisor Hostname"), `show` has the API's names; both are read.
 * What an object is, its keys tell.  A server's size is its flavor's, looked up at the end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

struct flavor {
    char *key; /* id or name */
    const char *file, *path;
    double ram_mib;
    uint64_t vcpus;
    const char *devices;
    bool pinned, huge;
    UT_hash_handle hh;
};

struct nova_state {
    struct flavor *flavors;
};

/* The first of several spellings that the object has. */
static const json_t *any(const json_t *json, const char *a, const char *b, const char *c)
{
    const json_t *v = json_object_get(json, a);

    if (!v || json_is_null(v))
        v = json_object_get(json, b);
    if ((!v || json_is_null(v)) && c)
        v = json_object_get(json, c);
    return json_is_null(v) ? NULL : v;
}

/* ---- flavors ---- */

static enum status add_flavor(struct import *im, struct flavor value, const char *key)
{
    struct nova_state *n = im->own;
    struct flavor *f;

    HASH_FIND_STR(n->flavors, key, f);
    if (f)
        return ST_OK;
    f = arena_memdup(im->arena, &value, sizeof(value));
    if (!f || !(f->key = arena_strdup(im->arena, key)))
        return imp_no_memory(im);
    HASH_ADD_KEYPTR(hh, n->flavors, f->key, strlen(f->key), f);
    return ST_OK;
}

/* Extra specs, as an object or as the text "hw:cpu_policy='dedicated', ...". */
static void read_specs(struct import *im, const json_t *specs, struct flavor *f)
{
    char *text = json_is_string(specs) ? imp_format(im, "%s", json_string_value(specs)) : NULL;
    char *dump = json_is_object(specs) ? json_dumps(specs, JSON_COMPACT) : NULL;
    const char *all = dump ? dump : text, *alias;

    if (all) {
        f->pinned = strstr(all, "hw:cpu_policy") && strstr(all, "dedicated");
        f->huge = strstr(all, "hw:mem_page_size") &&
                  (strstr(all, "large") || strstr(all, "2MB") || strstr(all, "2048"));
        alias = strstr(all, "pci_passthrough:alias");
        if (alias) {
            alias += strlen("pci_passthrough:alias");
            alias += strspn(alias, "\"'=: ");
            f->devices = imp_format(im, "%.*s", (int)strcspn(alias, "\"', }"), alias);
        }
        if (strstr(all, "resources:VGPU"))
            f->devices = "vgpu:1";
    }
    free(dump);
}

static enum status read_flavor(struct import *im, const struct imp_item *it, const json_t *json,
                               bool named)
{
    const char *id = imp_text(any(json, "ID", "id", NULL));
    const char *name = imp_text(any(json, "Name", "name", "original_name"));
    struct flavor f = {.file = it->file};
    enum status st;

    f.path = arena_strdup(im->arena, it->path);
    if (!f.path)
        return imp_no_memory(im);
    st = imp_quantity(im, it, any(json, "RAM", "ram", NULL), named ? "RAM" : "flavor.ram",
                      &f.ram_mib);
    if (st == ST_OK)
        st = imp_count(im, it, any(json, "VCPUs", "vcpus", NULL), named ? "VCPUs" : "flavor.vcpus",
                       4096.0, &f.vcpus);
    if (st != ST_OK)
        return st;
    read_specs(im, any(json, "Properties", "properties", "extra_specs"), &f);
    if (id)
        st = add_flavor(im, f, id);
    if (st == ST_OK && name)
        st = add_flavor(im, f, name);
    return st;
}

/* ---- hypervisors ---- */

static enum status read_cpu_info(struct import *im, const struct imp_item *it, struct imp_host *h)
{
    const json_t *info = any(it->json, "cpu_info", "CPU Info", NULL);
    json_t *parsed = json_is_string(info) ? json_loads(json_string_value(info), 0, NULL) : NULL;
    const json_t *cpu = parsed ? parsed : info;
    const char *model = imp_text(json_object_get(cpu, "model"));
    const char *vendor = imp_text(json_object_get(cpu, "vendor"));
    enum status st = ST_OK;

    if (model)
        st = imp_set(im, &h->s, "cpu_model", "cpu_info.model", "%s", imp_word(im, model));
    if (st == ST_OK && vendor)
        st = imp_set(im, &h->s, "vendor", "cpu_info.vendor", "%s", imp_word(im, vendor));
    json_decref(parsed);
    return st;
}

static enum status read_hypervisor(struct import *im, const struct imp_item *it, const char *name)
{
    const json_t *memory = any(it->json, "Memory MB", "memory_mb", "Memory");
    const json_t *cpus = any(it->json, "vCPUs", "vcpus", "VCPUs");
    const char *state = imp_text(any(it->json, "State", "state", NULL));
    const char *status = imp_text(any(it->json, "Status", "status", NULL));
    struct imp_host *h = imp_host_new(im, it, name);
    enum status st = ST_OK;
    uint64_t nr;
    double d;

    if (!h)
        return imp_no_memory(im);
    if (!memory)
        imp_note(im,
                 "hypervisors without memory and vCPUs, which are not checked: newer APIs do not "
                 "list them");
    if (memory && (st = imp_quantity(im, it, memory, "Memory MB", &d)) == ST_OK)
        st = imp_host_memory(im, it, h, "Memory MB, in MiB", d * (double)MIB);
    if (st == ST_OK && cpus && (st = imp_count(im, it, cpus, "vCPUs", 100000.0, &nr)) == ST_OK)
        st = imp_set(im, &h->s, "cpus", "vCPUs", "%u", (unsigned)nr);
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(any(it->json, "service_host", "Host", NULL)));
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(any(it->json, "Host IP", "host_ip", NULL)));
    if (st == ST_OK &&
        ((state && strcmp(state, "up") != 0) || (status && strcmp(status, "enabled") != 0)))
        st = imp_set(im, &h->s, "taints", "State, Status", "not-available");
    return st == ST_OK ? read_cpu_info(im, it, h) : st;
}

/* ---- servers ---- */

static enum status read_server(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(any(it->json, "Name", "name", NULL));
    const char *status = imp_text(any(it->json, "Status", "status", NULL));
    const char *host = imp_text(any(it->json, "OS-EXT-SRV-ATTR:host", "Host", "host"));
    const char *node =
        imp_text(any(it->json, "OS-EXT-SRV-ATTR:hypervisor_hostname", "hypervisor_hostname", NULL));
    const json_t *flavor = any(it->json, "flavor", "Flavor", "Flavor Name");
    const char *id = imp_text(any(it->json, "Flavor ID", "flavor_id", NULL));
    struct imp_vm *vm;
    enum status st = ST_OK;

    if (status && strcmp(status, "ACTIVE") != 0) {
        imp_note(im, "servers in status %.40s, left out", status);
        return ST_OK;
    }
    if (!host && !node) {
        imp_note(im,
                 "servers without a host, left out: list them as an administrator, with --long");
        return ST_OK;
    }
    vm = imp_vm_new(im, it, NULL, name);
    if (!vm || !(vm->host_id = arena_strdup(im->arena, node ? node : host)))
        return imp_no_memory(im);
    vm->host_from = node ? "OS-EXT-SRV-ATTR:hypervisor_hostname" : "Host";
    if (json_is_object(flavor) && any(flavor, "ram", "RAM", NULL)) {
        st = read_flavor(im, it, flavor, false);
        id = imp_text(any(flavor, "id", "original_name", "name"));
        flavor = any(flavor, "original_name", "name", NULL);
    }
    if (!id)
        id = imp_text(flavor);
    vm->flavor = arena_strdup(im->arena, id ? id : "");
    return vm->flavor ? st : imp_no_memory(im);
}

enum status imp_openstack_item(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(any(it->json, "Name", "name", NULL));
    const char *hypervisor =
        imp_text(any(it->json, "Hypervisor Hostname", "hypervisor_hostname", NULL));
    bool server = any(it->json, "Flavor", "flavor", "Flavor Name") ||
                  any(it->json, "Power State", "OS-EXT-STS:vm_state", "Networks");

    if (!im->own && !(im->own = arena_alloc(im->arena, sizeof(struct nova_state))))
        return imp_no_memory(im);
    if (server && name)
        return read_server(im, it);
    if (any(it->json, "RAM", "ram", NULL) && any(it->json, "VCPUs", "vcpus", NULL))
        return read_flavor(im, it, it->json, true);
    if (hypervisor)
        return read_hypervisor(im, it, hypervisor);
    imp_note(im, "objects that are neither server, flavor nor hypervisor, not used");
    return ST_OK;
}

/* "m1.small (2)", as older clients print a server's flavor. */
static struct flavor *find_flavor(struct nova_state *n, const char *key)
{
    const char *open = strrchr(key, '(');
    char id[128];
    struct flavor *f;

    HASH_FIND_STR(n->flavors, key, f);
    if (f || !open || strlen(open) < 3 || strlen(open) >= sizeof(id))
        return f;
    snprintf(id, sizeof(id), "%.*s", (int)strlen(open) - 2, open + 1);
    HASH_FIND_STR(n->flavors, id, f);
    return f;
}

static enum status size_of(struct import *im, struct imp_vm *vm, const struct flavor *f)
{
    struct imp_item it = {.file = vm->s.file, .line = vm->s.line, .path = vm->s.item};
    char *from = imp_format(im, "@flavor %s, %s: %s.RAM, in MiB", vm->flavor, f->file, f->path);
    enum status st =
        from ? imp_memory(im, &it, vm, from, f->ram_mib * (double)MIB) : imp_no_memory(im);

    if (st == ST_OK && f->vcpus > 0)
        st = imp_set(im, &vm->s, "vcpus", "its flavor's VCPUs", "%u", (unsigned)f->vcpus);
    if (st == ST_OK && f->pinned)
        st = imp_set(im, &vm->s, "pinned", "its flavor's hw:cpu_policy", "on");
    if (st == ST_OK && f->devices && *f->devices) {
        vm->devices_from = "its flavor's pci_passthrough:alias";
        st = imp_list_add(im, &vm->devices,
                          imp_format(im, "%.*s", (int)strcspn(f->devices, ":"), f->devices));
    }
    if (f->huge)
        imp_note(im, "servers with huge pages (hw:mem_page_size), taken as without: no list says "
                     "how many a host has");
    return st;
}

enum status imp_openstack_finish(struct import *im)
{
    struct nova_state *n = im->own;
    enum status st = ST_OK;

    if (!n)
        return ST_OK;
    for (struct imp_vm *vm = im->vms; vm && st == ST_OK; vm = vm->next) {
        struct flavor *f = find_flavor(n, vm->flavor);

        if (f)
            st = size_of(im, vm, f);
        else
            imp_note(im, "servers whose flavor is not in the input: add `openstack flavor list "
                         "--all -f json`");
    }
    imp_note(im, "disks are taken to lie on shared storage; block migration is not in these lists");
    return st;
}

void imp_openstack_release(struct import *im)
{
    struct nova_state *n = im->own;

    if (n)
        HASH_CLEAR(hh, n->flavors);
}
