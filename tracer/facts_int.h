/*
 * facts_int.h - shared inside tracer/ only: the loader behind facts.h.
 *
 * facts.c drives, facts_header.c reads the header, facts_before.c all that stands before `migrate`
 * (and mig_params), facts_poll.c one query-migrate answer, facts_after.c the rest.
 */
#ifndef MIGCAST_TRACER_FACTS_INT_H
#define MIGCAST_TRACER_FACTS_INT_H

#include <jansson.h>

#include "tracer/facts.h"
#include "tracer/field.h"

struct facts_loader {
    struct trace_facts *facts;
    const char *file; /* borrowed */
    struct diag *diag;

    /* before: requests sent and not yet answered (owned), and the measurement under way */
    json_t *sent_parameters;
    json_t *sent_capabilities;
    struct facts_dirty measuring;
    bool is_measuring;
    size_t dirty_cap;
    int64_t level_zlib, level_zstd, level_qatzip; /* which one counts is known at the end */

    /* after */
    size_t passes_cap, states_cap, throttles_cap, changes_cap, polls_cap;
    bool source_events;              /* MIGRATION events of the source came: polls add no states */
    enum facts_status source_status; /* last known */
    bool refused;                    /* `migrate` was answered with an error */
    bool has_final;                  /* a completed poll whose totals are filled in */
    struct facts_poll final;
    char error_desc[FACTS_TEXT];
    bool footer_timeout_known, footer_timeout;
    enum facts_status footer_status; /* FACTS_ST_NONE = not said */
};

/* Where @line stands, for messages about its data. */
struct field_at facts_at(const struct facts_loader *ld, const struct trace_line *line);

/* facts_grow - make room for one more element; ST_EINPUT at @line once @max are there. */
enum status facts_grow(const struct facts_loader *ld, const struct trace_line *line, void **array,
                       size_t nr, size_t *cap, size_t size, size_t max);

/* Copies and cuts at a character's boundary. */
void facts_copy_text(char *out, size_t cap, const char *text);

enum status facts_read_header(struct facts_loader *ld, const struct trace_line *line);

void facts_before_init(struct facts_loader *ld);
enum status facts_before_line(struct facts_loader *ld, const struct trace_line *line);
void facts_before_finish(struct facts_loader *ld);

/* Fold QMP's own objects into params. */
enum status facts_params_apply(struct facts_loader *ld, const struct field_at *at,
                               const json_t *parameters);
void facts_capability_apply(struct facts_loader *ld, const char *name, bool on);
enum status facts_read_bandwidth(const struct field_at *at, const json_t *obj, const char *key,
                                 uint64_t *bytes_per_s);

enum facts_status facts_status_parse(const char *text);
enum status facts_read_poll(const struct field_at *at, const json_t *data, struct facts_poll *out);

void facts_after_init(struct facts_loader *ld);
enum status facts_after_line(struct facts_loader *ld, const struct trace_line *line);
void facts_after_finish(struct facts_loader *ld);

#endif
