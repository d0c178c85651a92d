/*
 * kubevirt_config.c - settings: KubeVirt, HyperConverged, Harvester's, and MigrationPolicy objects.
 *
 * The release decides the preset; what the objects say goes over it.  A field that is absent stays
 * as the preset has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/kubevirt_int.h"

#include "base/banned.h"

/* ---- releases ---- */

struct release_row {
    int major, minor; /* from here on */
    const char *preset;
    const char *version; /* of [kubevirt], where the preset stands for several */
};

static const struct release_row kubevirt_releases[] = {
    {0, 45, "kubevirt-1.3", "0.45"}, {0, 54, "kubevirt-1.3", "0.54"},
    {0, 59, "kubevirt-1.3", "0.59"}, {1, 0, "kubevirt-1.3", "1.3"},
    {1, 4, "kubevirt-1.4", "1.4"},   {1, 5, "kubevirt-1.5", "1.5"},
    {1, 6, "kubevirt-1.5", "1.6"},   {1, 7, "kubevirt-1.5", "1.7"},
    {1, 8, "kubevirt-1.8", "1.8"},   {1, 9, "kubevirt-1.9", "1.9"},
    {1, 10, "kubevirt-main", "main"}};
static const struct release_row hco_releases[] = {
    {0, 0, "hco-1.13", NULL}, {1, 14, "hco-1.14", NULL}, {1, 18, "hco-1.18", NULL}};
static const struct release_row harvester_releases[] = {{0, 0, "harvester-1.2", NULL},
                                                        {1, 3, "harvester-1.4", NULL},
                                                        {1, 5, "harvester-1.5", NULL},
                                                        {1, 7, "harvester-1.7", NULL}};

static const struct release_row *release_of(const struct release_row *rows, size_t nr,
                                            const char *text)
{
    const struct release_row *best = NULL;
    int major, minor;

    text += *text == 'v';
    if (sscanf(text, "%4d.%4d", &major, &minor) != 2 || major < 0 || minor < 0)
        return NULL;
    if (rows == hco_releases && major >= 4) { /* OpenShift Virtualization 4.N ships HCO 1.(N-4) */
        major = 1;
        minor -= 4;
    }
    for (size_t i = 0; i < nr; i++)
        if (rows[i].major < major || (rows[i].major == major && rows[i].minor <= minor))
            best = &rows[i];
    return best ? best : &rows[0];
}

#define RELEASE_OF(rows, text) release_of(rows, sizeof(rows) / sizeof((rows)[0]), text)

static enum status take_preset(struct import *im, const struct imp_item *it, const char *preset,
                               const char *from, const char *version)
{
    im->preset = preset;
    im->preset_from = imp_format(im, "from %s: %s.%s %.40s", it->file, it->path, from, version);
    return im->preset_from ? ST_OK : imp_no_memory(im);
}

/* ---- fields ---- */

enum kind {
    FIELD_COUNT,   /* a whole number */
    FIELD_SECONDS, /* of them; 0 = none */
    FIELD_MS,
    FIELD_BANDWIDTH, /* a quantity; 0 = unlimited */
    FIELD_SWITCH
};

struct field {
    const char *name; /* in the object */
    const char *title, *key;
    enum kind kind;
};

/* "" = the platform's own section */
static const struct field migration_fields[] = {
    {"parallelMigrationsPerCluster", "cluster", "max_total", FIELD_COUNT},
    {"parallelOutboundMigrationsPerNode", "cluster", "max_out", FIELD_COUNT},
    {"bandwidthPerMigration", "migration", "max_bandwidth", FIELD_BANDWIDTH},
    {"completionTimeoutPerGiB", "migration", "completion_timeout_per_gib", FIELD_SECONDS},
    {"progressTimeout", "migration", "progress_timeout", FIELD_SECONDS},
    {"allowAutoConverge", "migration", "auto_converge", FIELD_SWITCH},
    {"allowPostCopy", "migration", "postcopy", FIELD_SWITCH},
    {"allowWorkloadDisruption", "", "allow_workload_disruption", FIELD_SWITCH},
    {"maxDowntimeMs", "", "max_downtime", FIELD_MS},
};

static const struct field policy_fields[] = {
    {"bandwidthPerMigration", "", "max_bandwidth", FIELD_BANDWIDTH},
    {"completionTimeoutPerGiB", "", "completion_timeout_per_gib", FIELD_SECONDS},
    {"allowAutoConverge", "", "auto_converge", FIELD_SWITCH},
    {"allowPostCopy", "", "postcopy", FIELD_SWITCH},
    {"allowWorkloadDisruption", "", "allow_workload_disruption", FIELD_SWITCH},
    {"maxDowntimeMs", "", "max_downtime", FIELD_MS},
};

