/*
 * libvirt.h - the monitor of a domain that libvirt owns, as if it were a socket of ours.
 *
 * libvirt holds QEMU's only monitor, but passes commands through and hands events out.  A bridge
 * thread speaks QMP on one end of a socket pair, so that the recorder needs to know nothing of it.
 * The pass-through marks the domain as tainted (custom-monitor) in libvirt's log; only commands
 * that read are sent unless the recorder was told to act.
 *
 * An optional part of the build (MIGCAST_LIBVIRT).  Without it libvirt_open() says so.
 */
#ifndef MIGCAST_TRACER_LIBVIRT_H
#define MIGCAST_TRACER_LIBVIRT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "tracer/qmp.h"

struct libvirt; /* opaque */

bool libvirt_is_built_in(void);

/* libvirt_open - connect to @uri (NULL = libvirt's default), find @domain by name, UUID or id, and
 * give its monitor as *@monitor (to be closed before @out).  ST_EINPUT: no such domain, or it does
 * not run; ST_ERETRY: nobody listens at @uri; ST_EUSAGE: not built in. */
enum status libvirt_open(struct libvirt **out, struct qmp **monitor, const char *uri,
                         const char *domain, int64_t timeout_ns, struct diag *diag);

/* libvirt_rss_mib - resident memory of the domain's process; -1 = not known. */
double libvirt_rss_mib(const struct libvirt *lv);

/* libvirt_job - statistics of the domain's job under libvirt's own names (virsh domjobinfo
 * --rawstats), or with @completed of the last finished one; NULL = there is none.  The caller's. */
json_t *libvirt_job(const struct libvirt *lv, bool completed);

void libvirt_close(struct libvirt *lv);

#endif
