/*
 * host.c - /proc/stat and the time-stamp counter.
 */
#include "lab/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

#include "base/banned.h"

static int64_t monotonic_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

enum status lab_cpu_now(struct lab_cpu *cpu, struct diag *diag)
{
    unsigned long long user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0,
                       steal = 0;
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    FILE *f = fopen("/proc/stat", "r");
    int nr;

    if (!f)
        return diag_errno(diag, ST_EINPUT, "/proc/stat", "cannot open");
    nr = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
                &wait, &irq, &soft, &steal);
    fclose(f);
    if (nr < 4)
        return diag_at(diag, ST_EINPUT, "/proc/stat", 1, "not understood");
    cpu->busy_s = (double)(user + nice + system + irq + soft) * tick;
    cpu->stolen_s = (double)steal * tick;
    cpu->at_ns = monotonic_ns(CLOCK_MONOTONIC);
    return ST_OK;
}

double lab_cpu_of(pid_t pid)
{
    unsigned long long user = 0, system = 0;
    char path[64], text[1024];
    const char *fields;
    size_t len;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    f = fopen(path, "r");
    if (!f)
        return 0.0;
    len = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[len] = '\0';
    /* the name, in brackets, may hold anything; utime and stime are the 12th and 13th behind it */
    fields = strrchr(text, ')');
    if (!fields || sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                          &user, &system) != 2)
        return 0.0;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double lab_cpus_busy(const struct lab_cpu *from, const struct lab_cpu *to)
{
    double s = (double)(to->at_ns - from->at_ns) / (double)NS_PER_S;

    return s > 0.0 ? (to->busy_s - from->busy_s) / s : 0.0;
}

double lab_load(void)
{
    double load = 0.0;

    return getloadavg(&load, 1) == 1 ? load : 0.0;
}

#if defined(__x86_64__) || defined(__i386__)
static uint64_t tsc(void)
{
    return __builtin_ia32_rdtsc();
}

uint32_t lab_tsc_khz(void)
{
    const struct timespec nap = {.tv_nsec = 200 * NS_PER_MS};
    int64_t from = monotonic_ns(CLOCK_MONOTONIC_RAW), to;
    uint64_t start = tsc(), ticks;

    nanosleep(&nap, NULL);
    to = monotonic_ns(CLOCK_MONOTONIC_RAW);
    ticks = tsc() - start;
    return (uint32_t)((double)ticks / ((double)(to - from) / (double)NS_PER_MS));
}
#else
uint32_t lab_tsc_khz(void)
{
    return 0;
}
#endif
