/* test_wire.c - what a page costs, against the wire format counted by hand. */
#include "models/wire.h"

#include <criterion/criterion.h>

#include "base/units.h"
#include "models/costs.h"
#include "models/qemu.h"

static struct mig_params params(enum qemu_version qemu)
{
    return (struct mig_params){.qemu = qemu, .multifd_channels = 2, .multifd_level = 1};
}

static struct host_costs costs(void)
{
    struct host_costs c;

    host_costs_default(&c);
    return c;
}

static const struct dirty_params guest = {.compress_ratio = 0.5};

Test(wire, single_stream_pays_header_and_page)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct mig_params p = params(v);
        struct host_costs c = costs();
        struct wire_cost w[WIRE_NR];

        wire_costs(&p, &c, &guest, 0.0, w);
        cr_assert_eq(w[WIRE_NORMAL].counted_bytes, 4104.0);
        cr_assert_eq(w[WIRE_NORMAL].wire_bytes, 4104.0);
        cr_assert_eq(w[WIRE_ZERO].counted_bytes, 9.0);
        cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, 4096e9 / (double)c.copy_bytes_per_s, 1e-9);
        cr_assert_float_eq(w[WIRE_ZERO].cpu_ns, 4096e9 / (double)c.zero_scan_bytes_per_s, 1e-9);
        cr_assert_eq(w[WIRE_MIXED].counted_bytes, w[WIRE_NORMAL].counted_bytes);
        cr_assert_eq(wire_call_bytes(&p), v >= QEMU_8_2 ? 18.0 : 8.0);
    }
}

struct multifd_case {
    enum qemu_version qemu;
    enum mfd_compression compression;
    enum zero_detection zero;
    bool flush;
    double wire, counted, zero_bytes, call;
};

/* clang-format off */
static const struct multifd_case multifd[] = {
    {QEMU_7_2, MFD_NONE, ZERO_DEFAULT, false, 4106.5, 4106.5, 9.0, 8 + 2688},
    {QEMU_7_2, MFD_ZSTD, ZERO_DEFAULT, false, 2058.5, 4106.5, 9.0, 8 + 2688},
    {QEMU_8_2, MFD_ZLIB, ZERO_DEFAULT, false, 2058.5, 2058.5, 9.0, 18},
    {QEMU_8_2, MFD_NONE, ZERO_DEFAULT, true, 4106.5, 4106.5, 9.0, 18 + 2688},
    {QEMU_9_2, MFD_NONE, ZERO_DEFAULT, false, 4106.5, 4106.5, 10.5, 18},
    {QEMU_9_2, MFD_NONE, ZERO_LEGACY, false, 4106.5, 4106.5, 9.0, 18},
    {QEMU_9_2, MFD_NONE, ZERO_NONE, false, 4106.5, 4106.5, 4106.5, 18},
    {QEMU_10_1, MFD_QATZIP, ZERO_MULTIFD, false, 2058.5, 2058.5, 10.5, 18},
};
/* clang-format on */

Test(wire, multifd_shares_a_header_among_128_pages)
{
    for (size_t i = 0; i < sizeof(multifd) / sizeof(multifd[0]); i++) {
        const struct multifd_case *m = &multifd[i];
        struct mig_params p = params(m->qemu);
        struct host_costs c = costs();
        struct wire_cost w[WIRE_NR];

        p.multifd = true;
        p.multifd_compression = m->compression;
        p.zero_detection = m->zero;
        p.multifd_flush_each_call = m->flush;
        wire_costs(&p, &c, &guest, 0.0, w);
        cr_assert_eq(w[WIRE_NORMAL].wire_bytes, m->wire, "case %zu: %g", i,
                     w[WIRE_NORMAL].wire_bytes);
        cr_assert_eq(w[WIRE_NORMAL].counted_bytes, m->counted, "case %zu", i);
        cr_assert_eq(w[WIRE_ZERO].counted_bytes, m->zero_bytes, "case %zu", i);
        cr_assert_eq(wire_call_bytes(&p), m->call, "case %zu", i);
    }
}

Test(wire, channels_tls_compression_and_load_change_the_cpu_time)
{
    struct host_costs c = costs();
    struct mig_params p = params(QEMU_9_2);
    struct wire_cost w[WIRE_NR];
    double copy = 4096e9 / (double)c.copy_bytes_per_s, tls = 4096e9 / (double)c.tls_bytes_per_s;
    double zlib = 4096e9 / (double)c.zlib_bytes_per_s,
           hw = 4096e9 / (double)c.hw_compress_bytes_per_s;

    p.tls = true;
    wire_costs(&p, &c, &guest, 0.0, w);
    cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, copy + tls, 1e-6);
    p.multifd = true;
    p.multifd_channels = 4;
    wire_costs(&p, &c, &guest, 0.0, w);
    cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, (copy + tls) / 4.0, 1e-6);
    p.multifd_compression = MFD_ZLIB;
    wire_costs(&p, &c, &guest, 0.5, w);
    cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, 2.0 * (copy + zlib + 0.5 * tls) / 4.0, 1e-6);
    p.multifd_level = 3;
    wire_costs(&p, &c, &guest, 0.0, w);
    cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, (copy + zlib * 1.25 * 1.25 + 0.5 * tls) / 4.0, 1e-3);
    p.multifd_compression = MFD_QPL; /* hardware has no levels */
    p.tls = false;
    wire_costs(&p, &c, &guest, 0.0, w);
    cr_assert_float_eq(w[WIRE_NORMAL].cpu_ns, (copy + hw) / 4.0, 1e-6);
    c.copy_bytes_per_s = UNITS_UNLIMITED;
    p.multifd = false;
    wire_costs(&p, &c, &guest, 1.0, w);
    cr_assert_eq(w[WIRE_NORMAL].cpu_ns, 0.0);
}

Test(wire, mix_is_the_mean_over_its_kinds)
{
    const struct wire_cost in[WIRE_NR] = {{4104, 4104, 1000}, {9, 9, 200}, {0, 0, 0}};
    struct wire_cost m = wire_mix(in, 0.25, 0.4, 111.0, 3000.0);

    cr_assert_float_eq(m.wire_bytes, 0.25 * 9 + 0.75 * (0.6 * 4104 + 0.4 * 111), 1e-9);
    cr_assert_float_eq(m.counted_bytes, m.wire_bytes, 1e-9);
    cr_assert_float_eq(m.cpu_ns, 0.25 * 200 + 0.75 * (0.6 * 1000 + 0.4 * 3000), 1e-9);
    m = wire_mix(in, 0.0, 0.0, 0.0, 0.0);
    cr_assert_eq(m.wire_bytes, 4104.0);
    m = wire_mix(in, 1.0, 1.0, 111.0, 0.0);
    cr_assert_eq(m.wire_bytes, 9.0);
}

Test(wire, default_costs_are_all_set)
{
    struct host_costs c = costs();

    cr_assert(c.copy_bytes_per_s && c.zero_scan_bytes_per_s && c.final_copy_bytes_per_s &&
              c.tls_bytes_per_s);
    cr_assert(c.zlib_bytes_per_s && c.zstd_bytes_per_s && c.hw_compress_bytes_per_s &&
              c.xbzrle_bytes_per_s);
    cr_assert_gt(c.zstd_bytes_per_s, c.zlib_bytes_per_s);
    cr_assert_lt(c.tls_bytes_per_s, c.copy_bytes_per_s);
}
