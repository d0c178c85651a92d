/*
 * option_int.h - shared by option.c and option_print.c.
 */
#ifndef MIGCAST_BASE_OPTION_INT_H
#define MIGCAST_BASE_OPTION_INT_H

#include "base/option.h"

/* A value on its way between text and field. */
union option_value {
    uint64_t u64;
    int64_t i64;
    double d;
    bool b;
    struct uncertain unc;
};

bool option_is_uncertain(enum option_type type);
/* The type of one number in a value of an uncertain type; every other type is itself. */
enum option_type option_plain_type(enum option_type type);
/* The value that a row's word stands for; a word_value of 2^64 or more is UINT64_MAX. */
union option_value option_word_value(const struct option *opt);

#endif
