/*
 * costs.c - default host costs, each with its origin.
 *
 * They stand for two ordinary x86 servers of about 2020 with physical KVM.  They matter little
 * where the link or the cap binds; `migcast calibrate` measures them where they do.
 */
#include "models/costs.h"

#include "base/units.h"

void host_costs_default(struct host_costs *c)
{
    *c = (struct host_costs){
        /* one stream on server hardware: 8-12 Gb/s in published single-stream migrations */
        .copy_bytes_per_s = 1200000000,
        /* 0.1-0.3 s of CPU per GiB of zero pages in published idle migrations */
        .zero_scan_bytes_per_s = 4000000000,
        .final_copy_bytes_per_s = 1200000000,
        /* AES-GCM through GnuTLS on one core; assumption */
        .tls_bytes_per_s = 700000000,
        /* level 1, one core: zlib and zstd authors' benchmarks, rounded down */
        .zlib_bytes_per_s = 80000000,
        .zstd_bytes_per_s = 400000000,
        .hw_compress_bytes_per_s = 4000000000,
        /* two copies and a compare more than a plain page; assumption */
        .xbzrle_bytes_per_s = 800000000,
        /* our captures on KVM: under 1 ms for 512-1024 MiB guests */
        .sync_fixed_ns = 300 * NS_PER_US,
        .sync_ns_per_gib = 100 * NS_PER_US,
        /* our captures: 1-6 ms */
        .setup_fixed_ns = 4 * NS_PER_MS,
        .setup_ns_per_gib = 500 * NS_PER_US,
        /* our captures: rate-limited windows last 100.2-100.7 ms */
        .window_slip_ns = 400 * NS_PER_US,
        .stop_ns = 1 * NS_PER_MS,
        .device_save_ns = 5 * NS_PER_MS,
        .finish_ns = 1 * NS_PER_MS,
        .rtt_ns = 200 * NS_PER_US,
        /* our captures: 20 ms from the last byte to RESUME after post-copy's switch */
        .dest_start_ns = 20 * NS_PER_MS,
        /* our post-copy capture: 10 ms of blackout for some 17,000 runs */
        .postcopy_discard_ns_per_run = 300,
        .postcopy_fault_ns = 100 * NS_PER_US,
        /* one UFFDIO_ZEROPAGE each, a system call and a page-table entry: 0.5 us in twenty
         * published post-copy migrations of a database guest (docs/published.md) */
        .postcopy_zero_ns = 500,
        /* Linux default for UNIX sockets, and TCP's usual autotuned order of magnitude */
        .socket_buffer_bytes = 212992,
        /* our captures on KVM: 38 MiB */
        .rss_overhead_bytes = 38 * MIB,
        /* a write-protection fault with page-modification logging off, physical KVM; assumption */
        .guest_fault_ns = 2000.0,
        /* our cancelled capture: 81 ms from cancelling to cancelled */
        .cancel_ns = 80 * NS_PER_MS,
        /* Linux tcp_retries2 = 15: about 924.6 s */
        .tcp_timeout_ns = 924600 * NS_PER_MS,
        /* assumptions: two monitor round trips, and the Finish phase */
        .libvirt_wait_ns = 5 * NS_PER_MS,
        .libvirt_finish_ns = 40 * NS_PER_MS,
        /* memory-bound single-byte writes at 4 KiB stride on one core: about 50 ns each */
        .guest_writes_per_s = 20000000,
        /* off: dirty models are means, and phases say what is known of a guest's rhythm.  Our
         * captures give below 1 % for paced writers on KVM, 3 to 25 % for programs under TCG. */
        .dirty_scatter_ratio = 0.0,
    };
}
