/*
 * matrix_check.c - rules between the options of a case, and the members of shared links.
 *
 * Each rule has its reason beside it; what a single option allows is in its row.
 */
#include <string.h>

#include "base/units.h"
#include "lab/matrix_int.h"

#include "base/banned.h"

/* The image, the firmware's tables and QEMU's own regions lie below; see guest/guest.c. */
#define BARE_START_BYTES (16 * MIB)
#define BARE_END_BYTES (8 * MIB) /* tables of the firmware at the end of memory */
/* 32-bit addresses without paging, below the hole for devices. */
#define BARE_MEMORY_MAX (3 * GIB)
#define LINUX_MEMORY_MIN (256 * MIB) /* kernel and initramfs */

static const char *const programs[] = {"idle", "dirtier", "redis", "redis-get", "stress", "gzip"};

static bool whole_mib(uint64_t bytes)
{
    return bytes % MIB == 0;
}

static enum status check_writer(const struct lab_matrix *m, const struct lab_case *c, size_t n,
                                struct diag *diag)
{
    static const char *const hot[] = {"hot", "hot2", "hot3"},
                             *const bytes[] = {"bytes", "bytes2", "bytes3"},
                             *const phase[] = {"on", "on2", "on3"},
                             *const rate[] = {"rate", "rate2", "rate3"};
    const struct lab_writer *w = &c->writers[n];

    if (!w->rate)
        return ST_OK;
    if (n > 0 && !c->writers[n - 1].rate)
        return lab_case_fail(m, c, rate[n], diag, "the writer before it has no rate");
    if (!whole_mib(w->hot_bytes) || !whole_mib(w->at_bytes))
        return lab_case_fail(m, c, hot[n], diag, "the guest counts in whole MiB");
    if (w->at_bytes + w->hot_bytes > c->fill_bytes)
        return lab_case_fail(m, c, hot[n], diag, "the writer reaches beyond 'fill'");
    if (w->bytes > 1 && w->bytes % 4)
        return lab_case_fail(m, c, bytes[n], diag, "1 byte, or a multiple of 4");
    if (w->write == LAB_WRITE_RANDOM && w->bytes < 4)
        return lab_case_fail(m, c, bytes[n], diag, "random bytes come in words: at least 4");
    if (w->off_ns && (w->on_ns % c->tick_ns || w->off_ns % c->tick_ns))
        return lab_case_fail(m, c, phase[n], diag, "phases are whole ticks");
    return ST_OK;
}

static enum status check_bare(const struct lab_matrix *m, const struct lab_case *c,
                              struct diag *diag)
{
    enum status st = ST_OK;

    if (c->memory_bytes > BARE_MEMORY_MAX)
        return lab_case_fail(m, c, "memory", diag, "the bare guest reaches 3 GiB at most");
    if (!whole_mib(c->fill_bytes))
        return lab_case_fail(m, c, "fill", diag, "the guest counts in whole MiB");
    if (c->fill_bytes + BARE_START_BYTES + BARE_END_BYTES > c->memory_bytes)
        return lab_case_fail(m, c, "fill", diag, "'memory' must be at least 24 MiB more");
    if (c->tick_ns % NS_PER_MS)
        return lab_case_fail(m, c, "tick", diag, "the guest counts in whole ms");
    for (size_t n = 0; st == ST_OK && n < LAB_WRITERS; n++)
        st = check_writer(m, c, n, diag);
    return st;
}

static enum status check_linux(const struct lab_matrix *m, const struct lab_case *c,
                               struct diag *diag)
{
    struct option_nearest nearest = {.word = c->program};

    if (c->memory_bytes < LINUX_MEMORY_MIN)
        return lab_case_fail(m, c, "memory", diag, "Linux needs at least 256 MiB");
    /* words on the kernel's command line */
    if (strpbrk(c->args, " \t\"'\\"))
        return lab_case_fail(m, c, "args", diag,
                             "blanks and quotes do not get through; use commas");
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (strcmp(programs[i], c->program) == 0)
            return ST_OK;
        option_nearest_offer(&nearest, programs[i]);
    }
    lab_case_fail(m, c, "program", diag, "'%s' is no workload", c->program);
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    else
        diag_hint(diag, "idle, dirtier, redis, redis-get, stress or gzip");
    return ST_EINPUT;
}

size_t lab_windows(const struct lab_case *c, unsigned ms[LAB_WINDOWS_MAX])
{
    size_t nr = 0;

    for (uint32_t i = 0; i < c->windows.nr && nr < LAB_WINDOWS_MAX; i++) {
        int64_t ns = 0;

        if (units_parse_time(c->windows.items[i], &ns, NULL) == ST_OK)
            ms[nr++] = (unsigned)(ns / NS_PER_MS);
    }
    return nr;
}

