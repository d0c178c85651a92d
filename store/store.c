/*
 * store.c - open, check, create and close a result file; turn SQLite's errors into ours.
 *
 * Writing rows is write.c, reading them read.c.  Invariant: a file is changed only after it was
 * found to be ours, or empty; so a wrong --db never damages somebody else's database.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "store/schema.h"
#include "store/store_int.h"

#include "base/banned.h"

/* What keeps a new file out of the folder of @path; 0 if nothing is known to. */
static int folder_refuses(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct strbuf folder = STRBUF_INIT;
    int os = 0;

    if (slash)
        strbuf_add(&folder, path, (size_t)(slash - path) + 1);
    else
        strbuf_addch(&folder, '.');
    if (!strbuf_failed(&folder) && access(strbuf_text(&folder), W_OK) != 0)
        os = errno;
    strbuf_release(&folder);
    return os;
}

/* The reason in words: SQLite's own, but the operating system's where it refused something. */
static const char *error_text(struct store *store, int code)
{
    int os = sqlite3_system_errno(store->db), folder;

    /* SQLite tries again to read only what it may not create, and so says that there is no file */
    if (code == SQLITE_CANTOPEN && os == ENOENT && store->writable) {
        folder = folder_refuses(store->path);
        os = folder ? folder : os;
    }
    if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && os != 0)
        return strerror(os);
    return sqlite3_errmsg(store->db);
}

/* What a result code means for the caller. */
static enum status error_status(const struct store *store, int code)
{
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ST_ERETRY;
    case SQLITE_NOMEM:
        return ST_ENOMEM;
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return ST_EOUTPUT;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return store->writable ? ST_EOUTPUT : ST_EINPUT;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR: /* our SQL is fixed: so a table or column of the file is missing */
    case SQLITE_SCHEMA:
        return ST_EINPUT;
    default:
        return ST_EINTERNAL;
    }
}

enum status store_error(struct store *store, struct diag *diag, const char *doing)
{
    int extended = sqlite3_extended_errcode(store->db);
    int code = extended & 0xff;

    if (extended == SQLITE_IOERR_NOMEM)
        code = SQLITE_NOMEM;
    store->last_code = code;
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        diag_hint(diag, "wait for the other migcast to finish, or write to another file with --db");
        break;
    case SQLITE_NOTADB:
        diag_hint(diag, "name a migcast result file, or a new file, with --db");
        break;
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
        diag_hint(diag,
                  "the file is damaged: write to a new file with --db, or try sqlite3's .recover");
        break;
    case SQLITE_CANTOPEN:
        if (store->writable)
            diag_hint(diag, "name a file in a folder that can be written, with --db");
        break;
    case SQLITE_FULL:
        diag_hint(diag, "free some space, or write to another disk with --db");
        break;
    default:
        break;
    }
    return diag_at(diag, error_status(store, code), store->path, 0, "cannot %s: %s", doing,
                   error_text(store, code));
}

enum status store_exec(struct store *store, const char *sql, const char *doing, struct diag *diag)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_error(store, diag, doing);
    return ST_OK;
}

enum status store_prepare(struct store *store, const char *sql, const char *doing,
                          sqlite3_stmt **stmt, struct diag *diag)
{
    *stmt = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, stmt, NULL) != SQLITE_OK)
        return store_error(store, diag, doing);
    return ST_OK;
}

bool store_bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
    return sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

enum status store_insert(struct store *store, sqlite3_stmt *stmt, const char *doing,
                         struct diag *diag)
{
    enum status st = sqlite3_step(stmt) == SQLITE_DONE ? ST_OK : store_error(store, diag, doing);

    (void)sqlite3_reset(stmt);
    return st;
}

double store_double_at(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN
                                                            : sqlite3_column_double(stmt, column);
}

enum status store_query_int(struct store *store, const char *sql, int64_t *value, struct diag *diag)
{
    sqlite3_stmt *stmt;
    enum status st = store_prepare(store, sql, "read the database", &stmt, diag);

    *value = 0;
    if (st != ST_OK)
        return st;
    switch (sqlite3_step(stmt)) {
    case SQLITE_ROW:
        *value = sqlite3_column_int64(stmt, 0);
        break;
    case SQLITE_DONE:
        break;
    default:
        st = store_error(store, diag, "read the database");
    }
    sqlite3_finalize(stmt);
    return st;
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Folders, devices and pipes are not for SQLite: it would wait, or write to them. */
static enum status check_path(const struct store *store, const char *path, struct diag *diag)
{
    enum status bad = store->writable ? ST_EOUTPUT : ST_EINPUT;
    struct stat info;

