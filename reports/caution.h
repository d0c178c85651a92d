/*
 * caution.h - what a reader must be told of migrations that, by their outcome, went well.
 */
#ifndef MIGCAST_REPORTS_CAUTION_H
#define MIGCAST_REPORTS_CAUTION_H

#include "base/strbuf.h"
#include "sim/result.h"

/* caution_add - sentences for the end of a verdict, each with a blank before it and without its
 * full stop, or nothing: guests that were paused until they had moved, a downtime limit far above
 * what guests bear, disks that are never ready. */
void caution_add(struct strbuf *words, const struct run_result *run);

#endif
