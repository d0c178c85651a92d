/*
 * test_progress.c - the line is drawn on a terminal, rarely, and nowhere else.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/progress.h"
#include "base/units.h"

static int64_t fake_now;

static int64_t fake_clock(void)
{
    return fake_now;
}

/* A pseudo-terminal: what is written to @*stream can be read from the result. */
static int open_terminal(FILE **stream, unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    char name[64];

    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, name, sizeof(name)) != 0)
        cr_skip_test("no pseudo-terminals here");
    *stream = fopen(name, "w");
    cr_assert_not_null(*stream);
    cr_assert_eq(ioctl(fileno(*stream), TIOCSWINSZ, &size), 0);
    cr_assert_eq(setenv("TERM", "xterm", 1), 0);
    return master;
}

static char *read_terminal(int master)
{
    static char text[65536];
    ssize_t len = read(master, text, sizeof(text) - 1);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void start(struct progress *p, uint64_t total, enum progress_mode mode, FILE *stream)
{
    progress_init(p, total, "simulating", mode, stream);
    p->now_ns = fake_clock;
    p->start_ns = fake_now = 1000 * NS_PER_S;
    atomic_store(&p->next_draw_ns, fake_now + p->interval_ns);
}

Test(progress, a_terminal_sees_count_rate_and_time_left)
{
    struct progress p;
    FILE *stream;
    int master = open_terminal(&stream, 80);

    start(&p, 5000, PROGRESS_AUTO, stream);
    progress_step(&p, 100);
    cr_expect_str_eq(read_terminal(master), "", "nothing in the first tenth of a second");
    fake_now += 10 * NS_PER_S;
    progress_step(&p, 900);
    cr_expect_str_eq(read_terminal(master),
                     "\rsimulating: 1000 of 5000 (20 %), 100/s, 40 s left\033[K");
    progress_done(&p);
    cr_expect_str_eq(read_terminal(master), "\r\033[K", "the line is wiped");
    (void)fclose(stream);
    (void)close(master);
}

Test(progress, skipped_steps_say_nothing_of_the_speed)
{
    struct progress p;
    FILE *stream;
    int master = open_terminal(&stream, 80);

    start(&p, 5000, PROGRESS_AUTO, stream);
    progress_skip(&p, 3000);
    fake_now += 10 * NS_PER_S;
    progress_step(&p, 1000);
    cr_expect_str_eq(read_terminal(master),
                     "\rsimulating: 4000 of 5000 (80 %), 100/s, 10 s left\033[K");
    (void)fclose(stream);
    (void)close(master);
}

Test(progress, draws_at_most_ten_times_a_second)
{
    struct progress p;
    FILE *stream;
    int master = open_terminal(&stream, 80), draws = 0;

    start(&p, 1000000, PROGRESS_AUTO, stream);
    for (int i = 0; i < 100000; i++) { /* 10 s in steps of 0.1 ms */
        fake_now += NS_PER_MS / 10;
        progress_step(&p, 1);
        if (i % 1000 == 999)
            for (const char *at = read_terminal(master); (at = strchr(at, '\r')); at++)
                draws++;
    }
    cr_expect_geq(draws, 90);
    cr_expect_leq(draws, 100);
    (void)fclose(stream);
    (void)close(master);
}

Test(progress, a_narrow_terminal_gets_a_cut_line)
{
    struct progress p;
    FILE *stream;
    int master = open_terminal(&stream, 20);

    start(&p, 5000, PROGRESS_AUTO, stream);
    fake_now += NS_PER_S;
    progress_step(&p, 1);
    cr_expect_str_eq(read_terminal(master), "\rsimulating: 1 of 50\033[K");
    (void)fclose(stream);
    (void)close(master);
}

Test(progress, quiet_and_dumb_terminals_see_nothing)
{
    struct progress p;
    FILE *stream;
    int master = open_terminal(&stream, 80);

    start(&p, 10, PROGRESS_QUIET, stream);
    fake_now += 60 * NS_PER_S;
    progress_step(&p, 1);
    progress_done(&p);
    cr_assert_eq(setenv("TERM", "dumb", 1), 0);
    start(&p, 10, PROGRESS_AUTO, stream);
    fake_now += 60 * NS_PER_S;
    progress_step(&p, 1);
    progress_done(&p);
    cr_expect_str_eq(read_terminal(master), "");
    (void)fclose(stream);
    (void)close(master);
}

static void check_file(enum progress_mode mode, const char *expected)
{
    FILE *stream = tmpfile();
    struct progress p;
    char text[256];
    size_t len;

    start(&p, 100, mode, stream);
    for (int i = 0; i < 19; i++) {
        fake_now += NS_PER_S;
        progress_step(&p, 1);
    }
    progress_done(&p);
    rewind(stream);
    len = fread(text, 1, sizeof(text) - 1, stream);
    text[len] = '\0';
    cr_expect_str_eq(text, expected);
    (void)fclose(stream);
}

Test(progress, a_file_gets_plain_lines_each_ten_seconds_only_if_asked)
{
    check_file(PROGRESS_QUIET, "");
    check_file(PROGRESS_AUTO, "");
    check_file(PROGRESS_VERBOSE, "simulating: 10 of 100 (10 %), 60/min, 90 s left\n");
}

Test(progress, an_unknown_total_shows_no_time_left)
{
    FILE *stream = tmpfile();
    struct progress p;
    char text[256];
    size_t len;

    start(&p, 0, PROGRESS_VERBOSE, stream);
    fake_now += 10 * NS_PER_S;
    progress_step(&p, 1000);
    rewind(stream);
    len = fread(text, 1, sizeof(text) - 1, stream);
    text[len] = '\0';
    cr_expect_str_eq(text, "simulating: 1000, 100/s\n");
    (void)fclose(stream);
}

enum {
    THREADS = 4,
    STEPS = 100000
};

static void *step_many(void *arg)
{
    for (int i = 0; i < STEPS; i++)
        progress_step(arg, 1);
    return NULL;
}

Test(progress, no_step_of_any_thread_is_lost)
{
    FILE *stream = tmpfile();
    struct progress p;
    pthread_t threads[THREADS];

    progress_init(&p, THREADS * STEPS, "simulating", PROGRESS_VERBOSE, stream);
    p.interval_ns = 1; /* draw as often as can be */
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, step_many, &p), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    cr_expect_eq(atomic_load(&p.finished), THREADS * STEPS);
    progress_done(&p);
    (void)fclose(stream);
}
