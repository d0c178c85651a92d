/*
 * csv.c - tables of VMs or hosts, as RVTools, spreadsheets and scripts write them.
 *
 * Columns are known by their titles in any spelling; a unit stands in the title ("RAM (GiB)"), in
 * the cell ("16 GiB"), or is RVTools' MiB.  MB and GB of memory count as MiB and GiB, which is what
 * tools that write them mean.  A table with VMs has a column for their names; one without is a
 * table of hosts.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/csv_table.h"

#include "base/banned.h"

enum field {
    F_NONE,
    F_VM,
    F_HOST,
    F_CLUSTER,
    F_MEMORY,
    F_ACTIVE,
    F_VCPUS,
    F_CORES, /* of a host, where CPUs are sockets */
    F_POWER,
    F_TEMPLATE,
    F_TAGS,
    F_DIRTY,
    F_NIC,
    F_CPU_MODEL,
    F_NR
};

static const struct {
    const char *title; /* small letters and digits only, without the unit */
    enum field field;
} titles[] = {
    {"vm", F_VM},
    {"vmname", F_VM},
    {"name", F_VM},
    {"guest", F_VM},
    {"instance", F_VM},
    {"virtualmachine", F_VM},
    {"host", F_HOST},
    {"node", F_HOST},
    {"hypervisor", F_HOST},
    {"esxhost", F_HOST},
    {"vmhost", F_HOST},
    {"hostname", F_HOST},
    {"cluster", F_CLUSTER},
    {"memory", F_MEMORY},
    {"mem", F_MEMORY},
    {"ram", F_MEMORY},
    {"memorysize", F_MEMORY},
    {"memsize", F_MEMORY},
    {"configuredmemory", F_MEMORY},
    {"provisionedmemory", F_MEMORY},
    {"activememory", F_ACTIVE},
    {"memoryactive", F_ACTIVE},
    {"active", F_ACTIVE},
    {"cpus", F_VCPUS},
    {"cpu", F_VCPUS},
    {"vcpu", F_VCPUS},
    {"vcpus", F_VCPUS},
    {"numcpu", F_VCPUS},
    {"cores", F_CORES},
    {"powerstate", F_POWER},
    {"power", F_POWER},
    {"state", F_POWER},
    {"status", F_POWER},
    {"template", F_TEMPLATE},
    {"tags", F_TAGS},
    {"labels", F_TAGS},
    {"dirtyrate", F_DIRTY},
    {"writerate", F_DIRTY},
    {"nic", F_NIC},
    {"link", F_NIC},
    {"linkspeed", F_NIC},
    {"cpumodel", F_CPU_MODEL},
};

static const struct {
    const char *name;
    double bytes;
} units[] = {
    {"b", 1.0},
    {"bytes", 1.0},
    {"k", (double)KIB},
    {"kb", (double)KIB},
    {"kib", (double)KIB},
    {"m", (double)MIB},
    {"mb", (double)MIB},
    {"mib", (double)MIB},
    {"g", (double)GIB},
    {"gb", (double)GIB},
    {"gib", (double)GIB},
    {"t", (double)GIB *(double)KIB},
    {"tb", (double)GIB *(double)KIB},
    {"tib", (double)GIB *(double)KIB},
};

struct column {
    uint32_t at; /* UINT32_MAX = there is none */
    double unit; /* bytes; 0 = the title says none */
    const char *title;
};

struct csv {
    struct csv_table t;
    struct csv_row head, row;
    struct column of[F_NR];
    bool rvtools, hosts;
};

static double unit_of(const char *word)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(units[i].name, word) == 0)
            return units[i].bytes;
    return 0.0;
}

/* ---- titles ---- */

/* "RAM (GiB)" is "ram" with a unit; a unit is the last word, or what memory ends with. */
static enum field read_title(const char *title, double *unit)
{
    char words[64] = "", last[16] = "";
    size_t len = 0, word = 0;
    enum field field = F_NONE;

