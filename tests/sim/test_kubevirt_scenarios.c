/*
 * test_kubevirt_scenarios.c - each shipped scenario for KubeVirt gives the answer that its head
 * names.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "support_kubevirt.h"

#define S NS_PER_S
#define MS NS_PER_MS
#define POLL (400 * MS)

static void within(int64_t value, int64_t from, int64_t to, const char *what)
{
    cr_expect(value >= from && value <= to, "%s: %.3f s is not within %.3f .. %.3f s", what,
              (double)value / (double)S, (double)from / (double)S, (double)to / (double)S);
}

static void given_up_after(const struct kv_run *r, const char *vm, int64_t seconds)
{
    const struct mig_result *m = kv_row(r, vm, 1);

    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT, "%s: %s", vm, outcome_name(m->outcome));
    within(m->total_ns, seconds * S, seconds * S + POLL + S / 10, vm);
}

Test(kubevirt_scenarios, hog_holds_its_slot_to_the_deadline)
{
    static const struct {
        const char *preset;
        int64_t six_s, eight_s;
    } cases[] = {{"scenario.preset=kubevirt-1.3", 5601, 7201},
                 {"scenario.preset=kubevirt-1.9", 1051, 1351},
                 {"scenario.preset=hco-main", 141, 181}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const set[] = {cases[i].preset, NULL};
        struct kv_run r;

        kv_load_file(&r, "kubevirt-800", set);
        kv_go(&r, 0);
        given_up_after(&r, "six", cases[i].six_s);
        given_up_after(&r, "eight", cases[i].eight_s);
        kv_release(&r);
    }
}

Test(kubevirt_scenarios, ramp_shortens_the_wait_and_lengthens_the_pause)
{
    static const char *const off[] = {"kubevirt.downtime_tuning=off", NULL};
    struct kv_run with, without;
    int64_t total[2] = {0, 0}, pause[2] = {0, 0}, worst[2] = {0, 0};

    kv_load_file(&with, "kubevirt-ramp", NULL);
    kv_load_file(&without, "kubevirt-ramp", off);
    for (uint32_t n = 0; n < 10; n++) {
        struct kv_run *const runs[] = {&with, &without};

        for (int i = 0; i < 2; i++) {
            const struct mig_result *m;

            kv_go(runs[i], n);
            m = kv_row(runs[i], "busy", 1);
            cr_expect_eq(m->outcome, OUTCOME_COMPLETED);
            total[i] += m->total_ns;
            pause[i] += m->downtime_ns;
            worst[i] = m->total_ns > worst[i] ? m->total_ns : worst[i];
        }
    }
    cr_expect_lt(total[0], total[1]);
    cr_expect_gt(pause[0], pause[1]);
    within(worst[0], 70 * S, 76 * S, "worst with");
    within(worst[1], 90 * S, 136 * S, "worst without");
    within(kv_row(&with, "idle", 1)->downtime_ns, 150 * MS, 170 * MS, "idle with");
    within(kv_row(&without, "idle", 1)->downtime_ns, 300 * MS, 325 * MS, "idle without");
    within(kv_row(&with, "constant", 1)->downtime_ns, 750 * MS, 900 * MS, "constant with");
    given_up_after(&without, "constant", 1351);
    kv_release(&with);
    kv_release(&without);
}

Test(kubevirt_scenarios, twenty_seconds_a_gb_fail_everybody_on_a_shared_card)
{
    static const char *const hco_1_14[] = {"scenario.preset=hco-1.14", NULL};
    static const char *const fast[] = {"host one.nic=10Gb/s", "host two.nic=10Gb/s",
                                       "host three.nic=10Gb/s", "host empty.nic=10Gb/s", NULL};
    static const char *const vms[] = {"large-1", "large-2", "large-3"};
    struct kv_run r;

    kv_load_file(&r, "kubevirt-hco-20s", NULL);
    kv_go(&r, 0);
    for (int i = 0; i < 3; i++) {
        given_up_after(&r, vms[i], 1381);
        cr_expect_eq(kv_row(&r, vms[i], 1)->rounds, 1, "not even the first copy is done");
    }
    kv_release(&r);
    kv_load_file(&r, "kubevirt-hco-20s", hco_1_14);
    kv_go(&r, 0);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(kv_row(&r, vms[i], 1)->outcome, OUTCOME_COMPLETED);
        within(kv_row(&r, vms[i], 1)->total_ns, 28 * 60 * S, 31 * 60 * S, "half an hour");
    }
    kv_release(&r);
    kv_load_file(&r, "kubevirt-hco-20s", fast);
    kv_go(&r, 0);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(kv_row(&r, vms[i], 1)->outcome, OUTCOME_COMPLETED);
    kv_release(&r);
}

Test(kubevirt_scenarios, nothing_limits_what_arrives)
{
    static const char *const two[] = {"cluster.max_in=2", NULL};
    uint32_t total, out, in;
    struct kv_run r;
    int64_t end = 0;

    kv_load_file(&r, "kubevirt-inbound", NULL);
    kv_go(&r, 0);
    kv_peaks(&r, &total, &out, &in);
    cr_expect_eq(in, 5);
    cr_expect_leq(out, 2);
    for (uint32_t i = 0; i < r.nr_rows; i++)
        end = r.rows[i].ended_ns > end ? r.rows[i].ended_ns : end;
    within(end, 455 * S, 459 * S, "7 min 37 s");
    kv_release(&r);
    kv_load_file(&r, "kubevirt-inbound", two);
    kv_go(&r, 0);
    kv_peaks(&r, &total, &out, &in);
    cr_expect_eq(in, 2);
    for (uint32_t i = 0; i < r.nr_rows; i++)
        within(r.rows[i].total_ns, 145 * S, 147 * S, "2 min 26 s");
    kv_release(&r);
}

Test(kubevirt_scenarios, volume_counts_by_its_capacity)
{
    static const char *const hco_1_18[] = {"scenario.preset=hco-1.18", NULL};
    static const char *const sparse[] = {"disk data.used=40GiB", NULL};
    static const char *const stays[] = {"disk data.to=old", "storage old.kind=local", NULL};
    struct kv_run r;

    kv_load_file(&r, "kubevirt-volume-move", NULL);
    kv_go(&r, 0);
    given_up_after(&r, "db", 1901);
    kv_release(&r);
    kv_load_file(&r, "kubevirt-volume-move", hco_1_18);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "db", 1)->outcome, OUTCOME_COMPLETED);
    within(kv_row(&r, "db", 1)->total_ns, 35 * 60 * S, 37 * 60 * S, "36 min");
    kv_release(&r);
    kv_load_file(&r, "kubevirt-volume-move", sparse);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "db", 1)->outcome, OUTCOME_COMPLETED);
    kv_release(&r);
    kv_load_file(&r, "kubevirt-volume-move", stays);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "db", 1)->outcome, OUTCOME_REJECTED);
    cr_expect(strstr(kv_row(&r, "db", 1)->reason, "DisksNotLiveMigratable"));
    kv_release(&r);
}

Test(kubevirt_scenarios, drain_with_one_hog_never_ends)
{
    static const char *const postcopy[] = {"migration.postcopy=on", NULL};
    struct kv_run r;
    int64_t calm = 0, end = 0;
    uint32_t tries = 0;

    kv_load_file(&r, "kubevirt-endless-drain", NULL);
    for (uint32_t n = 0; n < 3; n++) {
        kv_go(&r, n);
        tries = 0;
        for (uint32_t i = 0; i < r.nr_rows; i++) {
            const struct mig_result *m = &r.rows[i];

            if (strcmp(m->vm, "hog") == 0) {
                tries++;
                cr_expect_eq(m->outcome, tries < 14 ? OUTCOME_TIMEOUT : OUTCOME_QUEUED);
                continue;
            }
            cr_expect_eq(m->outcome, OUTCOME_COMPLETED);
            cr_expect_str_eq(m->source, "old");
            calm = m->ended_ns > calm ? m->ended_ns : calm;
        }
        cr_expect_eq(tries, 14);
        within(calm, 400 * S, 780 * S, "the others are gone");
    }
    kv_release(&r);
    kv_load_file(&r, "kubevirt-endless-drain", postcopy);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < r.nr_rows; i++) {
        cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED);
        end = r.rows[i].ended_ns > end ? r.rows[i].ended_ns : end;
    }
    cr_expect_leq(end, 30 * 60 * S);
    kv_release(&r);
}

Test(kubevirt_scenarios, acp_drain_moves_twelve_within_four_minutes)
{
    uint32_t total, out, in;
    struct kv_run r;

    kv_load_file(&r, "acp-drain", NULL);
    for (uint32_t n = 0; n < 3; n++) {
        kv_go(&r, n);
        cr_expect_eq(r.nr_rows, 12);
        kv_peaks(&r, &total, &out, &in);
        cr_expect_eq(out, 2);
        for (uint32_t i = 0; i < r.nr_rows; i++) {
            cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED);
            cr_expect_lt(r.rows[i].downtime_ns, 500 * MS);
            cr_expect_lt(r.rows[i].ended_ns, 240 * S);
        }
    }
    kv_release(&r);
}
