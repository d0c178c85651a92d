/*
 * check_file.c - baselines as JSON text, written and read.
 *
 * The file comes from a repository that others write to: whatever it holds is checked, and ends in
 * a message at worst.
 */
#include "answers/check/check_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"

#include "base/banned.h"

#define KIND "migcast-baseline"

enum {
    DIGITS = 9,
    SAMPLES_MOST = 1000000
};

static const struct {
    const char *word;
    double factor; /* from the unit inside to the one in the file */
} units[VALUE_NR] = {
    [VALUE_COUNT] = {"count", 1.0},
    [VALUE_NS] = {"ms", 1.0 / (double)NS_PER_MS},
    [VALUE_BYTES] = {"bytes", 1.0},
    [VALUE_RATIO] = {"ratio", 1.0},
};

static double rounded(double value)
{
    char text[40];

    snprintf(text, sizeof(text), "%.*g", DIGITS, value);
    return strtod(text, NULL);
}

double check_tidy(double value, enum value_unit unit)
{
    return isfinite(value) ? rounded(value * units[unit].factor) / units[unit].factor : NAN;
}

void check_file_release(struct check_file *file)
{
    arena_free(file->arena);
    *file = (struct check_file){0};
}

/* Is one of the paths the other with folders before it? */
static bool same_tail(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    const char *longer = la > lb ? a : b, *shorter = la > lb ? b : a;
    size_t more = la > lb ? la - lb : lb - la;

    return strcmp(longer + more, shorter) == 0 && (more == 0 || longer[more - 1] == '/');
}

const struct check_entry *check_file_find(const struct check_file *file, const char *name)
{
    const struct check_entry *alike = NULL;
    size_t nr = 0;

    for (size_t i = 0; i < file->nr; i++)
        if (strcmp(file->entries[i].name, name) == 0)
            return &file->entries[i];
    for (size_t i = 0; i < file->nr; i++)
        if (same_tail(file->entries[i].name, name)) {
            alike = &file->entries[i];
            nr++;
        }
    return nr == 1 ? alike : NULL;
}

enum status check_file_add(struct check_file *file, const struct check_entry *entry)
{
    struct check_entry *all;

    for (size_t i = 0; i < file->nr; i++)
        if (strcmp(file->entries[i].name, entry->name) == 0) {
            file->entries[i] = *entry;
            return ST_OK;
        }
    if (!file->arena)
        file->arena = arena_new(0);
    all = file->arena ? arena_array(file->arena, file->nr + 1, sizeof(*all)) : NULL;
    if (!all)
        return ST_ENOMEM;
    if (file->nr > 0)
        memcpy(all, file->entries, file->nr * sizeof(*all));
    all[file->nr++] = *entry;
    file->entries = all;
    return ST_OK;
}

/* ---- writing ---- */

static void add_value(struct strbuf *out, double value, enum value_unit unit)
{
    json_next(out);
    json_add_double(out, isfinite(value) ? rounded(value * units[unit].factor) : NAN);
}

static void add_series(struct strbuf *out, const struct check_series *s, uint32_t nr)
{
    double sum = 0.0;
    uint32_t known = 0;

    for (uint32_t i = 0; i < nr; i++)
        if (!isnan(s->values[i])) {
            sum += s->values[i];
            known++;
        }
    json_next(out);
    strbuf_addstr(out, "\n    {");
    json_put_text(out, "measure", s->measure);
    if (s->vm)
        json_put_text(out, "vm", s->vm);
    json_put_text(out, "unit", units[s->unit].word);
    json_put_text(out, "better", s->less ? "less" : "more");
    json_key(out, "mean"); /* for who reads the file; not read back */
    json_add_double(out, known ? rounded(sum / known * units[s->unit].factor) : NAN);
    json_key(out, "values");
    strbuf_addch(out, '[');
    for (uint32_t i = 0; i < nr; i++)
        add_value(out, s->values[i], s->unit);
    strbuf_addstr(out, "]}");
}