/* A field's value as a scenario writes it; @zero is what 0 means there. */
static enum status field_text(struct import *im, const struct imp_item *it, const json_t *value,
                              enum kind kind, const char *from, const char *zero, char **text)
{
    char rate[UNITS_TEXT];
    enum status st = ST_OK;
    uint64_t n = 0;
    double d = 0.0;

    if (kind == FIELD_SWITCH) {
        *text = imp_format(im, "%s", imp_true(value) ? "on" : "off");
    } else if (kind == FIELD_BANDWIDTH) {
        st = imp_quantity(im, it, value, from, &d);
        *text = imp_format(
            im, "%s", d < 1.0 ? zero : units_rate_exact(rate, (uint64_t)(d < 1e13 ? d : 1e13)));
    } else if (kind == FIELD_COUNT) {
        st = imp_count(im, it, value, from, 1e6, &n);
        *text = imp_format(im, "%u", (unsigned)n);
    } else {
        st = imp_count(im, it, value, from, kind == FIELD_MS ? 2e6 : 86400.0, &n);
        *text = n == 0 && kind == FIELD_SECONDS
                    ? imp_format(im, "%s", zero)
                    : imp_format(im, "%u%s", (unsigned)(n ? n : 1), kind == FIELD_MS ? "ms" : "s");
    }
    if (st == ST_OK && !*text)
        st = imp_no_memory(im);
    return st;
}

static enum status migrations(struct import *im, const struct imp_item *it, const json_t *config,
                              const char *at)
{
    const char *known[sizeof(migration_fields) / sizeof(migration_fields[0]) + 1] = {NULL};

    for (size_t i = 0; i < sizeof(migration_fields) / sizeof(migration_fields[0]); i++) {
        const struct field *f = &migration_fields[i];
        const json_t *value = json_object_get(config, f->name);
        char *from = imp_format(im, "%s.%s", at, f->name), *text = NULL;
        enum status st;

        known[i] = f->name;
        if (!value || json_is_null(value))
            continue;
        if (!from)
            return imp_no_memory(im);
        st = field_text(im, it, value, f->kind, from,
                        f->kind == FIELD_BANDWIDTH ? "unlimited" : "none", &text);
        if (st == ST_OK)
            st = imp_setting(im, f->title[0] ? f->title : kube_section(im), f->key, it, from, "%s",
                             text);
        if (st != ST_OK)
            return st;
    }
    if (config)
        imp_unused(im, config, known);
    return ST_OK;
}

static enum status percent(struct import *im, const struct imp_item *it, const json_t *value,
                           const char *from, const char *key, double whole)
{
    double d;

    if (!value || json_is_null(value))
        return ST_OK;
    if (!imp_number(value, &d) || d <= 0.0 || d > 10000.0)
        return imp_fail(im, it, from, "not a number above 0");
    return imp_setting(im, "cluster", key, it, from, "%.6g", d / whole);
}

static enum status eviction(struct import *im, const struct imp_item *it, const json_t *value,
                            const char *from)
{
    const char *text = imp_text(value), *word = NULL;

    if (!text || strcmp(kube_section(im), "harvester") == 0)
        return ST_OK;
    if (strcmp(text, "LiveMigrate") == 0)
        word = "live_migrate";
    else if (strcmp(text, "LiveMigrateIfPossible") == 0)
        word = "live_migrate_if_possible";
    else if (strcmp(text, "None") == 0)
        word = "none";
    return word ? imp_setting(im, "kubevirt", "eviction_strategy", it, from, "%s", word) : ST_OK;
}

/* ---- objects ---- */

static enum status kubevirt_object(struct import *im, const struct imp_item *it)
{
    const char *version = imp_text(imp_at(it->json, "status", "observedKubeVirtVersion", NULL));
    const json_t *config = imp_at(it->json, "spec", "configuration", NULL);
    const json_t *developer = json_object_get(config, "developerConfiguration");
    const struct release_row *r = version ? RELEASE_OF(kubevirt_releases, version) : NULL;
    enum status st = ST_OK;

