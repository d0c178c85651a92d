/*
 * machine.h - from a case to a QEMU: command line, QMP settings, what the header says of the
 * workload.
 *
 * Knows the guests' own settings and QEMU's options; starts nothing.
 */
#ifndef MIGCAST_LAB_MACHINE_H
#define MIGCAST_LAB_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "lab/matrix.h"

enum {
    LAB_ARGS_MAX = 40
};

/* What all captures of a run have in common; files are made on first need. */
struct lab_host {
    uint32_t tsc_khz;
    struct strbuf kernel;   /* of the Linux guest; "" = none found */
    char linux_release[32]; /* "6.1" of it */
    bool has_kvm;
};

struct lab_argv {
    const char *argv[LAB_ARGS_MAX]; /* NULL at the end */
    char memory[32], serial[32], qmp[64], machine[40], initrd[48];
    struct strbuf append;
};

/* lab_host_init - looks around; never fails. */
void lab_host_init(struct lab_host *h);
void lab_host_release(struct lab_host *h);

/* LAB_ACCEL_KVM or _TCG. */
enum lab_accel lab_accel_of(const struct lab_case *c, const struct lab_host *h);
const char *lab_accel_name(enum lab_accel accel); /* as QEMU calls it */

/* lab_missing - why this machine cannot run the case, one line; false = it can. */
bool lab_missing(const struct lab_case *c, const struct lab_host *h, struct strbuf *why);

/* lab_files_write - what machines of @c need, into @dir (again is harmless). */
enum status lab_files_write(const struct lab_case *c, const char *dir, struct diag *diag);

/* lab_argv_init - side @side ("s" or "d") of member @member; to be run in the folder with the
 * files. Sockets are SIDE MEMBER .qmp and logs .log there.  lab_argv_release() is due. */
enum status lab_argv_init(struct lab_argv *a, const struct lab_case *c, const struct lab_host *h,
                          const char *side, size_t member, struct diag *diag);
void lab_argv_release(struct lab_argv *a);

/* For the recorder; new references, NULL when memory ran out. */
json_t *lab_workload(const struct lab_case *c, const struct lab_host *h);
json_t *lab_capabilities(const struct lab_case *c);
json_t *lab_parameters(const struct lab_case *c);

#endif
