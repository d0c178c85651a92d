/*
 * units.h - sizes, rates and times, as people write them.
 *
 * The only place that knows 1000, 1024 or 8 as a unit factor.  Inside the program everything is
 * bytes, nanoseconds and bytes per second (bits per second for nominal link rates only, in fields
 * whose name ends in _bps).
 *
 * Sizes:  B, kB MB GB TB (powers of 1000), KiB MiB GiB TiB (powers of 1024); Ki Mi Gi Ti are taken
 * as KiB... Rates:  SIZE/s in bytes ("1.2GB/s", "64MiB/s"), bits as "kb/s Mb/s Gb/s Tb/s" or "Kib/s
 * Mib/s Gib/s", "bit/s" and "bps", "kbps", "Mbps", "Gbps"; "pages/s" (4 KiB each) where a dirty
 * rate is meant. Times:  ns, us, ms, s, min, h, d; compound as "2h30min". Ratios: "35%" or "0.35".
 * A bare number is refused for sizes, rates and times (platforms disagree about its unit), except
 * 0, and "unlimited" for a rate means UNITS_UNLIMITED.
 */
#ifndef MIGCAST_BASE_UNITS_H
#define MIGCAST_BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL
#define KIB 1024ULL
#define MIB (1024ULL * KIB)
#define GIB (1024ULL * MIB)
#define PAGE_BYTES 4096ULL /* target page of x86; all of QEMU's page counters */
#define BITS_PER_BYTE 8.0
#define UNITS_UNLIMITED UINT64_MAX

/* Each parser takes the whole of @text (blanks around it allowed), rounds to the nearest unit once,
 * and returns ST_EINPUT with what and hint in @diag otherwise (overflow included).  @diag may be
 * NULL. */
enum status units_parse_size(const char *text, uint64_t *bytes, struct diag *diag);
enum status units_parse_rate(const char *text, uint64_t *bytes_per_s, struct diag *diag);
enum status units_parse_bps(const char *text, uint64_t *bits_per_s, struct diag *diag);
enum status units_parse_time(const char *text, int64_t *ns, struct diag *diag);
enum status units_parse_ratio(const char *text, double *ratio, struct diag *diag);
enum status units_parse_double(const char *text, double *value, struct diag *diag);
enum status units_parse_u64(const char *text, uint64_t *value, struct diag *diag);

/* Printers for people: three or four significant digits, a unit, never locale dependent.
 * @buf is always terminated; returns @buf. */
enum {
    UNITS_TEXT = 32
};
char *units_size(char buf[UNITS_TEXT], uint64_t bytes);       /* "64 GiB" "1.5 MiB" "812 B" */
char *units_rate(char buf[UNITS_TEXT], uint64_t bytes_per_s); /* "118 MiB/s", "unlimited" */
char *units_bps(char buf[UNITS_TEXT], uint64_t bits_per_s);   /* "10 Gb/s" */
char *units_time(char buf[UNITS_TEXT],
                 int64_t ns); /* "300 ms" "12.4 s" "2 min 05 s" "3 h 12 min" */

/* Exact forms that parse back to the same value: for `config show` and dumps. */
char *units_size_exact(char buf[UNITS_TEXT], uint64_t bytes);
char *units_rate_exact(char buf[UNITS_TEXT], uint64_t bytes_per_s);
char *units_bps_exact(char buf[UNITS_TEXT], uint64_t bits_per_s);
char *units_time_exact(char buf[UNITS_TEXT], int64_t ns);

#endif
