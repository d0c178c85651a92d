/*
 * operations.c - drains, maintenance and upgrades, host by host.
 *
 * Queues, limits and targets are cluster.c's; which host is taken next by a consolidation and what
 * a rebalancing moves are operations_balance.c's.  Invariant: a host is in the hands of one
 * operation at a time, and a slot that is DRAINING has a job for each VM it asked for in this round
 * that is still there, or a timer.
 */
#include "sim/cluster/operations_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/placement/placement.h"

/* ---- memory ---- */

enum status operations_init(struct sim *sim)
{
    const struct scenario *sc = sim->sc;
    struct operations *o = calloc(1, sizeof(*o));
    size_t vms = (size_t)sc->nr_vms + 1;

    if (!o)
        return ST_ENOMEM;
    sim->cluster.operations = o;
    for (uint32_t i = 0; i < sc->nr_operations; i++)
        o->nr_slots += sc->operations[i].nr_hosts;
    if (sc->nr_operations == 0)
        return ST_OK;
    o->ops = calloc(sc->nr_operations, sizeof(*o->ops));
    o->results = calloc(sc->nr_operations, sizeof(*o->results));
    o->slots = calloc((size_t)o->nr_slots + 1, sizeof(*o->slots));
    o->current = calloc((size_t)sc->nr_hosts + 1, sizeof(*o->current));
    o->tried = calloc(vms, sizeof(*o->tried));
    o->gone = calloc(vms, sizeof(*o->gone));
    o->scratch = malloc(vms * sizeof(*o->scratch));
    if (o->ops && o->results && o->slots && o->current && o->tried && o->gone && o->scratch)
        return ST_OK;
    operations_release(sim);
    return ST_ENOMEM;
}

void operations_release(struct sim *sim)
{
    struct operations *o = sim->cluster.operations;

    if (!o)
        return;
    free(o->ops);
    free(o->results);
    free(o->slots);
    free(o->current);
    free(o->tried);
    free(o->gone);
    free(o->scratch);
    free(o);
    sim->cluster.operations = NULL;
}

void operations_begin(struct sim *sim)
{
    struct operations *o = sim->cluster.operations;
    const struct scenario *sc = sim->sc;
    uint32_t slot = 0;

    if (sc->nr_operations == 0)
        return;
    o->serial = 0;
    memset(o->current, 0xff, sc->nr_hosts * sizeof(*o->current));
    for (uint32_t i = 0; i < sc->nr_operations; i++) {
        const struct scn_operation *op = &sc->operations[i];

        o->ops[i] = (struct op_state){.first_slot = slot, .started_ns = -1, .ended_ns = -1};
        for (uint32_t h = 0; h < op->nr_hosts; h++)
            o->slots[slot++] = (struct op_slot){.op = i,
                                                .host = op->hosts[h],
                                                .timer = EVENT_NONE,
                                                .late = EVENT_NONE,
                                                .first_gone = VM_NONE,
                                                .blocker = VM_NONE};
        sim_push(sim, op->at_ns, 0, EV_OPERATION, i, SLOT_NONE);
    }
}

void operations_forget(struct sim *sim, uint32_t vm)
{
    struct operations *o = sim->cluster.operations;

    if (sim->sc->nr_operations > 0)
        o->tried[vm] = o->gone[vm] = 0;
}

/* ---- asking for VMs ---- */

void operation_ask(struct sim *sim, uint32_t op, uint32_t vm, uint32_t wanted)
{
    struct job wish = {.vm = vm,
                       .wanted = wanted,
                       .target = HOST_NONE,
                       .last_target = HOST_NONE,
                       .operation = op,
                       .kind = JOB_LIVE,
                       .evacuation = true,
                       .priority = (int32_t)placement_vm_attrs(sim, vm)->priority,
                       .cancel_at_ns = -1};

    job_submit(sim, &wish);
}

