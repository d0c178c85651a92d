/*
 * test_simgrid.c - the same transfers end at the same time as in SimGrid.
 *
 * Random networks, transfers of fixed sizes that start at random times.  SimGrid runs its CM02
 * model without latency, with all correction factors at 1, which is max-min sharing; here
 * sim/network/network.c shares, and this file moves the clock from one start or end to the next.  A
 * transfer of several streams is as many equal ones in SimGrid.  SimGrid can run once in a process,
 * so each network gets a child, which sends the times back through a pipe.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>

#include "base/rng.h"
#include "sim/network/network.h"

enum {
    TRANSFERS = 120,
    LINKS = 30,
    HOPS = 4,
    STREAMS = 4
};

struct transfer {
    double start_s, bytes, end_s;
    uint32_t streams;
    uint32_t nr_hops, hops[HOPS];
};

struct world {
    uint32_t nr_links, nr_transfers;
    double capacity[LINKS];
    struct transfer transfers[TRANSFERS];
};

static uint32_t pick(struct rng *rng, uint32_t nr)
{
    return (uint32_t)(rng_uniform(rng) * nr);
}

static void draw_world(struct world *w, uint64_t index, uint32_t most)
{
    struct rng rng;

    rng_stream(&rng, 20263, "simgrid", index, 0);
    memset(w, 0, sizeof(*w));
    w->nr_links = 2 + pick(&rng, LINKS - 1);
    w->nr_transfers = 2 + pick(&rng, most - 1);
    for (uint32_t l = 0; l < w->nr_links; l++)
        w->capacity[l] = exp(log(1e7) + rng_uniform(&rng) * log(100.0));
    for (uint32_t i = 0; i < w->nr_transfers; i++) {
        struct transfer *t = &w->transfers[i];
        uint32_t want = 1 + pick(&rng, HOPS);

        t->start_s = rng_uniform(&rng) < 0.3 ? 0.0 : rng_uniform(&rng) * 20.0;
        t->bytes = exp(log(1e7) + rng_uniform(&rng) * log(1000.0));
        t->streams = 1 + pick(&rng, STREAMS);
        while (t->nr_hops < want && t->nr_hops < w->nr_links) {
            uint32_t link = pick(&rng, w->nr_links), h = 0;

            while (h < t->nr_hops && t->hops[h] != link)
                h++;
            if (h == t->nr_hops)
                t->hops[t->nr_hops++] = link;
        }
    }
}

/* ---- here ---- */

/* The next moment at which a transfer starts or, at its present rate, ends. */
static double next_s(const struct world *w, const struct network *net, const double *left,
                     double now)
{
    double next = INFINITY;

    for (uint32_t i = 0; i < w->nr_transfers; i++) {
        if (left[i] < 0.0)
            next = fmin(next, w->transfers[i].start_s);
        else if (left[i] > 0.0)
            next = fmin(next, now + left[i] / net->flows[i].rate);
    }
    return next;
}

/* left[]: bytes to send; negative = not started, 0 = done */
static void run_here(struct world *w)
{
    double left[TRANSFERS], now = 0.0;
    struct network net;
    uint32_t done = 0;

    cr_assert_eq(network_init(&net, w->nr_links, w->nr_transfers), ST_OK);
    for (uint32_t l = 0; l < w->nr_links; l++)
        network_set_capacity(&net, l, w->capacity[l]);
    for (uint32_t i = 0; i < w->nr_transfers; i++)
        left[i] = -1.0;
    while (done < w->nr_transfers) {
        double next = next_s(w, &net, left, now), passed = next - now;

        for (uint32_t i = 0; i < w->nr_transfers; i++) {
            struct transfer *t = &w->transfers[i];

            if (left[i] > 0.0) {
                left[i] -= passed * net.flows[i].rate;
                if (left[i] <= 1e-9 * t->bytes) {
                    left[i] = 0.0;
                    t->end_s = next;
                    network_stop(&net, i);
                    done++;
                }
            } else if (left[i] < 0.0 && t->start_s <= next) {
                left[i] = t->bytes;
                network_start(&net, i, t->hops, t->nr_hops, t->streams, INFINITY);
            }
        }
        now = next;
        network_solve(&net);
    }
    network_release(&net);
}

/* ---- there ---- */

static void send_stream(int argc, char **argv)
{
    const struct transfer *t = sg_actor_self_get_data();
    char name[32];
    sg_host_t from, to;

    (void)argc;
    snprintf(name, sizeof(name), "s%s", argv[0]);
    from = sg_host_by_name(name);
    snprintf(name, sizeof(name), "d%s", argv[0]);
    to = sg_host_by_name(name);
    sg_actor_sleep_for(t->start_s);
    sg_host_sendto(from, to, t->bytes / t->streams);
    ((struct transfer *)sg_actor_self_get_data())->end_s = simgrid_get_clock();
}

