/* check_int.h - what the files of this folder share; nobody else includes it. */
#ifndef MIGCAST_ANSWERS_CHECK_INT_H
#define MIGCAST_ANSWERS_CHECK_INT_H

#include "answers/check/check.h"

/* check_inputs - @result->changes from its two entries, in the order of the scenario, and then what
 * is gone.  ST_OK or ST_ENOMEM. */
enum status check_inputs(struct check_result *result);

#endif
