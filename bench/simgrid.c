/*
 * simgrid.c - build/bench-simgrid: N migrations at once over one link, here and in SimGrid.
 *
 * The same model on both sides: 1 GiB of memory, half a megabyte dirtied a second (in sequence, so
 * a round's dirt is linear), cards of 10 MB/s, rounds until what is left takes 30 ms.  "plugin"
 * is SimGrid's live-migration plugin with VM objects and a task in each VM; "bare" is one actor for
 * each migration that sends the rounds itself, without VMs.  SimGrid also simulates CPU sharing and
 * actors, which nothing here uses: that is what the ratio to "bare" leaves out.  CPU time of the
 * run itself; reading platforms and scenarios does not count.  Here it is the mean of many runs, a
 * third of them before SimGrid's, between and after, for on a shared machine seconds differ.
 * SimGrid can run once in a process, so each of its runs gets a child.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/exec.h>
#include <simgrid/host.h>
#include <simgrid/plugins/live_migration.h>
#include <simgrid/vm.h>

#include "sim/sim.h"

#define MEMORY_MIB 1024
#define CAP_MB_S 10
#define INTENSITY_PCT 5
#define LINK_BYTES_S 1.25e9
#define STOP_S 0.03
#define WORKING_SET_MIB 460
#define HEADERS (4104.0 / 4096.0) /* what QEMU puts before each page; SimGrid sends pages alone */

enum mode {
    PLUGIN,
    BARE
};

/* Of one run. */
struct timed {
    double cpu_s;
    double mean_s; /* of a migration */
    uint32_t nr;
};

static double cpu_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Memory of migration @i: all alike, or spread over half of it to one and a half times. */
static uint32_t memory_mib(uint32_t i, bool varied)
{
    return varied ? MEMORY_MIB / 2 + i * 7919 % MEMORY_MIB : MEMORY_MIB;
}

/* ---- here ---- */

/* A section with count = 1 makes a host of its own name. */
static const char *host_name(uint32_t i, uint32_t nr, char name[32])
{
    snprintf(name, 32, nr > 1 ? "a-%u" : "a", i + 1);
    return name;
}

static struct timed run_here(uint32_t nr, bool varied)
{
    char name[32];
    size_t cap = 4096 + (size_t)nr * 80, len;
    char *text = malloc(cap);
    uint32_t runs = 50000 / nr; /* one alone is too short to measure */
    struct timed out = {0};
    struct scenario sc;
    struct diag diag;
    const struct mig_result *rows;
    struct sim *sim;

    assert(text);
    len = (size_t)snprintf(
        text, cap,
        "[scenario]\nhorizon=365d\n[migration]\nmax_bandwidth=unlimited\ndowntime_limit=30ms\n"
        "dirty_log=legacy\n[network]\nefficiency=100%%\nnic=%.0fb/s\n[host a]\ncount=%u\n"
        "[host b]\ncount=%u\n[link l]\nrate=%.0fb/s\nefficiency=100%%\n[workload w]\n"
        "kind=sequential\nwrite_rate=%.0fB/s\nworking_set=%dMiB\n[request r]\nvm=v*\ntarget=b\n",
        CAP_MB_S * 8e6 * HEADERS, nr, nr, LINK_BYTES_S * 8 * HEADERS,
        CAP_MB_S * 1e6 * INTENSITY_PCT / 100.0, WORKING_SET_MIB);
    for (uint32_t i = 0; i < nr; i++)
        len +=
            (size_t)snprintf(text + len, cap - len, "[vm v%u]\nhost=%s\nmemory=%uMiB\nworkload=w\n",
                             i, host_name(i, nr, name), memory_mib(i, varied));
    if (scenario_load_text(&sc, "bench", text, NULL, 0, &diag) != ST_OK) {
        fprintf(stderr, "bench-simgrid: %s\n", diag.what);
        exit(EXIT_FAILURE);
    }
    sim = sim_new(&sc, NULL);
    assert(sim);
    sim_run(sim, 0); /* warms up */
    out.cpu_s = cpu_now();
    for (uint32_t i = 0; i < runs; i++)
        sim_run(sim, 0);
    out.cpu_s = (cpu_now() - out.cpu_s) / runs;
    rows = sim_results(sim, &out.nr);
    for (uint32_t i = 0; i < out.nr; i++) {
        assert(rows[i].outcome == OUTCOME_COMPLETED);
        out.mean_s += (double)(rows[i].ended_ns - rows[i].started_ns) / 1e9 / out.nr;
    }
    sim_free(sim);
    scenario_release(&sc);
    free(text);
    return out;
}

/* ---- there ---- */

struct guest {
    sg_vm_t vm;
    sg_host_t from, to;
    double memory, took_s;
};

static void busy(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    sg_actor_execute(1e14); /* longer than any run, and small enough to see it shrink */
}

static void migrate_vm(int argc, char **argv)
{
    struct guest *g = sg_actor_self_get_data();
    double start = simgrid_get_clock();

    (void)argc;
    (void)argv;
    sg_vm_migrate(g->vm, g->to);
    g->took_s = simgrid_get_clock() - start;
}

/* The rounds as the plugin sends them, without a VM. */
static void migrate_bare(int argc, char **argv)
{
    struct guest *g = sg_actor_self_get_data();
    double start = simgrid_get_clock(), left = g->memory, bandwidth;

    (void)argc;
    (void)argv;
    do {
        double began = simgrid_get_clock(), took;

        sg_host_sendto(g->from, g->to, left);
        took = simgrid_get_clock() - began;
        bandwidth = left / took;
        left = fmin(took * CAP_MB_S * 1e6 * INTENSITY_PCT / 100.0, WORKING_SET_MIB * 1048576.0);
    } while (left > bandwidth * STOP_S);
    sg_host_sendto(g->from, g->to, left);
    g->took_s = simgrid_get_clock() - start;
}