    if (r && !im->preset && strcmp(kube_section(im), "kubevirt") == 0)
        st = take_preset(im, it, r->preset, "status.observedKubeVirtVersion", version);
    if (r && st == ST_OK)
        st = imp_setting(im, kube_section(im), "version", it, "status.observedKubeVirtVersion",
                         "%s", r->version);
    if (st == ST_OK)
        st = migrations(im, it, json_object_get(config, "migrations"),
                        "spec.configuration.migrations");
    if (st == ST_OK)
        st = eviction(im, it, json_object_get(config, "evictionStrategy"),
                      "spec.configuration.evictionStrategy");
    if (st == ST_OK)
        st = percent(im, it, json_object_get(developer, "memoryOvercommit"),
                     "spec.configuration.developerConfiguration.memoryOvercommit",
                     "memory_overcommit", 100.0);
    if (st == ST_OK)
        st = percent(im, it, json_object_get(developer, "cpuAllocationRatio"),
                     "spec.configuration.developerConfiguration.cpuAllocationRatio",
                     "cpu_overcommit", 1.0);
    return st;
}

static enum status hco_object(struct import *im, const struct imp_item *it)
{
    const json_t *versions = imp_at(it->json, "status", "versions", NULL), *v;
    const char *version = NULL;
    const struct release_row *r;
    enum status st = ST_OK;
    size_t i;

    json_array_foreach(versions, i, v)
    {
        const char *name = imp_text(json_object_get(v, "name"));

        if (name && strcmp(name, "operator") == 0)
            version = imp_text(json_object_get(v, "version"));
    }
    r = version ? RELEASE_OF(hco_releases, version) : NULL;
    if (r)
        st = take_preset(im, it, r->preset, "status.versions", version);
    else
        st = take_preset(im, it, "hco-1.18", "kind", "HyperConverged, no release said");
    if (st == ST_OK)
        st = migrations(im, it, imp_at(it->json, "spec", "liveMigrationConfig", NULL),
                        "spec.liveMigrationConfig");
    if (st == ST_OK)
        st = eviction(im, it, imp_at(it->json, "spec", "evictionStrategy", NULL),
                      "spec.evictionStrategy");
    if (st == ST_OK)
        st = percent(
            im, it,
            imp_at(it->json, "spec", "higherWorkloadDensity", "memoryOvercommitPercentage", NULL),
            "spec.higherWorkloadDensity.memoryOvercommitPercentage", "memory_overcommit", 100.0);
    return st;
}

/* A Setting of Harvester: its value is text, often JSON in text. */
static enum status harvester_setting(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "metadata", "name", NULL));
    const char *value = imp_text(imp_at(it->json, "value", NULL));
    const struct release_row *r;
    enum status st = ST_OK;
    json_t *json;

    if (!value)
        value = imp_text(imp_at(it->json, "default", NULL));
    if (!name || !value || strcmp(im->reader->name, "harvester") != 0)
        return ST_OK;
    if (strcmp(name, "server-version") == 0) {
        r = RELEASE_OF(harvester_releases, value);
        return r ? take_preset(im, it, r->preset, "value", value) : ST_OK;
    }
    if (strcmp(name, "kubevirt-migration") != 0 && strcmp(name, "overcommit-config") != 0)
        return ST_OK;
    json = json_loads(value, 0, NULL);
    if (!json)
        return imp_fail(im, it, "value", "setting %s is no JSON", name);
    if (strcmp(name, "kubevirt-migration") == 0)
        st = migrations(im, it, json, "value");
    else if ((st = percent(im, it, json_object_get(json, "cpu"), "value.cpu", "cpu_overcommit",
                           100.0)) == ST_OK)
        st = percent(im, it, json_object_get(json, "memory"), "value.memory", "memory_overcommit",
                     100.0);
    json_decref(json);
    return st;
}

enum status kube_config(struct import *im, const struct imp_item *it, const char *kind)
{
    if (strcmp(kind, "KubeVirt") == 0)
        return kubevirt_object(im, it);
    return strcmp(kind, "Setting") == 0 ? harvester_setting(im, it) : hco_object(im, it);
}

/* ---- policies ---- */

static enum status add_selectors(struct import *im, struct kube_policy *p, const json_t *selector,
                                 const char *prefix)
{
    const json_t *words = json_object_get(selector, "matchLabels");
    const char *key;
    json_t *value;

    /* the API has a plain map; matchLabels is what people write by habit */
    json_object_foreach((json_t *)(uintptr_t)(words ? words : selector), key, value)
    {
        char *word = imp_format(im, "%s%s=%s", prefix, key, imp_text(value) ? imp_text(value) : "");

        if (!word || imp_list_add(im, &p->selectors, word) != ST_OK)
            return imp_no_memory(im);
    }
    return ST_OK;
}

