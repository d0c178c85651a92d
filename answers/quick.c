/*
 * quick.c - from a few values to the text of a scenario, and from its messages back to the values.
 *
 * Leaves units, ranges and cross-checks to the scenario reader.  Invariant: the text is all there
 * is: whoever loads it elsewhere gets the very same scenario.
 */
#include "answers/quick.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "models/costs.h"

#include "base/banned.h"

#define HORIZON_LEAST_NS (3600 * NS_PER_S)
#define HORIZON_COPIES 50.0
/* 100 ms windows for a week are six million rounds, some seconds of work. */
#define HORIZON_MOST_NS (7 * (86400 * NS_PER_S))
/* Nova's 800 s a GiB is the longest that any shipped preset waits before it gives up. */
#define PRESET_WAITS_NS_PER_GIB (800 * NS_PER_S)
#define BITS 8.0

/* clang-format off */
const struct quick_row quick_rows[QUICK_NR] = {
    [QUICK_RAM]            = {"ram", "vm guest", "memory", false},
    [QUICK_DIRTY]          = {"dirty", "workload guest", "write_rate", false},
    [QUICK_LINK]           = {"link", "link path", "rate", false},
    [QUICK_WORKING_SET]    = {"working-set", "workload guest", "working_set", false},
    [QUICK_MODEL]          = {"model", "workload guest", "kind", false},
    [QUICK_ZERO]           = {"zero", "vm guest", "nonzero", false},
    [QUICK_VCPUS]          = {"vcpus", "vm guest", "vcpus", false},
    [QUICK_DOWNTIME_LIMIT] = {"downtime-limit", "migration", "downtime_limit", false},
    [QUICK_BANDWIDTH]      = {"bandwidth", "migration", "max_bandwidth", false},
    [QUICK_TIMEOUT]        = {"timeout", "migration", "completion_timeout", false},
    [QUICK_QEMU]           = {"qemu", "migration", "qemu", false},
    [QUICK_AUTO_CONVERGE]  = {"auto-converge", "migration", "auto_converge", true},
    [QUICK_POST_COPY]      = {"post-copy", "migration", "postcopy", true},
    [QUICK_MULTIFD]        = {"multifd", "migration", "multifd_channels", false},
    [QUICK_TLS]            = {"tls", "migration", "tls", true},
    [QUICK_PRESET]         = {"preset", "scenario", "preset", false},
    [QUICK_SEED]           = {"seed", "scenario", "seed", false},
    [QUICK_REPLICATIONS]   = {"replications", "scenario", "replications", false},
};

/* What is taken where nothing is given, as it is written; those not here are worked out, or left
 * to the scenario's own defaults. */
static const struct {
    const char *value, *said, *why;
} defaults[QUICK_NR] = {
    [QUICK_DIRTY]          = {"0B/s", "a guest that writes nothing", "none was given"},
    [QUICK_MODEL]          = {"uniform", "uniform writes",
                              "every page alike: the hardest case"},
    [QUICK_ZERO]           = {"", "no zero pages", "all memory holds something"},
    [QUICK_VCPUS]          = {"1", "", "the default"},
    [QUICK_DOWNTIME_LIMIT] = {"300ms", "downtime limit 300 ms", "QEMU's default"},
    [QUICK_BANDWIDTH]      = {"unlimited", "no bandwidth limit", "libvirt's default (QEMU: 128 MiB/s)"},
    [QUICK_TIMEOUT]        = {"none", "no timeout", "QEMU's default"},
    [QUICK_QEMU]           = {"8.2", "QEMU 8.2", "as in Ubuntu 24.04"},
    [QUICK_AUTO_CONVERGE]  = {"off", "", "QEMU's default"},
    [QUICK_POST_COPY]      = {"off", "", "QEMU's default"},
    [QUICK_MULTIFD]        = {"", "", "QEMU's default: one stream"},
    [QUICK_TLS]            = {"off", "", "QEMU's default"},
    [QUICK_PRESET]         = {"", "", "plain QEMU"},
    [QUICK_SEED]           = {"1", "", "the default"},
    [QUICK_REPLICATIONS]   = {"1", "", "no input is uncertain"},
};
/* clang-format on */

