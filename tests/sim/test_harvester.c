/*
 * test_harvester.c - what Harvester adds to KubeVirt, and its shipped scenarios.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "support_kubevirt.h"

#define S NS_PER_S
#define MS NS_PER_MS

Test(harvester, eight_gib_time_out_after_7200_not_6400_seconds)
{
    static const char *const newer[] = {"scenario.preset=harvester-1.7", NULL};
    struct kv_run r;

    kv_load_file(&r, "harvester-timeout", NULL);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "db", 1)->outcome, OUTCOME_TIMEOUT);
    cr_expect_geq(kv_row(&r, "db", 1)->total_ns, 7201 * S);
    cr_expect_leq(kv_row(&r, "db", 1)->total_ns, 7202 * S);
    cr_expect(strstr(kv_row(&r, "db", 1)->reason, "6400 s by GiB, as documented"));
    kv_release(&r);
    kv_load_file(&r, "harvester-timeout", newer);
    kv_go(&r, 0);
    cr_expect_geq(kv_row(&r, "db", 1)->total_ns, 1351 * S);
    cr_expect_leq(kv_row(&r, "db", 1)->total_ns, 1352 * S);
    kv_release(&r);
}

Test(harvester, lost_node_is_reset_by_release)
{
    static const struct {
        const char *preset;
        int64_t taint_s, pods_s; /* after the loss at 60 s */
    } cases[] = {{"scenario.preset=harvester-1.7", 55, 235},
                 {"scenario.preset=harvester-1.5", 340, 340}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const set[] = {cases[i].preset, NULL};
        struct kv_run r;
        int64_t at = 0;

        kv_load_file(&r, "harvester-host-loss", set);
        kv_go(&r, 0);
        cr_expect_eq(kv_said(&r, NULL, "NotReady for too long: drain taint", &at), 1);
        cr_expect_eq(at, (60 + cases[i].taint_s) * S);
        cr_expect_eq(kv_said(&r, NULL, "pods deleted: VMs start elsewhere", &at), 1);
        cr_expect_eq(at, (60 + cases[i].pods_s) * S);
        cr_expect_eq(r.nr_rows, 4);
        for (uint32_t n = 0; n < r.nr_rows; n++) {
            const struct mig_result *m = &r.rows[n];

            cr_expect_str_eq(m->kind, "rescue");
            cr_expect_eq(m->outcome, OUTCOME_COMPLETED);
            cr_expect_eq(m->queued_ns, (60 + cases[i].pods_s) * S);
            /* all at once: they take no migration slots.  Pod 8 s, boot 30 s. */
            cr_expect_eq(m->ended_ns, (60 + cases[i].pods_s + 38) * S, "%s", m->vm);
        }
        kv_release(&r);
    }
}

Test(harvester, node_that_comes_back_keeps_its_pods)
{
    static const char *const short_loss[] = {"fault crash.duration=100s", NULL};
    struct kv_run r;

    kv_load_file(&r, "harvester-host-loss", short_loss);
    kv_go(&r, 0);
    cr_expect_eq(kv_said(&r, NULL, "pods deleted: VMs start elsewhere", NULL), 0);
    kv_release(&r);
}

/* Plain KubeVirt never starts them again by itself. */
Test(harvester, kubevirt_waits_for_fencing)
{
    static const char *const plain[] = {"scenario.preset=kubevirt-1.9", NULL};
    static const char *const fenced[] = {"scenario.preset=kubevirt-1.9", "kubevirt.fencing=300s",
                                         NULL};
    struct kv_run r;
    int64_t at = 0;

    kv_load_file(&r, "harvester-host-loss", plain);
    kv_go(&r, 0);
    cr_expect_eq(r.nr_rows, 0);
    /* 300 s without a heartbeat, seen by the check of the next minute */
    cr_expect_eq(kv_said(&r, NULL, "virt-handler heartbeat missed: node unschedulable", &at), 1);
    cr_expect_eq(at, 360 * S);
    kv_release(&r);
    kv_load_file(&r, "harvester-host-loss", fenced);
    kv_go(&r, 0);
    cr_expect_eq(r.nr_rows, 4);
    cr_expect_eq(r.rows[0].queued_ns, (60 + 40 + 300) * S);
    kv_release(&r);
}

Test(harvester, memory_is_overcommitted_by_half)
{
    struct kv_run r;

    kv_load(&r,
            "preset = harvester-1.7\n[host a]\nmemory = 64GiB\n[host b]\nmemory = 10GiB\n"
            "[vm v]\ncount = 2\nhost = a\nmemory = 8GiB\n[request r]\nvm = v\n",
            NULL);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "v-1", 1)->outcome, OUTCOME_COMPLETED, "8 of 15 GiB");
    cr_expect_neq(kv_row(&r, "v-2", 1)->outcome, OUTCOME_COMPLETED, "16 of 15 GiB");
    kv_release(&r);
}

/* ---- maintenance ---- */

static const char *reason_of(const struct kv_run *r, const char *vm)
{
    const char *reason = kv_row(r, vm, 1)->reason;

    return reason ? reason : "";
}

