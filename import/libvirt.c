/*
 * libvirt.c - `virsh dumpxml`, `virsh capabilities` and `virsh domcapabilities`, by libxml2.
 *
 * A file may hold any number of documents one after the other.  They are read as children of one
 * made-up root, so a document type, and with it every entity, is an error; nothing is fetched; and
 * one domain at a time is a tree.  XML does not say on which host a domain runs: HOST=FILE does.
 */
#include "import/import_int.h"

#ifdef IMPORT_XML

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define ROOT_BEGIN "<migcast>"
#define ROOT_END "</migcast>"
#define SOURCE_HOST "source"

struct xml_walk {
    struct import *im;
    const char *file;
    const char *text;
    size_t len, at; /* over root, text and the root's end */
    xmlTextReaderPtr reader;
    unsigned long error_line;
    unsigned error_column;
    char error[200];
    size_t nr_found;
};

/* ---- small helpers on trees ---- */

static xmlNodePtr child(xmlNodePtr node, const char *name)
{
    for (xmlNodePtr c = node ? node->children : NULL; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0)
            return c;
    return NULL;
}

static xmlNodePtr next_like(xmlNodePtr node)
{
    for (xmlNodePtr c = node->next; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && xmlStrcmp(c->name, node->name) == 0)
            return c;
    return NULL;
}

/* Both in the arena; NULL when there is none. */
static const char *attribute(struct import *im, xmlNodePtr node, const char *name)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
    const char *copy = value ? arena_strdup(im->arena, (const char *)value) : NULL;

    xmlFree(value);
    return copy;
}

static const char *content(struct import *im, xmlNodePtr node)
{
    xmlChar *value = node ? xmlNodeGetContent(node) : NULL;
    char *copy = value ? arena_strdup(im->arena, (const char *)value) : NULL;
    size_t len;

    xmlFree(value);
    if (!copy)
        return NULL;
    copy += strspn(copy, " \t\r\n");
    len = strlen(copy);
    while (len > 0 && strchr(" \t\r\n", copy[len - 1]))
        copy[--len] = '\0';
    return *copy ? copy : NULL;
}

static struct imp_item item_of(const struct xml_walk *w, xmlNodePtr node, const char *path)
{
    long line = xmlGetLineNo(node);

    return (struct imp_item){
        .file = w->file, .line = line > 0 ? (unsigned long)line : 1, .path = path};
}

/* A scaled integer of libvirt: KiB unless it says otherwise, and KB is 1000 there. */
static enum status scaled(struct xml_walk *w, const struct imp_item *it, xmlNodePtr node,
                          const char *from, double *bytes)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"b", 1.0},
                 {"bytes", 1.0},
                 {"KB", 1e3},
                 {"k", (double)KIB},
                 {"KiB", (double)KIB},
                 {"MB", 1e6},
                 {"M", (double)MIB},
                 {"MiB", (double)MIB},
                 {"GB", 1e9},
                 {"G", (double)GIB},
                 {"GiB", (double)GIB},
                 {"TB", 1e12},
                 {"T", (double)GIB * (double)KIB},
                 {"TiB", (double)GIB * (double)KIB}};
    const char *text = content(w->im, node), *unit = attribute(w->im, node, "unit");

    if (!text || !imp_quantity_text(text, bytes) || text[strspn(text, "0123456789.")])
        return imp_fail(w->im, it, from, "'%.40s' is no number", text ? text : "");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].name, unit ? unit : "KiB") == 0) {
            *bytes *= units[i].factor;
            return ST_OK;
        }
    }
    return imp_fail(w->im, it, from, "'%.40s' is no unit of libvirt", unit);
}

static struct imp_host *host_of_file(struct xml_walk *w, const struct imp_item *it)
{
    const char *id = w->im->file_host ? w->im->file_host : SOURCE_HOST;
    struct imp_host *h = imp_host_find(w->im, id);

    return h ? h : imp_host_new(w->im, it, id);
}

/* ---- domains ---- */

static enum status read_cpu(struct xml_walk *w, xmlNodePtr domain, struct imp_vm *vm)
{
    xmlNodePtr cpu = child(domain, "cpu");
    const char *mode = attribute(w->im, cpu, "mode"), *model = content(w->im, child(cpu, "model"));
    enum status st = ST_OK;

