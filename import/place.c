/*
 * place.c - brings VMs and hosts together, once everything is read.
 *
 * Leaves out VMs whose memory nothing tells, makes hosts that only VMs name, and fills in what
 * decides where a VM may go.  Invariant: every VM that stays has a host and memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

enum {
    SRIOV_GUESS = 64 /* virtual functions of a host whose inventory does not count them */
};

static enum status find_host(struct import *im, struct imp_vm *vm)
{
    vm->host = imp_host_find(im, vm->host_id);
    if (!vm->host && strchr(vm->host_id, '.')) {
        char *start = imp_format(im, "%.*s", (int)strcspn(vm->host_id, "."), vm->host_id);

        vm->host = start ? imp_host_find(im, start) : NULL;
        /* n1.a and n1.b are not both n1 */
        if (vm->host && vm->host->full_name && strcmp(vm->host->full_name, vm->host_id) != 0)
            vm->host = NULL;
        else if (vm->host)
            vm->host->full_name = vm->host_id;
    }
    if (vm->host)
        return ST_OK;
    vm->host = imp_host_new(im, NULL, vm->host_id);
    imp_note(im, "hosts that only their VMs name: no memory, no CPUs, no labels");
    return vm->host ? ST_OK : imp_no_memory(im);
}

/* "gpu:2, usb" out of "gpu", "usb", "gpu". */
static enum status set_devices(struct import *im, struct imp_vm *vm)
{
    struct imp_list words = {0};
    char *list;

    if (vm->devices.nr > IMP_DEVICES)
        return diag_at(im->diag, ST_EINPUT, vm->s.file, vm->s.line,
                       "VM %s has more than %d devices", vm->s.name, IMP_DEVICES);
    for (uint32_t i = 0; i < vm->devices.nr; i++) {
        const char *kind = imp_word(im, vm->devices.items[i]);
        bool had = false;
        unsigned nr = 0;
        char *word;

        for (uint32_t k = 0; k < vm->devices.nr; k++) {
            bool same = strcmp(vm->devices.items[k], vm->devices.items[i]) == 0;

            nr += same;
            had |= same && k < i;
        }
        word = had ? NULL : imp_format(im, "%s:%u", kind, nr);
        if (!had && (!word || imp_list_add(im, &words, word) != ST_OK))
            return imp_no_memory(im);
    }
    list = imp_list_join(im, &words);
    return list ? imp_set(im, &vm->s, "devices", vm->devices_from, "%s", list) : imp_no_memory(im);
}

/* A model is asked for only where every host says which ones it has: to the others a VM with one
 * could never go. */
static enum status set_cpu(struct import *im, struct imp_vm *vm, bool all_say)
{
    if (!vm->cpu_model || imp_row(&vm->s, "cpu_model"))
        return ST_OK;
    if (!all_say && strcmp(vm->cpu_model, "host-passthrough") != 0) {
        if (strcmp(vm->cpu_model, "host-model") != 0)
            imp_note(im, "VMs with a CPU model: not checked, for not every host says which ones it "
                         "has");
        return ST_OK;
    }
    return imp_set(im, &vm->s, "cpu_model", vm->cpu_from, "%s", imp_word(im, vm->cpu_model));
}

static enum status set_sriov(struct import *im)
{
    bool wanted = false, told = false;
    enum status st = ST_OK;

    for (const struct imp_vm *vm = im->vms; vm; vm = vm->next)
        wanted |= vm->host && vm->sriov > 0;
    for (const struct imp_host *h = im->hosts; h; h = h->next)
        told |= h->has_sriov;
    for (struct imp_host *h = im->hosts; h && wanted && !told && st == ST_OK; h = h->next)
        st = imp_assume(im, &h->s, "sriov", "no count of virtual functions is in the input", "%d",
                        SRIOV_GUESS);
    return st;
}

static enum status place(struct import *im, struct imp_vm *vm, bool all_say)
{
    enum status st;

    if (vm->memory_bytes == 0) {
        struct imp_metrics *m = imp_metrics_find(im, vm);
        struct imp_item it = {.file = vm->s.file, .line = vm->s.line, .path = vm->s.item};

        if (!m || m->domain_bytes == 0) {
            imp_note(im, "VMs whose memory nothing tells, left out");
            return ST_OK;
        }
        st = imp_memory(im, &it, vm, "@kubevirt_vmi_memory_domain_bytes", (double)m->domain_bytes);
        if (st != ST_OK)
            return st;
    }
    if ((st = find_host(im, vm)) != ST_OK || (st = set_cpu(im, vm, all_say)) != ST_OK)
        return st;
    vm->host->nr_vms++;
    if (!imp_row(&vm->s, "huge_pages"))
        vm->host->used_bytes += vm->memory_bytes;
    else if (strcmp(imp_row(&vm->s, "host_page")->value, "1GiB") == 0)
        vm->host->pages_1g += vm->memory_bytes;
    else
        vm->host->pages_2m += vm->memory_bytes;
    return vm->devices.nr > 0 ? set_devices(im, vm) : ST_OK;
}

/* Nodes of Kubernetes without KubeVirt, and the like. */
static void leave_out(struct import *im)
{
    struct imp_host **at = &im->hosts;

    while (*at) {
        if (!(*at)->no_target || (*at)->nr_vms > 0) {
            at = &(*at)->next;
            continue;
        }
        imp_note(im, "nodes where kubevirt.io/schedulable is not true, left out");
        *at = (*at)->next;
        im->nr_hosts--;
    }
    im->hosts_tail = at;
}