/* Does @a go before @b? */
static bool sooner(const struct sim *sim, enum operation_order order, uint32_t a, uint32_t b)
{
    const struct scn_vm *va = &sim->sc->vms[a], *vb = &sim->sc->vms[b];

    if (order == VMS_BY_PRIORITY) {
        uint32_t pa = placement_vm_attrs(sim, a)->priority;
        uint32_t pb = placement_vm_attrs(sim, b)->priority;

        if (pa != pb)
            return pa > pb;
    }
    if (order == VMS_SMALL_FIRST && va->guest->memory_bytes != vb->guest->memory_bytes)
        return va->guest->memory_bytes < vb->guest->memory_bytes;
    if (order == VMS_LARGE_FIRST && va->guest->memory_bytes != vb->guest->memory_bytes)
        return va->guest->memory_bytes > vb->guest->memory_bytes;
    return a < b;
}

/* The first @nr of list[0..len) in order to its front; a heap would pay from some hundred VMs a
 * host on, which hosts do not have. */
static void front(const struct sim *sim, enum operation_order order, uint32_t *list, uint32_t len,
                  uint32_t nr)
{
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t best = i, swap = list[i];

        for (uint32_t k = i + 1; k < len; k++)
            if (sooner(sim, order, list[k], list[best]))
                best = k;
        list[i] = list[best];
        list[best] = swap;
    }
}

/* A VM that nobody may move is asked for once, for its row, and not in every round. */
static bool worth_asking(const struct sim *sim, const struct op_slot *s, uint32_t vm)
{
    uint32_t tried = sim->cluster.operations->tried[vm];

    return tried != s->round && tried != TRIED_REFUSED;
}

static void set_timer(struct sim *sim, struct op_slot *s, int64_t after_ns)
{
    uint32_t slot = (uint32_t)(s - sim->cluster.operations->slots);

    if (after_ns <= 0 || event_queue_pending(&sim->queue, s->timer))
        return;
    s->timer = sim_push(sim, sim->now_ns + after_ns, 0, EV_OPERATION, s->op, slot);
}

static void drained(struct sim *sim, struct op_slot *s);
static void give_up(struct sim *sim, struct op_slot *s, const char *why);

/* Asks for as many as may be; true when it waits for something. */
static bool ask_more(struct sim *sim, struct op_slot *s)
{
    const struct scn_operation *op = &sim->sc->operations[s->op];
    struct operations *o = sim->cluster.operations;
    uint32_t nr = 0, flying = 0, asked;

    for (uint32_t vm = cluster_first_vm(sim, s->host); vm != VM_NONE; vm = cluster_next_vm(sim, vm))
        if (cluster_vm_job(sim, vm) != JOB_NONE)
            flying++;
        else if (worth_asking(sim, s, vm))
            o->scratch[nr++] = vm;
    asked = nr;
    if (op->vms_at_once && (op->waves ? flying > 0 : flying >= op->vms_at_once))
        asked = 0;
    else if (op->vms_at_once && asked > op->vms_at_once - flying)
        asked = op->vms_at_once - flying;
    front(sim, op->vm_order, o->scratch, nr, asked);
    for (uint32_t i = 0; i < asked && !sim->no_memory; i++) {
        o->tried[o->scratch[i]] = s->round;
        operation_ask(sim, s->op, o->scratch[i], HOST_NONE);
    }
    return flying > 0 || asked > 0;
}

static bool some_may_move(const struct sim *sim, const struct op_slot *s)
{
    for (uint32_t vm = cluster_first_vm(sim, s->host); vm != VM_NONE; vm = cluster_next_vm(sim, vm))
        if (sim->cluster.operations->tried[vm] != TRIED_REFUSED)
            return true;
    return false;
}

/* The jobs asked for may have ended at once: their ends wake the slot once more. */
static void drain_on(struct sim *sim, struct op_slot *s)
{
    const struct scn_operation *op = &sim->sc->operations[s->op];

    if (cluster_first_vm(sim, s->host) == VM_NONE) {
        drained(sim, s);
        return;
    }
    if (ask_more(sim, s))
        return;
    if (op->kind == OPERATION_CONSOLIDATE)
        give_up(sim, s, "a VM stayed");
    else if (some_may_move(sim, s)) /* else only a VM that leaves by itself changes anything */
        set_timer(sim, s, op->retry_ns);
}

