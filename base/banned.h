/*
 * banned.h - calls that are not used here, made compile errors.
 *
 * Include it last.  The replacements: strbuf for building text, snprintf for fixed buffers,
 * units_parse_* for numbers, rng_* for random numbers, strtok_r or own scanning for splitting.
 */
#ifndef MIGCAST_BASE_BANNED_H
#define MIGCAST_BASE_BANNED_H

#define BANNED(func) sorry_##func##_is_not_used_here

#undef strcpy
#define strcpy(x, y) BANNED(strcpy)
#undef strcat
#define strcat(x, y) BANNED(strcat)
#undef strncpy
#define strncpy(x, y, n) BANNED(strncpy)
#undef strncat
#define strncat(x, y, n) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef strtok
#define strtok(x, y) BANNED(strtok)
#undef atoi
#define atoi(x) BANNED(atoi)
#undef atol
#define atol(x) BANNED(atol)
#undef atof
#define atof(x) BANNED(atof)
#undef gets
#define gets(x) BANNED(gets)
#undef rand
#define rand() BANNED(rand)
#undef srand
#define srand(x) BANNED(srand)

#endif