    *unit = 0.0;
    for (const char *p = title; *p && len + 1 < sizeof(words); p++) {
        if (!isalnum((unsigned char)*p)) {
            word = len;
            continue;
        }
        words[len++] = (char)tolower((unsigned char)*p);
        words[len] = '\0';
    }
    if (len > word && len - word < sizeof(last))
        snprintf(last, sizeof(last), "%s", words + word);
    if (word > 0 && unit_of(last) > 0.0) {
        *unit = unit_of(last);
        words[word] = '\0';
    }
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]) && field == F_NONE; i++) {
        size_t title_len = strlen(titles[i].title);
        bool sized = titles[i].field == F_MEMORY || titles[i].field == F_ACTIVE;

        if (strcmp(words, titles[i].title) == 0) {
            field = titles[i].field;
        } else if (sized && *unit == 0.0 && strncmp(words, titles[i].title, title_len) == 0 &&
                   strlen(words + title_len) >= 2 && unit_of(words + title_len) > 0.0) {
            *unit = unit_of(words + title_len);
            field = titles[i].field;
        }
    }
    return field;
}

static enum status read_head(struct csv *c)
{
    enum status st = csv_next(&c->t, &c->head);

    for (int f = 0; f < F_NR; f++)
        c->of[f].at = UINT32_MAX;
    for (uint32_t i = 0; st == ST_OK && i < c->head.nr; i++) {
        double unit;
        enum field f = read_title(c->head.cells[i].text, &unit);

        if (f == F_NONE || c->of[f].at != UINT32_MAX)
            imp_unused_key(c->t.im, c->head.cells[i].text);
        else
            c->of[f] = (struct column){i, unit, c->head.cells[i].text};
        c->rvtools |= strcmp(c->head.cells[i].text, "Powerstate") == 0 ||
                      strcmp(c->head.cells[i].text, "# Memory") == 0;
    }
    if (st != ST_OK)
        return st;
    c->hosts = c->of[F_VM].at == UINT32_MAX;
    if (c->of[F_HOST].at == UINT32_MAX || c->of[F_MEMORY].at == UINT32_MAX) {
        diag_hint(c->t.im->diag,
                  "for VMs: name, host, memory (MiB), vCPUs; for hosts: host, memory "
                  "(GiB), cores");
        return csv_fail(&c->t, c->head.line, 0, "the first line has no title for %s",
                        c->of[F_HOST].at == UINT32_MAX ? "the host" : "memory");
    }
    if (c->of[F_MEMORY].unit == 0.0 && c->rvtools)
        c->of[F_MEMORY].unit = c->of[F_ACTIVE].unit = (double)MIB;
    return ST_OK;
}

/* ---- cells ---- */

static const struct csv_cell *cell(const struct csv *c, enum field f)
{
    uint32_t at = c->of[f].at;

    return at < c->row.nr && c->row.cells[at].text[0] ? &c->row.cells[at] : NULL;
}

/* "16.384", "16,5" and "1 024" by what separates cells: where commas do, one in a number stands
 * between thousands; elsewhere it is the decimal point. */
static bool plain_digits(const struct csv *c, const char *text, char *digits, size_t cap,
                         const char **rest)
{
    size_t len = 0;
    bool decimal_comma = c->t.separator != ',' && strchr(text, ',');

    for (; *text && len + 1 < cap; text++) {
        if (isdigit((unsigned char)*text) || (*text == '.' && !decimal_comma))
            digits[len++] = *text;
        else if (*text == ',' && decimal_comma)
            digits[len++] = '.';
        else if (*text != ',' && *text != '\'' && *text != '.' &&
                 !(*text == ' ' && isdigit((unsigned char)text[1])))
            break;
    }
    digits[len] = '\0';
    *rest = text + strspn(text, " ");
    return len > 0 && strcmp(digits, ".") != 0;
}

static enum status read_size(struct csv *c, enum field f, double *bytes)
{
    const struct csv_cell *at = cell(c, f);
    char digits[64], unit[16];
    const char *rest;
    double factor;
    size_t i = 0;

    if (!plain_digits(c, at->text, digits, sizeof(digits), &rest) ||
        !imp_quantity_text(digits, bytes))
        return csv_fail(&c->t, c->row.line, at->column, "'%.40s' is no size (column '%.40s')",
                        at->text, c->of[f].title);
    for (; rest[i] && i + 1 < sizeof(unit); i++)
        unit[i] = (char)tolower((unsigned char)rest[i]);
    unit[i] = '\0';
    factor = unit[0] ? unit_of(unit) : c->of[f].unit;
    if (factor == 0.0) {
        diag_hint(c->t.im->diag,
                  "write it in the title, as '%.40s (MiB)', or in the cell, as 16 GiB",
                  c->of[f].title);
        return csv_fail(&c->t, c->row.line, at->column, "'%.40s' has no unit that is known",
                        at->text);
    }
    *bytes *= factor;
    if (*bytes > 64.0 * (double)GIB * (double)KIB)
        return csv_fail(&c->t, c->row.line, at->column, "'%.40s' is too much", at->text);
    return ST_OK;
}

