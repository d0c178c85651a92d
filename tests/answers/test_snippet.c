/*
 * test_snippet.c - settings in the words of each platform: names, units, and that none is lost.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "answers/plan/snippet.h"

#define WORLD                                                                                      \
    "[host a]\n[host b]\n[link l]\nrate = 10Gb/s\n[workload w]\nwrite_rate = 1MB/s\nworking_set "  \
    "= 64MiB\n"                                                                                    \
    "[vm v]\nhost = a\nmemory = 1GiB\nworkload = w\n[request r]\nvm = v\ntarget = b\n"

struct made {
    struct scenario sc;
    struct snippets s;
};

static void make(struct made *m, const char *preset, const struct snippet_change *changes,
                 size_t nr)
{
    char text[1024], overrides[8][128];
    struct scn_override sets[8];
    struct diag diag = {0};

    cr_assert_leq(nr, 8);
    snprintf(text, sizeof(text), "[scenario]\n%s%s\n%s", preset ? "preset = " : "",
             preset ? preset : "", WORLD);
    for (size_t i = 0; i < nr; i++) {
        snprintf(overrides[i], sizeof(overrides[i]), "%s=%s", changes[i].key, changes[i].value);
        sets[i] = (struct scn_override){.text = overrides[i], .origin = "--set"};
    }
    cr_assert_eq(scenario_load_text(&m->sc, "snippet.ini", text, sets, nr, &diag), ST_OK,
                 "[%s] %s: %s", diag.section, diag.key, diag.what);
    cr_assert(snippet_make(&m->sc, changes, nr, &m->s));
}

static void release(struct made *m)
{
    snippet_release(&m->s);
    scenario_release(&m->sc);
}

static const char *text_of(const struct made *m, const char *form)
{
    for (size_t i = 0; i < m->s.nr; i++)
        if (strcmp(m->s.items[i].form, form) == 0)
            return strbuf_text(&m->s.items[i].text);
    cr_assert_fail("there is no %s among %zu", form, m->s.nr);
    return "";
}

static void says(const char *text, const char *what)
{
    cr_assert(strstr(text, what), "'%s' lacks '%s'", text, what);
}

Test(snippet, kubevirt_gets_its_resource_and_a_policy_where_one_can_say_it)
{
    static const struct snippet_change both[] = {{"cluster.max_out", "4"},
                                                 {"migration.max_bandwidth", "512MiB/s"},
                                                 {"migration.auto_converge", "on"}};
    struct made m;

    make(&m, "kubevirt-1.9", both, 3);
    says(text_of(&m, "KubeVirt"), "      parallelOutboundMigrationsPerNode: 4\n");
    says(text_of(&m, "KubeVirt"), "      bandwidthPerMigration: 512Mi\n");
    says(text_of(&m, "KubeVirt"), "      allowAutoConverge: true\n");
    cr_assert_eq(m.s.nr, 1, "a policy cannot say how many at once");
    release(&m);
    make(&m, "kubevirt-1.9", both + 1, 2);
    says(text_of(&m, "MigrationPolicy"), "  bandwidthPerMigration: 512Mi\n");
    cr_assert_eq(m.s.nr, 2);
    release(&m);
}

Test(snippet, operators_above_kubevirt_get_their_own_resource)
{
    static const struct snippet_change changes[] = {
        {"migration.completion_timeout_per_gib", "800s"}, {"cluster.max_total", "10"}};
    struct made m;

    make(&m, "hco-1.18", changes, 2);
    says(text_of(&m, "HyperConverged"), "    completionTimeoutPerGiB: 800\n");
    release(&m);
    make(&m, "acp", changes, 2);
    says(text_of(&m, "HyperConverged"), "    parallelMigrationsPerCluster: 10\n");
    release(&m);
    make(&m, "harvester-1.7", changes, 2);
    says(text_of(&m, "Harvester"), "\\\"completionTimeoutPerGiB\\\":800,");
    says(text_of(&m, "Harvester"), "\\\"parallelOutboundMigrationsPerNode\\\":2,");
    release(&m);
    make(&m, "harvester-1.4", changes, 2);
    says(text_of(&m, "KubeVirt"), "namespace: harvester-system");
    release(&m);
}

Test(snippet, harvesters_setting_is_json_in_json)
{
    static const struct snippet_change changes[] = {{"migration.max_bandwidth", "1GiB/s"}};
    const char *text, *from, *to;
    json_t *outer, *inner;
    char copy[2048];
    struct made m;

    make(&m, "harvester-1.7", changes, 1);
    text = text_of(&m, "Harvester");
    from = strchr(text, '\'');
    to = strrchr(text, '\'');
    snprintf(copy, sizeof(copy), "%.*s", (int)(to - from - 1), from + 1);
    outer = json_loads(copy, 0, NULL);
    cr_assert(outer);
    inner = json_loads(json_string_value(json_object_get(outer, "value")), 0, NULL);
    cr_assert_str_eq(json_string_value(json_object_get(inner, "bandwidthPerMigration")), "1024Mi");
    json_decref(inner);
    json_decref(outer);
    release(&m);
}

Test(snippet, each_platform_has_its_own_units)
{
    static const struct {
        const char *preset;
        struct snippet_change change;
        const char *form, *line;
    } cases[] = {
        {"nova",
         {"cluster.max_out", "3"},
         "nova.conf",
         "[DEFAULT]\nmax_concurrent_live_migrations = 3"},
        {"nova",
         {"nova.downtime", "1s"},
         "nova.conf",
         "[libvirt]\nlive_migration_downtime = 1000\n"},
        {"nova",
         {"migration.max_bandwidth", "1GiB/s"},
         "nova.conf",
         "live_migration_bandwidth = 1024\n"},
        {"nova",
         {"nova.permit_post_copy", "on"},
         "nova.conf",
         "live_migration_permit_post_copy = true"},
        {"proxmox-9",
         {"migration.max_bandwidth", "512MiB/s"},
         "datacenter.cfg",
         "bwlimit: migration=524288\n"},
        {"proxmox-9", {"proxmox.workers", "4"}, "datacenter.cfg", "max_workers: 4\n"},
        {"proxmox-9", {"migration.tls", "off"}, "datacenter.cfg", "migration: type=insecure\n"},
        {"proxmox-9",
         {"migration.downtime_limit", "300ms"},
         "qm",
         "qm set VMID --migrate_downtime 0.3\n"},
        {"cloudstack",
         {"cloudstack.pause_after", "5min"},
         "agent.properties",
         "vm.migrate.pauseafter=300000\n"},
        {"cloudstack",
         {"migration.max_bandwidth", "125MB/s"},
         "agent.properties",
         "vm.migrate.speed=1000\n"},
        {"cloudstack",
         {"cloudstack.migrate_wait", "2h"},
         "global settings",
         "migratewait = 7200\n"},
        {"cloudpods-4.0.2",
         {"cloudpods.quickly_finish", "on"},
         "climc",
         "server-live-migrate --quickly-finish SERVER"},
        {"cloudpods-4.0.2",
         {"migration.max_bandwidth", "500MB/s"},
         "climc",
         "--max-bandwidth-mb 500 SERVER"},
        {"virsh-parallel", {"libvirt.parallel", "8"}, "virsh", "xargs -r -P 8 "},
        {"virsh-parallel",
         {"migration.downtime_limit", "1s"},
         "virsh",
         "virsh migrate-setmaxdowntime VM 1000 "},
        {"virsh-parallel", {"migration.max_bandwidth", "256MiB/s"}, "virsh", " --bandwidth 256 "},
        {"qemu-default",
         {"migration.downtime_limit", "500ms"},
         "QMP",
         "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"downtime-limit\":500}}"},
        {"qemu-default",
         {"migration.auto_converge", "on"},
         "QMP",
         "{\"capability\":\"auto-converge\",\"state\":true}"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct made m;

        make(&m, cases[i].preset, &cases[i].change, 1);
        says(text_of(&m, cases[i].form), cases[i].line);
        release(&m);
    }
}

Test(snippet, ovirt_gets_the_policys_id_as_json)
{
    static const struct snippet_change changes[] = {{"ovirt.policy", "suspend"},
                                                    {"ovirt.parallel", "auto"},
                                                    {"ovirt.custom_bandwidth", "4Gb/s"}};
    struct made m;
    json_t *root, *migration;

    make(&m, "ovirt-minimal-downtime", changes, 3);
    root = json_loads(text_of(&m, "oVirt"), 0, NULL);
    migration = json_object_get(root, "migration");
    cr_assert_str_eq(json_string_value(json_object_get(json_object_get(migration, "policy"), "id")),
                     "80554327-0569-496b-bdeb-fcbbf52b827c");
    cr_assert_str_eq(json_string_value(json_object_get(migration, "parallel_migrations_policy")),
                     "auto");
    cr_assert_str_eq(
        json_string_value(json_object_get(json_object_get(migration, "bandwidth"), "custom_value")),
        "4000");
    json_decref(root);
    release(&m);
}

Test(snippet, what_no_setting_says_is_left_as_lines_of_the_scenario)
{
    static const struct snippet_change changes[] = {{"link l.rate", "25Gb/s"},
                                                    {"cluster.max_out", "2"}};
    struct made m;

    make(&m, "kubevirt-1.9", changes, 2);
    says(text_of(&m, "scenario"), "[link l]\nrate = 25Gb/s\n");
    release(&m);
    make(&m, NULL, &(struct snippet_change){"link *.rate", "25Gb/s"}, 1);
    says(text_of(&m, "scenario"), "--set 'link *.rate=25Gb/s'\n");
    release(&m);
    make(&m, "vmotion", changes, 2);
    says(text_of(&m, "scenario"), "[cluster]\nmax_out = 2\n");
    release(&m);
}
