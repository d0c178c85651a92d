/*
 * test_live.c - recorded migrations, played to the live forecast as if they ran now: as they were,
 * slowed down, stalled, failed.
 */
#include "answers/accuracy/live.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "answers/accuracy/calibration.h"
#include "base/units.h"

#define LOOK_EVERY_NS (250 * NS_PER_MS)

struct play {
    double slower;      /* stamps behind `migrate` times this; 0 = as they are */
    int64_t stalls_ns;  /* > 0: from here on, since `migrate`, all answers are the same */
    int64_t ends_ns;    /* > 0: nothing is played from here on, but time goes on for 10 s */
    const char *status; /* the last word is this instead of "completed" */
};

struct seen {
    struct live *live;
    unsigned looks[LIVE_NR];
    int64_t alarm_ns;            /* first, since `migrate`; -1 = none */
    int64_t end_ns;              /* elapsed at the last look */
    struct live_view last, late; /* late: at 0.8 of the forecast */
    const char *why;
    json_t *frozen; /* the answer at which it stalls */
};

static void forecast_from(struct live *l, const char *path)
{
    struct trace_facts facts;
    struct costs_file costs;
    struct diag diag = {0};
    struct predict_options po = {.calibration = &costs, .seed = 1};

    cr_assert(calibration_default(&costs, &diag) == ST_OK);
    cr_assert(facts_load(&facts, path, FACTS_BEFORE_ONLY, &diag) == ST_OK, "%s", diag.what);
    cr_assert(live_forecast(l, &facts, &po, &diag) == ST_OK, "%s", diag.what);
    facts_release(&facts);
}

static void look(struct seen *s, int64_t t_ns)
{
    struct live_view v;

    live_look(s->live, t_ns, &v);
    s->looks[v.state]++;
    if (s->alarm_ns < 0 && live_alarmed(s->live, &s->why))
        s->alarm_ns = v.elapsed_ns;
    if (v.has_forecast && v.elapsed_ns < live_prediction(s->live)->result.total_ns * 8 / 10)
        s->late = v;
    s->last = v;
    s->end_ns = v.elapsed_ns;
}

static void feed(struct seen *s, const struct play *p, struct trace_line *line, int64_t since_ns)
{
    json_t *status = json_object_get(line->data, "status");
    bool poll = line->kind == TRACE_RETURN && strcmp(line->name, "query-migrate") == 0;

    if (p->stalls_ns && since_ns > p->stalls_ns) {
        if (!poll)
            return;
        if (!s->frozen)
            s->frozen = json_incref(line->data);
        line->data = s->frozen;
    }
    if (p->status && status && strcmp(json_string_value(status), "completed") == 0)
        json_string_set(status, p->status);
    live_line(s->live, line);
}

/* Plays a bundled capture. */
static void play(struct seen *s, const char *name, struct play p)
{
    char path[512];
    struct trace_reader *r;
    struct trace_line line;
    int64_t migrate_ns = -1, next_ns = 0, t_ns = 0;
    struct diag diag = {0};

    snprintf(path, sizeof(path), "%s/tests/traces/%s.jsonl.zst", SOURCE_DIR, name);
    memset(s, 0, sizeof(*s));
    s->alarm_ns = -1;
    s->live = live_new();
    forecast_from(s->live, path);
    cr_assert(trace_open(&r, path, &diag) == ST_OK);
    while (trace_next(r, &line, &diag) == ST_OK && line.kind != TRACE_END) {
        if (line.kind == TRACE_COMMAND && strcmp(line.name, "migrate") == 0)
            migrate_ns = line.t_ns;
        if (migrate_ns >= 0 && p.slower > 0)
            line.t_ns = migrate_ns + (int64_t)((double)(line.t_ns - migrate_ns) * p.slower);
        t_ns = line.t_ns;
        if (migrate_ns >= 0 && p.ends_ns && t_ns - migrate_ns > p.ends_ns)
            break;
        feed(s, &p, &line, migrate_ns < 0 ? -1 : t_ns - migrate_ns);
        if (migrate_ns < 0 || t_ns < next_ns)
            continue;
        look(s, t_ns);
        next_ns = t_ns + LOOK_EVERY_NS;
    }
    for (int i = 0; i < 40 && p.ends_ns; i++)
        look(s, t_ns += LOOK_EVERY_NS);
    look(s, t_ns);
    trace_close(r);
}

static void leave(struct seen *s)
{
    live_free(s->live);
    json_decref(s->frozen);
}

Test(live, captures_that_go_as_forecast_raise_no_alarm)
{
    static const char *const names[] = {
        "kvm-hot-32m-converges",
        "kvm-hot-64m-tight-downtime",
        "kvm-hotcold-autoconverge",
        "kvm-idle-512m",
        "kvm-multifd",
        "kvm-phased",
        "kvm-postcopy",
        "kvm-never-converges-cancelled",
        "kvm-xbzrle",
        "linux-idle",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct seen s;

        play(&s, names[i], (struct play){0});
        cr_expect(s.alarm_ns < 0, "%s: %s at %.1f s", names[i], s.why, (double)s.alarm_ns / 1e9);
        cr_expect(s.last.ended, "%s", names[i]);
        cr_expect(s.looks[LIVE_NORMAL] >= 10 * s.looks[LIVE_UNUSUAL], "%s: %u normal, %u not",
                  names[i], s.looks[LIVE_NORMAL], s.looks[LIVE_UNUSUAL]);
        leave(&s);
    }
}

