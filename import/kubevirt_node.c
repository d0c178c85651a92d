/*
 * kubevirt_node.c - Node objects as hosts.
 *
 * Memory and CPUs are what Kubernetes lets pods have (allocatable); other pods' share of it is not
 * in these objects.  Of the many labels of KubeVirt's node-labeller a host keeps those that some
 * VM asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "import/kubevirt_int.h"

#include "base/banned.h"

/* The part of @label behind @prefix; NULL when it does not start so. */
static const char *after(const char *label, const char *prefix)
{
    size_t len = strlen(prefix);

    return strncmp(label, prefix, len) == 0 ? label + len : NULL;
}

static enum status read_labels(struct import *im, const struct imp_item *it, struct imp_host *h)
{
    const json_t *labels = imp_at(it->json, "metadata", "labels", NULL);
    enum status st = ST_OK;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)labels, key, value)
    {
        const char *word, *text = imp_text(value) ? imp_text(value) : "";
        char *label;

        if ((word = after(key, "host-model-cpu.node.kubevirt.io/"))) {
            h->cpu_model = arena_strdup(im->arena, word);
            st = imp_list_add(im, &h->models, word);
        } else if ((word = after(key, "cpu-model.node.kubevirt.io/")) ||
                   (word = after(key, "cpu-model-migration.node.kubevirt.io/"))) {
            h->says_cpu = true;
            st = imp_list_add(im, &h->models, word);
        } else if ((word = after(key, "cpu-feature.node.kubevirt.io/"))) {
            st = imp_list_add(im, &h->features, word);
        } else if ((word = after(key, "cpu-vendor.node.kubevirt.io/"))) {
            st = imp_set(im, &h->s, "vendor", "metadata.labels", "%s", imp_word(im, word));
        } else if ((label = imp_format(im, "%s=%s", key, text))) {
            st = imp_list_add(im, &h->labels, label);
        } else {
            st = imp_no_memory(im);
        }
        if (st != ST_OK)
            return st;
    }
    h->says_cpu |= h->cpu_model != NULL;
    return st;
}

/* Where virt-handler does not run no VM can go, whatever the scheduler thinks. */
static bool schedulable(const struct imp_item *it)
{
    const json_t *label =
        json_object_get(imp_at(it->json, "metadata", "labels", NULL), "kubevirt.io/schedulable");

    return imp_true(label);
}

static enum status read_taints(struct import *im, const struct imp_item *it, struct imp_host *h)
{
    const json_t *taints = imp_at(it->json, "spec", "taints", NULL), *taint;
    struct imp_list words = {0};
    enum status st = ST_OK;
    size_t i;

    json_array_foreach(taints, i, taint)
    {
        const char *key = imp_text(json_object_get(taint, "key"));
        const char *value = imp_text(json_object_get(taint, "value"));
        const char *effect = imp_text(json_object_get(taint, "effect"));
        char *word;

        if (!key || (effect && strcmp(effect, "PreferNoSchedule") == 0))
            continue;
        word = imp_format(im, "%s%s%s", key, value ? "=" : "", value ? value : "");
        if (!word || (st = imp_list_add(im, &words, word)) != ST_OK)
            return imp_no_memory(im);
    }
    if (imp_true(imp_at(it->json, "spec", "unschedulable", NULL)) &&
        !imp_list_has(&words, "node.kubernetes.io/unschedulable"))
        st = imp_list_add(im, &words, "node.kubernetes.io/unschedulable");
    h->no_target = !schedulable(it);
    if (st == ST_OK && h->no_target)
        st = imp_list_add(im, &words, "kubevirt.io/schedulable=false");
    if (st == ST_OK && words.nr > 0) {
        char *list = imp_list_join(im, &words);

        st = list ? imp_set(im, &h->s, "taints", "spec.taints", "%s", list) : imp_no_memory(im);
    }
    return st;
}

static enum status read_amounts(struct import *im, const struct imp_item *it, struct imp_host *h)
{
    const json_t *amounts = imp_at(it->json, "status", "allocatable", NULL);
    const char *key;
    json_t *value;

