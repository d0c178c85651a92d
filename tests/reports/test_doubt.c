/*
 * test_doubt.c - every form tells met, crossed and not decided apart, and shows the interval.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/report.h"
#include "reports/support_results.h"

#define MS ((double)NS_PER_MS)

static struct sample *sample_of_goals(void)
{
    struct sample *s = sample_new();
    struct threshold_result *t;

    sample_add(s, "db-1");
    sample_add(s, "db-2");
    t = sample_add_threshold(s, "downtime.mean < 900ms");
    t->value = 210 * MS;
    t->low = 205 * MS;
    t->high = 215 * MS;
    t->limit = 900 * MS;
    t->crossed = t->small_sample = false;
    t = sample_add_threshold(s, "downtime.p99 < 500ms");
    t->value = 470 * MS;
    t->low = 431 * MS;
    t->high = INFINITY;
    t->limit = 500 * MS;
    t->crossed = false;
    t->small_sample = true;
    t->replications_needed = 73;
    t->n = 40;
    t = sample_add_threshold(s, "total_time.mean < 30s");
    t->value = 41200 * MS;
    t->low = 29000 * MS;
    t->high = 53000 * MS;
    t->limit = 30000 * MS;
    t->crossed = t->small_sample = true;
    t->replications_needed = 0;
    return s;
}

static char *form_of(const struct sample *s, const char *name)
{
    struct report_text_opts opts = {.width = 200};
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_form_find(name)->add(&s->run, &opts, &out), ST_OK, "%s", name);
    return strbuf_detach(&out);
}

Test(report_doubt, every_form_for_people_names_interval_and_need)
{
    static const char *const forms[] = {"text", "markdown", "html", "junit"};
    struct sample *s = sample_of_goals();

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char *text = form_of(s, forms[i]);

        cr_expect(strstr(text, "not decided"), "%s", forms[i]);
        cr_expect(strstr(text, "at least 431 ms"), "%s", forms[i]);
        cr_expect(strstr(text, "about 73 replications would decide it"), "%s", forms[i]);
        cr_expect(strstr(text, "29 s .. 53 s"), "%s", forms[i]);
        cr_expect(strstr(text, "too few migrations to be sure"), "%s", forms[i]);
        free(text);
    }
    sample_free(s);
}

Test(report_doubt, what_is_crossed_or_in_doubt_comes_before_what_is_met)
{
    struct sample *s = sample_of_goals();
    char *text = form_of(s, "text");
    const char *crossed = strstr(text, "total_time.mean <"),
               *doubt = strstr(text, "downtime.p99 <"), *met = strstr(text, "downtime.mean <");

    cr_assert(crossed && doubt && met);
    cr_expect(crossed < doubt && doubt < met);
    free(text);
    sample_free(s);
}

Test(report_doubt, json_has_judgement_interval_and_need)
{
    struct sample *s = sample_of_goals();
    char *text = form_of(s, "json");

    cr_expect(strstr(text, "\"judgement\":\"met\",\"interval\":[205,215]"));
    cr_expect(strstr(text, "\"judgement\":\"not_decided\",\"interval\":[431,null],\"n\":40,"
                           "\"replications_needed\":73"));
    cr_expect(strstr(text, "\"judgement\":\"crossed\",\"interval\":[29000,53000]"));
    free(text);
    sample_free(s);
}

Test(report_doubt, github_warns_of_doubt_and_fails_for_what_is_crossed)
{
    struct sample *s = sample_of_goals();
    char *text = form_of(s, "github");

    cr_expect(strstr(text, "title=threshold not decided::downtime.p99 < 500ms"));
    cr_expect(strstr(text, "::error") && strstr(text, "title=threshold crossed::total_time.mean"));
    cr_expect_null(strstr(text, "downtime.mean <"));
    free(text);
    sample_free(s);
}