    if (path[0] == '\0')
        return diag_set(diag, bad, "the name of the database is empty");
    if (stat(path, &info) != 0) {
        if (errno == ENOENT && store->writable)
            return ST_OK;
        return diag_errno(diag, bad, path, "cannot open");
    }
    if (!S_ISREG(info.st_mode)) {
        diag_hint(diag, "name a file with --db");
        return diag_at(diag, bad, path, 0, "is %s, not a file",
                       S_ISDIR(info.st_mode) ? "a folder" : "a device or a pipe");
    }
    return ST_OK;
}

/* The name as SQLite takes it: "./" keeps ":memory:" and "file:..." ordinary names. */
static void sqlite_name(struct strbuf *name, const char *path)
{
    if (path[0] != '/')
        strbuf_addstr(name, "./");
    strbuf_addstr(name, path);
}

/* The same as a URI that takes the file as it is, without locks or a -shm file beside it. */
static void sqlite_immutable_uri(struct strbuf *name, const char *path)
{
    strbuf_addstr(name, path[0] == '/' ? "file:" : "file:./");
    for (; *path; path++) {
        if (strchr("%?#", *path))
            strbuf_addf(name, "%%%02X", (unsigned)(unsigned char)*path);
        else
            strbuf_addch(name, *path);
    }
    strbuf_addstr(name, "?immutable=1");
}

/* Open the connection itself.  @immutable: for a read-only folder, where WAL files cannot be made.
 */
enum open_how {
    OPEN_PLAIN,
    OPEN_IMMUTABLE
};

static enum status connect_file(struct store *store, const char *path, enum open_how how,
                                struct diag *diag)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    struct strbuf name = STRBUF_INIT;
    enum status st = ST_OK;

    if (how == OPEN_IMMUTABLE) {
        flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
        sqlite_immutable_uri(&name, path);
    } else {
        if (store->writable)
            flags |= SQLITE_OPEN_CREATE;
        sqlite_name(&name, path);
    }
    sqlite3_close(store->db);
    store->db = NULL;
    if (strbuf_failed(&name))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    else if (sqlite3_open_v2(strbuf_text(&name), &store->db, flags, NULL) != SQLITE_OK)
        st = store->db ? store_error(store, diag, "open the database")
                       : diag_set(diag, ST_ENOMEM, "out of memory");
    strbuf_release(&name);
    if (st != ST_OK)
        return st;
    (void)sqlite3_extended_result_codes(store->db, 1);
    (void)sqlite3_busy_timeout(store->db, STORE_BUSY_MS);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return ST_OK;
}

struct identity {
    int64_t application, version, tables;
};

/* All of it from one moment: another process may be making the tables just now. */
static enum status read_identity(struct store *store, struct identity *id, struct diag *diag)
{
    bool own = sqlite3_get_autocommit(store->db) != 0;
    enum status st = ST_OK;

    if (own)
        st = store_exec(store, "BEGIN", "read the database", diag);
    if (st == ST_OK)
        st = store_query_int(store, "SELECT count(*) FROM sqlite_master", &id->tables, diag);
    if (st == ST_OK)
        st = store_query_int(store, "PRAGMA application_id", &id->application, diag);
    if (st == ST_OK)
        st = store_query_int(store, "PRAGMA user_version", &id->version, diag);
    if (own)
        store_rollback(store);
    return st;
}

/* Whose file is it?  *@empty: nobody's yet. */
static enum status check_identity(struct store *store, bool *empty, struct diag *diag)
{
    struct identity id = {0};
    enum status st = read_identity(store, &id, diag);

    *empty = false;
    if (st != ST_OK)
        return st;
    if (id.application == 0 && id.version == 0 && id.tables == 0) {
        *empty = true;
        return ST_OK;
    }
    if (id.application != STORE_APPLICATION_ID) {
        diag_hint(diag, "name a migcast result file, or a new file, with --db");
        return diag_at(diag, ST_EINPUT, store->path, 0,
                       "this database belongs to another program: application id %lld, expected %d",
                       (long long)id.application, STORE_APPLICATION_ID);
    }
    if (id.version == STORE_VERSION)
        return ST_OK;
    if (id.version < STORE_VERSION)
        diag_hint(diag,
                  "an older migcast wrote it: run the scenario again into a new file with --db");
    else
        diag_hint(diag, "a newer migcast wrote it: use that one, or a new file with --db");
    return diag_at(diag, ST_EINPUT, store->path, 0, "has schema version %lld, expected version %d",
                   (long long)id.version, STORE_VERSION);
}

