/*
 * kubevirt_affinity.c - affinity of pods, judged on the nodes and VMs at hand.
 *
 * A node affinity is an OR of ANDs over labels, which a scenario's `needs` cannot say; so the nodes
 * that it allows get a label made for it, and its VMs need that label.  Pod (anti-)affinity becomes
 * [affinity] groups where the domain is a host.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "import/kubevirt_int.h"

#include "base/banned.h"

struct expression { /* of VMs that say the same */
    char *text;
    char *label;
    UT_hash_handle hh;
};

struct group {
    char *text;
    struct imp_section *section;
    UT_hash_handle hh;
};

/* VMs of one namespace that carry one label. */
struct labelled {
    char *key; /* "namespace KEY=VALUE" */
    struct imp_vm **vms;
    uint32_t nr, cap;
    UT_hash_handle hh;
};

struct pods {
    struct group *groups;
    struct labelled *index;
};

/* ---- nodes ---- */

/* The value of @key among KEY=VALUE words; NULL when there is none. */
static const char *label_value(const struct imp_list *labels, const char *key)
{
    size_t len = strlen(key);

    for (uint32_t i = 0; i < labels->nr; i++)
        if (strncmp(labels->items[i], key, len) == 0 && labels->items[i][len] == '=')
            return labels->items[i] + len + 1;
    return NULL;
}

static bool among(const json_t *values, const char *value)
{
    const json_t *v;
    size_t i;

    json_array_foreach(values, i, v)
    {
        const char *text = json_string_value(v);

        if (text && strcmp(text, value) == 0)
            return true;
    }
    return false;
}

/* Does a requirement {key, operator, values} hold for @value (NULL: no such label)? */
static bool holds(const json_t *requirement, const char *value)
{
    const char *op = imp_text(json_object_get(requirement, "operator"));
    const json_t *values = json_object_get(requirement, "values");
    const char *limit = imp_text(json_array_get(values, 0));

    if (!op)
        return false;
    if (strcmp(op, "In") == 0)
        return value && among(values, value);
    if (strcmp(op, "NotIn") == 0)
        return !value || !among(values, value);
    if (strcmp(op, "Exists") == 0)
        return value != NULL;
    if (strcmp(op, "DoesNotExist") == 0)
        return value == NULL;
    if (!value || !limit)
        return false;
    if (strcmp(op, "Gt") == 0)
        return strtoll(value, NULL, 10) > strtoll(limit, NULL, 10);
    return strcmp(op, "Lt") == 0 && strtoll(value, NULL, 10) < strtoll(limit, NULL, 10);
}

static bool term_allows(const json_t *term, const struct imp_host *h)
{
    const json_t *labels = json_object_get(term, "matchExpressions");
    const json_t *fields = json_object_get(term, "matchFields"), *r;
    size_t i;

    if (json_array_size(labels) + json_array_size(fields) == 0)
        return false;
    json_array_foreach(labels, i, r)
    {
        const char *key = imp_text(json_object_get(r, "key"));

        if (!key || !holds(r, label_value(&h->labels, key)))
            return false;
    }
    json_array_foreach(fields, i, r) if (!holds(r, h->s.id)) return false;
    return true;
}

static enum status mark_nodes(struct import *im, const json_t *terms, const char *label)
{
    const json_t *term;
    size_t i;

    for (struct imp_host *h = im->hosts; h; h = h->next) {
        bool allowed = false;

        json_array_foreach(terms, i, term) allowed |= term_allows(term, h);
        if (allowed && imp_list_add(im, &h->extra_labels, label) != ST_OK)
            return imp_no_memory(im);
    }
    return ST_OK;
}

static enum status node_affinity(struct import *im, struct expression **known, struct imp_vm *vm)
{
    const json_t *terms =
        imp_at(vm->affinity, "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
               "nodeSelectorTerms", NULL);
    struct expression *e;
    enum status st = ST_OK;
    char *text;

