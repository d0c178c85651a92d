/*
 * rows.h - the rows of one replication, kept small until somebody wants them.
 *
 * A row is 300 bytes, and most of them can be guessed from the others: names follow from numbers,
 * the end from the start and the length.  The first thousand rows stand as they are, so that a
 * single forecast pays nothing; those beyond are packed, to about 90 bytes.  Packing loses nothing.
 */
#ifndef MIGCAST_SIM_ROWS_H
#define MIGCAST_SIM_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/result.h"

struct scenario;
struct row_ref;

enum {
    ROWS_PLAIN = 1024
};

struct rows { /* private */
    const struct scenario *sc;
    struct mig_result *plain;
    uint32_t nr_plain, cap_plain;
    struct row_ref *refs; /* of all rows; in the order of jobs after rows_sort() */
    uint32_t nr, cap;
    uint8_t **blocks;
    uint32_t nr_blocks, cap_blocks; /* allocated; room for pointers */
    uint32_t block, fill;           /* where the next packed row goes */
    struct mig_result *all;         /* made by rows_all() */
    uint32_t cap_all;
};

void rows_init(struct rows *rows, const struct scenario *sc);
void rows_release(struct rows *rows);
/* rows_clear - a new replication; memory is kept. */
void rows_clear(struct rows *rows);
/* rows_put - add @row, that of attempt @begun (attempts are numbered as they begin); false when
 * memory ran out.  Memory is taken only at high-water marks. */
bool rows_put(struct rows *rows, uint32_t begun, const struct mig_result *row);
/* rows_sort - by job, then attempt.  No rows_put() afterwards. */
void rows_sort(struct rows *rows);
/* Of the row in place @i: the number of its attempt; where its rounds begin. */
uint32_t rows_begun(const struct rows *rows, uint32_t i);
void rows_set_rounds(struct rows *rows, uint32_t i, uint32_t first_round);
void rows_get(const struct rows *rows, uint32_t i, struct mig_result *out);
/* rows_all - all of them in one array, valid until rows_clear(); NULL when memory ran out. */
const struct mig_result *rows_all(struct rows *rows);

#endif
