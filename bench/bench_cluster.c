/*
 * bench_cluster.c - whole clusters with the full engine, beside the goals.
 *
 * Rolling upgrades over four sizes, the largest also with loading and all rows into SQLite; a
 * thousand migrations at once on one link; idle VMs beside migrating ones; replications on two
 * cores.  SimGrid itself runs in simgrid.c; here its recorded rate is only in the goals.  Each
 * measurement has a process of its own, so that the peak of memory is its own.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "sim/run.h"
#include "store/store.h"

enum {
    PER_HOST = 20,
    AT_ONCE = 1000,
    MOVING = 100,
    IDLE = 200000,
    REPLICATIONS = 256,
    MAX_RUNS = 15
};

/* What a process found out. */
struct figures {
    double wall_s, cpu_s;             /* of the run */
    double whole_wall_s, whole_cpu_s; /* with loading, and storing if asked for */
    double steps_s;                   /* CPU time after the first event */
    double peak_bytes, own_bytes;     /* own: above what the process began with */
    double migrations;
    bool ok;
};

struct task {
    const char *text;
    uint32_t jobs; /* threads of run_scenario(); 0 = sim_run() alone, @runs times */
    uint32_t runs;
    bool store;
};

static void *checked(void *p)
{
    if (!p) {
        perror("bench");
        exit(EXIT_FAILURE);
    }
    return p;
}

