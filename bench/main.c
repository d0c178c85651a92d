/*
 * main.c - build/bench: run the benchmarks and print their figures.
 *
 * The table below is the list of benchmarks; each lives in a file of its own.  A figure never fails
 * the program: the machine, not the code, decides most of it.
 */
#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"

static const struct bench bench_table[] = {
    {"queue", "event queue, hold model, against a textbook binary heap", bench_queue},
    {"network", "changes of shares, against filling the network anew", bench_network},
    {"forecast", "one migration with the full engine", bench_forecast},
    {"cluster", "upgrades, crowds and replications with the full engine", bench_cluster},
};

enum {
    NR_BENCHES = sizeof(bench_table) / sizeof(bench_table[0]),
    EXIT_USAGE = 64,
    EXIT_OUTPUT = 74
};

struct options {
    const char *only; /* NULL = all */
    bool quick;
    bool json;
};

uint64_t bench_now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(double *values, uint32_t n)
{
    assert(n > 0);
    qsort(values, n, sizeof(*values), compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void print_figure(const struct bench_case *c)
{
    printf("%-36s %10.2f %-12s", c->name, c->value, c->unit);
    if (c->peer > 0)
        printf(" %10.2f %7.2fx", c->peer, c->value / c->peer);
    else
        printf(" %10s %8s", "", "");
    printf("  %s", c->bound ? c->bound : "");
    if (c->must > 0)
        printf("%smust %g", c->bound ? "; " : "", c->must);
    putchar('\n');
    fflush(stdout);
}

void bench_add(struct bench_report *report, struct bench_case figure)
{
    assert(report->nr_cases < BENCH_CASES_MAX);
    report->cases[report->nr_cases++] = figure;
    if (!report->quiet)
        print_figure(&figure);
}

static json_t *figure_json(const struct bench_case *c)
{
    json_t *o = json_pack("{s:s, s:s, s:f}", "name", c->name, "unit", c->unit, "value", c->value);

    json_object_set_new(o, "peer", c->peer > 0 ? json_real(c->peer) : json_null());
    json_object_set_new(o, "ratio", c->peer > 0 ? json_real(c->value / c->peer) : json_null());
    json_object_set_new(o, "bound", c->bound ? json_string(c->bound) : json_null());
    json_object_set_new(o, "must", c->must > 0 ? json_real(c->must) : json_null());
    return o;
}

static int print_json(const struct bench_report *report)
{
    json_t *list = json_array();
    int failed;

    for (uint32_t i = 0; i < report->nr_cases; i++)
        json_array_append_new(list, figure_json(&report->cases[i]));

    json_t *root = json_pack("{s:s, s:b, s:o}", "format_version", "1.0", "quick", report->quick,
                             "figures", list);
    failed = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(root);
    return failed;
}

static void usage(FILE *to)
{
    fputs("usage: bench [--only NAME] [--quick] [--json]\n\n"
          "  --only NAME   run this benchmark only\n"
          "  --quick       a rough answer in seconds for each\n"
          "  --json        one JSON object instead of the table\n\n"
          "benchmarks:\n",
          to);
    for (int i = 0; i < NR_BENCHES; i++)
        fprintf(to, "  %-12s  %s\n", bench_table[i].name, bench_table[i].help);
}

static bool known(const char *name)
{
    for (int i = 0; i < NR_BENCHES; i++) {
        if (strcmp(bench_table[i].name, name) == 0)
            return true;
    }
    return false;
}

/* False when the command line is wrong; says why. */
static bool parse(struct options *opt, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            opt->quick = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            opt->json = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc && known(argv[i + 1])) {
            opt->only = argv[++i];
        } else if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            exit(EXIT_SUCCESS);
        } else {
            fprintf(stderr, "bench: cannot use '%s%s%s'\n", argv[i], i + 1 < argc ? " " : "",
                    i + 1 < argc ? argv[i + 1] : "");
            usage(stderr);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct bench_report report;
    struct options opt = {0};

    if (!parse(&opt, argc, argv))
        return EXIT_USAGE;
    report.quick = opt.quick;
    report.quiet = opt.json;
    if (!opt.json)
        printf("%-36s %10s %-12s %10s %8s  %s\n", "figure", "value", "unit", "peer", "ratio",
               "bound by");
    for (int i = 0; i < NR_BENCHES; i++) {
        if (!opt.only || strcmp(opt.only, bench_table[i].name) == 0)
            bench_table[i].run(&report);
    }
    if (opt.json && print_json(&report) != 0)
        return EXIT_OUTPUT;
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_OUTPUT;
}