static enum status refuse(struct diag *diag, enum quick_value which, const char *what)
{
    return diag_set(diag, ST_EUSAGE, "--%s: %s", quick_rows[which].name, what);
}

/* The text is read line by line: nothing may end a line, begin a section or a comment. */
static enum status take_given(struct quick *q, enum quick_value which, const char *text,
                              struct diag *diag)
{
    struct quick_input *in = &q->inputs[which];

    in->given = true;
    if (quick_rows[which].flag) {
        snprintf(in->value, sizeof(in->value), "on");
        return ST_OK;
    }
    if (strlen(text) >= sizeof(in->value))
        return refuse(diag, which, "the value is too long");
    for (const char *p = text; *p; p++)
        if (*p < 0x20 || *p > 0x7e || *p == '#' || *p == ';')
            return refuse(diag, which, "the value holds a character that no value has");
    if (text[strspn(text, " ")] == '\0')
        return refuse(diag, which, "the value is empty");
    snprintf(in->value, sizeof(in->value), "%s", text);
    return ST_OK;
}

static bool is_uncertain(const char *value)
{
    return strstr(value, "..") || strchr(value, '(');
}

static enum status work_out_working_set(struct quick *q, uint64_t ram)
{
    struct quick_input *in = &q->inputs[QUICK_WORKING_SET];
    char size[UNITS_TEXT];

    if (in->given)
        return ST_OK;
    /* A guess, and said to be one: published working sets of loaded servers are 5 to 40 %. */
    units_size_exact(in->value, ram / 4);
    snprintf(in->said, sizeof(in->said), "working set %s (a quarter of the RAM)",
             units_size(size, ram / 4));
    snprintf(in->why, sizeof(in->why), "a quarter of the RAM, a guess");
    return ST_OK;
}

/* --zero is a share; the scenario wants the rest in bytes. */
static enum status work_out_nonzero(struct quick *q, uint64_t ram, char value[UNITS_TEXT],
                                    struct diag *diag)
{
    const struct quick_input *in = &q->inputs[QUICK_ZERO];
    double ratio = 0.0;

    snprintf(value, UNITS_TEXT, "all");
    if (!in->given)
        return ST_OK;
    if (units_parse_ratio(in->value, &ratio, NULL) != ST_OK || ratio < 0.0 || ratio > 1.0) {
        diag_hint(diag, "a share from 0%% to 100%%");
        return refuse(diag, QUICK_ZERO, "it is no share");
    }
    units_size_exact(value, (uint64_t)((double)ram * (1.0 - ratio)));
    return ST_OK;
}

/* hotcold needs a hot part; a tenth of the working set is the usual 90/10 rule with its 90 %. */
static enum status work_out_hot(const struct quick *q, char value[UNITS_TEXT], struct diag *diag)
{
    uint64_t bytes;

    value[0] = '\0';
    if (strcmp(q->inputs[QUICK_MODEL].value, "hotcold") != 0)
        return ST_OK;
    if (units_parse_size(q->inputs[QUICK_WORKING_SET].value, &bytes, NULL) != ST_OK)
        return refuse(diag, QUICK_MODEL, "hotcold needs a --working-set that is one size");
    units_size_exact(value, bytes / 10);
    return ST_OK;
}

static void add_line(struct strbuf *text, const char *key, const char *value)
{
    if (*value)
        strbuf_addf(text, "%s = %s\n", key, value);
}

static void add_value(struct quick *q, enum quick_value which)
{
    add_line(&q->text, quick_rows[which].key, q->inputs[which].value);
}

/* "150s/GiB" is a time for each GiB of memory, all else one time. */
static void add_timeout(struct quick *q)
{
    const char *value = q->inputs[QUICK_TIMEOUT].value;
    size_t len = strlen(value);

    if (len > 4 && strcmp(value + len - 4, "/GiB") == 0)
        strbuf_addf(&q->text, "completion_timeout_per_gib = %.*s\n", (int)(len - 4), value);
    else
        add_value(q, QUICK_TIMEOUT);
}

