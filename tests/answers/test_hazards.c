/*
 * test_hazards.c - each fear is named where it is due, and not where it is not.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "answers/hazards.h"
#include "sim/run.h"

struct judged {
    struct scenario sc;
    struct run_result run;
};

static void judge(struct judged *j, const char *text, const char *path)
{
    struct run_options options = {.version = "test", .jobs = 1};
    struct diag diag = {0};
    enum status st = text ? scenario_load_text(&j->sc, "t.ini", text, NULL, 0, &diag)
                          : scenario_load(&j->sc, path, NULL, 0, &diag);

    cr_assert_eq(st, ST_OK, "%s %s", diag.key, diag.what);
    cr_assert_eq(run_scenario(&j->sc, &options, &j->run, &diag), ST_OK);
    cr_assert_eq(hazards_find(&j->sc, &j->run), ST_OK);
}

static void drop(struct judged *j)
{
    run_free(&j->run);
    scenario_release(&j->sc);
}

static const char *hazard(const struct judged *j, enum hazard_kind kind)
{
    for (size_t i = 0; i < j->run.nr_hazards; i++)
        if (j->run.hazards[i].kind == kind)
            return j->run.hazards[i].text;
    return NULL;
}

static void all_words(const struct judged *j, char *buf, size_t cap)
{
    buf[0] = '\0';
    for (size_t i = 0; i < j->run.nr_hazards; i++) {
        strncat(buf, j->run.hazards[i].text, cap - strlen(buf) - 1);
        strncat(buf, "; ", cap - strlen(buf) - 1);
    }
}

/* A guest that writes faster than the network takes it away. */
#define HOG                                                                                        \
    "[workload hog]\nwrite_rate = 3GB/s\nworking_set = 3GiB\n"                                     \
    "[vm hog]\ncount = 2\nhost = a\nmemory = 4GiB\nworkload = hog\n"

#define MACHINES "[host a]\nnic = 10Gb/s\nmemory = 64GiB\n[host b]\nnic = 10Gb/s\nmemory = 64GiB\n"
#define FAST "[migration]\nmax_bandwidth = unlimited\n"

/* clang-format off */
static const struct hazard_case {
    const char *what, *text;
    enum hazard_kind kind;
    const char *words; /* part of what is said; NULL = nothing of this kind */
} cases[] = {
    {"retried for ever",
     "[scenario]\nhorizon = 2h\n[cluster]\nmax_attempts = unlimited\nretry_wait = 30s\n" FAST
     "completion_timeout = 60s\n" MACHINES HOG "[operation d]\nhosts = a\n",
     HAZARD_INFINITE_DRAIN, "a drain of a never ends: VM hog-"},
    {"tried three times and given up: an end",
     "[scenario]\nhorizon = 2h\n" FAST "completion_timeout = 60s\n" MACHINES HOG "[request r]\nvm = hog\n",
     HAZARD_INFINITE_DRAIN, NULL},
    {"a guest that may not move keeps its host",
     "[scenario]\nhorizon = 2h\n" FAST MACHINES "[vm pet]\nhost = a\nmemory = 1GiB\nmigratable = no\n"
     "[operation d]\nhosts = a\n",
     HAZARD_INFINITE_DRAIN, "drain d never ends: VM pet stays on a"},
    {"the timeout fails all",
     FAST "completion_timeout = 60s\n" MACHINES HOG "[request r]\nvm = hog\n",
     HAZARD_TIMEOUT, "the timeout ends every migration: 2 of 2 tries"},
    {"the timeout fails all of a class",
     FAST "completion_timeout = 60s\n" MACHINES HOG "[vm calm]\nhost = a\nmemory = 1GiB\n"
     "[request r]\nvm = hog, calm\n",
     HAZARD_TIMEOUT, "the timeout ends every migration of 'hog': 2 of 2"},
    {"the timeout asks for more than the network gives",
     FAST "completion_timeout = 10s\n" MACHINES "[vm calm]\ncount = 2\nhost = a\nmemory = 16GiB\n"
     "[request r]\nvm = calm\n",
     HAZARD_TIMEOUT, "more than the network gives"},
    {"the timeout fails one of two",
     FAST "completion_timeout = 60s\n" MACHINES HOG "[vm calm]\nhost = a\nmemory = 1GiB\n"
     "[request r]\nvm = hog-1, calm\n",
     HAZARD_TIMEOUT, NULL},
    {"guests that the timeout pauses stand still",
     FAST "completion_timeout = 30s\ntimeout_action = suspend\n" MACHINES
     "[workload hog]\nwrite_rate = 3GB/s\nworking_set = 30GiB\n"
     "[vm hog]\nhost = a\nmemory = 32GiB\nworkload = hog\n[request r]\nvm = hog\n",
     HAZARD_FROZEN, "1 guest is frozen for 10 s or longer, hog for"},
    {"a short stop is none",
     FAST MACHINES "[vm calm]\nhost = a\nmemory = 1GiB\n[request r]\nvm = calm\n", HAZARD_FROZEN, NULL},
    {"no host offers the CPU",
     FAST MACHINES "[vm v]\nhost = a\nmemory = 1GiB\ncpu_model = Icelake\n[request r]\nvm = v\n",
     HAZARD_NO_TARGET, "no host will do for 1 VM (v: no target: 1 host, 1 lacks CPU model Icelake)"},
    {"room that another will free is no dead-lock",
     "[cluster]\nmax_out = 1\n" FAST MACHINES "[vm v]\ncount = 3\nhost = a\nmemory = 1GiB\n[request r]\nvm = v\n",
     HAZARD_DEADLOCK, NULL},
    {"post-copy",
     FAST "postcopy = on\npostcopy_trigger = round\n" MACHINES HOG "[request r]\nvm = hog\n",
     HAZARD_POSTCOPY, "2 guests run in post-copy"},
    {"pre-copy", FAST MACHINES "[vm calm]\nhost = a\nmemory = 1GiB\n[request r]\nvm = calm\n",
     HAZARD_POSTCOPY, NULL},
    {"many into one",
     FAST "[host s]\ncount = 4\nnic = 10Gb/s\n[host t]\nnic = 10Gb/s\n"
     "[vm v]\ncount = 4\nhost = s\nmemory = 8GiB\n[request r]\nvm = v\ntarget = t\n",
     HAZARD_TARGET_NIC, "up to 4 migrations go into t at once"},
    {"as many out of one",
     FAST "[host s]\nnic = 10Gb/s\n[host t]\nnic = 10Gb/s\n"
     "[vm v]\ncount = 4\nhost = s\nmemory = 8GiB\n[request r]\nvm = v\ntarget = t\n",
     HAZARD_TARGET_NIC, NULL},
    {"the source dies",
     FAST MACHINES "[vm v]\nhost = a\nmemory = 32GiB\n[request r]\nvm = v\n"
     "[fault f]\nkind = host_down\ntarget = a\nat = 5s\n",
     HAZARD_LOST, "1 guest is lost while migrating, v the first"},
};
/* clang-format on */

