/*
 * memory.c - the mean-field sync.
 *
 * Invariant: 0 <= known[k] <= pages[k].
 */
#include "models/memory.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
void memory_init(struct memory *mem, const struct dirty_model *model, double chunks)
{
    assert(chunks >= 1.0);
    mem->chunks = chunks;
    for (uint32_t k = 0; k < model->nr; k++)
        mem->known[k] = model->pages[k];
}

/*
 * Chance that a page which was sent in this round is dirty again: the mean over chunks i = 0..C-1,
 * opened at tau i / C, of 1 - exp(-x (1 - i/C)), x = writes per page in tau.  The sum is geometric.
 */
static double redirtied(double x, double chunks)
{
    double step = x / chunks;

    if (chunks <= 1.0)
        return -expm1(-x);
    if (step < 1e-9)
        return x * (chunks + 1.0) / (2.0 * chunks);
    return 1.0 + expm1(-x) / (chunks * expm1(step));
}

static double sequential_sync(double pages, double known, double unsent, double written,
                              double chunks)
{
    double sent_share = pages > 0.0 ? (known - unsent) / pages : 0.0;
    /* a sent page counts only what is written after its chunk opened: half the round on average */
    double late = chunks <= 1.0 ? 1.0 : (chunks + 1.0) / (2.0 * chunks);
    double reach = num_min(written * (1.0 - sent_share + sent_share * late), pages);

    return num_min(reach, pages - unsent);
}

double memory_sync(struct memory *mem, const struct dirty_model *model, double tau,
                   double unsent_share)
{
    double newly = 0.0;

    assert(tau >= 0.0 && unsent_share >= 0.0 && unsent_share <= 1.0);
    for (uint32_t k = 0; k < model->nr; k++) {
        double n = model->pages[k];
        double known = mem->known[k];
        double unsent = known * unsent_share;
        double written = model->writes_per_s[k] * tau;
        double add;

        if (model->sequential[k]) {
            add = sequential_sync(n, known, unsent, written, mem->chunks);
        } else {
            double clean = -expm1(-written / n);
            double sent = mem->chunks <= 1.0 ? clean : redirtied(written / n, mem->chunks);

            add = (known - unsent) * sent + (n - known) * clean;
        }
        mem->known[k] = num_min(unsent + add, n);
        newly += add;
    }
    return newly;
}
