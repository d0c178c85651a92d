/*
 * placement_index.c - the hosts of each class in the weigher's order.
 *
 * A treap: a search tree by (key, host), a heap by a hash of the host, so its shape depends on
 * which hosts are in it and on nothing else.  Each subtree knows its largest free memory, so hosts
 * without room are passed over without being looked at.
 */
#include "sim/placement/placement_int.h"

#include <assert.h>
#include <string.h>

static uint32_t rank(uint32_t host)
{
    uint64_t x = ((uint64_t)host + 1) * 0x9e3779b97f4a7c15ULL;

    x ^= x >> 32;
    return (uint32_t)(x * 0xd6e8feb86659fd93ULL >> 32);
}

static bool above(uint32_t a, uint32_t b)
{
    uint32_t ra = rank(a), rb = rank(b);

    return ra != rb ? ra > rb : a < b;
}

static bool before(const struct index_node *nodes, uint32_t a, uint32_t b)
{
    return nodes[a].key != nodes[b].key ? nodes[a].key < nodes[b].key : a < b;
}

static void sum_up(struct index_node *nodes, uint32_t at)
{
    struct index_node *n = &nodes[at];

    n->most_free = n->free_bytes;
    if (n->left != INDEX_NONE && nodes[n->left].most_free > n->most_free)
        n->most_free = nodes[n->left].most_free;
    if (n->right != INDEX_NONE && nodes[n->right].most_free > n->most_free)
        n->most_free = nodes[n->right].most_free;
}

/* What stands before @host to @left, the rest to @right. */
static void split(struct index_node *nodes, uint32_t at, uint32_t host, uint32_t *left,
                  uint32_t *right)
{
    if (at == INDEX_NONE) {
        *left = *right = INDEX_NONE;
        return;
    }
    if (before(nodes, at, host)) {
        split(nodes, nodes[at].right, host, &nodes[at].right, right);
        *left = at;
    } else {
        split(nodes, nodes[at].left, host, left, &nodes[at].left);
        *right = at;
    }
    sum_up(nodes, at);
}

static uint32_t merge(struct index_node *nodes, uint32_t a, uint32_t b)
{
    if (a == INDEX_NONE || b == INDEX_NONE)
        return a == INDEX_NONE ? b : a;
    if (above(a, b)) {
        nodes[a].right = merge(nodes, nodes[a].right, b);
        sum_up(nodes, a);
        return a;
    }
    nodes[b].left = merge(nodes, a, nodes[b].left);
    sum_up(nodes, b);
    return b;
}

static uint32_t insert(struct index_node *nodes, uint32_t at, uint32_t host)
{
    if (at == INDEX_NONE)
        return host;
    if (above(host, at)) {
        split(nodes, at, host, &nodes[host].left, &nodes[host].right);
        at = host;
    } else if (before(nodes, host, at)) {
        nodes[at].left = insert(nodes, nodes[at].left, host);
    } else {
        nodes[at].right = insert(nodes, nodes[at].right, host);
    }
    sum_up(nodes, at);
    return at;
}

static uint32_t without(struct index_node *nodes, uint32_t at, uint32_t host)
{
    assert(at != INDEX_NONE);
    if (at == host)
        return merge(nodes, nodes[at].left, nodes[at].right);
    if (before(nodes, host, at))
        nodes[at].left = without(nodes, nodes[at].left, host);
    else
        nodes[at].right = without(nodes, nodes[at].right, host);
    sum_up(nodes, at);
    return at;
}

void index_clear(struct placement *p)
{
    for (uint32_t i = 0; i < p->nr_classes; i++)
        p->classes[i].root = INDEX_NONE;
    for (uint32_t i = 0; i < p->nr_hosts; i++)
        p->nodes[i].in = false;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t index_key(const struct placement *p, uint32_t host, uint64_t free_bytes)
{
    const uint64_t most = ((uint64_t)1 << 48) - 1; /* 64 KiB units in 48 bits: all there is */
    const struct host_state *h = &p->hosts[host];

    switch (p->rules->weigher) {
    case WEIGH_FREE_MEMORY:
        return ~free_bytes;
    case WEIGH_LEAST_BUSY:
        return least((uint64_t)h->out + h->in, 65535) << 48 |
               (most - least(free_bytes >> 16, most));
    case WEIGH_PACK:
        return free_bytes;
    case WEIGH_IN_TURN:
        return host;
    case WEIGH_RANDOM:
        break;
    }
    return p->nodes[host].key; /* drawn by placement.c */
}

void index_put(struct placement *p, uint32_t host)
{
    struct index_node *n = &p->nodes[host];
    uint32_t *root = &p->classes[p->sc->hosts[host].attrs].root;

    assert(!n->in);
    n->free_bytes = book_capacity(p, host);
    n->free_bytes =
        n->free_bytes > p->hosts[host].memory_used ? n->free_bytes - p->hosts[host].memory_used : 0;
    n->key = index_key(p, host, n->free_bytes);
    n->left = n->right = INDEX_NONE;
    n->most_free = n->free_bytes;
    n->in = true;
    *root = insert(p->nodes, *root, host);
}

void index_take(struct placement *p, uint32_t host)
{
    uint32_t *root = &p->classes[p->sc->hosts[host].attrs].root;

    if (!p->nodes[host].in)
        return;
    *root = without(p->nodes, *root, host);
    p->nodes[host].in = false;
}

static uint32_t first_from(const struct index_node *nodes, uint32_t at, uint64_t key, uint32_t host,
                           uint64_t free_bytes)
{
    const struct index_node *n;
    uint32_t found;

    if (at == INDEX_NONE || nodes[at].most_free < free_bytes)
        return INDEX_NONE;
    n = &nodes[at];
    if (n->key < key || (n->key == key && at < host))
        return first_from(nodes, n->right, key, host, free_bytes);
    found = first_from(nodes, n->left, key, host, free_bytes);
    if (found != INDEX_NONE)
        return found;
    return n->free_bytes >= free_bytes ? at : first_from(nodes, n->right, key, host, free_bytes);
}

uint32_t index_next(const struct placement *p, uint32_t class_id, uint64_t key, uint32_t host,
                    uint64_t free_bytes)
{
    return first_from(p->nodes, p->classes[class_id].root, key, host, free_bytes);
}
