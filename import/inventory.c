/*
 * inventory.c - hosts, VMs, settings and notes of a conversion.
 *
 * Leaves what they mean to the readers.  Invariant: a section's rows have distinct keys, and every
 * row says where its value comes from.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

enum status imp_no_memory(struct import *im)
{
    if (im->too_many) /* what callers take for a lack of memory */
        return diag_set(im->diag, ST_EINPUT, "a list of more than %d words is in the input",
                        IMP_WORDS);
    return diag_set(im->diag, ST_ENOMEM, "the input needs too much memory");
}

enum status imp_fail(struct import *im, const struct imp_item *it, const char *from,
                     const char *fmt, ...)
{
    char what[DIAG_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    diag_at(im->diag, ST_EINPUT, it->file, it->line, "%s%s%s%s%s", it->path,
            it->path[0] && from ? "." : "", from ? from : "", it->path[0] || from ? ": " : "",
            what);
    return ST_EINPUT;
}

static char *format(struct import *im, const char *fmt, va_list ap)
{
    char small[256], *text;
    va_list again;
    int len;

    va_copy(again, ap);
    len = vsnprintf(small, sizeof(small), fmt, ap);
    text = len < 0 ? NULL : arena_alloc(im->arena, (size_t)len + 1);
    if (text && (size_t)len < sizeof(small))
        memcpy(text, small, (size_t)len + 1);
    else if (text)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

char *imp_format(struct import *im, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = format(im, fmt, ap);
    va_end(ap);
    return text;
}

/* ---- rows ---- */

static bool section_init(struct import *im, struct imp_section *s, const struct imp_item *it,
                         const char *id)
{
    s->tail = &s->rows;
    s->id = arena_strdup(im->arena, id);
    if (it) {
        s->file = it->file;
        s->line = it->line;
        s->item = arena_strdup(im->arena, it->path);
    }
    return s->id && (!it || s->item);
}

static struct imp_row *find_row(const struct imp_section *s, const char *key)
{
    for (struct imp_row *r = s->rows; r; r = r->next)
        if (strcmp(r->key, key) == 0)
            return r;
    return NULL;
}

const struct imp_row *imp_row(const struct imp_section *s, const char *key)
{
    return find_row(s, key);
}

static enum status put_row(struct import *im, struct imp_section *s, struct imp_row value)
{
    struct imp_row *r = find_row(s, value.key);

    if (!value.value || !value.from)
        return imp_no_memory(im);
    if (r) {
        value.next = r->next;
        *r = value;
        return ST_OK;
    }
    r = arena_memdup(im->arena, &value, sizeof(value));
    if (!r)
        return imp_no_memory(im);
    *s->tail = r;
    s->tail = &r->next;
    return ST_OK;
}

enum status imp_set(struct import *im, struct imp_section *s, const char *key, const char *from,
                    const char *fmt, ...)
{
    struct imp_row row = {.key = key, .from = from};
    va_list ap;

    va_start(ap, fmt);
    row.value = format(im, fmt, ap);
    va_end(ap);
    return put_row(im, s, row);
}

enum status imp_assume(struct import *im, struct imp_section *s, const char *key, const char *why,
                       const char *fmt, ...)
{
    struct imp_row row = {.key = key, .from = why, .assumed = true};
    va_list ap;

    va_start(ap, fmt);
    row.value = format(im, fmt, ap);
    va_end(ap);
    return put_row(im, s, row);
}

struct imp_section *imp_settings_section(struct import *im, const char *title)
{
    struct imp_settings *s;

    for (s = im->settings; s; s = s->next)
        if (strcmp(s->s.name, title) == 0)
            return &s->s;
    return imp_settings_add(im, title);
}

struct imp_section *imp_settings_add(struct import *im, const char *title)
{
    struct imp_settings *s = arena_alloc(im->arena, sizeof(*s));

    if (!s || !section_init(im, &s->s, NULL, title))
        return NULL;
    s->s.name = s->s.id;
    *im->settings_tail = s;
    im->settings_tail = &s->next;
    return &s->s;
}

enum status imp_setting(struct import *im, const char *title, const char *key,
                        const struct imp_item *it, const char *from, const char *fmt, ...)
{
    struct imp_section *s = imp_settings_section(im, title);
    struct imp_row row = {.key = key};
    va_list ap;

    if (!s)
        return imp_no_memory(im);
    va_start(ap, fmt);
    row.value = format(im, fmt, ap);
    va_end(ap);
    row.from =
        it ? imp_format(im, "@%s: %s%s%s", it->file, it->path, it->path[0] ? "." : "", from) : from;
    row.assumed = !it;
    return row.from ? put_row(im, s, row) : imp_no_memory(im);
}

/* ---- lists ---- */

bool imp_list_has(const struct imp_list *list, const char *word)
{
    for (uint32_t i = 0; i < list->nr; i++)
        if (strcmp(list->items[i], word) == 0)
            return true;
    return false;
}

enum status imp_list_add(struct import *im, struct imp_list *list, const char *word)
{
    const char *copy = list->nr < IMP_WORDS ? arena_strdup(im->arena, word) : NULL;

    im->too_many |= list->nr == IMP_WORDS;
    if (copy && list->nr == list->cap) {
        uint32_t cap = list->cap ? list->cap * 2 : 4;
        const char **more = arena_array(im->arena, cap, sizeof(*more));

        if (!more)
            return imp_no_memory(im);
        if (list->nr)
            memcpy(more, list->items, list->nr * sizeof(*more));
        list->items = more;
        list->cap = cap;
    }
    if (!copy)
        return imp_no_memory(im);
    list->items[list->nr++] = copy;
    return ST_OK;
}

char *imp_list_join(struct import *im, const struct imp_list *list)
{
    struct strbuf sb = STRBUF_INIT;
    char *text = NULL;

    for (uint32_t i = 0; i < list->nr; i++) {
        strbuf_addstr(&sb, i ? ", " : "");
        strbuf_addstr(&sb, imp_word(im, list->items[i]));
    }
    if (!strbuf_failed(&sb))
        text = arena_strdup(im->arena, strbuf_text(&sb));
    strbuf_release(&sb);
    return text;
}

/* ---- hosts and VMs ---- */

struct imp_host *imp_host_find(struct import *im, const char *id)
{
    struct imp_alias *a;

    HASH_FIND_STR(im->aliases, id, a);
    return a ? a->host : NULL;
}

enum status imp_host_alias(struct import *im, struct imp_host *host, const char *alias)
{
    struct imp_alias *a;

    if (!alias || !*alias || imp_host_find(im, alias))
        return ST_OK;
    a = arena_alloc(im->arena, sizeof(*a));
    if (!a || !(a->key = arena_strdup(im->arena, alias)))
        return imp_no_memory(im);
    a->host = host;
    HASH_ADD_KEYPTR(hh, im->aliases, a->key, strlen(a->key), a);
    return ST_OK;
}

/* A host's own id means that host, whatever had it for an alias before. */
static bool own_id(struct import *im, struct imp_host *host)
{
    struct imp_alias *a;

    HASH_FIND_STR(im->aliases, host->s.id, a);
    if (!a)
        return imp_host_alias(im, host, host->s.id) == ST_OK;
    a->host = host;
    return true;
}

/* "node1" for node1.example.org, but no number for an address. */
static bool short_alias(struct import *im, struct imp_host *host)
{
    size_t len = strcspn(host->s.id, ".");
    char *name;

    if (len == 0 || !host->s.id[len] || host->s.id[strspn(host->s.id, "0123456789.")] == '\0')
        return true;
    name = imp_format(im, "%.*s", (int)len, host->s.id);
    return name && imp_host_alias(im, host, name) == ST_OK;
}

struct imp_host *imp_host_new(struct import *im, const struct imp_item *it, const char *id)
{
    struct imp_host *h = imp_host_find(im, id);

    if (h && strcmp(h->s.id, id) == 0) {
        imp_note(im, "hosts named twice; the first one counts");
        return h;
    }
    h = arena_alloc(im->arena, sizeof(*h));
    if (!h || !section_init(im, &h->s, it, id))
        return NULL;
    h->s.name = imp_name(im, &im->host_names, id);
    if (!h->s.name || !own_id(im, h) || !short_alias(im, h))
        return NULL;
    *im->hosts_tail = h;
    im->hosts_tail = &h->next;
    im->nr_hosts++;
    return h;
}

struct imp_vm *imp_vm_new(struct import *im, const struct imp_item *it, const char *name_space,
                          const char *id)
{
    struct imp_vm *vm = arena_alloc(im->arena, sizeof(*vm));
    const char *full = name_space ? imp_format(im, "%s/%s", name_space, id) : id;

    if (!vm || !full || !section_init(im, &vm->s, it, id))
        return NULL;
    if (name_space && !(vm->name_space = arena_strdup(im->arena, name_space)))
        return NULL;
    vm->s.name = imp_name(im, &im->vm_names, full);
    if (!vm->s.name)
        return NULL;
    *im->vms_tail = vm;
    im->vms_tail = &vm->next;
    im->nr_vms++;
    return vm;
}

/* ---- notes ---- */

static void count_note(struct import *im, struct imp_note **notes, const char *text)
{
    struct imp_note *n;

    HASH_FIND_STR(*notes, text, n);
    if (!n && HASH_COUNT(*notes) >= IMP_NOTES) {
        text = "further notes of other kinds";
        HASH_FIND_STR(*notes, text, n);
    }
    if (!n) {
        n = arena_alloc(im->arena, sizeof(*n));
        if (!n || !(n->text = arena_strdup(im->arena, text)))
            return;
        HASH_ADD_KEYPTR(hh, *notes, n->text, strlen(n->text), n);
    }
    n->nr++;
}

void imp_note(struct import *im, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    count_note(im, &im->notes, text);
}

void imp_unused_key(struct import *im, const char *key)
{
    im->nr_unused++;
    if (HASH_COUNT(im->unused) < IMP_UNUSED)
        count_note(im, &im->unused, key);
}

void imp_unused(struct import *im, const json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;

        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            imp_unused_key(im, key);
    }
}
