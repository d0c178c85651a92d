/*
 * ovirt.c - answers of the REST API as JSON: /vms, /hosts, /clusters, and a host's /nics.
 *
 * A list stands under its own name ({"vm": [...]}), and numbers are text there.  Types as in
 * ovirt-engine-api-model.
 */
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

struct policy_row {
    const char *id, *preset, *word;
};

/* Ids as in ovirt-engine's database scripts. */
static const struct policy_row policies[] = {
    {"80554327-0569-496b-bdeb-fcbbf52b827b", "ovirt-minimal-downtime", "minimal-downtime"},
    {"80554327-0569-496b-bdeb-fcbbf52b827c", "ovirt-suspend", "suspend"},
    {"a7aeedb2-8d66-4e51-bb22-32595027ce71", "ovirt-postcopy", "post-copy"},
    {"57237b82-b8c2-425f-b425-114b35219626", "ovirt-very-large", "very-large"},
    {"00000000-0000-0000-0000-000000000000", "ovirt-legacy", "legacy"},
};

static const struct policy_row *policy_of(const json_t *json)
{
    const char *id = imp_text(imp_at(json, "migration", "policy", "id", NULL));

    for (size_t i = 0; id && i < sizeof(policies) / sizeof(policies[0]); i++)
        if (strcmp(policies[i].id, id) == 0)
            return &policies[i];
    return NULL;
}

static enum status read_topology(struct import *im, const struct imp_item *it,
                                 struct imp_section *s, const char *key, double max)
{
    static const char *const parts[] = {"sockets", "cores", "threads"};
    const json_t *topology = imp_at(it->json, "cpu", "topology", NULL);
    uint64_t nr = 1;

    if (!topology)
        return ST_OK;
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = imp_at(topology, parts[i], NULL);
        uint64_t n = 1;
        enum status st = value ? imp_count(im, it, value, "cpu.topology", 4096.0, &n) : ST_OK;

        if (st != ST_OK)
            return st;
        nr *= n ? n : 1;
    }
    if ((double)nr > max)
        return imp_fail(im, it, "cpu.topology", "%.0f CPUs are too many", (double)nr);
    return imp_set(im, s, key, "cpu.topology", "%u", (unsigned)nr);
}

static enum status read_host(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "name", NULL));
    const char *status = imp_text(imp_at(it->json, "status", NULL));
    const char *cluster = imp_text(imp_at(it->json, "cluster", "id", NULL));
    const json_t *memory = imp_at(it->json, "memory", NULL);
    struct imp_host *h = name ? imp_host_new(im, it, name) : NULL;
    enum status st = ST_OK;
    double d;

    if (!name)
        return imp_fail(im, it, "name", "a host has one");
    if (!h)
        return imp_no_memory(im);
    if (memory && (st = imp_quantity(im, it, memory, "memory", &d)) == ST_OK)
        st = imp_host_memory(im, it, h, "memory", d);
    if (st == ST_OK)
        st = read_topology(im, it, &h->s, "cpus", 100000.0);
    if (cluster && !(h->cluster = arena_strdup(im->arena, cluster)))
        return imp_no_memory(im);
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(imp_at(it->json, "id", NULL)));
    if (st == ST_OK)
        st = imp_host_alias(im, h, imp_text(imp_at(it->json, "address", NULL)));
    if (st == ST_OK && status && strcmp(status, "up") != 0)
        st = imp_set(im, &h->s, "taints", "status", "%s", imp_word(im, status));
    return st;
}

/* A host's NIC: the fastest one is taken for its card in the migration network. */
static enum status read_nic(struct import *im, const struct imp_item *it)
{
    const char *host = imp_text(imp_at(it->json, "host", "id", NULL));
    const json_t *speed = imp_at(it->json, "speed", NULL);
    struct imp_host *h = host ? imp_host_find(im, host) : NULL;
    char text[UNITS_TEXT];
    uint64_t had = 0;
    double d;
    enum status st = speed ? imp_quantity(im, it, speed, "speed", &d) : ST_OK;

    if (st != ST_OK || !speed || d < 1e6 || d > 1e13)
        return st;
    if (!h) {
        imp_note(im, "NICs of hosts that are not read before them, left out");
        return ST_OK;
    }
    if (imp_row(&h->s, "nic"))
        units_parse_bps(imp_row(&h->s, "nic")->value, &had, NULL);
    if ((uint64_t)d <= had)
        return ST_OK;
    return imp_set(im, &h->s, "nic",
                   imp_format(im, "@%s: %s.speed, the fastest", it->file, it->path), "%s",
                   units_bps_exact(text, (uint64_t)d));
}

static enum status read_cluster(struct import *im, const struct imp_item *it)
{
    const json_t *percent = imp_at(it->json, "memory_policy", "over_commit", "percent", NULL);
    const struct policy_row *p = policy_of(it->json);
    enum status st = ST_OK;
    double d;

