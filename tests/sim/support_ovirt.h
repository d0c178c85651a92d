/*
 * support_ovirt.h - hosts and guests that the tests of oVirt share.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_OVIRT_H
#define MIGCAST_TESTS_SIM_SUPPORT_OVIRT_H

#include <stdio.h>

#include "support_run.h"

#define S(seconds) ((int64_t)((seconds)*1e9))

/* A guest whose memory is rewritten faster than any link, and by something that no throttle slows.
 */
#define HOSTS "[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n[host c]\nnic = 10Gb/s\n"
#define RESTLESS                                                                                   \
    "[workload restless]\nwrite_rate = 8GB/s\nworking_set = 700MiB\ncpu_need = 0\n"                \
    "[calibration]\nguest_fault = 0ns\n"
#define ONE_VM                                                                                     \
    "[vm v]\nhost = a\nmemory = 1GiB\nvcpus = 4\nworkload = restless\n"                            \
    "[request r]\nvm = v\ntarget = b\n"

static inline void preset_run(struct test_run *run, const char *preset, const char *text)
{
    char all[8192];

    snprintf(all, sizeof(all), "preset = %s\n[scenario]\nhorizon = 1d\n%s", preset, text);
    test_run_text(run, all);
}

#define CALM "[workload calm]\nwrite_rate = 10MB/s\nworking_set = 100MiB\n"
#define CALM_VMS(name, host, count)                                                                \
    "[vm " name "]\ncount = " count "\nhost = " host "\nmemory = 4GiB\nvcpus = 2\nworkload = "     \
    "calm\n"

#endif
