/*
 * capture.h - one capture: machines started, the migration of each recorded, everything ended.
 *
 * A group over a shared link is captured at once; its members start when all of them have been
 * measured.  Files appear under their names only when the whole group is recorded.
 */
#ifndef MIGCAST_LAB_CAPTURE_H
#define MIGCAST_LAB_CAPTURE_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "lab/machine.h"
#include "lab/matrix.h"

struct lab_env { /* all borrowed */
    const struct lab_host *host;
    const char *folder;     /* for sockets, logs and guests' files */
    const char *output;     /* folder for captures */
    const atomic_int *stop; /* not 0: end with ST_EINTR */
    double busy_before;     /* processors at work just before, for the record */
};

/* lab_capture_path - OUTPUT/CASE-rREPEAT.jsonl.zst onto @path. */
void lab_capture_path(struct strbuf *path, const char *output, const struct lab_case *c,
                      uint32_t repeat);

/* lab_capture - captures repeat @repeat of every case of @g.  ST_ERETRY if a machine died or did
 * not come up; nothing of it is kept then. */
enum status lab_capture(const struct lab_env *env, const struct lab_group *g, uint32_t repeat,
                        struct diag *diag);

#endif
