/*
 * explain_words.h - the first lines of an explanation: a few sentences a colleague would believe.
 */
#ifndef MIGCAST_ANSWERS_EXPLAIN_WORDS_H
#define MIGCAST_ANSWERS_EXPLAIN_WORDS_H

#include "answers/explain/explain.h"
#include "base/strbuf.h"

/* explain_verdict - one sentence: what became of it, and in how many replications. */
void explain_verdict(const struct explain *e, struct strbuf *out);
/* explain_story - how it came, a sentence a line: the wait, the target, the copy, what kept it or
 * let it converge, the blackout.  Nothing where the VM is never asked to move. */
void explain_story(const struct explain *e, struct strbuf *out);
/* explain_blackout - the parts of the told attempt's blackout; false when the guest never stopped
 * or it was not kept. */
struct explain_part {
    const char *what;
    int64_t ns;
};
enum {
    EXPLAIN_PARTS = 6
};
size_t explain_blackout(const struct explain *e, struct explain_part parts[EXPLAIN_PARTS]);
/* explain_pick_words - "the median of those that completed", "the worst". */
const char *explain_pick_words(const struct explain *e);

#endif
