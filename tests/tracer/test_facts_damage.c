/*
 * test_facts_damage.c - cut, reordered, flipped, binary and very large files: never a crash, never
 * memory that grows with the file, and the before part untouched by anything that comes later.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <gsl/gsl_rng.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zstd.h>

#include "base/rng.h"
#include "base/units.h"
#include "support_traces.h"
#include "tracer/lines.h"

enum {
    RSS_LIMIT_MIB = 64,
    BIG_FILE_MIB = 200
};

/* The before part of a cut file is whole once the `migrate` line is. */
static void check_cut(const struct text *t, size_t len, const struct scan *s, const char *want)
{
    struct trace_facts f;
    struct diag diag;
    enum status st = load_bytes(&f, t->buf, len, 0, &diag);
    bool header_whole = strchr(t->buf, '\n') < t->buf + len + 1;

    if (!header_whole) {
        cr_assert(st == ST_EINPUT, "cut at %zu", len);
        return;
    }
    cr_assert(st == ST_OK, "cut at %zu: line %lu [%s] %s: %s", len, diag.line, diag.section,
              diag.key, diag.what);
    cr_assert(f.counts.truncated == (t->buf[len - 1] != '\n' && t->buf[len] != '\n'), "%zu", len);
    if (len + 1 >= s->migrate_end) {
        char *got = before_as_text(&f);

        cr_assert_str_eq(got, want, "cut at %zu", len);
        free(got);
    } else {
        cr_assert(f.before.migrate_ns == -1 && f.after.nr_polls == 0, "cut at %zu", len);
        cr_assert(f.after.outcome == FACTS_UNKNOWN, "cut at %zu", len);
    }
    facts_release(&f);
}

static char *before_of(const struct text *t)
{
    struct trace_facts f;
    char *text;

    load_good(&f, t);
    text = before_as_text(&f);
    facts_release(&f);
    return text;
}

Test(facts_damage, a_file_cut_after_any_line_still_loads)
{
    static const char *const names[] = {"linux-idle", "kvm-idle-512m", "kvm-hot-32m-converges"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct text t = capture_text(names[i]);
        struct scan s = scan_capture(&t);
        char *want = before_of(&t);

        for (size_t len = 1; len < t.len; len++)
            if (t.buf[len - 1] == '\n')
                check_cut(&t, len, &s, want);
        free(want);
        text_release(&t);
    }
}

Test(facts_damage, a_file_cut_at_any_byte_still_loads)
{
    for (size_t i = 0; i < NR_CAPTURES; i++) {
        struct text t = capture_text(capture_names[i]);
        struct scan s = scan_capture(&t);
        char *want = before_of(&t);
        struct rng r;

        rng_stream(&r, 1, "cut", i, 0);
        for (int k = 0; k < 20; k++)
            check_cut(&t, 1 + rng_u64(&r) % (t.len - 1), &s, want);
        for (int k = 0; k < 40; k++) /* most of them near the border */
            check_cut(&t, 1 + rng_u64(&r) % (s.migrate_end + 500), &s, want);
        free(want);
        text_release(&t);
    }
}

static int64_t stamp_of(const char *line)
{
    const char *at = strstr(line, "\"t_ns\":");

    return at ? strtoll(at + strlen("\"t_ns\":"), NULL, 10) : -1;
}

/* Two recorders' worth of jitter is let through; every larger step back is not. */
Test(facts_damage, swapped_lines_are_refused)
{
    size_t refused = 0;
    struct text t = capture_text("linux-idle");
    char *lines[96], *at = t.buf;
    size_t nr = 0;

    while (*at) {
        cr_assert(nr < 96);
        lines[nr++] = at;
        at = strchr(at, '\n');
        *at++ = '\0';
    }
    for (size_t i = 0; i + 1 < nr; i++) {
        struct text swapped = {0};
        struct trace_facts f;
        struct diag diag;

        for (size_t k = 0; k < nr; k++)
            text_addf(&swapped, "%s\n", lines[k == i ? i + 1 : k == i + 1 ? i : k]);
        int64_t a = stamp_of(lines[i]), b = stamp_of(lines[i + 1]);
        enum status st = load_text(&f, &swapped, &diag);

        if (a >= 0 && b - a <= TRACE_STEP_BACK_NS && st == ST_OK) {
            facts_release(&f);
            text_release(&swapped);
            continue;
        }
        cr_assert(st == ST_EINPUT, "swap at line %zu", i + 1);
        refused++;
        /* The first line that is out of place: the later of the two, or a header or footer. */
        cr_assert(diag.line == i + 1 || diag.line == i + 2, "swap at %zu: line %lu", i + 1,
                  diag.line);
        text_release(&swapped);
    }
    cr_assert_gt(refused, nr / 2);
    text_release(&t);
}

