/*
 * trace.c - form and order of the lines of a trace.
 *
 * lines.c delivers text, jansson parses it, this file checks it against the format; facts.c gives
 * it a meaning.  Invariant: at most one line is held at any time; last_ns never decreases; once the
 * end or a footer was seen, no known line follows.
 */
#include "tracer/trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/field.h"
#include "tracer/lines.h"

#include "base/banned.h"

#define FORMAT_NAME "qmp-migration-trace"
enum {
    FORMAT_VERSION = 1
};
/* 146 years: differences and sums of two stamps stay inside 64 bits. */
#define TRACE_T_MAX ((int64_t)1 << 62)

struct trace_reader {
    struct lines *lines;
    json_t *line; /* the one handed out last */

    bool header_seen;
    bool footer_seen;
    bool ended;
    bool failed;
    int64_t last_ns;
    struct trace_counts counts;
};

static const char *const header_fields[] = {
    "kind",         "format",
    "version",      "id",
    "qemu",         "accel",
    "mem_mib",      "vcpus",
    "link",         "workload",
    "capabilities", "parameters",
    "timeout_s",    "postcopy_after_s",
    "source",       "missing",
    "approximate",  NULL,
};
static const char *const message_fields[] = {"kind", "t_ns", "side", "name", "data", NULL};
static const char *const footer_fields[] = {
    "kind", "t_ns", "status", "cancelled_by_timeout", "guest_source", "guest_destination", NULL,
};

static const struct {
    const char *name;
    const char *const *fields;
} kinds[] = {
    [TRACE_HEADER] = {"header", header_fields},  [TRACE_COMMAND] = {"command", message_fields},
    [TRACE_RETURN] = {"return", message_fields}, [TRACE_ERROR] = {"error", message_fields},
    [TRACE_EVENT] = {"event", message_fields},   [TRACE_NOTE] = {"note", message_fields},
    [TRACE_FOOTER] = {"footer", footer_fields},
};

enum status trace_open(struct trace_reader **out, const char *path, struct diag *diag)
{
    struct trace_reader *r = calloc(1, sizeof(*r));
    enum status st;

    assert(out && path);
    *out = NULL;
    if (!r)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = lines_open(&r->lines, path, diag);
    if (st != ST_OK) {
        trace_close(r);
        return st;
    }
    *out = r;
    return ST_OK;
}

static bool is_blank(const struct text_line *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (!strchr(" \t\r", text->text[i]) || !text->text[i])
            return false;
    return true;
}

/* Could the text be the beginning of a line whose rest was never written?  The parser must have
 * read to the very end before it gave up.  A cut inside a UTF-8 sequence or a \u escape stops it
 * some bytes early, at most 12 (two escapes). */
static bool is_cut_short(const struct text_line *text, const json_error_t *error)
{
    if (text->ended || text->text[0] != '{')
        return false;
    if (json_error_code(error) == json_error_premature_end_of_input)
        return true;
    return error->position >= 0 && (size_t)error->position + 12 >= text->len;
}

/* Parses the line into r->line; leaves it NULL if the line is cut short. */
static enum status parse_line(struct trace_reader *r, const struct text_line *text,
                              const struct field_at *at)
{
    json_error_t error;

    if (memchr(text->text, '\0', text->len))
        return field_error(at, NULL, "holds a NUL byte: not a text file, or damaged");
    r->line = json_loadb(text->text, text->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (r->line)
        return json_is_object(r->line) ? ST_OK
                                       : field_error(at, NULL, "is %s, not an object",
                                                     field_type_name(json_typeof(r->line)));
    if (json_error_code(&error) == json_error_out_of_memory)
        return diag_set(at->diag, ST_ENOMEM, "out of memory");
    if (is_cut_short(text, &error)) {
        r->counts.truncated = true;
        return ST_OK;
    }
    if (json_error_code(&error) == json_error_invalid_utf8)
        return field_error(at, NULL, "is not UTF-8 at byte %d", error.position);
    return field_error(at, NULL, "is not JSON: %s at byte %d", error.text, error.position);
}

/* TRACE_END stands for an unknown kind. */
static enum status line_kind(const json_t *line, const struct field_at *at, enum trace_kind *kind)
{
    const char *name = NULL;
    enum status st = field_need(at, line, "kind");

    if (st == ST_OK)
        st = field_string(at, line, "kind", &name);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            *kind = (enum trace_kind)i;
            return ST_OK;
        }
    }
    *kind = TRACE_END;
    return ST_OK;
}

