/*
 * 02_flow - messages one way, to a child that checks each of them: through a pipe, through a ring.
 */
#ifndef FLOW_H
#define FLOW_H

#include "02_clock.h"
#include "partner.h"

#define MOST (1 << 20) /* bytes of a message */
#define ROOM (8 << 20) /* ... of all messages in a ring: more than the caches near a CPU hold */

enum { PIPE, LARGE_PIPE, RING, SLEEPY_RING, FLOWS };

extern struct partner child; /* to be forked after open_flows() */
void open_flows(void);

/* Why messages cannot go this way, between two CPUs or on one; or NULL. */
const char *not_here(const struct way *way);

/* A way's run(). The parent writes every word, the child compares it; extra: GB in a second. */
double stream(struct way *way);

#endif
