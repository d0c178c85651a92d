/* test_one_vm.c - the rows of one VM as a run of its own. */
#include "reports/one_vm.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/report.h"
#include "reports/support_results.h"
#include "support_rows.h"

static struct sample *three_vms(struct fix_result fixes[3])
{
    struct sample *s = sample_new();

    sample_add(s, "a");
    sample_add_rounds(s, sample_add_timeout(s, "b"), 5);
    sample_add(s, "c");
    sample_add_timeout(s, "b")->attempt = 2;
    fixes[0] = (struct fix_result){.mig = 0, .kind = FIX_TIMEOUT, .value = 1e9};
    fixes[1] = (struct fix_result){.mig = 1, .kind = FIX_TIMEOUT, .value = 2e9};
    fixes[2] = (struct fix_result){.mig = 3, .kind = FIX_ALONE};
    s->run.fixes = fixes;
    s->run.nr_fixes = 3;
    sample_add_event(s, "b", "node-a", "starts");
    sample_add_event(s, NULL, "node-a", "drains");
    sample_add_event(s, "c", "node-a", "starts");
    sample_add_hazard(s, "b is lost")->vm = "b";
    sample_add_hazard(s, "c is lost")->vm = "c";
    sample_add_operation(s, "drain");
    sample_add_threshold(s, "downtime.p99 < 1s");
    return s;
}

Test(reports_one_vm, keeps_what_is_about_the_vm)
{
    struct fix_result fixes[3];
    struct sample *s = three_vms(fixes);
    struct run_result one;

    cr_assert_eq(one_vm_init(&one, &s->run, "b"), ST_OK);
    cr_assert_eq(one.nr_migs, 2);
    cr_expect_eq(support_row(&one, 0)->nr_rounds, 5);
    cr_expect_eq(support_row(&one, 1)->attempt, 2);
    cr_assert_eq(one.nr_fixes, 2);
    cr_expect_eq(one.fixes[0].mig, 0, "fixes name the migrations of the part");
    cr_expect_eq(one.fixes[1].mig, 1);
    cr_expect_eq(one.fixes[1].kind, FIX_ALONE);
    cr_expect_eq(one.nr_events, 1);
    cr_assert_eq(one.nr_hazards, 1);
    cr_expect_str_eq(one.hazards[0].text, "b is lost");
    cr_expect_eq(one.nr_ops + one.nr_thresholds + one.nr_links, 0);
    one_vm_release(&one);
    sample_free(s);
}

Test(reports_one_vm, every_form_tells_it)
{
    struct fix_result fixes[3];
    struct sample *s = three_vms(fixes);
    const struct report_text_opts opts = {.verbose = true};
    struct run_result one;

    cr_assert_eq(one_vm_init(&one, &s->run, "b"), ST_OK);
    for (const struct report_form *f = report_forms; f->name; f++) {
        struct strbuf out = STRBUF_INIT;

        cr_expect_eq(f->add(&one, &opts, &out), ST_OK, "%s", f->name);
        cr_expect_gt(out.len, 100, "%s", f->name);
        strbuf_release(&out);
    }
    one_vm_release(&one);
    sample_free(s);
}

Test(reports_one_vm, an_unknown_vm_has_no_rows)
{
    struct fix_result fixes[3];
    struct sample *s = three_vms(fixes);
    struct run_result one;

    cr_assert_eq(one_vm_init(&one, &s->run, "B"), ST_OK);
    cr_expect_eq(one.nr_migs, 0);
    one_vm_release(&one);
    sample_free(s);
}
