/*
 * store.h - runs kept in a SQLite file.
 *
 * A store holds runs one after the other; each is written whole, in one transaction, or not at all.
 * The file is in WAL mode: readers and one writer at a time, from any number of processes of one
 * machine (not over a network file system).  A process killed at any moment leaves the earlier runs
 * readable.
 *
 *     struct store *store;
 *     st = store_open(&store, "migcast.db", STORE_OPEN_CREATE, diag);
 *     if (st == ST_OK)
 *         st = store_put_run(store, &result, &run_id, diag);
 *     store_close(store);
 *
 * What goes wrong: ST_EINPUT for a file that is not a migcast database, is damaged, or has another
 * schema version; ST_EOUTPUT for a full disk, a read-only file or folder; ST_ERETRY when another
 * process holds the file for longer than STORE_BUSY_MS; ST_ENOMEM.  The tables are documented in
 * store/schema.sql.
 */
#ifndef MIGCAST_STORE_STORE_H
#define MIGCAST_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/result.h"

enum {
    STORE_VERSION = 6,                 /* PRAGMA user_version of the files we read and write */
    STORE_APPLICATION_ID = 0x4d494743, /* PRAGMA application_id: "MIGC" */
    STORE_BUSY_MS = 5000               /* how long to wait for another writer */
};

enum store_open_flags {
    STORE_OPEN_READ = 0,        /* the file must exist; nothing is changed */
    STORE_OPEN_CREATE = 1 << 0, /* write; made if it does not exist or is empty */
};

#define STORE_LATEST INT64_C(-1)

struct store; /* private */

/* store_open - open @path and check that its schema is ours; *@store is NULL on failure. */
enum status store_open(struct store **store, const char *path, unsigned flags, struct diag *diag);

/* store_put_run - add @run; *@run_id (may be NULL) is its number.
 * On failure nothing of it is in the file, and @store stays usable. */
enum status store_put_run(struct store *store, const struct run_result *run, int64_t *run_id,
                          struct diag *diag);

/* A run read back.  All of @result, strings included, belongs to the struct. */
struct store_run {
    int64_t run_id;
    struct run_result result;
    struct names *names; /* private: the strings */
};

/* store_load_run - read run @run_id, or the last one for STORE_LATEST.
 * Returns ST_EINPUT if there is no such run.  @out is released by store_run_release(), and empty on
 * failure. */
enum status store_load_run(struct store *store, int64_t run_id, struct store_run *out,
                           struct diag *diag);
void store_run_release(struct store_run *run);

/* What a file holds, without the rows. */
struct store_list_entry {
    int64_t run_id;
    const char *scenario, *digest, *version; /* owned by the list */
    uint64_t seed;
    uint32_t replications;
    bool interrupted;
    int64_t migrations;
};

struct store_list {
    size_t nr;
    struct store_list_entry *entries; /* oldest first */
    struct names *names;              /* private */
};

enum status store_list(struct store *store, struct store_list *out, struct diag *diag);
void store_list_release(struct store_list *list);

/* store_close - takes NULL. */
void store_close(struct store *store);

/* The schema as SQL text: schema.sql, word for word. */
const char *store_schema_sql(void);

#endif
