/*
 * kubevirt.c - `kubectl get vmi,vm,nodes,migrationpolicy,kubevirt -A -o json`, or as YAML.
 *
 * Sorts objects by kind; kubevirt_*.c read them.  Harvester is the same with settings of its own.
 * The shapes: kubevirt.io/api/core/v1 types.go, and Kubernetes' core/v1.
 */
#include <string.h>

#include "import/kubevirt_int.h"

#include "base/banned.h"

struct kube_state *kube_state(struct import *im)
{
    struct kube_state *k = im->own;

    if (!k) {
        im->own = k = arena_alloc(im->arena, sizeof(*k));
        if (k)
            k->policies_tail = &k->policies;
    }
    return k;
}

enum status kube_want(struct import *im, struct kube_word **set, const char *text)
{
    struct kube_word *w;

    if (kube_wanted(*set, text))
        return ST_OK;
    w = arena_alloc(im->arena, sizeof(*w));
    if (!w || !(w->text = arena_strdup(im->arena, text)))
        return imp_no_memory(im);
    HASH_ADD_KEYPTR(hh, *set, w->text, strlen(w->text), w);
    return ST_OK;
}

bool kube_wanted(struct kube_word *set, const char *text)
{
    struct kube_word *w;

    HASH_FIND_STR(set, text, w);
    return w != NULL;
}

const char *kube_section(const struct import *im)
{
    return strcmp(im->reader->name, "harvester") == 0 ? "harvester" : "kubevirt";
}

static enum status kube_namespace(struct import *im, const struct imp_item *it)
{
    struct kube_state *k = kube_state(im);
    const char *name = imp_text(imp_at(it->json, "metadata", "name", NULL));
    const json_t *labels = imp_at(it->json, "metadata", "labels", NULL);
    struct kube_namespace *n;
    const char *key;
    json_t *value;

    HASH_FIND_STR(k->namespaces, name ? name : "", n);
    if (!name || n)
        return ST_OK;
    n = arena_alloc(im->arena, sizeof(*n));
    if (!n || !(n->name = arena_strdup(im->arena, name)))
        return imp_no_memory(im);
    json_object_foreach((json_t *)(uintptr_t)labels, key, value)
    {
        char *word = imp_format(im, KUBE_NAMESPACE_LABEL "%s=%s", key,
                                imp_text(value) ? imp_text(value) : "");

        if (!word || imp_list_add(im, &n->labels, word) != ST_OK)
            return imp_no_memory(im);
    }
    HASH_ADD_KEYPTR(hh, k->namespaces, n->name, strlen(n->name), n);
    return ST_OK;
}

/* A VM without its VMI does not run. */
static enum status kube_vm(struct import *im, const struct imp_item *it)
{
    const char *status = imp_text(imp_at(it->json, "status", "printableStatus", NULL));

    if (status && (strcmp(status, "Running") == 0 || strcmp(status, "Migrating") == 0))
        return ST_OK; /* its VMI tells all */
    imp_note(im, "VirtualMachine objects that do not run, left out");
    return ST_OK;
}

enum status imp_kubevirt_item(struct import *im, const struct imp_item *it)
{
    const char *kind = imp_text(imp_at(it->json, "kind", NULL));

    if (!kube_state(im))
        return imp_no_memory(im);
    if (!kind) {
        diag_hint(im->diag, "read what `kubectl get vmi,nodes,... -A -o json` prints");
        return imp_fail(im, it, "kind", "an object of Kubernetes has one");
    }
    if (strcmp(kind, "VirtualMachineInstance") == 0)
        return kube_vmi(im, it);
    if (strcmp(kind, "Node") == 0)
        return kube_node(im, it);
    if (strcmp(kind, "VirtualMachine") == 0)
        return kube_vm(im, it);
    if (strcmp(kind, "MigrationPolicy") == 0)
        return kube_policy(im, it);
    if (strcmp(kind, "Namespace") == 0)
        return kube_namespace(im, it);
    if (strcmp(kind, "KubeVirt") == 0 || strcmp(kind, "HyperConverged") == 0 ||
        strcmp(kind, "Setting") == 0)
        return kube_config(im, it, kind);
    imp_note(im, "objects of kind %.80s, not used", kind);
    return ST_OK;
}

void imp_kubevirt_release(struct import *im)
{
    struct kube_state *k = im->own;

    if (!k)
        return;
    HASH_CLEAR(hh, k->namespaces);
    HASH_CLEAR(hh, k->wanted_labels);
    HASH_CLEAR(hh, k->wanted_features);
    HASH_CLEAR(hh, k->wanted_models);
    HASH_CLEAR(hh, k->wanted_devices);
}

enum status imp_kubevirt_finish(struct import *im)
{
    struct kube_state *k = kube_state(im);
    enum status st = k ? ST_OK : imp_no_memory(im);

    if (st == ST_OK)
        st = kube_policies_finish(im);
    if (st == ST_OK && k->nr_nodes > 0)
        st = kube_affinity_finish(im);
    if (st == ST_OK)
        st = kube_vmis_finish(im);
    if (st == ST_OK)
        st = kube_nodes_finish(im);
    if (st == ST_OK && k->nr_nodes == 0)
        imp_note(im,
                 "no Node objects: memory, CPUs, labels, taints and CPU models of hosts are not "
                 "checked (add them: kubectl get nodes -o json)");
    return st;
}
