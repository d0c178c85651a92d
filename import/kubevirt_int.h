/*
 * kubevirt_int.h - what the readers of KubeVirt's objects share.
 */
#ifndef MIGCAST_IMPORT_KUBEVIRT_INT_H
#define MIGCAST_IMPORT_KUBEVIRT_INT_H

#include "import/import_int.h"

/* Prefix of a label that is the namespace's, not the VM's: a policy may select by either. */
#define KUBE_NAMESPACE_LABEL "namespace/"

struct kube_policy {
    struct kube_policy *next;
    struct imp_section s;
    struct imp_list selectors;
};

struct kube_namespace {
    char *name;
    struct imp_list labels;
    UT_hash_handle hh;
};

struct kube_word { /* a set of words */
    char *text;
    UT_hash_handle hh;
};

struct kube_state {
    struct kube_policy *policies, **policies_tail;
    struct kube_namespace *namespaces;
    struct kube_word *wanted_labels;   /* of nodes, by some VM */
    struct kube_word *wanted_features; /* of CPUs */
    struct kube_word *wanted_models;
    struct kube_word *wanted_devices;
    uint32_t nr_nodes, nr_vmis;
    bool has_hco;
};

struct kube_state *kube_state(struct import *im); /* NULL when memory ran out */
enum status kube_want(struct import *im, struct kube_word **set, const char *text);
bool kube_wanted(struct kube_word *set, const char *text);

/* Title of the section with the platform's own settings. */
const char *kube_section(const struct import *im);

enum status kube_node(struct import *im, const struct imp_item *it);
enum status kube_nodes_finish(struct import *im);
enum status kube_vmi(struct import *im, const struct imp_item *it);
enum status kube_vmis_finish(struct import *im);
/* kube_affinity_finish - node affinity as labels, and VMs that keep apart or together. */
enum status kube_affinity_finish(struct import *im);
/* kube_config - the KubeVirt and HyperConverged objects, and Harvester's settings. */
enum status kube_config(struct import *im, const struct imp_item *it, const char *kind);
enum status kube_policy(struct import *im, const struct imp_item *it);
enum status kube_policies_finish(struct import *im);

#endif
