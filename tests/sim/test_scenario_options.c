/*
 * test_scenario_options.c - every option of every section, by walking the tables.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "support_scenario.h"

/* Calls @check for each row of each kind of section. */
static size_t each_row(void (*check)(enum scn_kind kind, const struct option_table *table,
                                     const struct option *opt))
{
    size_t nr = 0;

    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        const struct scn_section_type *type = &scn_section_types[k];

        for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++) {
            for (size_t i = 0; i < type->tables[t].table->nr; i++, nr++)
                check(k, type->tables[t].table, &type->tables[t].table->rows[i]);
        }
    }
    return nr;
}

/* Loads the small scenario with one setting changed; the message must point at that very line. */
static void refuse(enum scn_kind kind, const struct option *opt, const char *key, const char *value,
                   struct diag *diag)
{
    char line[1024];
    unsigned long at = 0;
    struct scenario sc;
    char *text;

    snprintf(line, sizeof(line), "%s = %s\n", key, value);
    text = small_scenario(kind, line, opt->name, &at);
    cr_assert_eq(load_text(&sc, text, diag), ST_EINPUT, "[%s] %s = %s", small_title(kind), key,
                 value);
    cr_assert_str_eq(diag->file, "t.ini");
    cr_assert_eq(diag->line, at, "[%s] %s = %s: line %lu, not %lu: %s", small_title(kind), key,
                 value, diag->line, at, diag->what);
    cr_assert_str_eq(diag->section, small_title(kind));
    cr_assert_str_eq(diag->key, key);
    cr_assert(diag->what[0]);
    free(text);
}

Test(scenario_options, the_small_scenario_is_valid)
{
    char *text = small_scenario(SCN_SCENARIO, NULL, NULL, NULL);
    char digest[33];

    digest_of(text, digest);
    cr_assert_eq(strlen(digest), 32);
    free(text);
}

static void misspell(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    char wrong[100], want[100];
    size_t half = strlen(opt->name) / 2;
    struct diag diag;

    /* one letter twice: "memmory" */
    snprintf(wrong, sizeof(wrong), "%.*s%c%s", (int)half, opt->name, opt->name[half],
             opt->name + half);
    if (option_find(table, wrong))
        return;
    refuse(kind, opt, wrong, "1", &diag);
    cr_assert(strstr(diag.what, "unknown option"), "%s: %s", wrong, diag.what);
    snprintf(want, sizeof(want), "did you mean '%s'", opt->name);
    cr_assert(strstr(diag.hint, want), "%s: %s", wrong, diag.hint);
}

Test(scenario_options, a_misspelt_option_is_answered_with_the_right_name)
{
    cr_assert_gt(each_row(misspell), 100);
}

static void duplicate(enum scn_kind kind, const struct option_table *table,
                      const struct option *opt)
{
    char lines[200], both[100];
    unsigned long at = 0;
    struct scenario sc;
    struct diag diag;
    char *text;

    (void)table;
    snprintf(lines, sizeof(lines), "%s = 1\n# between\n%s = 1\n", opt->name,
             opt->alias ? opt->alias : opt->name);
    text = small_scenario(kind, lines, opt->name, &at);
    /* lists of files are looked up first, which these two do not survive */
    if (strcmp(opt->name, "preset") != 0 && strcmp(opt->name, "include") != 0) {
        cr_assert_eq(load_text(&sc, text, &diag), ST_EINPUT, "%s", opt->name);
        cr_assert_eq(diag.line, at + 2, "%s: %lu", opt->name, diag.line);
        snprintf(both, sizeof(both), "line %lu", at);
        cr_assert(strstr(diag.what, both), "%s: %s", opt->name, diag.what);
    }
    free(text);
}

Test(scenario_options, an_option_given_twice_is_refused_naming_both_lines)
{
    each_row(duplicate);
}

/* @v in the base unit of the row's type. */
static bool plain_text(const struct option *opt, double v, char *buf, size_t cap)
{
    switch (opt->type) {
    case OPT_SIZE:
    case OPT_UNCERTAIN_SIZE:
        snprintf(buf, cap, "%.0fB", v);
        return true;
    case OPT_RATE:
    case OPT_UNCERTAIN_RATE:
        snprintf(buf, cap, "%.0fB/s", v);
        return true;
    case OPT_BPS:
    case OPT_UNCERTAIN_BPS:
        snprintf(buf, cap, "%.0fb/s", v);
        return true;
    case OPT_TIME_NS:
    case OPT_TIME_DOUBLE:
        snprintf(buf, cap, "%.0fns", v);
        return true;
    case OPT_PCT:
    case OPT_U32:
    case OPT_U64:
        if (v >= 18446744073709551615.0 && v < 2e19)
            snprintf(buf, cap, "18446744073709551615");
        else
            snprintf(buf, cap, "%.0f", v);
        return true;
    case OPT_RATIO:
    case OPT_DOUBLE:
        snprintf(buf, cap, "%.17g", v);
        return true;
    default:
        return false;
    }
}