    if (!json_is_array(terms))
        return ST_OK;
    text = json_dumps(terms, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return imp_no_memory(im);
    HASH_FIND_STR(*known, text, e);
    if (!e) {
        e = arena_alloc(im->arena, sizeof(*e));
        if (e && (e->text = arena_strdup(im->arena, text)) &&
            (e->label = imp_format(im, "import/node-affinity-%u", HASH_COUNT(*known) + 1))) {
            HASH_ADD_KEYPTR(hh, *known, e->text, strlen(e->text), e);
            st = mark_nodes(im, terms, e->label);
        } else {
            st = imp_no_memory(im);
        }
    }
    free(text);
    return st == ST_OK ? imp_list_add(im, &vm->needs, e->label) : st;
}

/* ---- other VMs ---- */

static bool selects(const json_t *selector, const struct imp_list *labels)
{
    const json_t *words = json_object_get(selector, "matchLabels");
    const json_t *more = json_object_get(selector, "matchExpressions"), *r;
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)words, key, value)
    {
        const char *has = label_value(labels, key), *wanted = json_string_value(value);

        if (!has || !wanted || strcmp(has, wanted) != 0)
            return false;
    }
    json_array_foreach(more, i, r)
    {
        const char *name = imp_text(json_object_get(r, "key"));

        if (!name || !holds(r, label_value(labels, name)))
            return false;
    }
    return json_object_size(words) + json_array_size(more) > 0;
}

static enum status index_label(struct import *im, struct pods *pods, struct imp_vm *vm,
                               const char *label)
{
    char *key = imp_format(im, "%s %s", vm->name_space ? vm->name_space : "", label);
    struct labelled *l;

    if (!key)
        return imp_no_memory(im);
    HASH_FIND_STR(pods->index, key, l);
    if (!l) {
        l = arena_alloc(im->arena, sizeof(*l));
        if (!l)
            return imp_no_memory(im);
        l->key = key;
        HASH_ADD_KEYPTR(hh, pods->index, l->key, strlen(l->key), l);
    }
    if (l->nr == l->cap) {
        struct imp_vm **more = arena_array(im->arena, l->cap ? l->cap * 2 : 4, sizeof(*more));

        if (!more)
            return imp_no_memory(im);
        if (l->nr)
            memcpy(more, l->vms, l->nr * sizeof(*more));
        l->vms = more;
        l->cap = l->cap ? l->cap * 2 : 4;
    }
    l->vms[l->nr++] = vm;
    return ST_OK;
}

static enum status index_labels(struct import *im, struct pods *pods)
{
    enum status st = ST_OK;

    for (struct imp_vm *vm = im->vms; vm; vm = vm->next)
        for (uint32_t i = 0; i < vm->labels.nr && st == ST_OK; i++)
            st = index_label(im, pods, vm, vm->labels.items[i]);
    return st;
}

static void add_member(struct strbuf *list, const struct imp_vm *vm, const json_t *selector,
                       uint32_t *nr)
{
    if (list->len <= IMP_LIST_MAX && selects(selector, &vm->labels))
        strbuf_addf(list, "%s%s", (*nr)++ ? ", " : "", vm->s.name);
}

/* The VMs of @space that the selector means.  Most selectors name a label, which the index has. */
static enum status members(struct import *im, const struct pods *pods, const char *space,
                           const json_t *selector, struct strbuf *list, uint32_t *nr)
{
    const json_t *words = json_object_get(selector, "matchLabels");
    void *first = json_object_iter((json_t *)(uintptr_t)words);
    struct labelled *l = NULL;

    if (first) {
        const char *value = json_string_value(json_object_iter_value(first));
        char *key =
            imp_format(im, "%s %s=%s", space, json_object_iter_key(first), value ? value : "");

        if (!key)
            return imp_no_memory(im);
        HASH_FIND_STR(pods->index, key, l);
        for (uint32_t i = 0; l && i < l->nr; i++)
            add_member(list, l->vms[i], selector, nr);
    } else {
        for (const struct imp_vm *vm = im->vms; vm; vm = vm->next)
            if (strcmp(vm->name_space ? vm->name_space : "", space) == 0)
                add_member(list, vm, selector, nr);
    }
    return strbuf_failed(list) ? imp_no_memory(im) : ST_OK;
}

/* Of the namespaces that the term names, or of the VM's own. */
static enum status all_members(struct import *im, const struct pods *pods, const struct imp_vm *of,
                               const json_t *term, struct strbuf *list, uint32_t *nr)
{
    const json_t *selector = json_object_get(term, "labelSelector"), *space;
    const json_t *spaces = json_object_get(term, "namespaces");
    enum status st = ST_OK;
    size_t i;

    *nr = 0;
    if (json_array_size(spaces) == 0)
        return members(im, pods, of->name_space ? of->name_space : "", selector, list, nr);
    json_array_foreach(spaces, i, space)
    {
        if (json_is_string(space) && st == ST_OK)
            st = members(im, pods, json_string_value(space), selector, list, nr);
    }
    return st;
}

