/* postcopy.c - page requests and stalls; see postcopy.h for the formula. */
#include "models/postcopy.h"

#include <math.h>

/* 1 - (1 - e^-x) / x, without cancellation near 0. */
static double touched_before_arrival(double x)
{
    if (x < 1e-6)
        return x / 2.0;
    return 1.0 + expm1(-x) / x;
}

void postcopy_estimate(const struct postcopy_input *in, const struct dirty_model *model,
                       const struct memory *mem, struct postcopy_stalls *out)
{
    double known = 0.0, requests = 0.0, limit = in->push_ns * in->vcpus;

    for (uint32_t k = 0; k < model->nr; k++)
        known += mem->known[k];
    for (uint32_t k = 0; k < model->nr; k++) {
        double per_page = model->page_writes_per_s[k];
        double missing =
            known > in->missing_pages ? mem->known[k] * in->missing_pages / known : mem->known[k];

        requests += missing * touched_before_arrival(per_page * in->push_ns * 1e-9);
    }
    out->requests = requests / fmax(in->host_page_pages, 1.0);
    out->request_ns = in->fault_ns + in->queue_ns + in->page_ns;
    out->stall_ns = fmin(out->requests * out->request_ns, limit);
}
