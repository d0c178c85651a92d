/*
 * option.h - one row a setting: its name, type, range, default, place and help.
 *
 * Parsing, range check, default, help text, manual, dump and the "did you mean" hint all read the
 * same row.  A row's value lives at an offset in a struct that the row's table belongs to.  Knows
 * nothing of files: who reads a value adds file, line and section to the diag.
 */
#ifndef MIGCAST_BASE_OPTION_H
#define MIGCAST_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "base/uncertain.h"

/* What a value is written as, and the C type it is stored in. */
enum option_type {
    OPT_SIZE,           /* uint64_t bytes */
    OPT_RATE,           /* uint64_t bytes/s */
    OPT_BPS,            /* uint64_t bits/s */
    OPT_TIME_NS,        /* int64_t */
    OPT_TIME_DOUBLE,    /* double ns */
    OPT_RATIO,          /* double, "35%" or "0.35" */
    OPT_PCT,            /* uint32_t, "20%" or "20"; whole */
    OPT_BOOL,           /* bool, on/off yes/no true/false */
    OPT_U32,            /* uint32_t */
    OPT_U64,            /* uint64_t */
    OPT_DOUBLE,         /* double */
    OPT_ENUM,           /* any enum; the words are in .words */
    OPT_STRING,         /* const char *, in the arena */
    OPT_LIST,           /* struct option_list: words between commas */
    OPT_UNCERTAIN_SIZE, /* struct uncertain, bytes: "A", "A..B", normal(), lognormal() */
    OPT_UNCERTAIN_RATE, /* struct uncertain, bytes/s */
    OPT_UNCERTAIN_BPS,  /* struct uncertain, bits/s */
    OPT_TYPE_NR
};

struct option_list {
    uint32_t nr;
    const char *const *items;
};

enum option_flags {
    OPT_REQUIRED = 1 << 0, /* must be given; .def is NULL */
    OPT_POW2 = 1 << 1,     /* 0 or a power of two */
    OPT_LABEL = 1 << 2     /* text for people: no part of the digest */
};

struct option {
    const char *name;
    const char *alias; /* another accepted spelling, or NULL */
    enum option_type type;
    unsigned flags;
    size_t offset;
    const char *def;  /* as it would be written; NULL = required, or what the table's init() sets */
    double min, max;  /* inclusive, in the stored unit; for uncertain values both ends */
    const char *word; /* a word that stands for one value outside the range, or NULL */
    double word_value;        /* that value; UINT64_MAX for "unlimited" is exact (see option.c) */
    const char *const *words; /* OPT_ENUM: names by value, NULL ends */
    const char *group;        /* heading in the manual */
    const char *qmp;          /* QEMU's own name, or NULL */
    const char *help;         /* one line, without a full stop */
    const char *note;         /* more, for the manual; or NULL */
};

/* Rows that fill one struct. */
struct option_table {
    const struct option *rows;
    size_t nr;
    size_t size;             /* of the struct */
    void (*init)(void *obj); /* defaults that rows do not spell; NULL = none */
};

/* option_find - the row called @name (or with that alias); NULL when there is none. */
const struct option *option_find(const struct option_table *table, const char *name);

/* option_defaults - fill @obj (table->size bytes, zeroed) with every row's default.
 * A default that its own row refuses is a broken table and asserts. */
enum status option_defaults(const struct option_table *table, void *obj, struct arena *arena);

/* option_parse - read @text by @opt's type and range into @obj at the row's offset.
 * Text and lists are copied into @arena.  On ST_EINPUT, what and hint in @diag say why; @obj is
 * unchanged.  ST_ENOMEM when the arena is full. */
enum status option_parse(const struct option *opt, const char *text, void *obj, struct arena *arena,
                         struct diag *diag);

/* option_print - the value in @obj, exact: it parses back to the same bits. */
void option_print(const struct option *opt, const void *obj, struct strbuf *out);

/* option_digest - hand the value's bytes to @add, the same for the same value on any machine of one
 * byte order; text and lists with their lengths. */
void option_digest(const struct option *opt, const void *obj,
                   void (*add)(void *user, const void *data, size_t len), void *user);

/* For help: "time", "rate (or an interval)", "off | on". */
void option_describe_type(const struct option *opt, struct strbuf *out);
/* For help: "1ms .. 2000s", or nothing where any value of the type will do. */
void option_describe_range(const struct option *opt, struct strbuf *out);

/* option_distance - Damerau-Levenshtein distance (neighbours may swap), ignoring case. */
size_t option_distance(const char *a, const char *b);

/* A running search for the nearest name: set .word, offer names, read .best (NULL = none is near).
 */
struct option_nearest {
    const char *word;
    const char *best;
    size_t distance;
};
void option_nearest_offer(struct option_nearest *nearest, const char *name);

#endif
