/*
 * 02_trip - a message to a child and its answer back, in each of these ways, over and over. Nothing
 * of it outlives the program, not even after kill -9.
 */
#ifndef TRIP_H
#define TRIP_H

#include "02_clock.h"
#include "partner.h"

enum { PIPE, FIFO, SOCKET, POSIX_QUEUE, SYSV_QUEUE, ASLEEP, SPINNING, LINE, WAYS };
#define QUEUE 64 /* bytes of a message in a queue */

extern const char *missing[WAYS]; /* why this cannot be had here, or NULL */
extern struct partner child;      /* to be forked after open_ways() */
void open_ways(void);

/* A way's run(). Both write and compare every word of it; extra: how often the parent slept. */
double trips(struct way *way);

#endif