    if (!cpu)
        return ST_OK;
    vm->cpu_from = "cpu";
    if (mode && strcmp(mode, "custom") != 0)
        vm->cpu_model = strcmp(mode, "maximum") == 0 ? "host-passthrough" : mode;
    else
        vm->cpu_model = model;
    for (xmlNodePtr f = child(cpu, "feature"); f && st == ST_OK; f = next_like(f)) {
        const char *policy = attribute(w->im, f, "policy"), *name = attribute(w->im, f, "name");

        if (name && (!policy || strcmp(policy, "require") == 0) && mode &&
            strcmp(mode, "custom") == 0)
            st = imp_list_add(w->im, &vm->features, name);
    }
    return st;
}

static enum status read_devices(struct xml_walk *w, xmlNodePtr domain, struct imp_vm *vm)
{
    xmlNodePtr devices = child(domain, "devices");
    enum status st = ST_OK;
    unsigned sriov = 0;

    vm->devices_from = "devices.hostdev";
    for (xmlNodePtr d = child(devices, "hostdev"); d && st == ST_OK; d = next_like(d)) {
        const char *type = attribute(w->im, d, "type");

        st = imp_list_add(w->im, &vm->devices, type ? type : "device");
    }
    for (xmlNodePtr d = child(devices, "interface"); d; d = next_like(d)) {
        const char *type = attribute(w->im, d, "type");

        sriov += type && strcmp(type, "hostdev") == 0;
    }
    if (st == ST_OK && sriov > 0)
        st =
            imp_set(w->im, &vm->s, "sriov", "devices.interface", "%u", sriov < 1000 ? sriov : 1000);
    for (xmlNodePtr d = child(devices, "disk"); d; d = next_like(d)) {
        const char *type = attribute(w->im, d, "type"), *kind = attribute(w->im, d, "device");
        const char *cache = attribute(w->im, child(d, "driver"), "cache");

        if (kind && strcmp(kind, "disk") != 0)
            continue;
        if (type && strcmp(type, "file") == 0)
            imp_note(w->im, "disks in files, taken to lie on shared storage; else add [disk] "
                            "sections, or migrate with --copy-storage-all");
        if (cache && strcmp(cache, "none") != 0 && strcmp(cache, "directsync") != 0)
            imp_note(w->im, "disks with cache=%.20s, which libvirt migrates only with --unsafe",
                     cache);
    }
    return st;
}

static enum status read_memory(struct xml_walk *w, const struct imp_item *it, xmlNodePtr domain,
                               struct imp_vm *vm)
{
    xmlNodePtr memory = child(domain, "currentMemory"), huge;
    const char *from = memory ? "currentMemory" : "memory";
    enum status st;
    double bytes;

    if (!memory)
        memory = child(domain, "memory");
    if (!memory)
        return ST_OK;
    st = scaled(w, it, memory, from, &bytes);
    if (st == ST_OK)
        st = imp_memory(w->im, it, vm, from, bytes);
    huge = child(child(domain, "memoryBacking"), "hugepages");
    if (st != ST_OK || !huge)
        return st;
    vm->huge_pages = true;
    bytes = (double)(2 * MIB);
    if (attribute(w->im, child(huge, "page"), "size")) {
        const char *size = attribute(w->im, child(huge, "page"), "size");
        const char *unit = attribute(w->im, child(huge, "page"), "unit");

        bytes = strtod(size, NULL) >= 1048576.0 || (unit && unit[0] == 'G') ? (double)GIB : bytes;
    }
    /* how many the host has is in no XML, so placement does not count them */
    return imp_set_size(w->im, &vm->s, "host_page", "memoryBacking.hugepages", bytes);
}

static enum status read_domain(struct xml_walk *w, xmlNodePtr domain)
{
    struct import *im = w->im;
    const char *name = content(im, child(domain, "name"));
    const char *vcpus = content(im, child(domain, "vcpu")), *now;
    struct imp_item it = item_of(w, domain, "domain");
    struct imp_host *h;
    struct imp_vm *vm;
    enum status st;
    double nr;

    if (!name)
        return imp_fail(im, &it, "name", "a domain has a name");
    it.path = imp_format(im, "domain %s", name);
    h = host_of_file(w, &it);
    vm = h && it.path ? imp_vm_new(im, &it, NULL, name) : NULL;
    if (!vm)
        return imp_no_memory(im);
    vm->host_id = h->s.id;
    vm->host_from = im->file_host ? "HOST= before the file" : "no HOST= before the file";
    now = attribute(im, child(domain, "vcpu"), "current");
    if ((st = read_memory(w, &it, domain, vm)) != ST_OK)
        return st;
    if (vcpus) {
        if (!imp_quantity_text(now ? now : vcpus, &nr) || nr < 1.0 || nr > 4096.0)
            return imp_fail(im, &it, "vcpu", "'%.40s' is no number of vCPUs", now ? now : vcpus);
        st = imp_set(im, &vm->s, "vcpus", "vcpu", "%u", (unsigned)nr);
    }
    if (st == ST_OK && child(child(domain, "cputune"), "vcpupin"))
        st = imp_set(im, &vm->s, "pinned", "cputune.vcpupin", "on");
    if (st == ST_OK)
        st = read_cpu(w, domain, vm);
    return st == ST_OK ? read_devices(w, domain, vm) : st;
}

