/*
 * yaml.c - the objects of a YAML file, as JSON trees.
 *
 * By libyaml's events, so that a long list is one tree an object, as in documents.c.  Aliases are
 * refused: what kubectl prints has none, and a few lines of them can stand for gigabytes.
 */
#include "import/import_int.h"

#ifdef IMPORT_YAML

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/banned.h"

struct yaml_walk {
    struct import *im;
    const char *file;
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; ours to delete */
    bool has_event;
};

static enum status bad_yaml(struct yaml_walk *w, yaml_mark_t at, const char *what)
{
    diag_at(w->im->diag, ST_EINPUT, w->file, (unsigned long)at.line + 1, "%s", what);
    if (w->im->diag)
        w->im->diag->column = (unsigned)at.column + 1;
    return ST_EINPUT;
}

static enum status next_event(struct yaml_walk *w)
{
    if (w->has_event)
        yaml_event_delete(&w->event);
    w->has_event = false;
    if (!yaml_parser_parse(&w->parser, &w->event)) {
        if (w->parser.error == YAML_MEMORY_ERROR)
            return imp_no_memory(w->im);
        return bad_yaml(w, w->parser.problem_mark,
                        w->parser.problem ? w->parser.problem : "no YAML");
    }
    w->has_event = true;
    if (w->event.type == YAML_ALIAS_EVENT) {
        diag_hint(w->im->diag, "write the value out, or print JSON: -o json");
        return bad_yaml(w, w->event.start_mark, "an alias, which is not followed");
    }
    return ST_OK;
}

