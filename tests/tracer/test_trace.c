/*
 * test_trace.c - form and order of the lines of a trace.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support_traces.h"
#include "tracer/trace.h"

#define HEADER                                                                                     \
    "{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":1,\"id\":\"t\"}\n"
#define EVENT(t)                                                                                   \
    "{\"t_ns\":" #t ",\"kind\":\"event\",\"side\":\"source\",\"name\":\"STOP\",\"data\":{}}\n"
#define FOOTER "{\"t_ns\":9,\"kind\":\"footer\",\"status\":\"completed\"}\n"

/* Reads to the end; returns the status and how many lines were handed out. */
static enum status read_all(const char *data, size_t len, size_t *nr, struct trace_counts *counts,
                            struct diag *diag)
{
    struct memory_file f = memory_file(data, len);
    struct trace_reader *r;
    struct trace_line line;
    enum status st;

    *nr = 0;
    *diag = (struct diag){0};
    cr_assert(trace_open(&r, f.path, diag) == ST_OK);
    while ((st = trace_next(r, &line, diag)) == ST_OK && line.kind != TRACE_END)
        ++*nr;
    if (st == ST_OK) /* the end stays the end */
        cr_assert(trace_next(r, &line, diag) == ST_OK && line.kind == TRACE_END);
    *counts = trace_counts(r);
    trace_close(r);
    memory_file_release(&f);
    return st;
}

Test(trace, hands_out_what_the_line_says)
{
    static const char data[] = HEADER
        "{\"t_ns\":5,\"kind\":\"return\",\"side\":\"destination\",\"name\":\"query-migrate\","
        "\"data\":{\"status\":\"active\"}}\n" FOOTER;
    struct memory_file f = memory_file(data, sizeof(data) - 1);
    struct trace_reader *r;
    struct trace_line line;

    cr_assert(trace_open(&r, f.path, NULL) == ST_OK);
    cr_assert(trace_next(r, &line, NULL) == ST_OK);
    cr_assert(line.kind == TRACE_HEADER && line.t_ns == -1 && line.line_no == 1);
    cr_assert_str_eq(json_string_value(json_object_get(line.data, "id")), "t");
    cr_assert(trace_next(r, &line, NULL) == ST_OK);
    cr_assert(line.kind == TRACE_RETURN && line.side == TRACE_DESTINATION && line.t_ns == 5);
    cr_assert_str_eq(line.name, "query-migrate");
    cr_assert_str_eq(json_string_value(json_object_get(line.data, "status")), "active");
    cr_assert(trace_next(r, &line, NULL) == ST_OK);
    cr_assert(line.kind == TRACE_FOOTER && line.t_ns == 9 && line.line_no == 3);
    cr_assert(trace_next(r, &line, NULL) == ST_OK);
    cr_assert(line.kind == TRACE_END);
    trace_close(r);
    memory_file_release(&f);
}

