/*
 * network.h - two network namespaces joined by a rate-limited link.
 *
 * Sources run in one, destinations in the other.  The limit is a token bucket (tc tbf) where the
 * sources' packets leave, so all migrations at once share it.  Needs root, ip and tc.  Names carry
 * this process's number; namespaces of labs that were killed are removed by lab_network_sweep().
 */
#ifndef MIGCAST_LAB_NETWORK_H
#define MIGCAST_LAB_NETWORK_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "lab/matrix.h"

#define LAB_NETWORK_SOURCE "10.99.0.1"
#define LAB_NETWORK_DESTINATION "10.99.0.2"

struct lab_network {
    char source[32], destination[32]; /* namespaces; "" = none */
};

/* lab_network_missing - why this machine cannot have one; false = it can. */
bool lab_network_missing(struct strbuf *why);
/* lab_network_init - after a failure nothing is left.  lab_network_release() is due otherwise. */
enum status lab_network_init(struct lab_network *net, const struct lab_link *link,
                             struct diag *diag);
void lab_network_release(struct lab_network *net);
void lab_network_sweep(void);

#endif
