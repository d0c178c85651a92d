/*
 * rows.h - rows of migrations, kept small until somebody wants one.
 *
 * A row is 300 bytes, and most of them can be guessed from the others: the end follows from the
 * start and the length, the name of a host from its number.  The first thousand rows stand as they
 * are, so that a single forecast pays nothing; those beyond are packed, to about 80 bytes.  Packing
 * loses nothing, and needs nothing but the strings that the rows point to.
 *
 * A replication puts its rows as attempts end and sorts them at the end; a run appends those of its
 * replications, and a store those that it reads, in their final order.
 */
#ifndef MIGCAST_SIM_ROWS_H
#define MIGCAST_SIM_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/result.h"

struct row_ref;
struct packing;

enum {
    ROWS_PLAIN = 1024
};

struct rows { /* private; zeroed = empty */
    struct mig_result *plain;
    uint32_t nr_plain, cap_plain;
    struct row_ref **refs; /* chunks, of all rows in their order */
    uint32_t nr, nr_chunks, cap_chunks, cap_first;
    uint8_t **blocks;
    uint32_t nr_blocks, cap_blocks; /* allocated; room for pointers */
    uint32_t block, fill;           /* where the next packed row goes */
    struct packing *packing;        /* what was learned to guess by; NULL = nothing is packed */
};

void rows_init(struct rows *rows);
void rows_release(struct rows *rows);
/* rows_clear - empty again; memory is kept. */
void rows_clear(struct rows *rows);
/* rows_put - add @row, that of attempt @begun (attempts are numbered as they begin); false when
 * memory ran out.  Memory is taken only at high-water marks. */
bool rows_put(struct rows *rows, uint32_t begun, const struct mig_result *row);
/* rows_sort - by job, then attempt.  No rows_put() afterwards. */
void rows_sort(struct rows *rows);
/* Of the row in place @i: the number of its attempt, once; then where its rounds begin. */
uint32_t rows_begun(const struct rows *rows, uint32_t i);
void rows_set_rounds(struct rows *rows, uint32_t i, uint32_t first_round);
/* rows_append - @row behind the others, for rows that come in their order; false when memory ran
 * out. */
bool rows_append(struct rows *rows, const struct mig_result *row);
/* rows_set - @row in place @i instead of the one there; false when memory ran out. */
bool rows_set(struct rows *rows, uint32_t i, const struct mig_result *row);
/* rows_at - row @i: where it is kept, or unpacked into @room. */
const struct mig_result *rows_at(const struct rows *rows, uint32_t i, struct mig_result *room);

#endif
