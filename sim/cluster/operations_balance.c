/*
 * operations_balance.c - what a rebalancing moves, and which host a consolidation empties next.
 *
 * Both look at booked memory only.  Cost: a look at all hosts of the operation for each move or
 * host, which is why a rebalancing looks once in a while and not at each event.
 */
#include "sim/cluster/operations_int.h"

#include "sim/placement/placement.h"

/* Share of the memory that is booked; below 0 = not to be looked at. */
static double load_of(struct sim *sim, uint32_t host)
{
    const struct host_state *h = cluster_host(sim, host);
    uint64_t free_bytes = placement_free_bytes(sim, host);

    if (h->down || h->cordoned || sim->sc->hosts[host].memory_bytes == 0)
        return -1.0;
    return (double)h->memory_used / (double)(h->memory_used + free_bytes);
}

/* The VM of @from whose move to @to brings the two closest: the largest of at most half the gap. */
static uint32_t best_vm(struct sim *sim, uint32_t from, uint32_t to, double gap_bytes)
{
    uint32_t best = VM_NONE;
    uint64_t most = 0;

    for (uint32_t vm = cluster_first_vm(sim, from); vm != VM_NONE; vm = cluster_next_vm(sim, vm)) {
        uint64_t bytes = sim->sc->vms[vm].guest->memory_bytes;
        struct job wish = {.vm = vm,
                           .wanted = to,
                           .target = HOST_NONE,
                           .source = from,
                           .last_target = HOST_NONE,
                           .kind = JOB_LIVE};

        if (cluster_vm_job(sim, vm) == JOB_NONE && bytes > most &&
            (double)bytes <= gap_bytes / 2.0 &&
            placement_vm_attrs(sim, vm)->migratable == MIGRATABLE_YES &&
            placement_fits(sim, &wish, to)) {
            most = bytes;
            best = vm;
        }
    }
    return best;
}

/* One move: from the fullest host to the emptiest.  False when the operation is over. */
static bool move_one(struct sim *sim, uint32_t op)
{
    const struct scn_operation *sop = &sim->sc->operations[op];
    struct op_state *st = &sim->cluster.operations->ops[op];
    uint32_t from = HOST_NONE, to = HOST_NONE, vm;
    double most = -1.0, least = 2.0;

    for (uint32_t i = 0; i < sop->nr_hosts; i++) {
        double load = load_of(sim, sop->hosts[i]);

        if (load < 0.0)
            continue;
        if (load > most) {
            most = load;
            from = sop->hosts[i];
        }
        if (load < least) {
            least = load;
            to = sop->hosts[i];
        }
    }
    if (from == HOST_NONE || most - least <= sop->spread_ratio) {
        operation_end(sim, op, NULL);
        return false;
    }
    vm = best_vm(sim, from, to, (most - least) * (double)sim->sc->hosts[from].memory_bytes);
    if (vm == VM_NONE) {
        operation_end(sim, op, "no single move brings the hosts closer");
        return false;
    }
    st->in_flight++;
    st->moves++;
    operation_ask(sim, op, vm, to);
    return true;
}

void rebalance_tick(struct sim *sim, uint32_t op)
{
    const struct scn_operation *sop = &sim->sc->operations[op];
    struct op_state *st = &sim->cluster.operations->ops[op];
    uint32_t at_once = sop->vms_at_once ? sop->vms_at_once : 1;

    if (sop->max_moves && st->moves >= sop->max_moves && st->in_flight == 0) {
        operation_end(sim, op, "max_moves is reached");
        return;
    }
    /* memory of moves under way is booked at both ends: they count before they arrive */
    while (st->in_flight < at_once && !(sop->max_moves && st->moves >= sop->max_moves) &&
           !sim->no_memory)
        if (!move_one(sim, op))
            return;
    sim_push(sim, sim->now_ns + sop->every_ns, 0, EV_OPERATION, op, SLOT_NONE);
}

/* Free memory of the hosts that stay, and the largest of them. */
static void room_elsewhere(struct sim *sim, uint32_t op, uint32_t but, double *free_bytes,
                           double *largest)
{
    const struct scn_operation *sop = &sim->sc->operations[op];

    *free_bytes = *largest = 0.0;
    for (uint32_t i = 0; i < sop->nr_hosts; i++) {
        uint32_t host = sop->hosts[i];
        double bytes = (double)sim->sc->hosts[host].memory_bytes;

        if (host == but || load_of(sim, host) < 0.0)
            continue;
        *free_bytes += (double)placement_free_bytes(sim, host);
        *largest = bytes > *largest ? bytes : *largest;
    }
}

uint32_t consolidate_next(struct sim *sim, uint32_t op, const char **why)
{
    const struct scn_operation *sop = &sim->sc->operations[op];
    struct operations *o = sim->cluster.operations;
    struct op_state *st = &o->ops[op];
    uint32_t best = SLOT_NONE;
    uint64_t least = 0;
    double free_bytes, largest;

    if (st->active > 0)
        return SLOT_NONE;
    for (uint32_t i = 0; i < sop->nr_hosts; i++) {
        const struct op_slot *s = &o->slots[st->first_slot + i];
        uint64_t used = cluster_host(sim, s->host)->memory_used;

        if (s->state == SLOT_WAITING && load_of(sim, s->host) >= 0.0 &&
            o->current[s->host] == SLOT_NONE && (best == SLOT_NONE || used < least)) {
            best = st->first_slot + i;
            least = used;
        }
    }
    if (best == SLOT_NONE) {
        *why = "no host is left to empty";
        return SLOT_NONE;
    }
    room_elsewhere(sim, op, o->slots[best].host, &free_bytes, &largest);
    if (free_bytes < (double)least + (double)sop->spare_hosts * largest) {
        *why = "the other hosts have no room for more";
        return SLOT_NONE;
    }
    return best;
}
