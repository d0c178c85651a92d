/*
 * support_published_run.c - the engine set up from one published run, and the ten scenarios
 * forecast with it.
 */
#include "answers/support_published.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "sim/sim.h"

#define PAGE ((double)PAGE_BYTES)

/* clang-format off */
const struct pub_scenario pub_scenarios[PUB_SCENARIOS] = {
    {"Precopy_Convergent",                  "Precopy_Convergent",                  PUB_PLAIN,         0.0},
    {"Stop_Copy_4T",                        "Precopy_Convergent",                  PUB_STOPPED,       0.0},
    {"Postcopy_4T",                         "Precopy_Convergent",                  PUB_POSTCOPY,      0.0},
    {"Precopy_Nonconvergent_16T",           "Precopy_Nonconvergent_16T",           PUB_PLAIN,         0.0},
    {"Precopy_Nonconvergent_OnlyReads_16T", "Precopy_Nonconvergent_OnlyReads_16T", PUB_PLAIN,         0.0},
    {"Autoconverge_16T",                    "Precopy_Nonconvergent_16T",           PUB_AUTO_CONVERGE, 0.0},
    {"Postcopy_16T",                        "Precopy_Nonconvergent_16T",           PUB_POSTCOPY,      0.0},
    {"Postcopy_Late_16T_5s",                "Precopy_Nonconvergent_16T",           PUB_POSTCOPY,      5.0},
    {"Postcopy_Late_16T_25s",               "Precopy_Nonconvergent_16T",           PUB_POSTCOPY,      25.0},
    {"Postcopy_Late_16T_40s",               "Precopy_Nonconvergent_16T",           PUB_POSTCOPY,      40.0},
};
/* clang-format on */

/* Where the zero pages lie, read off the time series of the plain runs: one long stretch after some
 * 16000 other pages, another of about the same length behind everything. */
#define FRONT_PAGES 16000.0
#define LAST_RATIO 0.5

struct setup *pub_setup(const struct pub_guest *g, const struct pub_host *h)
{
    struct setup *s = setup_new(1);
    struct guest_params *guest;

    if (!s)
        return 0;
    guest = &s->guests[0];
    guest->memory_bytes = 8 * GIB;
    guest->extra_bytes = g->ram_bytes - 8 * GIB;
    guest->nonzero_bytes = g->nonzero_bytes;
    guest->zero_tail_ratio = FRONT_PAGES * PAGE / (double)g->nonzero_bytes;
    guest->zero_last_ratio = LAST_RATIO;
    guest->vcpus = 4;
    guest->dirty = (struct dirty_params){
        .kind = DIRTY_CLASSES,
        .cpu_need_ratio = 1.0,
        .zero_write_ratio = g->zero_write_ratio,
        .compress_ratio = 1.0,
        .nr_classes = g->nr_classes,
    };
    memcpy(guest->dirty.classes, g->classes, sizeof(g->classes));
    if (g->load_end_ns > 0) {
        guest->dirty.on_ns = g->load_end_ns;
        guest->dirty.off_ns = 86400 * NS_PER_S;
    }
    for (int i = 0; i < 2; i++) {
        struct host_costs *c = &s->costs[i];

        c->copy_bytes_per_s = c->final_copy_bytes_per_s = h->copy_bytes_per_s;
        c->zero_scan_bytes_per_s = h->zero_bytes_per_s;
        c->window_slip_ns = h->window_slip_ns;
        c->postcopy_zero_ns = h->place_zero_ns;
        /* the curve was measured while pages were write-protected: faults are in it */
        c->guest_fault_ns = 0.0;
        c->device_save_ns = 0;
    }
    s->sc.migrations[0].params.qemu = QEMU_10_1;
    s->sc.migrations[0].params.dirty_log = DIRTY_LOG_LEGACY;
    s->sc.horizon_ns = 600 * NS_PER_S;
    return s;
}

/* The harness looked at the migration every 0.201 s and gave the order at the first look due. */
#define LOOK_S 0.201

double pub_order_s(double after_s)
{
    return fmax(ceil(after_s / LOOK_S), 1.0) * LOOK_S;
}

struct setup *pub_setup_postcopy(const struct pub_guest *g, const struct pub_host *h,
                                 double after_s)
{
    double order_s = pub_order_s(after_s);
    double grown = fmin(order_s / g->round_1_s, 1.0);
    struct pub_guest at_order = *g;
    struct setup *s;

    at_order.nonzero_bytes =
        g->start_nonzero_bytes +
        (uint64_t)(grown * (double)(g->nonzero_bytes - g->start_nonzero_bytes));
    s = pub_setup(&at_order, h);
    if (s) {
        struct mig_params *p = &s->sc.migrations[0].params;

        p->postcopy = true;
        p->postcopy_trigger = POSTCOPY_AT_TIME;
        p->postcopy_after_ns = llround(order_s * (double)NS_PER_S);
    }
    return s;
}

struct setup *pub_setup_stopped(const struct pub_guest *g, const struct pub_host *h)
{
    struct pub_guest stopped = *g;
    struct setup *s;

    stopped.nonzero_bytes = g->start_nonzero_bytes;
    s = pub_setup(&stopped, h);
    if (s)
        s->guests[0].dirty.kind = DIRTY_IDLE;
    return s;
}

bool pub_run(struct setup *s, struct mig_result *out)
{
    struct sim *sim = s ? sim_new(&s->sc, 0) : 0;
    uint32_t nr;

    if (sim) {
        sim_run(sim, 0);
        *out = *sim_results(sim, &nr);
    }
    sim_free(sim);
    setup_free(s);
    return sim;
}

bool pub_inputs(const struct pub_scenario *s, int run, struct pub_guest *guest,
                struct pub_host *host)
{
    return pub_guest(s->plain, run, guest) &&
           pub_host("Precopy_Convergent", "Postcopy_4T", run, host);
}

bool pub_forecast(const struct pub_scenario *s, const struct pub_guest *guest,
                  const struct pub_host *host, struct mig_result *out)
{
    struct setup *setup = 0;

    switch (s->how) {
    case PUB_PLAIN:
        setup = pub_setup(guest, host);
        break;
    case PUB_AUTO_CONVERGE:
        setup = pub_setup(guest, host);
        if (setup)
            setup->sc.migrations[0].params.auto_converge = true;
        break;
    case PUB_STOPPED:
        setup = pub_setup_stopped(guest, host);
        break;
    case PUB_POSTCOPY:
        setup = pub_setup_postcopy(guest, host, s->after_s);
        break;
    }
    return pub_run(setup, out);
}
