/*
 * observed.c - a capture, played to the live forecast.
 */
#include "answers/accuracy/observed.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

#include "base/banned.h"

#define LOOK_EVERY_NS (250 * NS_PER_MS)

static void look(struct observed *out, struct live *l, int64_t t_ns)
{
    live_look(l, t_ns, &out->last);
    out->looks[out->last.state]++;
    if (out->last.state > out->state)
        out->state = out->last.state;
    if (out->abnormal_ns >= 0 || !live_alarmed(l, NULL))
        return;
    out->abnormal_ns = out->last.elapsed_ns;
    snprintf(out->why, sizeof(out->why), "%s", out->last.why);
}

static enum status play(struct observed *out, struct live *l, struct trace_reader *r,
                        struct diag *diag)
{
    int64_t next_ns = 0, t_ns = 0;
    struct trace_line line;
    bool migrates = false;
    enum status st;

    for (;;) {
        st = trace_next(r, &line, diag);
        if (st != ST_OK || line.kind == TRACE_END)
            break;
        migrates |= line.kind == TRACE_COMMAND && strcmp(line.name, "migrate") == 0;
        t_ns = line.t_ns;
        live_line(l, &line);
        if (!migrates || t_ns < next_ns)
            continue;
        look(out, l, t_ns);
        next_ns = t_ns + LOOK_EVERY_NS;
    }
    if (st == ST_OK && migrates)
        look(out, l, t_ns);
    return st;
}

enum status observed_play(struct observed *out, const char *path, const struct trace_facts *facts,
                          const struct predict_options *options, struct diag *diag)
{
    struct live *l = live_new();
    struct trace_reader *r = NULL;
    enum status st;

    *out = (struct observed){.state = LIVE_WAITING, .abnormal_ns = -1};
    if (!l)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = live_forecast(l, facts, options, diag);
    if (st == ST_OK)
        st = trace_open(&r, path, diag);
    if (st == ST_OK)
        st = play(out, l, r, diag);
    if (r)
        trace_close(r);
    if (st == ST_OK)
        out->forecast = *live_prediction(l);
    live_free(l);
    return st;
}
