/*
 * import_int.h - what the readers of import/ share.
 *
 * A reader turns items of its input into hosts, VMs and settings, whose values are rows of text
 * with their origin.  scenario_text.c writes them out.  All memory is the conversion's arena.
 */
#ifndef MIGCAST_IMPORT_IMPORT_INT_H
#define MIGCAST_IMPORT_IMPORT_INT_H

#include <jansson.h>
#include <stdint.h>
#include <uthash.h>

#include "base/arena.h"
#include "base/units.h"
#include "import/import.h"

enum {
    IMP_NAME = 128,       /* bytes of a name in a scenario */
    IMP_SAMPLES = 256,    /* kept of one VM's dirty rate */
    IMP_POINTS = 288,     /* of a series of background traffic */
    IMP_WORDS = 16384,    /* in one list */
    IMP_DEVICES = 256,    /* of one VM */
    IMP_NOTES = 100,      /* that differ */
    IMP_UNUSED = 40,      /* names of unused keys that are told */
    IMP_LIST_MAX = 60000, /* bytes of a list in one line of a scenario */
    IMP_DEPTH = 64        /* nesting of YAML */
};
#define IMP_FILE_MAX ((size_t)GIB) /* a file of up to twice that is read */

/* One "key = value" of a section. */
struct imp_row {
    struct imp_row *next;
    const char *key, *value;
    const char *from; /* where in the item, or after an @ where else; when assumed, why */
    bool assumed;
};

struct imp_list { /* words, in the order given */
    const char **items;
    uint32_t nr, cap;
};

/* A section to write. */
struct imp_section {
    const char *id;   /* as the input names it */
    const char *name; /* as the scenario does: unique, and free of what INI files give a meaning */
    const char *file;
    unsigned long line;
    const char *item; /* "items[3]" */
    struct imp_row *rows, **tail;
};

struct imp_host {
    struct imp_section s;
    struct imp_host *next;
    struct imp_list labels;       /* KEY=VALUE, of a node */
    struct imp_list models;       /* CPU models that it can give to guests */
    struct imp_list features;     /* CPU features */
    struct imp_list resources;    /* KIND:NUMBER of its devices */
    struct imp_list extra_labels; /* that the scenario gets */
    const char *cpu_model;
    const char *full_name; /* by which VMs mean it, where its own is the start of that */
    const char *cluster;   /* VMs stay in it; NULL = none is told */
    bool says_cpu;
    bool has_sriov;
    bool no_target;                    /* nothing can start there: left out unless VMs are on it */
    uint64_t memory_bytes, used_bytes; /* 0 = not known; by the VMs on it */
    uint64_t pages_2m, pages_1g;       /* bytes of huge pages that its VMs take */
    uint32_t nr_vms;
};

/* Samples of one VM or one network device. */
struct imp_metrics {
    char *key; /* "namespace/name" */
    const char *file;
    const char *node;
    float *rates;            /* dirty bytes a second, at most IMP_SAMPLES */
    uint32_t nr_rates, seen; /* kept, and met */
    uint64_t resident_bytes; /* highest seen; 0 = not known */
    uint64_t domain_bytes;
    double transfer_max; /* bytes a second of its migrations */
    bool during;         /* samples of a migration are among the rates */
    UT_hash_handle hh;
};

struct imp_vm {
    struct imp_section s;
    struct imp_vm *next;
    const char *host_id; /* as the input names it; NULL = none */
    const char *host_from;
    const char *name_space; /* or NULL */
    const char *cluster, *cluster_from;
    const char *flavor; /* of Nova, until it is looked up */
    const char *eviction;
    struct imp_list labels; /* KEY=VALUE */
    struct imp_list needs;
    const char *cpu_model, *cpu_from;
    struct imp_list features;
    struct imp_list devices; /* KIND:NUMBER */
    const char *devices_from;
    json_t *affinity; /* of a pod; kept only where there is one */
    uint64_t memory_bytes;
    uint64_t active_bytes; /* memory in use of late, by the input; 0 = not known */
    const char *active_from;
    const char *rate, *rate_from; /* dirty rate by the input */
    bool huge_pages;
    uint32_t sriov;
    double order; /* VMs are written by it, then as read */
    struct imp_host *host;
};

