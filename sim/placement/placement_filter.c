/*
 * placement_filter.c - the reasons for which a host will not do, one row each.
 *
 * Rows that look at attributes only are asked once per class of hosts; the others once per
 * candidate.  A platform switches rows off by cluster_rules.filters_off.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/placement/placement_int.h"

#include "base/banned.h"

/* ---- lists ---- */

static bool has_word(const struct option_list *list, const char *word)
{
    uint32_t low = 0, high = list->nr;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = strcmp(list->items[mid], word);

        if (order == 0)
            return true;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* The first of @wanted that @list lacks; NULL = none. */
static const char *first_missing(const struct option_list *wanted, const struct option_list *list)
{
    for (uint32_t i = 0; i < wanted->nr; i++)
        if (!has_word(list, wanted->items[i]))
            return wanted->items[i];
    return NULL;
}

/* Is there KEY, or KEY=VALUE, as @need says? */
static bool label_there(const struct option_list *labels, const char *need)
{
    size_t len = strlen(need);

    if (strchr(need, '='))
        return has_word(labels, need);
    for (uint32_t i = 0; i < labels->nr; i++)
        if (strncmp(labels->items[i], need, len) == 0 &&
            (labels->items[i][len] == '\0' || labels->items[i][len] == '='))
            return true;
    return false;
}

static const char *unmet_need(const struct vm_attrs *vm, const struct host_attrs *host)
{
    for (uint32_t i = 0; i < vm->needs.nr; i++) {
        const char *need = vm->needs.items[i];
        bool not = need[0] == '!';

        if (label_there(&host->labels, need + not ) == not )
            return need;
    }
    return NULL;
}

static bool tolerated(const struct vm_attrs *vm, const char *taint)
{
    size_t key = strcspn(taint, "=");

    for (uint32_t i = 0; i < vm->tolerates.nr; i++) {
        const char *t = vm->tolerates.items[i];

        if (strcmp(t, "*") == 0 || strcmp(t, taint) == 0 ||
            (strlen(t) == key && strncmp(t, taint, key) == 0))
            return true;
    }
    return false;
}

/* ---- by attributes ---- */

static bool differ(const char *a, const char *b)
{
    return a[0] && b[0] && strcmp(a, b) != 0;
}

static bool taint(const struct ask *a, const struct host_attrs *h)
{
    for (uint32_t i = 0; i < h->taints.nr; i++)
        if (!tolerated(a->attrs, h->taints.items[i]))
            return true;
    return false;
}

static bool label(const struct ask *a, const struct host_attrs *h)
{
    return unmet_need(a->attrs, h) != NULL;
}

static bool bits(const struct ask *a, const struct host_attrs *h)
{
    return a->attrs->bits == 64 && h->bits == 32;
}

static bool vendor(const struct ask *a, const struct host_attrs *h)
{
    return a->live && differ(a->home->vendor, h->vendor);
}

/* Models that a host gives to guests are its own and those it lists. */
static bool cpu_model(const struct ask *a, const struct host_attrs *h)
{
    const char *model = a->attrs->cpu_model;

    switch (a->attrs->cpu_mode) {
    case CPU_HOST_MODEL:
        model = a->live ? a->home->cpu_model : "";
        break;
    case CPU_PASSTHROUGH:
        return a->live && (strcmp(a->home->cpu_model, h->cpu_model) != 0 ||
                           differ(a->home->microcode, h->microcode) ||
                           first_missing(&a->home->features, &h->features));
    case CPU_ANY:
        return false;
    case CPU_NAMED:
    case CPU_MODE_NR:
        break;
    }
    return model[0] && strcmp(model, h->cpu_model) != 0 && !has_word(&h->cpu_models, model);
}

static bool cpu_features(const struct ask *a, const struct host_attrs *h)
{
    return first_missing(&a->attrs->features, &h->features) != NULL;
}

static bool same_cpu(const struct ask *a, const struct host_attrs *h)
{
    return a->live && differ(a->home->cpu_model, h->cpu_model);
}

static bool microcode(const struct ask *a, const struct host_attrs *h)
{
    return a->live && differ(a->home->microcode, h->microcode);
}

static bool same_kernel(const struct ask *a, const struct host_attrs *h)
{
    return a->live && differ(a->home->kernel, h->kernel);
}

static bool older(const struct ask *a, const struct host_attrs *h)
{
    return a->live && a->home->kernel[0] && h->kernel[0] &&
           strverscmp(h->kernel, a->home->kernel) < 0;
}

static bool nx(const struct ask *a, const struct host_attrs *h)
{
    return a->live && a->home->nx != NX_UNKNOWN && h->nx != NX_UNKNOWN && a->home->nx != h->nx;
}

static bool storage(const struct ask *a, const struct host_attrs *h)
{
    return first_missing(&a->attrs->storage, &h->storage) != NULL;
}

static bool network(const struct ask *a, const struct host_attrs *h)
{
    return first_missing(&a->attrs->networks, &h->networks) != NULL;
}

static uint32_t amount_of(const struct host_attrs *h, uint32_t resource)
{
    for (uint32_t i = 0; i < h->nr_amounts; i++)
        if (h->amounts[i].resource == resource)
            return h->amounts[i].nr;
    return 0;
}

static bool devices(const struct ask *a, const struct host_attrs *h)
{
    for (uint32_t i = 0; i < a->attrs->nr_amounts; i++)
        if (amount_of(h, a->attrs->amounts[i].resource) < a->attrs->amounts[i].nr)
            return true;
    return false;
}

/* ---- at this moment ---- */

static bool source(const struct ask *a, uint32_t host)
{
    return host == a->source;
}

static bool down(const struct ask *a, uint32_t host)
{
    return a->p->hosts[host].down;
}

static bool cordoned(const struct ask *a, uint32_t host)
{
    return a->p->hosts[host].cordoned;
}

static bool memory(const struct ask *a, uint32_t host)
{
    return a->memory_bytes > 0 &&
           a->p->hosts[host].memory_used + a->memory_bytes > book_capacity(a->p, host);
}

/* Pinned guests have CPUs of their own; the others share the rest. */
static bool cpus(const struct ask *a, uint32_t host)
{
    const struct placement *p = a->p;
    double over = p->rules->cpu_overcommit > 0.0 ? p->rules->cpu_overcommit : 1.0;
    uint64_t has = p->sc->hosts[host].cpus, pinned = p->now.pinned[host];
    uint64_t shared = p->hosts[host].cpus_used - pinned;

    if (has == 0)
        return false;
    if (a->attrs->pinned)
        pinned += a->vcpus;
    else
        shared += a->vcpus;
    return pinned > has || (double)shared > (double)(has - pinned) * over;
}

static uint32_t pages_kind(const struct ask *a)
{
    return a->vm->guest->host_page_bytes == GIB ? RESOURCE_PAGES_1G : RESOURCE_PAGES_2M;
}

static bool huge_pages(const struct ask *a, uint32_t host)
{
    return a->attrs->huge_pages && book_resources(a->p, host, pages_kind(a)) <
                                       a->vm->guest->memory_bytes / a->vm->guest->host_page_bytes;
}

static bool numa(const struct ask *a, uint32_t host)
{
    uint32_t node;

    return a->attrs->one_numa_node &&
           book_numa_room(a->p, host, &node) < a->vm->guest->memory_bytes;
}

static bool devices_taken(const struct ask *a, uint32_t host)
{
    for (uint32_t i = 0; i < a->attrs->nr_amounts; i++)
        if (book_resources(a->p, host, a->attrs->amounts[i].resource) < a->attrs->amounts[i].nr)
            return true;
    return false;
}

/* The group of the VM that @host would break, or INDEX_NONE.  A group that is together may go
 * anywhere while all of it is at the source; once one went, the others follow. */
static uint32_t broken_group(const struct ask *a, enum affinity_kind kind, uint32_t host)
{
    const struct placement *p = a->p;
    const struct scn_place *place = &p->sc->place;
    uint32_t vm = a->job->vm;

    for (uint32_t i = p->nr_groups ? place->vm_affinity_first[vm] : 0;
         p->nr_groups && i < place->vm_affinity_first[vm + 1]; i++) {
        uint32_t group = place->vm_affinities[i];
        const struct scn_affinity *g = &place->affinities[group];
        uint32_t here = book_group(p, group, host), at_source = 0, self = 0;

        if (g->kind != kind || (!g->must && !a->wishes_too))
            continue;
        if (a->source != HOST_NONE) {
            at_source = book_group(p, group, a->source);
            self = book_place(p, group, a->source) == book_place(p, group, host);
        }
        if (kind == AFFINITY_APART && here > self)
            return group;
        if (kind == AFFINITY_TOGETHER && here == self &&
            (g->within == WITHIN_RACK ? p->now.group_total[group] > (a->source != HOST_NONE)
                                      : p->now.group_total[group] > at_source))
            return group;
    }
    return INDEX_NONE;
}

static bool apart(const struct ask *a, uint32_t host)
{
    return broken_group(a, AFFINITY_APART, host) != INDEX_NONE;
}

static bool together(const struct ask *a, uint32_t host)
{
    return broken_group(a, AFFINITY_TOGETHER, host) != INDEX_NONE;
}

static bool failed_before(const struct ask *a, uint32_t host)
{
    return a->p->rules->retry_other_host && a->job->wanted == HOST_NONE && job_tried(a->job, host);
}

static bool below(uint32_t nr, uint32_t limit)
{
    return limit == 0 || nr < limit;
}

static bool busy(const struct ask *a, uint32_t host)
{
    const struct host_state *h = &a->p->hosts[host];
    const struct cluster_rules *r = a->p->rules;

    return a->slots_count && (!below(h->in, h->max_in ? h->max_in : r->max_in) ||
                              !below(h->in + h->out, r->max_per_host));
}

/* ---- words ---- */

static void add_list(struct strbuf *out, const char *one, const char *many,
                     const struct option_list *list)
{
    if (list->nr == 1)
        strbuf_addf(out, "%s %s", one, list->items[0]);
    else
        strbuf_addf(out, "%s %s and %u more", many, list->items[0], list->nr - 1);
}

static void label_words(const struct ask *a, struct strbuf *out)
{
    add_list(out, "label", "one of the labels", &a->attrs->needs);
}

static void model_words(const struct ask *a, struct strbuf *out)
{
    if (a->attrs->cpu_mode == CPU_PASSTHROUGH)
        strbuf_addstr(out, "the very CPU");
    else
        strbuf_addf(out, "CPU model %s",
                    a->attrs->cpu_mode == CPU_HOST_MODEL ? a->home->cpu_model
                                                         : a->attrs->cpu_model);
}

static void features_words(const struct ask *a, struct strbuf *out)
{
    add_list(out, "CPU feature", "one of the CPU features", &a->attrs->features);
}

static void storage_words(const struct ask *a, struct strbuf *out)
{
    add_list(out, "storage", "one of the storage domains", &a->attrs->storage);
}

static void network_words(const struct ask *a, struct strbuf *out)
{
    add_list(out, "network", "one of the networks", &a->attrs->networks);
}

static void devices_words(const struct ask *a, struct strbuf *out)
{
    const struct attr_amount *first = &a->attrs->amounts[0];

    strbuf_addf(out, "%u %s", first->nr, a->p->sc->place.resources[first->resource]);
    if (a->attrs->nr_amounts > 1)
        strbuf_addf(out, " or one of %u other devices", a->attrs->nr_amounts - 1);
}

static void memory_words(const struct ask *a, struct strbuf *out)
{
    char text[UNITS_TEXT];

    strbuf_addstr(out, units_size(text, a->vm->guest->memory_bytes));
}

static void cpus_words(const struct ask *a, struct strbuf *out)
{
    strbuf_addf(out, "%u %s", a->vcpus, a->attrs->pinned ? "free CPUs" : "vCPUs");
}

static void huge_words(const struct ask *a, struct strbuf *out)
{
    memory_words(a, out);
    strbuf_addf(out, " in %s", a->p->sc->place.resources[pages_kind(a)]);
}

static void numa_words(const struct ask *a, struct strbuf *out)
{
    memory_words(a, out);
    strbuf_addstr(out, " in one NUMA node");
}

/* ---- the table ---- */

struct filter {
    const char *word; /* in [cluster] skip_checks; NULL = cannot be skipped */
    bool (*of_class)(const struct ask *a, const struct host_attrs *h);
    bool (*of_host)(const struct ask *a, uint32_t host);
    const char *one, *many; /* what 1 host, what 2 hosts do */
    void (*words)(const struct ask *a, struct strbuf *out);
};

/* clang-format off */
static const struct filter filters[REFUSE_NR] = {
    [REFUSE_TAINT]         = {"taints", taint, NULL, "has a taint that it does not tolerate", "have a taint that it does not tolerate", NULL},
    [REFUSE_LABEL]         = {"labels", label, NULL, "lacks", "lack", label_words},
    [REFUSE_BITS]          = {"bits", bits, NULL, "has 32 bits", "have 32 bits", NULL},
    [REFUSE_VENDOR]        = {"vendor", vendor, NULL, "has a CPU of another vendor", "have a CPU of another vendor", NULL},
    [REFUSE_CPU_MODEL]     = {"cpu_model", cpu_model, NULL, "lacks", "lack", model_words},
    [REFUSE_CPU_FEATURES]  = {"cpu_features", cpu_features, NULL, "lacks", "lack", features_words},
    [REFUSE_SAME_CPU]      = {"same_cpu", same_cpu, NULL, "has another CPU model", "have another CPU model", NULL},
    [REFUSE_MICROCODE]     = {"microcode", microcode, NULL, "has other microcode", "have other microcode", NULL},
    [REFUSE_SAME_KERNEL]   = {"same_kernel", same_kernel, NULL, "runs another kernel", "run another kernel", NULL},
    [REFUSE_OLDER]         = {"not_older", older, NULL, "runs an older kernel", "run an older kernel", NULL},
    [REFUSE_NX]            = {"nx", nx, NULL, "differs in the NX bit", "differ in the NX bit", NULL},
    [REFUSE_STORAGE]       = {"storage_domains", storage, NULL, "lacks", "lack", storage_words},
    [REFUSE_NETWORK]       = {"guest_networks", network, NULL, "lacks", "lack", network_words},
    [REFUSE_DEVICES]       = {NULL, devices, NULL, "lacks", "lack", devices_words},
    [REFUSE_SOURCE]        = {NULL, NULL, source, "is the source", "are the source", NULL},
    [REFUSE_DOWN]          = {NULL, NULL, down, "is down", "are down", NULL},
    [REFUSE_CORDONED]      = {NULL, NULL, cordoned, "is cordoned", "are cordoned", NULL},
    [REFUSE_MEMORY]        = {NULL, NULL, memory, "short of", "short of", memory_words},
    [REFUSE_CPUS]          = {"cpus", NULL, cpus, "short of", "short of", cpus_words},
    [REFUSE_HUGE_PAGES]    = {NULL, NULL, huge_pages, "short of", "short of", huge_words},
    [REFUSE_NUMA]          = {"numa", NULL, numa, "short of", "short of", numa_words},
    [REFUSE_DEVICES_TAKEN] = {NULL, NULL, devices_taken, "has not free", "have not free", devices_words},
    [REFUSE_APART]         = {"affinity", NULL, apart, "has one that it must be apart from", "have one that it must be apart from", NULL},
    [REFUSE_TOGETHER]      = {"affinity", NULL, together, "is away from those it must be with", "are away from those it must be with", NULL},
    [REFUSE_FAILED_BEFORE] = {NULL, NULL, failed_before, "failed the last time", "failed the last time", NULL},
    [REFUSE_BUSY]          = {NULL, NULL, busy, "takes no more migrations now", "take no more migrations now", NULL},
};
/* clang-format on */

enum refusal filter_class(const struct ask *a, uint32_t class_id)
{
    const struct host_attrs *h = &a->p->host_attrs[class_id];

    for (uint32_t f = 0; f < REFUSE_NR; f++)
        if (filters[f].of_class && !(a->p->filters_off & 1u << f) && filters[f].of_class(a, h))
            return (enum refusal)f;
    return REFUSE_NOT;
}

enum refusal filter_host(const struct ask *a, uint32_t host)
{
    for (uint32_t f = REFUSE_SOURCE; f < REFUSE_NR; f++) /* those before it judge classes alone */
        if (filters[f].of_host && !(a->p->filters_off & 1u << f) && filters[f].of_host(a, host))
            return (enum refusal)f;
    return REFUSE_NOT;
}

void filter_words(const struct ask *a, enum refusal why, uint32_t nr, struct strbuf *out)
{
    if (nr)
        strbuf_addf(out, "%u ", nr);
    strbuf_addstr(out, nr > 1 ? filters[why].many : filters[why].one);
    if (!filters[why].words)
        return;
    strbuf_addch(out, ' ');
    filters[why].words(a, out);
}

enum status placement_filters(const struct option_list *words, uint32_t *mask, struct diag *diag)
{
    *mask = 0;
    for (uint32_t i = 0; i < words->nr; i++) {
        struct option_nearest best = {.word = words->items[i]};
        uint32_t hit = 0;

        for (uint32_t f = 0; f < REFUSE_NR; f++) {
            if (!filters[f].word)
                continue;
            option_nearest_offer(&best, filters[f].word);
            if (strcmp(filters[f].word, words->items[i]) == 0)
                hit |= 1u << f;
        }
        if (!hit) {
            diag_set(diag, ST_EINPUT, "there is no check called '%s'", words->items[i]);
            if (best.best)
                diag_hint(diag, "did you mean '%s'?", best.best);
            else
                diag_hint(diag, "as cpu_model, labels or affinity");
            return ST_EINPUT;
        }
        *mask |= hit;
    }
    return ST_OK;
}
