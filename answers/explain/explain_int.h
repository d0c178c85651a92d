/* explain_int.h - what the parts of explain share; for this folder only. */
#ifndef MIGCAST_ANSWERS_EXPLAIN_INT_H
#define MIGCAST_ANSWERS_EXPLAIN_INT_H

#include "answers/explain/explain.h"
#include "base/strbuf.h"
#include "sim/run.h"

/* explain_keep - a copy of @text in the explanation, which is emptied; NULL when memory ran out. */
const char *explain_keep(struct explain *e, struct strbuf *text);

/* Each fills its part; ST_ENOMEM or ST_EINTR. */
enum status explain_find_shares(struct explain *e);
enum status explain_find_moments(struct explain *e);
enum status explain_find_tries(struct explain *e, const atomic_int *stop);

/* "node-1 and 3 others": VMs by name. */
void explain_names(const struct explain *e, struct strbuf *out, const uint32_t *vms, uint32_t nr,
                   uint32_t named);

/* explain_run_options - how a run is made to be explained. */
struct run_options explain_run_options(const struct explain_options *o);

#endif