static enum status check_order(const struct trace_reader *r, const struct field_at *at,
                               enum trace_kind kind)
{
    enum status st;

    if (!r->header_seen && kind != TRACE_HEADER) {
        st = field_error(at, NULL, "is not a header");
        diag_hint(at->diag, "a trace begins with {\"kind\": \"header\", \"format\": \"%s\", ...}",
                  FORMAT_NAME);
        return st;
    }
    if (r->header_seen && kind == TRACE_HEADER) {
        st = field_error(at, NULL, "second header");
        diag_hint(at->diag, "one file holds one migration");
        return st;
    }
    if (r->footer_seen && kind == TRACE_FOOTER)
        return field_error(at, NULL, "second footer");
    if (r->footer_seen && kind != TRACE_END)
        return field_error(at, NULL, "stands after the footer");
    return ST_OK;
}

static enum status check_header(const json_t *line, const struct field_at *at)
{
    const char *format = "";
    int64_t version = 0;
    enum status st;

    if ((st = field_need(at, line, "format")) != ST_OK ||
        (st = field_string(at, line, "format", &format)) != ST_OK)
        return st;
    if (strcmp(format, FORMAT_NAME) != 0)
        return field_error(at, "format", "must be \"%s\"", FORMAT_NAME);
    if ((st = field_need(at, line, "version")) != ST_OK ||
        (st = field_int(at, line, "version", INT64_MIN, INT64_MAX, &version)) != ST_OK)
        return st;
    if (version != FORMAT_VERSION)
        return field_error(at, "version", "%lld is not known; this program reads version %d",
                           (long long)version, FORMAT_VERSION);
    return ST_OK;
}

static enum status read_time(struct trace_reader *r, const struct field_at *at,
                             struct trace_line *out)
{
    int64_t t_ns = -1;
    enum status st = field_int(at, r->line, "t_ns", 0, TRACE_T_MAX, &t_ns);

    if (st != ST_OK)
        return st;
    if (t_ns < 0)
        return out->kind == TRACE_FOOTER ? ST_OK : field_need(at, r->line, "t_ns");
    if (t_ns < r->last_ns - TRACE_STEP_BACK_NS)
        return field_error(at, "t_ns", "goes back by %lld ns", (long long)(r->last_ns - t_ns));
    if (t_ns > r->last_ns)
        r->last_ns = t_ns;
    out->t_ns = r->last_ns;
    return ST_OK;
}

static enum status read_message(struct trace_reader *r, const struct field_at *at,
                                struct trace_line *out)
{
    const char *side = NULL;
    enum status st;

    if ((st = read_time(r, at, out)) != ST_OK || (st = field_need(at, r->line, "name")) != ST_OK ||
        (st = field_string(at, r->line, "name", &out->name)) != ST_OK ||
        (st = field_string(at, r->line, "side", &side)) != ST_OK)
        return st;
    if (!side && out->kind != TRACE_NOTE)
        return field_need(at, r->line, "side");
    if (!side || strcmp(side, "source") == 0)
        out->side = TRACE_SOURCE;
    else if (strcmp(side, "destination") == 0)
        out->side = TRACE_DESTINATION;
    else
        return field_error(at, "side", "must be \"source\" or \"destination\"");
    out->data = json_object_get(r->line, "data");
    return out->data ? ST_OK : field_error(at, "data", "is missing");
}

static enum status read_footer(struct trace_reader *r, const struct field_at *at,
                               struct trace_line *out)
{
    const char *text = NULL;
    bool flag = false;
    enum status st;

