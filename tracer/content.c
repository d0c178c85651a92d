/*
 * content.c - a sample of pages, looked at from outside.
 *
 * Leaves to tracer/record.c what is written down.  Invariant: a page that was not resident is not
 * made resident by being looked at.
 */
#include "tracer/content.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/rng.h"
#include "base/units.h"

#include "base/banned.h"

enum {
    PAGES = 16384, /* sampled: a share of a tenth is then known to 0.2 % of all pages */
    PAGE = 4096    /* of the guest's memory that is hashed at once */
};

/* /proc/PID/pagemap: 64 bits a page, the highest says that it is there (Linux
 * Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)

struct content {
    pid_t pid;
    int pagemap;
    uint64_t *page; /* addresses over PAGE, ascending */
    uint64_t *hash; /* of the look before; 0 = was not resident */
    bool *changed;  /* at the last look */
    uint32_t nr;
    bool looked;
    uint64_t host_page; /* bytes; larger than PAGE on some machines, and pagemap counts in these */
};

/* Where the guest's memory begins in the process; 0 = not found. */
static uint64_t find_mapping(pid_t pid, uint64_t bytes)
{
    char path[64], text[512];
    uint64_t start = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    f = fopen(path, "re");
    if (!f)
        return 0;
    while (start == 0 && fgets(text, sizeof(text), f)) {
        unsigned long from, to;

        if (sscanf(text, "%lx-%lx ", &from, &to) == 2 && to - from == bytes)
            start = from;
    }
    fclose(f);
    return start;
}

static bool read_page(const struct content *c, uint64_t page, void *to)
{
    struct iovec here = {.iov_base = to, .iov_len = PAGE};
    struct iovec there = {.iov_len = PAGE};
    uint64_t address = page * PAGE;

    /* an address of another process: a number, not a pointer to follow */
    memcpy(&there.iov_base, &address, sizeof(there.iov_base));
    return process_vm_readv(c->pid, &here, 1, &there, 1, 0) == PAGE;
}

static bool is_present(const struct content *c, uint64_t page)
{
    uint64_t entry, at = page * PAGE / c->host_page * sizeof(entry);

    return pread(c->pagemap, &entry, sizeof(entry), (off_t)at) == (ssize_t)sizeof(entry) &&
           (entry & PAGEMAP_PRESENT);
}

struct content *content_new(pid_t pid, uint64_t bytes)
{
    struct content *c;
    uint64_t start = pid > 0 && bytes >= PAGE ? find_mapping(pid, bytes) : 0, pages = bytes / PAGE;
    char path[64];
    long host_page = sysconf(_SC_PAGESIZE);
    struct rng rng;

    if (start == 0 || host_page < PAGE)
        return NULL;
    c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
    c->pid = pid;
    c->host_page = (uint64_t)host_page;
    c->nr = pages < PAGES ? (uint32_t)pages : PAGES;
    c->page = malloc(c->nr * sizeof(*c->page));
    c->hash = calloc(c->nr, sizeof(*c->hash));
    c->changed = calloc(c->nr, sizeof(*c->changed));
    c->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    if (!c->page || !c->hash || !c->changed || c->pagemap < 0) {
        content_free(c);
        return NULL;
    }
    /* one at random in each of as many equal parts */
    rng_stream(&rng, 0, "content", 0, 0);
    for (uint32_t i = 0; i < c->nr; i++)
        c->page[i] = start / PAGE +
                     (uint64_t)(((double)i + rng_uniform(&rng)) * (double)pages / (double)c->nr);
    return c;
}

void content_free(struct content *c)
{
    if (!c)
        return;
    if (c->pagemap >= 0)
        close(c->pagemap);
    free(c->page);
    free(c->hash);
    free(c->changed);
    free(c);
}

struct content_sample content_look(struct content *c)
{
    static const char zeros[PAGE];
    struct content_sample s = {0};

