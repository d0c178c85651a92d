/*
 * progress.c - the progress line: when it is drawn, and what it says.
 *
 * Invariant: of all threads that step at the same time at most one draws, and none waits for it.
 */
#include "base/progress.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/units.h"

#include "base/banned.h"

enum {
    REDRAWS_PER_S = 10,
    PLAIN_LINE_EVERY_S = 10,
    WIDTH_DEFAULT = 80
};

static int64_t monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool is_terminal(FILE *stream)
{
    const char *term = getenv("TERM");
    int fd = fileno(stream);

    return fd >= 0 && isatty(fd) && !(term && strcmp(term, "dumb") == 0);
}

void progress_init(struct progress *p, uint64_t total, const char *label, enum progress_mode mode,
                   FILE *stream)
{
    assert(p && label && stream);
    *p =
        (struct progress){.total = total, .label = label, .stream = stream, .now_ns = monotonic_ns};
    p->redraws = is_terminal(stream);
    if (mode != PROGRESS_QUIET && p->redraws)
        p->interval_ns = NS_PER_S / REDRAWS_PER_S;
    else if (mode == PROGRESS_VERBOSE)
        p->interval_ns = PLAIN_LINE_EVERY_S * NS_PER_S;
    p->start_ns = p->now_ns();
    atomic_init(&p->finished, 0);
    atomic_init(&p->skipped, 0);
    atomic_init(&p->next_draw_ns, p->start_ns + p->interval_ns);
    atomic_flag_clear(&p->drawing);
}

/* "simulating: 1200 of 5000 (24 %), 410/s, 9 s left" */
static void describe(const struct progress *p, uint64_t finished, int64_t elapsed_ns,
                     struct strbuf *line)
{
    uint64_t skipped = atomic_load(&p->skipped); /* may be ahead of @finished */
    uint64_t made = finished > skipped ? finished - skipped : 0;
    double per_ns = elapsed_ns > 0 ? (double)made / (double)elapsed_ns : 0;
    char left[UNITS_TEXT];

    strbuf_addf(line, "%s: %llu", p->label, (unsigned long long)finished);
    if (p->total > 0 && finished <= p->total)
        strbuf_addf(line, " of %llu (%u %%)", (unsigned long long)p->total,
                    (unsigned)((double)finished / (double)p->total * 100));
    if (made == 0 || per_ns <= 0)
        return;
    if (per_ns * (double)NS_PER_S >= 10)
        strbuf_addf(line, ", %llu/s", (unsigned long long)(per_ns * (double)NS_PER_S));
    else
        strbuf_addf(line, ", %llu/min", (unsigned long long)(per_ns * 60 * (double)NS_PER_S));
    if (p->total >= finished && p->total > 0) {
        double left_s = (double)(p->total - finished) / per_ns / (double)NS_PER_S;

        /* whole seconds; a century is as good as for ever */
        left_s = left_s > 3e9 ? 3e9 : left_s;
        strbuf_addf(line, ", %s left", units_time(left, (int64_t)(left_s + 0.5) * NS_PER_S));
    }
}

static size_t terminal_width(FILE *stream)
{
    struct winsize size = {0};

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col;
}

static void draw(struct progress *p, int64_t now_ns)
{
    struct strbuf line = STRBUF_INIT;
    size_t width;

    describe(p, atomic_load(&p->finished), now_ns - p->start_ns, &line);
    if (p->redraws) {
        width = terminal_width(p->stream); /* a full line would wrap, and stay */
        (void)fprintf(p->stream, "\r%.*s\033[K", (int)(width > 1 ? width - 1 : 1),
                      strbuf_text(&line));
    } else {
        (void)fprintf(p->stream, "%s\n", strbuf_text(&line));
    }
    (void)fflush(p->stream);
    p->drawn = true;
    strbuf_release(&line);
}

void progress_step(struct progress *p, uint64_t steps)
{
    int64_t now, next;

    atomic_fetch_add(&p->finished, steps);
    if (p->interval_ns == 0)
        return;
    now = p->now_ns();
    next = atomic_load(&p->next_draw_ns);
    if (now < next || atomic_flag_test_and_set(&p->drawing))
        return;
    /* Another thread may have drawn between the two lines above. */
    if (atomic_load(&p->next_draw_ns) == next) {
        draw(p, now);
        atomic_store(&p->next_draw_ns, now + p->interval_ns);
    }
    atomic_flag_clear(&p->drawing);
}

void progress_skip(struct progress *p, uint64_t steps)
{
    atomic_fetch_add(&p->skipped, steps);
    atomic_fetch_add(&p->finished, steps);
}

void progress_done(struct progress *p)
{
    if (p->drawn && p->redraws) {
        (void)fputs("\r\033[K", p->stream);
        (void)fflush(p->stream);
    }
    p->drawn = false;
    p->interval_ns = 0;
}