static void write_platform(FILE *f, uint32_t nr)
{
    fprintf(f,
            "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
            "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">"
            "<cluster id=\"c\" prefix=\"h\" radical=\"0-%u\" suffix=\"\" speed=\"1Gf\" "
            "bw=\"%dMBps\" lat=\"0s\" bb_bw=\"%.0fBps\" bb_lat=\"0s\"/></platform>\n",
            2 * nr - 1, CAP_MB_S, LINK_BYTES_S);
}

static void prepare(struct guest *g, uint32_t i, enum mode mode)
{
    char name[32], *none[] = {NULL};
    sg_actor_t actor;

    snprintf(name, sizeof(name), "h%u", 2 * i);
    g->from = sg_host_by_name(name);
    snprintf(name, sizeof(name), "h%u", 2 * i + 1);
    g->to = sg_host_by_name(name);
    snprintf(name, sizeof(name), "vm%u", i);
    if (mode == PLUGIN) {
        g->vm = sg_vm_create_migratable(g->from, name, 1, (int)(g->memory / 1048576.0), CAP_MB_S,
                                        INTENSITY_PCT);
        sg_vm_set_working_set_memory(g->vm, WORKING_SET_MIB * 1048576ULL);
        sg_vm_start(g->vm);
        actor = sg_actor_init("busy", (sg_host_t)g->vm);
        sg_actor_daemonize(actor);
        sg_actor_start(actor, busy, 0, none);
    }
    actor = sg_actor_init(name, g->from);
    sg_actor_set_data(actor, g);
    sg_actor_start(actor, mode == PLUGIN ? migrate_vm : migrate_bare, 0, none);
}

/* In the child. */
static void run_there(uint32_t nr, bool varied, enum mode mode, int to)
{
    static const char *const settings[] = {"simgrid",
                                           "--log=root.threshold:error",
                                           "--cfg=network/model:CM02",
                                           "--cfg=network/bandwidth-factor:1",
                                           "--cfg=network/latency-factor:1",
                                           "--cfg=network/weight-S:0",
                                           "--cfg=network/TCP-gamma:0",
                                           "--cfg=network/crosstraffic:no",
                                           "--cfg=contexts/stack-size:64"};
    enum {
        NR_SETTINGS = sizeof(settings) / sizeof(settings[0])
    };
    char path[] = "platform-XXXXXX", *argv[NR_SETTINGS + 1] = {NULL};
    int argc = NR_SETTINGS, fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct guest *guests = calloc(nr, sizeof(*guests));
    struct timed out = {.nr = nr};

    for (int i = 0; i < NR_SETTINGS; i++)
        argv[i] = strdup(settings[i]); /* goes with the child */
    if (!f || !guests)
        _exit(1);
    write_platform(f, nr);
    fclose(f);
    simgrid_init(&argc, argv);
    if (mode == PLUGIN)
        sg_vm_live_migration_plugin_init();
    simgrid_load_platform(path);
    unlink(path);
    for (uint32_t i = 0; i < nr; i++) {
        guests[i].memory = memory_mib(i, varied) * 1048576.0;
        prepare(&guests[i], i, mode);
    }
    out.cpu_s = cpu_now();
    simgrid_run();
    out.cpu_s = cpu_now() - out.cpu_s;
    for (uint32_t i = 0; i < nr; i++)
        out.mean_s += guests[i].took_s / nr;
    _exit(write(to, &out, sizeof(out)) == sizeof(out) ? 0 : 1);
}

static struct timed ask_simgrid(uint32_t nr, bool varied, enum mode mode)
{
    struct timed out = {0};
    int ends[2];
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0 || (child = fork()) < 0) {
        perror("bench-simgrid");
        exit(EXIT_FAILURE);
    }
    if (child == 0)
        run_there(nr, varied, mode, ends[1]);
    close(ends[1]);
    if (read(ends[0], &out, sizeof(out)) != sizeof(out))
        out.nr = 0;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return out;
}

static void print_peer(const char *name, const struct timed *peer, const struct timed *own)
{
    if (peer->nr == 0) {
        printf("  %-8s failed\n", name);
        return;
    }
    printf("  %-8s %12.0f migrations/s  mean %10.3f s   migcast is %8.0fx, mean %+.2f %%\n", name,
           peer->nr / peer->cpu_s, peer->mean_s, peer->cpu_s / own->cpu_s,
           100.0 * (own->mean_s / peer->mean_s - 1.0));
}

int main(int argc, char **argv)
{
    static const uint32_t sizes[] = {1, 10, 100, 1000};
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;

    if (argc > 1 && !quick) {
        fputs("usage: bench-simgrid [--quick]\n", stderr);
        return 64;
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) - quick; i++) {
        for (int varied = 0; varied < 2; varied++) {
            struct timed own = run_here(sizes[i], varied), plugin, bare;

            plugin = ask_simgrid(sizes[i], varied, PLUGIN);
            own.cpu_s += run_here(sizes[i], varied).cpu_s;
            bare = ask_simgrid(sizes[i], varied, BARE);
            own.cpu_s = (own.cpu_s + run_here(sizes[i], varied).cpu_s) / 3.0;
            printf("%u at once over one link, %s\n", sizes[i],
                   varied ? "memory from 0.5 to 1.5 GiB" : "all alike");
            printf("  %-8s %12.0f migrations/s  mean %10.3f s\n", "migcast", own.nr / own.cpu_s,
                   own.mean_s);
            print_peer("plugin", &plugin, &own);
            print_peer("bare", &bare, &own);
        }
    }
    return 0;
}