static void write_platform(const struct world *w, FILE *f)
{
    fputs("<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM "
          "\"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\"><zone id=\"z\" "
          "routing=\"Full\">\n",
          f);
    for (uint32_t i = 0; i < w->nr_transfers; i++)
        fprintf(f, "<host id=\"s%u\" speed=\"1Gf\"/><host id=\"d%u\" speed=\"1Gf\"/>\n", i, i);
    for (uint32_t l = 0; l < w->nr_links; l++)
        fprintf(f, "<link id=\"l%u\" bandwidth=\"%.17gBps\" latency=\"0s\"/>\n", l, w->capacity[l]);
    for (uint32_t i = 0; i < w->nr_transfers; i++) {
        fprintf(f, "<route src=\"s%u\" dst=\"d%u\">", i, i);
        for (uint32_t h = 0; h < w->transfers[i].nr_hops; h++)
            fprintf(f, "<link_ctn id=\"l%u\"/>", w->transfers[i].hops[h]);
        fputs("</route>\n", f);
    }
    fputs("</zone></platform>\n", f);
}

/* In the child; ends it. */
static void run_there(struct world *w, int to)
{
    static const char *const settings[] = {"simgrid",
                                           "--log=root.threshold:error",
                                           "--cfg=network/model:CM02",
                                           "--cfg=network/bandwidth-factor:1",
                                           "--cfg=network/latency-factor:1",
                                           "--cfg=network/weight-S:0",
                                           "--cfg=network/TCP-gamma:0",
                                           "--cfg=network/crosstraffic:no",
                                           "--cfg=maxmin/precision:1e-9",
                                           "--cfg=surf/precision:1e-9"};
    enum {
        NR_SETTINGS = sizeof(settings) / sizeof(settings[0])
    };
    char path[] = "platform-XXXXXX", *argv[NR_SETTINGS + 1] = {NULL};
    int argc = NR_SETTINGS, fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    for (int i = 0; i < NR_SETTINGS; i++)
        argv[i] = strdup(settings[i]); /* goes with the child */
    if (!f)
        _exit(1);
    write_platform(w, f);
    fclose(f);
    simgrid_init(&argc, argv);
    simgrid_load_platform(path);
    unlink(path);
    for (uint32_t i = 0; i < w->nr_transfers; i++) {
        char name[32], *arg[] = {name, NULL};

        snprintf(name, sizeof(name), "%u", i);
        for (uint32_t s = 0; s < w->transfers[i].streams; s++) {
            char host[40];
            sg_actor_t actor;

            snprintf(host, sizeof(host), "s%u", i);
            actor = sg_actor_init(name, sg_host_by_name(host));
            sg_actor_set_data(actor, &w->transfers[i]);
            sg_actor_start(actor, send_stream, 1, arg);
        }
    }
    simgrid_run();
    for (uint32_t i = 0; i < w->nr_transfers; i++)
        if (write(to, &w->transfers[i].end_s, sizeof(double)) != sizeof(double))
            _exit(1);
    _exit(0);
}

static void ask_simgrid(struct world *w)
{
    int ends[2], status;
    pid_t child;

    cr_assert_eq(pipe(ends), 0);
    child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(ends[0]);
        run_there(w, ends[1]);
    }
    close(ends[1]);
    for (uint32_t i = 0; i < w->nr_transfers; i++)
        cr_assert_eq(read(ends[0], &w->transfers[i].end_s, sizeof(double)), sizeof(double),
                     "SimGrid did not answer");
    close(ends[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void compare(uint64_t index, uint32_t most)
{
    static struct world here, there;

    draw_world(&here, index, most);
    there = here;
    run_here(&here);
    ask_simgrid(&there);
    for (uint32_t i = 0; i < here.nr_transfers; i++) {
        double want = there.transfers[i].end_s;

        cr_assert(fabs(here.transfers[i].end_s - want) < 1e-6 * want,
                  "network %u, transfer %u of %u: %.9f s, in SimGrid %.9f s", (unsigned)index, i,
                  here.nr_transfers, here.transfers[i].end_s, want);
    }
}

Test(simgrid, fixed_transfers_end_at_the_same_time_on_random_networks)
{
    for (uint64_t i = 0; i < 40; i++)
        compare(i, 20);
    for (uint64_t i = 100; i < 110; i++)
        compare(i, TRANSFERS);
}
