/*
 * test_facts.c - the bundled captures against a plain second reading and against values read by
 * hand.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "support_traces.h"

static void load_capture(struct trace_facts *facts, const char *name)
{
    char path[512];
    struct diag diag = {0};

    capture_path(path, sizeof(path), name);
    cr_assert(facts_load(facts, path, 0, &diag) == ST_OK, "%s:%lu: %s", name, diag.line, diag.what);
}

static void check_lists(const struct trace_facts *f, const struct scan *s, const char *name)
{
    cr_assert(f->counts.lines == s->nr_lines && !f->counts.truncated, "%s", name);
    cr_assert(f->counts.ignored_lines == 0 && f->counts.ignored_fields == 0, "%s", name);
    cr_assert(f->before.migrate_ns == s->migrate_ns, "%s", name);
    cr_assert(f->before.nr_dirty == s->nr_dirty && s->nr_dirty == 3, "%s", name);
    for (size_t i = 0; i < s->nr_dirty; i++) {
        const struct facts_dirty *d = &f->before.dirty[i];

        cr_assert(d->rate_bytes_per_s == (uint64_t)s->dirty_mib_s[i] * MIB, "%s %zu", name, i);
        cr_assert(d->calc_ns == (NS_PER_S << i), "%s %zu", name, i); /* 1, 2, 4 s */
        cr_assert(d->command_ns < d->accepted_ns, "%s %zu", name, i);
        cr_assert(d->measured_ns >= d->command_ns + d->calc_ns, "%s %zu", name, i);
    }
    cr_assert(f->after.nr_polls == s->nr_polls && f->after.polls_seen == s->nr_polls, "%s", name);
    cr_assert(f->after.nr_passes == s->nr_passes, "%s", name);
    cr_assert(f->after.nr_states == s->nr_states, "%s", name);
    cr_assert(f->after.at.stop_ns == s->stop_ns, "%s", name);
    cr_assert(f->after.at.resume_dest_ns == s->resume_ns, "%s", name);
}

static void check_totals(const struct trace_facts *f, const struct scan *s, const char *name)
{
    const struct facts_totals *t = &f->after.totals;

    cr_assert(t->max_throttle_pct == (uint32_t)s->max_throttle, "%s", name);
    if (s->total_ms < 0) {
        cr_assert(t->rounds == s->last_rounds && t->transferred_bytes == s->last_transferred, "%s",
                  name);
        cr_assert(t->total_from_events && t->downtime_ns == -1, "%s", name);
        return;
    }
    cr_assert(f->after.outcome == FACTS_COMPLETED && !t->total_from_events, "%s", name);
    cr_assert(t->total_ns == s->total_ms * NS_PER_MS, "%s", name);
    cr_assert(t->downtime_ns == s->downtime_ms * NS_PER_MS, "%s", name);
    cr_assert(t->setup_ns == s->setup_ms * NS_PER_MS, "%s", name);
    cr_assert(t->rounds == s->rounds && t->transferred_bytes == s->transferred, "%s", name);
    cr_assert(f->after.passes[f->after.nr_passes - 1].pass == s->rounds, "%s", name);
}

Test(facts, agree_with_a_plain_reading_of_every_capture)
{
    for (size_t i = 0; i < NR_CAPTURES; i++) {
        struct text t = capture_text(capture_names[i]);
        struct scan s = scan_capture(&t);
        struct trace_facts f;

        load_capture(&f, capture_names[i]);
        cr_assert_str_eq(f.header.id, capture_names[i]);
        check_lists(&f, &s, capture_names[i]);
        check_totals(&f, &s, capture_names[i]);
        facts_release(&f);
        text_release(&t);
    }
}

