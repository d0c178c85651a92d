/*
 * wire.c - page costs.  Pure arithmetic; who sends how many pages when is precopy.c's business.
 */
#include "models/wire.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"
#include "models/qemu.h"

#define PAGE ((double)PAGE_BYTES)

static double ns_per_page(uint64_t bytes_per_s)
{
    if (bytes_per_s == 0 || bytes_per_s == UNITS_UNLIMITED)
        return 0.0;
    return PAGE * (double)NS_PER_S / (double)bytes_per_s;
}

/* Throughput of one compressing thread, in input bytes per second at @level.  Higher levels cost
 * about a quarter more each (zlib manual's and zstd's own level tables, smoothed); hardware does
 * not have levels. */
static uint64_t compress_speed(const struct mig_params *p, const struct host_costs *c)
{
    uint64_t base = 0;

    switch (p->multifd_compression) {
    case MFD_ZLIB:
        base = c->zlib_bytes_per_s;
        break;
    case MFD_ZSTD:
        base = c->zstd_bytes_per_s;
        break;
    case MFD_QPL:
    case MFD_UADK:
    case MFD_QATZIP:
        return c->hw_compress_bytes_per_s;
    case MFD_NONE:
    case MFD_NR:
        return 0;
    }
    if (p->multifd_level > 1)
        base = (uint64_t)((double)base / pow(1.25, (double)(p->multifd_level - 1)));
    return base;
}

static bool zero_in_channels(const struct mig_params *p)
{
    if (p->zero_detection == ZERO_DEFAULT)
        return qemu_behaviour(p->qemu)->multifd_zero_in_channels;
    return p->zero_detection == ZERO_MULTIFD;
}

static void multifd_costs(const struct mig_params *p, const struct host_costs *c,
                          const struct dirty_params *dirty, struct wire_cost out[WIRE_NR])
{
    double channels = (double)p->multifd_channels;
    double header = (double)WIRE_MULTIFD_HEADER / WIRE_MULTIFD_PAGES;
    double ratio = p->multifd_compression == MFD_NONE ? 1.0 : dirty->compress_ratio;
    double cpu = ns_per_page(c->copy_bytes_per_s);

    if (p->multifd_compression != MFD_NONE)
        cpu += ns_per_page(compress_speed(p, c));
    if (p->tls)
        cpu += ratio * ns_per_page(c->tls_bytes_per_s);
    out[WIRE_NORMAL].wire_bytes = PAGE * ratio + header;
    out[WIRE_NORMAL].counted_bytes =
        qemu_behaviour(p->qemu)->multifd_counts_true_size ? PAGE * ratio + header : PAGE + header;
    out[WIRE_NORMAL].cpu_ns = num_max(cpu / channels, ns_per_page(c->multifd_bytes_per_s));
    if (zero_in_channels(p)) {
        out[WIRE_ZERO].wire_bytes = out[WIRE_ZERO].counted_bytes = header;
        out[WIRE_ZERO].cpu_ns = ns_per_page(c->zero_scan_bytes_per_s) / channels;
    }
}

void wire_costs(const struct mig_params *p, const struct host_costs *c,
                const struct dirty_params *dirty, double dest_load_ratio,
                struct wire_cost out[WIRE_NR])
{
    double slow = 1.0 / (1.0 - num_min(num_max(dest_load_ratio, 0.0), 0.95));

    assert(!p->multifd || p->multifd_channels >= 1);
    out[WIRE_NORMAL].wire_bytes = out[WIRE_NORMAL].counted_bytes = WIRE_PAGE_HEADER + PAGE;
    out[WIRE_NORMAL].cpu_ns = ns_per_page(c->copy_bytes_per_s);
    if (p->tls)
        out[WIRE_NORMAL].cpu_ns += ns_per_page(c->tls_bytes_per_s);
    out[WIRE_ZERO].wire_bytes = out[WIRE_ZERO].counted_bytes = WIRE_ZERO_PAGE;
    out[WIRE_ZERO].cpu_ns = ns_per_page(c->zero_scan_bytes_per_s);
    if (p->multifd)
        multifd_costs(p, c, dirty, out);
    if (p->zero_detection == ZERO_NONE)
        out[WIRE_ZERO] = out[WIRE_NORMAL];
    out[WIRE_NORMAL].cpu_ns *= slow;
    out[WIRE_ZERO].cpu_ns *= slow;
    out[WIRE_MIXED] = out[WIRE_NORMAL];
}

struct wire_cost wire_mix(const struct wire_cost in[WIRE_NR], double zero, double hit,
                          double hit_bytes, double hit_cpu_ns)
{
    double miss = 1.0 - hit;
    const struct wire_cost *n = &in[WIRE_NORMAL], *z = &in[WIRE_ZERO];

    assert(zero >= 0.0 && zero <= 1.0 && hit >= 0.0 && hit <= 1.0);
    return (struct wire_cost){
        .wire_bytes =
            zero * z->wire_bytes + (1.0 - zero) * (miss * n->wire_bytes + hit * hit_bytes),
        .counted_bytes =
            zero * z->counted_bytes + (1.0 - zero) * (miss * n->counted_bytes + hit * hit_bytes),
        .cpu_ns = zero * z->cpu_ns + (1.0 - zero) * (miss * n->cpu_ns + hit * hit_cpu_ns),
    };
}

double wire_call_bytes(const struct mig_params *p)
{
    const struct qemu_behaviour *q = qemu_behaviour(p->qemu);
    double bytes = WIRE_EOS;

    if (q->transferred_all_bytes)
        bytes += WIRE_SECTION;
    if (p->multifd && (!q->multifd_barrier_per_sweep || p->multifd_flush_each_call))
        bytes += (double)WIRE_MULTIFD_HEADER * (double)p->multifd_channels;
    return bytes;
}
