/*
 * support_published_fit.c - one run of the published set, as a guest and as a pair of hosts.
 *
 * A run was sampled every 0.2 s, so the first sample after a sync is late.  But pages sent and
 * pages remaining are counted exactly, so what a sync found newly dirty is the change of (remaining
 * + sent) between two samples with one sync between them, whenever they were taken; and since every
 * window sends the same bytes, the moment of the sync follows from the bytes: the first window
 * whose remaining pages are below the threshold.
 */
#include "answers/support_published.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "models/memory.h"
#include "models/wire.h"

#define WINDOW_S 0.1
#define DOWNTIME_LIMIT_S 0.3
#define PAGE ((double)PAGE_BYTES)

/* One round as it was between its two syncs. */
struct pass {
    double duration_s;
    double newly_pages;
    double unsent_pages; /* at its end */
    double known_pages;  /* at its start */
};

/* Bytes in a window: the cap's tenth, and what one flush of 32 pages goes over it. */
static double window_bytes(void)
{
    double flush = 32.0 * (PAGE + WIRE_PAGE_HEADER);

    return (floor(128.0 * (double)MIB * WINDOW_S / flush) + 1.0) * flush + 21.0;
}

static uint32_t passes_of(const struct pub_round *r, uint32_t nr, struct pass *out)
{
    double window = window_bytes(), pages = floor(window / (PAGE + WIRE_PAGE_HEADER));
    double threshold = window * DOWNTIME_LIMIT_S / WINDOW_S / PAGE;
    double synced_bytes = 0.0, known = 0.0;
    uint32_t n = 0;

    for (uint32_t i = 1; i < nr; i++) {
        double sent =
            r[i].normal_pages + r[i].zero_pages - r[i - 1].normal_pages - r[i - 1].zero_pages;
        double newly = (r[i].remaining_bytes - r[i - 1].remaining_bytes) / PAGE + sent;
        double unsent = r[i].remaining_bytes / PAGE - newly, late = 0.0, bytes;

        /* windows since the sync: as many as put the unsent rest just below the threshold */
        while (unsent + pages <= threshold) {
            unsent += pages;
            late += 1.0;
        }
        bytes = r[i].transferred_bytes - late * window;
        if (r[i].sync == r[i - 1].sync + 1.0)
            out[n++] = (struct pass){
                .duration_s = (bytes - synced_bytes) / window * WINDOW_S,
                .newly_pages = newly,
                .unsent_pages = unsent,
                .known_pages = known,
            };
        synced_bytes = bytes;
        known = unsent + newly;
    }
    return n;
}

/*
 * The writer as a mixture of random classes, one for each time constant of a grid.  What a sync
 * finds of a class is in proportion to the class's size as long as the sweep goes as it went: how
 * far a pass came into the memory ahead of it hangs on where all other dirty pages lie.  So the
 * whole mixture, with the pages that nobody writes, goes through the passes of the run; with the
 * shares found there the sizes are a non-negative least-squares problem on relative errors; and
 * both are done in turn until they agree.  The grid begins at a window: what is rewritten faster
 * looks the same to passes that last whole windows.  Passes of like length (a tenth of a decade)
 * share one weight, so that a hundred short passes do not outvote the one long one.
 */
enum {
    GRID = 20,
    CYCLES = 4000,
    TURNS = 12
};

struct fit {
    double share[PUB_ROUNDS_MAX][GRID]; /* of a class, that pass i finds newly dirty */
    double weight[PUB_ROUNDS_MAX];
    double left[PUB_ROUNDS_MAX]; /* measured - fitted, pages */
    double constant_s[GRID];
    double size[GRID];
};

static int length_of(const struct pass *p)
{
    return (int)floor(log10(p->duration_s) * 10.0 + 0.5);
}

static void fit_setup(struct fit *fit, const struct pass *p, uint32_t nr)
{
    double longest = 0.0;

    for (uint32_t i = 0; i < nr; i++)
        longest = fmax(longest, p[i].duration_s);
    for (int j = 0; j < GRID; j++)
        fit->constant_s[j] = WINDOW_S * pow(4.0 * longest / WINDOW_S, (double)j / (GRID - 1));
    for (uint32_t i = 0; i < nr; i++) {
        double alike = 0.0;

        for (uint32_t k = 0; k < nr; k++)
            alike += length_of(&p[k]) == length_of(&p[i]) ? 1.0 : 0.0;
        fit->weight[i] = 1.0 / (p[i].newly_pages * p[i].newly_pages * alike);
    }
}