static void add_entry(struct strbuf *out, const struct check_entry *e)
{
    json_next(out);
    strbuf_addstr(out, "\n  {");
    json_put_text(out, "name", e->name);
    strbuf_addstr(out, ",\n   \"digest\":");
    json_add_text(out, e->digest);
    json_put_text(out, "version", e->version);
    strbuf_addf(out, ",\"seed\":\"%" PRIu64 "\",\"samples\":%" PRIu32, e->seed, e->nr_samples);
    if (e->samples) {
        strbuf_addstr(out, ",\n   \"sample_names\":[");
        for (uint32_t i = 0; i < e->nr_samples; i++) {
            json_next(out);
            json_add_text(out, e->samples[i]);
        }
        strbuf_addch(out, ']');
    }
    strbuf_addstr(out, ",\n   \"inputs\":[");
    for (size_t i = 0; i < e->nr_inputs; i++) {
        json_next(out);
        strbuf_addstr(out, "\n    [");
        json_add_text(out, e->inputs[i].section);
        json_next(out);
        json_add_text(out, e->inputs[i].key);
        json_next(out);
        json_add_text(out, e->inputs[i].value);
        strbuf_addch(out, ']');
    }
    strbuf_addstr(out, "],\n   \"measures\":[");
    for (size_t i = 0; i < e->nr_series; i++)
        add_series(out, &e->series[i], e->nr_samples);
    strbuf_addstr(out, "]}");
}

void check_file_print(const struct check_file *file, struct strbuf *out)
{
    strbuf_addstr(out, "{\"format_version\":\"1.0\",\"kind\":\"" KIND "\",\n \"entries\":[");
    for (size_t i = 0; i < file->nr; i++)
        add_entry(out, &file->entries[i]);
    strbuf_addstr(out, "]}\n");
}

/* ---- reading ---- */

struct reader {
    struct check_file *file;
    const char *path;
    const char *entry; /* that is being read; "" = none yet */
    struct diag *diag;
};

static enum status wrong(const struct reader *r, const char *what)
{
    diag_hint(r->diag, "write it anew with --update");
    return diag_at(r->diag, ST_EINPUT, r->path, 0, "%s%s%s", r->entry, *r->entry ? ": " : "", what);
}

static enum status no_memory(const struct reader *r)
{
    return diag_at(r->diag, ST_ENOMEM, r->path, 0, "not enough memory for the baseline");
}

/* A text of @from, kept; NULL where it is none. */
static const char *text_of(const struct reader *r, const json_t *from)
{
    const char *text = json_string_value(from);

    return text ? arena_strdup(r->file->arena, text) : NULL;
}

static enum status read_values(const struct reader *r, const json_t *from, struct check_series *s,
                               uint32_t nr)
{
    if (!json_is_array(from) || json_array_size(from) != nr)
        return wrong(r, "a measure does not have a value for each sample");
    s->values = arena_array(r->file->arena, nr, sizeof(*s->values));
    if (!s->values)
        return no_memory(r);
    for (uint32_t i = 0; i < nr; i++) {
        const json_t *one = json_array_get(from, i);

        if (!json_is_number(one) && !json_is_null(one))
            return wrong(r, "a value is neither a number nor null");
        s->values[i] = json_is_null(one)
                           ? NAN
                           : check_tidy(json_number_value(one) / units[s->unit].factor, s->unit);
    }
    return ST_OK;
}

static enum status read_series(const struct reader *r, const json_t *from, struct check_series *s,
                               uint32_t nr)
{
    const char *unit = json_string_value(json_object_get(from, "unit"));
    const char *better = json_string_value(json_object_get(from, "better"));
    size_t u = 0;

    s->measure = text_of(r, json_object_get(from, "measure"));
    s->vm = text_of(r, json_object_get(from, "vm"));
    while (unit && u < VALUE_NR && strcmp(units[u].word, unit) != 0)
        u++;
    if (!s->measure || !unit || u == VALUE_NR || !better)
        return wrong(r, "a measure lacks its name, unit or direction");
    s->unit = (enum value_unit)u;
    s->less = strcmp(better, "more") != 0;
    return read_values(r, json_object_get(from, "values"), s, nr);
}

static enum status read_inputs(const struct reader *r, const json_t *from, struct check_entry *e)
{
    e->nr_inputs = json_array_size(from);
    e->inputs = arena_array(r->file->arena, e->nr_inputs, sizeof(*e->inputs));
    if (!e->inputs)
        return no_memory(r);
    for (size_t i = 0; i < e->nr_inputs; i++) {
        const json_t *one = json_array_get(from, i);
        struct check_input *in = &e->inputs[i];

        in->section = text_of(r, json_array_get(one, 0));
        in->key = text_of(r, json_array_get(one, 1));
        in->value = text_of(r, json_array_get(one, 2));
        if (!in->section || !in->key || !in->value)
            return wrong(r, "an input is not [section, key, value]");
    }
    return ST_OK;
}

