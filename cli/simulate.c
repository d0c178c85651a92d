/*
 * simulate.c - from a loaded scenario to rows in a database and a report on the screen.
 *
 * Leaves reading the scenario to the subcommands, formulas to the simulator and words to the
 * reports.  Invariant: a run that was finished is printed, whatever becomes of its database.
 */
#include "cli/simulate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "answers/advise.h"
#include "answers/hazards.h"
#include "base/arena.h"
#include "base/progress.h"
#include "base/units.h"
#include "sim/run.h"
#include "sim/thresholds.h"
#include "store/store.h"

#include "base/banned.h"

enum {
    ROUNDS_KEPT = 20000, /* records of rounds in a run, over all replications */
    EVENTS_KEPT = 50000, /* lines of the log, likewise */
    INPUT_VALUE_MAX = 200,
    INPUT_TEXTS_MAX = 64 << 20
};

enum status simulate_form(const struct cli_opts *o, const struct report_form **form,
                          struct diag *diag)
{
    bool csv = cli_flag(o, "csv");

    if (csv && o->json)
        return diag_set(diag, ST_EUSAGE, "--json and --csv exclude each other");
    *form = report_form_find(csv ? "csv" : o->json ? "json" : "text");
    return ST_OK;
}

static unsigned columns(const struct cli_opts *o)
{
    struct winsize size = {0};

    if (o->output || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

enum status simulate_emit(struct cli_opts *o, const struct run_result *run,
                          const struct report_form *form, struct report_text_opts opts,
                          struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    enum status st;

    assert(form);
    opts.width = columns(o);
    opts.color = o->color;
    st = form->add(run, &opts, &out);
    st = st == ST_OK ? cli_emit(o, &out, diag) : diag_set(diag, st, "out of memory");
    strbuf_release(&out);
    return st;
}

static void step(void *arg)
{
    progress_step(arg, 1);
}

/* Rows are made before the first replication: a scenario that cannot fit must say so, and not be
 * ended by the system.  Half the memory, because reports need some too. */
static enum status check_size(const struct scenario *sc, struct diag *diag)
{
    double need = (double)sc->replications * sc->nr_requests * sizeof(struct mig_result);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    char size[UNITS_TEXT];

    if (pages <= 0 || page <= 0 || need <= (double)pages * (double)page / 2)
        return ST_OK;
    diag_hint(diag, "fewer replications or requests");
    return diag_at(diag, ST_EINPUT, sc->path, 0, "the rows of this run would need %s of memory",
                   units_size(size, need < 1e19 ? (uint64_t)need : UINT64_MAX));
}

struct input_list {
    struct run_result *run;
    bool no_memory;
};

/* A value may be a whole series; its beginning tells enough. */
static const char *keep_value(struct run_result *run, const char *value)
{
    struct strbuf cut = STRBUF_INIT;
    const char *kept;
    size_t len = strlen(value);

    if (len <= INPUT_VALUE_MAX)
        return arena_strdup(run->input_texts, value);
    for (len = INPUT_VALUE_MAX; len > 0 && ((unsigned char)value[len] & 0xc0) == 0x80;)
        len--; /* not within a character */
    strbuf_add(&cut, value, len);
    strbuf_addstr(&cut, "...");
    kept = strbuf_failed(&cut) ? NULL : arena_strdup(run->input_texts, strbuf_text(&cut));
    strbuf_release(&cut);
    return kept;
}

static void keep_input(void *arg, const struct scenario_value *value)
{
    struct input_list *list = arg;
    struct run_result *run = list->run;
    struct input_result *in = &run->inputs[run->nr_inputs];

    if (run->nr_inputs_given++ >= INPUTS_KEPT)
        return;
    *in = (struct input_result){
        arena_strdup(run->input_texts, value->section), arena_strdup(run->input_texts, value->key),
        keep_value(run, value->value), arena_strdup(run->input_texts, value->file), value->line};
    list->no_memory |= !in->section || !in->key || !in->value || !in->file;
    run->nr_inputs++;
}

/* What the report says of where inputs come from. */
static enum status keep_inputs(const struct scenario *sc, struct run_result *run)
{
    struct input_list list = {.run = run};
    enum status st;

    run->input_texts = arena_new(INPUT_TEXTS_MAX);
    run->inputs = calloc(INPUTS_KEPT, sizeof(*run->inputs));
    if (!run->input_texts || !run->inputs)
        return ST_ENOMEM;
    st = scenario_each_set(sc, keep_input, &list);
    return list.no_memory ? ST_ENOMEM : st;
}

static enum status run_all(struct cli_opts *o, const struct scenario *sc, struct run_result *run,
                           struct diag *diag)
{
    struct progress progress;
    enum progress_mode mode = o->quiet                 ? PROGRESS_QUIET
                              : cli_flag(o, "verbose") ? PROGRESS_VERBOSE
                                                       : PROGRESS_AUTO;
    struct run_options options = {.version = cli_version(),
                                  .jobs = o->jobs,
                                  .max_rounds = ROUNDS_KEPT / sc->replications,
                                  .max_events = EVENTS_KEPT / sc->replications,
                                  .links = true,
                                  .stop = &cli_interrupted,
                                  .step = step,
                                  .step_arg = &progress};
    enum status st = check_size(sc, diag);

    if (st != ST_OK)
        return st;
    progress_init(&progress, sc->replications, "simulating", mode, stderr);
    st = run_scenario(sc, &options, run, diag);
    progress_done(&progress);
    /* advice first: it finds out what would never converge */
    if (st == ST_OK)
        st = advise_run(sc, run, &cli_interrupted);
    if (st == ST_OK || st == ST_EINTR)
        st = hazards_find(sc, run) == ST_OK && keep_inputs(sc, run) == ST_OK ? st : ST_ENOMEM;
    if (st == ST_ENOMEM && diag && !diag->what[0])
        diag_set(diag, st, "out of memory");
    return st;
}

/* What cannot be stored is said here; the diag stays empty, so that the report is kept. */
static enum status keep(struct cli_opts *o, struct store *store, const char *db,
                        const struct run_result *run)
{
    struct diag wrong = {0};
    int64_t id = 0;
    enum status st;

    if (!store || run->replications == 0)
        return ST_OK;
    st = store_put_run(store, run, &id, &wrong);
    if (st != ST_OK)
        cli_say_diag(o->cmd, &wrong);
    else
        cli_note(o, "kept as run %lld in %s", (long long)id, db);
    return st;
}

static enum status judge(const struct scenario *sc, const struct run_result *run, enum status st,
                         struct diag *diag)
{
    size_t crossed = thresholds_crossed(run);

    if (st == ST_EINTR)
        return diag_set(diag, st, "interrupted; %u of %u replications were finished and are kept",
                        run->replications, sc->replications);
    if (crossed > 0)
        return diag_set(diag, ST_ETHRESHOLD, "%zu threshold%s of severity error crossed", crossed,
                        crossed == 1 ? "" : "s");
    return ST_OK;
}

static enum status report(struct cli_opts *o, const struct run_result *run,
                          void (*after)(struct strbuf *out, const void *arg), const void *arg,
                          struct diag *diag)
{
    const struct report_form *form = NULL;
    struct report_text_opts opts = {.verbose = cli_flag(o, "verbose")};
    struct strbuf more = STRBUF_INIT;
    enum status st = simulate_form(o, &form, diag);

    if (st == ST_OK)
        st = simulate_emit(o, run, form, opts, diag);
    if (st == ST_OK && after) {
        after(&more, arg);
        st = cli_emit(o, &more, diag);
    }
    strbuf_release(&more);
    return st;
}

enum status simulate(struct cli_opts *o, const struct scenario *sc, const char *db,
                     void (*after)(struct strbuf *out, const void *arg), const void *arg,
                     struct diag *diag)
{
    struct run_result run = {0};
    struct store *store = NULL;
    const struct report_form *form = NULL;
    enum status st = simulate_form(o, &form, diag), ran, stored, printed;

    /* before the work: a wrong place for the rows is worth knowing early */
    if (st == ST_OK && db)
        st = store_open(&store, db, STORE_OPEN_CREATE, diag);
    if (st != ST_OK)
        return st;
    ran = run_all(o, sc, &run, diag);
    if (ran != ST_OK && ran != ST_EINTR) {
        store_close(store);
        return ran;
    }
    stored = keep(o, store, db, &run);
    printed = report(o, &run, after, arg, diag);
    if (printed != ST_OK)
        st = printed;
    else if (stored != ST_OK)
        st = stored;
    else
        st = judge(sc, &run, ran, diag);
    store_close(store);
    run_free(&run);
    return st;
}
