/*
 * test_scenario.c - files, presets, includes and overrides; templates and patterns; hostile input.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "sim/scenario/presets.h"
#include "support_scenario.h"

/* Two hosts, one VM, one request; tests add to it. */
#define CORE                                                                                       \
    "[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 1GiB\n[request r]\nvm = v\ntarget = b\n"

static char dir[] = "test_scenario_XXXXXX";

static void make_dir(void)
{
    cr_assert_not_null(mkdtemp(dir));
}

static const char *const file_names[] = {"main.ini", "one.ini", "two.ini", "three.ini", "cal.ini"};

static void remove_dir(void)
{
    char path[100];

    for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, file_names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static const char *write_file(const char *name, const char *text)
{
    static char path[100];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
    return path;
}

static void load_ok(struct scenario *sc, const char *path, const char *const *sets, size_t nr)
{
    struct scn_override overrides[8];
    struct diag diag = {0};
    char message[2048];
    enum status st;

    for (size_t i = 0; i < nr; i++)
        overrides[i] = (struct scn_override){.text = sets[i], .origin = "--set"};
    st = scenario_load(sc, path, overrides, nr, &diag);
    diag_format(&diag, message, sizeof(message));
    cr_assert_eq(st, ST_OK, "%s", message);
}

static void load_text_ok(struct scenario *sc, const char *text)
{
    struct diag diag;
    enum status st = load_text(sc, text, &diag);

    cr_assert_eq(st, ST_OK, "%s", diag.what);
}

static void refuse_file(const char *path, const char *const *sets, size_t nr, const char *part)
{
    struct scn_override overrides[8];
    struct scenario sc;
    struct diag diag = {0};
    char message[2048];

    for (size_t i = 0; i < nr; i++)
        overrides[i] = (struct scn_override){.text = sets[i], .origin = "--set"};
    cr_assert_eq(scenario_load(&sc, path, overrides, nr, &diag), ST_EINPUT, "%s", part);
    diag_format(&diag, message, sizeof(message));
    cr_assert(strstr(message, part), "'%s' does not say '%s'", message, part);
}

/* ---- what comes out ---- */

Test(scenario, names_become_indexes)
{
    struct scenario sc;

    load_text_ok(&sc,
                 "[migration fast]\nmultifd = on\n[link l]\nrate = 1Gb/s..2Gb/s\nhosts = b, a\n"
                 "[workload w]\nwrite_rate = 10MB/s..30MB/s\nworking_set = 64MiB\n" CORE
                 "[vm u]\nhost = b\nmemory = 2GiB\nworkload = w\nmigration = fast\nnonzero = 1GiB\n"
                 "[request q]\nvm = u\ntarget = a\nat = 5s\ncancel_at = 9s\n"
                 "[fault f]\nkind = host_down\ntarget = b\nat = 1s\nduration = 2s\n"
                 "[change c]\nvm = u\nat = 3s\ndowntime_limit = 1s\n");
    cr_assert_eq(sc.nr_hosts, 2);
    cr_assert_eq(sc.nr_vms, 2);
    cr_assert_eq(sc.nr_migrations, 2);
    cr_assert_str_eq(sc.migrations[0].name, "");
    cr_assert_str_eq(sc.migrations[1].name, "fast");
    cr_assert(sc.migrations[1].params.multifd);
    cr_assert_not(sc.migrations[0].params.multifd);
    cr_assert_eq(sc.links[0].nr_hosts, 2);
    cr_assert_eq(sc.links[0].hosts[0], 1);
    cr_assert_eq(sc.links[0].rate_bps.kind, UNCERTAIN_UNIFORM);
    cr_assert_str_eq(sc.workloads[sc.vms[0].workload].name, "idle");
    cr_assert_eq(sc.vms[0].guest->dirty.kind, DIRTY_IDLE);
    cr_assert_eq(sc.vms[0].guest->nonzero_bytes, GIB);
    cr_assert_eq(sc.vms[1].host, 1);
    cr_assert_eq(sc.vms[1].migration, 1);
    cr_assert_float_eq(sc.vms[1].guest->dirty.write_bytes_per_s, 2e7, 0.0);
    cr_assert_eq(sc.vms[1].guest->dirty.working_set_bytes, 64 * MIB);
    cr_assert_eq(sc.requests[1].vm, 1);
    cr_assert_eq(sc.requests[1].target, 0);
    cr_assert_eq(sc.requests[1].at_ns, 5 * NS_PER_S);
    cr_assert_eq(sc.requests[1].cancel_at_ns, 9 * NS_PER_S);
    cr_assert_eq(sc.requests[0].cancel_at_ns, -1);
    cr_assert_eq(sc.faults[0].target, 1);
    cr_assert_eq(sc.changes[0].vm, 1);
    cr_assert_eq(sc.changes[0].max_bandwidth_bytes_per_s, 0);
    cr_assert_eq(sc.changes[0].downtime_limit_ns, NS_PER_S);
    cr_assert_str_eq(sc.name, "t");
    scenario_release(&sc);
}

Test(scenario, defaults_are_those_of_qemu)
{
    struct scenario sc;
    const struct mig_params *p;

    load_text_ok(&sc, CORE);
    p = &sc.migrations[0].params;
    cr_assert_eq(p->max_bandwidth_bytes_per_s, 134217728);
    cr_assert_eq(p->max_postcopy_bandwidth_bytes_per_s, UNITS_UNLIMITED);
    cr_assert_eq(p->avail_switchover_bytes_per_s, 0);
    cr_assert_eq(p->downtime_limit_ns, 300 * NS_PER_MS);
    cr_assert_eq(p->throttle_trigger_pct, 50);
    cr_assert_eq(p->cpu_throttle_initial_pct, 20);
    cr_assert_eq(p->cpu_throttle_increment_pct, 10);
    cr_assert_eq(p->max_cpu_throttle_pct, 99);
    cr_assert_eq(p->clear_chunk_bytes, GIB);
    cr_assert_eq(p->xbzrle_cache_bytes, 64 * MIB);
    cr_assert_eq(p->multifd_channels, 2);
    cr_assert_eq(p->multifd_level, 1);
    cr_assert_eq(p->vcpu_dirty_limit_bytes_per_s, MIB);
    cr_assert_eq(p->completion_timeout_ns, 0);
    cr_assert_not(p->auto_converge || p->xbzrle || p->multifd || p->postcopy || p->return_path);
    cr_assert_eq(sc.seed, 1);
    cr_assert_eq(sc.replications, 1);
    cr_assert_eq(sc.hosts[0].nic_bps, UNITS_UNLIMITED);
    scenario_release(&sc);
}

Test(scenario, templates_make_numbered_vms_over_the_hosts_in_turn)
{
    struct scenario sc;

    load_text_ok(&sc,
                 "[host a]\n[host b]\n[host c]\n[vm web]\ncount = 5\nhost = a, b\nmemory = 1GiB\n"
                 "[request r]\nvm = web\ntarget = c\nat = 10s\nevery = 2s\n");
    cr_assert_eq(sc.nr_vms, 5);
    cr_assert_eq(sc.nr_requests, 5);
    for (uint32_t i = 0; i < 5; i++) {
        char name[20];

        snprintf(name, sizeof(name), "web-%u", i + 1);
        cr_assert_str_eq(sc.vms[i].name, name);
        cr_assert_eq(sc.vms[i].host, i % 2);
        cr_assert_eq(sc.requests[i].vm, i);
        cr_assert_eq(sc.requests[i].at_ns, (10 + 2 * (int64_t)i) * NS_PER_S);
    }
    scenario_release(&sc);
}

Test(scenario, patterns_find_each_vm_once_and_in_order)
{
    struct scenario sc;

    load_text_ok(&sc, "[host a]\n[host b]\n[vm web]\ncount = 3\nhost = a\nmemory = 1GiB\n"
                      "[vm db-1]\nhost = a\nmemory = 1GiB\n"
                      "[request r]\nvm = web-2, web-*, d?-1\ntarget = b\n");
    cr_assert_eq(sc.nr_requests, 4);
    cr_assert_eq(sc.requests[0].vm, 1);
    cr_assert_eq(sc.requests[1].vm, 0);
    cr_assert_eq(sc.requests[2].vm, 2);
    cr_assert_eq(sc.requests[3].vm, 3);
    scenario_release(&sc);
}

Test(scenario, a_vm_with_its_own_rate_has_its_own_workload)
{
    struct scenario sc;

    load_text_ok(&sc,
                 "[workload w]\nwrite_rate = 10MB/s\nworking_set = 64MiB\ncpu_need = 50%\n" CORE
                 "[vm u]\nhost = a\nmemory = 1GiB\nworkload = w\ndirty_rate = 90MB/s\n"
                 "[vm x]\nhost = a\nmemory = 1GiB\nwrite_rate = 1MB/s\nworking_set = 1MiB\n");
    cr_assert_float_eq(sc.vms[1].guest->dirty.write_bytes_per_s, 9e7, 0.0);
    cr_assert_float_eq(sc.vms[1].guest->dirty.cpu_need_ratio, 0.5, 0.0);
    cr_assert_float_eq(sc.workloads[0].dirty.write_bytes_per_s, 1e7, 0.0,
                       "the shared one is unchanged");
    cr_assert_float_eq(sc.workloads[sc.vms[1].workload].write_bytes_per_s.a, 9e7, 0.0);
    cr_assert_eq(sc.vms[2].guest->dirty.kind, DIRTY_UNIFORM,
                 "an idle guest that writes is not idle");
    scenario_release(&sc);
}

Test(scenario, two_vms_of_one_name_are_refused)
{
    expect_refused("[host a]\n[vm web]\ncount = 3\nhost = a\nmemory = 1GiB\n[vm web-2]\nhost = a\n"
                   "memory = 1GiB\n",
                   "t.ini:6: [vm web-2]: there is another VM called 'web-2'");
}

/* ---- layers ---- */

TestSuite(layers, .init = make_dir, .fini = remove_dir);

static int64_t limit_of(const char *path, const char *const *sets, size_t nr)
{
    struct scenario sc;
    int64_t limit;

    load_ok(&sc, path, sets, nr);
    limit = sc.migrations[0].params.downtime_limit_ns;
    scenario_release(&sc);
    return limit;
}

Test(layers, each_is_stronger_than_those_before)
{
    static const char *const set[] = {"migration.downtime_limit=5ms",
                                      "migration.downtime_limit=6ms"};
    const char *path = write_file("main.ini", CORE);

    cr_assert_eq(limit_of(path, NULL, 0), 300 * NS_PER_MS, "built in");
    path = write_file("main.ini", "preset = libvirt-default\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 300 * NS_PER_MS, "the preset");
    write_file("one.ini", "[migration]\ndowntime_limit = 2ms\nmax_bandwidth = 1MB/s\n");
    write_file("two.ini", "include = one.ini\n[migration]\ndowntime_limit = 3ms\n");
    path = write_file("main.ini", "preset = libvirt-default\ninclude = one.ini\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 2 * NS_PER_MS, "include over preset");
    path = write_file("main.ini", "include = two.ini\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 3 * NS_PER_MS, "includer over included");
    path = write_file("main.ini", "[scenario]\ninclude = two.ini, one.ini\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 2 * NS_PER_MS, "the later include wins");
    path = write_file("main.ini", "include = two.ini\n[migration]\ndowntime_limit = 4ms\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 4 * NS_PER_MS, "the file over includes");
    cr_assert_eq(limit_of(path, set, 1), 5 * NS_PER_MS, "--set over the file");
    cr_assert_eq(limit_of(path, set, 2), 6 * NS_PER_MS, "the last --set wins");
}

Test(layers, origins_name_the_layer_file_and_line)
{
    static const char *const set[] = {"vm v.vcpus=8"};
    struct strbuf out = STRBUF_INIT;
    struct scenario sc;
    struct diag diag;
    const char *path;
    const json_t *value;
    json_t *root;
    char want[200];
    size_t i, found = 0;

    write_file("one.ini", "[migration]\n\nmultifd = on\n");
    path = write_file("main.ini", "preset = libvirt-default\ninclude = one.ini\n" CORE);
    load_ok(&sc, path, set, 1);
    cr_assert_eq(scenario_show_origin(&sc, NULL, &out, &diag), ST_OK);
    cr_assert(strstr(strbuf_text(&out), "libvirt = on"));
    cr_assert(strstr(strbuf_text(&out), "preset libvirt-default:6\n"));
    snprintf(want, sizeof(want), "include %s/one.ini:3\n", dir);
    cr_assert(strstr(strbuf_text(&out), want), "%s", strbuf_text(&out));
    snprintf(want, sizeof(want), "file %s/main.ini:7\n", dir);
    cr_assert(strstr(strbuf_text(&out), want), "%s", strbuf_text(&out));
    strbuf_clear(&out);
    cr_assert_eq(scenario_show_origin_json(&sc, "vm v", &out, &diag), ST_OK);
    root = json_loads(strbuf_text(&out), 0, NULL);
    cr_assert_not_null(root);
    json_array_foreach(json_object_get(root, "values"), i, value)
    {
        const char *key = json_string_value(json_object_get(value, "key"));
        const char *origin = json_string_value(json_object_get(value, "origin"));
        json_int_t line = json_integer_value(json_object_get(value, "line"));

        found += strcmp(key, "vcpus") == 0 && strcmp(origin, "set") == 0 && line == 0;
        found += strcmp(key, "memory") == 0 && strcmp(origin, "file") == 0 && line == 7;
        found += strcmp(key, "zero_tail") == 0 && strcmp(origin, "default") == 0 &&
                 json_is_null(json_object_get(value, "file"));
    }
    cr_assert_eq(found, 3);
    cr_assert_eq(scenario_show_origin(&sc, "vm x", &out, &diag), ST_EUSAGE);
    json_decref(root);
    strbuf_release(&out);
    scenario_release(&sc);
}

Test(layers, calibrations_reach_the_hosts_of_their_accelerator)
{
    struct scenario sc;
    const char *path;

    write_file("cal.ini", "[calibration]\nstop = 2ms\nrtt = 3ms\n[calibration tcg]\nstop = 4ms\n"
                          "captures = 9\nrss_spread = 3MiB\n");
    path = write_file("main.ini", "include = cal.ini\n[host t]\naccelerator = tcg\n"
                                  "[host k]\n[host own]\nstop = 5ms\n" CORE);
    load_ok(&sc, path, NULL, 0);
    cr_assert_eq(sc.hosts[0].costs->stop_ns, 4 * NS_PER_MS);
    cr_assert_eq(sc.hosts[0].costs->rtt_ns, 3 * NS_PER_MS);
    cr_assert_eq(sc.hosts[1].costs->stop_ns, 2 * NS_PER_MS);
    cr_assert_eq(sc.hosts[2].costs->stop_ns, 5 * NS_PER_MS);
    scenario_release(&sc);
}

Test(layers, a_stronger_goal_takes_the_place_of_a_weaker_one)
{
    static const char *const set[] = {"thresholds.downtime.p99=< 100ms"};
    struct scenario sc;
    const char *path;

    write_file("one.ini",
               "[thresholds]\ndowntime.p99 < 1s\ndowntime.p99 < 500ms warn\nrounds.max < 9\n");
    path = write_file("main.ini", "include = one.ini\n" CORE);
    load_ok(&sc, path, NULL, 0);
    cr_assert_eq(sc.nr_thresholds, 3);
    cr_assert_str_eq(sc.thresholds[1].text, "downtime.p99 < 500ms warn");
    cr_assert_not(sc.thresholds[1].error);
    scenario_release(&sc);
    load_ok(&sc, path, set, 1);
    cr_assert_eq(sc.nr_thresholds, 2);
    cr_assert_float_eq(sc.thresholds[1].limit, 1e8, 0.0);
    cr_assert_str_eq(sc.thresholds[1].measure.metric->name, "downtime");
    cr_assert_eq(sc.thresholds[1].measure.statistic, MEASURE_QUANTILE);
    cr_assert_float_eq(sc.thresholds[1].measure.quantile, 0.99, 1e-12);
    cr_assert(sc.thresholds[1].less && sc.thresholds[1].error);
    scenario_release(&sc);
}

Test(layers, includes_that_cannot_be_are_refused)
{
    const char *path;

    write_file("one.ini", "include = two.ini\n");
    write_file("two.ini", "\ninclude = ./one.ini\n");
    path = write_file("main.ini", "include = one.ini\n" CORE);
    refuse_file(path, NULL, 0, "/./one.ini' includes itself");
    path = write_file("main.ini", "\n\ninclude = main.ini\n" CORE);
    refuse_file(path, NULL, 0, "main.ini' includes itself");
    path = write_file("main.ini", "include = none.ini\n" CORE);
    refuse_file(path, NULL, 0, "main.ini:1: cannot open the included file: No such file");
    path = write_file("main.ini", "include = a,,b\n" CORE);
    refuse_file(path, NULL, 0, "main.ini:1: bad list");
    path = write_file("main.ini", "\npreset = qemu-defaults\n" CORE);
    refuse_file(path, NULL, 0,
                "main.ini:2: no preset is called 'qemu-defaults'; did you mean 'qemu-default'");
}

Test(layers, includes_that_double_at_each_level_are_bounded)
{
    const char *path;

    write_file("three.ini", "[scenario]\nseed = 3\n");
    write_file("two.ini",
               "include = three.ini, three.ini, three.ini, three.ini, three.ini, three.ini\n");
    write_file("one.ini", "include = two.ini, two.ini, two.ini, two.ini, two.ini, two.ini\n");
    path = write_file("main.ini", "include = one.ini, one.ini, one.ini, one.ini\n" CORE);
    refuse_file(path, NULL, 0, "more than 100 files");
    path = write_file("main.ini", "include = two.ini\n" CORE);
    cr_assert_eq(limit_of(path, NULL, 0), 300 * NS_PER_MS);
}

Test(layers, the_preset_can_be_set_too)
{
    static const char *const set[] = {"scenario.preset=libvirt-default"};
    const char *path = write_file("main.ini", "preset = qemu-default\n" CORE);
    struct scenario sc;

    load_ok(&sc, path, set, 1);
    cr_assert_str_eq(sc.migrations[0].platform, "libvirt-default");
    cr_assert_eq(sc.migrations[0].params.max_bandwidth_bytes_per_s, UNITS_UNLIMITED);
    scenario_release(&sc);
}

Test(layers, overrides_reach_sections_by_name_and_pattern)
{
    static const char *const set[] = {"vm web*.memory=8GiB", "migration.qemu=10.1",
                                      "scenario.seed=99", "migration fast.multifd=on"};
    const char *path = write_file("main.ini", CORE "[vm web]\ncount=2\nhost=a\nmemory=1GiB\n"
                                                   "[vm web.x]\nhost=a\nmemory=1GiB\n");
    struct scenario sc;

    load_ok(&sc, path, set, 4);
    cr_assert_eq(sc.vms[0].guest->memory_bytes, GIB);
    cr_assert_eq(sc.vms[1].guest->memory_bytes, 8 * GIB);
    cr_assert_eq(sc.vms[3].guest->memory_bytes, 8 * GIB);
    cr_assert_eq(sc.migrations[0].params.qemu, QEMU_10_1);
    cr_assert_eq(sc.seed, 99);
    cr_assert(sc.migrations[1].params.multifd);
    scenario_release(&sc);
}

Test(layers, overrides_that_make_no_sense_are_refused)
{
    static const char *const cases[][2] = {
        {"x", "'x' is no override"},
        {"migration=5", "is no override"},
        {".a=5", "is no override"},
        {"migration.=5", "is no override"},
        {"", "is no override"},
        {"migration.downtime_limt=5ms",
         "--set: [migration] downtime_limt: unknown option; did you mean 'downtime_limit'"},
        {"migration.downtime_limit=5", "--set: [migration] downtime_limit: '5' has no unit"},
        {"migraton.seed=5", "unknown section; did you mean 'migration'"},
        {"vm vv.memory=1GiB", "the scenario has no such section"},
        {"host c.cpus=1", "the scenario has no such section"},
        {"request rr.at=1s", "the scenario has no such section"},
        {"scenario x.seed=1", "takes no name"},
        {"scenario.downtime_limit=5ms", "it belongs into [migration]"},
        {"scenario.description=a # b", "cannot hold"},
        {"scenario.description=a\nb", "control character"},
        {"thresholds.downtime.p99=500ms", "does not start with < or >"},
    };
    const char *path = write_file("main.ini", CORE);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        refuse_file(path, &cases[i][0], 1, cases[i][1]);
}

/* ---- sections ---- */

Test(scenario, sections_that_make_no_sense_are_refused)
{
    static const char *const cases[][2] = {
        {"[vm]\n", "t.ini:1: [vm]: the section needs a name; write [vm NAME]"},
        {"[scenario x]\n", "takes no name"},
        {"[machine a]\n", "unknown section"},
        {"[hots a]\n", "did you mean 'host'"},
        {"[vm a b]\n", "cannot hold blanks"},
        {"[vm a*]\n", "cannot hold blanks"},
        {"[calibration xen]\n", "'xen' is no accelerator"},
        {"[host a]\n[vm v]\n[host a]\n",
         "t.ini:3: [host a]: the section stands here and in line 1"},
        {"[host a]\n[host  a]\n", "stands here and in line 1"},
        {"seed = 1\n[scenario]\nseed = 2\n",
         "t.ini:3: [scenario] seed: the option stands here and in line 1"},
        {"[scenario]\n[scenario]\n", "stands here and in line 1"},
        {"memory = 1GiB\n", "it belongs into [host]"},
        {"[vm v]\nxyzzy = 1\n", "unknown option; `migcast help scenario` lists"},
    };
    char longer[200] = "[vm ";

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_refused(cases[i][0], cases[i][1]);
    memset(longer + 4, 'n', 130);
    memcpy(longer + 134, "]\n", 3);
    expect_refused(longer, "longer than 128 bytes");
}

Test(scenario, the_digest_does_not_see_comments_order_spelling_or_origin)
{
    static const char *const same[] = {
        "seed = 5\n[migration]\ndowntime_limit = 500ms\nmultifd = on\n" CORE,
        CORE "[migration]\nmultifd = yes ; comment\ndowntime_limit = 0.5s\n[scenario]\nseed = 5\n",
        "# comment\r\nseed = 5\r\nname = other\r\ndescription = text\r\npreset = "
        "qemu-default\r\n" CORE
        "[migration]\r\nplatform = qemu\r\nmultifd = on\r\ndowntime_limit = 500000us\r\n",
        "\xef\xbb\xbfseed = 5\n[calibration tcg]\nstop = 1s\n[migration]\ndowntime_limit = 500ms\n"
        "multifd = on\n" CORE,
    };
    char first[33], other[33];

    digest_of(same[0], first);
    for (size_t i = 1; i < sizeof(same) / sizeof(same[0]); i++) {
        digest_of(same[i], other);
        cr_assert_str_eq(first, other, "case %zu", i);
    }
    digest_of("seed = 5\n[migration]\ndowntime_limit = 501ms\nmultifd = on\n" CORE, other);
    cr_assert_str_neq(first, other);
}

Test(scenario, shipped_scenarios_and_presets_load_and_survive_their_dump)
{
    static const char *const names[] = {"first", "evacuate-host", "uncertain", "postcopy",
                                        "autoconverge"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct strbuf dump = STRBUF_INIT;
        struct scenario sc;
        char path[400], again[33];

        snprintf(path, sizeof(path), "%s/scenarios/%s.ini", SOURCE_DIR, names[i]);
        load_ok(&sc, path, NULL, 0);
        cr_assert_str_eq(sc.name, names[i]);
        cr_assert(sc.description[0]);
        cr_assert_eq(scenario_dump(&sc, &dump), ST_OK);
        digest_of(strbuf_text(&dump), again);
        cr_assert_str_eq(again, sc.digest);
        strbuf_release(&dump);
        scenario_release(&sc);
    }
    for (const struct preset *p = presets; p->name; p++) {
        char text[400], digest[33];

        snprintf(text, sizeof(text), "preset = %s\n" CORE, p->name);
        digest_of(text, digest);
    }
}

Test(scenario, a_release_between_two_presets_is_found_or_the_platforms_are_named)
{
    static const struct {
        const char *name, *hint;
    } unknown[] = {
        {"kubevirt-2.7", "there are kubevirt-1.3, "},
        {"rhv", "there are ovirt-minimal-downtime, "},
        {"rhv-4.4", "ovirt-minimal-downtime"},
        {"openstack", "there are nova, "},
        {"novae", "did you mean 'nova'?"},
        {"something", "`migcast presets`"},
        {"esxi-7", "there is vmotion"},
        {"", "`migcast presets`"},
        {"kubevirt-1.", "kubevirt-1."},
    };

    cr_expect_eq(preset_find("kubevirt-1.6"), preset_find("kubevirt-1.5"));
    cr_expect_eq(preset_find("kubevirt-1.0"), preset_find("kubevirt-1.3"));
    cr_expect_neq(preset_find("kubevirt-1.4"), preset_find("kubevirt-1.3"));
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        struct diag diag = {0};

        cr_expect_null(preset_find(unknown[i].name), "%s", unknown[i].name);
        preset_hint(unknown[i].name, &diag);
        cr_expect_not_null(strstr(diag.hint, unknown[i].hint), "%s: %s", unknown[i].name,
                           diag.hint);
    }
}

/* ---- hostile ---- */

Test(scenario, too_many_of_anything_ends_in_a_message)
{
    struct strbuf text = STRBUF_INIT;

    expect_refused("[host a]\n[vm v]\ncount = 2000000\nhost = a\nmemory = 1GiB\n[vm w]\nhost = a\n"
                   "memory = 1GiB\n",
                   "more than 2 million VMs");
    expect_refused(
        "[host a]\n[host b]\n[vm v]\ncount = 100000\nhost = a\nmemory = 1GiB\n[request r]\n"
        "vm = v\ntarget = b\nevery = 3000d\n",
        "after ten years");
    strbuf_addstr(&text, CORE "[thresholds]\n");
    for (int i = 0; i < 1001; i++)
        strbuf_addf(&text, "downtime.p99 < %dms\n", i + 1);
    expect_refused(strbuf_text(&text), "more than 1000 thresholds");
    strbuf_clear(&text);
    strbuf_addstr(&text, "[host a]\n[host b]\n[vm v]\ncount = 100000\nhost = a\nmemory = 1GiB\n"
                         "[request r]\ntarget = b\nvm = ");
    for (int i = 0; i < 3100; i++)
        strbuf_addstr(&text, i ? ",*" : "*");
    strbuf_addch(&text, '\n');
    expect_refused(strbuf_text(&text), "too many patterns for so many VMs");
    strbuf_release(&text);
}

Test(scenario, bytes_changed_at_random_never_crash_it)
{
    char *base = small_scenario(SCN_SCENARIO, NULL, NULL, NULL);
    size_t len = strlen(base);
    unsigned state = 7;

    for (int round = 0; round < 5000; round++) {
        char *text = strdup(base);
        struct scenario sc;
        struct diag diag;

        for (int n = 0; n < 3; n++) {
            state = state * 1103515245u + 12345u;
            text[(state >> 8) % len] = (char)(1 + (state >> 24) % 127);
        }
        if (load_text(&sc, text, &diag) == ST_OK)
            scenario_release(&sc);
        else
            cr_assert(diag.what[0], "%s", text);
        free(text);
    }
    free(base);
}

Test(scenario, cut_off_anywhere_never_crashes_it)
{
    char *base = small_scenario(SCN_SCENARIO, NULL, NULL, NULL);

    for (size_t len = strlen(base); len-- > 0;) {
        struct scenario sc;
        struct diag diag;

        base[len] = '\0';
        if (load_text(&sc, base, &diag) == ST_OK)
            scenario_release(&sc);
        else
            cr_assert(diag.what[0], "%s", base);
    }
    free(base);
}

Test(scenario, patterns_with_many_stars_take_no_time)
{
    expect_refused(
        "[host a]\n[host b]\n[vm aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n"
        "host = a\nmemory = 1GiB\n[request r]\ntarget = b\n"
        "vm = *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n",
        "no VM is called like");
}

Test(scenario, a_hundred_thousand_vms_load_in_a_moment)
{
    struct strbuf text = STRBUF_INIT;
    struct scenario sc;
    clock_t start;
    double seconds;

    strbuf_addstr(&text,
                  "[host a]\n[host b]\n[workload w]\nwrite_rate=10MB/s\nworking_set=100MiB\n");
    for (int i = 0; i < 100000; i++)
        strbuf_addf(&text, "[vm v%d]\nhost = a\nmemory = 4GiB\nworkload = w\n", i);
    strbuf_addstr(&text, "[request r]\nvm = *\ntarget = b\n");
    start = clock();
    load_text_ok(&sc, strbuf_text(&text));
    seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    cr_assert_eq(sc.nr_requests, 100000);
    /* 0.3 s in a release build; wide enough for a sanitizer on a busy machine */
    cr_assert_lt(seconds, 10.0);
    scenario_release(&sc);
    strbuf_release(&text);
}
