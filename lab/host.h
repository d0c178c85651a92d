/*
 * host.h - how busy this machine is, and how fast its time-stamp counter runs.
 */
#ifndef MIGCAST_LAB_HOST_H
#define MIGCAST_LAB_HOST_H

#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* Processor time so far, in seconds over all processors: work, and what the hypervisor took. */
struct lab_cpu {
    double busy_s, stolen_s;
    int64_t at_ns; /* CLOCK_MONOTONIC */
};

/* lab_cpu_now - from /proc/stat; ST_EINPUT where there is none. */
enum status lab_cpu_now(struct lab_cpu *cpu, struct diag *diag);
/* lab_cpu_of - processor time of process @pid so far, seconds; 0 if it is gone. */
double lab_cpu_of(pid_t pid);
/* lab_cpus_busy - processors at work on average between two readings. */
double lab_cpus_busy(const struct lab_cpu *from, const struct lab_cpu *to);
/* lab_load - the load average of the last minute; 0 if unknown. */
double lab_load(void);

/* lab_tsc_khz - measured over a fifth of a second; 0 on processors without such a counter. */
uint32_t lab_tsc_khz(void);

#endif
