/* setup.c - the scenario that needs no file. */
#include "answers/setup.h"

#include <stdlib.h>

#include "base/units.h"
#include "models/costs.h"

#define FOREVER_NS (365LL * 86400 * NS_PER_S)

static bool allocate(struct setup *s, uint32_t nr)
{
    s->sc.workloads = calloc(nr, sizeof(*s->sc.workloads));
    s->sc.vms = calloc(nr, sizeof(*s->sc.vms));
    s->guests = calloc(nr, sizeof(*s->guests));
    s->sc.migrations = calloc(nr, sizeof(*s->sc.migrations));
    s->sc.requests = calloc(nr, sizeof(*s->sc.requests));
    return s->sc.workloads && s->sc.vms && s->guests && s->sc.migrations && s->sc.requests;
}

struct setup *setup_new(uint32_t nr)
{
    struct setup *s = calloc(1, sizeof(*s));

    if (!s || !allocate(s, nr)) {
        setup_free(s);
        return 0;
    }
    s->hosts[0] = (struct scn_host){.name = "source", .nic_bps = UNITS_UNLIMITED};
    s->hosts[1] = (struct scn_host){.name = "target", .nic_bps = UNITS_UNLIMITED};
    for (int i = 0; i < 2; i++) {
        host_costs_default(&s->costs[i]);
        s->hosts[i].costs = &s->costs[i];
    }
    s->link = (struct scn_link){
        .name = "link", .efficiency_ratio = 1.0, .rate_bps.a = (double)UNITS_UNLIMITED};
    s->sc.hosts = s->hosts;
    s->sc.links = &s->link;
    s->sc.nr_hosts = 2;
    s->sc.nr_links = 1;
    s->sc.nr_workloads = s->sc.nr_vms = s->sc.nr_migrations = s->sc.nr_requests = nr;
    s->sc.path = "quick";
    s->sc.seed = 1;
    s->sc.replications = 1;
    s->sc.horizon_ns = FOREVER_NS;
    for (uint32_t i = 0; i < nr; i++) {
        s->sc.workloads[i].name = "guest";
        s->sc.vms[i] =
            (struct scn_vm){.name = "vm", .workload = i, .migration = i, .guest = &s->guests[i]};
        s->guests[i] = (struct guest_params){
            .host_page_bytes = PAGE_BYTES, .vcpus = 1, .zero_tail_ratio = 1.0};
        s->sc.migrations[i].name = "";
        s->sc.migrations[i].platform = "qemu";
        mig_params_default(&s->sc.migrations[i].params);
        s->sc.migrations[i].params.dirty_log = DIRTY_LOG_MANUAL;
        s->sc.migrations[i].params.postcopy_after_round = 2;
        s->sc.requests[i] =
            (struct scn_request){.name = "request", .vm = i, .target = 1, .cancel_at_ns = -1};
    }
    return s;
}

void setup_free(struct setup *s)
{
    if (!s)
        return;
    free(s->sc.workloads);
    free(s->sc.vms);
    free(s->guests);
    free(s->sc.migrations);
    free(s->sc.requests);
    free(s);
}
