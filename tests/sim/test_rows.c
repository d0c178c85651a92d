/* rows: what is packed comes out as it went in, whatever is in it. */
#include <assert.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "sim/rows.h"
#include "sim/scenario/scenario.h"

static const char text[] = "[host a]\n[host b]\n[vm v]\ncount = 50\nhost = a\nmemory = 1GiB\n"
                           "[request r]\nvm = v-1\n";

enum {
    ROWS = 5000
};

static void load(struct scenario *sc)
{
    struct diag diag;

    cr_assert_eq(scenario_load_text(sc, "test", text, NULL, 0, &diag), ST_OK, "%s", diag.what);
}

/* Every bit of every field: pointers are compared, never followed. */
static void random_row(struct rng *r, uint32_t job, struct mig_result *row)
{
    uint64_t words[sizeof(*row) / sizeof(uint64_t)];

    static_assert(sizeof(words) == sizeof(*row), "a row is whole words");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        words[i] = rng_u64(r) >> (rng_u64(r) % 64);
    memcpy(row, words, sizeof(words));
    row->job = job;
    row->first_round = 0;
}

static void usual_row(const struct scenario *sc, struct rng *r, uint32_t job,
                      struct mig_result *row)
{
    *row = (struct mig_result){
        .vm_id = job % sc->nr_vms,
        .target_id = 1,
        .vm = sc->vms[job % sc->nr_vms].name,
        .source = sc->hosts[0].name,
        .target = sc->hosts[1].name,
        .vm_class = sc->class_names[0],
        .platform = sc->migrations[0].platform,
        .kind = "live",
        .job = job,
        .attempt = 1,
        .queued_ns = (int64_t)(rng_u64(r) >> 15),
        .total_ns = (int64_t)(rng_u64(r) >> 28),
        .setup_ns = 5000000,
        .downtime_ns = (int64_t)(rng_u64(r) >> 36),
        .network_outage_ns = -1,
        .downtime_limit_ns = 300000000,
        .precopy_bytes = rng_u64(r) >> 30,
        .downtime_bytes = rng_u64(r) >> 40,
        .normal_pages = rng_u64(r) >> 42,
        .rounds = 3,
        .guest_slowdown_ratio = rng_uniform(r),
    };
    row->started_ns = row->queued_ns;
    row->ended_ns = row->started_ns + row->total_ns;
    row->blackout_ns = row->expected_downtime_ns = row->downtime_ns;
    row->transferred_bytes = row->precopy_bytes + row->downtime_bytes;
}

static void expect_back(const struct scenario *sc, bool usual)
{
    struct mig_result *put = calloc(ROWS, sizeof(*put));
    struct mig_result room;
    struct rows rows;
    struct rng r;

    rng_stream(&r, 5, "rows", usual, 0);
    rows_init(&rows);
    /* the second time in memory that the first has left */
    for (int time = 0; time < 2; time++) {
        rows_clear(&rows);
        for (uint32_t i = 0; i < ROWS; i++) {
            uint32_t job = ROWS - 1 - i;

            if (usual)
                usual_row(sc, &r, job, &put[job]);
            else
                random_row(&r, job, &put[job]);
            cr_assert(rows_put(&rows, i, &put[job]));
        }
        rows_sort(&rows);
        for (uint32_t i = 0; i < ROWS; i++) {
            cr_assert_eq(rows_begun(&rows, i), ROWS - 1 - i);
            rows_set_rounds(&rows, i, 0);
            cr_assert_eq(memcmp(rows_at(&rows, i, &room), &put[i], sizeof(*put)), 0, "row %u of %u",
                         i, ROWS);
        }
    }
    if (usual) /* what the folder promises */
        cr_assert_lt((rows.block << 18) + rows.fill, 80u * (ROWS - ROWS_PLAIN));
    rows_release(&rows);
    free(put);
}

Test(rows, random_bits_come_out_as_they_went_in)
{
    struct scenario sc;

    load(&sc);
    expect_back(&sc, false);
    scenario_release(&sc);
}

Test(rows, usual_rows_come_out_and_take_a_third)
{
    struct scenario sc;

    load(&sc);
    expect_back(&sc, true);
    scenario_release(&sc);
}

Test(rows, rows_that_come_in_order_are_appended)
{
    struct scenario sc;
    struct mig_result put, room;
    struct rows rows;
    struct rng r;

    load(&sc);
    rows_init(&rows);
    rng_stream(&r, 6, "rows", 0, 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        random_row(&r, i / 2, &put);
        put.first_round = 3 * i;
        cr_assert(rows_append(&rows, &put));
        cr_assert_eq(memcmp(rows_at(&rows, i, &room), &put, sizeof(put)), 0);
    }
    cr_assert_eq(rows.nr, ROWS);
    cr_assert_eq(rows_at(&rows, 4711, &room)->job, 4711 / 2);
    cr_assert_eq(rows_at(&rows, 4711, &room)->first_round, 3 * 4711);
    rows_release(&rows);
    scenario_release(&sc);
}

/* In any order that attempts may end in. */
Test(rows, sorted_by_job_and_attempt)
{
    static const struct {
        uint32_t attempts, first;
    } cases[] = {{4, 0}, {1, 0}, {1, 1}};
    struct mig_result row = {0}, room;
    struct rows rows;
    uint32_t nr = 1 << 15;

    rows_init(&rows);
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        uint32_t each = cases[k].attempts, first = cases[k].first;

        rows_clear(&rows);
        for (uint32_t i = 0; i < nr; i++) {
            uint32_t mixed = i * 40503u % nr;

            row.job = first + mixed / each;
            row.attempt = mixed % each;
            cr_assert(rows_put(&rows, mixed, &row));
        }
        rows_sort(&rows);
        for (uint32_t i = 0; i < nr; i++) {
            const struct mig_result *r = rows_at(&rows, i, &room);

            cr_assert(r->job == first + i / each && r->attempt == i % each, "row %u", i);
            cr_assert_eq(rows_begun(&rows, i), i);
        }
    }
    rows_release(&rows);
}

Test(rows, few_rows_are_not_packed)
{
    struct mig_result row = {.job = 3}, room;
    struct rows rows;

    rows_init(&rows);
    cr_assert(rows_put(&rows, 0, &row));
    row.job = 1;
    cr_assert(rows_put(&rows, 1, &row));
    rows_sort(&rows);
    rows_set_rounds(&rows, 0, 7);
    rows_set_rounds(&rows, 1, 0);
    cr_assert_eq(rows.nr_blocks, 0);
    cr_assert_eq(rows_at(&rows, 0, &room)->job, 1);
    cr_assert_eq(rows_at(&rows, 0, &room)->first_round, 7);
    cr_assert_eq(rows_at(&rows, 1, &room)->job, 3);
    rows_release(&rows);
}