/* Plain words that are not text, as in YAML's JSON schema. */
static json_t *plain_value(const char *text, size_t len)
{
    char *end;

    if (len == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
        return json_null();
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_boolean(text[0] == 't');
    if (len < 25 && text[strspn(text, "-0123456789")] == '\0') {
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (errno == 0 && *end == '\0')
            return json_integer(value);
    } else if (len < 40 && text[strspn(text, "-+.eE0123456789")] == '\0') {
        double value = strtod(text, &end);

        if (*end == '\0' && isfinite(value))
            return json_real(value);
    }
    return json_stringn(text, len);
}

static enum status build(struct yaml_walk *w, json_t **out, int depth);

static enum status build_mapping(struct yaml_walk *w, json_t *map, int depth)
{
    enum status st = next_event(w);

    while (st == ST_OK && w->event.type != YAML_MAPPING_END_EVENT) {
        json_t *value = NULL;
        char *key;

        if (w->event.type != YAML_SCALAR_EVENT)
            return bad_yaml(w, w->event.start_mark, "a key that is no word");
        key = strdup((const char *)w->event.data.scalar.value);
        if (!key)
            return imp_no_memory(w->im);
        st = next_event(w);
        if (st == ST_OK)
            st = build(w, &value, depth + 1);
        if (st == ST_OK && json_object_set_new(map, key, value) != 0)
            st = bad_yaml(w, w->event.start_mark, "no UTF-8");
        free(key);
        if (st == ST_OK)
            st = next_event(w);
    }
    return st;
}

/* The value whose first event is the current one; its last event is current afterwards. */
static enum status build(struct yaml_walk *w, json_t **out, int depth)
{
    enum status st = ST_OK;

    *out = NULL;
    if (depth > IMP_DEPTH)
        return bad_yaml(w, w->event.start_mark, "nested too deeply");
    if (w->event.type == YAML_SCALAR_EVENT) {
        const char *text = (const char *)w->event.data.scalar.value;
        bool plain = w->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                     w->event.data.scalar.plain_implicit;

        *out = plain ? plain_value(text, w->event.data.scalar.length)
                     : json_stringn(text, w->event.data.scalar.length);
        return *out ? ST_OK : bad_yaml(w, w->event.start_mark, "no UTF-8");
    }
    if (w->event.type == YAML_MAPPING_START_EVENT) {
        *out = json_object();
        st = *out ? build_mapping(w, *out, depth) : imp_no_memory(w->im);
    } else if (w->event.type == YAML_SEQUENCE_START_EVENT) {
        *out = json_array();
        st = *out ? next_event(w) : imp_no_memory(w->im);
        while (st == ST_OK && w->event.type != YAML_SEQUENCE_END_EVENT) {
            json_t *value = NULL;

            st = build(w, &value, depth + 1);
            if (st == ST_OK && json_array_append_new(*out, value) != 0)
                st = imp_no_memory(w->im);
            if (st == ST_OK)
                st = next_event(w);
        }
    }
    if (st != ST_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return st;
}

static enum status hand_out(struct yaml_walk *w, const char *path)
{
    struct imp_item it = {.file = w->file, .path = path};
    json_t *json = NULL;
    enum status st;

    it.line = (unsigned long)w->event.start_mark.line + 1;
    st = build(w, &json, 0);
    it.json = json;
    if (st == ST_OK)
        st = imp_hand_out(w->im, &it);
    json_decref(json);
    return st;
}

/* The list whose start is the current event. */
static enum status walk_list(struct yaml_walk *w, const char *name)
{
    char path[64];
    enum status st = next_event(w);

    for (size_t i = 0; st == ST_OK && w->event.type != YAML_SEQUENCE_END_EVENT; i++) {
        snprintf(path, sizeof(path), "%s[%zu]", name, i);
        st = hand_out(w, path);
        if (st == ST_OK)
            st = next_event(w);
    }
    return st;
}

/* The mapping at a document's root: its lists of items, or itself. */
static enum status walk_root(struct yaml_walk *w)
{
    struct imp_item it = {.file = w->file, .path = ""};
    json_t *rest = json_object();
    bool lists = false;
    enum status st = rest ? ST_OK : imp_no_memory(w->im);

    it.line = (unsigned long)w->event.start_mark.line + 1;
    if (st == ST_OK)
        st = next_event(w);
    while (st == ST_OK && w->event.type != YAML_MAPPING_END_EVENT) {
        json_t *value = NULL;
        char key[64];

        if (w->event.type != YAML_SCALAR_EVENT) {
            st = bad_yaml(w, w->event.start_mark, "a key that is no word");
            break;
        }
        snprintf(key, sizeof(key), "%s", (const char *)w->event.data.scalar.value);
        st = next_event(w);
        if (st == ST_OK && w->event.type == YAML_SEQUENCE_START_EVENT && imp_is_list(w->im, key)) {
            lists = true;
            st = walk_list(w, key);
        } else if (st == ST_OK) {
            st = build(w, &value, 1);
            if (st == ST_OK && json_object_set_new(rest, key, value) != 0)
                st = bad_yaml(w, w->event.start_mark, "no UTF-8");
        }
        if (st == ST_OK)
            st = next_event(w);
    }
    it.json = rest;
    if (st == ST_OK && !lists)
        st = imp_hand_out(w->im, &it);
    json_decref(rest);
    return st;
}

static enum status walk_stream(struct yaml_walk *w)
{
    enum status st = next_event(w);

    while (st == ST_OK && w->event.type != YAML_STREAM_END_EVENT) {
        if (w->event.type == YAML_MAPPING_START_EVENT)
            st = walk_root(w);
        else if (w->event.type == YAML_SEQUENCE_START_EVENT)
            st = walk_list(w, "");
        else if (w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length > 0)
            return bad_yaml(w, w->event.start_mark, "neither JSON nor a YAML object");
        if (st == ST_OK)
            st = next_event(w);
    }
    return st;
}

enum status imp_read_yaml(struct import *im, const char *file, const char *text, size_t len)
{
    struct yaml_walk w = {.im = im, .file = file};
    enum status st;

    if (!yaml_parser_initialize(&w.parser))
        return imp_no_memory(im);
    yaml_parser_set_input_string(&w.parser, (const unsigned char *)text, len);
    yaml_parser_set_encoding(&w.parser, YAML_UTF8_ENCODING);
    st = walk_stream(&w);
    if (w.has_event)
        yaml_event_delete(&w.event);
    yaml_parser_delete(&w.parser);
    return st;
}

#else

#include "base/banned.h"

enum status imp_read_yaml(struct import *im, const char *file, const char *text, size_t len)
{
    (void)text;
    (void)len;
    diag_hint(im->diag, "print JSON: -o json; or build migcast with libyaml-dev");
    return diag_at(im->diag, ST_EINPUT, file, 1,
                   "no JSON, and this migcast was built without libyaml");
}

#endif
