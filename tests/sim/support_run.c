/*
 * support_run.c - runs a scenario for a test, and counts in what it left.
 */
#include "support_run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_ROUNDS = 200000,
    MAX_LOG = 20000
};

static void run_loaded(struct test_run *run, enum status st, const struct diag *diag,
                       const char *what)
{
    struct sim_options options = {.max_rounds = MAX_ROUNDS, .max_events = MAX_LOG};
    char message[2048] = "";

    diag_format(diag, message, sizeof(message));
    cr_assert_eq(st, ST_OK, "%s\n%s", message, what);
    run->sim = sim_new(&run->sc, &options);
    cr_assert_not_null(run->sim);
    sim_run(run->sim, 0);
    run->rows = sim_results(run->sim, &run->nr_rows);
    run->rounds = sim_rounds(run->sim, &run->nr_rounds);
    run->log = sim_log_lines(run->sim, &run->nr_log);
    cr_assert_lt(run->nr_rounds, MAX_ROUNDS);
    cr_assert_lt(run->nr_log, MAX_LOG);
}

void test_run_text(struct test_run *run, const char *text)
{
    struct diag diag = {0};

    memset(run, 0, sizeof(*run));
    run_loaded(run, scenario_load_text(&run->sc, "t.ini", text, NULL, 0, &diag), &diag, text);
}

void test_run_shipped(struct test_run *run, const char *file)
{
    struct diag diag = {0};
    char path[512];

    memset(run, 0, sizeof(*run));
    snprintf(path, sizeof(path), "%s/scenarios/%s", SOURCE_DIR, file);
    run_loaded(run, scenario_load(&run->sc, path, NULL, 0, &diag), &diag, path);
}

void test_run_release(struct test_run *run)
{
    sim_free(run->sim);
    scenario_release(&run->sc);
}

const struct mig_result *test_row(const struct test_run *run, const char *vm, uint32_t attempt)
{
    for (uint32_t i = 0; i < run->nr_rows; i++)
        if (strcmp(run->rows[i].vm, vm) == 0 && run->rows[i].attempt == attempt)
            return &run->rows[i];
    cr_assert_fail("%s has no attempt %u", vm, attempt);
    return NULL;
}

static bool is_line(const struct sim_event *e, const char *vm, const char *what)
{
    return strncmp(e->what, what, strlen(what)) == 0 && (!vm || (e->vm && strcmp(e->vm, vm) == 0));
}

int64_t test_log_ns(const struct test_run *run, const char *vm, const char *what, uint32_t nth)
{
    for (uint32_t i = 0; i < run->nr_log; i++)
        if (is_line(&run->log[i], vm, what) && nth-- == 0)
            return run->log[i].at_ns;
    return -1;
}

uint32_t test_log_count(const struct test_run *run, const char *vm, const char *what)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < run->nr_log; i++)
        nr += is_line(&run->log[i], vm, what);
    return nr;
}

static bool counts(const struct mig_result *r, const char *source, const char *target)
{
    return r->started_ns >= 0 && (!source || strcmp(r->source, source) == 0) &&
           (!target || (r->target && strcmp(r->target, target) == 0));
}

uint32_t test_most_at_once(const struct test_run *run, const char *source, const char *target)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < run->nr_rows; i++) {
        uint32_t now = 0;

        if (!counts(&run->rows[i], source, target))
            continue;
        for (uint32_t k = 0; k < run->nr_rows; k++) {
            const struct mig_result *r = &run->rows[k];

            now += counts(r, source, target) && r->started_ns <= run->rows[i].started_ns &&
                   (r->ended_ns < 0 || r->ended_ns > run->rows[i].started_ns);
        }
        most = now > most ? now : most;
    }
    return most;
}