/* ---- the life of a slot ---- */

static void host_state(struct sim *sim, uint32_t host, bool down, bool is_cordoned)
{
    struct host_state *h = cluster_host(sim, host);

    h->down = down;
    h->cordoned = is_cordoned;
    placement_host_changed(sim, host);
}

/* The host takes no guests any more; nobody has left it yet. */
static void begin_slot(struct sim *sim, struct op_slot *s)
{
    const struct scn_operation *op = &sim->sc->operations[s->op];
    struct operations *o = sim->cluster.operations;
    uint32_t slot = (uint32_t)(s - o->slots);

    o->ops[s->op].active++;
    o->current[s->host] = slot;
    s->state = SLOT_DRAINING;
    s->round = ++o->serial;
    for (uint32_t vm = cluster_first_vm(sim, s->host); vm != VM_NONE; vm = cluster_next_vm(sim, vm))
        o->tried[vm] = 0;
    if (cluster_host(sim, s->host)->down) {
        give_up(sim, s, "the host is down");
        return;
    }
    host_state(sim, s->host, false, true);
    sim_log(sim, NULL, s->host, "drain begins");
    if (sim->platform->cordoned)
        sim->platform->cordoned(sim, s->host);
    if (op->max_wait_ns > 0)
        s->late = sim_push(sim, sim->now_ns + op->max_wait_ns, 0, EV_OPERATION_LATE, s->op, slot);
}

static void wake_op(struct sim *sim, uint32_t op, int64_t after_ns)
{
    sim_push(sim, sim->now_ns + after_ns, 0, EV_OPERATION, op, SLOT_NONE);
}

/* The host is out of the operation's hands. */
static void leave(struct sim *sim, struct op_slot *s, enum slot_state state)
{
    struct operations *o = sim->cluster.operations;
    struct op_state *st = &o->ops[s->op];

    event_queue_cancel(&sim->queue, s->timer);
    event_queue_cancel(&sim->queue, s->late);
    s->state = state;
    o->current[s->host] = SLOT_NONE;
    for (uint32_t vm = s->first_gone, next; vm != VM_NONE; vm = next) {
        next = GONE_NEXT(o->gone[vm]);
        o->gone[vm] = 0;
    }
    s->first_gone = VM_NONE;
    st->active--;
    st->done += state == SLOT_DONE;
    st->given_up += state == SLOT_GIVEN_UP;
    wake_op(sim, s->op, sim->sc->operations[s->op].pause_ns);
}

static void drained(struct sim *sim, struct op_slot *s)
{
    const struct scn_operation *op = &sim->sc->operations[s->op];

    event_queue_cancel(&sim->queue, s->late);
    event_queue_cancel(&sim->queue, s->timer);
    sim_log(sim, NULL, s->host, "drained");
    if (op->kind != OPERATION_MAINTENANCE && op->kind != OPERATION_UPGRADE) {
        leave(sim, s, SLOT_DONE);
        return;
    }
    s->state = SLOT_AWAY;
    host_state(sim, s->host, true, true);
    s->timer = sim_push(sim, sim->now_ns + op->reboot_ns, 0, EV_OPERATION, s->op,
                        (uint32_t)(s - sim->cluster.operations->slots));
}

