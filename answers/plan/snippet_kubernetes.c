/*
 * snippet_kubernetes.c - settings of KubeVirt and of what is built on it.
 *
 * The hyperconverged operator and Harvester write KubeVirt's own resource back, so with them the
 * settings go into theirs.  Field names: kubevirt/kubevirt api/core/v1/types.go
 * (MigrationConfiguration) and api/migrations/v1alpha1/types.go (MigrationPolicySpec); HCO
 * api/v1beta1/hyperconverged_types.go (LiveMigrationConfigurations); Harvester pkg/settings
 * (kubevirt-migration).
 */
#include <string.h>

#include "answers/plan/snippet_int.h"
#include "base/units.h"

#include "base/banned.h"

#define LIMITS                                                                                     \
    {"cluster.max_total", "parallelMigrationsPerCluster", SNIPPET_COUNT, ""},                      \
        {"cluster.max_out", "parallelOutboundMigrationsPerNode", SNIPPET_COUNT, ""},               \
    {                                                                                              \
        "migration.progress_timeout", "progressTimeout", SNIPPET_SECONDS, ""                       \
    }
#define OF_POLICY                                                                                  \
    {"migration.max_bandwidth", "bandwidthPerMigration", SNIPPET_QUANTITY, ""},                    \
        {"migration.completion_timeout_per_gib", "completionTimeoutPerGiB", SNIPPET_SECONDS, ""},  \
        {"migration.auto_converge", "allowAutoConverge", SNIPPET_BOOL, ""},                        \
    {                                                                                              \
        "migration.postcopy", "allowPostCopy", SNIPPET_BOOL, ""                                    \
    }
#define OF_RELEASES                                                                                \
    {"kubevirt.allow_workload_disruption", "allowWorkloadDisruption", SNIPPET_BOOL, ""},           \
        {"kubevirt.max_downtime", "maxDowntimeMs", SNIPPET_MS, ""},                                \
        {"harvester.allow_workload_disruption", "allowWorkloadDisruption", SNIPPET_BOOL, ""},      \
    {                                                                                              \
        "harvester.max_downtime", "maxDowntimeMs", SNIPPET_MS, ""                                  \
    }

static const struct snippet_field kubevirt_fields[] = {LIMITS, OF_POLICY, OF_RELEASES, {0}};
static const struct snippet_field hco_fields[] = {LIMITS, OF_POLICY, {0}};
static const struct snippet_field policy_fields[] = {OF_POLICY, OF_RELEASES, {0}};

static const struct snippet_field gate_fields[] = {
    {"kubevirt.stall_detection", "MigrationStallDetection", SNIPPET_BOOL, ""},
    {"harvester.stall_detection", "MigrationStallDetection", SNIPPET_BOOL, ""},
    {0},
};

static void add_fields(struct snippet_job *j, struct strbuf *out,
                       const struct snippet_field *fields, const char *indent)
{
    for (size_t i = 0; i < j->nr; i++) {
        const struct snippet_field *f = snippet_find(fields, j->changes[i].key);

        if (!f || j->said[i])
            continue;
        strbuf_addf(out, "%s%s: ", indent, f->field);
        snippet_value(out, f->unit, j->changes[i].value);
        strbuf_addch(out, '\n');
        j->said[i] = true;
    }
}

static void add_gates(struct snippet_job *j, struct strbuf *out)
{
    for (const struct snippet_field *f = gate_fields; f->key; f++) {
        const char *value = snippet_take(j, f->key);

        if (value)
            strbuf_addf(out,
                        "    developerConfiguration:\n"
                        "      featureGates: # beside those that are there\n"
                        "%s      - %s\n",
                        strcmp(value, "off") == 0 ? "      # without:\n" : "", f->field);
    }
}

static void custom_resource(struct snippet_job *j, const char *namespace)
{
    struct strbuf *out;

    if (!snippet_concerns(j, kubevirt_fields) && !snippet_concerns(j, gate_fields))
        return;
    out = snippet_open(j, "KubeVirt", "kubectl apply --server-side -f FILE");
    strbuf_addf(out,
                "apiVersion: kubevirt.io/v1\n"
                "kind: KubeVirt\n"
                "metadata:\n"
                "  name: kubevirt\n"
                "  namespace: %s\n"
                "spec:\n"
                "  configuration:\n",
                namespace);
    add_gates(j, out);
    if (!snippet_concerns(j, kubevirt_fields))
        return;
    strbuf_addstr(out, "    migrations:\n");
    add_fields(j, out, kubevirt_fields, "      ");
}

