/*
 * scenario_resolve_place.c - what placement asks of hosts and VMs, as shared sets; affinity groups.
 *
 * Sections that say the same share a set.  What no VM asks for is left out of the hosts' sets, so
 * that a label of its own on each host does not make each host a case of its own.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

const struct host_attrs host_attrs_none = {
    .cpu_model = "", .vendor = "", .microcode = "", .kernel = "", .numa_nodes = 1};
const struct vm_attrs vm_attrs_none = {.cpu_model = "", .ha = true};

/* ---- lists ---- */

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each word once. */
static enum status sort_list(struct scn_resolver *r, struct option_list *list)
{
    const char **items;
    uint32_t nr = 0;

    if (list->nr < 2)
        return ST_OK;
    items = arena_array(r->arena, list->nr, sizeof(*items));
    if (!items)
        return scn_out_of_memory(r->diag);
    memcpy(items, list->items, list->nr * sizeof(*items));
    qsort(items, list->nr, sizeof(*items), compare_words);
    for (uint32_t i = 0; i < list->nr; i++)
        if (nr == 0 || strcmp(items[nr - 1], items[i]) != 0)
            items[nr++] = items[i];
    list->items = items;
    list->nr = nr;
    return ST_OK;
}

static enum status sort_lists(struct scn_resolver *r, struct option_list *const lists[], size_t nr)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < nr && st == ST_OK; i++)
        st = sort_list(r, lists[i]);
    return st;
}

/* ---- racks and devices ---- */

/* The number of a name in a list that grows; UINT32_MAX with ST_OK when @limit is reached. */
static enum status number_name(struct scn_resolver *r, struct scn_names *names, const char *name,
                               uint32_t limit, uint32_t *index)
{
    *index = name_index_find(&names->index, name);
    if (*index != NAME_NONE)
        return ST_OK;
    if (names->nr == limit)
        return ST_OK;
    if (names->nr == names->cap) {
        uint32_t cap = names->cap ? names->cap * 2 : 16;
        const char **more = arena_array(r->arena, cap, sizeof(*more));

        if (!more)
            return scn_out_of_memory(r->diag);
        if (names->nr)
            memcpy(more, names->names, names->nr * sizeof(*more));
        names->names = more;
        names->cap = cap;
    }
    if (!name_index_add(&names->index, r->arena, name, names->nr))
        return scn_out_of_memory(r->diag);
    *index = names->nr;
    names->names[names->nr++] = name;
    return ST_OK;
}

enum status scn_find_rack(struct scn_resolver *r, const char *name, uint32_t *rack)
{
    *rack = UINT32_MAX;
    return name[0] ? number_name(r, &r->racks, name, UINT32_MAX, rack) : ST_OK;
}

/* "a100:4" or "a100", as "GPU a100" and 4. */
static enum status read_device(struct scn_resolver *r, const struct scn_section *s, const char *key,
                               const char *sort, const char *item, const char **name, uint32_t *nr)
{
    const char *colon = strrchr(item, ':');
    size_t len = colon ? (size_t)(colon - item) : strlen(item);
    struct strbuf text = STRBUF_INIT;
    double number = 1.0;

    if (len == 0 || len > 64 ||
        (colon && (units_parse_double(colon + 1, &number, r->diag) != ST_OK || number < 1.0 ||
                   number > 100000.0 || number != (double)(uint32_t)number))) {
        scn_fail(s, key, r->diag, "'%s' is not KIND or KIND:NUMBER", item);
        diag_hint(r->diag, "write a100:4");
        return ST_EINPUT;
    }
    *nr = (uint32_t)number;
    strbuf_addf(&text, "%s %.*s", sort, (int)len, item);
    *name = strbuf_failed(&text) ? NULL : arena_strdup(r->arena, strbuf_text(&text));
    strbuf_release(&text);
    return *name ? ST_OK : scn_out_of_memory(r->diag);
}

struct amounts {
    uint32_t nr[RESOURCES_MAX];
};

static enum status add_devices(struct scn_resolver *r, const struct scn_section *s, const char *key,
                               const struct option_list *list, const char *sort, bool of_vm,
                               struct amounts *to, uint32_t *total)
{
    for (uint32_t i = 0; i < list->nr; i++) {
        const char *name;
        uint32_t nr, resource;
        enum status st = read_device(r, s, key, sort, list->items[i], &name, &nr);

        if (st == ST_OK && of_vm)
            st = number_name(r, &r->resources, name, RESOURCES_MAX, &resource);
        else if (st == ST_OK)
            resource = name_index_find(&r->resources.index, name);
        if (st != ST_OK)
            return st;
        if (of_vm && resource == UINT32_MAX)
            return scn_fail(s, key, r->diag, "more than %d kinds of devices", RESOURCES_MAX);
        if (resource != UINT32_MAX) /* else no VM asks for it */
            to->nr[resource] += nr;
        *total += nr;
    }
    return ST_OK;
}