/* A section of settings: [cluster], [migration], [kubevirt] ... */
struct imp_settings {
    struct imp_settings *next;
    struct imp_section s; /* .name = the whole title */
};

struct imp_note {
    char *text;
    size_t nr;
    UT_hash_handle hh;
};

struct imp_alias {
    char *key;
    struct imp_host *host;
    UT_hash_handle hh;
};

struct imp_taken { /* names in use */
    char *key;
    uint32_t last; /* number that the last double got */
    UT_hash_handle hh;
};

/* One object of the input. */
struct imp_item {
    const char *file;
    unsigned long line; /* where it begins */
    const char *path;   /* "items[3]" */
    const json_t *json;
};

struct import;

struct imp_reader {
    const char *name;
    const char *preset;       /* when nothing says which */
    double memory_overcommit; /* of its presets; 0 = 1 */
    const char *list[8];      /* keys of a document's root whose arrays hold the items; NULL ends */
    bool yaml;
    enum status (*item)(struct import *im, const struct imp_item *it);
    /* instead, for what is no JSON: takes the whole text */
    enum status (*text)(struct import *im, const char *file, const char *text, size_t len);
    enum status (*finish)(struct import *im);
    void (*release)(struct import *im); /* of what is not in the arena */
};

struct import {
    struct arena *arena;
    const struct import_options *options;
    const struct imp_reader *reader;
    struct diag *diag;
    struct import_counts *counts;
    const char *const *paths;
    size_t nr_paths;

    struct imp_host *hosts, **hosts_tail;
    struct imp_vm *vms, **vms_tail;
    uint32_t nr_hosts, nr_vms;
    struct imp_settings *settings, **settings_tail;
    struct imp_alias *aliases;
    struct imp_taken *host_names, *vm_names, *other_names;
    struct imp_note *notes, *unused;
    size_t nr_unused;
    struct imp_metrics *metrics;
    struct imp_series *series;
    const char *preset, *preset_from;
    const char *file_host; /* libvirt: the HOST of HOST=FILE */
    bool too_many;         /* a list went past IMP_WORDS */
    void *own;             /* the reader's */
};

/* ---- inventory.c ---- */

