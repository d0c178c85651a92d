/*
 * kubevirt_vmi.c - VirtualMachineInstance objects as VMs.
 *
 * What a VMI says of its placement is kept and judged once all nodes are known.  Keys that
 * forecasts do not need are counted, so that nobody takes them for read.
 */
#include <string.h>

#include "import/kubevirt_int.h"

#include "base/banned.h"

static const char *const spec_known[] = {"domain",      "nodeSelector",      "affinity",
                                         "tolerations", "evictionStrategy",  "networks",
                                         "volumes",     "priorityClassName", NULL};
static const char *const domain_known[] = {"cpu", "memory", "resources", "devices", NULL};
static const char *const devices_known[] = {"gpus", "hostDevices", "interfaces", "disks", NULL};

/* ---- size ---- */

static enum status read_memory(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    static const char *const paths[][5] = {
        {"status", "memory", "guestCurrent", NULL},
        {"spec", "domain", "memory", "guest", NULL},
        {"spec", "domain", "resources", "requests", "memory"},
        {"spec", "domain", "resources", "limits", "memory"},
    };
    double bytes;

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const json_t *value = it->json;
        struct strbuf from = STRBUF_INIT;
        const char *where;
        enum status st;

        for (size_t k = 0; k < 5 && paths[i][k]; k++) {
            value = json_object_get(value, paths[i][k]);
            strbuf_addf(&from, "%s%s", k ? "." : "", paths[i][k]);
        }
        where = arena_strdup(im->arena, strbuf_text(&from));
        strbuf_release(&from);
        if (!value || json_is_null(value))
            continue;
        if (!where)
            return imp_no_memory(im);
        st = imp_quantity(im, it, value, where, &bytes);
        return st == ST_OK ? imp_memory(im, it, vm, where, bytes) : st;
    }
    return ST_OK;
}

static enum status read_topology(struct import *im, const struct imp_item *it,
                                 const json_t *topology, const char *from, struct imp_vm *vm)
{
    static const char *const keys[] = {"cores", "sockets", "threads"};
    uint64_t vcpus = 1;

    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_object_get(topology, keys[i]);
        uint64_t n = 1;

        if (value && !json_is_null(value)) {
            enum status st =
                imp_count(im, it, value, imp_format(im, "%s.%s", from, keys[i]), 4096.0, &n);

            if (st != ST_OK)
                return st;
        }
        vcpus *= n ? n : 1;
    }
    if (vcpus > 4096)
        return imp_fail(im, it, from, "%u vCPUs are more than 4096", (unsigned)vcpus);
    return imp_set(im, &vm->s, "vcpus", from, "%u", (unsigned)vcpus);
}

static enum status read_vcpus(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *now = imp_at(it->json, "status", "currentCPUTopology", NULL);
    const json_t *cpu = imp_at(it->json, "spec", "domain", "cpu", NULL);
    const json_t *request =
        imp_at(it->json, "spec", "domain", "resources", "requests", "cpu", NULL);
    double d;
    enum status st;

    if (now)
        return read_topology(im, it, now, "status.currentCPUTopology", vm);
    if (json_object_get(cpu, "cores") || json_object_get(cpu, "sockets") || !request)
        return read_topology(im, it, cpu, "spec.domain.cpu", vm);
    st = imp_quantity(im, it, request, "spec.domain.resources.requests.cpu", &d);
    if (st == ST_OK && d <= 4096.0)
        st = imp_set(im, &vm->s, "vcpus", "spec.domain.resources.requests.cpu", "%u",
                     (unsigned)(d + 0.999) ? (unsigned)(d + 0.999) : 1);
    return st;
}

