/*
 * test_scenario_check.c - the rules between values: each broken once, each kept once.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support_scenario.h"

struct rule {
    enum scn_kind kind;
    const char *without;
    const char *lines;
    const char *message; /* NULL = must load */
};

static void check_rules(const struct rule *rules, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        char *text = small_scenario(rules[i].kind, rules[i].lines, rules[i].without, NULL);
        char digest[33];

        if (rules[i].message)
            expect_refused(text, rules[i].message);
        else
            digest_of(text, digest);
        free(text);
    }
}

#define CHECK(rules) check_rules(rules, sizeof(rules) / sizeof((rules)[0]))

Test(scenario_check, migration_settings_that_qemu_refuses)
{
    static const struct rule rules[] = {
        {SCN_MIGRATION, 0, "xbzrle=on\nmultifd=on\n", "xbzrle: xbzrle and multifd exclude"},
        {SCN_MIGRATION, 0, "qemu=7.2\nxbzrle=on\nmultifd=on\n", NULL},
        {SCN_MIGRATION, 0, "postcopy=on\nmultifd=on\n", "postcopy: this QEMU refuses post-copy"},
        {SCN_MIGRATION, 0, "qemu=9.2\npostcopy=on\nmultifd=on\n", "postcopy: this QEMU refuses"},
        {SCN_MIGRATION, 0, "qemu=10.1\npostcopy=on\nmultifd=on\n", NULL},
        {SCN_MIGRATION, 0, "qemu=7.2\navail_switchover_bandwidth=1GB/s\n", "it came with 8.2"},
        {SCN_MIGRATION, 0, "qemu=8.2\navail_switchover_bandwidth=1GB/s\n", NULL},
        {SCN_MIGRATION, 0, "qemu=7.2\ndirty_limit=on\ndirty_log=ring\n", "it came with 8.1"},
        {SCN_MIGRATION, 0, "dirty_limit=on\n", "add dirty_log = ring"},
        {SCN_MIGRATION, 0, "dirty_limit=on\ndirty_log=ring\n", NULL},
        {SCN_MIGRATION, 0, "dirty_limit=on\ndirty_log=ring\nauto_converge=on\n",
         "exclude each other"},
        {SCN_MIGRATION, 0, "cpu_throttle_initial=60%\nmax_cpu_throttle=50%\n",
         "above max_cpu_throttle"},
        {SCN_MIGRATION, 0, "cpu_throttle_initial=50%\nmax_cpu_throttle=50%\n", NULL},
        {SCN_MIGRATION, 0, "multifd_compression=zstd\n", "add multifd = on"},
        {SCN_MIGRATION, 0, "multifd=on\nmultifd_compression=zstd\nmultifd_level=20\n", NULL},
        {SCN_MIGRATION, 0, "multifd=on\nmultifd_compression=zlib\nmultifd_level=10\n",
         "up to 9 only"},
        {SCN_MIGRATION, 0, "multifd=on\nmultifd_compression=qpl\n", "qpl and uadk came with 9.1"},
        {SCN_MIGRATION, 0, "qemu=9.2\nmultifd=on\nmultifd_compression=qatzip\n", NULL},
        {SCN_MIGRATION, 0, "qemu=9.2\nmultifd=on\nmultifd_compression=qatzip\nmultifd_level=0\n",
         "start at 1"},
        {SCN_MIGRATION, 0, "zero_page_detection=none\n", "it came with 9.0"},
        {SCN_MIGRATION, 0, "qemu=9.2\nzero_page_detection=none\n", NULL},
        {SCN_MIGRATION, 0, "postcopy_trigger=round\n", "add postcopy = on"},
        {SCN_MIGRATION, 0, "postcopy_preempt=on\n", "add postcopy = on"},
        {SCN_MIGRATION, 0, "timeout_action=postcopy\n", "add postcopy = on"},
        {SCN_MIGRATION, 0, "postcopy=on\npostcopy_trigger=timeout\n", "no completion timeout"},
        {SCN_MIGRATION, 0, "postcopy=on\npostcopy_trigger=timeout\ncompletion_timeout=1min\n",
         NULL},
        {SCN_MIGRATION, 0, "postcopy=on\npostcopy_trigger=stall\n", "no progress timeout"},
        {SCN_MIGRATION, 0, "postcopy=on\npostcopy_trigger=stall\nprogress_timeout=1min\n", NULL},
    };

    CHECK(rules);
}

Test(scenario_check, a_profile_is_judged_with_what_it_inherits)
{
    static const char text[] =
        "[host a]\n[host b]\n[vm v]\nhost=a\nmemory=1GiB\n[request r]\nvm=v\n"
        "target=b\n[migration]\nxbzrle=on\n[migration fast]\nmultifd=on\n";

    expect_refused(text, "t.ini:10: [migration fast] xbzrle: xbzrle and multifd exclude");
}

