/*
 * support_runs.h - made-up runs, and a folder for each test's files.
 */
#ifndef MIGCAST_TESTS_STORE_SUPPORT_RUNS_H
#define MIGCAST_TESTS_STORE_SUPPORT_RUNS_H

#include "sim/result.h"

/* A run whose every field differs with @salt; freed by sample_free(). */
struct run_result *sample_run(uint64_t salt, size_t nr_migs, size_t rounds_each);
void sample_free(struct run_result *run);

/* What differs first between two runs, or NULL; NaN equals NaN. */
const char *run_difference(const struct run_result *a, const struct run_result *b);

/* A new folder, removed with all it holds by scratch_remove(). */
char *scratch_new(void);
/* The path of @name in it; caller frees. */
char *scratch_path(const char *folder, const char *name);
void scratch_remove(char *folder);

/* All rows of all tables as text; caller frees.  Aborts if @path cannot be read. */
char *dump_database(const char *path);
/* Run @sql on @path with SQLite itself. */
void run_sql(const char *path, const char *sql);
/* The first column of the first row. */
int64_t query_int(const char *path, const char *sql);

#endif