/* ---- hosts ---- */

static enum status read_cells(struct xml_walk *w, const struct imp_item *it, xmlNodePtr host,
                              struct imp_host *h)
{
    xmlNodePtr cells = child(child(host, "topology"), "cells");
    double memory = 0.0, bytes, cpus = 0.0, n;
    unsigned nr = 0;
    enum status st = ST_OK;

    for (xmlNodePtr cell = child(cells, "cell"); cell && st == ST_OK; cell = next_like(cell)) {
        const char *num = attribute(w->im, child(cell, "cpus"), "num");

        if (child(cell, "memory")) {
            st = scaled(w, it, child(cell, "memory"), "host.topology.cells.cell.memory", &bytes);
            memory += st == ST_OK ? bytes : 0.0;
        }
        cpus += num && imp_quantity_text(num, &n) ? n : 0.0;
        nr++;
    }
    if (st == ST_OK && memory >= (double)MIB)
        st = imp_host_memory(w->im, it, h, "host.topology.cells", memory);
    if (st == ST_OK && cpus >= 1.0 && cpus <= 100000.0)
        st = imp_set(w->im, &h->s, "cpus", "host.topology.cells", "%u", (unsigned)cpus);
    if (st == ST_OK && nr > 1 && nr <= 64)
        st = imp_set(w->im, &h->s, "numa_nodes", "host.topology.cells", "%u", nr);
    return st;
}

static enum status read_capabilities(struct xml_walk *w, xmlNodePtr root)
{
    struct imp_item it = item_of(w, root, "capabilities");
    xmlNodePtr host = child(root, "host"), cpu = child(host, "cpu");
    struct imp_host *h = host_of_file(w, &it);
    const char *model = content(w->im, child(cpu, "model"));
    const char *vendor = content(w->im, child(cpu, "vendor"));
    const char *microcode = attribute(w->im, child(cpu, "microcode"), "version");
    enum status st;

    if (!h)
        return imp_no_memory(w->im);
    h->s.line = it.line;
    st = read_cells(w, &it, host, h);
    if (st == ST_OK && model) {
        h->says_cpu = true;
        h->cpu_model = model;
        st = imp_set(w->im, &h->s, "cpu_model", "host.cpu.model", "%s", imp_word(w->im, model));
    }
    if (st == ST_OK && vendor)
        st = imp_set(w->im, &h->s, "vendor", "host.cpu.vendor", "%s", imp_word(w->im, vendor));
    if (st == ST_OK && microcode)
        st = imp_set(w->im, &h->s, "microcode", "host.cpu.microcode", "%s",
                     imp_word(w->im, microcode));
    return st;
}

/* Models that QEMU on the host can give to guests. */
static enum status read_models(struct xml_walk *w, xmlNodePtr root)
{
    struct imp_item it = item_of(w, root, "domainCapabilities");
    struct imp_host *h = host_of_file(w, &it);
    xmlNodePtr mode = child(child(root, "cpu"), "mode");
    enum status st = h ? ST_OK : imp_no_memory(w->im);

    for (; mode && st == ST_OK; mode = next_like(mode)) {
        const char *name = attribute(w->im, mode, "name");

        if (!name || strcmp(name, "custom") != 0)
            continue;
        for (xmlNodePtr m = child(mode, "model"); m && st == ST_OK; m = next_like(m)) {
            const char *usable = attribute(w->im, m, "usable"), *model = content(w->im, m);

            if (model && usable && strcmp(usable, "yes") == 0)
                st = imp_list_add(w->im, &h->models, model);
        }
    }
    if (st == ST_OK && h->models.nr > 0) {
        char *list = imp_list_join(w->im, &h->models);

        h->says_cpu = true;
        st = list ? imp_set(w->im, &h->s, "cpu_models", "cpu.mode custom", "%s", list)
                  : imp_no_memory(w->im);
    }
    return st;
}

/* ---- the walk ---- */

