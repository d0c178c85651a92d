/*
 * html_method.c - how the figures were made, so that anyone can make them again.
 *
 * Names the program, the seed and the digest of the inputs, and every value that is not a built-in
 * default with the file, preset or option that gave it.
 */
#include "reports/html_int.h"

#include <string.h>

#include "base/banned.h"

static bool first_of_file(const struct run_result *run, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(run->inputs[k].file, run->inputs[i].file) == 0)
            return false;
    return true;
}

/* "28 from rack.ini, 3 from kubevirt-1.8" */
static void add_files(struct html *h)
{
    const struct run_result *run = h->run;
    bool any = false;

    for (size_t i = 0; i < run->nr_inputs; i++) {
        size_t nr = 0;

        if (!first_of_file(run, i))
            continue;
        for (size_t k = i; k < run->nr_inputs; k++)
            nr += strcmp(run->inputs[k].file, run->inputs[i].file) == 0;
        strbuf_addf(h->out, "%s%zu from <code>", any ? ", " : "", nr);
        html_text(h, run->inputs[i].file);
        strbuf_addstr(h->out, "</code>");
        any = true;
    }
}

static void add_inputs(struct html *h)
{
    static const char *const heads[] = {"Section", "Key", "Value", "From", NULL};
    const struct run_result *run = h->run;

    if (run->nr_inputs == 0)
        return;
    html_heading(h, "inputs", "Where the inputs come from");
    strbuf_addf(h->out, "<p>%zu values are given, the others are built-in defaults: ",
                run->nr_inputs_given);
    add_files(h);
    strbuf_addstr(h->out,
                  ". A preset names the source of each of its numbers: <code>migcast presets show "
                  "NAME</code>.</p>\n<details><summary>The values given</summary>\n");
    html_open_table(h, "inputs", "As they count, presets and includes resolved", heads);
    for (size_t i = 0; i < run->nr_inputs; i++) {
        const struct input_result *in = &run->inputs[i];

        strbuf_addstr(h->out, "<tr><th scope=\"row\">");
        html_name(h, in->section);
        strbuf_addstr(h->out, "</th><td class=\"l\"><code>");
        html_text(h, in->key);
        strbuf_addstr(h->out, "</code></td><td class=\"l\">");
        html_name(h, in->value);
        strbuf_addstr(h->out, "</td><td class=\"l\">");
        html_text(h, in->file);
        if (in->line)
            strbuf_addf(h->out, ":%lu", in->line);
        strbuf_addstr(h->out, "</td></tr>\n");
    }
    html_close_table(h);
    if (run->nr_inputs < run->nr_inputs_given)
        strbuf_addf(h->out,
                    "<p class=\"note\">The first %zu; <code>migcast config show --origin</code> "
                    "tells all.</p>\n",
                    run->nr_inputs);
    strbuf_addstr(h->out, "</details>\n");
}

void html_method(struct html *h)
{
    const struct run_result *run = h->run;

    html_section(h, "method", "Method and inputs");
    strbuf_addstr(h->out, "<dl><dt>Scenario</dt><dd>");
    html_name(h, run->scenario);
    strbuf_addstr(h->out, "</dd><dt>Inputs</dt><dd><code>");
    html_text(h, run->digest);
    strbuf_addf(h->out,
                "</code> &ndash; the same digest means the same resolved inputs, presets "
                "included</dd><dt>Seed</dt><dd>%llu</dd><dt>Replications</dt><dd>%u</dd>"
                "<dt>Program</dt><dd>migcast ",
                (unsigned long long)run->seed, run->replications);
    html_text(h, run->version);
    strbuf_addstr(h->out, "</dd><dt>To reproduce</dt><dd>");
    if (strcmp(run->scenario ? run->scenario : "", "quick") == 0) {
        strbuf_addf(h->out,
                    "the same <code>migcast quick</code> options with <code>--seed "
                    "%llu</code>",
                    (unsigned long long)run->seed);
    } else {
        strbuf_addstr(h->out, "<code>migcast run ");
        html_text(h, run->scenario);
        strbuf_addf(h->out,
                    " --seed %llu</code>, with the same <code>--set</code> if there were "
                    "any; same inputs, seed and version give the same rows",
                    (unsigned long long)run->seed);
    }
    strbuf_addstr(
        h->out,
        "</dd>"
        "<dt>Total time</dt><dd>from the <code>migrate</code> command to the end, as QEMU counts "
        "it</dd>"
        "<dt>Downtime</dt><dd>QEMU's downtime; in the blackout no vCPU runs on either side</dd>"
        "<dt>Round</dt><dd>one pass over the dirty memory; the first is the full copy</dd>"
        "<dt>Sample</dt><dd>quantiles are taken over all migrations of all replications that "
        "started; one that ended early counts with the time until then</dd></dl>\n");
    add_inputs(h);
}