/* QEMU takes 1 to 60 s. */
static enum status check_windows(const struct lab_matrix *m, const struct lab_case *c,
                                 struct diag *diag)
{
    if (c->windows.nr < 1 || c->windows.nr > LAB_WINDOWS_MAX)
        return lab_case_fail(m, c, "windows", diag, "1 to %d times", LAB_WINDOWS_MAX);
    for (uint32_t i = 0; i < c->windows.nr; i++) {
        struct diag why = {0};
        int64_t ns = 0;

        if (units_parse_time(c->windows.items[i], &ns, &why) != ST_OK)
            return lab_case_fail(m, c, "windows", diag, "%s", why.what);
        if (ns < NS_PER_S || ns > 60 * NS_PER_S || ns % NS_PER_S)
            return lab_case_fail(m, c, "windows", diag, "'%s': whole seconds, 1 to 60",
                                 c->windows.items[i]);
    }
    return ST_OK;
}

enum status lab_case_check(const struct lab_matrix *m, const struct lab_case *c, struct diag *diag)
{
    if (!whole_mib(c->memory_bytes))
        return lab_case_fail(m, c, "memory", diag, "QEMU counts in whole MiB");
    if (c->downtime_limit_ns % NS_PER_MS)
        return lab_case_fail(m, c, "downtime_limit", diag, "QEMU counts in whole ms");
    /* QEMU lets both be set, but sends multifd's pages whole */
    if (c->multifd_channels && c->xbzrle_cache_bytes)
        return lab_case_fail(m, c, "xbzrle", diag, "not together with multifd");
    if (!c->auto_converge &&
        (c->throttle_initial_pct || c->throttle_increment_pct || c->max_throttle_pct))
        return lab_case_fail(m, c, "auto_converge", diag, "throttle settings need it on");
    if (c->postcopy_after_ns && !c->postcopy)
        return lab_case_fail(m, c, "postcopy_after", diag, "needs postcopy = on");
    if (c->start_ns && !c->link[0])
        return lab_case_fail(m, c, "start", diag, "only members of a link start at a time");
    if (check_windows(m, c, diag) != ST_OK)
        return ST_EINPUT;
    return c->guest == LAB_GUEST_BARE ? check_bare(m, c, diag) : check_linux(m, c, diag);
}

/* -------- groups -------- */

static const struct lab_link *find_link(const struct lab_link *links, size_t nr, const char *name)
{
    for (size_t i = 0; i < nr; i++)
        if (strcmp(links[i].name, name) == 0)
            return &links[i];
    return NULL;
}

static enum status join(struct lab_matrix *m, struct lab_group *groups, const struct lab_case *c,
                        const struct lab_link *link, struct arena *arena, struct diag *diag)
{
    struct lab_group *g = NULL;

    for (size_t i = 0; link && i < m->nr_groups; i++)
        if (groups[i].link == link)
            g = &groups[i];
    if (g && g->nr == LAB_MEMBERS_MAX)
        return lab_case_fail(m, c, "link", diag, "a link has up to %d members", LAB_MEMBERS_MAX);
    if (g && g->cases[0]->repeats != c->repeats)
        return lab_case_fail(m, c, "repeats", diag, "not those of '%s', which shares the link",
                             g->cases[0]->name);
    if (!g) {
        g = &groups[m->nr_groups++];
        *g = (struct lab_group){.name = link ? link->name : c->name, .link = link};
        g->cases = arena_array(arena, link ? LAB_MEMBERS_MAX : 1, sizeof(*g->cases));
        if (!g->cases)
            return diag_at(diag, ST_ENOMEM, m->path, 0, "memory ran out");
    }
    g->cases[g->nr++] = c;
    return ST_OK;
}

static enum status check_group(const struct lab_matrix *m, const struct lab_group *g,
                               struct diag *diag)
{
    if (!g->link)
        return ST_OK;
    if (g->nr < LAB_MEMBERS_MIN)
        return lab_case_fail(m, g->cases[0], "link", diag, "no other case shares the link '%s'",
                             g->name);
    for (size_t i = 0; i < g->nr; i++)
        if (!g->cases[i]->start_ns)
            return ST_OK;
    return lab_case_fail(m, g->cases[0], "start", diag, "one member of the link has to start at 0");
}

enum status lab_matrix_group(struct lab_matrix *m, const struct lab_link *links, size_t nr_links,
                             struct arena *arena, struct diag *diag)
{
    struct lab_group *groups = arena_array(arena, m->nr_cases, sizeof(*groups));
    enum status st = ST_OK;

    if (!groups)
        return diag_at(diag, ST_ENOMEM, m->path, 0, "memory ran out");
    m->groups = groups;
    for (size_t i = 0; st == ST_OK && i < m->nr_cases; i++) {
        const struct lab_case *c = &m->cases[i];
        const struct lab_link *link = find_link(links, nr_links, c->link);

        if (c->link[0] && !link)
            return lab_case_fail(m, c, "link", diag, "there is no [link %s]", c->link);
        st = join(m, groups, c, link, arena, diag);
    }
    for (size_t i = 0; st == ST_OK && i < m->nr_groups; i++)
        st = check_group(m, &groups[i], diag);
    return st;
}