Test(trace, refuses_what_is_malformed_and_names_the_line)
{
    static const struct {
        const char *data;
        unsigned long line;
        const char *key, *what; /* what: part of the message */
    } cases[] = {
        {"", 0, "", "empty"},
        {"\n \n", 2, "", "empty"},
        {EVENT(1), 1, "", "not a header"},
        {FOOTER, 1, "", "not a header"},
        {"{\"kind\":\"later\"}\n" HEADER, 1, "", "not a header"},
        {"\xef\xbb\xbf" HEADER, 1, "", "not JSON"},
        {"{\"kind\":\"header\",\"format\":\"x\",\"version\":1}\n", 1, "format", "must be"},
        {"{\"kind\":\"header\",\"version\":1}\n", 1, "format", "missing"},
        {"{\"kind\":\"header\",\"format\":7,\"version\":1}\n", 1, "format", "must be a string"},
        {"{\"kind\":\"header\",\"format\":\"qmp-migration-trace\"}\n", 1, "version", "missing"},
        {"{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":2}\n", 1, "version",
         "2 is not known"},
        {"{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":\"1\"}\n", 1,
         "version", "whole number"},
        {"{\"kind\":\"header\"", 1, "", "inside its header"},
        {HEADER HEADER, 2, "", "second header"},
        {HEADER EVENT(1) FOOTER EVENT(10), 4, "", "after the footer"},
        {HEADER FOOTER FOOTER, 3, "", "second footer"},
        {HEADER "garbage\n", 2, "", "not JSON"},
        {HEADER "garbage", 2, "", "not JSON"},
        {HEADER "{\"kind\":\"event\"}}\n", 2, "", "not JSON"},
        {HEADER "{\"kind\":\"event\"\n" EVENT(1), 2, "", "not JSON"},
        {HEADER "[1]\n", 2, "", "an array, not an object"},
        {HEADER "17\n", 2, "", "a whole number, not an object"},
        {HEADER "null", 2, "", "null, not an object"},
        {HEADER "{}\n", 2, "kind", "missing"},
        {HEADER "{\"kind\":3}\n", 2, "kind", "must be a string"},
        {HEADER "{\"kind\":\"event\",\"kind\":\"event\"}\n", 2, "", "duplicate"},
        {HEADER "{\"kind\":\"x\",\"a\":\"\xff\"}\n", 2, "", "UTF-8"},
        {HEADER "{\"kind\":\"x\",\"a\":\"\xc3\x28\"}\n", 2, "", "UTF-8"},
        {HEADER "{\"kind\":\"x\",\"a\":\"\\u0000\"}\n", 2, "", "not JSON"},
        {HEADER "{\"kind\":\"x\",\"a\":NaN}\n", 2, "", "not JSON"},
        {HEADER "{\"kind\":\"x\",\"a\":1e999}\n", 2, "", "not JSON"},
        {HEADER "{\"kind\":\"x\",\"a\":99999999999999999999}\n", 2, "", "not JSON"},
        {HEADER EVENT(10000005) EVENT(4), 3, "t_ns", "goes back by 10000001 ns"},
        {HEADER EVENT(10000010) FOOTER, 3, "t_ns", "goes back by 10000001 ns"},
        {HEADER EVENT(-1), 2, "t_ns", "outside"},
        {HEADER EVENT(1.5), 2, "t_ns", "whole number"},
        {HEADER EVENT("1"), 2, "t_ns", "whole number"},
        {HEADER EVENT(null), 2, "t_ns", "missing"},
        {HEADER EVENT(9223372036854775807), 2, "t_ns", "outside"},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"name\":\"STOP\",\"data\":{}}\n", 2, "side",
         "missing"},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"side\":\"both\",\"name\":\"STOP\",\"data\":{}}\n",
         2, "side", "must be"},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"side\":\"source\",\"data\":{}}\n", 2, "name",
         "missing"},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"side\":\"source\",\"name\":[],\"data\":{}}\n", 2,
         "name", "must be a string"},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"side\":\"source\",\"name\":\"STOP\"}\n", 2,
         "data", "missing"},
        {HEADER "{\"kind\":\"footer\",\"status\":1}\n", 2, "status", "must be a string"},
        {HEADER "{\"kind\":\"footer\",\"cancelled_by_timeout\":1}\n", 2, "cancelled_by_timeout",
         "true or false"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace_counts counts;
        struct diag diag;
        size_t nr;
        enum status st = read_all(cases[i].data, strlen(cases[i].data), &nr, &counts, &diag);

        cr_assert(st == ST_EINPUT, "case %zu: status %d", i, st);
        cr_assert(diag.line == cases[i].line, "case %zu: line %lu", i, diag.line);
        cr_assert_str_eq(diag.key, cases[i].key, "case %zu: key %s", i, diag.key);
        cr_assert(strstr(diag.what, cases[i].what), "case %zu: %s", i, diag.what);
    }
}