static void hyperconverged(struct snippet_job *j)
{
    struct strbuf *out;

    if (!snippet_concerns(j, hco_fields))
        return;
    out = snippet_open(j, "HyperConverged",
                       "kubectl apply --server-side -f FILE, in the operator's namespace");
    strbuf_addstr(out, "apiVersion: hco.kubevirt.io/v1beta1\n"
                       "kind: HyperConverged\n"
                       "metadata:\n"
                       "  name: kubevirt-hyperconverged\n"
                       "spec:\n"
                       "  liveMigrationConfig:\n");
    add_fields(j, out, hco_fields, "    ");
}

/* The same for some VMs only.  @again: they are said already, this is another way. */
static void migration_policy(struct snippet_job *j, bool again)
{
    struct strbuf *out;

    for (size_t i = 0; i < j->nr; i++)
        if (again && !snippet_find(policy_fields, j->changes[i].key))
            return;
    for (size_t i = 0; again && i < j->nr; i++)
        j->said[i] = false;
    if (!snippet_concerns(j, policy_fields))
        return;
    out = snippet_open(j, "MigrationPolicy",
                       again ? "or, for the VMs with a label only: kubectl apply -f FILE"
                             : "kubectl apply -f FILE, with a label that the VMs have");
    strbuf_addstr(out, "apiVersion: migrations.kubevirt.io/v1alpha1\n"
                       "kind: MigrationPolicy\n"
                       "metadata:\n"
                       "  name: planned\n"
                       "spec:\n");
    add_fields(j, out, policy_fields, "  ");
    strbuf_addstr(out, "  selectors:\n"
                       "    virtualMachineInstanceSelector:\n"
                       "      LABEL: VALUE\n");
}

static void add_bool(struct strbuf *out, const char *field, bool value)
{
    strbuf_addf(out, "\\\"%s\\\":%s", field, value ? "true" : "false");
}

/* The setting is one value and replaced as a whole, so the unchanged ones stand in it too. */
static void harvester_setting(struct snippet_job *j)
{
    const struct scn_migration *m = &j->sc->migrations[0];
    struct strbuf *out;

    if (!snippet_concerns(j, kubevirt_fields))
        return;
    out = snippet_open(j, "Harvester", "paste into a shell; not while a migration is unfinished");
    strbuf_addf(out,
                "kubectl patch settings.harvesterhci.io kubevirt-migration --type merge -p \\\n"
                "  '{\"value\":\"{\\\"parallelMigrationsPerCluster\\\":%u,"
                "\\\"parallelOutboundMigrationsPerNode\\\":%u,\\\"bandwidthPerMigration\\\":\\\"",
                j->sc->cluster.rules.max_total, j->sc->cluster.rules.max_out);
    if (m->params.max_bandwidth_bytes_per_s == UNITS_UNLIMITED)
        strbuf_addch(out, '0');
    else
        strbuf_addf(out, "%lluMi", (unsigned long long)(m->params.max_bandwidth_bytes_per_s / MIB));
    strbuf_addf(out, "\\\",\\\"completionTimeoutPerGiB\\\":%lld,\\\"progressTimeout\\\":%lld,",
                (long long)(m->params.completion_timeout_ns_per_gib / NS_PER_S),
                (long long)(m->params.progress_timeout_ns / NS_PER_S));
    add_bool(out, "allowAutoConverge", m->params.auto_converge);
    strbuf_addch(out, ',');
    add_bool(out, "allowPostCopy", m->params.postcopy);
    for (size_t i = 0; i < j->nr; i++) {
        const struct snippet_field *f = snippet_find(kubevirt_fields, j->changes[i].key);

        if (!f)
            continue;
        j->said[i] = true;
        if (strcmp(f->field, "allowWorkloadDisruption") != 0)
            continue;
        strbuf_addch(out, ',');
        add_bool(out, f->field, strcmp(j->changes[i].value, "on") == 0);
    }
    strbuf_addstr(out, "}\"}'\n");
}

/* Is @name release 1.@minor of Harvester or an earlier one? */
static bool before_settings(const char *name)
{
    static const char *const earlier[] = {"harvester-1.2", "harvester-1.4", "harvester-1.5", NULL};

    for (size_t i = 0; earlier[i]; i++)
        if (strcmp(name, earlier[i]) == 0)
            return true;
    return false;
}

void snippet_kubernetes(struct snippet_job *j)
{
    const char *name = j->sc->migrations[0].platform;
    bool policies = true;

    if (strncmp(name, "hco", 3) == 0 || strncmp(name, "acp", 3) == 0)
        hyperconverged(j);
    else if (strncmp(name, "harvester", 9) != 0)
        custom_resource(j, "kubevirt");
    else if (before_settings(name))
        custom_resource(j, "harvester-system");
    else
        harvester_setting(j);
    for (size_t i = 0; i < j->nr; i++)
        policies &= j->said[i];
    migration_policy(j, policies);
}
