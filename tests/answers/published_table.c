/*
 * published_table.c - the published migrations by every method, as a Markdown table.
 *
 * Not a test: scripts/accuracy.sh runs it for the README.  Its figures are asserted in
 * test_published_others.c.
 */
#include <math.h>
#include <stdio.h>

#include "answers/support_published.h"
#include "base/stats.h"

int main(void)
{
    double errors[PUB_SCENARIOS * PUB_RUNS];

    if (!pub_path("lordwicked-final.csv") || !pub_path("lordwicked-rounds.csv"))
        return 0;
    printf("| published: 90 migrations of a database server | total time p50 / p90 | bad |\n"
           "|---|---:|---:|\n");
    for (int m = -1; m < BASELINE_NR; m++) {
        size_t nr = pub_errors(m, 1, errors), bad = 0;

        if (nr == 0)
            return 1;
        for (size_t i = 0; i < nr; i++)
            bad += errors[i] >= 0.25;
        stats_sort(errors, nr);
        printf("| %s | %.1f %% / %.1f %% | %zu of %zu |\n",
               m < 0 ? "**migcast**" : baseline_name((enum baseline)m),
               100.0 * stats_quantile_sorted(errors, nr, 0.5),
               100.0 * stats_quantile_sorted(errors, nr, 0.9), bad, nr);
    }
    return 0;
}