/* What of each known class the sweep leaves unsent: it takes what lies ahead of it first. */
static void unsent_of(const struct memory *mem, double unsent_share, double unsent[GRID])
{
    double known = mem->still, ahead = mem->still_ahead, sent, left_ahead, left_behind;

    for (int j = 0; j < GRID; j++) {
        known += mem->known[j];
        ahead += mem->ahead[j];
    }
    sent = known * (1.0 - unsent_share);
    left_ahead = ahead > sent ? 1.0 - sent / ahead : 0.0;
    left_behind = ahead > sent    ? 1.0
                  : known > ahead ? fmax(1.0 - (sent - ahead) / (known - ahead), 0.0)
                                  : 0.0;
    for (int j = 0; j < GRID; j++)
        unsent[j] = mem->ahead[j] * left_ahead + (mem->known[j] - mem->ahead[j]) * left_behind;
}

/* The mixture as it stands through all passes; a class without pages is tried with one. */
static void fit_shares(struct fit *fit, const struct pass *p, uint32_t nr, double full_pages)
{
    struct dirty_params mixture = {.kind = DIRTY_CLASSES, .nr_classes = GRID};
    struct dirty_model model;
    struct memory mem;
    double still = full_pages;

    for (int j = 0; j < GRID; j++) {
        double pages = fmax(fit->size[j], 1.0);

        mixture.classes[j] =
            (struct dirty_class){.pages = pages, .writes_per_s = pages / fit->constant_s[j]};
        still -= pages;
    }
    dirty_compile(&model, &mixture, 0.0, 0);
    memory_init(&mem, &model, 1.0, still);
    for (uint32_t i = 0; i < nr; i++) {
        double share = p[i].known_pages > 0.0 ? p[i].unsent_pages / p[i].known_pages : 0.0;
        double unsent[GRID];

        share = fmin(fmax(share, 0.0), 1.0);
        unsent_of(&mem, share, unsent);
        memory_sync(&mem, &model, p[i].duration_s, share);
        fit->left[i] = p[i].newly_pages;
        for (int j = 0; j < GRID; j++) {
            fit->share[i][j] = (mem.known[j] - unsent[j]) / mixture.classes[j].pages;
            fit->left[i] -= fit->share[i][j] * fit->size[j];
        }
    }
}

static void fit_cycle(struct fit *fit, uint32_t nr)
{
    for (int j = 0; j < GRID; j++) {
        double up = 0.0, down = 0.0, step;

        for (uint32_t i = 0; i < nr; i++) {
            up += fit->weight[i] * fit->share[i][j] * fit->left[i];
            down += fit->weight[i] * fit->share[i][j] * fit->share[i][j];
        }
        step = down > 0.0 ? fmax(up / down, -fit->size[j]) : 0.0;
        fit->size[j] += step;
        for (uint32_t i = 0; i < nr; i++)
            fit->left[i] -= step * fit->share[i][j];
    }
}

static void fit_classes(struct pub_guest *g, const struct pass *p, uint32_t nr)
{
    static struct fit fit;

    memset(&fit, 0, sizeof(fit));
    fit_setup(&fit, p, nr);
    for (int turn = 0; turn < TURNS; turn++) {
        fit_shares(&fit, p, nr, (double)g->nonzero_bytes / PAGE);
        for (int c = 0; c < CYCLES; c++)
            fit_cycle(&fit, nr);
    }
    for (int j = 0; j < GRID; j++) {
        if (fit.size[j] < 1.0)
            continue;
        g->classes[g->nr_classes++] = (struct dirty_class){
            .pages = fit.size[j], .writes_per_s = fit.size[j] / fit.constant_s[j]};
    }
}

/* The same rounds as a curve, for those who take it as it is: rounds of like length are one point,
 * and a curve does not fall. */
static void draw_curve(struct baseline_guest *g, const struct pass *p, uint32_t nr)
{
    for (int length = -20; length < 40 && g->nr < BASELINE_POINTS_MAX; length++) {
        double t_s = 0.0, pages = 0.0, n = 0.0;

        for (uint32_t i = 0; i < nr; i++) {
            if (p[i].duration_s <= 0.0 || length_of(&p[i]) != length)
                continue;
            t_s += p[i].duration_s;
            pages += p[i].newly_pages;
            n += 1.0;
        }
        if (n == 0.0)
            continue;
        pages = fmax(pages / n, g->nr > 0 ? g->dirty[g->nr - 1].pages : 0.0);
        g->dirty[g->nr++] = (struct baseline_point){t_s / n, pages};
    }
}