Test(live, a_forecast_that_was_wrong_is_noticed_while_it_runs)
{
    struct seen s;

    play(&s, "linux-redis-set", (struct play){0}); /* forecast 4.6 s, took 9.4 s */
    cr_assert(s.alarm_ns > 0 && s.alarm_ns < s.end_ns, "%.1f", (double)s.alarm_ns / 1e9);
    cr_assert_str_eq(s.why, "takes longer than expected");
    leave(&s);
}

Test(live, half_the_speed_is_noticed_long_before_the_end)
{
    struct seen s;

    play(&s, "kvm-xbzrle", (struct play){.slower = 2.0}); /* forecast 11.2 s */
    cr_assert(s.alarm_ns > 0 && s.alarm_ns < 6 * NS_PER_S, "%.1f s", (double)s.alarm_ns / 1e9);
    cr_assert_str_eq(s.why, "sends less than expected");
    leave(&s);
}

Test(live, a_stall_is_noticed_within_seconds)
{
    struct seen s;

    play(&s, "kvm-xbzrle", (struct play){.stalls_ns = 4 * NS_PER_S});
    cr_assert(s.alarm_ns > 4 * NS_PER_S, "%.1f s", (double)s.alarm_ns / 1e9);
    cr_assert(s.alarm_ns < 9 * NS_PER_S, "%.1f s", (double)s.alarm_ns / 1e9);
    leave(&s);
    play(&s, "kvm-xbzrle", (struct play){.ends_ns = 4 * NS_PER_S});
    cr_assert(s.alarm_ns > 4 * NS_PER_S && s.alarm_ns < 9 * NS_PER_S, "%.1f s",
              (double)s.alarm_ns / 1e9);
    leave(&s);
}

Test(live, a_failure_is_never_normal)
{
    struct seen s;

    play(&s, "kvm-idle-512m", (struct play){.status = "failed"});
    cr_assert(s.alarm_ns > 0);
    cr_assert_str_eq(s.why, "failed");
    leave(&s);
}

Test(live, the_predicted_end_follows_what_is_seen)
{
    struct seen s;

    play(&s, "kvm-phased", (struct play){0}); /* 8.8 to 12.9 s: depends on the phase */
    cr_assert(s.late.end_low_ns <= s.end_ns && s.end_ns <= s.late.end_high_ns + NS_PER_S / 2,
              "%.1f in %.1f .. %.1f", (double)s.end_ns / 1e9, (double)s.late.end_low_ns / 1e9,
              (double)s.late.end_high_ns / 1e9);
    cr_assert(s.late.completes_share > 0.9);
    leave(&s);
}

Test(live, before_the_migration_it_shows_the_forecast)
{
    struct live *l = live_new();
    struct live_view v;

    live_look(l, 5 * NS_PER_S, &v);
    cr_assert(v.state == LIVE_WAITING && !v.has_forecast && v.end_ns == -1);
    forecast_from(l, SOURCE_DIR "/tests/traces/kvm-idle-512m.jsonl.zst");
    live_look(l, 5 * NS_PER_S, &v);
    cr_assert(v.state == LIVE_WAITING && v.has_forecast && v.elapsed_ns == 0);
    cr_assert(v.end_ns > 2900 * NS_PER_MS && v.end_ns < 3100 * NS_PER_MS);
    live_free(l);
}

Test(live, a_forecast_that_comes_late_changes_nothing_that_was_seen)
{
    struct live *l = live_new(), *fresh = live_new();
    json_t *none = json_object();
    json_t *poll = json_pack("{s:s, s:{s:i, s:i}}", "status", "active", "ram", "transferred",
                             33 << 20, "dirty-sync-count", 1);
    struct trace_line line = {
        .kind = TRACE_COMMAND, .side = TRACE_SOURCE, .name = "migrate", .data = none};
    struct live_view v;

    live_line(l, &line);
    line = (struct trace_line){.kind = TRACE_RETURN,
                               .side = TRACE_SOURCE,
                               .t_ns = NS_PER_S,
                               .name = "query-migrate",
                               .data = poll};
    live_line(l, &line);
    live_look(l, NS_PER_S, &v);
    cr_assert(!v.has_forecast && v.state == LIVE_NORMAL && v.sent_bytes == 33 << 20);
    cr_assert(!live_alarmed(l, NULL));
    forecast_from(fresh, SOURCE_DIR "/tests/traces/kvm-xbzrle.jsonl.zst");
    live_adopt(l, fresh);
    live_free(fresh);
    live_look(l, NS_PER_S, &v);
    cr_assert(v.has_forecast && v.sent_bytes == 33 << 20 && v.rounds == 1);
    cr_assert(v.end_ns > 5 * NS_PER_S);
    live_free(l);
    json_decref(none);
    json_decref(poll);
}

Test(live, the_same_lines_give_the_same_view)
{
    struct seen a, b;

    play(&a, "kvm-phased", (struct play){0});
    play(&b, "kvm-phased", (struct play){0});
    cr_assert(a.late.end_ns == b.late.end_ns && a.late.end_low_ns == b.late.end_low_ns);
    cr_assert(a.late.sent_high_bytes == b.late.sent_high_bytes);
    cr_assert(memcmp(a.looks, b.looks, sizeof(a.looks)) == 0);
    leave(&a);
    leave(&b);
}
