/*
 * cloudpods.c - `climc server-list --details --output json` and `climc host-list ...`.
 *
 * An object with vmem_size is a guest, one with mem_size a host; both in MiB.  Field names as in
 * Cloudpods' apis/compute.
 */
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

static enum status set_text(struct import *im, struct imp_section *s, const char *key,
                            const json_t *json, const char *field)
{
    const char *text = imp_text(imp_at(json, field, NULL));

    return text ? imp_set(im, s, key, field, "%s", imp_word(im, text)) : ST_OK;
}

static enum status read_host(struct import *im, const struct imp_item *it, const char *name)
{
    const char *status = imp_text(imp_at(it->json, "host_status", NULL));
    const json_t *cpus = imp_at(it->json, "cpu_count", NULL);
    const json_t *memory_ratio = imp_at(it->json, "mem_cmtbound", NULL);
    const json_t *cpu_ratio = imp_at(it->json, "cpu_cmtbound", NULL);
    struct imp_host *h = imp_host_new(im, it, name);
    enum status st;
    uint64_t nr;
    double d;

    if (!h)
        return imp_no_memory(im);
    st = imp_quantity(im, it, imp_at(it->json, "mem_size", NULL), "mem_size", &d);
    if (st == ST_OK)
        st = imp_host_memory(im, it, h, "mem_size, in MiB", d * (double)MIB);
    if (st == ST_OK && cpus && (st = imp_count(im, it, cpus, "cpu_count", 100000.0, &nr)) == ST_OK)
        st = imp_set(im, &h->s, "cpus", "cpu_count", "%u", (unsigned)nr);
    if (st == ST_OK && imp_number(memory_ratio, &d) && d >= 0.01 && d <= 100.0)
        st = imp_setting(im, "cluster", "memory_overcommit", it, "mem_cmtbound", "%.6g", d);
    if (st == ST_OK && imp_number(cpu_ratio, &d) && d >= 0.01 && d <= 1000.0)
        st = imp_setting(im, "cluster", "cpu_overcommit", it, "cpu_cmtbound", "%.6g", d);
    if (st == ST_OK)
        st = set_text(im, &h->s, "cpu_model", it->json, "cpu_desc");
    if (st == ST_OK)
        st = set_text(im, &h->s, "microcode", it->json, "cpu_microcode");
    if (st == ST_OK) {
        const char *kernel = imp_text(imp_at(it->json, "metadata", "kernel_version", NULL));

        if (!kernel)
            kernel = imp_text(imp_at(it->json, "sys_info", "kernel_version", NULL));
        if (kernel)
            st = imp_set(im, &h->s, "kernel", "kernel_version", "%s", imp_word(im, kernel));
    }
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(imp_at(it->json, "id", NULL)));
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(imp_at(it->json, "access_ip", NULL)));
    if (st == ST_OK && ((status && strcmp(status, "online") != 0) ||
                        json_is_false(imp_at(it->json, "enabled", NULL))))
        st = imp_set(im, &h->s, "taints", "host_status, enabled", "not-available");
    return st;
}

static enum status read_guest(struct import *im, const struct imp_item *it, const char *name)
{
    const char *host = imp_text(imp_at(it->json, "host", NULL));
    const char *id = imp_text(imp_at(it->json, "host_id", NULL));
    const char *status = imp_text(imp_at(it->json, "status", NULL));
    const json_t *devices = imp_at(it->json, "isolated_devices", NULL), *device;
    struct imp_vm *vm;
    enum status st;
    uint64_t nr;
    double d;
    size_t i;

    if (status && strcmp(status, "running") != 0) {
        imp_note(im, "servers in status %.40s, left out", status);
        return ST_OK;
    }
    if (!host && !id) {
        imp_note(im, "servers without a host, left out: list them with --details");
        return ST_OK;
    }
    vm = imp_vm_new(im, it, NULL, name);
    if (!vm || !(vm->host_id = arena_strdup(im->arena, host ? host : id)))
        return imp_no_memory(im);
    vm->host_from = host ? "host" : "host_id";
    st = imp_quantity(im, it, imp_at(it->json, "vmem_size", NULL), "vmem_size", &d);
    if (st == ST_OK)
        st = imp_memory(im, it, vm, "vmem_size, in MiB", d * (double)MIB);
    if (st == ST_OK && imp_at(it->json, "vcpu_count", NULL) &&
        (st = imp_count(im, it, imp_at(it->json, "vcpu_count", NULL), "vcpu_count", 4096.0, &nr)) ==
            ST_OK &&
        nr > 0)
        st = imp_set(im, &vm->s, "vcpus", "vcpu_count", "%u", (unsigned)nr);
    vm->devices_from = "isolated_devices";
    json_array_foreach(devices, i, device)
    {
        const char *type = imp_text(json_object_get(device, "dev_type"));

        if (st == ST_OK)
            st = imp_list_add(im, &vm->devices, type ? type : "device");
    }
    return st;
}

enum status imp_cloudpods_item(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "name", NULL));

    if (!name) {
        diag_hint(im->diag, "read what `climc server-list --details --output json` prints");
        return imp_fail(im, it, "name", "a server or host has one");
    }
    if (imp_at(it->json, "vmem_size", NULL))
        return read_guest(im, it, name);
    if (imp_at(it->json, "mem_size", NULL))
        return read_host(im, it, name);
    imp_note(im, "objects that are neither server nor host, not used");
    return ST_OK;
}
