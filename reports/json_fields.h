/*
 * json_fields.h - one migration as JSON, the same in `run`, `predict` and `replay`; and a value
 * with its unit.
 *
 * These functions add members to an object that the caller opens and closes.
 */
#ifndef MIGCAST_REPORTS_JSON_FIELDS_H
#define MIGCAST_REPORTS_JSON_FIELDS_H

#include "base/strbuf.h"
#include "reports/summary.h"
#include "sim/result.h"

#define REPORT_FORMAT_VERSION "1.0"

/* json_mig_fields - "outcome" ... "intervals": the scored fields of CONTRACT, in its order.
 * @scored: spreads over replications, indexed by enum scored, of which p5 and p95 become intervals;
 * NULL, or a spread of fewer than two values, gives none. */
void json_mig_fields(struct strbuf *out, const struct mig_result *mig,
                     const struct spread scored[SCORED_NR]);

/* json_mig_details - what stands beside the scored fields: "binding", "blackout_ms" ... and
 * "round_details" if @rounds (run_result.rounds) is not NULL and rounds were recorded. */
void json_mig_details(struct strbuf *out, const struct mig_result *mig,
                      const struct mig_round *rounds);

/* scored_key - "total_time_ms" ... */
const char *scored_key(enum scored field);
/* json_unit - "count", "ms", "bytes", "ratio": lengths are printed in ms.  json_add_value - a value
 * in that unit, lengths to the microsecond; null if it is not finite. */
const char *json_unit(enum value_unit unit);
void json_add_value(struct strbuf *out, enum value_unit unit, double value);
void json_put_value(struct strbuf *out, const char *key, enum value_unit unit, double value);

/* json_add_scored - a value of that field, in the unit its key names; null if it is not finite. */
void json_add_scored(struct strbuf *out, enum scored field, double value);

#endif