static enum status keep_amounts(struct scn_resolver *r, const struct amounts *from, uint32_t *nr,
                                const struct attr_amount **out)
{
    struct attr_amount *all;

    *nr = 0;
    for (uint32_t i = 0; i < RESOURCES_MAX; i++)
        *nr += from->nr[i] != 0;
    all = arena_array(r->arena, *nr, sizeof(*all));
    if (!all)
        return scn_out_of_memory(r->diag);
    *out = all;
    for (uint32_t i = 0; i < RESOURCES_MAX; i++)
        if (from->nr[i])
            *all++ = (struct attr_amount){.resource = i, .nr = from->nr[i]};
    return ST_OK;
}

/* These are there in every scenario, in the order of the enum. */
static enum status fixed_resources(struct scn_resolver *r)
{
    static const char *const names[RESOURCE_NAMED] = {"huge pages of 2 MiB", "huge pages of 1 GiB",
                                                      "virtual functions"};
    uint32_t index;
    enum status st = ST_OK;

    for (uint32_t i = 0; r->resources.nr < RESOURCE_NAMED && i < RESOURCE_NAMED && st == ST_OK; i++)
        st = number_name(r, &r->resources, names[i], RESOURCES_MAX, &index);
    return st;
}

/* ---- sets ---- */

/* What the rows of @table say, as text: the same text, the same set. */
static enum status set_key(struct scn_resolver *r, const struct option_table *table,
                           const void *decl, const char **key)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < table->nr; i++) {
        option_print(&table->rows[i], decl, &text);
        strbuf_addch(&text, '\n');
    }
    *key = strbuf_failed(&text) ? NULL : arena_strdup(r->arena, strbuf_text(&text));
    strbuf_release(&text);
    return *key ? ST_OK : scn_out_of_memory(r->diag);
}

/* True when @key is new; *index is its set either way. */
static enum status number_set(struct scn_resolver *r, struct scn_sets *sets, const char *key,
                              size_t size, uint32_t *index, bool *fresh)
{
    *index = name_index_find(&sets->index, key);
    *fresh = *index == NAME_NONE;
    if (!*fresh)
        return ST_OK;
    if (sets->nr == sets->cap) {
        uint32_t cap = sets->cap ? sets->cap * 2 : 16;
        void *more = arena_array(r->arena, cap, size);

        if (!more)
            return scn_out_of_memory(r->diag);
        if (sets->nr)
            memcpy(more, sets->sets, sets->nr * size);
        sets->sets = more;
        sets->cap = cap;
    }
    *index = sets->nr++;
    return name_index_add(&sets->index, r->arena, key, *index) ? ST_OK : scn_out_of_memory(r->diag);
}

static const struct {
    const char *word;
    enum cpu_mode mode;
} cpu_words[] = {
    {"any", CPU_ANY}, {"host-model", CPU_HOST_MODEL}, {"host-passthrough", CPU_PASSTHROUGH}};

static enum status make_vm_attrs(struct scn_resolver *r, const struct scn_section *s,
                                 const struct scn_vm_place_decl *d, struct vm_attrs *a)
{
    struct amounts amounts = {{0}};
    enum status st;

    *a = (struct vm_attrs){.cpu_mode = CPU_NAMED,
                           .cpu_model = d->cpu_model,
                           .features = d->features,
                           .needs = d->needs,
                           .tolerates = d->tolerates,
                           .labels = d->labels,
                           .storage = d->storage,
                           .networks = d->networks,
                           .sriov = d->sriov,
                           .bits = d->bits,
                           .priority = d->priority,
                           .migratable = d->migratable,
                           .huge_pages = d->huge_pages,
                           .one_numa_node = d->one_numa_node,
                           .pinned = d->pinned,
                           .sriov_failover = d->sriov_failover,
                           .ha = d->ha};
    for (size_t i = 0; i < sizeof(cpu_words) / sizeof(cpu_words[0]); i++)
        if (strcmp(d->cpu_model, cpu_words[i].word) == 0)
            a->cpu_mode = cpu_words[i].mode;
    amounts.nr[RESOURCE_SRIOV] = d->sriov;
    st = fixed_resources(r);
    if (st == ST_OK)
        st = add_devices(r, s, "gpus", &d->gpus, "GPU", true, &amounts, &a->gpus);
    if (st == ST_OK)
        st = add_devices(r, s, "devices", &d->devices, "device", true, &amounts, &a->devices);
    return st == ST_OK ? keep_amounts(r, &amounts, &a->nr_amounts, &a->amounts) : st;
}

