/*
 * one_vm.h - the part of a run that is about one VM, as a run of its own: any form can tell it.
 */
#ifndef MIGCAST_REPORTS_ONE_VM_H
#define MIGCAST_REPORTS_ONE_VM_H

#include "base/status.h"
#include "sim/result.h"

/* one_vm_init - the migrations, fixes, hazards and lines of the log of @vm; rounds, inputs and
 * texts are borrowed from @run.  @out->nr_migs is 0 when the run has no such VM.  ST_OK or
 * ST_ENOMEM; release it in both cases. */
enum status one_vm_init(struct run_result *out, const struct run_result *run, const char *vm);
void one_vm_release(struct run_result *out);

#endif