    out->data = r->line;
    if ((st = read_time(r, at, out)) != ST_OK ||
        (st = field_string(at, r->line, "status", &text)) != ST_OK ||
        (st = field_bool(at, r->line, "cancelled_by_timeout", &flag)) != ST_OK)
        return st;
    r->footer_seen = true;
    return ST_OK;
}

static unsigned long count_unknown(json_t *line, const char *const *known)
{
    unsigned long nr = 0;
    const char *key;
    json_t *value;

    json_object_foreach(line, key, value)
    {
        const char *const *k = known;

        while (*k && strcmp(*k, key) != 0)
            k++;
        nr += *k == NULL;
    }
    return nr;
}

/* Reads the parsed line into @out; leaves kind TRACE_END for a line to skip. */
static enum status read_line(struct trace_reader *r, struct field_at *at, struct trace_line *out)
{
    enum status st = line_kind(r->line, at, &out->kind);

    if (st == ST_OK)
        st = check_order(r, at, out->kind);
    if (st != ST_OK)
        return st;
    if (out->kind == TRACE_END) {
        r->counts.ignored_lines++;
        return ST_OK;
    }
    at->section = kinds[out->kind].name;
    r->counts.ignored_fields += count_unknown(r->line, kinds[out->kind].fields);
    if (out->kind == TRACE_FOOTER)
        return read_footer(r, at, out);
    if (out->kind != TRACE_HEADER)
        return read_message(r, at, out);
    r->header_seen = true;
    out->data = r->line;
    return check_header(r->line, at);
}

/* The file is at its end. */
static enum status finish(struct trace_reader *r, struct diag *diag)
{
    if (lines_cut(r->lines))
        r->counts.truncated = true;
    if (!r->header_seen)
        return diag_at(diag, ST_EINPUT, lines_name(r->lines), r->counts.lines,
                       r->counts.truncated ? "the file ends inside its header"
                                           : "the file is empty");
    r->ended = true;
    return ST_OK;
}

static enum status next_line(struct trace_reader *r, struct trace_line *out, struct diag *diag)
{
    struct text_line text;
    enum status st;

    do {
        struct field_at at = {.file = lines_name(r->lines), .diag = diag};

        json_decref(r->line);
        r->line = NULL;
        *out = (struct trace_line){.kind = TRACE_END, .t_ns = -1};
        if (r->ended)
            return ST_OK;
        st = lines_next(r->lines, &text, diag);
        if (st != ST_OK)
            return st;
        if (!text.text)
            return finish(r, diag);
        out->line_no = at.line = r->counts.lines = text.line_no;
        if (is_blank(&text))
            continue;
        st = parse_line(r, &text, &at);
        if (st == ST_OK && !r->line)
            return finish(r, diag);
        if (st == ST_OK)
            st = read_line(r, &at, out);
        if (st != ST_OK)
            return st;
    } while (out->kind == TRACE_END);
    return ST_OK;
}

enum status trace_next(struct trace_reader *r, struct trace_line *out, struct diag *diag)
{
    enum status st;

    assert(r && out && !r->failed);
    st = next_line(r, out, diag);
    r->failed = st != ST_OK;
    return st;
}

void trace_find_cut(struct trace_reader *r)
{
    struct text_line text = {0};
    enum status st = ST_OK;

    if (r->ended || r->failed || !lines_regular(r->lines))
        return;
    while ((st = lines_next(r->lines, &text, NULL)) == ST_OK && text.text) {
        json_error_t error;
        json_t *last = NULL;

        if (text.ended || is_blank(&text))
            continue;
        last = json_loadb(text.text, text.len, JSON_DECODE_ANY, &error);
        r->counts.truncated |= !last;
        json_decref(last);
    }
    r->counts.truncated |= st != ST_OK || lines_cut(r->lines);
    r->ended = true;
}

struct trace_counts trace_counts(const struct trace_reader *r)
{
    return r->counts;
}

const char *trace_name(const struct trace_reader *r)
{
    return lines_name(r->lines);
}

void trace_close(struct trace_reader *r)
{
    if (!r)
        return;
    json_decref(r->line);
    lines_close(r->lines);
    free(r);
}