Test(scenario_check, links_workloads_and_guests)
{
    static const struct rule rules[] = {
        {SCN_LINK, 0, "hosts=h0\n", "joins two hosts or more"},
        {SCN_LINK, 0, "hosts=h0,h1\n", NULL},
        {SCN_LINK, 0, "hosts=h0,h0\n", "stands there twice"},
        {SCN_LINK, 0, "hosts=h0,h2\n", "there is no [host h2]"},
        {SCN_LINK, 0, "background=10Gb/s\n", "leaves nothing of the link"},
        {SCN_WORKLOAD, 0, "kind=hotcold\n", "needs the size of the hot part"},
        {SCN_WORKLOAD, 0, "kind=hotcold\nhot=50MiB\n", NULL},
        {SCN_WORKLOAD, 0, "kind=hotcold\nhot=101MiB\n", "larger than the working set"},
        {SCN_WORKLOAD, 0, "kind=curve\n", "this kind needs 'curve'"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1s 10MiB, 2s 15MiB\n", NULL},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1s 10MiB, 1s 15MiB\n", "the times must grow"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1s 10MiB, 2s 5MiB\n", "cannot fall"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=0s 10MiB\n", "must be above 0"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1s 10MB/s\n", "write TIME SIZE"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1 10MiB\n", "write TIME SIZE"},
        {SCN_WORKLOAD, 0, "kind=curve\ncurve=1s 2GiB\n", "ends above the memory"},
        {SCN_WORKLOAD, 0, "curve=1s 10MiB\n", "write kind = curve"},
        {SCN_WORKLOAD, 0, "kind=series\nseries=0s 10MB/s, 60s 20MB/s\n", NULL},
        {SCN_WORKLOAD, 0, "kind=series\nseries=1s 10MB/s\n", "first time must be 0s"},
        {SCN_WORKLOAD, 0, "kind=series\nseries=0s unlimited\n", "write TIME RATE"},
        {SCN_WORKLOAD, 0, "kind=classes\nclasses=4000 20MB/s, 100 1MB/s sequential\n", NULL},
        {SCN_WORKLOAD, 0, "kind=classes\nclasses=4000\n", "write PAGES RATE"},
        {SCN_WORKLOAD, 0, "kind=classes\nclasses=0 1MB/s\n", "write PAGES RATE"},
        {SCN_WORKLOAD, 0, "kind=classes\nclasses=10 1MB/s random\n", "write PAGES RATE"},
        {SCN_WORKLOAD, 0, "kind=classes\nclasses=300000 1MB/s\n", "more pages than there are"},
        {SCN_WORKLOAD, "working_set", "# none\n", "has no working_set"},
        {SCN_WORKLOAD, "working_set", "kind=idle\n", NULL},
        {SCN_WORKLOAD, "working_set", "working_set=1GiB\n", NULL},
        {SCN_WORKLOAD, "working_set", "working_set=2GiB\n",
         "(2 GiB) is larger than the memory (1 GiB)"},
        {SCN_WORKLOAD, "working_set", "working_set=1MiB..2GiB\n", "is larger than the memory"},
        {SCN_VM, 0, "working_set=2GiB\n", "[vm v] working_set: the working set"},
        {SCN_VM, 0, "host_page=64KiB\n", "pages of 4 KiB, 2 MiB and 1 GiB"},
        {SCN_VM, "memory", "memory=1025MiB\nhost_page=2MiB\n", "no whole number of host pages"},
        {SCN_VM, "memory", "memory=1026MiB\nhost_page=2MiB\n", NULL},
        {SCN_VM, 0, "nonzero=2GiB\n", "more memory is written than there is"},
        {SCN_VM, 0, "nonzero=0B\n", NULL},
        {SCN_VM, "workload", "workload=x\n", "there is no [workload x]"},
        {SCN_VM, 0, "migration=x\n", "there is no [migration x]"},
        {SCN_VM, "host", "host=h9\n", "there is no [host h9]; did you mean 'h0'"},
        {SCN_VM, "host", "host=\n", "no host is named"},
        {SCN_HOST, 0, "memory=512MiB\n", "its VMs need 1 GiB"},
        {SCN_HOST, 0, "memory=1GiB\n", NULL},
    };

    CHECK(rules);
}