/* 2000 damaged copies; the sanitizers watch.  Whatever loads must also be consistent. */
Test(facts_damage, flipped_bytes_never_crash)
{
    struct text t = capture_text("linux-idle");
    char *work = malloc(t.len);
    size_t nr_loaded = 0, nr_refused = 0;
    struct rng r;

    cr_assert(work);
    rng_stream(&r, 2, "flip", 0, 0);
    for (int i = 0; i < 2000; i++) {
        struct trace_facts f;
        struct diag diag;
        uint64_t nr_flips = 1 + rng_u64(&r) % 8;

        memcpy(work, t.buf, t.len);
        for (uint64_t k = 0; k < nr_flips; k++)
            work[rng_u64(&r) % t.len] ^= (char)(1 << rng_u64(&r) % 8);
        if (load_bytes(&f, work, t.len, 0, &diag) == ST_OK) {
            cr_assert(f.after.nr_polls <= f.after.polls_seen);
            nr_loaded++;
            facts_release(&f);
        } else {
            cr_assert(diag.what[0] && diag.line >= 1 && diag.line <= f.counts.lines + 200);
            nr_refused++;
        }
    }
    cr_assert(nr_loaded > 100 && nr_refused > 100, "%zu loaded, %zu refused", nr_loaded,
              nr_refused);
    free(work);
    text_release(&t);
}

Test(facts_damage, flipped_bytes_in_compressed_data_never_crash)
{
    struct text t = capture_text("linux-idle");
    size_t cap = ZSTD_compressBound(t.len), len;
    char *packed = malloc(cap), *work = malloc(cap);
    struct rng r;

    cr_assert(packed && work);
    len = ZSTD_compress(packed, cap, t.buf, t.len, 3);
    rng_stream(&r, 3, "flip", 0, 0);
    for (int i = 0; i < 1000; i++) {
        struct trace_facts f;
        struct diag diag;

        memcpy(work, packed, len);
        work[rng_u64(&r) % len] ^= (char)(1 << rng_u64(&r) % 8);
        if (load_bytes(&f, work, len, 0, &diag) == ST_OK)
            facts_release(&f);
        else
            cr_assert(diag.what[0]);
    }
    free(packed);
    free(work);
    text_release(&t);
}

Test(facts_damage, binary_files_are_refused)
{
    struct rng r;
    char data[8192];

    rng_stream(&r, 4, "binary", 0, 0);
    for (int i = 0; i < 50; i++) {
        struct trace_facts f;
        struct diag diag;

        for (size_t k = 0; k < sizeof(data); k++)
            data[k] = (char)rng_u64(&r);
        cr_assert(load_bytes(&f, data, sizeof(data), 0, &diag) == ST_EINPUT);
        cr_assert(diag.line == 1);
    }
}

static long peak_mib(void)
{
    struct rusage usage;

    cr_assert(getrusage(RUSAGE_SELF, &usage) == 0);
    return usage.ru_maxrss / 1024;
}

/* A child writes the file into a pipe; the parent reads it by "-". */
static void feed_stdin(void (*write_to)(FILE *out))
{
    int ends[2];
    pid_t child;

    cr_assert(pipe(ends) == 0);
    child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        FILE *out;

        close(ends[0]);
        out = fdopen(ends[1], "w");
        if (out)
            write_to(out);
        _exit(0);
    }
    close(ends[1]);
    cr_assert(dup2(ends[0], STDIN_FILENO) >= 0);
}

static const char big_header[] =
    "{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":1,\"id\":\"big\","
    "\"qemu\":\"7.2.22\",\"accel\":\"kvm\",\"mem_mib\":64,\"vcpus\":1}\n"
    "{\"t_ns\":0,\"kind\":\"command\",\"side\":\"source\",\"name\":\"migrate\",\"data\":{}}\n";

