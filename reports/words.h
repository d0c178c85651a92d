/*
 * words.h - verdict, thresholds, fates, hazards and operations in words that several forms share.
 *
 * The words are plain: each form escapes them for itself.
 */
#ifndef MIGCAST_REPORTS_WORDS_H
#define MIGCAST_REPORTS_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "reports/summary.h"

/* words_makespan - "; 2 h 14 min from the first request to the last end", nothing where none ended.
 */
void words_makespan(struct strbuf *out, const struct summary *sum);

/* words_verdict - one sentence about the run, with its full stop; returns its verdict, such as
 * "COMPLETED". */
const char *words_verdict(struct strbuf *out, const struct summary *sum);

/* words_value - a threshold's value or limit with its unit; "nothing to judge" for NaN. */
void words_value(struct strbuf *out, double value, enum value_unit unit);

/* words_judgement - "ok", "crossed", "warning", "not decided" or "no data". */
const char *words_judgement(const struct threshold_result *th);
/* words_interval - "95 %: 1 min 58 s .. 2 min 10 s", "95 %: at least 1 min 58 s"; nothing where
 * there is none. */
void words_interval(struct strbuf *out, const struct threshold_result *th);

/* words_attempts - "of 675 attempts", for a share of them where some migrations were tried again:
 * the verdict counts migrations.  After a comma if @out holds something. */
void words_attempts(struct strbuf *out, const struct threshold_result *th,
                    const struct summary *sum);
/* words_urgency - in which order readers want thresholds: 2 = crossed, 1 = in doubt, 0 = met. */
int words_urgency(const struct threshold_result *th);
/* words_doubt - "about 61 replications would decide it" of a threshold that is in doubt, else
 * nothing. */
void words_doubt(struct strbuf *out, const struct threshold_result *th);
/* words_measured - "measured 2 min 05 s (95 %: ...), limit 2 min 00 s", and what is in doubt. */
void words_measured(struct strbuf *out, const struct threshold_result *th);

/* words_counts - "3 timeout, 2 rejected": what is not zero of @outcomes, from @from on. */
void words_counts(struct strbuf *out, const size_t outcomes[OUTCOME_NR], enum outcome from);

/* words_fate - how the migration of one VM ended, over its replications: outcome and reason, total
 * time, downtime, what bound it, and the smallest change that would help. */
void words_fate(struct strbuf *out, const struct summary *sum, const struct summary_group *group);

/* Migrations of a group, by their place in the run; WORDS_NONE. */
#define WORDS_NONE SIZE_MAX
/* words_fixed - that of @group for which changes were found by simulation; WORDS_NONE. */
size_t words_fixed(const struct summary *sum, const struct summary_group *group);
/* words_advice - the smallest changes that would let @mig, a row of @run, end well; false if there
 * is none. */
bool words_advice(struct strbuf *out, const struct run_result *run, size_t mig);

/* words_telling - the first of @group that did not complete; the first of all if each did. */
size_t words_telling(const struct summary *sum, const struct summary_group *group);

/* words_hazard_told - is it worth a line?  Of one migration the figures say as much of post-copy.
 */
bool words_hazard_told(const struct summary *sum, const struct hazard_result *hazard);
/* words_hazard - its text, and in how many replications it shows. */
void words_hazard(struct strbuf *out, const struct run_result *run,
                  const struct hazard_result *hazard);

/* words_operation - "3 of 4 hosts done; 12 moves; 2 VMs stay; node-4 waits for db-7: no target". */
void words_operation(struct strbuf *out, const struct op_result *op);
/* words_operation_stands - the part after the last number: which host waits or was given up, and
 * why; nothing if none does. */
void words_operation_stands(struct strbuf *out, const struct op_result *op);
/* words_operation_done - in how many replications the operation of this name was done with all its
 * hosts. */
uint32_t words_operation_done(const struct run_result *run, const char *name);

/* words_replication - what a chart of one replication shows: "Replication 3, of the median makespan
 * among 20; seed 7".  @first: its first migration. */
void words_replication(struct strbuf *out, const struct run_result *run, size_t first);
/* words_sample - what a distribution is made from: "n = 400 migrations, 20 replications, seed 7".
 */
void words_sample(struct strbuf *out, const struct run_result *run, size_t nr);

/* words_queue - of the typical replication: "up to 40 wait (first at 29 min 00 s); up to 8 run";
 * nothing where nothing waits.  False when memory ran out. */
bool words_queue(struct strbuf *out, const struct run_result *run);
/* words_links - "link backbone is full for 74 s of 75 s", or which link is used most; nothing
 * without links. */
void words_links(struct strbuf *out, const struct run_result *run);
/* words_link_full_ns - how long a link was full: at 95 % or more of what migrations can have. */
int64_t words_link_full_ns(const struct link_result *link);

/* words_escape - @text (NULL: "-"), where @special gives what to write for the character at @at
 * (NULL: as it is).  Other control characters and direction marks are shown as reports/cell.h does.
 */
void words_escape(struct strbuf *out, const char *text, const char *(*special)(const char *at));

/* words_outcome - the outcome as people say it: one that still runs at the horizon is not "queued".
 */
const char *words_outcome(const struct mig_result *mig);

#endif
