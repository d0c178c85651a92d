/*
 * documents.c - reads a file and hands out the objects in it, one by one.
 *
 * A list of a hundred thousand objects is never a tree in memory: the brackets around the objects
 * are walked here, and jansson reads each object by itself.  So every object has a line of its own,
 * and messages can name it.  A document that has no list is one object.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/import_int.h"

#include "base/banned.h"

struct walk {
    struct import *im;
    const char *file;
    const char *text, *p, *end;
    const char *counted; /* lines before it are counted */
    unsigned long line;
    const char *line_start;
    char path[64]; /* of the list */
    size_t nr_found;
};

enum {
    LIST_DEPTH = 2 /* lists are at the root, or one object further in */
};

/* ---- text ---- */

static enum status read_all(struct import *im, int fd, const char *name, char **text, size_t *len)
{
    size_t cap = 0;

    *len = 0;
    for (;;) {
        ssize_t n;

        if (cap - *len < 2) {
            char *more;

            if (cap > IMP_FILE_MAX) {
                diag_hint(im->diag, "import parts of it, as one namespace or one cluster");
                return diag_at(im->diag, ST_EINPUT, name, 0, "the file is larger than 2 GiB");
            }
            cap = cap ? cap * 2 : 64 * 1024;
            more = realloc(*text, cap);
            if (!more)
                return imp_no_memory(im);
            *text = more;
        }
        n = read(fd, *text + *len, cap - *len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return diag_errno(im->diag, ST_EINPUT, name, "cannot read");
        if (n == 0)
            break;
        *len += (size_t)n;
    }
    (*text)[*len] = '\0';
    return ST_OK;
}

static enum status read_text(struct import *im, const char *path, char **text, size_t *len)
{
    enum status st;
    int fd;

    if (strcmp(path, "-") == 0)
        return read_all(im, STDIN_FILENO, "standard input", text, len);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return diag_errno(im->diag, ST_EINPUT, path, "cannot open");
    st = read_all(im, fd, path, text, len);
    close(fd);
    return st;
}

/* ---- JSON ---- */

/* Brings line and line_start up to @at, which is not before the last call's. */
static void count_lines(struct walk *w, const char *at)
{
    const char *nl;

    while ((nl = memchr(w->counted, '\n', (size_t)(at - w->counted)))) {
        w->line++;
        w->counted = w->line_start = nl + 1;
    }
    w->counted = at;
}

static enum status bad_json(struct walk *w, const char *at, const char *what)
{
    count_lines(w, at);
    diag_at(w->im->diag, ST_EINPUT, w->file, w->line, "%s", what);
    if (w->im->diag)
        w->im->diag->column = (unsigned)(at - w->line_start) + 1;
    if (at == w->end)
        diag_hint(w->im->diag, "the text ends too early: was the command interrupted?");
    return ST_EINPUT;
}

static void skip_blanks(struct walk *w)
{
    while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
        w->p++;
}

/* The value at the cursor as a tree; the cursor goes behind it. */
static enum status read_value(struct walk *w, json_t **json)
{
    json_error_t error;
    const char *from = w->p;

    *json =
        json_loadb(from, (size_t)(w->end - from), JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &error);
    if (*json) {
        w->p = from + error.position;
        return ST_OK;
    }
    if (json_error_code(&error) == json_error_out_of_memory)
        return imp_no_memory(w->im);
    /* jansson's position counts from @from, and so do its lines */
    if (error.position < 0 || error.position > w->end - from)
        error.position = 0;
    return bad_json(w, from + error.position, error.text);
}

static enum status hand_out(struct walk *w, const char *from, const char *path)
{
    struct imp_item it = {.file = w->file, .path = path};
    json_t *json = NULL;
    enum status st;

    count_lines(w, from);
    it.line = w->line;
    w->p = from;
    st = read_value(w, &json);
    it.json = json;
    if (st == ST_OK)
        st = imp_hand_out(w->im, &it);
    json_decref(json);
    w->nr_found++;
    return st;
}

/* The elements of the list at the cursor, which is behind its bracket. */
static enum status walk_list(struct walk *w)
{
    char path[128];
    enum status st;

    skip_blanks(w);
    if (w->p < w->end && *w->p == ']') {
        w->p++;
        w->nr_found++;
        return ST_OK;
    }
    for (size_t i = 0;; i++) {
        skip_blanks(w);
        snprintf(path, sizeof(path), "%s[%zu]", w->path, i);
        if (w->p == w->end || *w->p == ']')
            return bad_json(w, w->p, "an object is missing in the list");
        st = hand_out(w, w->p, path);
        if (st != ST_OK)
            return st;
        skip_blanks(w);
        if (w->p < w->end && *w->p == ']') {
            w->p++;
            return ST_OK;
        }
        if (w->p == w->end || *w->p != ',')
            return bad_json(w, w->p, "the list goes on with neither ',' nor ']'");
        w->p++;
    }
}

bool imp_is_list(const struct import *im, const char *key)
{
    static const char *const always[] = {"data", "result", NULL}; /* Prometheus */

    for (size_t i = 0; always[i]; i++)
        if (strcmp(always[i], key) == 0)
            return true;
    for (size_t i = 0; im->reader->list[i]; i++)
        if (strcmp(im->reader->list[i], key) == 0)
            return true;
    return false;
}

static enum status walk_object(struct walk *w, int depth, bool *lists);

/* The value of @key at the cursor: walked when it is a list of items, else left behind. */
static enum status walk_member(struct walk *w, const char *key, int depth, bool *lists)
{
    size_t len = strlen(w->path);
    bool wanted = imp_is_list(w->im, key);
    json_t *json = NULL;
    enum status st;