    if (!amounts)
        amounts = imp_at(it->json, "status", "capacity", NULL);
    json_object_foreach((json_t *)(uintptr_t)amounts, key, value)
    {
        char *from = imp_format(im, "status.allocatable.%s", key), *word;
        enum status st = from ? ST_OK : imp_no_memory(im);
        double d = 0.0;

        if (st == ST_OK)
            st = imp_quantity(im, it, value, from, &d);
        if (st != ST_OK)
            return st;
        if (strcmp(key, "memory") == 0) {
            st = imp_host_memory(im, it, h, from, d);
        } else if (strcmp(key, "cpu") == 0 && d >= 1.0 && d <= 100000.0) {
            st = imp_set(im, &h->s, "cpus", from, "%u", (unsigned)d);
        } else if (strcmp(key, "hugepages-2Mi") == 0 && d > 0.0) {
            st = imp_set_size(im, &h->s, "huge_pages_2m", from, d);
        } else if (strcmp(key, "hugepages-1Gi") == 0 && d > 0.0) {
            st = imp_set_size(im, &h->s, "huge_pages_1g", from, d);
        } else if (strchr(key, '/') && !strstr(key, "devices.kubevirt.io/") && d >= 1.0 &&
                   d <= 100000.0) {
            word = imp_format(im, "%s:%.0f", key, d);
            st = word ? imp_list_add(im, &h->resources, word) : imp_no_memory(im);
        }
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status read_addresses(struct import *im, const struct imp_item *it, struct imp_host *h)
{
    const json_t *addresses = imp_at(it->json, "status", "addresses", NULL), *a;
    enum status st = ST_OK;
    size_t i;

    json_array_foreach(addresses, i, a)
    {
        st = imp_host_alias(im, h, imp_text(json_object_get(a, "address")));
        if (st != ST_OK)
            return st;
    }
    return st;
}

enum status kube_node(struct import *im, const struct imp_item *it)
{
    const char *name = imp_text(imp_at(it->json, "metadata", "name", NULL));
    struct imp_host *h;
    enum status st;

    if (!name)
        return imp_fail(im, it, "metadata.name", "a node has a name");
    h = imp_host_new(im, it, name);
    if (!h)
        return imp_no_memory(im);
    if (h->s.rows || h->labels.nr)
        return ST_OK; /* the same node again */
    kube_state(im)->nr_nodes++;
    if ((st = read_amounts(im, it, h)) != ST_OK || (st = read_labels(im, it, h)) != ST_OK ||
        (st = read_taints(im, it, h)) != ST_OK)
        return st;
    return read_addresses(im, it, h);
}

/* ---- once all VMs are known ---- */

static enum status set_joined(struct import *im, struct imp_host *h, const char *key,
                              const char *from, const struct imp_list *list)
{
    char *text = list->nr ? imp_list_join(im, list) : NULL;

    if (list->nr == 0)
        return ST_OK;
    return text ? imp_set(im, &h->s, key, from, "%s", text) : imp_no_memory(im);
}

/* Those of @all that are in @wanted, without doubles. */
static enum status keep_wanted(struct import *im, const struct imp_list *all,
                               struct kube_word *wanted, struct imp_list *kept)
{
    enum status st = ST_OK;

    for (uint32_t i = 0; i < all->nr && st == ST_OK; i++)
        if (kube_wanted(wanted, all->items[i]) && !imp_list_has(kept, all->items[i]))
            st = imp_list_add(im, kept, all->items[i]);
    return st;
}

static bool wanted_device(struct import *im, const char *word, size_t len)
{
    char *kind = imp_format(im, "%.*s", (int)len, word);

    return kind && kube_wanted(kube_state(im)->wanted_devices, kind);
}

static enum status finish_resources(struct import *im, struct imp_host *h)
{
    struct imp_list devices = {0};
    enum status st = ST_OK;
    unsigned long functions = 0;

    for (uint32_t i = 0; i < h->resources.nr && st == ST_OK; i++) {
        const char *word = h->resources.items[i], *number = strrchr(word, ':');

        if (strstr(word, "sriov") || strstr(word, "SRIOV"))
            functions += strtoul(number + 1, NULL, 10);
        else if (wanted_device(im, word, (size_t)(number - word)))
            st = imp_list_add(im, &devices, word);
    }
    if (st == ST_OK && functions > 0 && functions <= 100000) {
        h->has_sriov = true;
        st = imp_set(im, &h->s, "sriov", "status.allocatable", "%lu", functions);
    }
    return st == ST_OK ? set_joined(im, h, "devices", "status.allocatable", &devices) : st;
}

enum status kube_nodes_finish(struct import *im)
{
    struct kube_state *k = kube_state(im);
    enum status st = ST_OK;

    for (struct imp_host *h = im->hosts; h && st == ST_OK; h = h->next)
        if (h->cpu_model)
            st = kube_want(im, &k->wanted_models, h->cpu_model);
    for (struct imp_host *h = im->hosts; h && st == ST_OK; h = h->next) {
        struct imp_list labels = h->extra_labels, models = {0}, features = {0};

        if ((st = keep_wanted(im, &h->labels, k->wanted_labels, &labels)) != ST_OK ||
            (st = keep_wanted(im, &h->models, k->wanted_models, &models)) != ST_OK ||
            (st = keep_wanted(im, &h->features, k->wanted_features, &features)) != ST_OK)
            return st;
        if (h->cpu_model)
            st = imp_set(im, &h->s, "cpu_model", "metadata.labels.host-model-cpu.node.kubevirt.io",
                         "%s", imp_word(im, h->cpu_model));
        if (st == ST_OK)
            st =
                set_joined(im, h, "cpu_models",
                           "metadata.labels.cpu-model*.node.kubevirt.io, those asked for", &models);
        if (st == ST_OK)
            st = set_joined(im, h, "cpu_features",
                            "metadata.labels.cpu-feature.node.kubevirt.io, those asked for",
                            &features);
        if (st == ST_OK)
            st = set_joined(im, h, "labels", "metadata.labels, those asked for", &labels);
        if (st == ST_OK)
            st = finish_resources(im, h);
    }
    return st;
}