static void give_up(struct sim *sim, struct op_slot *s, const char *why)
{
    struct operations *o = sim->cluster.operations;
    const struct scn_operation *op = &sim->sc->operations[s->op];

    s->why = s->why ? s->why : why;
    leave(sim, s, SLOT_GIVEN_UP);
    if (op->stuck == STUCK_STOP || op->kind == OPERATION_CONSOLIDATE)
        o->ops[s->op].stopped = true;
    sim_log(sim, NULL, s->host, "given up");
    if (cluster_host(sim, s->host)->down)
        return;
    host_state(sim, s->host, false, false);
    for (uint32_t vm = cluster_first_vm(sim, s->host), next; vm != VM_NONE; vm = next) {
        uint32_t job = cluster_vm_job(sim, vm);

        next = cluster_next_vm(sim, vm);
        if (job != JOB_NONE && job_at(sim, job)->operation == s->op)
            job_cancel(sim, job_at(sim, job), "the drain of its host was given up");
    }
    cluster_room_made(sim);
}

static void return_vms(struct sim *sim, struct op_slot *s)
{
    struct operations *o = sim->cluster.operations;

    s->state = SLOT_RETURNING;
    for (uint32_t vm = s->first_gone; vm != VM_NONE; vm = GONE_NEXT(o->gone[vm]))
        if (cluster_vm_job(sim, vm) == JOB_NONE && cluster_vm_host(sim, vm) != HOST_NONE &&
            cluster_vm_host(sim, vm) != s->host)
            operation_ask(sim, s->op, vm, s->host);
}

/* Those that did not come stay where they are. */
static void returned(struct sim *sim, struct op_slot *s)
{
    struct operations *o = sim->cluster.operations;

    for (uint32_t vm = s->first_gone; vm != VM_NONE; vm = GONE_NEXT(o->gone[vm]))
        if (cluster_vm_job(sim, vm) != JOB_NONE)
            return;
    leave(sim, s, SLOT_DONE);
}

static void come_back(struct sim *sim, struct op_slot *s)
{
    host_state(sim, s->host, false, false);
    sim_log(sim, NULL, s->host, "back after reboot");
    cluster_room_made(sim);
    if (s->first_gone == VM_NONE) {
        leave(sim, s, SLOT_DONE);
        return;
    }
    return_vms(sim, s);
    returned(sim, s);
}

/* The slot's timer: the end of a reboot, or of the wait before the next round. */
static void slot_timer(struct sim *sim, struct op_slot *s)
{
    if (s->state == SLOT_AWAY) {
        come_back(sim, s);
    } else if (s->state == SLOT_DRAINING) { /* all that stayed are asked for anew */
        s->round = ++sim->cluster.operations->serial;
        drain_on(sim, s);
    }
}

/* A job that concerns the host ended. */
static void slot_woken(struct sim *sim, struct op_slot *s)
{
    s->woken = false;
    if (s->state == SLOT_DRAINING)
        drain_on(sim, s);
    else if (s->state == SLOT_RETURNING)
        returned(sim, s);
}

/* ---- the life of an operation ---- */

void operation_end(struct sim *sim, uint32_t op, const char *why)
{
    struct op_state *st = &sim->cluster.operations->ops[op];

    st->ended_ns = sim->now_ns;
    st->why = why;
}

/* The next host to begin with, out of those that no other operation has. */
static uint32_t next_slot(struct sim *sim, uint32_t op, bool *later)
{
    struct operations *o = sim->cluster.operations;
    struct op_state *st = &o->ops[op];
    uint32_t slot;

    *later = false;
    if (st->stopped)
        return SLOT_NONE;
    if (sim->sc->operations[op].kind == OPERATION_CONSOLIDATE)
        return consolidate_next(sim, op, &st->why);
    if (st->next == sim->sc->operations[op].nr_hosts)
        return SLOT_NONE;
    slot = st->first_slot + st->next;
    *later = o->current[o->slots[slot].host] != SLOT_NONE;
    if (*later)
        return SLOT_NONE;
    st->next++;
    return slot;
}

enum {
    ASK_AGAIN_S = 60 /* for a host that another operation has in hand */
};

