/*
 * ini.c - a strict wrapper around inih.
 *
 * inih splits keys from values and takes comments off.  It also cuts long section names short,
 * joins indented lines, says nothing of empty sections and gives no line numbers to its handler; so
 * the lines are fed to it one by one by a reader that counts them, keeps the section names, takes
 * the indent off, and turns comparisons into settings.  Invariant: entries stand in file order,
 * each inside exactly one section's range.
 */
#include "base/ini.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

struct feed {
    struct ini_file *ini;
    struct arena *arena;
    struct diag *diag;
    const char *next, *end;
    unsigned long line;
    enum status st;
};

enum {
    LINE_ROOM = 64 * 1024 + 16 /* a line at the limit, what the reader adds, and the end of text */
};
static_assert(LINE_ROOM > INI_LINE_LIMIT + 8, "room for the longest line");

/* inih keeps its settings in globals.  They are set before main(), so no thread sees them change.
 */
__attribute__((constructor)) static void set_up_inih(void)
{
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_initial_alloc = LINE_ROOM;
    ini_max_line = LINE_ROOM;
    ini_allow_multiline = false;
    ini_allow_no_value = false;
    ini_allow_inline_comments = true;
    ini_inline_comment_prefixes = ini_start_comment_prefixes; /* both ';' and '#' */
    ini_stop_on_first_error = true;
}

/* Length of the UTF-8 sequence at @p, 0 when it is not one (overlong, surrogate, cut short). */
static size_t utf8_len(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

    if (n == 0 || p[0] > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Refuses what is not text, and counts what the file can hold at most. */
static enum status check_text(const char *path, const char *text, size_t len, size_t *nr_sections,
                              size_t *nr_entries, struct diag *diag)
{
    unsigned long line = 1;
    size_t start = 0;
    bool blank = true;

    for (size_t i = 0, n; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];

        n = utf8_len((const unsigned char *)text + i, len - i);
        if (n == 0 || c == 0 || c == 0x7f ||
            (c < 0x20 && c != '\t' && c != '\n' &&
             !(c == '\r' && i + 1 < len && text[i + 1] == '\n'))) {
            diag_at(diag, ST_EINPUT, path, line, "byte 0x%02x does not belong in a text file", c);
            diag_hint(diag, "the file must be UTF-8 text");
            return ST_EINPUT;
        }
        if (c == '\n') {
            line++;
            start = i + 1;
            blank = true;
        } else if (i - start >= INI_LINE_LIMIT) {
            return diag_at(diag, ST_EINPUT, path, line, "the line is longer than 64 KiB");
        } else if (blank && !is_space((char)c)) {
            blank = false;
            *nr_sections += c == '[';
            *nr_entries += c != '[' && c != '#' && c != ';';
        }
    }
    return ST_OK;
}

static enum status feed_fail(struct feed *f, enum status st, const char *what)
{
    f->st = diag_at(f->diag, st, f->ini->path, f->line, "%s", what);
    return f->st;
}

/* Takes the name out of "[name]"; inih sees the same line after this. */
static void open_section(struct feed *f, const char *p, size_t len)
{
    struct ini_section *s = &f->ini->sections[f->ini->nr_sections];
    const char *close = memchr(p, ']', len);
    const char *from = p + 1, *to = close, *rest = close ? close + 1 : NULL;
    char *name;

    if (!close) {
        feed_fail(f, ST_EINPUT, "the section has no closing bracket");
        return;
    }
    while (rest < p + len && is_space(*rest))
        rest++;
    if (rest < p + len && ((*rest != '#' && *rest != ';') || rest == close + 1)) {
        feed_fail(f, ST_EINPUT, "text after the section's closing bracket");
        return;
    }
    while (from < to && is_space(*from))
        from++;
    while (to > from && is_space(to[-1]))
        to--;
    if (from == to) {
        feed_fail(f, ST_EINPUT, "the section has no name");
        return;
    }
    name = arena_strndup(f->arena, from, (size_t)(to - from));
    if (!name) {
        feed_fail(f, ST_ENOMEM, "memory for this file ran out");
        return;
    }
    *s = (struct ini_section){.name = name, .line = f->line, .first = f->ini->nr_entries};
    f->ini->nr_sections++;
}

/* inih's fgets: the next line without its indent, and "a < b" as "a =< b". */
static char *next_line(char *buf, int cap, void *user)
{
    struct feed *f = user;
    const char *p = f->next, *end;
    size_t len, split;

    if (f->st != ST_OK || p == f->end)
        return NULL;
    f->line++;
    end = memchr(p, '\n', (size_t)(f->end - p));
    if (!end)
        end = f->end;
    f->next = end < f->end ? end + 1 : end;
    while (p < end && is_space(*p))
        p++;
    len = (size_t)(end - p);
    assert(cap == LINE_ROOM && len <= INI_LINE_LIMIT);
    memcpy(buf, p, len);
    buf[len] = '\0';
    if (*buf == '[') {
        open_section(f, buf, len);
        if (f->st != ST_OK)
            return NULL;
        memcpy(buf, "[s]", 4); /* the name is kept above: inih would cut it at 49 bytes */
        len = 3;
    } else if (*buf != '#' && *buf != ';') {
        split = strcspn(buf, "=:<>#;");
        if (buf[split] == '<' || buf[split] == '>') {
            memmove(buf + split + 1, buf + split, len + 1 - split);
            buf[split] = '=';
            len++;
        }
    }
    buf[len] = '\n';
    buf[len + 1] = '\0';
    return buf;
}

static int add_entry(void *user, const char *section, const char *key, const char *value)
{
    struct feed *f = user;
    struct ini_file *ini = f->ini;
    struct ini_entry *e = &ini->entries[ini->nr_entries];

    (void)section;
    if (key[0] == '\0') {
        feed_fail(f, ST_EINPUT, "the line has a value but no key");
        return 0;
    }
    e->key = arena_strdup(f->arena, key);
    e->value = arena_strdup(f->arena, value);
    e->line = f->line;
    if (!e->key || !e->value) {
        feed_fail(f, ST_ENOMEM, "memory for this file ran out");
        return 0;
    }
    ini->nr_entries++;
    ini->sections[ini->nr_sections - 1].nr++;
    return 1;
}

enum status ini_read_text(struct ini_file *ini, const char *name, const char *text, size_t len,
                          struct arena *arena, struct diag *diag)
{
    struct feed f = {.ini = ini, .arena = arena, .diag = diag, .st = ST_OK};
    size_t nr_sections = 1, nr_entries = 0;
    enum status st;
    int rc;

    *ini = (struct ini_file){.path = arena_strdup(arena, name)};
    if (len > INI_FILE_LIMIT)
        return diag_at(diag, ST_EINPUT, name, 0, "the file is larger than 128 MiB");
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        len -= 3;
    }
    st = check_text(name, text, len, &nr_sections, &nr_entries, diag);
    if (st != ST_OK)
        return st;
    ini->sections = arena_array(arena, nr_sections, sizeof(*ini->sections));
    ini->entries = arena_array(arena, nr_entries, sizeof(*ini->entries));
    if (!ini->path || !ini->sections || !ini->entries)
        return diag_at(diag, ST_ENOMEM, name, 0, "memory for this file ran out");
    ini->sections[0].name = "";
    ini->nr_sections = 1;
    f.next = text;
    f.end = text + len;
    rc = ini_parse_stream(next_line, &f, add_entry, &f);
    assert(ini->nr_sections <= nr_sections && ini->nr_entries <= nr_entries);
    if (f.st != ST_OK)
        return f.st;
    if (rc < 0)
        return diag_at(diag, ST_ENOMEM, name, 0, "memory for this file ran out");
    if (rc > 0) {
        diag_at(diag, ST_EINPUT, name, (unsigned long)rc, "neither a section nor a setting");
        diag_hint(diag, "write key = value");
        return ST_EINPUT;
    }
    return ST_OK;
}

