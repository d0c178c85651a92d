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

static inline void json_u64(struct strbuf *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_add_u64(out, value);
}

static inline void json_text(struct strbuf *out, const char *key, const char *text)
{
    json_key(out, key);
    json_add_text(out, text);
}

static inline void json_s(struct strbuf *out, const char *key, int64_t ns)
{
    json_key(out, key);
    json_add_s(out, ns);
}

/* json_cluster - "hazards", "operations", "events", "queue", "links", "inputs".  ST_OK or
 * ST_ENOMEM.
 */
enum status json_cluster(struct strbuf *out, const struct run_result *run);

#endif
