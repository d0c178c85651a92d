/*
 * support_published.c - reads the published files.  What is made of the rows is the other support
 * files'.
 */
#include "answers/support_published.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIELDS_MAX 24

const char *pub_path(const char *name)
{
    static char path[4096];
    const char *shared = getenv("MIGCAST_SHARED");

#ifdef __SANITIZE_ADDRESS__
    /* two minutes of the same code that other tests run under the sanitizers */
    if (!getenv("MIGCAST_LONG")) {
        fprintf(stderr, "skipped: published measurements under a sanitizer, but for --long\n");
        return 0;
    }
#endif
    if (shared)
        snprintf(path, sizeof(path), "%s/published/%s", shared, name);
    else
        snprintf(path, sizeof(path), "%s/../shared/published/%s", SOURCE_DIR, name);
    if (access(path, R_OK) == 0)
        return path;
    fprintf(stderr, "skipped: no published measurements at %s\n", path);
    return 0;
}

size_t pub_split(char *line, char **fields, size_t max)
{
    size_t nr = 0;

    line[strcspn(line, "\r\n")] = 0;
    for (char *p = line; nr < max; p++) {
        fields[nr++] = p;
        p += strcspn(p, ",");
        if (!*p)
            break;
        *p = 0;
    }
    return nr;
}

static double number(const char *text)
{
    return *text ? strtod(text, 0) : 0.0;
}

bool pub_finals(const char *scenario, struct pub_final finals[PUB_RUNS])
{
    const char *path = pub_path("lordwicked-final.csv");
    FILE *f = path ? fopen(path, "r") : 0;
    char line[1024], *v[FIELDS_MAX];
    int found = 0;

    while (f && fgets(line, sizeof(line), f)) {
        int run;

        if (pub_split(line, v, FIELDS_MAX) < 18 || strcmp(v[0], scenario) != 0)
            continue;
        run = atoi(v[1]);
        if (run < 1 || run > PUB_RUNS)
            continue;
        finals[run - 1] = (struct pub_final){
            .total_ms = number(v[2]),
            .downtime_ms = number(v[3]),
            .transferred_bytes = number(v[5]),
            .rounds = number(v[6]),
            .normal_pages = number(v[7]),
            .zero_pages = number(v[8]),
            .throttle_pct = number(v[10]),
            .precopy_bytes = number(v[12]),
            .downtime_bytes = number(v[13]),
            .postcopy_bytes = number(v[14]),
            .ram_bytes = number(v[15]),
            .load_left_s = number(v[17]),
        };
        found++;
    }
    if (f)
        fclose(f);
    return found == PUB_RUNS;
}

bool pub_rounds(const char *scenario, int run, struct pub_round rounds[PUB_ROUNDS_MAX],
                uint32_t *nr)
{
    const char *path = pub_path("lordwicked-rounds.csv");
    FILE *f = path ? fopen(path, "r") : 0;
    char line[1024], *v[FIELDS_MAX];

    *nr = 0;
    while (f && *nr < PUB_ROUNDS_MAX && fgets(line, sizeof(line), f)) {
        if (pub_split(line, v, FIELDS_MAX) < 9 || strcmp(v[0], scenario) != 0 ||
            atoi(v[1]) != run || strcmp(v[4], "active") != 0)
            continue;
        rounds[(*nr)++] = (struct pub_round){
            .sync = number(v[2]),
            .at_ms = number(v[3]),
            .transferred_bytes = number(v[5]),
            .remaining_bytes = number(v[6]),
            .normal_pages = number(v[7]),
            .zero_pages = number(v[8]),
        };
    }
    if (f)
        fclose(f);
    return *nr >= 2;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double pub_median(double *values, size_t nr)
{
    assert(nr > 0);
    qsort(values, nr, sizeof(*values), ascending);
    return nr % 2 ? values[nr / 2] : 0.5 * (values[nr / 2 - 1] + values[nr / 2]);
}
