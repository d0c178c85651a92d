/*
 * support_kubevirt.c - see support_kubevirt.h.
 */
#include "support_kubevirt.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum {
    OVERRIDES_MAX = 8,
    LOG_MAX = 100000
};

static void load(struct kv_run *r, const char *path, const char *text, const char *const *overrides)
{
    struct scn_override list[OVERRIDES_MAX];
    const struct sim_options options = {.max_events = LOG_MAX};
    char message[2048] = "";
    struct diag diag = {0};
    enum status st;
    size_t nr = 0;

    for (; overrides && overrides[nr]; nr++) {
        cr_assert_lt(nr, OVERRIDES_MAX);
        list[nr] = (struct scn_override){.text = overrides[nr], .origin = "test"};
    }
    *r = (struct kv_run){0};
    st = text ? scenario_load_text(&r->sc, path, text, list, nr, &diag)
              : scenario_load(&r->sc, path, list, nr, &diag);
    diag_format(&diag, message, sizeof(message));
    cr_assert_eq(st, ST_OK, "%s", message);
    r->sim = sim_new(&r->sc, &options);
    cr_assert_not_null(r->sim);
}

void kv_load(struct kv_run *r, const char *text, const char *const *overrides)
{
    load(r, "t.ini", text, overrides);
}

void kv_load_file(struct kv_run *r, const char *name, const char *const *overrides)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/scenarios/%s.ini", SOURCE_DIR, name);
    load(r, path, NULL, overrides);
}

void kv_go(struct kv_run *r, uint32_t replication)
{
    sim_run(r->sim, replication);
    r->rows = sim_results(r->sim, &r->nr_rows);
    r->log = sim_log_lines(r->sim, &r->nr_log);
    cr_assert_lt(r->nr_log, LOG_MAX, "the log is cut off");
}

void kv_release(struct kv_run *r)
{
    sim_free(r->sim);
    scenario_release(&r->sc);
}

const struct mig_result *kv_row(const struct kv_run *r, const char *vm, uint32_t attempt)
{
    for (uint32_t i = 0; i < r->nr_rows; i++)
        if (strcmp(r->rows[i].vm, vm) == 0 && r->rows[i].attempt == attempt)
            return &r->rows[i];
    cr_assert(false, "no attempt %u of %s among %u rows", attempt, vm, r->nr_rows);
    return NULL;
}

uint32_t kv_said(const struct kv_run *r, const char *vm, const char *what, int64_t *at_ns)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < r->nr_log; i++) {
        const struct sim_event *e = &r->log[i];

        if (strcmp(e->what, what) != 0 || (vm && (!e->vm || strcmp(e->vm, vm) != 0)))
            continue;
        if (nr++ == 0 && at_ns)
            *at_ns = e->at_ns;
    }
    return nr;
}

static bool holds(const struct kv_run *r, const struct mig_result *m, int64_t at_ns)
{
    const struct cluster_rules *rules = &r->sc.cluster.rules;
    int64_t end = m->ended_ns < 0 ? INT64_MAX : m->ended_ns + rules->finish_delay_ns;

    return m->started_ns >= 0 && m->started_ns - rules->start_delay_ns <= at_ns && at_ns < end;
}

/* Counts only change upwards when somebody starts, so those moments are enough. */
void kv_peaks(const struct kv_run *r, uint32_t *total, uint32_t *out, uint32_t *in)
{
    *total = *out = *in = 0;
    for (uint32_t i = 0; i < r->nr_rows; i++) {
        int64_t at = r->rows[i].started_ns - r->sc.cluster.rules.start_delay_ns;
        uint32_t all = 0, from = 0, to = 0;

        if (r->rows[i].started_ns < 0)
            continue;
        for (uint32_t k = 0; k < r->nr_rows; k++) {
            const struct mig_result *m = &r->rows[k];

            if (!holds(r, m, at))
                continue;
            all++;
            from += strcmp(m->source, r->rows[i].source) == 0;
            to += strcmp(m->target, r->rows[i].target) == 0;
        }
        *total = all > *total ? all : *total;
        *out = from > *out ? from : *out;
        *in = to > *in ? to : *in;
    }
}