static enum status read_number(struct csv *c, enum field f, double max, unsigned *out)
{
    const struct csv_cell *at = cell(c, f);
    char digits[64];
    const char *rest;
    double d;

    if (!plain_digits(c, at->text, digits, sizeof(digits), &rest) || *rest ||
        !imp_quantity_text(digits, &d) || d < 1.0 || d > max)
        return csv_fail(&c->t, c->row.line, at->column, "'%.40s' is no number from 1 to %.0f",
                        at->text, max);
    *out = (unsigned)d;
    return ST_OK;
}

static bool word_among(const char *text, const char *const *words)
{
    char small[32];
    size_t i = 0;

    for (; text[i] && i + 1 < sizeof(small); i++)
        small[i] = (char)tolower((unsigned char)text[i]);
    small[i] = '\0';
    for (i = 0; words[i]; i++)
        if (strcmp(small, words[i]) == 0)
            return true;
    return false;
}

/* ---- rows ---- */

static enum status read_host_row(struct csv *c, const struct imp_item *it)
{
    struct import *im = c->t.im;
    const struct csv_cell *rate = cell(c, F_NIC), *model = cell(c, F_CPU_MODEL);
    enum field cpus = cell(c, F_CORES) ? F_CORES : F_VCPUS;
    struct imp_host *h = imp_host_new(im, it, cell(c, F_HOST)->text);
    enum status st = ST_OK;
    char text[UNITS_TEXT];
    uint64_t bps;
    unsigned nr;
    double bytes;

    if (!h)
        return imp_no_memory(im);
    h->cluster = cell(c, F_CLUSTER) ? cell(c, F_CLUSTER)->text : NULL;
    if (cell(c, F_MEMORY) && (st = read_size(c, F_MEMORY, &bytes)) == ST_OK)
        st = imp_host_memory(im, it, h, c->of[F_MEMORY].title, bytes);
    if (st == ST_OK && cell(c, cpus) && (st = read_number(c, cpus, 100000.0, &nr)) == ST_OK)
        st = imp_set(im, &h->s, "cpus", c->of[cpus].title, "%u", nr);
    if (st == ST_OK && model)
        st = imp_set(im, &h->s, "cpu_model", c->of[F_CPU_MODEL].title, "%s",
                     imp_word(im, model->text));
    if (st == ST_OK && rate) {
        if (units_parse_bps(rate->text, &bps, im->diag) != ST_OK || bps < 1)
            return csv_fail(&c->t, c->row.line, rate->column, "'%.40s' is no rate, as 10Gb/s",
                            rate->text);
        st = imp_set(im, &h->s, "nic", c->of[F_NIC].title, "%s", units_bps_exact(text, bps));
    }
    return st;
}

/* KEY=VALUE or plain words, with commas, blanks, semicolons or bars between. */
static enum status read_tags(struct csv *c, struct imp_vm *vm)
{
    struct import *im = c->t.im;
    const char *p = cell(c, F_TAGS)->text;
    struct imp_list tags = {0};
    char *list;

    while (*(p += strspn(p, ",; |\t\r\n"))) {
        size_t len = strcspn(p, ",; |\t\r\n");
        char *tag = imp_format(im, "%.*s%s", (int)len, p, memchr(p, '=', len) ? "" : "=on");

        if (!tag || imp_list_add(im, &tags, tag) != ST_OK)
            return imp_no_memory(im);
        p += len;
    }
    if (tags.nr == 0)
        return ST_OK;
    list = imp_list_join(im, &tags);
    return list ? imp_set(im, &vm->s, "labels", c->of[F_TAGS].title, "%s", list)
                : imp_no_memory(im);
}

