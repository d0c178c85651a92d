/*
 * check_forms.c - `migcast check` for programs: JSON, JUnit and GitHub's workflow commands.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "cli/check_print.h"
#include "reports/json_fields.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    ANNOTATIONS_MAX = 10, /* of one kind, that GitHub shows of a step */
    INPUTS_SHOWN = 6
};

check_form *check_form_find(const char *name)
{
    static const struct {
        const char *name;
        check_form *form;
    } forms[] = {{"text", check_add_text},
                 {"json", check_add_json},
                 {"junit", check_add_junit},
                 {"markdown", check_add_markdown},
                 {"github", check_add_github}};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(forms[i].name, name) == 0)
            return forms[i].form;
    return NULL;
}

/* ---- JSON ---- */

static void add_finding(struct strbuf *out, const struct check_finding *f)
{
    bool tested = f->verdict != CHECK_NEW && f->verdict != CHECK_GONE;

    json_next(out);
    strbuf_addstr(out, "\n  {");
    json_put_text(out, "measure", f->measure);
    json_put_text(out, "vm", f->vm);
    json_put_text(out, "unit", json_unit(f->unit));
    json_put_text(out, "better", f->less ? "less" : "more");
    json_put_text(out, "verdict", check_verdict_key(f->verdict));
    json_put_value(out, "before", f->unit, f->test.before);
    json_put_value(out, "now", f->unit, f->test.now);
    json_put_double(out, "change_ratio", f->change);
    json_key(out, "difference_interval");
    strbuf_addch(out, '[');
    json_add_value(out, f->unit, f->test.low);
    json_next(out);
    json_add_value(out, f->unit, f->test.high);
    strbuf_addch(out, ']');
    json_put_double(out, "p", tested ? f->test.p : NAN);
    json_put_double(out, "p_corrected", tested ? f->p : NAN);
    json_put_u64(out, "pairs", f->test.n);
    json_put_u64(out, "missing", f->test.missing);
    strbuf_addch(out, '}');
}

static void add_side(struct strbuf *out, const char *key, const struct check_entry *e)
{
    json_key(out, key);
    if (!e) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_put_text(out, "digest", e->digest);
    json_put_text(out, "version", e->version);
    strbuf_addf(out, ",\"seed\":%" PRIu64, e->seed);
    json_put_u64(out, "samples", e->nr_samples);
    strbuf_addch(out, '}');
}

static void add_changes(struct strbuf *out, const struct check_result *r)
{
    json_key(out, "changes");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < r->nr_changes; i++) {
        const struct check_change *c = &r->changes[i];

        json_next(out);
        strbuf_addstr(out, "\n  {");
        json_put_text(out, "section", c->section);
        json_put_text(out, "key", c->key);
        json_put_text(out, "before", c->before);
        json_put_text(out, "now", c->now);
        json_put_text(out, "file", c->file);
        json_key(out, "line");
        if (c->line)
            json_add_u64(out, c->line);
        else
            json_add_text(out, NULL);
        json_put_double(out, "share", c->share);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
    json_put_text(out, "share_of", r->why_of);
}

static void add_notes(struct strbuf *out, const struct check_result *r)
{
    struct strbuf words = STRBUF_INIT;

    json_key(out, "notes");
    strbuf_addch(out, '[');
    for (size_t i = 0; check_words_note(&words, r, i); i++) {
        if (words.len > 0) {
            json_next(out);
            json_add_text(out, strbuf_text(&words));
        }
        strbuf_clear(&words);
    }
    strbuf_addch(out, ']');
    strbuf_release(&words);
}

static void add_item(struct strbuf *out, const struct check_item *item)
{
    const struct check_result *r = &item->result;

    json_next(out);
    strbuf_addstr(out, "\n {");
    json_put_text(out, "name", item->path);
    json_put_text(out, "verdict", check_verdict_key(check_whole_verdict(r)));
    add_side(out, "before", r->before);
    add_side(out, "now", r->now);
    json_key(out, "counts");
    strbuf_addch(out, '{');
    for (int k = 0; k < CHECK_VERDICTS; k++) {
        json_put_u64(out, check_verdict_key((enum check_verdict)k), r->nr[k]);
    }
    strbuf_addch(out, '}');
    add_notes(out, r);
    add_changes(out, r);
    json_key(out, "findings");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < r->nr_findings; i++)
        add_finding(out, &r->findings[i]);
    strbuf_addstr(out, "]}");
}

void check_add_json(struct strbuf *out, const struct check_view *v)
{
    size_t regressed = 0;

    for (size_t i = 0; i < v->nr; i++)
        regressed += v->items[i].result.nr[CHECK_REGRESSED];
    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "baseline", v->baseline);
    json_put_u64(out, "regressed", regressed);
    json_put_double(out, "alpha", v->nr ? v->items[0].result.alpha : NAN);
    json_put_double(out, "noise", v->nr ? v->items[0].result.noise : NAN);
    json_key(out, "results");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < v->nr; i++)
        add_item(out, &v->items[i]);
    strbuf_addstr(out, "]}\n");
}

/* ---- JUnit ---- */

static const char *in_xml(const char *at)
{
    switch (*at) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\n':
        return "&#10;";
    default:
        return NULL;
    }
}

/* What is worth a case of its own: each measure of the whole, and each VM that changed. */
static bool is_case(const struct check_finding *f)
{
    return !f->vm || f->verdict <= CHECK_IMPROVED;
}