enum status imp_no_memory(struct import *im);
/* imp_fail - ST_EINPUT: "FILE:LINE: ITEM.FROM: what". @from may be NULL. */
enum status imp_fail(struct import *im, const struct imp_item *it, const char *from,
                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
char *imp_format(struct import *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct imp_host *imp_host_new(struct import *im, const struct imp_item *it, const char *id);
struct imp_vm *imp_vm_new(struct import *im, const struct imp_item *it, const char *name_space,
                          const char *id);
/* imp_host_alias - a further word by which VMs or metrics mean @host; the first to have it keeps
 * it. */
enum status imp_host_alias(struct import *im, struct imp_host *host, const char *alias);
struct imp_host *imp_host_find(struct import *im, const char *id);

/* imp_set - a value of the section and where in its item it stands.  imp_assume - a value that the
 * input does not say, and why this one. A value set already is replaced. */
enum status imp_set(struct import *im, struct imp_section *s, const char *key, const char *from,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
enum status imp_assume(struct import *im, struct imp_section *s, const char *key, const char *why,
                       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
const struct imp_row *imp_row(const struct imp_section *s, const char *key);
/* imp_setting - a value of [TITLE], made where it is new. */
enum status imp_setting(struct import *im, const char *title, const char *key,
                        const struct imp_item *it, const char *from, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
struct imp_section *imp_settings_section(struct import *im, const char *title);
/* imp_settings_add - a further section, whose title is new. */
struct imp_section *imp_settings_add(struct import *im, const char *title);

enum status imp_list_add(struct import *im, struct imp_list *list, const char *word);
bool imp_list_has(const struct imp_list *list, const char *word);
/* imp_list_join - "a, b"; words are cleaned of what a list gives a meaning. */
char *imp_list_join(struct import *im, const struct imp_list *list);

/* imp_note - one more case of @fmt: "VMs that are not running, left out". */
void imp_note(struct import *im, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* imp_unused - count the keys of @object that are not among @known. */
void imp_unused(struct import *im, const json_t *object, const char *const *known);
void imp_unused_key(struct import *im, const char *key);

/* ---- name.c ---- */

/* imp_name - @raw as a name: what INI files, lists and terminals give a meaning becomes %XX, long
 * ones are cut, doubles get ~2, ~3 and so on.  NULL when memory ran out. */
const char *imp_name(struct import *im, struct imp_taken **taken, const char *raw);
/* imp_word - the same for a word of a value, which need not be unique.  Never NULL. */
const char *imp_word(struct import *im, const char *raw);
/* imp_comment - @raw into a comment: one line, nothing that a terminal acts upon. */
void imp_comment(struct strbuf *out, const char *raw);

/* ---- values.c: numbers as the sources write them ---- */

/* imp_quantity - a Kubernetes quantity: "16Gi", "1500m", "4e9"; or a JSON number.  Below 0, or
 * above 2^60, is refused. */
enum status imp_quantity(struct import *im, const struct imp_item *it, const json_t *value,
                         const char *from, double *out);
bool imp_quantity_text(const char *text, double *out);
/* imp_number - a JSON number, or text that is one ("4096"); false for anything else. */
bool imp_number(const json_t *value, double *out);
/* imp_count - a whole number from 0 to @max. */
enum status imp_count(struct import *im, const struct imp_item *it, const json_t *value,
                      const char *from, double max, uint64_t *out);
/* imp_at - the value at a path of keys: imp_at(json, "spec", "domain", NULL). */
const json_t *imp_at(const json_t *json, ...) __attribute__((sentinel));
const char *imp_text(const json_t *json); /* NULL when it is none */
bool imp_true(const json_t *json);        /* true, "true", "1" */
/* imp_set_size - a size in bytes as a row. */
enum status imp_set_size(struct import *im, struct imp_section *s, const char *key,
                         const char *from, double bytes);
/* imp_memory - memory of a guest: checked, set, and kept. */
enum status imp_memory(struct import *im, const struct imp_item *it, struct imp_vm *vm,
                       const char *from, double bytes);
/* imp_host_memory - the same of a host. */
enum status imp_host_memory(struct import *im, const struct imp_item *it, struct imp_host *h,
                            const char *from, double bytes);

/* ---- documents.c, yaml.c ---- */

/* imp_read_file - read and hand out one file by what it holds. */
enum status imp_read_file(struct import *im, const char *path);
enum status imp_read_yaml(struct import *im, const char *file, const char *text, size_t len);
enum status imp_hand_out(struct import *im, const struct imp_item *it);
bool imp_is_list(const struct import *im, const char *key);

/* ---- metrics.c, series.c ---- */

bool imp_is_metrics(const struct imp_item *it);
enum status imp_metrics_item(struct import *im, const struct imp_item *it);
struct imp_metrics *imp_metrics_find(struct import *im, const struct imp_vm *vm);
struct imp_metrics *imp_metrics_make(struct import *im, const char *name_space, const char *name);
/* imp_metrics_vm - write rate and working set of a VM from its samples; false in @told when there
 * are none. */
enum status imp_metrics_vm(struct import *im, struct imp_vm *vm, bool *told);
enum status imp_series_item(struct import *im, const struct imp_item *it, const char *metric);
/* imp_series_text - other traffic on a card of @host (NULL: the mean of all hosts) as a
 * background_series; NULL in @text when there is none. */
enum status imp_series_text(struct import *im, const struct imp_host *host, char **text,
                            double *period_s, const char **from);
void imp_series_release(struct import *im);

/* ---- the readers ---- */

enum status imp_kubevirt_item(struct import *im, const struct imp_item *it);
enum status imp_kubevirt_finish(struct import *im);
void imp_kubevirt_release(struct import *im);
enum status imp_libvirt_text(struct import *im, const char *file, const char *text, size_t len);
enum status imp_proxmox_item(struct import *im, const struct imp_item *it);
enum status imp_proxmox_finish(struct import *im);
enum status imp_openstack_item(struct import *im, const struct imp_item *it);
enum status imp_openstack_finish(struct import *im);
void imp_openstack_release(struct import *im);
enum status imp_ovirt_item(struct import *im, const struct imp_item *it);
enum status imp_cloudpods_item(struct import *im, const struct imp_item *it);
enum status imp_csv_text(struct import *im, const char *file, const char *text, size_t len);
enum status imp_prometheus_finish(struct import *im);

/* ---- scenario_text.c ---- */
enum status imp_place_vms(struct import *im);
enum status imp_write(struct import *im, struct strbuf *out);

#endif