static void begin_hosts(struct sim *sim, uint32_t op)
{
    const struct scn_operation *sop = &sim->sc->operations[op];
    struct operations *o = sim->cluster.operations;
    struct op_state *st = &o->ops[op];
    uint32_t most =
        sop->kind == OPERATION_EVACUATE || !sop->hosts_at_once ? UINT32_MAX : sop->hosts_at_once;
    uint32_t first = SLOT_NONE, last = SLOT_NONE;
    bool later = false;

    if (st->active == 0)
        st->wave = most;
    while (!sim->no_memory && (sop->waves ? st->wave > 0 : st->active < most)) {
        uint32_t slot = next_slot(sim, op, &later);

        if (slot == SLOT_NONE)
            break;
        st->wave--;
        begin_slot(sim, &o->slots[slot]);
        o->slots[slot].next_begun = SLOT_NONE;
        if (first == SLOT_NONE)
            first = slot;
        else
            o->slots[last].next_begun = slot;
        last = slot;
    }
    /* only now: no guest may go to a host that is about to be emptied in this very moment */
    for (; first != SLOT_NONE && !sim->no_memory; first = o->slots[first].next_begun)
        if (o->slots[first].state == SLOT_DRAINING)
            drain_on(sim, &o->slots[first]);
    if (later)
        wake_op(sim, op, ASK_AGAIN_S * NS_PER_S);
    else if (st->active == 0 && st->ended_ns < 0 &&
             (st->stopped || st->next == sop->nr_hosts || st->why))
        operation_end(sim, op, st->why);
}

void operations_event(struct sim *sim, const struct event *e)
{
    struct operations *o = sim->cluster.operations;
    struct op_state *st = &o->ops[e->index];

    if (e->kind == EV_OPERATION_LATE) {
        struct op_slot *s = &o->slots[e->data];

        sim_log(sim, NULL, s->host, "drain takes longer than it may");
        if (sim->sc->operations[e->index].stuck != STUCK_WAIT)
            give_up(sim, s, "it took longer than max_wait");
        return;
    }
    if (e->kind == EV_OPERATION_WAKE) {
        slot_woken(sim, &o->slots[e->data]);
        return;
    }
    if (e->data != SLOT_NONE) {
        slot_timer(sim, &o->slots[e->data]);
        return;
    }
    if (st->started_ns < 0)
        st->started_ns = sim->now_ns;
    if (st->ended_ns >= 0)
        return;
    if (sim->sc->operations[e->index].kind == OPERATION_REBALANCE)
        rebalance_tick(sim, e->index);
    else
        begin_hosts(sim, e->index);
}

/* ---- what they are told ---- */

/* The slot acts in an event of its own: the caller is in the middle of its books. */
static void wake_slot(struct sim *sim, uint32_t host)
{
    struct operations *o = sim->cluster.operations;
    uint32_t slot = host == HOST_NONE ? SLOT_NONE : o->current[host];
    struct op_slot *s = slot == SLOT_NONE ? NULL : &o->slots[slot];

    if (!s || s->woken || (s->state != SLOT_DRAINING && s->state != SLOT_RETURNING))
        return;
    s->woken = true;
    sim_push(sim, sim->now_ns, 0, EV_OPERATION_WAKE, s->op, slot);
}

static void note_gone(struct operations *o, struct op_slot *s, uint32_t vm)
{
    if (o->gone[vm] != 0)
        return;
    o->gone[vm] = GONE(s->first_gone);
    s->first_gone = vm;
}

void operations_job_ended(struct sim *sim, uint32_t id)
{
    struct operations *o = sim->cluster.operations;
    const struct job *job = job_at(sim, id);
    uint32_t host = cluster_vm_host(sim, job->vm);
    bool moved = host != job->source && host != HOST_NONE;
    uint32_t slot;

    if (sim->sc->nr_operations == 0)
        return;
    slot = o->current[job->source];
    if (job->operation != UINT32_MAX) {
        struct op_state *st = &o->ops[job->operation];

        st->moved += moved;
        st->in_flight -= st->in_flight > 0;
        if (slot != SLOT_NONE && o->slots[slot].op == job->operation) {
            struct op_slot *s = &o->slots[slot];

            s->moved += moved;
            if (moved && sim->sc->operations[job->operation].return_vms)
                note_gone(o, s, job->vm);
            if (!moved) {
                s->blocker = job->vm;
                s->why = job->why;
                if (job->refused)
                    o->tried[job->vm] = TRIED_REFUSED;
            }
        }
    }
    wake_slot(sim, job->source);
    wake_slot(sim, job->target);
    wake_slot(sim, job->wanted);
}