/* The load ended with the migration when the benchmark had at most LOAD_TAIL_S to go: its threads
 * finish one after another, and what the last passes find is no longer the load. */
#define LOAD_TAIL_S 2.0

static uint32_t drop_tail(const struct pub_final *f, struct pub_guest *g, const struct pass *p,
                          uint32_t nr)
{
    double end_s = f->total_ms / 1000.0, at = 0.0;
    uint32_t kept = 0;

    if (f->load_left_s > LOAD_TAIL_S)
        return nr;
    g->load_end_ns = llround((end_s + fmin(f->load_left_s, 0.0)) * (double)NS_PER_S);
    while (kept < nr && at + p[kept].duration_s < end_s - LOAD_TAIL_S)
        at += p[kept++].duration_s;
    return kept;
}

bool pub_guest(const char *scenario, int run, struct pub_guest *g)
{
    struct pub_final finals[PUB_RUNS];
    struct pub_round r[PUB_ROUNDS_MAX];
    struct pass p[PUB_ROUNDS_MAX];
    uint32_t nr, passes;
    double late, data, zero, full;

    *g = (struct pub_guest){0};
    if (!pub_finals(scenario, finals) || !pub_rounds(scenario, run, r, &nr))
        return false;
    passes = passes_of(r, nr, p);
    if (passes == 0 || r[1].sync != 2.0)
        return false;
    g->ram_bytes = (uint64_t)finals[run - 1].ram_bytes;
    g->round_1_s = p[0].duration_s;
    g->round_1_dirty_bytes = p[0].newly_pages * PAGE;
    /* pages sent as data up to the sync that ended round 1, and those it left over */
    late = r[1].transferred_bytes - p[0].duration_s / WINDOW_S * window_bytes();
    full = r[1].normal_pages - late / (PAGE + WIRE_PAGE_HEADER) + p[0].unsent_pages;
    g->nonzero_bytes = (uint64_t)(full * PAGE);
    /* Round 1 finds pages that were written behind the sweep; as many are written ahead of it. Half
     * of them are taken for zero pages that the guest began to use. */
    g->start_nonzero_bytes = (uint64_t)((full - 0.5 * p[0].newly_pages) * PAGE);
    data = r[nr - 1].normal_pages - r[1].normal_pages;
    zero = r[nr - 1].zero_pages - r[1].zero_pages;
    g->zero_write_ratio = zero / (data + zero);
    passes = drop_tail(&finals[run - 1], g, p, passes);
    fit_classes(g, p, passes);
    draw_curve(&g->curve, p, passes);
    return g->nr_classes > 0;
}

/* Time of round 1 beyond its windows, by zero pages; most runs show none. */
static uint64_t zero_speed(const struct pub_round *r)
{
    double windows = (r[1].transferred_bytes - r[0].transferred_bytes) / window_bytes();
    double lost_s = (r[1].at_ms - r[0].at_ms) / 1000.0 - windows * WINDOW_S;
    double zero = r[1].zero_pages - r[0].zero_pages;

    return lost_s > 0.0 ? (uint64_t)(zero * PAGE / lost_s) : UNITS_UNLIMITED;
}

bool pub_host(const char *scenario, const char *postcopy, int run, struct pub_host *h)
{
    struct pub_final plain[PUB_RUNS], post[PUB_RUNS], *f;
    struct pub_round r[PUB_ROUNDS_MAX];
    uint32_t nr;
    double windows, s;

    if (!pub_finals(scenario, plain) || !pub_finals(postcopy, post) ||
        !pub_rounds(scenario, run, r, &nr))
        return false;
    /* nothing but copying is assumed in the blackout of the plain run */
    f = &plain[run - 1];
    h->copy_bytes_per_s = (uint64_t)(f->downtime_bytes / f->downtime_ms * 1000.0);
    h->zero_bytes_per_s = zero_speed(r);
    windows = (r[nr - 1].transferred_bytes - r[0].transferred_bytes) / window_bytes();
    s = (r[nr - 1].at_ms - r[0].at_ms) / 1000.0 / windows - WINDOW_S;
    h->window_slip_ns = llround(fmax(s, 0.0) * (double)NS_PER_S);
    f = &post[run - 1];
    windows = ceil(f->precopy_bytes / window_bytes() - 0.01);
    s = f->total_ms / 1000.0 - windows * WINDOW_S - f->postcopy_bytes / (double)h->copy_bytes_per_s;
    h->place_zero_ns = llround(fmax(s, 0.0) * (double)NS_PER_S / f->zero_pages);
    return true;
}
