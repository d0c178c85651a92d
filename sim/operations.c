/*
 * operations.c - stand-in until operations land.
 */
#include "sim/operations.h"

#include "sim/sim_int.h"

void operations_begin(struct sim *sim)
{
    (void)sim;
}

void operations_job_ended(struct sim *sim, uint32_t job)
{
    (void)sim;
    (void)job;
}

void operations_host_lost(struct sim *sim, uint32_t host)
{
    (void)sim;
    (void)host;
}

void operations_host_up(struct sim *sim, uint32_t host)
{
    (void)sim;
    (void)host;
}
