/*
 * live.h - is the migration that runs now going as forecast?
 *
 * live_forecast() runs the samples of predict.h and keeps each one's way: how much it has sent, and
 * at which sync it is, at any moment.  live_line() then takes in the lines of the trace as they are
 * recorded (or as they stand in a file: a replayed capture gives the same answers), and live_look()
 * says, for a moment, where the samples are that look most like this migration, when they end, and
 * whether it still goes as any of them did.
 *
 * Nothing here has a formula of its own for a migration, and nothing reads a clock.
 */
#ifndef MIGCAST_ANSWERS_LIVE_H
#define MIGCAST_ANSWERS_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "answers/accuracy/predict.h"
#include "tracer/trace.h"

enum live_state {
    LIVE_WAITING,  /* no migration yet */
    LIVE_NORMAL,   /* within the band that holds 90 % of the samples */
    LIVE_UNUSUAL,  /* outside of that, but as some sample went */
    LIVE_ABNORMAL, /* as no sample went, for LIVE_PATIENCE_NS or more; or it ended as none did */
    LIVE_NR
};

/* One late window is no alarm: what is seen must be outside for so long. */
#define LIVE_PATIENCE_NS (2LL * 1000 * 1000 * 1000)
/* How much further than its farthest sample a forecast is taken to reach.  The samples spread what
 * was measured; what the model itself leaves out is of this size (replays: total time within 2 %;
 * forecasts: 90 % of the captures within 10 %). */
#define LIVE_MARGIN_RATIO 0.10
/* Of bytes: what goes in so long at the usual speed. */
#define LIVE_MARGIN_NS (500LL * 1000 * 1000)
#define LIVE_MARGIN_BYTES (256LL << 10)

struct live_view {
    enum live_state state;
    bool has_forecast;
    bool ended;
    char why[160];      /* "" unless state is UNUSUAL or ABNORMAL */
    int64_t elapsed_ns; /* since `migrate` */
    /* when it will have ended, since `migrate`: by the samples most like it; -1 = it has ended, or
     * runs longer than any sample */
    int64_t end_ns, end_low_ns, end_high_ns;
    double completes_share; /* of those, how many complete */
    /* seen, and the band of all samples (p5, p95) at this moment; -1 = nothing seen */
    int64_t sent_bytes, sent_low_bytes, sent_high_bytes;
    int64_t rounds, rounds_low, rounds_high;
    int64_t throttle_pct; /* 0 = not throttled */
    const char *status;   /* QEMU's; static or borrowed from the struct live */
};

struct live; /* opaque */

struct live *live_new(void); /* NULL when memory ran out */
void live_free(struct live *l);

/* live_forecast - from header and `before` of @facts, which are not kept. */
enum status live_forecast(struct live *l, const struct trace_facts *facts,
                          const struct predict_options *options, struct diag *diag);
/* live_adopt - take the forecast of @from, which has none afterwards; what was seen stays. */
void live_adopt(struct live *l, struct live *from);
/* What was forecast; valid once live_forecast() returned ST_OK. */
const struct prediction *live_prediction(const struct live *l);

/* live_line - take in one line.  Lines before the source's `migrate` change nothing. */
void live_line(struct live *l, const struct trace_line *line);

/* live_look - how it stands at @t_ns (of the trace's clock, not before the last line taken in). */
void live_look(struct live *l, int64_t t_ns, struct live_view *out);

/* Was any look abnormal?  @first_why (may be NULL) gets the reason of the first; borrowed. */
bool live_alarmed(const struct live *l, const char **first_why);

const char *live_state_name(enum live_state state);

#endif