static void add_migration(struct quick *q)
{
    strbuf_addstr(&q->text, "\n[migration]\n");
    add_value(q, QUICK_QEMU);
    add_value(q, QUICK_BANDWIDTH);
    add_value(q, QUICK_DOWNTIME_LIMIT);
    add_timeout(q);
    add_value(q, QUICK_AUTO_CONVERGE);
    add_value(q, QUICK_POST_COPY);
    if (q->inputs[QUICK_POST_COPY].given)
        strbuf_addstr(&q->text, "postcopy_trigger = round\n");
    if (q->inputs[QUICK_MULTIFD].given)
        strbuf_addstr(&q->text, "multifd = on\n");
    add_value(q, QUICK_MULTIFD);
    add_value(q, QUICK_TLS);
}

static void make_text(struct quick *q, const char *nonzero, const char *hot)
{
    strbuf_clear(&q->text);
    strbuf_addstr(&q->text, "# One migration, as described to migcast quick.\n\n[scenario]\n");
    add_value(q, QUICK_PRESET);
    add_value(q, QUICK_SEED);
    add_value(q, QUICK_REPLICATIONS);
    add_line(&q->text, "horizon", q->horizon);
    strbuf_addstr(&q->text, "\n[host source]\n\n[host target]\n\n[link path]\n");
    add_value(q, QUICK_LINK);
    strbuf_addstr(&q->text, "\n[workload guest]\n");
    add_value(q, QUICK_MODEL);
    add_value(q, QUICK_DIRTY);
    add_value(q, QUICK_WORKING_SET);
    add_line(&q->text, "hot", hot);
    strbuf_addstr(&q->text, "\n[vm guest]\nhost = source\n");
    add_value(q, QUICK_RAM);
    add_line(&q->text, "nonzero", nonzero);
    add_value(q, QUICK_VCPUS);
    strbuf_addstr(&q->text, "workload = guest\n");
    add_migration(q);
    strbuf_addstr(&q->text, "\n[request move]\nvm = guest\ntarget = target\n");
}

/* A message about a line of the text becomes one about an option. */
static enum status translate(enum status st, struct diag *diag)
{
    char what[DIAG_TEXT];
    const char *key;

    if (st != ST_EINPUT || !diag)
        return st;
    key = strcmp(diag->key, "completion_timeout_per_gib") == 0 ? "completion_timeout" : diag->key;
    snprintf(what, sizeof(what), "%s", diag->what);
    diag->file[0] = diag->section[0] = '\0';
    diag->line = 0;
    for (int i = 0; i < QUICK_NR; i++)
        if (strcmp(quick_rows[i].key, key) == 0) {
            diag->key[0] = '\0';
            return refuse(diag, (enum quick_value)i, what);
        }
    return ST_EUSAGE;
}

static enum status load(struct quick *q, struct diag *diag)
{
    if (strbuf_failed(&q->text))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    return translate(scenario_load_text(&q->sc, "quick", strbuf_text(&q->text), NULL, 0, diag),
                     diag);
}

/* Long enough for whatever converges, and bounded for what does not. */
static void bound_horizon(struct quick *q)
{
    const struct scn_link *link = &q->sc.links[0];
    const struct scn_migration *m = &q->sc.migrations[0];
    double memory = (double)q->sc.vms[0].guest->memory_bytes;
    double rate = uncertain_mid(&link->rate_bps) * link->efficiency_ratio / BITS;
    double copy_ns, timeout_ns, horizon_ns;

    rate = fmin(rate, uncertain_mid(&m->max_bandwidth_bytes_per_s));
    rate = fmin(rate, (double)q->sc.hosts[0].costs->copy_bytes_per_s);
    copy_ns = memory / fmax(rate, 1.0) * (double)NS_PER_S;
    timeout_ns = (double)m->params.completion_timeout_ns +
                 (double)m->params.completion_timeout_ns_per_gib * memory / (double)GIB;
    horizon_ns = fmax((double)HORIZON_LEAST_NS, HORIZON_COPIES * copy_ns);
    horizon_ns = fmin(horizon_ns, fmax((double)HORIZON_MOST_NS, 2.0 * copy_ns));
    if (q->inputs[QUICK_PRESET].given)
        timeout_ns = fmax(timeout_ns, PRESET_WAITS_NS_PER_GIB * memory / (double)GIB);
    horizon_ns = fmax(horizon_ns, 2.0 * timeout_ns);
    horizon_ns = fmin(horizon_ns, 3650.0 * 86400.0 * (double)NS_PER_S);
    units_time_exact(q->horizon, (int64_t)ceil(horizon_ns / 60e9) * (60 * NS_PER_S));
}