void operations_host_lost(struct sim *sim, uint32_t host)
{
    struct operations *o = sim->cluster.operations;
    uint32_t slot = sim->sc->nr_operations ? o->current[host] : SLOT_NONE;

    if (slot != SLOT_NONE && o->slots[slot].state != SLOT_AWAY) {
        o->slots[slot].why = "the host died";
        give_up(sim, &o->slots[slot], "the host died");
    }
}

void operations_host_up(struct sim *sim, uint32_t host)
{
    struct operations *o = sim->cluster.operations;

    /* a host that died while it was drained comes back as it was before the drain */
    if (sim->sc->nr_operations && o->current[host] == SLOT_NONE &&
        cluster_host(sim, host)->cordoned)
        for (uint32_t i = 0; i < o->nr_slots; i++)
            if (o->slots[i].host == host && o->slots[i].state == SLOT_GIVEN_UP)
                host_state(sim, host, false, false);
}

/* ---- the end ---- */

static const char *const kind_words[] = {
    [OPERATION_DRAIN] = "drain",         [OPERATION_MAINTENANCE] = "maintenance",
    [OPERATION_UPGRADE] = "upgrade",     [OPERATION_EVACUATE] = "evacuate",
    [OPERATION_REBALANCE] = "rebalance", [OPERATION_CONSOLIDATE] = "consolidate",
};

/* What a host still waits for: a VM with a reason, of those that are there. */
static void describe_waiting(struct sim *sim, const struct op_slot *s, struct op_result *r)
{
    for (uint32_t vm = cluster_first_vm(sim, s->host); vm != VM_NONE;
         vm = cluster_next_vm(sim, vm)) {
        uint32_t job = cluster_vm_job(sim, vm);
        const char *why = job != JOB_NONE    ? job_at(sim, job)->why
                          : vm == s->blocker ? s->why
                                             : NULL;

        r->vms_left++;
        if (!r->blocker || (why && !r->why)) {
            r->blocker = sim->sc->vms[vm].name;
            r->host = sim->sc->hosts[s->host].name;
            r->why = why;
        }
    }
}

void operations_horizon(struct sim *sim)
{
    struct operations *o = sim->cluster.operations;

    for (uint32_t i = 0; i < sim->sc->nr_operations; i++) {
        const struct scn_operation *op = &sim->sc->operations[i];
        const struct op_state *st = &o->ops[i];
        struct op_result *r = &o->results[i];

        *r = (struct op_result){.name = op->name,
                                .kind = kind_words[op->kind],
                                .replication = sim->replication,
                                .started_ns = st->started_ns,
                                .ended_ns = st->ended_ns,
                                .hosts = op->nr_hosts,
                                .hosts_done = st->done,
                                .hosts_given_up = st->given_up,
                                .vms_moved = st->moved};
        for (uint32_t k = 0; k < op->nr_hosts; k++) {
            const struct op_slot *s = &o->slots[st->first_slot + k];

            if (s->state == SLOT_DRAINING) {
                describe_waiting(sim, s, r);
            } else if (s->state == SLOT_GIVEN_UP && !r->blocker) {
                r->blocker = s->blocker == VM_NONE ? NULL : sim->sc->vms[s->blocker].name;
                r->host = sim->sc->hosts[s->host].name;
                r->why = s->why;
            }
        }
        if (!r->why && st->ended_ns >= 0)
            r->why = st->why;
    }
}

const struct op_result *operations_results(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->sc->nr_operations;
    return sim->cluster.operations->results;
}