/* Reads to the end or one byte past the limit. */
static enum status read_all(int fd, char **text, size_t *len, const char *path, struct diag *diag)
{
    size_t cap = 0;

    *len = 0;
    for (;;) {
        ssize_t n;

        if (*len == cap) {
            char *p;

            if (cap > INI_FILE_LIMIT)
                return diag_at(diag, ST_EINPUT, path, 0, "the file is larger than 128 MiB");
            cap = cap ? cap * 2 : 64 * 1024;
            p = realloc(*text, cap);
            if (!p)
                return diag_at(diag, ST_ENOMEM, path, 0, "memory for this file ran out");
            *text = p;
        }
        n = read(fd, *text + *len, cap - *len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return diag_errno(diag, ST_EINPUT, path, "cannot read");
        if (n == 0)
            return ST_OK;
        *len += (size_t)n;
    }
}

enum status ini_read(struct ini_file *ini, const char *path, struct arena *arena, struct diag *diag)
{
    char *text = NULL;
    size_t len = 0;
    enum status st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *ini = (struct ini_file){0};
    if (fd < 0)
        return diag_errno(diag, ST_EINPUT, path, "cannot open");
    st = read_all(fd, &text, &len, path, diag);
    if (st == ST_OK)
        st = ini_read_text(ini, path, text ? text : "", len, arena, diag);
    free(text);
    close(fd);
    return st;
}
