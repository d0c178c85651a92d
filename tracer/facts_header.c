/*
 * facts_header.c - the header of a trace: the machine, the link, what was asked for.
 *
 * id, qemu, accel, mem_mib and vcpus are needed unless the header says that they are missing (see
 * foreign.h); everything else has a default.  The header also seeds mig_params; what the QMP
 * messages say later goes over it (facts_before.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "tracer/facts_int.h"

#include "base/banned.h"

#define MEM_MIB_MAX ((int64_t)1 << 30) /* 1 PiB: bytes stay far inside 64 bits */

/* Does the header say that @word is not known? */
static bool is_missing(const json_t *header, const char *word)
{
    const json_t *list = json_object_get(header, "missing"), *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        if (json_is_string(name) && strcmp(json_string_value(name), word) == 0)
            return true;
    }
    return false;
}

static enum status need_unless_missing(const struct field_at *at, const json_t *obj,
                                       const char *key, const char *word)
{
    return is_missing(obj, word) ? ST_OK : field_need(at, obj, key);
}

static enum status need_text(const struct field_at *at, const json_t *obj, const char *key,
                             char out[FACTS_TEXT])
{
    const char *text = "";
    enum status st = need_unless_missing(at, obj, key, key);

    if (st == ST_OK)
        st = field_string(at, obj, key, &text);
    if (st == ST_OK)
        facts_copy_text(out, FACTS_TEXT, text);
    return st;
}

/* "7.2.22", "v9.2.0-rc1", "10.0.2 (Debian ...)": the first two numbers count. */
static enum status read_version(const struct field_at *at, const json_t *obj,
                                struct facts_header *h)
{
    static const struct {
        uint32_t major, minor;
        enum qemu_version version;
    } table[] = {
        {10, 1, QEMU_10_1},
        {10, 0, QEMU_10_0},
        {9, 2, QEMU_9_2},
        {8, 2, QEMU_8_2},
    };
    enum status st = need_text(at, obj, "qemu", h->qemu_text);
    const char *text = h->qemu_text;

    if (st != ST_OK)
        return st;
    h->qemu = QEMU_7_2;
    if (!*text && is_missing(obj, "qemu"))
        return ST_OK;
    text += *text == 'v';
    if (sscanf(text, "%4u.%4u", &h->qemu_major, &h->qemu_minor) != 2)
        return field_error(at, "qemu", "\"%.40s\" is not a version", h->qemu_text);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (h->qemu_major > table[i].major ||
            (h->qemu_major == table[i].major && h->qemu_minor >= table[i].minor)) {
            h->qemu = table[i].version;
            break;
        }
    }
    return ST_OK;
}

static enum status read_machine(const struct field_at *at, const json_t *obj,
                                struct facts_header *h)
{
    char accel[FACTS_TEXT];
    int64_t mem_mib = 0, vcpus = 0;
    enum status st;

    if ((st = need_text(at, obj, "id", h->id)) != ST_OK ||
        (st = read_version(at, obj, h)) != ST_OK ||
        (st = need_text(at, obj, "accel", accel)) != ST_OK ||
        (st = need_unless_missing(at, obj, "mem_mib", "memory")) != ST_OK ||
        (st = field_int(at, obj, "mem_mib", 1, MEM_MIB_MAX, &mem_mib)) != ST_OK ||
        (st = need_unless_missing(at, obj, "vcpus", "vcpus")) != ST_OK ||
        (st = field_int(at, obj, "vcpus", 1, 1 << 16, &vcpus)) != ST_OK)
        return st;
    h->accel = strcmp(accel, "kvm") == 0   ? FACTS_ACCEL_KVM
               : strcmp(accel, "tcg") == 0 ? FACTS_ACCEL_TCG
                                           : FACTS_ACCEL_OTHER;
    h->memory_bytes = (uint64_t)mem_mib * MIB;
    h->vcpus = (uint32_t)vcpus;
    return ST_OK;
}

static enum status read_shaped_link(const struct field_at *at, const json_t *obj,
                                    struct facts_link *link)
{
    const char *type = "", *group = "";
    int64_t rate = 0, members = 1;
    enum status st;

