/* xbzrle.c - mean-field page cache. */
#include "models/xbzrle.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/units.h"
#include "models/wire.h"

void xbzrle_init(struct xbzrle *x, uint64_t cache_bytes, double change_ratio)
{
    double changed = change_ratio * (double)PAGE_BYTES;
    /* Changed bytes go out as they are; each stretch of them costs two lengths of one or two bytes.
     * With changes spread in pieces of about 16 bytes that is a quarter on top, at least one piece.
     */
    double encoded = changed + num_max(changed / 4.0, 5.0);

    memset(x, 0, sizeof(*x));
    x->slots = (double)(cache_bytes / PAGE_BYTES);
    x->page_bytes = encoded >= (double)PAGE_BYTES ? WIRE_PAGE_HEADER + (double)PAGE_BYTES
                                                  : WIRE_PAGE_HEADER + WIRE_XBZRLE_HEADER + encoded;
}

double xbzrle_round(struct xbzrle *x, const struct memory *mem, const struct dirty_model *model)
{
    double dirty = 0.0, hits = 0.0, used = 0.0, wanted = 0.0, fill;

    for (uint32_t k = 0; k < model->nr; k++) {
        double share = model->pages[k] > 0.0 ? x->cached[k] / model->pages[k] : 0.0;

        dirty += mem->known[k];
        hits += mem->known[k] * share;
        wanted += mem->known[k] * (1.0 - share);
        used += x->cached[k];
    }
    fill = wanted > 0.0 ? num_min(1.0, num_max(0.0, x->slots - used) / wanted) : 0.0;
    for (uint32_t k = 0; k < model->nr; k++) {
        double share = model->pages[k] > 0.0 ? x->cached[k] / model->pages[k] : 0.0;

        x->cached[k] =
            num_min(model->pages[k], x->cached[k] + fill * mem->known[k] * (1.0 - share));
    }
    return dirty > 0.0 ? num_min(hits / dirty, 1.0) : 0.0;
}