Test(hazards, each_is_named_where_it_is_due_and_nowhere_else)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct hazard_case *c = &cases[i];
        struct judged j = {0};
        char words[2048];
        const char *said;

        judge(&j, c->text, NULL);
        said = hazard(&j, c->kind);
        all_words(&j, words, sizeof(words));
        if (c->words)
            cr_expect(said && strstr(said, c->words), "%s: '%s'", c->what, words);
        else
            cr_expect_null(said, "%s: '%s'", c->what, words);
        drop(&j);
    }
}

Test(hazards, the_shipped_dead_locks_are_called_so)
{
    static const char *const stuck[][2] = {
        {"full-cluster-deadlock.ini", "the cluster is full, no host can take the first VM"},
        {"n-plus-1.ini",
         "80 GiB are free, but no more than 16 GiB on one host, so no host can take"},
    };
    static const char *const well[] = {"rack-drain.ini", "rolling-upgrade.ini"};

    for (size_t i = 0; i < 2; i++) {
        char path[512];
        struct judged j = {0};
        const char *said;

        snprintf(path, sizeof(path), "%s/scenarios/%s", SOURCE_DIR, stuck[i][0]);
        judge(&j, NULL, path);
        said = hazard(&j, HAZARD_DEADLOCK);
        cr_expect(said && strstr(said, stuck[i][1]), "%s: %s", stuck[i][0], said);
        drop(&j);
        snprintf(path, sizeof(path), "%s/scenarios/%s", SOURCE_DIR, well[i]);
        j = (struct judged){0};
        judge(&j, NULL, path);
        cr_expect_eq(j.run.nr_hazards, 0, "%s", well[i]);
        drop(&j);
    }
}

Test(hazards, replications_are_counted)
{
    struct judged j = {0};

    judge(&j,
          "[scenario]\nreplications = 5\n" FAST "completion_timeout = 60s\n" MACHINES HOG
          "[request r]\nvm = hog\n",
          NULL);
    for (size_t i = 0; i < j.run.nr_hazards; i++)
        if (j.run.hazards[i].kind == HAZARD_TIMEOUT)
            cr_assert_eq(j.run.hazards[i].replications, 5);
    cr_assert(hazard(&j, HAZARD_TIMEOUT));
    drop(&j);
}