    if (p && !im->preset) {
        im->preset = p->preset;
        im->preset_from = imp_format(im, "from %s: %s.migration.policy.id", it->file, it->path);
    } else if (p && strcmp(p->preset, im->preset) != 0) {
        imp_note(im, "clusters with another migration policy than the first one's, which all get "
                     "here");
    }
    if (percent &&
        (st = imp_quantity(im, it, percent, "memory_policy.over_commit.percent", &d)) == ST_OK &&
        d >= 1.0 && d <= 10000.0)
        st = imp_setting(im, "cluster", "memory_overcommit", it,
                         "memory_policy.over_commit.percent", "%.6g", d / 100.0);
    return st;
}

static enum status read_affinity(struct import *im, const struct imp_item *it, struct imp_vm *vm)
{
    const char *affinity = imp_text(imp_at(it->json, "placement_policy", "affinity", NULL));
    const json_t *priority = imp_at(it->json, "high_availability", "priority", NULL);
    const char *cluster = imp_text(imp_at(it->json, "cluster", "id", NULL));
    const char *model = imp_text(imp_at(it->json, "custom_cpu_model", NULL));
    enum status st = ST_OK;
    uint64_t nr;

    if (affinity && strcmp(affinity, "pinned") == 0)
        st = imp_set(im, &vm->s, "migratable", "placement_policy.affinity", "no");
    else if (affinity && strcmp(affinity, "user_migratable") == 0)
        st = imp_set(im, &vm->s, "migratable", "placement_policy.affinity", "manual");
    if (st == ST_OK && priority &&
        (st = imp_count(im, it, priority, "high_availability.priority", 1e9, &nr)) == ST_OK)
        st = imp_set(im, &vm->s, "priority", "high_availability.priority", "%u", (unsigned)nr);
    vm->cluster_from = "cluster.id";
    if (cluster && !(vm->cluster = arena_strdup(im->arena, cluster)))
        return imp_no_memory(im);
    if (model)
        imp_note(im, "VMs with a CPU model of their own: hosts do not say theirs, so it is not "
                     "checked");
    return st;
}

/* Per-VM policies are words in [ovirt] vms. */
static enum status read_policy(struct import *im, const struct imp_item *it, const char *name)
{
    const struct policy_row *p = policy_of(it->json);
    const struct imp_section *s;
    const struct imp_row *r;

    if (!p)
        return ST_OK;
    s = imp_settings_section(im, "ovirt");
    r = s ? imp_row(s, "vms") : NULL;
    if (r && strlen(r->value) > IMP_LIST_MAX) {
        imp_note(im, "VMs with a migration policy of their own, too many for one line");
        return ST_OK;
    }
    return imp_setting(im, "ovirt", "vms", it, "migration.policy.id", "%s%s%s policy=%s",
                       r ? r->value : "", r ? ", " : "", name, p->word);
}

static enum status read_vm(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "name", NULL));
    const char *status = imp_text(imp_at(it->json, "status", NULL));
    const char *host = imp_text(imp_at(it->json, "host", "id", NULL));
    const json_t *memory = imp_at(it->json, "memory", NULL);
    struct imp_vm *vm;
    enum status st = ST_OK;
    double d;

    if (!name)
        return imp_fail(im, it, "name", "a VM has one");
    if (!host || (status && strcmp(status, "up") != 0)) {
        imp_note(im, "VMs in status %.40s, left out", status ? status : "unknown");
        return ST_OK;
    }
    vm = imp_vm_new(im, it, NULL, name);
    if (!vm || !(vm->host_id = arena_strdup(im->arena, host)))
        return imp_no_memory(im);
    vm->host_from = "host.id";
    if (memory && (st = imp_quantity(im, it, memory, "memory", &d)) == ST_OK)
        st = imp_memory(im, it, vm, "memory", d);
    if (st == ST_OK)
        st = read_topology(im, it, &vm->s, "vcpus", 4096.0);
    if (st == ST_OK)
        st = read_affinity(im, it, vm);
    return st == ST_OK ? read_policy(im, it, vm->s.name) : st;
}

enum status imp_ovirt_item(struct import *im, const struct imp_item *it)
{
    if (strncmp(it->path, "vm[", 3) == 0)
        return read_vm(im, it);
    if (strncmp(it->path, "host[", 5) == 0)
        return read_host(im, it);
    if (strncmp(it->path, "host_nic[", 9) == 0)
        return read_nic(im, it);
    if (strncmp(it->path, "cluster[", 8) == 0)
        return read_cluster(im, it);
    imp_note(im, "objects of list '%.*s', not used", (int)strcspn(it->path, "["), it->path);
    return ST_OK;
}