static int write_poll(FILE *out, long i)
{
    return fprintf(out,
                   "{\"t_ns\":%ld,\"kind\":\"return\",\"side\":\"source\",\"name\":"
                   "\"query-migrate\",\"data\":{\"status\":\"active\",\"total-time\":%ld,"
                   "\"ram\":{\"transferred\":%ld,\"remaining\":4096,\"dirty-sync-count\":1}}}\n",
                   i, i, i);
}

static void write_many_polls(FILE *out)
{
    long bytes = 0;

    fputs(big_header, out);
    for (long i = 0; bytes < (long)BIG_FILE_MIB << 20; i++) {
        int len = write_poll(out, i);

        if (len < 0)
            break;
        bytes += len;
    }
    fflush(out);
}

Test(facts_damage, a_file_of_200_mib_needs_little_memory)
{
    long before = peak_mib();
    struct trace_facts f;
    struct diag diag = {0};

    feed_stdin(write_many_polls);
    cr_assert(facts_load(&f, "-", 0, &diag) == ST_OK, "line %lu: %s", diag.line, diag.what);
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory */
    cr_assert(peak_mib() < RSS_LIMIT_MIB, "%ld MiB, %ld before", peak_mib(), before);
#endif
    cr_assert(before > 0 && f.after.polls_seen > 1000000);
    cr_assert(f.after.nr_polls <= FACTS_POLLS_MAX && f.after.nr_polls > FACTS_POLLS_MAX / 2);
    for (size_t i = 0; i < f.after.nr_polls; i++) /* evenly spaced, from the first on */
        cr_assert(f.after.polls[i].t_ns == (int64_t)(i * f.after.poll_stride), "%zu", i);
    cr_assert(f.after.last_ram.t_ns == (int64_t)f.after.polls_seen - 1);
    facts_release(&f);
}

static void write_endless_line(FILE *out)
{
    static char block[1 << 16];

    fputs("{\"kind\":\"", out);
    memset(block, 'x', sizeof(block));
    while (fwrite(block, sizeof(block), 1, out) == 1)
        ;
}

Test(facts_damage, an_endless_line_is_refused_early)
{
    struct trace_facts f;
    struct diag diag = {0};

    feed_stdin(write_endless_line);
    cr_assert(facts_load(&f, "-", 0, &diag) == ST_EINPUT);
    cr_assert(diag.line == 1 && strstr(diag.what, "longer"), "%s", diag.what);
    cr_assert_str_eq(diag.file, "<stdin>");
#ifndef __SANITIZE_ADDRESS__
    cr_assert(peak_mib() < RSS_LIMIT_MIB, "%ld MiB", peak_mib());
#endif
}

/* The dearest line there is: as many empty objects as fit. */
static void write_dear_lines(FILE *out)
{
    fputs(big_header, out);
    for (int i = 0; i < 8; i++) {
        fputs("{\"kind\":\"x\",\"a\":[{}", out);
        for (size_t k = 0; k < (LINES_MAX_BYTES - 64) / 3; k++)
            fputs(",{}", out);
        fputs("]}\n", out);
    }
    fflush(out);
}

Test(facts_damage, one_line_costs_at_most_what_the_header_says)
{
    struct trace_facts f;
    struct diag diag = {0};

    feed_stdin(write_dear_lines);
    cr_assert(facts_load(&f, "-", 0, &diag) == ST_OK, "line %lu: %s", diag.line, diag.what);
    cr_assert(f.counts.ignored_lines == 8);
#ifndef __SANITIZE_ADDRESS__
    cr_assert(peak_mib() < 128, "%ld MiB", peak_mib());
#endif
    facts_release(&f);
}

static void write_endless_states(FILE *out)
{
    fputs(big_header, out);
    while (fputs("{\"t_ns\":1,\"kind\":\"event\",\"side\":\"source\",\"name\":\"MIGRATION\","
                 "\"data\":{\"status\":\"active\"}}\n",
                 out) >= 0)
        ;
}

Test(facts_damage, an_endless_list_is_refused)
{
    struct trace_facts f;
    struct diag diag = {0};

    feed_stdin(write_endless_states);
    cr_assert(facts_load(&f, "-", 0, &diag) == ST_EINPUT);
    cr_assert(strstr(diag.what, "more than") && diag.line == 3 + FACTS_LIST_MAX, "%s line %lu",
              diag.what, diag.line);
}
