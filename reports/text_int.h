/* text_int.h - what the parts of the terminal report share; words.c borrows the advice from it. */
#ifndef MIGCAST_REPORTS_TEXT_INT_H
#define MIGCAST_REPORTS_TEXT_INT_H

#include "reports/report.h"
#include "reports/summary.h"

struct text {
    struct strbuf *out;
    const struct report_text_opts *opts;
    size_t width; /* columns */
    const struct run_result *run;
    struct summary sum;
};

enum tone {
    TONE_GOOD,
    TONE_DOUBT,
    TONE_BAD,
    TONE_HEADING
};

/* text_tone - @word, coloured where colours are on. */
void text_tone(struct text *t, enum tone tone, const char *word);
/* text_wrap - @words from column @used on, broken at blanks; further lines begin at @indent; and a
 * newline. */
void text_wrap(struct text *t, const char *words, size_t used, size_t indent);
/* text_fact - a labelled line: "  limited by     link". */
void text_fact(struct text *t, const char *label, const char *words);
/* text_decimal - @value with at most one decimal, whatever the locale; "-" if it is not finite. */
void text_decimal(struct strbuf *out, double value);

/* advice_add - the smallest changes that would let @mig end well, in words; false if there is none.
 */
bool advice_add(struct strbuf *out, const struct run_result *run, size_t mig);
/* advice_has_fixes - was a change for @mig found by simulation? */
bool advice_has_fixes(const struct run_result *run, size_t mig);

/* text_cluster.c: nothing where there is none */
void text_hazards(struct text *t);
void text_operations(struct text *t);
void text_course(struct text *t);
/* text_tables.c */
void text_spread_table(struct text *t);
void text_vm_table(struct text *t);
void text_fix_table(struct text *t);
void text_round_table(struct text *t, const struct mig_result *mig);

#endif
