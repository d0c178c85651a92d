/* test_split.c - repeats and link members go together, and the halves are by hash. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "answers/accuracy/split.h"

static struct facts_header header(const char *id, const char *group)
{
    struct facts_header h = {0};

    snprintf(h.id, sizeof(h.id), "%s", id);
    snprintf(h.link.group, sizeof(h.link.group), "%s", group);
    return h;
}

Test(split, names_lose_the_repeat_and_links_the_member)
{
    static const struct {
        const char *id, *group, *config, *name;
    } cases[] = {
        {"kvm-idle-512m", "", "kvm-idle-512m", "kvm-idle-512m"},
        {"hot-64m-r1", "", "hot-64m", "hot-64m"},
        {"hot-64m-r12", "", "hot-64m", "hot-64m"},
        {"edge-r", "", "edge-r", "edge-r"},
        {"r2", "", "r2", "r2"},
        {"-r2", "", "-r2", "-r2"},
        {"tour-r2-d2", "", "tour-r2-d2", "tour-r2-d2"},
        {"hotr2", "", "hotr2", "hotr2"},
        {"", "", "", ""},
        {"duo-r3-0", "duo-r3", "duo", "duo-0"},
        {"duo-r3-1", "duo-r3", "duo", "duo-1"},
        {"link-two-0", "link-two", "link-two", "link-two-0"},
        {"other", "duo-r3", "duo", "duo/other"},
        {"duo-0-r3", "duo-r3", "duo", "duo/duo-0"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct facts_header h = header(cases[i].id, cases[i].group);
        char config[FACTS_TEXT], name[2 * FACTS_TEXT];

        cr_expect_str_eq(split_config_name(config, &h), cases[i].config, "%s", cases[i].id);
        cr_expect_str_eq(split_case_name(name, &h), cases[i].name, "%s", cases[i].id);
    }
}

/* xxHash64 with seed 0: d24ec4f1a98c6e5b of "a", 003611cee8c91ccf of "idle", db918ac64422c716 of
 * "hot". */
Test(split, an_odd_hash_is_validation)
{
    cr_expect_eq(split_part("a"), SPLIT_VALIDATION);
    cr_expect_eq(split_part("idle"), SPLIT_VALIDATION);
    cr_expect_eq(split_part("hot"), SPLIT_CALIBRATION);
    cr_expect_str_eq(split_part_name(SPLIT_VALIDATION), "validation");
}

Test(split, repeats_share_a_number_and_members_a_configuration)
{
    static const char *const names[][2] = {{"a-r1", ""},           {"b-r1", ""},
                                           {"a-r2", ""},           {"duo-r1-0", "duo-r1"},
                                           {"duo-r1-1", "duo-r1"}, {"duo-r2-0", "duo-r2"}};
    struct trace_facts facts[6] = {0};
    struct split s;

    for (int i = 0; i < 6; i++)
        facts[i].header = header(names[i][0], names[i][1]);
    cr_assert_eq(split_init(&s, facts, 6), ST_OK);
    cr_expect_eq(s.nr_configs, 3);
    cr_expect_eq(s.nr_cases, 4);
    cr_expect_eq(s.config_of[0], s.config_of[2]);
    cr_expect_neq(s.config_of[0], s.config_of[1]);
    cr_expect_eq(s.config_of[3], s.config_of[4]);
    cr_expect_neq(s.case_of[3], s.case_of[4]);
    cr_expect_eq(s.case_of[3], s.case_of[5]);
    for (int i = 0; i < 6; i++) {
        char name[FACTS_TEXT];

        cr_expect_eq(s.part_of[s.config_of[i]],
                     split_part(split_config_name(name, &facts[i].header)));
    }
    split_release(&s);
}
