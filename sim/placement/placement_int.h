/*
 * placement_int.h - the inside of placement; for this folder only.
 */
#ifndef MIGCAST_SIM_PLACEMENT_INT_H
#define MIGCAST_SIM_PLACEMENT_INT_H

#include "base/rng.h"
#include "sim/cluster/cluster.h"
#include "sim/placement/placement.h"
#include "sim/scenario/scenario.h"

#define INDEX_NONE UINT32_MAX
/* Free memory of a host whose memory is not checked. */
#define MEMORY_UNCHECKED ((uint64_t)1 << 62)

/* One host in the tree of its class: a treap in the order of (key, host). */
struct index_node {
    uint64_t key;
    uint64_t free_bytes, most_free; /* of the host; of the subtree */
    uint32_t left, right;
    bool in;       /* down and cordoned hosts are out */
    bool aside;    /* to be looked at when trees are in use again: in `out` */
    uint8_t state; /* REFUSE_DOWN, REFUSE_CORDONED or REFUSE_NOT, as its class counts it */
};

struct host_class {
    uint32_t root;
    uint32_t nr, down, cordoned; /* a host that is both counts as down */
};

/* How the classes answer to VMs of some attributes that were started on a host of some class. */
struct verdict_cache {
    uint32_t vm_attrs, home;
    bool live, valid;
    uint8_t *refusals; /* enum refusal, by class of hosts */
};

enum {
    VERDICTS = 256
};

/* How many of a group are booked in a place; open addressing, no more than half full. */
struct group_count {
    uint64_t key; /* group and place; UINT64_MAX = empty */
    uint32_t nr;
};

struct numa_use {
    uint32_t host[2];
    uint8_t node[2];
};

/* What guests hold. */
struct books {
    uint32_t *pinned;      /* [nr_hosts]: CPUs for pinned guests */
    uint32_t *resources;   /* [nr_hosts][nr_resources]: taken; NULL = nobody asks for any */
    uint64_t *numa_bytes;  /* [nr_hosts][numa_nodes]: taken by guests of one node; NULL likewise */
    struct numa_use *numa; /* [nr_vms]: where such guests are */
    struct group_count *groups;
    uint32_t *group_total;
};

struct placement {
    const struct scenario *sc;
    struct host_state *hosts;          /* the cluster's; borrowed */
    const struct cluster_rules *rules; /* likewise */
    uint32_t nr_hosts, nr_classes;
    const struct host_attrs *host_attrs; /* by class */
    const struct vm_attrs *vm_attrs;
    uint32_t filters_off;

    struct index_node *nodes; /* by host */
    struct host_class *classes;
    struct verdict_cache verdicts[VERDICTS];
    uint8_t *verdict_bytes;
    uint32_t *next;          /* [nr_classes]: scratch of a pick */
    uint32_t *home;          /* [nr_vms]: 1 + where it was started anew; 0 = where it begins */
    struct books now, first; /* first: as every replication finds them */
    uint32_t numa_nodes;     /* most of any host */
    uint32_t nr_groups;      /* entries of groups: a power of two; 0 = there are none */
    uint64_t turn;           /* WEIGH_IN_TURN, WEIGH_RANDOM: where the next search begins */
    struct rng rng;

    /* placement_start.c */
    bool resting; /* a replication is set up: the trees are not in use */
    bool indexed; /* they stand, in the order that these ask for: */
    enum weigher weigher;
    double memory_overcommit;
    uint32_t *out; /* [nr_hosts]: taken out of their trees while at rest */
    uint32_t nr_out;
};

/* What is asked for. */
struct ask {
    struct placement *p;
    const struct job *job;
    const struct scn_vm *vm;
    const struct vm_attrs *attrs;
    const struct host_attrs *home; /* of the host where it was started */
    uint32_t home_class;
    uint64_t memory_bytes; /* 0 when it takes huge pages */
    uint32_t vcpus;
    uint32_t source;  /* HOST_NONE = it runs nowhere */
    bool live;        /* its CPU goes with it */
    bool wishes_too;  /* affinity that is a wish counts */
    bool slots_count; /* hosts that take no more migrations are out */
};

/* Where @vm was started. */
static inline uint32_t placement_home(const struct placement *p, uint32_t vm)
{
    return p->home[vm] ? p->home[vm] - 1 : p->sc->vms[vm].host;
}

/* placement_start.c */
bool start_allocate(struct placement *p);
void start_release(struct placement *p);
/* Trees stand from here on, if they did not. */
void start_order(struct sim *sim);
/* While at rest: @host leaves its tree, and comes back when the replication begins. */
void start_set_aside(struct placement *p, uint32_t host);

/* placement_index.c */
void index_clear(struct placement *p);
void index_put(struct placement *p, uint32_t host);
void index_take(struct placement *p, uint32_t host);
/* First host of the class in the order of (key, host), from @key and @host on, that has
 * @free_bytes. */
uint32_t index_next(const struct placement *p, uint32_t class_id, uint64_t key, uint32_t host,
                    uint64_t free_bytes);
uint64_t index_key(const struct placement *p, uint32_t host, uint64_t free_bytes);

/* placement_filter.c */
enum refusal filter_class(const struct ask *a, uint32_t class_id);
enum refusal filter_host(const struct ask *a, uint32_t host);
/* "2 lack CPU model X"; @nr 0: "lacks CPU model X" */
void filter_words(const struct ask *a, enum refusal why, uint32_t nr, struct strbuf *out);

/* placement_book.c */
uint64_t book_capacity(const struct placement *p, uint32_t host);
uint32_t book_resources(const struct placement *p, uint32_t host, uint32_t resource);
/* The NUMA node with most room for a guest of one node, and that room. */
uint64_t book_numa_room(const struct placement *p, uint32_t host, uint32_t *node);
/* Members of @group in the place of @host. */
uint32_t book_group(const struct placement *p, uint32_t group, uint32_t host);
uint64_t book_place(const struct placement *p, uint32_t group, uint32_t host);

#endif