Test(trace, refuses_nul_bytes)
{
    static const char data[] = HEADER "{\"kind\":\"x\",\"a\":\"\0\"}\n";
    struct trace_counts counts;
    struct diag diag;
    size_t nr;

    cr_assert(read_all(data, sizeof(data) - 1, &nr, &counts, &diag) == ST_EINPUT);
    cr_assert(diag.line == 2 && strstr(diag.what, "NUL"), "%s", diag.what);
}

Test(trace, ignores_and_counts_what_it_does_not_know)
{
    static const struct {
        const char *data;
        size_t nr;
        unsigned long lines, ignored_lines, ignored_fields;
    } cases[] = {
        {HEADER, 1, 1, 0, 0},
        {HEADER EVENT(1) EVENT(1), 3, 3, 0, 0},
        {HEADER "\n  \r\n" EVENT(1), 2, 4, 0, 0},
        {HEADER "{\"kind\":\"metric\",\"t_ns\":\"soon\"}\n" EVENT(1), 2, 3, 1, 0},
        {HEADER EVENT(1) FOOTER "{\"kind\":\"checksum\"}\n", 3, 4, 1, 0},
        {"{\"kind\":\"header\",\"format\":\"qmp-migration-trace\",\"version\":1,\"a\":1,\"b\":2}\n",
         1, 1, 0, 2},
        {HEADER "{\"t_ns\":1,\"kind\":\"event\",\"side\":\"source\",\"name\":\"STOP\",\"data\":{},"
                "\"seq\":4}\r\n",
         2, 2, 0, 1},
        {HEADER "{\"t_ns\":1,\"kind\":\"note\",\"name\":\"x\",\"data\":1}\n", 2, 2, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace_counts counts;
        struct diag diag;
        size_t nr;
        enum status st = read_all(cases[i].data, strlen(cases[i].data), &nr, &counts, &diag);

        cr_assert(st == ST_OK, "case %zu: line %lu %s: %s", i, diag.line, diag.key, diag.what);
        cr_assert(nr == cases[i].nr && counts.lines == cases[i].lines, "case %zu: %zu of %lu", i,
                  nr, counts.lines);
        cr_assert(counts.ignored_lines == cases[i].ignored_lines, "case %zu", i);
        cr_assert(counts.ignored_fields == cases[i].ignored_fields, "case %zu", i);
        cr_assert(!counts.truncated, "case %zu", i);
    }
}

/* A cut at any byte, inside numbers, words, escapes and UTF-8 sequences alike. */
Test(trace, a_cut_last_line_is_flagged_and_not_an_error)
{
    static const char data[] =
        HEADER EVENT(1) "{\"t_ns\":12,\"kind\":\"event\",\"side\":\"source\","
                        "\"name\":\"X\",\"data\":{\"a\":[true,null,-1.5e-7,"
                        "\"\xc3\xa9\xf0\x9f\x90\x8b\\n\\u00e9\\ud83d\\udc0b"
                        "\"],\"b\":false}}";
    size_t whole = sizeof(data) - 1, two = strlen(HEADER EVENT(1));
    struct trace_counts counts;
    struct diag diag;
    size_t nr;

    for (size_t len = two; len <= whole; len++) {
        enum status st = read_all(data, len, &nr, &counts, &diag);

        cr_assert(st == ST_OK, "cut at %zu: %s", len - two, diag.what);
        cr_assert(nr == (len == whole ? 3 : 2), "cut at %zu: %zu lines", len - two, nr);
        cr_assert(counts.truncated == (len > two && len < whole), "cut at %zu", len - two);
    }
}

Test(trace, deep_nesting_is_refused_without_harm)
{
    struct text t = {0};
    struct trace_counts counts;
    struct diag diag;
    size_t nr;

    text_addf(&t, "%s{\"kind\":\"x\",\"a\":", HEADER);
    t.buf = realloc(t.buf, t.len + 500002);
    memset(t.buf + t.len, '[', 500000);
    memcpy(t.buf + t.len + 500000, "\n", 2);
    t.len += 500001;
    cr_assert(read_all(t.buf, t.len, &nr, &counts, &diag) == ST_EINPUT);
    cr_assert(diag.line == 2);
    text_release(&t);
}
