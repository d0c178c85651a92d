/*
 * split.c - configurations by name.
 *
 * Nothing but the header is looked at, so a capture's side cannot depend on how it went.
 */
#include "answers/accuracy/split.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Length of @name without a `-rN` at its end. */
static size_t without_repeat(const char *name)
{
    size_t len = strlen(name), at = len;

    while (at > 0 && isdigit((unsigned char)name[at - 1]))
        at--;
    if (at == len || at < 3 || name[at - 1] != 'r' || name[at - 2] != '-')
        return len;
    return at - 2;
}

char *split_config_name(char buf[FACTS_TEXT], const struct facts_header *h)
{
    const char *name = h->link.group[0] ? h->link.group : h->id;

    snprintf(buf, FACTS_TEXT, "%.*s", (int)without_repeat(name), name);
    return buf;
}

char *split_case_name(char buf[2 * FACTS_TEXT], const struct facts_header *h)
{
    char config[FACTS_TEXT];
    size_t group = strlen(h->link.group);

    split_config_name(config, h);
    if (!group)
        snprintf(buf, 2 * FACTS_TEXT, "%s", config);
    else if (strncmp(h->id, h->link.group, group) == 0) /* GROUP-rN-MEMBER */
        snprintf(buf, 2 * FACTS_TEXT, "%s%s", config, h->id + group);
    else /* MEMBER-rN, as the lab names them */
        snprintf(buf, 2 * FACTS_TEXT, "%s/%.*s", config, (int)without_repeat(h->id), h->id);
    return buf;
}

enum split_part split_part(const char *config)
{
    return XXH64(config, strlen(config), 0) & 1 ? SPLIT_VALIDATION : SPLIT_CALIBRATION;
}

const char *split_part_name(enum split_part part)
{
    return part == SPLIT_VALIDATION ? "validation" : "calibration";
}

typedef char *name_of(char *buf, const struct facts_header *h);

/* Captures are hundreds, so each is compared with those before it. */
static size_t number(const struct trace_facts *facts, size_t nr, name_of *name, size_t *of)
{
    char mine[2 * FACTS_TEXT], other[2 * FACTS_TEXT];
    size_t found = 0;

    for (size_t i = 0; i < nr; i++) {
        size_t j = 0;

        name(mine, &facts[i].header);
        while (j < i && strcmp(mine, name(other, &facts[j].header)) != 0)
            j++;
        of[i] = j < i ? of[j] : found++;
    }
    return found;
}

enum status split_init(struct split *s, const struct trace_facts *facts, size_t nr)
{
    char name[FACTS_TEXT];

    *s = (struct split){.nr = nr};
    s->config_of = calloc(nr + 1, sizeof(*s->config_of));
    s->case_of = calloc(nr + 1, sizeof(*s->case_of));
    s->part_of = calloc(nr + 1, sizeof(*s->part_of));
    if (!s->config_of || !s->case_of || !s->part_of)
        return ST_ENOMEM;
    s->nr_configs = number(facts, nr, split_config_name, s->config_of);
    s->nr_cases = number(facts, nr, split_case_name, s->case_of);
    for (size_t i = 0; i < nr; i++)
        s->part_of[s->config_of[i]] = split_part(split_config_name(name, &facts[i].header));
    return ST_OK;
}

void split_release(struct split *s)
{
    free(s->config_of);
    free(s->case_of);
    free(s->part_of);
    *s = (struct split){0};
}