static enum status read_cpu(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *cpu = imp_at(it->json, "spec", "domain", "cpu", NULL), *feature;
    const char *model = imp_text(json_object_get(cpu, "model"));
    enum status st = ST_OK;
    size_t i;

    vm->cpu_model = arena_strdup(im->arena, model ? model : "host-model");
    vm->cpu_from = model ? "spec.domain.cpu.model" : "KubeVirt's default";
    if (!vm->cpu_model)
        return imp_no_memory(im);
    json_array_foreach(json_object_get(cpu, "features"), i, feature)
    {
        const char *name = imp_text(json_object_get(feature, "name"));
        const char *policy = imp_text(json_object_get(feature, "policy"));

        if (name && (!policy || strcmp(policy, "require") == 0) &&
            (st = imp_list_add(im, &vm->features, name)) != ST_OK)
            return st;
    }
    if (imp_true(json_object_get(cpu, "dedicatedCpuPlacement")))
        st = imp_set(im, &vm->s, "pinned", "spec.domain.cpu.dedicatedCpuPlacement", "on");
    if (st == ST_OK && imp_at(cpu, "numa", "guestMappingPassthrough", NULL))
        imp_note(im, "VMs with guestMappingPassthrough: their NUMA nodes are not compared");
    return st;
}

static enum status read_huge_pages(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const char *from = "spec.domain.memory.hugepages.pageSize";
    const json_t *size =
        imp_at(it->json, "spec", "domain", "memory", "hugepages", "pageSize", NULL);
    double bytes;
    enum status st;

    if (!size)
        return ST_OK;
    st = imp_quantity(im, it, size, from, &bytes);
    if (st != ST_OK)
        return st;
    if (bytes != (double)(2 * MIB) && bytes != (double)GIB)
        return imp_fail(im, it, from, "huge pages have 2Mi or 1Gi");
    vm->huge_pages = true;
    st = imp_set_size(im, &vm->s, "host_page", from, bytes);
    return st == ST_OK ? imp_set(im, &vm->s, "huge_pages", from, "on") : st;
}

/* ---- devices and state ---- */

static enum status read_devices(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    static const char *const lists[] = {"gpus", "hostDevices"};
    const json_t *devices = imp_at(it->json, "spec", "domain", "devices", NULL), *d;
    size_t i;

    for (size_t k = 0; k < 2; k++) {
        json_array_foreach(json_object_get(devices, lists[k]), i, d)
        {
            const char *name = imp_text(json_object_get(d, "deviceName"));

            if (imp_list_add(im, &vm->devices, name ? name : lists[k]) != ST_OK)
                return imp_no_memory(im);
        }
    }
    vm->devices_from = "spec.domain.devices";
    json_array_foreach(json_object_get(devices, "interfaces"), i, d) vm->sriov +=
        json_object_get(d, "sriov") != NULL;
    if (vm->sriov == 0)
        return ST_OK;
    return imp_set(im, &vm->s, "sriov", "spec.domain.devices.interfaces[].sriov", "%u",
                   (unsigned)(vm->sriov < 1000 ? vm->sriov : 1000));
}

static enum status read_conditions(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *conditions = imp_at(it->json, "status", "conditions", NULL), *c;
    size_t i;

    json_array_foreach(conditions, i, c)
    {
        const char *type = imp_text(json_object_get(c, "type"));
        const char *status = imp_text(json_object_get(c, "status"));
        const char *reason = imp_text(json_object_get(c, "reason"));
        const char *message = imp_text(json_object_get(c, "message"));
        char *from;

        if (!type || !status || strcmp(type, "LiveMigratable") != 0 || strcmp(status, "False") != 0)
            continue;
        imp_note(im, "VMs that are not LiveMigratable: %.80s", reason ? reason : "no reason given");
        from = imp_format(im, "status.conditions[%zu]: %s%s%.160s", i,
                          reason ? reason : "LiveMigratable is False", message ? ": " : "",
                          message ? message : "");
        return from ? imp_set(im, &vm->s, "migratable", from, "no") : imp_no_memory(im);
    }
    return ST_OK;
}

