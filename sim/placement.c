/*
 * placement.c - stand-in until the filters land: memory only, first host that fits.
 */
#include "sim/placement.h"

#include "sim/sim_int.h"

void placement_begin(struct sim *sim)
{
    (void)sim;
}

void placement_book(struct sim *sim, uint32_t vm, uint32_t host)
{
    sim->cluster.hosts[host].memory_used += sim->sc->vms[vm].guest->memory_bytes;
}

void placement_unbook(struct sim *sim, uint32_t vm, uint32_t host)
{
    sim->cluster.hosts[host].memory_used -= sim->sc->vms[vm].guest->memory_bytes;
}

void placement_host_changed(struct sim *sim, uint32_t host)
{
    (void)sim;
    (void)host;
}

bool placement_fits(struct sim *sim, const struct job *job, uint32_t host)
{
    uint64_t room = sim->sc->hosts[host].memory_bytes;

    return !sim->cluster.hosts[host].down && host != job->source &&
           (room == 0 ||
            sim->cluster.hosts[host].memory_used + sim->sc->vms[job->vm].guest->memory_bytes <=
                room);
}

uint32_t placement_pick(struct sim *sim, const struct job *job)
{
    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++)
        if (placement_fits(sim, job, h) && cluster_target_has_room(sim, h))
            return h;
    return HOST_NONE;
}

const char *placement_why(struct sim *sim, const struct job *job)
{
    (void)sim;
    (void)job;
    return "no target has room";
}