static enum status build(struct quick *q, struct diag *diag)
{
    char nonzero[UNITS_TEXT], hot[UNITS_TEXT];
    uint64_t ram;
    enum status st = units_parse_size(q->inputs[QUICK_RAM].value, &ram, diag);

    if (st != ST_OK) {
        snprintf(diag->key, sizeof(diag->key), "%s", quick_rows[QUICK_RAM].key);
        return translate(st, diag);
    }
    st = work_out_working_set(q, ram);
    if (st == ST_OK)
        st = work_out_nonzero(q, ram, nonzero, diag);
    if (st == ST_OK)
        st = work_out_hot(q, hot, diag);
    if (st != ST_OK)
        return st;
    make_text(q, nonzero, hot);
    st = load(q, diag);
    if (st != ST_OK)
        return st;
    bound_horizon(q);
    scenario_release(&q->sc);
    make_text(q, nonzero, hot);
    return load(q, diag);
}

/* What a preset settles: it stays unsaid, or it would lie over the preset. */
static bool is_presets_own(const char *const given[QUICK_NR], enum quick_value which)
{
    return given[QUICK_PRESET] && strcmp(quick_rows[which].section, "migration") == 0;
}

enum status quick_init(struct quick *q, const char *const given[QUICK_NR], struct diag *diag)
{
    struct diag unwanted;
    enum status st = ST_OK;
    bool uncertain = false;

    *q = (struct quick){.text = STRBUF_INIT};
    diag = diag ? diag : &unwanted;
    if (!given[QUICK_RAM] || !given[QUICK_LINK]) {
        diag_hint(diag, "such as: migcast quick --ram 64GiB --dirty 200MB/s --link 10Gb/s");
        return diag_set(diag, ST_EUSAGE, "--%s is missing", given[QUICK_RAM] ? "link" : "ram");
    }
    for (int i = 0; i < QUICK_NR && st == ST_OK; i++) {
        struct quick_input *in = &q->inputs[i];

        if (given[i]) {
            st = take_given(q, (enum quick_value)i, given[i], diag);
            uncertain |= is_uncertain(in->value);
        } else if (is_presets_own(given, (enum quick_value)i)) {
            snprintf(in->why, sizeof(in->why), "as the preset has it");
        } else if (defaults[i].value) {
            snprintf(in->value, sizeof(in->value), "%s", defaults[i].value);
            snprintf(in->said, sizeof(in->said), "%s", defaults[i].said);
            snprintf(in->why, sizeof(in->why), "%s", defaults[i].why);
        }
    }
    if (st == ST_OK && uncertain && !q->inputs[QUICK_REPLICATIONS].given) {
        struct quick_input *in = &q->inputs[QUICK_REPLICATIONS];

        snprintf(in->value, sizeof(in->value), "%d", QUICK_REPLICATIONS_UNCERTAIN);
        snprintf(in->why, sizeof(in->why), "an input is uncertain");
    }
    if (st == ST_OK)
        st = build(q, diag);
    if (st != ST_OK)
        quick_release(q);
    return st;
}

void quick_release(struct quick *q)
{
    scenario_release(&q->sc);
    strbuf_release(&q->text);
    *q = (struct quick){.text = STRBUF_INIT};
}

void quick_assumed(const struct quick *q, struct strbuf *out)
{
    const char *comma = "";

    for (int i = 0; i < QUICK_NR; i++) {
        const struct quick_input *in = &q->inputs[i];

        if (in->given || !in->said[0])
            continue;
        strbuf_addf(out, "%s%s", comma, in->said);
        comma = ", ";
    }
}

void quick_explain(const struct quick *q, struct strbuf *out)
{
    for (int i = 0; i < QUICK_NR; i++) {
        const struct quick_input *in = &q->inputs[i];

        strbuf_addf(out, "  %-15s %-14s %s%s\n", quick_rows[i].name, in->value[0] ? in->value : "-",
                    in->given ? "given" : "assumed: ", in->given ? "" : in->why);
    }
    strbuf_addf(out, "  %-15s %-14s the simulation ends there\n", "horizon", q->horizon);
}
