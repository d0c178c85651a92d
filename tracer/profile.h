/*
 * profile.h - what can be measured before a migration: how fast the guest dirties its memory, how
 * much of it is resident, how the machine is laid out.
 *
 * record_profile() (record.h) is the dirty rate; these are the rest.
 */
#ifndef MIGCAST_TRACER_PROFILE_H
#define MIGCAST_TRACER_PROFILE_H

#include <stdint.h>
#include <sys/types.h>

#include "tracer/record.h"

/* profile_windows - the windows of record_profile() where nobody asks for others, in ms, in order.
 */
const unsigned *profile_windows(size_t *nr);

/* profile_rss_mib - resident memory of process @pid in MiB; -1 if it cannot be read or, with
 * @must_be_qemu, if the process is not a QEMU (a manager may own the socket). */
double profile_rss_mib(pid_t pid, bool must_be_qemu);

/* profile_guest_kib - how much of the guest's own memory is resident, in KiB: the mapping of @pid
 * that is as large as the guest (@bytes).  -1 = there is no such mapping (several backends), the
 * process may not be looked at, or the guest is so large (over PROFILE_GUEST_MAX) that the look
 * would hold up its faults. */
#define PROFILE_GUEST_MAX (64ULL << 30)
long profile_guest_kib(pid_t pid, uint64_t bytes);

/* profile_layout - what the machine's memory is made of, as command and return lines: size,
 * backends, huge pages, balloon.  Commands that this QEMU does not have leave an error line. */
enum status profile_layout(struct recorder *rec, struct diag *diag);

#endif
