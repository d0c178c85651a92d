/*
 * snippet_int.h - shared by snippet*.c: which setting of a platform a scenario's key is.
 */
#ifndef MIGCAST_ANSWERS_SNIPPET_INT_H
#define MIGCAST_ANSWERS_SNIPPET_INT_H

#include <stdbool.h>

#include "answers/plan/snippet.h"

/* How a platform writes a value. */
enum snippet_unit {
    SNIPPET_WORD,     /* as it stands */
    SNIPPET_COUNT,    /* "unlimited", "none" and "auto" are 0 */
    SNIPPET_BOOL,     /* true, false */
    SNIPPET_SECONDS,  /* whole */
    SNIPPET_MS,       /* whole */
    SNIPPET_DECIMALS, /* seconds with a fraction */
    SNIPPET_MIB_S,    /* whole; 0 = no limit, as for the next three */
    SNIPPET_KIB_S,
    SNIPPET_MB_S,
    SNIPPET_MBIT_S,
    SNIPPET_QUANTITY, /* of Kubernetes: "512Mi" */
    SNIPPET_BYTES_S   /* of QMP */
};

struct snippet_field {
    const char *key;   /* of the scenario */
    const char *field; /* of the platform */
    enum snippet_unit unit;
    const char *group; /* by form: [section], or "" */
};

struct snippet_job {
    const struct scenario *sc;
    const struct snippet_change *changes;
    size_t nr;
    bool *said; /* by change */
    struct snippets *out;
};

/* The next snippet, or one that nobody will see where there is no room. */
struct strbuf *snippet_open(struct snippet_job *j, const char *form, const char *where);
/* The row of @fields (ended by one without a key) for @key; NULL = none. */
const struct snippet_field *snippet_find(const struct snippet_field *fields, const char *key);
/* Is one of the changes among @fields? */
bool snippet_concerns(const struct snippet_job *j, const struct snippet_field *fields);
void snippet_value(struct strbuf *out, enum snippet_unit unit, const char *value);
/* The value of @key among the changes, which is then said; NULL = unchanged. */
const char *snippet_take(struct snippet_job *j, const char *key);

void snippet_kubernetes(struct snippet_job *j); /* KubeVirt, HCO, ACP, Harvester */

#endif
