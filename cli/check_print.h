/*
 * check_print.h - what `migcast check` found, in the forms that it can be had in.
 */
#ifndef MIGCAST_CLI_CHECK_PRINT_H
#define MIGCAST_CLI_CHECK_PRINT_H

#include "answers/check/check.h"
#include "cli/cmd.h"

/* One scenario, or the captures. */
struct check_item {
    const char *path; /* as given: what annotations point at */
    struct check_result result;
};

struct check_view {
    const struct cli_opts *o;
    const char *baseline;
    size_t nr;
    const struct check_item *items;
};

/* check_form - "text", "json", "junit", "markdown", "github"; NULL for any other. */
typedef void check_form(struct strbuf *out, const struct check_view *v);
check_form *check_form_find(const char *name);

void check_add_text(struct strbuf *out, const struct check_view *v);
void check_add_json(struct strbuf *out, const struct check_view *v);
void check_add_junit(struct strbuf *out, const struct check_view *v);
void check_add_markdown(struct strbuf *out, const struct check_view *v);
void check_add_github(struct strbuf *out, const struct check_view *v);

/* ---- words that the forms share ---- */

/* "regressed", "improved", "no change" or "new": of a result as a whole. */
enum check_verdict check_whole_verdict(const struct check_result *r);
/* check_words_counts - "2 of 12 measures regressed; 3 of 120 figures of VMs regressed". */
void check_words_counts(struct strbuf *out, const struct check_result *r);
/* check_words_value - "312 ms", "4.5 %"; "-" for NaN. */
void check_words_value(struct strbuf *out, double value, enum value_unit unit);
/* check_words_change - "+12.1 % (+10.4 .. +13.9 %)"; "" without one.  Of what was 0, the
 * difference. */
void check_words_change(struct strbuf *out, const struct check_finding *f);
/* check_words_p - "p 0.012", "p < 0.001". */
void check_words_p(struct strbuf *out, const struct check_finding *f);
/* check_words_finding - "downtime.p99 regressed: 312 ms -> 349 ms, +12 % ..., p < 0.001". */
void check_words_finding(struct strbuf *out, const struct check_finding *f);
/* check_words_input - "[migration] max_bandwidth: unlimited -> 32MiB/s". */
void check_words_input(struct strbuf *out, const struct check_change *c);
/* check_words_share - "undone alone, takes back 95 % of downtime.p99"; nothing if not known. */
void check_words_share(struct strbuf *out, const struct check_result *r,
                       const struct check_change *c);
/* check_words_why - "inputs that changed: ... (x.ini:12)", or what else may be why. */
void check_words_why(struct strbuf *out, const struct check_result *r, size_t most);
/* check_words_note - the @i-th thing to know before the figures; false = no more. */
bool check_words_note(struct strbuf *out, const struct check_result *r, size_t i);
/* check_place - file and line to point at: of the first input that changed, else the scenario. */
const char *check_place(const struct check_item *item, unsigned long *line);

#endif
