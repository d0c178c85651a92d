/*
 * test_profile.c - what is measured before a migration: modes, windows, memory.
 */
#include "tracer/profile.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/units.h"
#include "support_machine.h"
#include "tracer/facts.h"

struct scene {
    struct folder folder;
    struct machine machine;
    struct qmp *q;
    struct recorder *rec;
    struct trace_facts facts;
    struct diag diag;
    char path[128];
};

/* Measures a machine over the windows, and loads what was written. */
static void measure(struct scene *s, struct machine_quirks quirks, const char *mode,
                    const unsigned *windows, size_t nr)
{
    struct record_options o = {.dirty_mode = mode, .windows_ms = windows, .nr_windows = nr};

    memset(s, 0, sizeof(*s));
    folder_make(&s->folder);
    machine_start(&s->machine, &s->folder, "qmp", quirks);
    cr_assert(qmp_open(&s->q, s->machine.monitor.path, 5 * NS_PER_S, &s->diag) == ST_OK);
    o.source = s->q;
    snprintf(s->path, sizeof(s->path), "%s/t.jsonl", s->folder.path);
    cr_assert(record_open(&s->rec, &o, s->path, &s->diag) == ST_OK, "%s", s->diag.what);
    cr_assert(record_profile(s->rec, &s->diag) == ST_OK, "%s", s->diag.what);
}

static void load(struct scene *s)
{
    cr_assert(record_finish(s->rec, NULL, NULL, NULL, &s->diag) == ST_OK);
    qmp_close(s->q);
    machine_stop(&s->machine);
    cr_assert(facts_load(&s->facts, s->path, 0, &s->diag) == ST_OK, "%s", s->diag.what);
}

static void leave(struct scene *s)
{
    facts_release(&s->facts);
    machine_release(&s->machine);
    folder_remove(&s->folder);
}

Test(profile, the_first_mode_that_works_is_kept)
{
    static const struct {
        struct machine_quirks quirks;
        const char *asked;
        enum facts_dirty_mode mode;
        size_t nr_asked;
    } cases[] = {
        {{0}, NULL, FACTS_DIRTY_BITMAP, 2},
        {{.tcg = true}, NULL, FACTS_DIRTY_SAMPLING, 2},
        {{.tcg = true}, "dirty-bitmap", FACTS_DIRTY_BITMAP, 2},
        /* bitmap, ring and sampling are refused, then without a mode; so is it next time at once */
        {{.knows_no_mode = true}, NULL, FACTS_DIRTY_SAMPLING, 5},
    };
    static const unsigned windows[] = {100, 100};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct machine_quirks quirks = cases[i].quirks;
        struct scene s;

        quirks.version = "9.2.0";
        measure(&s, quirks, cases[i].asked, windows, 2);
        load(&s);
        cr_expect(s.facts.before.nr_dirty == 2, "%zu: %zu", i, s.facts.before.nr_dirty);
        cr_expect(s.facts.before.dirty[1].mode == cases[i].mode, "%zu", i);
        cr_expect(machine_count(&s.machine, "calc-dirty-rate") == cases[i].nr_asked, "%zu: %zu", i,
                  machine_count(&s.machine, "calc-dirty-rate"));
        leave(&s);
    }
}

Test(profile, a_mode_that_never_returns_is_given_up)
{
    static const unsigned windows[] = {50};
    struct scene s;

    measure(&s, (struct machine_quirks){.bitmap_never_returns = true, .version = "9.2.0"}, NULL,
            windows, 1);
    load(&s);
    cr_assert(s.facts.before.nr_dirty == 1);
    cr_assert(s.facts.before.dirty[0].mode == FACTS_DIRTY_RING);
    leave(&s);
}

Test(profile, windows_below_a_second_need_a_qemu_that_has_them)
{
    static const unsigned windows[] = {250, 1000};
    struct scene s;

    measure(&s, (struct machine_quirks){.version = "8.1.5"}, NULL, windows, 2);
    load(&s);
    cr_assert(s.facts.before.nr_dirty == 1 && s.facts.before.dirty[0].calc_ns == NS_PER_S);
    cr_assert(!json_object_get(machine_told(&s.machine, "calc-dirty-rate"), "calc-time-unit"));
    leave(&s);
    measure(&s, (struct machine_quirks){.version = "8.2.0"}, NULL, windows, 1);
    load(&s);
    cr_assert(s.facts.before.nr_dirty == 1);
    cr_assert_str_eq(json_string_value(json_object_get(machine_told(&s.machine, "calc-dirty-rate"),
                                                       "calc-time-unit")),
                     "millisecond");
    leave(&s);
}

Test(profile, layout_survives_commands_that_this_qemu_does_not_have)
{
    struct scene s;

    measure(&s, (struct machine_quirks){0}, NULL, (const unsigned[1]){0}, 0);
    cr_assert(profile_layout(s.rec, &s.diag) == ST_OK, "%s", s.diag.what);
    load(&s);
    cr_assert(machine_count(&s.machine, "query-memdev") == 1);
    leave(&s);
}

Test(profile, resident_memory_is_that_of_the_process_and_of_the_guest_in_it)
{
    size_t bytes = 40 * MIB + 4096, touched = 16 * MIB;
    double before = profile_rss_mib(getpid(), false), after;
    char *guest = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long kib;

    cr_assert(guest != MAP_FAILED);
    madvise(guest, bytes, MADV_NOHUGEPAGE);
    madvise(guest, bytes, MADV_DONTFORK); /* as QEMU does; keeps the mapping apart from others */
    memset(guest, 1, touched);
    after = profile_rss_mib(getpid(), false);
    kib = profile_guest_kib(getpid(), bytes);
    munmap(guest, bytes);
    cr_assert(after - before > 14 && after - before < 20, "%g to %g", before, after);
    cr_assert(kib == 16 * 1024, "%ld", kib);
}

Test(profile, what_cannot_be_looked_at_is_unknown)
{
    cr_assert(profile_rss_mib(getpid(), true) == -1); /* this is no QEMU */
    cr_assert(profile_rss_mib(-1, false) == -1);
    cr_assert(profile_rss_mib(0, false) == -1);
    cr_assert(profile_guest_kib(getpid(), 12345 * MIB) == -1);
    cr_assert(profile_guest_kib(getpid(), PROFILE_GUEST_MAX + 1) == -1);
    cr_assert(profile_guest_kib(-1, MIB) == -1);
}