/* Where there are several clusters, hosts carry the label of theirs and VMs need it. */
static enum status set_clusters(struct import *im)
{
    const char *first = NULL;
    bool several = false;
    enum status st = ST_OK;

    for (struct imp_vm *vm = im->vms; vm; vm = vm->next)
        if (vm->host && vm->cluster && !vm->host->cluster)
            vm->host->cluster = vm->cluster;
    for (const struct imp_host *h = im->hosts; h; h = h->next) {
        several |= first && h->cluster && strcmp(first, h->cluster) != 0;
        first = first ? first : h->cluster;
    }
    for (struct imp_host *h = im->hosts; h && several && st == ST_OK; h = h->next)
        if (h->cluster)
            st =
                imp_set(im, &h->s, "labels", "its cluster", "cluster=%s", imp_word(im, h->cluster));
    for (struct imp_vm *vm = im->vms; vm && several && st == ST_OK; vm = vm->next)
        if (vm->host && vm->cluster)
            st = imp_set(im, &vm->s, "needs", vm->cluster_from, "cluster=%s",
                         imp_word(im, vm->cluster));
    return st;
}

/* ---- what hosts hold already ---- */

static enum status at_least_pages(struct import *im, struct imp_host *h, const char *key,
                                  uint64_t need)
{
    const struct imp_row *r = imp_row(&h->s, key);
    char text[UNITS_TEXT];
    uint64_t has = 0;

    if (r)
        units_parse_size(r->value, &has, NULL);
    if (has >= need)
        return ST_OK;
    imp_note(im, "hosts whose VMs take more huge pages than the input counts");
    return imp_assume(im, &h->s, key, "what its VMs take", "%s", units_size_exact(text, need));
}

/* A host that holds more than its memory is over-committed, whatever the input says of that. */
static enum status set_overcommit(struct import *im)
{
    double have = im->reader->memory_overcommit, worst = 0.0;
    const struct imp_section *cluster = imp_settings_section(im, "cluster");
    const struct imp_row *r = cluster ? imp_row(cluster, "memory_overcommit") : NULL;
    const struct imp_host *at = NULL;
    enum status st = cluster ? ST_OK : imp_no_memory(im);

    have = r ? strtod(r->value, NULL) : have > 0.0 ? have : 1.0;
    for (struct imp_host *h = im->hosts; h && st == ST_OK; h = h->next) {
        double ratio = h->memory_bytes ? (double)h->used_bytes / (double)h->memory_bytes : 0.0;

        at = ratio > worst ? h : at;
        worst = fmax(ratio, worst);
        st = at_least_pages(im, h, "huge_pages_2m", h->pages_2m);
        if (st == ST_OK)
            st = at_least_pages(im, h, "huge_pages_1g", h->pages_1g);
    }
    if (st != ST_OK || worst <= have)
        return st;
    worst = ceil(worst * 100.0) / 100.0;
    if (worst > 100.0)
        return diag_at(im->diag, ST_EINPUT, at->s.file ? at->s.file : im->paths[0], at->s.line,
                       "host %s: its VMs have %.0f times its memory", at->s.name, worst);
    imp_note(im, "VMs on %.80s have %.2f times its memory: over-commit of that much is assumed",
             at->s.name, worst);
    return imp_setting(im, "cluster", "memory_overcommit", NULL,
                       "so much memory the fullest host's VMs have", "%.2f", worst);
}

static int by_order(const void *a, const void *b)
{
    const struct imp_vm *const *x = a, *const *y = b;

    if ((*x)->order != (*y)->order)
        return (*x)->order < (*y)->order ? -1 : 1;
    return 0;
}

/* In the order of .order; VMs that are alike in it stay as they were read. */
static enum status sort_vms(struct import *im)
{
    struct imp_vm **all = malloc((im->nr_vms + 1) * sizeof(*all));
    bool sorted = true;
    size_t nr = 0;

    if (!all)
        return imp_no_memory(im);
    for (struct imp_vm *vm = im->vms; vm; vm = vm->next) {
        sorted &= nr == 0 || all[nr - 1]->order <= vm->order;
        all[nr++] = vm;
    }
    if (!sorted) {
        qsort(all, nr, sizeof(struct imp_vm *), by_order);
        for (size_t i = 0; i < nr; i++)
            all[i]->next = i + 1 < nr ? all[i + 1] : NULL;
        im->vms = all[0];
    }
    free(all);
    return ST_OK;
}

enum status imp_place_vms(struct import *im)
{
    bool all_say = im->hosts != NULL;
    enum status st = sort_vms(im);

    for (const struct imp_host *h = im->hosts; h; h = h->next)
        all_say &= h->says_cpu;
    for (struct imp_vm *vm = im->vms; vm && st == ST_OK; vm = vm->next) {
        st = place(im, vm, all_say);
        im->counts->nr_vms += vm->host != NULL;
    }
    leave_out(im);
    if (st == ST_OK)
        st = set_sriov(im);
    if (st == ST_OK)
        st = set_clusters(im);
    if (st == ST_OK)
        st = set_overcommit(im);
    if (st == ST_OK && im->counts->nr_vms == 0) {
        st = diag_at(im->diag, ST_EINPUT, im->paths[0], 0, "no running VM in the input");
        diag_hint(im->diag, "`migcast help import` shows what to export");
    }
    return st;
}