/* Read off the files by eye. */
Test(facts, hold_the_values_a_person_reads_in_the_files)
{
    static const struct {
        const char *name, *outcome;
        int64_t total_ms, downtime_ms, setup_ms, rounds, transferred;
        uint32_t throttle;
    } cases[] = {
        {"kvm-hot-32m-converges", "completed", 4515, 8, 6, 5, 305304255, 0},
        {"kvm-idle-512m", "completed", 3043, 16, 5, 3, 404313861, 0},
        {"kvm-hotcold-autoconverge", "completed", 63274, 14, 4, 20, 2120971977, 80},
        {"kvm-never-converges-cancelled", "timeout", 45082, -1, 5, 4, 1133938512, 0},
        {"kvm-postcopy", "completed", 12198, 10, 5, 3, 747699671, 0},
        {"linux-redis-set", "completed", 9424, 13, 2, 26, 650707068, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trace_facts f;
        const struct facts_totals *t = &f.after.totals;

        load_capture(&f, cases[i].name);
        cr_assert_str_eq(facts_outcome_name(f.after.outcome), cases[i].outcome);
        cr_assert(t->total_ns / NS_PER_MS == cases[i].total_ms, "%s", cases[i].name);
        cr_assert(t->downtime_ns ==
                      (cases[i].downtime_ms < 0 ? -1 : cases[i].downtime_ms * NS_PER_MS),
                  "%s", cases[i].name);
        cr_assert(t->setup_ns == cases[i].setup_ms * NS_PER_MS, "%s", cases[i].name);
        cr_assert(t->rounds == cases[i].rounds, "%s", cases[i].name);
        cr_assert(t->transferred_bytes == cases[i].transferred, "%s", cases[i].name);
        cr_assert(t->max_throttle_pct == cases[i].throttle, "%s", cases[i].name);
        facts_release(&f);
    }
}

Test(facts, keep_every_field_of_an_answer_in_our_units)
{
    struct trace_facts f;
    const struct facts_poll *p;

    load_capture(&f, "kvm-xbzrle");
    p = &f.after.polls[f.after.nr_polls - 1];
    cr_assert(p->status == FACTS_ST_COMPLETED && p->total_bytes == 805838848);
    cr_assert(p->t_ns == 25142509552 - f.before.migrate_ns);
    cr_assert(p->setup_ns == 6 * NS_PER_MS && p->total_ns == 11226 * NS_PER_MS);
    cr_assert(p->downtime_ns == 3 * NS_PER_MS && p->expected_downtime_ns == -1);
    cr_assert(p->remaining_bytes == 0 && p->zero_pages == 65561 && p->normal_pages == 137325);
    cr_assert(p->pages_per_s == 12270 && p->rounds == 5 && p->throttle_pct == -1);
    cr_assert(p->downtime_bytes == 409 && p->precopy_bytes == 564193380 && p->postcopy_bytes == 0);
    cr_assert(p->xbzrle_bytes == 9017 && p->xbzrle_pages == 2397);
    cr_assert(p->xbzrle_cache_miss == 6144 && p->xbzrle_overflow == 0);
    cr_assert(p->vfio_bytes == -1 && p->dirty_limit_throttle_ns == -1 && p->multifd_bytes == 0);
    cr_assert(fabs(p->bandwidth_bytes_per_s - 402.3584071301248e6 / 8) < 1.0);
    facts_release(&f);
}

Test(facts, tell_the_phases_of_post_copy)
{
    static const enum facts_status want[] = {
        FACTS_ST_SETUP,           FACTS_ST_ACTIVE,    FACTS_ST_ACTIVE,   FACTS_ST_POSTCOPY_ACTIVE,
        FACTS_ST_POSTCOPY_ACTIVE, FACTS_ST_COMPLETED, FACTS_ST_COMPLETED};
    struct trace_facts f;

    load_capture(&f, "kvm-postcopy");
    cr_assert(f.after.nr_states == sizeof(want) / sizeof(want[0]));
    for (size_t i = 0; i < f.after.nr_states; i++)
        cr_assert(f.after.states[i].status == want[i] && !f.after.states[i].from_poll, "%zu", i);
    cr_assert(f.after.states[4].side == TRACE_DESTINATION);
    cr_assert(f.after.at.start_postcopy_ns == 25154923982 - 13143365992);
    cr_assert(f.after.at.stop_ns == 25158848322 - 13143365992);
    cr_assert(f.after.at.resume_dest_ns == 25188479591 - 13143365992);
    cr_assert(f.after.at.end_ns == 25343276714 - 13143365992);
    cr_assert(f.before.params.postcopy && f.before.params.return_path);
    cr_assert(f.before.params.postcopy_trigger == POSTCOPY_AT_TIME);
    cr_assert(f.before.params.postcopy_after_ns == 12 * NS_PER_S);
    facts_release(&f);
}

/* A step at every second sync that closes a period of more than 1 s; pass 16 came too early to
 * count. */
Test(facts, follow_the_throttle_step_by_step)
{
    static const int64_t rounds[] = {4, 6, 8, 10, 12, 14, 17};
    struct trace_facts f;

    load_capture(&f, "kvm-hotcold-autoconverge");
    cr_assert(f.before.params.auto_converge);
    cr_assert(f.after.nr_throttles == sizeof(rounds) / sizeof(rounds[0]));
    for (size_t i = 0; i < f.after.nr_throttles; i++) {
        cr_assert(f.after.throttles[i].pct == 20 + 10 * i, "step %zu", i);
        cr_assert(f.after.throttles[i].rounds == rounds[i], "step %zu", i);
    }
    facts_release(&f);
}

Test(facts, name_the_shared_link_and_its_group)
{
    struct trace_facts f;

    load_capture(&f, "link-three-1");
    cr_assert(f.header.link.kind == FACTS_LINK_TBF && f.header.link.rate_bps == 700000000);
    cr_assert_str_eq(f.header.link.group, "link-three");
    cr_assert(f.header.link.members == 3 && f.header.link.start_ns == NS_PER_S);
    cr_assert(f.header.accel == FACTS_ACCEL_TCG);
    cr_assert(f.before.params.dirty_log == DIRTY_LOG_LEGACY);
    cr_assert(f.before.params.max_bandwidth_bytes_per_s == 25165824);
    facts_release(&f);
    load_capture(&f, "link-three-0");
    cr_assert(f.before.params.max_bandwidth_bytes_per_s == UNITS_UNLIMITED); /* sent as 0 */
    facts_release(&f);
}

Test(facts, plain_and_compressed_files_say_the_same)
{
    struct trace_facts plain, packed;
    char *a, *b;

    cr_assert(facts_load(&plain, SOURCE_DIR "/tests/tracer/plain/linux-idle.jsonl", 0, NULL) ==
              ST_OK);
    load_capture(&packed, "linux-idle");
    a = before_as_text(&plain);
    b = before_as_text(&packed);
    cr_assert_str_eq(a, b);
    cr_assert(plain.after.nr_polls == packed.after.nr_polls);
    for (size_t i = 0; i < plain.after.nr_polls; i++)
        cr_assert(plain.after.polls[i].transferred_bytes ==
                  packed.after.polls[i].transferred_bytes);
    free(a);
    free(b);
    facts_release(&plain);
    facts_release(&packed);
}

Test(facts, before_only_reads_no_line_after_migrate)
{
    for (size_t i = 0; i < NR_CAPTURES; i++) {
        struct text t = capture_text(capture_names[i]);
        struct scan s = scan_capture(&t);
        struct trace_facts all, before;
        struct diag diag;
        char *a, *b;

        load_good(&all, &t);
        memset(t.buf + s.migrate_end, '!', t.len - s.migrate_end); /* nothing there may be read */
        cr_assert(load_bytes(&before, t.buf, t.len, FACTS_BEFORE_ONLY, &diag) == ST_OK, "%s",
                  diag.what);
        a = before_as_text(&all);
        b = before_as_text(&before);
        cr_assert_str_eq(a, b);
        cr_assert(before.after.nr_polls == 0 && before.after.nr_states == 0);
        cr_assert(before.after.outcome == FACTS_UNKNOWN && before.after.totals.total_ns == -1);
        cr_assert(before.counts.lines == s.migrate_line);
        free(a);
        free(b);
        facts_release(&all);
        facts_release(&before);
        text_release(&t);
    }
}
