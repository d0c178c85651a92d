/*
 * facts.c - one pass over a trace, line by line, into struct trace_facts.
 *
 * This file drives the pass and keeps the books (room, errors, release); what a line means is in
 * facts_header.c, facts_before.c, facts_poll.c and facts_after.c.  Invariant: lines before the
 * source's `migrate` reach only `before`, lines after it only `after`.
 */
#include "tracer/facts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/facts_int.h"

#include "base/banned.h"

struct field_at facts_at(const struct facts_loader *ld, const struct trace_line *line)
{
    return (struct field_at){ld->file, line->line_no, line->name, ld->diag};
}

enum status facts_grow(const struct facts_loader *ld, const struct trace_line *line, void **array,
                       size_t nr, size_t *cap, size_t size, size_t max)
{
    size_t want = *cap ? *cap * 2 : 64;
    void *grown;

    assert(nr <= *cap);
    if (nr >= max) {
        struct field_at at = facts_at(ld, line);

        return field_error(&at, NULL, "more than %zu of these in one trace", max);
    }
    if (nr < *cap)
        return ST_OK;
    if (want > max)
        want = max;
    grown = realloc(*array, want * size);
    if (!grown)
        return diag_set(ld->diag, ST_ENOMEM, "out of memory");
    *array = grown;
    *cap = want;
    return ST_OK;
}

void facts_copy_text(char *out, size_t cap, const char *text)
{
    size_t len = strlen(text);

    assert(cap > 0);
    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--; /* not inside a UTF-8 sequence */
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

/* The text of an error answer: QMP's {"class", "desc"}, bare or inside "error", or a string. */
static const char *error_text(const json_t *data)
{
    const json_t *inner = json_object_get(data, "error");
    const char *desc = json_string_value(json_object_get(inner ? inner : data, "desc"));

    if (desc)
        return desc;
    return json_is_string(data) ? json_string_value(data) : "unknown error";
}

static enum status keep_error(struct facts_loader *ld, const struct trace_line *line)
{
    struct trace_facts *facts = ld->facts;
    struct facts_error *error;

    if (facts->nr_errors++ >= FACTS_ERRORS_MAX)
        return ST_OK;
    if (!facts->errors)
        facts->errors = calloc(FACTS_ERRORS_MAX, sizeof(*facts->errors));
    if (!facts->errors)
        return diag_set(ld->diag, ST_ENOMEM, "out of memory");
    error = &facts->errors[facts->nr_errors - 1];
    error->t_ns = line->t_ns;
    error->side = line->side;
    facts_copy_text(error->command, sizeof(error->command), line->name);
    facts_copy_text(error->text, sizeof(error->text), error_text(line->data));
    return ST_OK;
}

static bool is_migrate(const struct trace_line *line)
{
    return line->kind == TRACE_COMMAND && line->side == TRACE_SOURCE &&
           strcmp(line->name, "migrate") == 0;
}

static enum status take_line(struct facts_loader *ld, const struct trace_line *line)
{
    struct facts_before *before = &ld->facts->before;
    enum status st = ST_OK;

    if (line->kind == TRACE_HEADER)
        return facts_read_header(ld, line);
    if (line->kind == TRACE_ERROR)
        st = keep_error(ld, line);
    if (st != ST_OK)
        return st;
    if (before->migrate_ns >= 0)
        return facts_after_line(ld, line);
    if (!is_migrate(line)) {
        if (line->kind != TRACE_FOOTER && line->t_ns > before->until_ns)
            before->until_ns = line->t_ns;
        return facts_before_line(ld, line);
    }
    before->migrate_ns = line->t_ns;
    return ST_OK;
}

static enum status take_all(struct facts_loader *ld, struct trace_reader *reader, unsigned flags)
{
    struct trace_line line;
    enum status st;

    do {
        st = trace_next(reader, &line, ld->diag);
        if (st == ST_OK && line.kind != TRACE_END)
            st = take_line(ld, &line);
        if ((flags & FACTS_BEFORE_ONLY) && ld->facts->before.migrate_ns >= 0)
            break;
    } while (st == ST_OK && line.kind != TRACE_END);
    return st;
}

enum status facts_load(struct trace_facts *out, const char *path, unsigned flags, struct diag *diag)
{
    struct facts_loader ld = {.facts = out, .diag = diag};
    struct trace_reader *reader = NULL;
    enum status st;

    assert(out && path);
    *out = (struct trace_facts){0};
    st = trace_open(&reader, path, diag);
    if (st != ST_OK)
        return st;
    ld.file = trace_name(reader);
    facts_before_init(&ld);
    facts_after_init(&ld);
    st = take_all(&ld, reader, flags);
    if (st == ST_OK && (flags & FACTS_FIND_CUT))
        trace_find_cut(reader);
    if (st == ST_OK) {
        facts_before_finish(&ld);
        facts_after_finish(&ld);
        out->counts = trace_counts(reader);
    } else {
        facts_release(out);
    }
    json_decref(ld.sent_parameters);
    json_decref(ld.sent_capabilities);
    trace_close(reader);
    return st;
}

void facts_release(struct trace_facts *facts)
{
    if (!facts)
        return;
    free(facts->header.workload);
    free(facts->header.capabilities);
    free(facts->header.parameters);
    free(facts->before.dirty);
    free(facts->after.passes);
    free(facts->after.states);
    free(facts->after.throttles);
    free(facts->after.changes);
    free(facts->after.polls);
    free(facts->errors);
    *facts = (struct trace_facts){0};
}

const char *facts_outcome_name(enum facts_outcome outcome)
{
    static const char *const names[] = {
        [FACTS_UNKNOWN] = NULL,      [FACTS_COMPLETED] = "completed",
        [FACTS_TIMEOUT] = "timeout", [FACTS_CANCELLED] = "cancelled",
        [FACTS_FAILED] = "failed",   [FACTS_REJECTED] = "rejected",
    };

    assert((size_t)outcome < sizeof(names) / sizeof(names[0]));
    return names[outcome];
}