static void keep_error(void *user, xmlErrorPtr error)
{
    struct xml_walk *w = user;

    if (w->error[0] || error->level < XML_ERR_ERROR)
        return;
    snprintf(w->error, sizeof(w->error), "%s", error->message ? error->message : "no XML");
    w->error[strcspn(w->error, "\n")] = '\0';
    w->error_line = error->line > 0 ? (unsigned long)error->line : 1;
    w->error_column = error->int2 > 0 ? (unsigned)error->int2 : 0;
    if (w->error_line == 1 && w->error_column > strlen(ROOT_BEGIN))
        w->error_column -= (unsigned)strlen(ROOT_BEGIN);
}

/* Hands libxml2 the root's start, the text, and the root's end. */
static int feed(void *user, char *buf, int cap)
{
    struct xml_walk *w = user;
    const char *parts[] = {ROOT_BEGIN, w->text, ROOT_END};
    size_t lens[] = {strlen(ROOT_BEGIN), w->len, strlen(ROOT_END)}, skip = w->at;

    for (size_t i = 0; i < 3; i++) {
        size_t n;

        if (skip >= lens[i]) {
            skip -= lens[i];
            continue;
        }
        n = lens[i] - skip < (size_t)cap ? lens[i] - skip : (size_t)cap;
        memcpy(buf, parts[i] + skip, n);
        w->at += n;
        return (int)n;
    }
    return 0;
}

static enum status read_element(struct xml_walk *w, const char *name, bool *mine)
{
    static const struct {
        const char *name;
        enum status (*read)(struct xml_walk *w, xmlNodePtr node);
    } kinds[] = {{"domain", read_domain},
                 {"capabilities", read_capabilities},
                 {"domainCapabilities", read_models}};

    *mine = false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            xmlNodePtr node = xmlTextReaderExpand(w->reader);

            *mine = true;
            w->nr_found++;
            return node ? kinds[i].read(w, node) : ST_OK; /* no node: the error is kept */
        }
    }
    return ST_OK;
}

static enum status walk(struct xml_walk *w)
{
    int more = xmlTextReaderRead(w->reader);

    while (more == 1) {
        const char *name = (const char *)xmlTextReaderConstLocalName(w->reader);
        bool mine = false;
        enum status st = ST_OK;

        if (xmlTextReaderNodeType(w->reader) == XML_READER_TYPE_ELEMENT)
            st = read_element(w, name ? name : "", &mine);
        if (st != ST_OK)
            return st;
        if (w->error[0])
            break;
        more = mine ? xmlTextReaderNext(w->reader) : xmlTextReaderRead(w->reader);
    }
    if (more != 0 || w->error[0]) {
        diag_at(w->im->diag, ST_EINPUT, w->file, w->error_line, "%s",
                w->error[0] ? w->error : "no XML");
        if (w->im->diag)
            w->im->diag->column = w->error_column;
        if (strstr(w->text, "<!DOCTYPE"))
            diag_hint(w->im->diag, "a document type, and what it declares, is not read");
        return ST_EINPUT;
    }
    if (w->nr_found > 0)
        return ST_OK;
    diag_hint(w->im->diag, "read what `virsh dumpxml DOMAIN` prints");
    return diag_at(w->im->diag, ST_EINPUT, w->file, 1, "no <domain> and no <capabilities> in it");
}

enum status imp_libvirt_text(struct import *im, const char *file, const char *text, size_t len)
{
    struct xml_walk w = {.im = im, .file = file, .text = text, .len = len};
    size_t blanks = strspn(text, " \t\r\n"), end;
    char *copy = NULL;
    enum status st;

    if (text[blanks] != '<') {
        diag_hint(im->diag, "read what `virsh dumpxml DOMAIN` prints");
        return diag_at(im->diag, ST_EINPUT, file, 1, "no XML");
    }
    /* a declaration may stand at the very start only, which is the root's now */
    if (strncmp(text + blanks, "<?xml", 5) == 0 && (copy = strdup(text))) {
        for (end = blanks; copy[end] && copy[end] != '>'; end++)
            copy[end] = copy[end] == '\n' ? '\n' : ' ';
        if (copy[end])
            copy[end] = ' ';
        w.text = copy;
    }
    w.reader = xmlReaderForIO(feed, NULL, &w, NULL, "UTF-8",
                              XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
    if (w.reader) {
        xmlTextReaderSetStructuredErrorHandler(w.reader, keep_error, &w);
        st = walk(&w);
        xmlFreeTextReader(w.reader);
    } else {
        st = imp_no_memory(im);
    }
    free(copy);
    return st;
}

#else

#include "base/banned.h"

enum status imp_libvirt_text(struct import *im, const char *file, const char *text, size_t len)
{
    (void)text;
    (void)len;
    diag_hint(im->diag, "build it with libxml2-dev");
    return diag_at(im->diag, ST_EINPUT, file, 0, "this migcast was built without libxml2");
}

#endif