    if ((st = field_need(at, obj, "type")) != ST_OK ||
        (st = field_string(at, obj, "type", &type)) != ST_OK ||
        (st = field_int(at, obj, "rate_bps", 1, INT64_MAX, &rate)) != ST_OK ||
        (st = field_string(at, obj, "group", &group)) != ST_OK ||
        (st = field_int(at, obj, "members", 1, 1 << 16, &members)) != ST_OK ||
        (st = field_seconds(at, obj, "start_s", &link->start_ns)) != ST_OK)
        return st;
    link->kind = strcmp(type, "tbf") == 0 ? FACTS_LINK_TBF : FACTS_LINK_OTHER;
    if (link->kind == FACTS_LINK_TBF && (st = field_need(at, obj, "rate_bps")) != ST_OK)
        return st;
    if (strlen(group) >= sizeof(link->group)) /* a cut name could match another group's */
        return field_error(at, "group", "is longer than %zu bytes", sizeof(link->group) - 1);
    facts_copy_text(link->group, sizeof(link->group), group);
    link->rate_bps = (uint64_t)rate;
    link->members = (uint32_t)members;
    return ST_OK;
}

static enum status read_link(const struct field_at *at, const json_t *header,
                             struct facts_link *link)
{
    const json_t *value = json_object_get(header, "link");

    *link = (struct facts_link){.kind = FACTS_LINK_LOOPBACK, .members = 1};
    if (!value || json_is_null(value))
        return ST_OK;
    if (json_is_object(value)) {
        struct field_at inside = *at;

        inside.section = "header link";
        return read_shaped_link(&inside, value, link);
    }
    if (!json_is_string(value))
        return field_error(at, "link", "must be \"loopback\" or an object, is %s",
                           field_type_name(json_typeof(value)));
    if (strcmp(json_string_value(value), "loopback") != 0)
        link->kind = FACTS_LINK_OTHER;
    return ST_OK;
}

/* A list of words as "a b c"; what does not fit is cut. */
static enum status read_words(const struct field_at *at, const json_t *header, const char *key,
                              char out[FACTS_TEXT])
{
    const json_t *list = NULL, *word;
    enum status st = field_json(at, header, key, JSON_ARRAY, &list);
    char text[FACTS_TEXT];
    size_t i;

    if (st != ST_OK)
        return st;
    json_array_foreach(list, i, word)
    {
        if (!json_is_string(word))
            return field_error(at, key, "must hold words, holds %s",
                               field_type_name(json_typeof(word)));
        snprintf(text, sizeof(text), "%s%s%s", out, *out ? " " : "", json_string_value(word));
        facts_copy_text(out, FACTS_TEXT, text);
    }
    return ST_OK;
}

static enum status keep_json(struct facts_loader *ld, const json_t *header, const char *key,
                             char **out)
{
    const json_t *value = json_object_get(header, key);

    *out = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("");
    return *out ? ST_OK : diag_set(ld->diag, ST_ENOMEM, "out of memory");
}

static enum status read_tuning(struct facts_loader *ld, const struct field_at *at,
                               const json_t *header)
{
    const json_t *names = NULL, *parameters = NULL, *name;
    enum status st;
    size_t i;

    if ((st = field_json(at, header, "capabilities", JSON_ARRAY, &names)) != ST_OK ||
        (st = field_json(at, header, "parameters", JSON_OBJECT, &parameters)) != ST_OK)
        return st;
    json_array_foreach(names, i, name)
    {
        if (!json_is_string(name))
            return field_error(at, "capabilities", "must hold names, holds %s",
                               field_type_name(json_typeof(name)));
        facts_capability_apply(ld, json_string_value(name), true);
    }
    if (parameters) {
        struct field_at inside = *at;

        inside.section = "header parameters";
        st = facts_params_apply(ld, &inside, parameters);
    }
    return st;
}

enum status facts_read_header(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_header *h = &ld->facts->header;
    struct field_at at = facts_at(ld, line);
    enum status st;

    at.section = "header";
    h->timeout_ns = h->postcopy_after_ns = -1;
    if ((st = read_machine(&at, line->data, h)) != ST_OK ||
        (st = read_link(&at, line->data, &h->link)) != ST_OK ||
        (st = read_tuning(ld, &at, line->data)) != ST_OK ||
        (st = read_words(&at, line->data, "missing", h->missing)) != ST_OK ||
        (st = read_words(&at, line->data, "approximate", h->approximate)) != ST_OK ||
        (st = field_seconds(&at, line->data, "timeout_s", &h->timeout_ns)) != ST_OK ||
        (st = field_seconds(&at, line->data, "postcopy_after_s", &h->postcopy_after_ns)) != ST_OK ||
        (st = keep_json(ld, line->data, "workload", &h->workload)) != ST_OK ||
        (st = keep_json(ld, line->data, "capabilities", &h->capabilities)) != ST_OK)
        return st;
    return keep_json(ld, line->data, "parameters", &h->parameters);
}