    for (uint32_t i = 0; i < c->nr; i++) {
        char page[PAGE];
        bool zero, changed;
        uint64_t hash;

        if (!is_present(c, c->page[i]) || !read_page(c, c->page[i], page)) {
            c->hash[i] = 0;
            c->changed[i] = false;
            continue;
        }
        zero = memcmp(page, zeros, PAGE) == 0;
        hash = XXH64(page, PAGE, 0) | 1;
        /* a page that came to be since was written too */
        changed = c->looked && hash != c->hash[i];
        s.resident++;
        s.zero += zero;
        s.changed += changed;
        s.changed_zero += changed && zero;
        c->hash[i] = hash;
        c->changed[i] = changed;
    }
    c->looked = true;
    return s;
}

/* ---- the same few pages, over and over ---- */

enum {
    WATCHED = 1024,    /* pages at most: what one call may read, */
    LOOK_NS = 120000,  /* ... and no more than can be looked at in this time */
    PAUSE_NS = 100000, /* from the end of a look to the next */
    FIRST_LOOKS = 4    /* the first are slower than what follows */
};

struct watch {
    uint32_t nr;
    uint64_t page[WATCHED], hash[WATCHED];
    char text[WATCHED * PAGE];
};

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Any of those that had changed: pages at even distances would give a sequential writer a rhythm.
 */
static void choose(const struct content *c, struct watch *w)
{
    struct rng rng;
    uint32_t seen = 0;

    rng_stream(&rng, 0, "content watch", 0, 0);
    w->nr = 0;
    for (uint32_t i = 0; i < c->nr; i++) {
        uint32_t at;

        if (!c->changed[i])
            continue;
        at = w->nr < WATCHED ? w->nr++ : (uint32_t)(rng_uniform(&rng) * (seen + 1));
        if (at < WATCHED)
            w->page[at] = c->page[i];
        seen++;
    }
}

/* Has one of them changed?  Pages that cannot be read any more count as constant. */
static bool look_again(const struct content *c, struct watch *w)
{
    struct iovec here = {.iov_base = w->text, .iov_len = (size_t)w->nr * PAGE}, there[WATCHED];
    ssize_t got;
    bool changed = false;

    for (uint32_t i = 0; i < w->nr; i++) {
        uint64_t address = w->page[i] * PAGE;

        there[i].iov_len = PAGE;
        memcpy(&there[i].iov_base, &address, sizeof(there[i].iov_base));
    }
    got = process_vm_readv(c->pid, &here, 1, there, w->nr, 0);
    for (uint32_t i = 0; i < w->nr && (ssize_t)(i + 1) * PAGE <= got; i++) {
        uint64_t hash = XXH64(w->text + (size_t)i * PAGE, PAGE, 0);

        changed |= hash != w->hash[i];
        w->hash[i] = hash;
    }
    return changed;
}

/* As many pages as a look has time for. */
static void trim(const struct content *c, struct watch *w)
{
    for (int i = 0; i < FIRST_LOOKS; i++) {
        int64_t start = now_ns(), took;

        (void)look_again(c, w);
        took = now_ns() - start;
        if (i > 0 && took > LOOK_NS)
            w->nr = (uint32_t)((double)w->nr * LOOK_NS / (double)took) + 1;
    }
}

size_t content_watch(struct content *c, int64_t ns, int64_t *at_ns, size_t most, int64_t *step_ns)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct watch *w = malloc(sizeof(*w));
    int64_t start, now;
    size_t nr = 0, looks = 0;

    *step_ns = 0;
    if (w)
        choose(c, w);
    if (!w || w->nr == 0) {
        free(w);
        return 0;
    }
    memset(w->hash, 0, sizeof(w->hash));
    trim(c, w);
    for (start = now = now_ns(); now - start < ns; looks++) {
        (void)nanosleep(&pause, NULL);
        now = now_ns();
        if (look_again(c, w) && nr < most)
            at_ns[nr++] = now;
    }
    *step_ns = (now - start) / (int64_t)looks;
    free(w);
    return nr;
}
