/*
 * snippet.h - changed values of a scenario as what a platform's administrator pastes.
 *
 * KubeVirt's custom resources, nova.conf, oVirt's REST body, datacenter.cfg, virsh, climc, QMP: the
 * platform of the scenario decides.  Names and units are the platform's own; what no setting of it
 * says (a faster link) is given as lines of the scenario.
 */
#ifndef MIGCAST_ANSWERS_SNIPPET_H
#define MIGCAST_ANSWERS_SNIPPET_H

#include <stddef.h>

#include "base/strbuf.h"
#include "sim/scenario/scenario.h"

/* A value that was changed, as --set writes it. */
struct snippet_change {
    const char *key;   /* "cluster.max_out", "link backbone.rate", "preset" */
    const char *value; /* "4", "10Gb/s" */
};

enum {
    SNIPPETS_MAX = 4
};

struct snippet {
    const char *form;  /* "KubeVirt", "nova.conf", ...; static */
    const char *where; /* what to do with it, for people; static */
    struct strbuf text;
};

struct snippets {
    struct snippet items[SNIPPETS_MAX];
    size_t nr;
};

/* snippet_make - @changes in the words of the platform of @sc, the scenario with them.  Every
 * change is in one of the snippets.  False when memory ran out; snippet_release() is due in every
 * case. */
bool snippet_make(const struct scenario *sc, const struct snippet_change *changes,
                  size_t nr_changes, struct snippets *out);
void snippet_release(struct snippets *s);

#endif