/* Make the tables of an empty file, unless another process was faster. */
static enum status create_schema(struct store *store, struct diag *diag)
{
    const char *doing = "create the database";
    char pragmas[96];
    enum status st;
    bool empty;

    (void)snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id=%d; PRAGMA user_version=%d",
                   STORE_APPLICATION_ID, STORE_VERSION);
    if ((st = store_exec(store, "BEGIN IMMEDIATE", doing, diag)) != ST_OK)
        return st;
    st = check_identity(store, &empty, diag);
    if (st == ST_OK && empty && (st = store_exec(store, pragmas, doing, diag)) == ST_OK)
        st = store_exec(store, store_schema_text, doing, diag);
    if (st == ST_OK)
        st = store_exec(store, "COMMIT", doing, diag);
    if (st != ST_OK)
        store_rollback(store);
    return st;
}

/* Everything between an open connection and a usable store. */
static enum status prepare_file(struct store *store, struct diag *diag)
{
    enum status st;
    bool empty;

    if ((st = check_identity(store, &empty, diag)) != ST_OK)
        return st;
    if (!store->writable) {
        if (empty)
            return diag_at(diag, ST_EINPUT, store->path, 0, "is empty: no run was stored here");
        return store_exec(store, "PRAGMA query_only=ON", "open the database", diag);
    }
    if (sqlite3_db_readonly(store->db, "main") == 1) {
        diag_hint(diag, "change its permissions, or write to another file with --db");
        return diag_at(diag, ST_EOUTPUT, store->path, 0, "cannot write: the file is read-only");
    }
    if (empty && (st = create_schema(store, diag)) != ST_OK)
        return st;
    /* A file system without shared memory keeps its rollback journal: as safe, only slower. */
    return store_exec(store, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
                      "open the database", diag);
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

/* SQLite gives up at once, without its busy timeout, where waiting might block for ever: such as
 * when two processes switch a new file to WAL mode.  Both steps may be done again, so wait here
 * instead. */
static enum status prepare_patiently(struct store *store, struct diag *diag)
{
    int64_t give_up = now_ms() + STORE_BUSY_MS;
    struct diag last = {0};
    enum status st = prepare_file(store, &last);

    while (st == ST_ERETRY && now_ms() < give_up) {
        (void)sqlite3_sleep(10);
        last = (struct diag){0};
        st = prepare_file(store, &last);
    }
    if (st != ST_OK && diag)
        *diag = last;
    return st;
}

/* Did the last call fail because the files of WAL mode could not be made beside the database? */
static bool wal_refused(const struct store *store)
{
    int code = store->last_code;

    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

static bool has_wal(const char *path)
{
    struct strbuf name = STRBUF_INIT;
    struct stat info;
    bool found;

    strbuf_addf(&name, "%s-wal", path);
    found = stat(strbuf_text(&name), &info) == 0 && info.st_size > 0;
    strbuf_release(&name);
    return found;
}

enum status store_open(struct store **out, const char *path, unsigned flags, struct diag *diag)
{
    struct store *store = calloc(1, sizeof(*store));
    enum status st;

    assert(path);
    *out = NULL;
    if (!store)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    store->writable = (flags & STORE_OPEN_CREATE) != 0;
    (void)snprintf(store->path, sizeof(store->path), "%s", path);
    if ((st = check_path(store, path, diag)) != ST_OK ||
        (st = connect_file(store, path, OPEN_PLAIN, diag)) != ST_OK)
        goto out;
    st = prepare_patiently(store, diag);
    if (st != ST_OK && !store->writable && wal_refused(store) && !has_wal(path)) {
        st = connect_file(store, path, OPEN_IMMUTABLE, diag);
        if (st == ST_OK)
            st = prepare_file(store, diag);
    }
out:
    if (st != ST_OK) {
        store_close(store);
        return st;
    }
    *out = store;
    return ST_OK;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    /* No statement is left open by write.c and read.c; so this cannot fail. */
    int code = sqlite3_close(store->db);
    assert(code == SQLITE_OK);
    (void)code;
    free(store);
}

const char *store_schema_sql(void)
{
    return store_schema_text;
}
