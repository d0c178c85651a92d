/*
 * names.h - strings that live as long as one loaded run, each kept once.
 *
 * A run of 250,000 migrations names a few hundred VMs and hosts; so equal texts share one copy.
 */
#ifndef MIGCAST_STORE_NAMES_H
#define MIGCAST_STORE_NAMES_H

struct names; /* private */

/* names_new - NULL when memory ran out. */
struct names *names_new(void);
/* names_keep - the kept copy of @text, valid until names_free(); NULL when memory ran out. */
const char *names_keep(struct names *names, const char *text);
/* names_free - takes NULL. */
void names_free(struct names *names);

#endif