static enum status read_labels(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *labels = imp_at(it->json, "metadata", "labels", NULL);
    enum status st = ST_OK;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)labels, key, value)
    {
        char *word = imp_format(im, "%s=%s", key, imp_text(value) ? imp_text(value) : "");

        st = word ? imp_list_add(im, &vm->labels, word) : imp_no_memory(im);
        if (st != ST_OK)
            break;
    }
    return st;
}

static enum status read_tolerations(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *tolerations = imp_at(it->json, "spec", "tolerations", NULL), *t;
    struct strbuf words = STRBUF_INIT;
    enum status st = ST_OK;
    size_t i;

    json_array_foreach(tolerations, i, t)
    {
        const char *key = imp_text(json_object_get(t, "key"));
        const char *value = imp_text(json_object_get(t, "value"));
        const char *effect = imp_text(json_object_get(t, "effect"));
        const char *operator= imp_text(json_object_get(t, "operator"));

        if (effect && strcmp(effect, "PreferNoSchedule") == 0)
            continue;
        if (operator&& strcmp(operator, "Exists") == 0)
            value = NULL;
        strbuf_addstr(&words, words.len ? ", " : "");
        if (key)
            strbuf_addf(&words, "%s%s%s", imp_word(im, key), value ? "=" : "",
                        value ? imp_word(im, value) : "");
        else
            strbuf_addch(&words, '*');
    }
    if (strbuf_failed(&words))
        st = imp_no_memory(im);
    else if (words.len > 0 && words.len < IMP_LIST_MAX)
        st = imp_set(im, &vm->s, "tolerates", "spec.tolerations", "%s", strbuf_text(&words));
    strbuf_release(&words);
    return st;
}

static enum status read_placement(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const json_t *selector = imp_at(it->json, "spec", "nodeSelector", NULL);
    const json_t *affinity = imp_at(it->json, "spec", "affinity", NULL);
    struct kube_state *k = kube_state(im);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)selector, key, value)
    {
        char *word = imp_format(im, "%s=%s", key, imp_text(value) ? imp_text(value) : "");

        if (!word || imp_list_add(im, &vm->needs, word) != ST_OK ||
            kube_want(im, &k->wanted_labels, word) != ST_OK)
            return imp_no_memory(im);
    }
    if (json_is_object(affinity) && json_object_size(affinity) > 0)
        vm->affinity = json_incref((json_t *)(uintptr_t)affinity);
    return read_tolerations(im, it, vm);
}

enum status kube_vmi(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "metadata", "name", NULL));
    const char *name_space = imp_text(imp_at(it->json, "metadata", "namespace", NULL));
    const char *node = imp_text(imp_at(it->json, "status", "nodeName", NULL));
    const char *phase = imp_text(imp_at(it->json, "status", "phase", NULL));
    const char *eviction = imp_text(imp_at(it->json, "spec", "evictionStrategy", NULL));
    struct imp_vm *vm;
    enum status st;

    if (!name)
        return imp_fail(im, it, "metadata.name", "a VMI has a name");
    if (!node || (phase && strcmp(phase, "Running") != 0)) {
        imp_note(im, "VMIs that do not run (phase %.40s), left out", phase ? phase : "unknown");
        return ST_OK;
    }
    vm = imp_vm_new(im, it, name_space, name);
    if (!vm || !(vm->host_id = arena_strdup(im->arena, node)) ||
        (eviction && !(vm->eviction = arena_strdup(im->arena, eviction))))
        return imp_no_memory(im);
    vm->host_from = "status.nodeName";
    kube_state(im)->nr_vmis++;
    if ((st = read_memory(im, it, vm)) != ST_OK || (st = read_vcpus(im, it, vm)) != ST_OK ||
        (st = read_cpu(im, it, vm)) != ST_OK || (st = read_huge_pages(im, it, vm)) != ST_OK ||
        (st = read_devices(im, it, vm)) != ST_OK || (st = read_conditions(im, it, vm)) != ST_OK ||
        (st = read_labels(im, it, vm)) != ST_OK)
        return st;
    imp_unused(im, imp_at(it->json, "spec", NULL), spec_known);
    imp_unused(im, imp_at(it->json, "spec", "domain", NULL), domain_known);
    imp_unused(im, imp_at(it->json, "spec", "domain", "devices", NULL), devices_known);
    return read_placement(im, it, vm);
}

