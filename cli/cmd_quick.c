/*
 * cmd_quick.c - `migcast quick`: one migration without a file.
 *
 * Takes the options, lets answers/quick.c make a scenario of them, and goes on as `run` does.
 */
#include <inttypes.h>
#include <string.h>

#include "answers/quick.h"
#include "cli/simulate.h"

#include "base/banned.h"

enum {
    SEED_TEXT = 24,
    FACTS_INDENT = 16, /* as in the report above */
    LINE = 80
};

static void collect(const struct cli_opts *o, const char *given[QUICK_NR], char seed[SEED_TEXT])
{
    for (int i = 0; i < QUICK_NR; i++)
        if (i != QUICK_SEED)
            given[i] = cli_value(o, quick_rows[i].name);
    given[QUICK_SEED] = NULL;
    if (!o->has_seed)
        return;
    snprintf(seed, SEED_TEXT, "%" PRIu64, o->seed);
    given[QUICK_SEED] = seed;
}

/* What was assumed, wrapped at commas to the width of the report. */
static void add_assumed(struct strbuf *out, const struct quick *q)
{
    struct strbuf words = STRBUF_INIT;
    size_t column = FACTS_INDENT;

    quick_assumed(q, &words);
    if (words.len == 0)
        return;
    strbuf_addf(out, "%-*s", FACTS_INDENT, "assumed:");
    for (const char *at = strbuf_text(&words); *at;) {
        const char *comma = strstr(at, ", ");
        size_t len = comma ? (size_t)(comma - at) + 1 : strlen(at);

        if (column + len + 1 > LINE && column > FACTS_INDENT) {
            strbuf_addf(out, "\n%*s", FACTS_INDENT, "");
            column = FACTS_INDENT;
        }
        strbuf_addf(out, "%s%.*s", column > FACTS_INDENT ? " " : "", (int)len, at);
        column += len + 1;
        at += comma ? len + 1 : len;
    }
    strbuf_addch(out, '\n');
    strbuf_release(&words);
}

struct tail {
    const struct quick *q;
    bool explain;
};

static void add_tail(struct strbuf *out, const void *arg)
{
    const struct tail *tail = arg;

    if (!tail->explain) {
        add_assumed(out, tail->q);
        return;
    }
    strbuf_addstr(out, "\nInputs\n");
    quick_explain(tail->q, out);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    const char *given[QUICK_NR];
    char seed[SEED_TEXT];
    struct quick q;
    struct tail tail = {&q, cli_flag(o, "explain-inputs")};
    bool text = !o->json && !cli_flag(o, "csv");
    enum status st;

    if (tail.explain && !text)
        return diag_set(diag, ST_EUSAGE, "--explain-inputs goes with text only");
    collect(o, given, seed);
    st = quick_init(&q, given, diag);
    if (st != ST_OK)
        return st;
    if (cli_flag(o, "print-scenario"))
        st = cli_emit(o, &q.text, diag);
    else
        st = simulate(o, &q.sc, o->db, text ? add_tail : NULL, &tail, diag);
    quick_release(&q);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "ram", .arg = "SIZE", .help = "guest memory"},
    {.name = "dirty", .arg = "RATE", .help = "how fast the guest writes, 4 KiB for each page written"},
    {.name = "link", .arg = "RATE", .help = "nominal rate of the link"},
    {.name = "working-set", .arg = "SIZE",
     .help = "memory that is written again and again (default: a quarter of the RAM)"},
    {.name = "model", .arg = "uniform|hotcold|zipf|sequential",
     .help = "how the writes spread over the working set"},
    {.name = "zero", .arg = "SHARE", .help = "share of the memory whose pages are all zero"},
    {.name = "vcpus", .arg = "N", .help = "vCPUs of the guest"},
    {.name = "downtime-limit", .arg = "TIME", .help = "QEMU's downtime-limit (default: 300ms)"},
    {.name = "bandwidth", .arg = "RATE", .help = "QEMU's max-bandwidth (default: unlimited)"},
    {.name = "timeout", .arg = "TIME", .help = "give up after this long, or as 150s/GiB"},
    {.name = "qemu", .arg = "VERSION", .help = "QEMU release to follow (default: 8.2)"},
    {.name = "auto-converge", .help = "let QEMU slow the guest down"},
    {.name = "post-copy", .help = "switch to post-copy after the first round"},
    {.name = "multifd", .arg = "N", .help = "send over N streams"},
    {.name = "tls", .help = "encrypt the streams"},
    {.name = "preset", .arg = "NAME",
     .help = "as this platform moves it, with its settings, waits and limits (`migcast presets`); "
             "options given here lie over it"},
    {.name = "explain-inputs", .help = "list all inputs, given and assumed, and why"},
    {.name = "print-scenario", .help = "print the scenario file that means the same, and stop"},
    SIMULATE_OPTIONS,
    {0},
};
/* clang-format on */

const struct cmd cmd_quick = {
    .name = "quick",
    .args = "--ram SIZE --link RATE [--dirty RATE] [OPTIONS]",
    .help = "forecast one migration without a file",
    .about =
        "Describes one migration between two hosts with a few options and simulates it as 'run' "
        "would. What is not given is assumed, and the report says so. --dirty, --working-set, "
        "--link and --bandwidth may be intervals or distributions (100MB/s..300MB/s, "
        "normal(200MB/s, 30MB/s)); then 200 replications show what that uncertainty does.\n\n"
        "The simulation ends after an hour, or after the time of fifty full copies if that is "
        "longer; a migration that still runs then is said never to converge. Rows are kept only "
        "with --db.\n\n"
        "  migcast quick --ram 64GiB --dirty 200MB/s --link 10Gb/s\n"
        "  migcast quick --ram 16GiB --dirty 300MB/s --link 1Gb/s --auto-converge\n"
        "  migcast quick --ram 16GiB --dirty 60MB/s --link 1Gb/s --preset kubevirt-1.9",
    .shared = CLI_SEED | CLI_JOBS | CLI_DB | CLI_OUTPUT | CLI_JSON,
    .options = options,
    .max_args = 0,
    .run = run,
};