Test(harvester, vm_that_cannot_migrate_forbids_maintenance)
{
    struct kv_run r;

    kv_load_file(&r, "harvester-maintenance", NULL);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "ai", 1)->outcome, OUTCOME_REJECTED);
    cr_expect(strstr(reason_of(&r, "ai"), "HostDeviceNotLiveMigratable"));
    cr_expect_eq(kv_said(&r, NULL, "drained", NULL), 0);
    cr_expect_str_eq(r.sc.hosts[cluster_vm_host(r.sim, r.sc.nr_vms - 1)].name, "node1");
    kv_release(&r);
}

Test(harvester, force_shuts_it_down_and_ignores_labels)
{
    static const char *const force[] = {"harvester.force=on", NULL};
    struct kv_run r;
    int64_t drained = 0, back = 0;

    kv_load_file(&r, "harvester-maintenance", force);
    kv_go(&r, 0);
    cr_expect_eq(kv_said(&r, "ai", "force stopping VM", NULL), 1);
    cr_expect(strstr(reason_of(&r, "ai"), "shut down"));
    cr_expect_str_eq(kv_row(&r, "batch", 1)->kind, "live");
    cr_expect_eq(kv_row(&r, "cache", 1)->outcome, OUTCOME_COMPLETED);
    cr_expect_eq(kv_said(&r, NULL, "drained", &drained), 1);
    cr_expect_eq(kv_said(&r, NULL, "back after reboot", &back), 1);
    cr_expect_lt(drained, 95 * S);
    cr_expect_eq(back - drained, 20 * 60 * S);
    cr_expect_eq(cluster_vm_host(r.sim, r.sc.nr_vms - 1), HOST_NONE, "it stays off");
    kv_release(&r);
}

Test(harvester, label_says_how_a_vm_leaves)
{
    static const char *const elsewhere[] = {"vm ai.host=node3", NULL};
    struct kv_run r;
    int64_t back = 0;

    kv_load_file(&r, "harvester-maintenance", elsewhere);
    kv_go(&r, 0);
    cr_expect_str_eq(kv_row(&r, "batch", 1)->kind, "cold");
    cr_expect_str_neq(kv_row(&r, "batch", 1)->target, "node1");
    cr_expect_eq(kv_row(&r, "cache", 1)->outcome, OUTCOME_REJECTED);
    cr_expect(strstr(reason_of(&r, "cache"), "until maintenance is over"));
    cr_expect_eq(kv_said(&r, NULL, "back after reboot", &back), 1);
    for (uint32_t i = 0; i < r.nr_rows; i++) {
        const struct mig_result *m = &r.rows[i];

        if (strcmp(m->vm, "cache") != 0 || m->outcome != OUTCOME_COMPLETED)
            continue;
        cr_expect_geq(m->queued_ns, back);
        cr_expect_leq(m->queued_ns, back + 15 * S, "looked at every 15 s");
        cr_expect_gt(m->blackout_ns, 20 * 60 * S);
        back = 0;
    }
    cr_expect_eq(back, 0, "it starts again");
    kv_release(&r);
}

Test(harvester, upgrade_takes_one_node_after_the_other)
{
    struct kv_run r;
    int64_t at = 0;

    kv_load(&r,
            "preset = harvester-1.7\n[scenario]\nhorizon = 12h\n"
            "[host node]\ncount = 3\nnic = 10Gb/s\nmemory = 128GiB\n"
            "[vm v]\ncount = 12\nhost = node\nmemory = 8GiB\n"
            "[operation up]\nkind = upgrade\nhosts = node\nreboot_time = 30min\n",
            NULL);
    kv_go(&r, 0);
    cr_expect_eq(kv_said(&r, NULL, "drained", &at), 3);
    cr_expect_eq(kv_said(&r, NULL, "back after reboot", NULL), 3);
    for (uint32_t i = 0; i < r.nr_rows; i++)
        cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED);
    for (uint32_t vm = 0; vm < r.sc.nr_vms; vm++)
        cr_expect_neq(cluster_vm_host(r.sim, vm), HOST_NONE);
    kv_release(&r);
}

/* A VM keeps the selectors of its first pod: what was started on the new CPU cannot go to the old
 * one, what was started on the old one may go to the new one and back. */
Test(harvester, host_model_stays_with_a_vm)
{
    struct kv_run r;

    kv_load(&r,
            "preset = harvester-1.7\n[scenario]\nhorizon = 4h\n"
            "[host old]\ncpu_model = Haswell\n"
            "[host new]\ncpu_model = Icelake-Server\ncpu_models = Haswell\n"
            "[vm from-old]\nhost = old\nmemory = 1GiB\ncpu_model = host-model\n"
            "[vm from-new]\nhost = new\nmemory = 1GiB\ncpu_model = host-model\n"
            "[request 1]\nvm = from-old\ntarget = new\n[request 2]\nvm = from-new\n"
            "[request 3]\nvm = from-old\ntarget = old\nat = 1h\n",
            NULL);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < r.nr_rows; i++) {
        if (strcmp(r.rows[i].vm, "from-old") == 0)
            cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED, "%s", r.rows[i].target);
        else
            cr_expect_neq(r.rows[i].outcome, OUTCOME_COMPLETED);
    }
    cr_expect_not_null(kv_row(&r, "from-new", 1)->reason);
    kv_release(&r);
}
