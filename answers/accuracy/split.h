/*
 * split.h - which captures are repeats of one configuration, and which half it belongs to.
 *
 * The rule stands in tests/corpus/README.md and was written down before the first capture: a
 * configuration is its case name, or the name of its link's group, without the `-rN` of the repeat;
 * it belongs to validation when the xxHash64 (seed 0) of that name is odd.  So all repeats, and all
 * members of a shared link, are on one side, and nobody picks.
 */
#ifndef MIGCAST_ANSWERS_SPLIT_H
#define MIGCAST_ANSWERS_SPLIT_H

#include "tracer/facts.h"

enum split_part {
    SPLIT_CALIBRATION,
    SPLIT_VALIDATION,
    SPLIT_NR
};

/* split_config_name - the configuration of a capture. */
char *split_config_name(char buf[FACTS_TEXT], const struct facts_header *header);
/* split_case_name - the same, with the member of a shared link: what repeats are repeats of. */
char *split_case_name(char buf[2 * FACTS_TEXT], const struct facts_header *header);
/* split_part - of a configuration. */
enum split_part split_part(const char *config);
const char *split_part_name(enum split_part part); /* "calibration", "validation" */

/* A numbering of captures: equal numbers where the names are equal, from 0 by first appearance. */
struct split {
    size_t nr, nr_configs, nr_cases;
    size_t *config_of, *case_of; /* nr each */
    enum split_part *part_of;    /* nr_configs */
};

/* split_init - of @nr captures.  ST_OK or ST_ENOMEM; release with split_release() in both cases. */
enum status split_init(struct split *split, const struct trace_facts *facts, size_t nr);
void split_release(struct split *split);

#endif
