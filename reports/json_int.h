/* json_int.h - what the parts of the run's JSON share; nobody else includes it. */
#ifndef MIGCAST_REPORTS_JSON_INT_H
#define MIGCAST_REPORTS_JSON_INT_H

#include "base/json_text.h"
#include "base/status.h"
#include "sim/result.h"

/* The next part, on a line of its own. */
static inline void json_line(struct strbuf *out)
{
    json_next(out);
    strbuf_addch(out, '\n');
}

/* json_cluster - "hazards", "operations", "events", "queue", "links", "inputs".  ST_OK or
 * ST_ENOMEM.
 */
enum status json_cluster(struct strbuf *out, const struct run_result *run);

#endif