static void leave_range(enum scn_kind kind, const struct option_table *table,
                        const struct option *opt)
{
    char value[64];
    struct diag diag;

    (void)table;
    if (!plain_text(opt, opt->max * 2.0 + 1.0, value, sizeof(value)))
        return;
    cr_assert_lt(opt->min, opt->max, "%s has no range", opt->name);
    refuse(kind, opt, opt->name, value, &diag);
    cr_assert(strstr(diag.what, "out of range") || strstr(diag.what, "too large"), "%s: %s",
              opt->name, diag.what);
    if (opt->min > 0.0)
        plain_text(opt, opt->min < 1.0 ? opt->min / 2.0 : opt->min - 1.0, value, sizeof(value));
    else
        plain_text(opt, -1.0, value, sizeof(value));
    refuse(kind, opt, opt->name, value, &diag);
    cr_assert(strstr(diag.what, "out of range") || strstr(diag.what, "negative") ||
                  strstr(diag.what, "number") || strstr(diag.what, "unit"),
              "%s = %s: %s", opt->name, value, diag.what);
}

Test(scenario_options, values_outside_the_range_are_refused)
{
    each_row(leave_range);
}

static void touch_ends(enum scn_kind kind, const struct option_table *table,
                       const struct option *opt)
{
    struct arena *arena = arena_new(0);
    void *obj = arena_alloc(arena, table->size);
    double ends[2] = {opt->min, opt->max};
    char value[64];

    (void)kind;
    for (size_t i = 0; i < 2; i++) {
        struct diag diag = {0};

        if (plain_text(opt, ends[i], value, sizeof(value)))
            cr_assert_eq(option_parse(opt, value, obj, arena, &diag), ST_OK, "%s = %s: %s",
                         opt->name, value, diag.what);
    }
    if (opt->word)
        cr_assert_eq(option_parse(opt, opt->word, obj, arena, NULL), ST_OK, "%s", opt->name);
    arena_free(arena);
}

Test(scenario_options, the_ends_of_each_range_and_its_word_are_accepted)
{
    each_row(touch_ends);
}

static void bare(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    struct diag diag;

    (void)table;
    if (opt->type > OPT_TIME_DOUBLE && opt->type < OPT_UNCERTAIN_SIZE)
        return;
    refuse(kind, opt, opt->name, "100", &diag);
    cr_assert(strstr(diag.what, "no unit"), "%s: %s", opt->name, diag.what);
    cr_assert(strstr(diag.hint, "write"), "%s: %s", opt->name, diag.hint);
}

Test(scenario_options, a_number_without_a_unit_is_refused_where_it_needs_one)
{
    each_row(bare);
}

static void garbage(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    static const char *const words[] = {"???", "", "%n%s", "1e999", "--", "(", "..", "1GiB, 2GiB"};
    struct diag diag;

    (void)table;
    if (opt->type == OPT_STRING || opt->type == OPT_LIST)
        return;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        refuse(kind, opt, opt->name, words[i], &diag);
}

Test(scenario_options, garbage_is_refused_by_every_typed_option)
{
    each_row(garbage);
}

static void omit(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    char *text, want[100];

    (void)table;
    if (!(opt->flags & OPT_REQUIRED))
        return;
    cr_assert_null(opt->def);
    text = small_scenario(kind, "# nothing\n", opt->name, NULL);
    snprintf(want, sizeof(want), "[%s]: '%s' is missing", small_title(kind), opt->name);
    expect_refused(text, want);
    free(text);
}

Test(scenario_options, what_is_required_is_missed)
{
    each_row(omit);
}

static void describe(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    struct strbuf help = STRBUF_INIT, man = STRBUF_INIT;
    char topic[100];

    cr_assert(opt->help && opt->help[0], "%s", opt->name);
    cr_assert_neq(opt->help[strlen(opt->help) - 1], '.', "%s: help is no sentence", opt->name);
    cr_assert(opt->def || (opt->flags & OPT_REQUIRED) || table->init, "%s has no default",
              opt->name);
    snprintf(topic, sizeof(topic), "%s.%s", scn_section_types[kind].word, opt->name);
    cr_assert_eq(scenario_options_help(&help, topic, NULL), ST_OK);
    cr_assert(strstr(strbuf_text(&help), opt->help), "%s", topic);
    scenario_options_man(&man);
    snprintf(topic, sizeof(topic), ".B %s\n", opt->name);
    cr_assert(strstr(strbuf_text(&man), topic), "%s", topic);
    strbuf_release(&help);
    strbuf_release(&man);
}

Test(scenario_options, help_and_manual_speak_of_every_option)
{
    each_row(describe);
}