enum status scn_vm_attrs(struct scn_resolver *r, const struct scn_section *s,
                         struct scn_vm_place_decl *d, uint32_t *index)
{
    struct option_list *const lists[] = {&d->features, &d->needs, &d->tolerates, &d->storage,
                                         &d->networks, &d->gpus,  &d->devices,   &d->labels};
    enum status st = sort_lists(r, lists, sizeof(lists) / sizeof(lists[0]));
    struct vm_attrs *all;
    const char *key;
    bool fresh;

    if (st == ST_OK)
        st = set_key(r, &scn_vm_place_options, d, &key);
    if (st == ST_OK)
        st = number_set(r, &r->vm_sets, key, sizeof(struct vm_attrs), index, &fresh);
    if (st != ST_OK || !fresh)
        return st;
    all = r->vm_sets.sets;
    return make_vm_attrs(r, s, d, &all[*index]);
}

/* ---- hosts, once the VMs are known ---- */

/* The keys of the labels that some VM looks at: "zone" of "!zone=a". */
static enum status needed_keys(struct scn_resolver *r, struct name_index *keys)
{
    const struct vm_attrs *all = r->vm_sets.sets;

    for (uint32_t i = 0; i < r->vm_sets.nr; i++) {
        for (uint32_t k = 0; k < all[i].needs.nr; k++) {
            const char *need = all[i].needs.items[k] + (all[i].needs.items[k][0] == '!');
            char *key = arena_strndup(r->arena, need, strcspn(need, "="));

            if (!key)
                return scn_out_of_memory(r->diag);
            if (name_index_find(keys, key) == NAME_NONE && !name_index_add(keys, r->arena, key, i))
                return scn_out_of_memory(r->diag);
        }
    }
    return ST_OK;
}

static enum status drop_labels(struct scn_resolver *r, const struct name_index *keys,
                               struct option_list *labels)
{
    const char **kept = arena_array(r->arena, labels->nr, sizeof(*kept));
    uint32_t nr = 0;

    if (!kept)
        return scn_out_of_memory(r->diag);
    for (uint32_t i = 0; i < labels->nr; i++) {
        char key[256];
        size_t len = strcspn(labels->items[i], "=");

        if (len >= sizeof(key))
            continue;
        memcpy(key, labels->items[i], len);
        key[len] = '\0';
        if (name_index_find(keys, key) != NAME_NONE)
            kept[nr++] = labels->items[i];
    }
    *labels = (struct option_list){.nr = nr, .items = kept};
    return ST_OK;
}

static enum status make_host_attrs(struct scn_resolver *r, const struct scn_section *s,
                                   const struct scn_host_place_decl *d, struct host_attrs *a)
{
    struct amounts amounts = {{0}};
    uint32_t total = 0;
    enum status st;

    *a = (struct host_attrs){.cpu_model = d->cpu_model,
                             .vendor = d->vendor,
                             .microcode = d->microcode,
                             .kernel = d->kernel,
                             .cpu_models = d->cpu_models,
                             .features = d->features,
                             .labels = d->labels,
                             .taints = d->taints,
                             .storage = d->storage,
                             .networks = d->networks,
                             .bits = d->bits,
                             .numa_nodes = d->numa_nodes,
                             .nx = d->nx};
    amounts.nr[RESOURCE_PAGES_2M] = (uint32_t)(d->pages_2m_bytes / (2 * MIB));
    amounts.nr[RESOURCE_PAGES_1G] = (uint32_t)(d->pages_1g_bytes / GIB);
    amounts.nr[RESOURCE_SRIOV] = d->sriov;
    st = add_devices(r, s, "gpus", &d->gpus, "GPU", false, &amounts, &total);
    if (st == ST_OK)
        st = add_devices(r, s, "devices", &d->devices, "device", false, &amounts, &total);
    return st == ST_OK ? keep_amounts(r, &amounts, &a->nr_amounts, &a->amounts) : st;
}