static void add_case(struct strbuf *out, const struct check_item *item,
                     const struct check_finding *f)
{
    struct strbuf words = STRBUF_INIT, why = STRBUF_INIT;
    unsigned long line = 0;
    const char *file = check_place(item, &line);

    check_words_finding(&words, f);
    check_words_why(&why, &item->result, INPUTS_SHOWN);
    strbuf_addstr(out, "    <testcase classname=\"migcast.check\" name=\"");
    words_escape(out, f->measure, in_xml);
    strbuf_addstr(out, "\" time=\"0.000\">");
    if (f->verdict == CHECK_REGRESSED) {
        strbuf_addstr(out, "\n      <failure type=\"regression\" message=\"");
        words_escape(out, strbuf_text(&words), in_xml);
        strbuf_addstr(out, "\">");
        words_escape(out, strbuf_text(&words), in_xml);
        strbuf_addch(out, '\n');
        words_escape(out, strbuf_text(&why), in_xml);
        strbuf_addch(out, '\n');
        words_escape(out, file, in_xml);
        if (line)
            strbuf_addf(out, ":%lu", line);
        strbuf_addstr(out, "</failure>\n    ");
    } else if (f->verdict >= CHECK_UNSURE) {
        strbuf_addf(out, "\n      <skipped message=\"%s\"/>\n    ", check_verdict_name(f->verdict));
    } else {
        strbuf_addstr(out, "\n      <system-out>");
        words_escape(out, strbuf_text(&words), in_xml);
        strbuf_addstr(out, "</system-out>\n    ");
    }
    strbuf_addstr(out, "</testcase>\n");
    strbuf_release(&words);
    strbuf_release(&why);
}

static void count_cases(const struct check_result *r, size_t nr[3])
{
    for (size_t i = 0; i < r->nr_findings; i++) {
        const struct check_finding *f = &r->findings[i];

        if (!is_case(f))
            continue;
        nr[0]++;
        nr[1] += f->verdict == CHECK_REGRESSED;
        nr[2] += f->verdict >= CHECK_UNSURE;
    }
}

static void add_property(struct strbuf *out, const char *name, const char *value)
{
    strbuf_addf(out, "      <property name=\"%s\" value=\"", name);
    words_escape(out, value, in_xml);
    strbuf_addstr(out, "\"/>\n");
}

void check_add_junit(struct strbuf *out, const struct check_view *v)
{
    size_t all[3] = {0};

    for (size_t i = 0; i < v->nr; i++)
        count_cases(&v->items[i].result, all);
    strbuf_addf(out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"migcast check\" "
                "tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n",
                all[0], all[1]);
    for (size_t i = 0; i < v->nr; i++) {
        const struct check_result *r = &v->items[i].result;
        size_t nr[3] = {0};

        count_cases(r, nr);
        strbuf_addstr(out, "  <testsuite name=\"");
        words_escape(out, v->items[i].path, in_xml);
        strbuf_addf(out,
                    "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" "
                    "time=\"0.000\">\n    <properties>\n",
                    nr[0], nr[1], nr[2]);
        add_property(out, "baseline", v->baseline);
        add_property(out, "digest", r->now->digest);
        add_property(out, "version", r->now->version);
        strbuf_addstr(out, "    </properties>\n");
        for (size_t k = 0; k < r->nr_findings; k++)
            if (is_case(&r->findings[k]))
                add_case(out, &v->items[i], &r->findings[k]);
        strbuf_addstr(out, "  </testsuite>\n");
    }
    strbuf_addstr(out, "</testsuites>\n");
}

/* ---- GitHub ---- */

static const char *in_message(const char *at)
{
    return *at == '%' ? "%25" : *at == '\r' ? "%0D" : *at == '\n' ? "%0A" : NULL;
}

static const char *in_property(const char *at)
{
    return *at == ':' ? "%3A" : *at == ',' ? "%2C" : in_message(at);
}

static void add_command(struct strbuf *out, const char *command, const struct check_item *item,
                        const char *title, const char *message)
{
    unsigned long line = 0;
    const char *file = check_place(item, &line);

    strbuf_addf(out, "::%s file=", command);
    words_escape(out, file, in_property);
    if (line)
        strbuf_addf(out, ",line=%lu", line);
    strbuf_addf(out, ",title=%s::", title);
    words_escape(out, message, in_message);
    strbuf_addch(out, '\n');
}

static void add_errors(struct strbuf *out, const struct check_item *item, size_t *said)
{
    const struct check_result *r = &item->result;

    for (size_t k = 0; k < r->nr_findings; k++) {
        struct strbuf words = STRBUF_INIT, why = STRBUF_INIT;

        if (r->findings[k].verdict != CHECK_REGRESSED || *said >= ANNOTATIONS_MAX)
            continue;
        check_words_finding(&words, &r->findings[k]);
        check_words_why(&why, r, INPUTS_SHOWN);
        if (why.len > 0)
            strbuf_addf(&words, "; %s", strbuf_text(&why));
        add_command(out, "error", item, "regressed", strbuf_text(&words));
        ++*said;
        strbuf_release(&words);
        strbuf_release(&why);
    }
}

void check_add_github(struct strbuf *out, const struct check_view *v)
{
    size_t said = 0;

    for (size_t i = 0; i < v->nr; i++)
        add_errors(out, &v->items[i], &said);
    for (size_t i = 0; i < v->nr; i++) {
        const struct check_result *r = &v->items[i].result;
        struct strbuf words = STRBUF_INIT;

        if (r->before)
            check_words_counts(&words, r);
        else
            strbuf_addstr(&words, "not in the baseline");
        add_command(out, r->before ? "notice" : "warning", &v->items[i],
                    check_verdict_name(check_whole_verdict(r)), strbuf_text(&words));
        strbuf_release(&words);
    }
}