static double seconds(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double peak_bytes(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024.0;
}

/* ---- in the child ---- */

static double count_completed(const struct run_result *run)
{
    struct mig_result room;
    double completed = 0;

    for (size_t i = 0; i < run->nr_migs; i++)
        completed += result_mig(run, i, &room)->outcome == OUTCOME_COMPLETED;
    return completed;
}

/* One by one, as they are kept: all at once they take three times as much. */
static double count_results(const struct sim *sim)
{
    double completed = 0;
    struct mig_result row;

    for (uint32_t i = 0; i < sim_nr_results(sim); i++) {
        sim_result(sim, i, &row);
        completed += row.outcome == OUTCOME_COMPLETED;
    }
    return completed;
}

static void first_event(struct sim *sim, void *arg)
{
    double *at = arg;

    (void)sim;
    if (*at == 0.0)
        *at = seconds(CLOCK_PROCESS_CPUTIME_ID);
}

/* Medians of the runs. */
static bool run_alone(const struct scenario *sc, const struct task *task, struct figures *out)
{
    double wall[MAX_RUNS], cpu[MAX_RUNS], steps[MAX_RUNS], first = 0.0;
    const struct sim_options options = {.observe = first_event, .observe_arg = &first};
    struct sim *sim = sim_new(sc, &options);

    assert(task->runs > 0 && task->runs <= MAX_RUNS);
    if (!sim)
        return false;
    for (uint32_t i = 0; i < task->runs; i++) {
        double end;

        wall[i] = seconds(CLOCK_MONOTONIC);
        cpu[i] = seconds(CLOCK_PROCESS_CPUTIME_ID);
        first = 0.0;
        sim_run(sim, 0);
        end = seconds(CLOCK_PROCESS_CPUTIME_ID);
        wall[i] = seconds(CLOCK_MONOTONIC) - wall[i];
        cpu[i] = end - cpu[i];
        steps[i] = end - first;
    }
    out->wall_s = bench_median(wall, task->runs);
    out->cpu_s = bench_median(cpu, task->runs);
    out->steps_s = bench_median(steps, task->runs);
    out->migrations = count_results(sim);
    return sim_status(sim) == ST_OK;
}

static bool store_rows(const struct run_result *run)
{
    char dir[] = "bench-XXXXXX", path[sizeof(dir) + 16], rest[sizeof(path) + 8];
    struct store *store = NULL;
    struct diag diag;
    bool ok;

    if (!mkdtemp(dir))
        return false;
    snprintf(path, sizeof(path), "%s/rows.db", dir);
    ok = store_open(&store, path, STORE_OPEN_CREATE, &diag) == ST_OK &&
         store_put_run(store, run, NULL, &diag) == ST_OK;
    store_close(store);
    unlink(path);
    snprintf(rest, sizeof(rest), "%s-wal", path);
    unlink(rest);
    snprintf(rest, sizeof(rest), "%s-shm", path);
    unlink(rest);
    rmdir(dir);
    return ok;
}

static bool run_whole(const struct scenario *sc, const struct task *task, struct figures *out)
{
    const struct run_options options = {.version = "bench", .jobs = task->jobs};
    struct run_result run;
    struct diag diag;
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

    if (run_scenario(sc, &options, &run, &diag) != ST_OK)
        return false;
    out->wall_s = seconds(CLOCK_MONOTONIC) - wall;
    out->cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    out->migrations = count_completed(&run);
    return !task->store || store_rows(&run);
}

/* Everything of the child goes with it. */
static void work(const struct task *task, int to)
{
    struct figures out = {0};
    struct scenario sc;
    struct diag diag;
    double before = peak_bytes();
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

    if (scenario_load_text(&sc, "bench", task->text, NULL, 0, &diag) != ST_OK)
        fprintf(stderr, "bench: line %lu: %s\n", diag.line, diag.what);
    else
        out.ok = task->jobs ? run_whole(&sc, task, &out) : run_alone(&sc, task, &out);
    out.whole_wall_s = seconds(CLOCK_MONOTONIC) - wall;
    out.whole_cpu_s = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    out.peak_bytes = peak_bytes();
    out.own_bytes = out.peak_bytes - before;
    _exit(write(to, &out, sizeof(out)) == sizeof(out) ? 0 : 1);
}

/* ---- in the parent ---- */

static struct figures measure(const struct task *task)
{
    struct figures out = {0};
    int ends[2];
    pid_t child;

    fflush(stdout);
    if (pipe(ends) != 0 || (child = fork()) < 0) {
        perror("bench");
        exit(EXIT_FAILURE);
    }
    if (child == 0)
        work(task, ends[1]);
    close(ends[1]);
    if (read(ends[0], &out, sizeof(out)) != sizeof(out) || !out.ok) {
        fputs("bench: a run of the cluster failed\n", stderr);
        exit(EXIT_FAILURE);
    }
    close(ends[0]);
    waitpid(child, NULL, 0);
    return out;
}

static void add(struct bench_report *report, const char *name, double value, const char *unit,
                double must)
{
    struct bench_case c = {.unit = unit, .value = value, .must = must};

    snprintf(c.name, sizeof(c.name), "%s", name);
    bench_add(report, c);
}

static void upgrade_text(char *text, size_t cap, uint32_t hosts, uint32_t out, uint32_t runs)
{
    snprintf(text, cap,
             "[scenario]\nhorizon=30d\nreplications=%u\n[cluster]\nmax_out=%u\n[migration]\n"
             "max_bandwidth=unlimited\n[host node]\ncount=%u\nnic=10Gb/s\nmemory=512GiB\n"
             "[workload w]\nkind=uniform\nwrite_rate=60MB/s\nworking_set=1GiB\n[vm v]\ncount=%u\n"
             "host=node\nmemory=8GiB\nworkload=w\n[operation upgrade]\nkind=upgrade\n"
             "hosts_at_once=%u\nreboot_time=1min\n",
             runs, out, hosts, hosts * PER_HOST, hosts / 20);
}

/* Goals stand for the largest size only. */
static void measure_upgrades(struct bench_report *report, uint32_t per_host, double must_s)
{
    static const uint32_t sizes[] = {100, 1000, 3000, 10000};
    size_t nr = report->quick ? 2 : sizeof(sizes) / sizeof(sizes[0]);
    double before = 0.0;

    for (size_t i = 0; i < nr; i++) {
        bool largest = sizes[i] == 10000;
        char text[1024], name[BENCH_NAME_MAX];
        struct task task = {.text = text, .runs = largest || report->quick ? 1 : 3};
        struct figures f;

        upgrade_text(text, sizeof(text), sizes[i], per_host, 1);
        f = measure(&task);
        snprintf(name, sizeof(name), "upgrade %u hosts, %u per host", sizes[i], per_host);
        add(report, name, f.wall_s * 1e3, "ms wall", largest ? must_s * 1e3 : 0);
        add(report, "  CPU time", f.cpu_s * 1e3, "ms CPU", 0);
        add(report, "  migrations", f.migrations, "completed", 0);
        add(report, "  rate", f.migrations / f.cpu_s / 1e3, "k/s CPU", 0);
        add(report, "  peak memory", f.peak_bytes / 1e6, "MB", largest ? 80 : 0);
        add(report, "  memory a VM", f.own_bytes / sizes[i] / PER_HOST, "B", largest ? 256 : 0);
        if (i > 0)
            add(report, "  CPU a migration, to the size before", f.cpu_s / f.migrations / before,
                "ratio", 0);
        before = f.cpu_s / f.migrations;
    }
}

static void measure_stored(struct bench_report *report)
{
    uint32_t hosts = report->quick ? 1000 : 10000;
    char text[1024], name[BENCH_NAME_MAX];
    struct figures f;

    upgrade_text(text, sizeof(text), hosts, 2, 1);
    f = measure(&(struct task){.text = text, .jobs = 1, .store = true});
    snprintf(name, sizeof(name), "%u hosts, loaded and stored", hosts);
    add(report, name, f.whole_wall_s * 1e3, "ms wall", report->quick ? 0 : 4000);
    add(report, "  CPU time", f.whole_cpu_s * 1e3, "ms CPU", 0);
    add(report, "  of it loading and storing", (f.whole_cpu_s - f.cpu_s) * 1e3, "ms CPU", 0);
    add(report, "  peak memory", f.peak_bytes / 1e6, "MB", report->quick ? 0 : 80);
}

/* As in simgrid.c; the goals are a thousand times what the plugin did there, on 2026-11-21. */
static void measure_one_link(struct bench_report *report, bool varied)
{
    size_t cap = 4096 + (size_t)AT_ONCE * 80, len;
    char *text = checked(malloc(cap));
    struct figures f;

    len = (size_t)snprintf(text, cap,
                           "[scenario]\nhorizon=365d\n[migration]\nmax_bandwidth=unlimited\n"
                           "downtime_limit=30ms\ndirty_log=legacy\n[network]\nefficiency=100%%\n"
                           "nic=80156250b/s\n[host a]\ncount=%d\n[host b]\ncount=%d\n[link l]\n"
                           "rate=10019531250b/s\nefficiency=100%%\n[workload w]\nkind=sequential\n"
                           "write_rate=500kB/s\nworking_set=460MiB\n[request r]\nvm=v*\ntarget=b\n",
                           AT_ONCE, AT_ONCE);
    for (uint32_t i = 0; i < AT_ONCE; i++)
        len += (size_t)snprintf(text + len, cap - len,
                                "[vm v%u]\nhost=a-%u\nmemory=%uMiB\nworkload=w\n", i, i + 1,
                                varied ? 512 + i * 7919 % 1024 : 1024);
    f = measure(&(struct task){.text = text, .runs = report->quick ? 1 : 3});
    add(report, varied ? "1000 on one link, sizes differ" : "1000 on one link, alike",
        f.migrations / f.cpu_s / 1e3, "k/s CPU", varied ? 170 : 2808);
    free(text);
}

static struct figures run_beside(uint32_t idle)
{
    char text[1024];
    size_t len = (size_t)snprintf(
        text, sizeof(text),
        "[scenario]\nhorizon=30d\n[migration]\nmax_bandwidth=unlimited\n[network]\nnic=10Gb/s\n"
        "[host src]\ncount=%d\nmemory=64GiB\n[host dst]\ncount=%d\nmemory=64GiB\n[host node]\n"
        "count=1000\nmemory=512GiB\n[workload w]\nkind=uniform\nwrite_rate=60MB/s\n"
        "working_set=1GiB\n[vm m]\ncount=%d\nhost=src\nmemory=8GiB\nworkload=w\n[request r]\n"
        "vm=m*\ntarget=dst\n",
        MOVING, MOVING, MOVING);

    if (idle > 0)
        snprintf(text + len, sizeof(text) - len, "[vm i]\ncount=%u\nhost=node\nmemory=1GiB\n",
                 idle);
    return measure(&(struct task){.text = text, .runs = MAX_RUNS});
}

static void measure_idle(struct bench_report *report)
{
    uint32_t idle = report->quick ? IDLE / 10 : IDLE;
    struct figures none = run_beside(0), many = run_beside(idle);
    char name[BENCH_NAME_MAX];

    snprintf(name, sizeof(name), "%d beside %u idle, to none", MOVING, idle);
    add(report, name, many.cpu_s / none.cpu_s, "ratio", report->quick ? 0 : 1.2);
    add(report, "  after the first event", many.steps_s / none.steps_s, "ratio",
        report->quick ? 0 : 1.2);
    add(report, "  CPU time with none", none.cpu_s * 1e3, "ms CPU", 0);
    add(report, "  CPU time with all", many.cpu_s * 1e3, "ms CPU", 0);
}

static void measure_cores(struct bench_report *report)
{
    double one[3], two[3], one_cpu[3], two_cpu[3];
    uint32_t runs = report->quick ? 1 : 3;
    char text[1024];

    upgrade_text(text, sizeof(text), 100, 2, report->quick ? REPLICATIONS / 16 : REPLICATIONS);
    for (uint32_t i = 0; i < runs; i++) {
        struct figures f = measure(&(struct task){.text = text, .jobs = 1});

        one[i] = f.wall_s;
        one_cpu[i] = f.cpu_s;
        f = measure(&(struct task){.text = text, .jobs = 2});
        two[i] = f.wall_s;
        two_cpu[i] = f.cpu_s;
    }
    add(report, "replications, two cores to one", bench_median(one, runs) / bench_median(two, runs),
        "times", 1.6);
    add(report, "  CPU time, two cores to one",
        bench_median(two_cpu, runs) / bench_median(one_cpu, runs), "ratio", 0);
    add(report, "  CPUs busy, one thread", bench_median(one_cpu, runs) / bench_median(one, runs),
        "CPUs", 0);
    add(report, "  CPUs busy, two threads", bench_median(two_cpu, runs) / bench_median(two, runs),
        "CPUs", 0);
}

void bench_cluster(struct bench_report *report)
{
    measure_upgrades(report, 2, 2.5);
    measure_upgrades(report, 5, 8);
    measure_stored(report);
    measure_one_link(report, false);
    measure_one_link(report, true);
    measure_idle(report);
    measure_cores(report);
}
