/*
 * 02_trip - a message to a child and its answer back, in each of ten ways, over and over.
 */
#ifndef TRIP_H
#define TRIP_H

#include "02_clock.h"
#include "partner.h"

enum { PIPE, FIFO, SOCKET, POSIX_QUEUE, SYSV_QUEUE, ASLEEP, SPINNING, RING, NEAR, LINE, WAYS };

extern struct partner child; /* to be forked after open_ways() */
void open_ways(void);

/* Why messages cannot go this way, with their size, between two CPUs or on one; or NULL. */
const char *not_here(const struct way *way);

/* A way's run(). Both write and compare every word of it; extra: how often the parent slept. */
double trips(struct way *way);

#endif