static enum status add_group(struct import *im, const struct imp_vm *vm, const json_t *term,
                             const char *kind, bool must, const char *text, struct pods *pods)
{
    struct strbuf list = STRBUF_INIT;
    struct group *g = arena_alloc(im->arena, sizeof(*g));
    char *from = imp_format(im, "@spec.affinity of VM %s", vm->s.name);
    enum status st;
    uint32_t nr;

    if (!g || !from || !(g->text = arena_strdup(im->arena, text)))
        return imp_no_memory(im);
    HASH_ADD_KEYPTR(hh, pods->groups, g->text, strlen(g->text), g);
    st = all_members(im, pods, vm, term, &list, &nr);
    if (st == ST_OK && list.len > IMP_LIST_MAX) {
        imp_note(im, "affinity groups of too many VMs for one line, left out");
    } else if (st == ST_OK && nr >= 2) {
        char *title = imp_format(im, "affinity group-%u", HASH_COUNT(pods->groups));

        g->section = title ? imp_settings_add(im, title) : NULL;
        if (!g->section)
            st = imp_no_memory(im);
        else if ((st = imp_set(im, g->section, "vm", from, "%s", strbuf_text(&list))) == ST_OK &&
                 (st = imp_set(im, g->section, "kind", from, "%s", kind)) == ST_OK)
            st = imp_set(im, g->section, "must", from, "%s", must ? "on" : "off");
    }
    strbuf_release(&list);
    return st;
}

/* Terms of one list; a weighted term has the term inside. */
static enum status pod_terms(struct import *im, struct pods *pods, const struct imp_vm *vm,
                             const json_t *terms, const char *kind, bool must)
{
    const json_t *outer;
    enum status st = ST_OK;
    size_t i;

    json_array_foreach(terms, i, outer)
    {
        const json_t *term = must ? outer : json_object_get(outer, "podAffinityTerm");
        const char *domain = imp_text(json_object_get(term, "topologyKey"));
        struct group *g;
        char *dump, *text;

        if (!domain || strcmp(domain, "kubernetes.io/hostname") != 0) {
            imp_note(im, "affinity terms over %.60s, not used", domain ? domain : "nothing");
            continue;
        }
        if (json_object_get(term, "namespaceSelector"))
            imp_note(im, "affinity terms with a namespaceSelector: own namespace taken");
        dump = json_dumps(term, JSON_COMPACT | JSON_SORT_KEYS);
        text = dump ? imp_format(im, "%s %s %s", kind, vm->name_space ? vm->name_space : "", dump)
                    : NULL;
        free(dump);
        if (!text)
            return imp_no_memory(im);
        HASH_FIND_STR(pods->groups, text, g);
        if (!g && (st = add_group(im, vm, term, kind, must, text, pods)) != ST_OK)
            return st;
    }
    return st;
}

static enum status pod_affinity(struct import *im, struct pods *pods, const struct imp_vm *vm)
{
    static const struct {
        const char *key, *kind;
    } sides[] = {{"podAntiAffinity", "apart"}, {"podAffinity", "together"}};
    enum status st = ST_OK;

    for (size_t i = 0; i < 2 && st == ST_OK; i++) {
        const json_t *side = imp_at(vm->affinity, sides[i].key, NULL);

        st = pod_terms(im, pods, vm,
                       json_object_get(side, "requiredDuringSchedulingIgnoredDuringExecution"),
                       sides[i].kind, true);
        if (st == ST_OK)
            st = pod_terms(im, pods, vm,
                           json_object_get(side, "preferredDuringSchedulingIgnoredDuringExecution"),
                           sides[i].kind, false);
    }
    return st;
}

enum status kube_affinity_finish(struct import *im)
{
    struct expression *expressions = NULL;
    struct pods pods = {NULL, NULL};
    enum status st = ST_OK;
    bool any = false;

    for (const struct imp_vm *vm = im->vms; vm; vm = vm->next)
        any |= vm->affinity != NULL;
    if (any)
        st = index_labels(im, &pods);
    for (struct imp_vm *vm = im->vms; vm && st == ST_OK; vm = vm->next) {
        if (!vm->affinity)
            continue;
        st = node_affinity(im, &expressions, vm);
        if (st == ST_OK)
            st = pod_affinity(im, &pods, vm);
    }
    HASH_CLEAR(hh, expressions);
    HASH_CLEAR(hh, pods.groups);
    HASH_CLEAR(hh, pods.index);
    return st;
}
