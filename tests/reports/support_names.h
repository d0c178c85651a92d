/*
 * support_names.h - names that would break out of a form that does not escape them.
 */
#ifndef MIGCAST_TESTS_REPORTS_SUPPORT_NAMES_H
#define MIGCAST_TESTS_REPORTS_SUPPORT_NAMES_H

#include <stddef.h>

/* Each is one name.  All but those from support_nr_printable on can be shown as they are. */
extern const char *const support_names[];
extern const size_t support_nr_names, support_nr_printable;

#endif
