/* test_compare.c - the page of two runs. */
#include "reports/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/support_names.h"
#include "reports/support_results.h"
#include "reports/support_xml.h"

static char *page(const struct compare *c)
{
    struct strbuf out = STRBUF_INIT;
    char *text;

    cr_assert_eq(report_compare_html(c, &out), ST_OK);
    text = strbuf_detach(&out);
    cr_assert_not_null(text);
    cr_expect_null(xml_fault(text), "%s", xml_fault(text));
    cr_expect_null(xml_number_fault(text), "%s", xml_number_fault(text));
    return text;
}

static struct compare_side side(double total_ns)
{
    return (struct compare_side){1, 1, 1, OUTCOME_COMPLETED, NULL, total_ns, 0, 1e6};
}

Test(reports_compare, each_change_has_its_sign_and_word)
{
    static const char *const words[COMPARE_NR] = {"+ only in B",
                                                  "- only in A",
                                                  "~ ends otherwise",
                                                  "~ worse",
                                                  "~ longer pause, done sooner",
                                                  "~ shorter pause, done later",
                                                  "~ better"};
    struct sample *a = sample_new(), *b = sample_new();
    struct compare_vm vms[COMPARE_NR];
    struct compare c = {&a->run, &b->run, "a.db", "b.db", vms, COMPARE_NR, 9};
    char *text;

    for (size_t i = 0; i < 9; i++) {
        sample_add(a, "vm");
        sample_add(b, "vm");
    }
    for (int k = 0; k < COMPARE_NR; k++)
        vms[k] = (struct compare_vm){"vm", (enum compare_change)k, side(1e9), side(2e9)};
    vms[COMPARE_OUTCOME].a.completed = 0;
    vms[COMPARE_ADDED].a = (struct compare_side){.total_ns = NAN, .downtime_ns = NAN};
    text = page(&c);
    cr_expect_not_null(strstr(text, "7 OF 9 VMs DIFFER"));
    for (int k = 0; k < COMPARE_NR; k++)
        cr_expect_not_null(strstr(text, words[k]), "%s", words[k]);
    cr_expect_not_null(strstr(text, "1 s &rarr; 2 s"));
    cr_expect_not_null(strstr(text, "1 ends otherwise (1 completes more often), 1 worse, "
                                    "1 with a longer pause, done sooner, "));
    free(text);
    sample_free(a);
    sample_free(b);
}

Test(reports_compare, inputs_that_differ_are_named_and_others_are_not)
{
    struct input_result in_a[] = {{"cluster", "max_out", "2", "x.ini", 3},
                                  {"cluster", "policy", "fifo", "x.ini", 4}};
    struct input_result in_b[] = {{"cluster", "max_out", "8", "x.ini", 3},
                                  {"cluster", "policy", "fifo", "x.ini", 4},
                                  {"migration", "tls", "on", "--set", 0}};
    struct sample *a = sample_new(), *b = sample_new();
    struct compare c = {&a->run, &b->run, "a.db", "b.db", NULL, 0, 0};
    char *text;

    a->run.inputs = in_a;
    b->run.inputs = in_b;
    a->run.nr_inputs = 2;
    b->run.nr_inputs = 3;
    b->run.seed++;
    text = page(&c);
    cr_expect_not_null(strstr(text, "max_out</code></td><td class=\"l\"><bdi>2</bdi></td>"
                                    "<td class=\"l\"><bdi>8</bdi>"));
    cr_expect_not_null(strstr(text, "<bdi>as built in</bdi></td><td class=\"l\"><bdi>on</bdi>"));
    cr_expect_null(strstr(text, "policy"));
    cr_expect_not_null(strstr(text, "The seeds differ"));
    cr_expect_not_null(strstr(text, "Both sides are alike."));
    free(text);
    sample_free(a);
    sample_free(b);
}

/* xml_fault() finds what is not escaped. */
Test(reports_compare, names_survive_and_are_not_executed)
{
    for (size_t i = 0; i < support_nr_names; i++) {
        const char *name = support_names[i];
        struct input_result input = {name, name, name, name, 1}, other = {name, name, "", name, 1};
        struct sample *a = sample_new(), *b = sample_new();
        struct compare_vm vm = {name, COMPARE_OUTCOME, side(1e9), side(NAN)};
        struct compare c = {&a->run, &b->run, name, name, &vm, 1, 1};
        char *text;

        vm.b.outcome = OUTCOME_FAILED;
        vm.b.reason = name;
        sample_add(a, name);
        sample_add(b, name);
        a->run.scenario = b->run.scenario = name;
        a->run.inputs = &input;
        b->run.inputs = &other;
        a->run.nr_inputs = b->run.nr_inputs = 1;
        text = page(&c);
        cr_expect_null(strstr(text, "<script>alert"));
        free(text);
        sample_free(a);
        sample_free(b);
    }
}