static enum status read_more(struct csv *c, struct imp_vm *vm)
{
    const struct csv_cell *dirty = cell(c, F_DIRTY);
    struct import *im = c->t.im;
    enum status st = ST_OK;
    uint64_t rate;
    double bytes;

    if (cell(c, F_ACTIVE) && (st = read_size(c, F_ACTIVE, &bytes)) == ST_OK) {
        vm->active_bytes = (uint64_t)bytes;
        vm->active_from = c->of[F_ACTIVE].title;
    }
    if (st == ST_OK && dirty) {
        if (units_parse_rate(dirty->text, &rate, im->diag) != ST_OK || rate > (uint64_t)1e13)
            return csv_fail(&c->t, c->row.line, dirty->column, "'%.40s' is no rate, as 20MB/s",
                            dirty->text);
        vm->rate = dirty->text;
        vm->rate_from = c->of[F_DIRTY].title;
    }
    return st == ST_OK && cell(c, F_TAGS) ? read_tags(c, vm) : st;
}

static enum status read_vm_row(struct csv *c, const struct imp_item *it)
{
    static const char *const on[] = {"poweredon", "powered on", "running", "on",
                                     "active",    "up",         "started", NULL};
    static const char *const yes[] = {"true", "yes", "1", "on", NULL};
    struct import *im = c->t.im;
    struct imp_vm *vm;
    enum status st;
    unsigned nr;
    double bytes;

    if (cell(c, F_TEMPLATE) && word_among(cell(c, F_TEMPLATE)->text, yes)) {
        imp_note(im, "templates, left out");
        return ST_OK;
    }
    if (cell(c, F_POWER) && !word_among(cell(c, F_POWER)->text, on)) {
        imp_note(im, "VMs that do not run (%.40s), left out", cell(c, F_POWER)->text);
        return ST_OK;
    }
    if (!cell(c, F_HOST) || !cell(c, F_MEMORY)) {
        imp_note(im, "VMs without host or memory, left out");
        return ST_OK;
    }
    vm = imp_vm_new(im, it, NULL, cell(c, F_VM)->text);
    if (!vm)
        return imp_no_memory(im);
    vm->host_id = cell(c, F_HOST)->text;
    vm->host_from = c->of[F_HOST].title;
    vm->cluster = cell(c, F_CLUSTER) ? cell(c, F_CLUSTER)->text : NULL;
    vm->cluster_from = c->of[F_CLUSTER].title;
    st = read_size(c, F_MEMORY, &bytes);
    if (st == ST_OK && bytes < (double)MIB)
        return csv_fail(&c->t, c->row.line, cell(c, F_MEMORY)->column, "no memory of a guest");
    if (st == ST_OK)
        st = imp_memory(im, it, vm, c->of[F_MEMORY].title, bytes);
    if (st == ST_OK && cell(c, F_VCPUS) && (st = read_number(c, F_VCPUS, 4096.0, &nr)) == ST_OK)
        st = imp_set(im, &vm->s, "vcpus", c->of[F_VCPUS].title, "%u", nr);
    return st == ST_OK ? read_more(c, vm) : st;
}

static enum status read_rows(struct csv *c)
{
    for (;;) {
        struct imp_item it = {.file = c->t.file, .path = ""};
        enum status st = csv_next(&c->t, &c->row);

        if (st != ST_OK || c->row.nr == 0)
            return st;
        it.line = c->row.line;
        it.path = imp_format(c->t.im, "line %lu", c->row.line);
        if (!it.path)
            return imp_no_memory(c->t.im);
        if (c->hosts ? !cell(c, F_HOST) : !cell(c, F_VM))
            imp_note(c->t.im, "rows without a name, left out");
        else
            st = c->hosts ? read_host_row(c, &it) : read_vm_row(c, &it);
        if (st != ST_OK)
            return st;
    }
}

enum status imp_csv_text(struct import *im, const char *file, const char *text, size_t len)
{
    struct csv *c = arena_alloc(im->arena, sizeof(*c));
    enum status st;

    if (!c)
        return imp_no_memory(im);
    csv_open(&c->t, im, file, text, len);
    st = read_head(c);
    if (st == ST_OK && c->rvtools && !im->preset) {
        im->preset = "vmotion";
        im->preset_from = "from titles as RVTools writes them";
    }
    return st == ST_OK ? read_rows(c) : st;
}
