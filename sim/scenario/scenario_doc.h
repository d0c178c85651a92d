/*
 * scenario_doc.h - a scenario as written: files, presets and overrides merged, values still text.
 *
 * Private to this folder.  Every value keeps its origin.  Precedence, weakest first: built-in
 * default, presets (an include's before its includer's), includes (depth first), the file, --set.
 */
#ifndef MIGCAST_SIM_SCENARIO_DOC_H
#define MIGCAST_SIM_SCENARIO_DOC_H

#include "base/ini.h"
#include "sim/scenario/name_index.h"
#include "sim/scenario/scenario_options.h"

enum scn_origin {
    SCN_FROM_DEFAULT,
    SCN_FROM_PRESET,
    SCN_FROM_INCLUDE,
    SCN_FROM_FILE,
    SCN_FROM_SET
};

struct scn_entry {
    struct scn_entry *next;
    const struct option *opt; /* NULL in [thresholds] */
    size_t offset;            /* of the row's table in the section's struct */
    const char *key;
    const char *value;
    const char *file; /* path, preset name, or what the override calls itself */
    unsigned long line;
    enum scn_origin origin;
    uint32_t layer;
};

struct scn_section {
    struct scn_section *next; /* of the same kind, in order of first appearance */
    enum scn_kind kind;
    const char *name; /* "" where it has none */
    const char *file;
    unsigned long line; /* of the first appearance */
    uint32_t layer;     /* of the last appearance */
    unsigned long last_line;
    uint32_t nr; /* position among its kind */
    struct scn_entry *entries, **tail;
    uint32_t first_made,
        nr_made; /* what scenario_resolve.c made of it: indexes into the kind's array */
};

struct scn_doc {
    struct arena *arena;
    const char *path;
    struct scn_section *first[SCN_KIND_NR], *last[SCN_KIND_NR];
    uint32_t nr[SCN_KIND_NR];
    struct name_index index[SCN_KIND_NR]; /* of sections, by name; ids are .nr */
    struct scn_section **by_nr[SCN_KIND_NR];
    uint32_t cap[SCN_KIND_NR];         /* room in by_nr */
    const void *defaults[SCN_KIND_NR]; /* a section's struct with the built-in defaults */
    uint32_t layers;
};

/* scn_doc_load - read @path (or @text, when not NULL, under that name) with its presets and
 * includes, apply @overrides.  Everything lives in @arena. */
enum status scn_doc_load(struct scn_doc **doc, const char *path, const char *text,
                         const struct scn_override *overrides, size_t nr_overrides,
                         struct arena *arena, struct diag *diag);
/* scn_doc_new - no section yet; NULL when memory ran out. */
struct scn_doc *scn_doc_new(struct arena *arena, const char *path);
/* scn_doc_add - merge one file's sections as the next layer, stronger than all before. */
enum status scn_doc_add(struct scn_doc *doc, const struct ini_file *ini, enum scn_origin origin,
                        struct diag *diag);
/* scn_doc_override - the strongest layer: one "section.key=value". */
enum status scn_doc_override(struct scn_doc *doc, const struct scn_override *override,
                             struct diag *diag);

/* scn_doc_find - the section, or NULL. */
struct scn_section *scn_doc_find(const struct scn_doc *doc, enum scn_kind kind, const char *name);
/* scn_section_entry - what the section says of @key, or NULL. */
const struct scn_entry *scn_section_entry(const struct scn_section *s, const char *key);

/* scn_section_fill - the section's values, defaults and parents included, into @obj
 * (scn_section_types[kind].size bytes).  @s may be NULL for a section that no file has. */
enum status scn_section_fill(const struct scn_doc *doc, enum scn_kind kind,
                             const struct scn_section *s, void *obj, struct arena *arena,
                             struct diag *diag);
/* scn_section_origin - the entry that decides @opt in @s: its own, or one of the sections it starts
 * from; NULL = the built-in default. */
const struct scn_entry *scn_section_origin(const struct scn_doc *doc, enum scn_kind kind,
                                           const struct scn_section *s, const struct option *opt);

/* scn_fail - a message about @key of @s (NULL: about the section); file and line are the origin's.
 */
enum status scn_fail(const struct scn_section *s, const char *key, struct diag *diag,
                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* scn_section_title - "vm web" */
void scn_section_title(const struct scn_section *s, char *buf, size_t cap);

/* scn_glob - does @name match @pattern, where * is any text and ? any character? */
bool scn_glob(const char *pattern, const char *name);
bool scn_is_pattern(const char *text);

#endif