    snprintf(w->path + len, sizeof(w->path) - len, "%s%s", len ? "." : "", key);
    if (wanted && w->p < w->end && *w->p == '[') {
        w->p++;
        *lists = true;
        st = walk_list(w);
    } else if (wanted && w->p < w->end && *w->p == '{' && depth < LIST_DEPTH) {
        st = walk_object(w, depth + 1, lists);
    } else {
        st = read_value(w, &json);
        json_decref(json);
    }
    w->path[len] = '\0';
    return st;
}

/* The members of the object at the cursor; @lists says whether one of them was a list of items. */
static enum status walk_object(struct walk *w, int depth, bool *lists)
{
    enum status st = ST_OK;

    w->p++;
    skip_blanks(w);
    if (w->p < w->end && *w->p == '}') {
        w->p++;
        return ST_OK;
    }
    while (st == ST_OK) {
        json_t *key = NULL;

        skip_blanks(w);
        if (w->p == w->end || *w->p != '"')
            return bad_json(w, w->p, "a key in quotes is missing");
        st = read_value(w, &key);
        if (st != ST_OK)
            return st;
        skip_blanks(w);
        if (w->p < w->end && *w->p == ':') {
            w->p++;
            skip_blanks(w);
            st = walk_member(w, json_string_value(key), depth, lists);
        } else {
            st = bad_json(w, w->p, "':' is missing after the key");
        }
        json_decref(key);
        if (st != ST_OK)
            return st;
        skip_blanks(w);
        if (w->p == w->end || (*w->p != ',' && *w->p != '}'))
            return bad_json(w, w->p, "the object goes on with neither ',' nor '}'");
        if (*w->p++ == '}')
            return ST_OK;
    }
    return st;
}

/* One value of the file: a list, an object with lists in it, or one object. */
static enum status walk_document(struct walk *w)
{
    const char *from = w->p;
    bool lists = false;
    enum status st;

    w->path[0] = '\0';
    if (*w->p == '[') {
        w->p++;
        return walk_list(w);
    }
    if (*w->p != '{')
        return bad_json(w, w->p, "neither an object nor a list");
    st = walk_object(w, 1, &lists);
    if (st != ST_OK || lists)
        return st;
    return hand_out(w, from, "");
}

static enum status read_json(struct import *im, const char *file, const char *text, size_t len)
{
    struct walk w = {.im = im, .file = file, .text = text, .p = text, .line = 1};
    enum status st = ST_OK;

    w.end = text + len;
    w.counted = w.line_start = text;
    for (skip_blanks(&w); w.p < w.end && st == ST_OK; skip_blanks(&w)) {
        const char *from = w.p;

        st = walk_document(&w);
        if (st == ST_OK && w.p == from) /* cannot be: each document has a byte */
            return bad_json(&w, w.p, "cannot read on");
    }
    return st;
}

/* ---- files ---- */

enum status imp_hand_out(struct import *im, const struct imp_item *it)
{
    if (!json_is_object(it->json))
        return imp_fail(im, it, NULL, "no object");
    if (imp_is_metrics(it))
        return imp_metrics_item(im, it);
    if (im->reader->item)
        return im->reader->item(im, it);
    imp_note(im, "objects of JSON in an import of %s, left out", im->reader->name);
    return ST_OK;
}

static enum status not_text(struct import *im, const char *file, const char *text, size_t len)
{
    const char *nul = memchr(text, '\0', len);

    if (!nul)
        return ST_OK;
    diag_at(im->diag, ST_EINPUT, file, 0, "no text: byte %zu is 0", (size_t)(nul - text));
    if (len >= 2 && (unsigned char)text[0] >= 0xfe)
        diag_hint(im->diag, "it looks like UTF-16; save it as UTF-8");
    return ST_EINPUT;
}

static enum status read_by_content(struct import *im, const char *file, const char *text,
                                   size_t len)
{
    size_t blanks;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    blanks = strspn(text, " \t\r\n");
    if (blanks == len) {
        diag_hint(im->diag, "did the command that should fill it fail?");
        return diag_at(im->diag, ST_EINPUT, file, 0, "the file is empty");
    }
    if (text[blanks] == '{' || (text[blanks] == '[' && !im->reader->text))
        return read_json(im, file, text, len);
    if (im->reader->text)
        return im->reader->text(im, file, text, len);
    if (im->reader->yaml && text[blanks] != '<')
        return imp_read_yaml(im, file, text, len);
    diag_hint(im->diag, "`migcast help import` shows the command whose output is read");
    return diag_at(im->diag, ST_EINPUT, file, 1, "no JSON");
}

enum status imp_read_file(struct import *im, const char *path)
{
    const char *file = strcmp(path, "-") == 0 ? "standard input" : path;
    char *text = NULL;
    size_t len = 0;
    enum status st = read_text(im, path, &text, &len);

    if (st == ST_OK)
        st = not_text(im, file, text, len);
    if (st == ST_OK)
        st = read_by_content(im, file, text, len);
    free(text);
    return st;
}