enum status kube_policy(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "metadata", "name", NULL));
    const json_t *spec = imp_at(it->json, "spec", NULL);
    struct kube_policy *p = arena_alloc(im->arena, sizeof(*p));
    struct kube_state *k = kube_state(im);
    enum status st;
    char *title;

    if (!name)
        return imp_fail(im, it, "metadata.name", "a policy has a name");
    if (!p || !(title = imp_format(im, "migrationpolicy %s", imp_name(im, &im->other_names, name))))
        return imp_no_memory(im);
    p->s = (struct imp_section){.name = title, .file = it->file, .line = it->line};
    p->s.tail = &p->s.rows;
    p->s.item = arena_strdup(im->arena, it->path);
    if (!p->s.item ||
        (st = add_selectors(im, p, imp_at(spec, "selectors", "namespaceSelector", NULL),
                            KUBE_NAMESPACE_LABEL)) != ST_OK ||
        (st =
             add_selectors(im, p, imp_at(spec, "selectors", "virtualMachineInstanceSelector", NULL),
                           "")) != ST_OK)
        return imp_no_memory(im);
    if (p->selectors.nr == 0) {
        imp_note(im, "MigrationPolicy objects without selectors, left out");
        return ST_OK;
    }
    for (size_t i = 0; i < sizeof(policy_fields) / sizeof(policy_fields[0]); i++) {
        const struct field *f = &policy_fields[i];
        const json_t *value = json_object_get(spec, f->name);
        char *from = imp_format(im, "spec.%s", f->name), *text = NULL;

        if (!value || json_is_null(value))
            continue;
        st = field_text(im, it, value, f->kind, from, f->kind == FIELD_BANDWIDTH ? "0" : "0s",
                        &text);
        if (st == ST_OK)
            st = imp_set(im, &p->s, f->key, from, "%s", text);
        if (st != ST_OK)
            return st;
    }
    *k->policies_tail = p;
    k->policies_tail = &p->next;
    return ST_OK;
}

static bool some_policy_selects(const struct kube_state *k, const char *label)
{
    for (const struct kube_policy *p = k->policies; p; p = p->next)
        if (imp_list_has(&p->selectors, label))
            return true;
    return strncmp(label, "harvesterhci.io/maintain-mode-strategy=", 39) == 0;
}

/* Of a VM's labels, and its namespace's, those that decide something. */
static enum status label_vm(struct import *im, struct imp_vm *vm)
{
    struct kube_state *k = im->own;
    struct imp_list kept = {0};
    struct kube_namespace *n = NULL;
    char *own = imp_format(im, KUBE_NAMESPACE_LABEL "kubernetes.io/metadata.name=%s",
                           vm->name_space ? vm->name_space : "");
    enum status st = own ? ST_OK : imp_no_memory(im);

    HASH_FIND_STR(k->namespaces, vm->name_space ? vm->name_space : "", n);
    if (st == ST_OK && some_policy_selects(k, own))
        st = imp_list_add(im, &kept, own);
    for (uint32_t i = 0; st == ST_OK && n && i < n->labels.nr; i++)
        if (some_policy_selects(k, n->labels.items[i]) && !imp_list_has(&kept, n->labels.items[i]))
            st = imp_list_add(im, &kept, n->labels.items[i]);
    for (uint32_t i = 0; st == ST_OK && i < vm->labels.nr; i++)
        if (some_policy_selects(k, vm->labels.items[i]))
            st = imp_list_add(im, &kept, vm->labels.items[i]);
    if (st == ST_OK && kept.nr > 0) {
        char *list = imp_list_join(im, &kept);

        st = list ? imp_set(im, &vm->s, "labels", "metadata.labels, those a policy selects", "%s",
                            list)
                  : imp_no_memory(im);
    }
    return st;
}

enum status kube_policies_finish(struct import *im)
{
    struct kube_state *k = im->own;
    enum status st = ST_OK;

    for (struct kube_policy *p = k->policies; p && st == ST_OK; p = p->next) {
        struct imp_section *s = imp_settings_add(im, p->s.name);
        char *list = imp_list_join(im, &p->selectors);

        if (!s || !list)
            return imp_no_memory(im);
        *s = p->s;
        if (s->tail == &p->s.rows) /* no rows yet: the tail is inside */
            s->tail = &s->rows;
        st = imp_set(im, s, "selectors", "spec.selectors", "%s", list);
    }
    for (struct imp_vm *vm = im->vms; vm && st == ST_OK; vm = vm->next)
        if (k->policies || strcmp(kube_section(im), "harvester") == 0)
            st = label_vm(im, vm);
    return st;
}