static enum status read_samples(const struct reader *r, const json_t *entry, struct check_entry *e)
{
    const json_t *names = json_object_get(entry, "sample_names");
    json_int_t nr = json_integer_value(json_object_get(entry, "samples"));

    if (nr < 1 || nr > SAMPLES_MOST)
        return wrong(r, "the number of samples is not between 1 and a million");
    e->nr_samples = (uint32_t)nr;
    if (!names)
        return ST_OK;
    if (json_array_size(names) != e->nr_samples)
        return wrong(r, "not every sample has a name");
    e->samples = arena_array(r->file->arena, e->nr_samples, sizeof(*e->samples));
    if (!e->samples)
        return no_memory(r);
    for (uint32_t i = 0; i < e->nr_samples; i++) {
        e->samples[i] = text_of(r, json_array_get(names, i));
        if (!e->samples[i])
            return wrong(r, "the name of a sample is no text");
    }
    return ST_OK;
}

static enum status read_entry(struct reader *r, const json_t *from, struct check_entry *e)
{
    const json_t *measures = json_object_get(from, "measures");
    const char *seed = json_string_value(json_object_get(from, "seed"));
    enum status st;

    e->name = text_of(r, json_object_get(from, "name"));
    e->digest = text_of(r, json_object_get(from, "digest"));
    e->version = text_of(r, json_object_get(from, "version"));
    if (!e->name || !e->digest || !e->version || !seed ||
        units_parse_u64(seed, &e->seed, NULL) != ST_OK)
        return wrong(r, "an entry lacks name, digest, version or seed");
    r->entry = e->name;
    st = read_samples(r, from, e);
    if (st == ST_OK)
        st = read_inputs(r, json_object_get(from, "inputs"), e);
    if (st != ST_OK)
        return st;
    e->nr_series = json_array_size(measures);
    e->series = arena_array(r->file->arena, e->nr_series, sizeof(*e->series));
    if (!e->series)
        return no_memory(r);
    for (size_t i = 0; i < e->nr_series && st == ST_OK; i++)
        st = read_series(r, json_array_get(measures, i), &e->series[i], e->nr_samples);
    r->entry = "";
    return st;
}

static enum status read_root(struct reader *r, const json_t *root)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const char *version = json_string_value(json_object_get(root, "format_version"));
    const json_t *entries = json_object_get(root, "entries");
    struct check_file *file = r->file;
    enum status st = ST_OK;

    if (!kind || strcmp(kind, KIND) != 0)
        return diag_at(r->diag, ST_EINPUT, r->path, 0, "this is no baseline of `migcast check`");
    if (!version || strncmp(version, "1.", 2) != 0)
        return wrong(r, "this baseline has a format that this version does not know");
    file->nr = json_array_size(entries);
    file->entries = arena_array(file->arena, file->nr, sizeof(*file->entries));
    if (!file->entries)
        return no_memory(r);
    for (size_t i = 0; i < file->nr && st == ST_OK; i++)
        st = read_entry(r, json_array_get(entries, i), &file->entries[i]);
    return st;
}

enum status check_file_read(struct check_file *file, const char *path, struct diag *diag)
{
    struct reader r = {.file = file, .path = path, .entry = "", .diag = diag};
    json_error_t error;
    json_t *root;
    FILE *in;
    enum status st;

    *file = (struct check_file){.arena = arena_new(0)};
    if (!file->arena)
        return no_memory(&r);
    in = fopen(path, "re");
    if (!in)
        return diag_errno(diag, ST_EINPUT, path, "cannot open the baseline");
    root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
    fclose(in);
    if (!root) {
        diag_hint(diag, "a baseline is written with --update");
        return diag_at(diag, ST_EINPUT, path, error.line > 0 ? (unsigned long)error.line : 0,
                       "no JSON: %s", error.text);
    }
    st = read_root(&r, root);
    json_decref(root);
    return st;
}