/* ---- once all objects are known ---- */

static const char *eviction_word(const char *strategy)
{
    if (strcmp(strategy, "LiveMigrate") == 0)
        return "live_migrate";
    if (strcmp(strategy, "LiveMigrateIfPossible") == 0)
        return "live_migrate_if_possible";
    return strcmp(strategy, "None") == 0 ? "none" : NULL;
}

/* The scenario has one strategy for all: that of most VMs which have one of their own. */
static enum status finish_eviction(struct import *im)
{
    static const char *const known[] = {"LiveMigrate", "LiveMigrateIfPossible", "None"};
    uint32_t nr[3] = {0}, other = 0, best = 0;

    for (const struct imp_vm *vm = im->vms; vm; vm = vm->next) {
        uint32_t i = 0;

        while (vm->eviction && i < 3 && strcmp(vm->eviction, known[i]) != 0)
            i++;
        if (vm->eviction && i < 3)
            nr[i]++;
        other += !vm->eviction || i == 3;
    }
    for (uint32_t i = 1; i < 3; i++)
        best = nr[i] > nr[best] ? i : best;
    if (nr[best] == 0 || strcmp(kube_section(im), "harvester") == 0)
        return ST_OK;
    for (uint32_t i = 0; i < 3; i++)
        other += i == best ? 0 : nr[i];
    if (other > 0 && nr[best] + other == im->nr_vms && nr[best] < im->nr_vms)
        imp_note(im, "VMs differ in evictionStrategy: %u of %u have %s, which all get here",
                 (unsigned)nr[best], (unsigned)im->nr_vms, known[best]);
    if (nr[best] * 2 < im->nr_vms &&
        imp_row(imp_settings_section(im, "kubevirt"), "eviction_strategy"))
        return ST_OK; /* the cluster's own holds for most */
    return imp_setting(im, "kubevirt", "eviction_strategy", NULL,
                       "the evictionStrategy of most VMs", "%s", eviction_word(known[best]));
}

enum status kube_vmis_finish(struct import *im)
{
    struct kube_state *k = kube_state(im);
    enum status st = ST_OK;

    for (struct imp_vm *vm = im->vms; vm && st == ST_OK; vm = vm->next) {
        if (strcmp(vm->cpu_model, "host-passthrough") == 0 ||
            (k->nr_nodes > 0 && (strcmp(vm->cpu_model, "host-model") != 0 || k->nr_nodes > 1)))
            st = imp_set(im, &vm->s, "cpu_model", vm->cpu_from, "%s", imp_word(im, vm->cpu_model));
        if (st == ST_OK && vm->cpu_model)
            st = kube_want(im, &k->wanted_models, vm->cpu_model);
        for (uint32_t i = 0; i < vm->devices.nr && st == ST_OK; i++)
            st = kube_want(im, &k->wanted_devices, vm->devices.items[i]);
        for (uint32_t i = 0; i < vm->features.nr && st == ST_OK; i++)
            st = kube_want(im, &k->wanted_features, vm->features.items[i]);
        if (st == ST_OK && vm->features.nr > 0 && k->nr_nodes > 0) {
            char *list = imp_list_join(im, &vm->features);

            st = list ? imp_set(im, &vm->s, "cpu_features", "spec.domain.cpu.features", "%s", list)
                      : imp_no_memory(im);
        }
        if (st == ST_OK && vm->needs.nr > 0 && k->nr_nodes > 0) {
            char *list = imp_list_join(im, &vm->needs);

            st = list ? imp_set(im, &vm->s, "needs", "spec.nodeSelector, spec.affinity", "%s", list)
                      : imp_no_memory(im);
        }
    }
    return st == ST_OK ? finish_eviction(im) : st;
}
