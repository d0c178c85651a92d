/*
 * check_schema.c - does each JSON value on standard input keep to a schema?
 *
 *   check_schema SCHEMA.json < values
 *
 * Knows the keywords that docs/schema uses and refuses any other, so that no rule is passed over.
 * Exit 0: all keep to it, and there was at least one; 1: the first that does not is named; 2: a
 * broken schema or broken JSON.
 */
#include <jansson.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    const json_t *root;
    char path[512]; /* of the value being checked */
    char why[1024];
};

static bool check_value(struct check *c, const json_t *schema, const json_t *value);

__attribute__((format(printf, 1, 2))) _Noreturn static void broken(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(2);
}

static bool fail(struct check *c, const char *what, const char *detail)
{
    snprintf(c->why, sizeof(c->why), "%s: %s %s", *c->path ? c->path : "/", what, detail);
    return false;
}

/* Checks @value one level further down, under the name @step. */
static bool check_below(struct check *c, const json_t *schema, const json_t *value,
                        const char *step)
{
    size_t len = strlen(c->path);
    bool ok;

    snprintf(c->path + len, sizeof(c->path) - len, "/%s", step);
    ok = check_value(c, schema, value);
    c->path[len] = 0;
    return ok;
}

static bool has_type(const json_t *value, const char *type)
{
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value);
    if (strcmp(type, "string") == 0)
        return json_is_string(value);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    if (strcmp(type, "object") == 0)
        return json_is_object(value);
    if (strcmp(type, "array") == 0)
        return json_is_array(value);
    if (strcmp(type, "null") == 0)
        return json_is_null(value);
    broken("unknown type %s", type);
}

static bool rule_type(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *type;
    size_t i;

    if (json_is_string(rule))
        return has_type(value, json_string_value(rule)) ||
               fail(c, "is not of type", json_string_value(rule));
    json_array_foreach(rule, i, type) if (has_type(value, json_string_value(type))) return true;
    return fail(c, "is of no allowed type", "");
}

static bool rule_enum(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *word;
    size_t i;

    json_array_foreach(rule, i, word) if (json_equal(word, value)) return true;
    return fail(c, "is none of the allowed values",
                json_is_string(value) ? json_string_value(value) : "");
}

static bool rule_required(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *name;
    size_t i;

    if (json_is_object(value))
        json_array_foreach(
            rule, i, name) if (!json_object_get(value,
                                                json_string_value(
                                                    name))) return fail(c, "lacks",
                                                                        json_string_value(name));
    return true;
}

static bool rule_members(struct check *c, const json_t *schema, const json_t *value)
{
    const json_t *known = json_object_get(schema, "properties");
    const json_t *other = json_object_get(schema, "additionalProperties");
    const char *name;
    json_t *member;

    if (json_is_object(value))
        json_object_foreach((json_t *)value, name, member)
        {
            const json_t *rule = known ? json_object_get(known, name) : NULL;

            if (!rule && json_is_false(other))
                return fail(c, "has an unknown member", name);
            if (!rule)
                rule = json_is_object(other) ? other : NULL;
            if (rule && !check_below(c, rule, member, name))
                return false;
        }
    return true;
}

static bool rule_items(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *item;
    char step[32];
    size_t i;

    json_array_foreach(value, i, item)
    {
        snprintf(step, sizeof(step), "%zu", i);
        if (!check_below(c, rule, item, step))
            return false;
    }
    return true;
}

static bool rule_ref(struct check *c, const json_t *rule, const json_t *value)
{
    static const char prefix[] = "#/$defs/";
    const char *ref = json_string_value(rule);
    const json_t *target = NULL;

    if (strncmp(ref, prefix, sizeof(prefix) - 1) == 0)
        target = json_object_get(json_object_get(c->root, "$defs"), ref + sizeof(prefix) - 1);
    if (!target)
        broken("unknown reference %s", ref);
    return check_value(c, target, value);
}

static bool rule_all_of(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *part;
    size_t i;

    json_array_foreach(rule, i, part) if (!check_value(c, part, value)) return false;
    return true;
}

static bool rule_one_of(struct check *c, const json_t *rule, const json_t *value)
{
    const json_t *part;
    size_t i, nr = 0;

    json_array_foreach(rule, i, part) nr += check_value(c, part, value);
    return nr == 1 || fail(c, "does not match exactly one of the choices", "");
}

static bool rule_pattern(struct check *c, const json_t *rule, const json_t *value)
{
    const char *pattern = json_string_value(rule);
    regex_t re;
    int no_match;

    if (!json_is_string(value))
        return true;
    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        broken("bad pattern %s", pattern);
    no_match = regexec(&re, json_string_value(value), 0, NULL, 0);
    regfree(&re);
    return no_match == 0 || fail(c, "does not match", pattern);
}

static bool rule_bound(struct check *c, const char *name, const json_t *rule, const json_t *value)
{
    double bound = json_number_value(rule);

    if (strcmp(name, "minimum") == 0 && json_is_number(value) && json_number_value(value) < bound)
        return fail(c, "is below", name);
    if (strcmp(name, "minItems") == 0 && json_is_array(value) &&
        (double)json_array_size(value) < bound)
        return fail(c, "has less items than", name);
    if (strcmp(name, "maxItems") == 0 && json_is_array(value) &&
        (double)json_array_size(value) > bound)
        return fail(c, "has more items than", name);
    return true;
}

static bool check_rule(struct check *c, const char *name, const json_t *rule, const json_t *value)
{
    static const struct {
        const char *name;
        bool (*check)(struct check *c, const json_t *rule, const json_t *value);
    } rules[] = {
        {"type", rule_type},    {"enum", rule_enum},       {"required", rule_required},
        {"items", rule_items},  {"$ref", rule_ref},        {"allOf", rule_all_of},
        {"oneOf", rule_one_of}, {"pattern", rule_pattern},
    };
    static const char *const bounds[] = {"minimum", "minItems", "maxItems"};
    /* said elsewhere, or for people */
    static const char *const silent[] = {"$schema",     "$defs",      "title",
                                         "description", "properties", "additionalProperties"};

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].name, name) == 0)
            return rules[i].check(c, rule, value);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
        if (strcmp(bounds[i], name) == 0)
            return rule_bound(c, name, rule, value);
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        if (strcmp(silent[i], name) == 0)
            return true;
    broken("unknown keyword %s", name);
}

static bool check_value(struct check *c, const json_t *schema, const json_t *value)
{
    const char *name;
    json_t *rule;

    if (!json_is_object(schema))
        broken("a schema is not an object");
    json_object_foreach((json_t *)schema, name,
                        rule) if (!check_rule(c, name, rule, value)) return false;
    return rule_members(c, schema, value);
}

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *schema = argc == 2 ? json_load_file(argv[1], 0, &error) : NULL;
    struct check check = {.root = schema};
    json_t *value;
    int nr = 0, bad = 0;

    if (!schema)
        broken("usage: check_schema SCHEMA.json < values; or the schema cannot be read");
    while (!bad && (value = json_loadf(stdin, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &error))) {
        nr++;
        if (!check_value(&check, schema, value)) {
            fprintf(stderr, "value %d: %s\n", nr, check.why);
            bad = 1;
        }
        json_decref(value);
    }
    if (!bad && (nr == 0 || !feof(stdin)))
        broken("after %d values: %s", nr, error.text);
    json_decref(schema);
    return bad;
}
