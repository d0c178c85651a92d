/* matrix_int.h - between matrix.c (reading) and matrix_check.c (what contradicts itself). */
#ifndef MIGCAST_LAB_MATRIX_INT_H
#define MIGCAST_LAB_MATRIX_INT_H

#include "lab/matrix.h"

/* Fills @diag for @key of case @c ("" = the case as a whole); returns ST_EINPUT. */
enum status lab_case_fail(const struct lab_matrix *m, const struct lab_case *c, const char *key,
                          struct diag *diag, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Rules between the options of one case. */
enum status lab_case_check(const struct lab_matrix *m, const struct lab_case *c, struct diag *diag);
/* Sorts cases into groups and checks what members of a link must have in common. */
enum status lab_matrix_group(struct lab_matrix *m, const struct lab_link *links, size_t nr_links,
                             struct arena *arena, struct diag *diag);

#endif