Test(scenario_check, requests_faults_and_changes)
{
    static const struct rule rules[] = {
        {SCN_REQUEST, "target", "target=h0\n", "v is on h0 already"},
        {SCN_REQUEST, "target", "target=h\n", "there is no [host h]; did you mean 'h0'"},
        {SCN_REQUEST, "vm", "vm=vv\n", "there is no VM called 'vv'"},
        {SCN_REQUEST, "vm", "vm=x*\n", "no VM is called like 'x*'"},
        {SCN_REQUEST, "vm", "vm=\n", "no VM is named"},
        {SCN_REQUEST, 0, "at=10s\ncancel_at=10s\n", "cancelled before it is asked for"},
        {SCN_REQUEST, 0, "at=10s\ncancel_at=11s\n", NULL},
        {SCN_REQUEST, 0, "at=25h\n", "after the horizon; raise [scenario] horizon"},
        {SCN_FAULT, 0, "ratio=10%\n", "only degrade leaves a part"},
        {SCN_FAULT, 0, "kind=degrade\nratio=10%\n", NULL},
        {SCN_FAULT, 0, "kind=degrade\nratio=0%\n", "write kind = link_down"},
        {SCN_FAULT, 0, "kind=host_down\n", "there is no [host l]"},
        {SCN_FAULT, "target", "kind=host_down\ntarget=h1\n", NULL},
        {SCN_CHANGE, "max_bandwidth", "# none\n", "nothing is changed"},
        {SCN_CHANGE, "max_bandwidth", "downtime_limit=1s\n", NULL},
    };

    CHECK(rules);
}

Test(scenario_check, there_and_back_again_is_fine)
{
    static const char text[] =
        "[host a]\n[host b]\n[vm v]\nhost=a\nmemory=1GiB\n[request there]\nvm=v\n"
        "target=b\n[request back]\nvm=v\ntarget=a\nat=1h\n";
    char digest[33];

    digest_of(text, digest);
}

Test(scenario_check, a_scenario_without_hosts_vms_or_requests_says_what_it_lacks)
{
    expect_refused("", "the scenario has no [host NAME]");
    expect_refused("[host a]\n", "the scenario has no [vm NAME]");
    expect_refused("[host a]\n[vm v]\nhost=a\nmemory=1GiB\n", "the scenario has no [request NAME]");
}

Test(scenario_check, thresholds_speak_of_what_is_measured)
{
    static const struct rule rules[] = {
        {SCN_THRESHOLDS, 0, "downtime.p99.9 < 1s\n", NULL},
        {SCN_THRESHOLDS, 0, "drain.makespan.p95 < 2h\n", NULL},
        {SCN_THRESHOLDS, 0, "drain.makespan.p99.9 = < 2h warn\n", NULL},
        {SCN_THRESHOLDS, 0, "timeouts.rate < 1% error\n", NULL},
        {SCN_THRESHOLDS, 0, "transferred.mean < 10GiB\n", NULL},
        {SCN_THRESHOLDS, 0, "rounds.max < 30\n", NULL},
        {SCN_THRESHOLDS, 0, "downtime.p99 < 500ms warn\n", NULL},
        {SCN_THRESHOLDS, 0, "downtime.p99 < 500ms\n", "the goal stands here and in line"},
        {SCN_THRESHOLDS, 0, "downtme.p95 < 1s\n",
         "downtme.p95: 'downtme' is nothing that is measured; "
         "did you mean 'downtime'"},
        {SCN_THRESHOLDS, 0, "downtime < 1s\n", "does not name a statistic"},
        {SCN_THRESHOLDS, 0, "downtime.p0 < 1s\n", "no statistic"},
        {SCN_THRESHOLDS, 0, "downtime.p100 < 1s\n", "no statistic"},
        {SCN_THRESHOLDS, 0, "downtime.p099 < 1s\n", "no statistic"},
        {SCN_THRESHOLDS, 0, "downtime.median < 1s\n", "min, mean, max, or a percentile"},
        {SCN_THRESHOLDS, 0, "downtime.rate < 1s\n", "no statistic"},
        {SCN_THRESHOLDS, 0, "timeouts.p95 < 1%\n", "only the statistic 'rate'"},
        {SCN_THRESHOLDS, 0, "completed.rate > 101%\n", "'101%' is more than the whole"},
        {SCN_THRESHOLDS, 0, "downtime.p95 < 500\n", "no unit"},
        {SCN_THRESHOLDS, 0, "downtime.p95 <= 500ms\n", "does not start with < or >"},
        {SCN_THRESHOLDS, 0, "downtime.p95 = 500ms\n", "does not start with < or >"},
        {SCN_THRESHOLDS, 0, "downtime.p95 < \n", "does not start with a number"},
        {SCN_THRESHOLDS, 0, ".p95 < 1s\n", "does not name a statistic"},
        {SCN_THRESHOLDS, 0, "... < 1s\n", "nothing that is measured"},
    };

    CHECK(rules);
}