/* Each line of @text that is no heading and no rule must be a row of three cells. */
static size_t count_rows(const char *text)
{
    size_t nr = 0;

    for (const char *p = text; *p; p = strchr(p, '\n') + 1) {
        size_t bars = 0;

        if (*p != '|')
            continue;
        for (const char *q = p; *q != '\n'; q++)
            bars += *q == '|' && q[-1] != '\\';
        cr_assert_eq(bars, 4, "%.80s", p);
        nr++;
    }
    return nr;
}

static void count(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    (void)kind;
    (void)table;
    (void)opt;
}

Test(scenario_options, the_reference_page_has_one_row_for_every_option_and_metric)
{
    struct strbuf page = STRBUF_INIT, help = STRBUF_INIT;
    size_t nr = each_row(count) + 2 * SCN_KIND_NR; /* two lines of heading a table */

    for (const struct scn_metric *m = scn_metrics; m->name; m++)
        nr++;
    scenario_options_markdown(&page);
    cr_assert_eq(count_rows(strbuf_text(&page)), nr);
    cr_assert_eq(scenario_options_help(&help, NULL, NULL), ST_OK);
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        cr_assert(strstr(strbuf_text(&help), scn_section_types[k].help));
        cr_assert(strstr(strbuf_text(&page), scn_section_types[k].help));
    }
    strbuf_release(&page);
    strbuf_release(&help);
}

Test(scenario_options, no_line_of_the_manual_is_a_request_by_accident)
{
    static const char *const requests[] = {".SS ", ".TP\n", ".B ", ".br\n"};
    struct strbuf man = STRBUF_INIT;

    scenario_options_man(&man);
    for (const char *p = strbuf_text(&man); *p; p = strchr(p, '\n') + 1) {
        size_t known = 0;

        cr_assert_neq(*p, '\'');
        for (size_t i = 0; i < 4; i++)
            known += strncmp(p, requests[i], strlen(requests[i])) == 0;
        cr_assert(*p != '.' || known == 1, "%.80s", p);
    }
    strbuf_release(&man);
}

Test(scenario_options, help_on_a_wrong_name_gives_the_right_one)
{
    struct strbuf help = STRBUF_INIT;
    struct diag diag = {0};

    cr_assert_eq(scenario_options_help(&help, "downtime_limt", &diag), ST_EUSAGE);
    cr_assert(strstr(diag.hint, "'downtime_limit'"), "%s", diag.hint);
    cr_assert_eq(scenario_options_help(&help, "vm.downtime_limit", &diag), ST_EUSAGE);
    strbuf_release(&help);
}

static size_t nr_changed;

/* Another valid value gives another digest, and the dump of that has the same one again. */
static void change(enum scn_kind kind, const struct option_table *table, const struct option *opt)
{
    double ends[2] = {opt->min, opt->max};
    char *text = small_scenario(SCN_SCENARIO, NULL, NULL, NULL), before[33], value[64], line[200];

    (void)table;
    digest_of(text, before);
    free(text);
    if (strcmp(opt->name, "count") == 0)
        return; /* its largest value makes two million VMs */
    for (size_t i = 0; i < 2; i++) {
        struct strbuf dump = STRBUF_INIT;
        struct scenario sc;
        struct diag diag;

        if (!plain_text(opt, ends[i], value, sizeof(value)))
            return;
        snprintf(line, sizeof(line), "%s = %s\n", opt->name, value);
        text = small_scenario(kind, line, opt->name, NULL);
        if (load_text(&sc, text, &diag) == ST_OK) {
            char again[33];

            cr_assert_eq(scenario_dump(&sc, &dump), ST_OK);
            digest_of(strbuf_text(&dump), again);
            cr_assert_str_eq(again, sc.digest, "%s", line);
            nr_changed += strcmp(before, sc.digest) != 0;
            scenario_release(&sc);
        }
        strbuf_release(&dump);
        free(text);
    }
}

Test(scenario_options, another_value_gives_another_digest_and_survives_the_dump)
{
    nr_changed = 0;
    each_row(change);
    /* of some 90 rows with a range; the rest is kept from its ends by rules between values */
    cr_assert_gt(nr_changed, 90, "%zu", nr_changed);
}

/* A field without a row would silently keep its default in every scenario and calibration. */
Test(scenario_options, every_byte_of_the_host_costs_has_a_row)
{
    static const size_t widths[OPT_TYPE_NR] = {
        [OPT_SIZE] = 8,        [OPT_RATE] = 8, [OPT_TIME_NS] = 8,
        [OPT_TIME_DOUBLE] = 8, [OPT_U64] = 8,  [OPT_RATIO] = 8};
    size_t covered = 0;

    for (size_t i = 0; i < host_costs_options.nr; i++) {
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(host_costs_options.rows[i].offset, host_costs_options.rows[j].offset);
        covered += widths[host_costs_options.rows[i].type];
    }
    cr_assert_eq(covered, sizeof(struct host_costs));
}