static enum status host_attrs(struct scn_resolver *r, const struct scn_section *s,
                              const struct name_index *keys, uint32_t *index)
{
    struct scn_host_place_decl *d = &r->host_places[s->nr];
    struct option_list *const lists[] = {&d->cpu_models, &d->features, &d->labels, &d->taints,
                                         &d->storage,    &d->networks, &d->gpus,   &d->devices};
    enum status st = sort_lists(r, lists, sizeof(lists) / sizeof(lists[0]));
    struct host_attrs *all;
    const char *key;
    bool fresh;

    d->rack = ""; /* it has its own place */
    if (st == ST_OK)
        st = drop_labels(r, keys, &d->labels);
    if (st == ST_OK)
        st = set_key(r, &scn_host_place_options, d, &key);
    if (st == ST_OK)
        st = number_set(r, &r->host_sets, key, sizeof(struct host_attrs), index, &fresh);
    if (st != ST_OK || !fresh)
        return st;
    all = r->host_sets.sets;
    return make_host_attrs(r, s, d, &all[*index]);
}

/* ---- affinity groups ---- */

static enum status one_affinity(struct scn_resolver *r, struct scn_section *s,
                                struct scn_affinity *group, uint32_t *members, uint32_t nr)
{
    struct scn_affinity_decl decl;
    enum status st = scn_fill(r, SCN_AFFINITY, s, &decl);

    if (st == ST_OK)
        st = scn_match_vms(r, s, &decl.vms);
    if (st != ST_OK)
        return st;
    if (r->nr_matches < 2)
        return scn_fail(s, "vm", r->diag, "a group needs two VMs");
    *group = (struct scn_affinity){.name = s->name,
                                   .kind = decl.kind,
                                   .within = decl.within,
                                   .must = decl.must,
                                   .nr_vms = r->nr_matches};
    s->first_made = nr;
    s->nr_made = 1;
    for (uint32_t i = 0; i < r->nr_matches; i++)
        members[r->matches[i]]++;
    return ST_OK;
}

/* Lists the groups of each VM: counted, then filled from behind. */
static enum status list_groups(struct scn_resolver *r, uint32_t *first, uint32_t nr_vms)
{
    struct scn_place *p = &r->sc->place;
    uint32_t total = 0, *groups;

    for (uint32_t i = 0; i < nr_vms; i++) {
        total += first[i];
        first[i] = total;
    }
    first[nr_vms] = total;
    groups = arena_array(r->arena, total, sizeof(*groups));
    if (!groups)
        return scn_out_of_memory(r->diag);
    for (const struct scn_section *s = r->doc->first[SCN_AFFINITY]; s; s = s->next) {
        struct scn_affinity_decl decl;
        enum status st = scn_section_fill(r->doc, SCN_AFFINITY, s, &decl, r->arena, r->diag);

        if (st == ST_OK)
            st = scn_match_vms(r, s, &decl.vms);
        if (st != ST_OK)
            return st;
        for (uint32_t i = 0; i < r->nr_matches; i++)
            groups[--first[r->matches[i]]] = s->first_made;
    }
    p->vm_affinity_first = first;
    p->vm_affinities = groups;
    return ST_OK;
}

static enum status resolve_affinities(struct scn_resolver *r)
{
    uint32_t sections = r->doc->nr[SCN_AFFINITY], nr = 0, nr_vms = r->sc->nr_vms, *first;
    struct scn_affinity *all;
    enum status st = ST_OK;

    if (sections == 0)
        return ST_OK;
    all = arena_array(r->arena, sections, sizeof(*all));
    first = arena_array(r->arena, (size_t)nr_vms + 1, sizeof(*first));
    if (!all || !first)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_AFFINITY]; s && st == ST_OK; s = s->next, nr++)
        st = one_affinity(r, s, &all[nr], first, nr);
    r->sc->place.affinities = all;
    r->sc->place.nr_affinities = nr;
    return st == ST_OK ? list_groups(r, first, nr_vms) : st;
}

enum status scn_resolve_place(struct scn_resolver *r)
{
    struct scn_place *p = &r->sc->place;
    struct name_index keys = {0};
    enum status st = fixed_resources(r);

    if (st == ST_OK)
        st = needed_keys(r, &keys);
    for (struct scn_section *s = r->doc->first[SCN_HOST]; s && st == ST_OK; s = s->next) {
        uint32_t index = 0;

        st = host_attrs(r, s, &keys, &index);
        for (uint32_t h = 0; h < s->nr_made; h++)
            r->sc->hosts[s->first_made + h].attrs = index;
    }
    if (st == ST_OK)
        st = resolve_affinities(r);
    p->host_attrs = r->host_sets.sets;
    p->nr_host_attrs = r->host_sets.nr;
    p->vm_attrs = r->vm_sets.sets;
    p->nr_vm_attrs = r->vm_sets.nr;
    p->resources = r->resources.names;
    p->nr_resources = r->resources.nr;
    p->racks = r->racks.names;
    p->nr_racks = r->racks.nr;
    return st;
}
