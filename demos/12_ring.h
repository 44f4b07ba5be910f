/*
 * 12_ring - messages of one size from a producer to a consumer, written and read in shared memory.
 *
 * An end with nothing to do spins as long as that pays, then sleeps in read() on its bell, a pipe.
 * A byte wakes it, and so does the other's death: end-of-file, if no third process can write there.
 * Who rings keeps the bell open for reading as well: no SIGPIPE when the other is dead.
 */
#ifndef RING_H
#define RING_H
#include <stdbool.h>
#include <stddef.h>

enum ring_role { PRODUCER, CONSUMER };
struct ring_end { /* one process's end of a ring, in its own memory */
    struct ring *ring;
    struct ring_side *mine, *other;
    int bell[2];             /* pipes: where it sleeps, and where it wakes the other */
    size_t position, waited; /* messages that it is done with; was done with at its last wait */
    size_t limit, lead;      /* no look at the other until there; how far ahead of it it may be */
    int patience;            /* looks before it sleeps; set it to 0, and it never spins */
    bool died;               /* the other process has ended without ring_leave() */
};

/* The bytes of a ring of `slots` messages (a power of 2); makes one there, before anybody joins. */
size_t ring_size(size_t bytes, size_t slots);
void ring_init(struct ring *ring, size_t bytes, size_t slots);

/* Takes one end, with its two pipes; gives it up, but closes no pipe. */
void ring_join(struct ring_end *me, struct ring *ring, enum ring_role role, const int bell[2]);
void ring_leave(struct ring_end *me);

/* Waits for the next slot (NULL: the other has left, or died); passes it on. */
void *ring_next(struct ring_end *me);
void ring_done(struct ring_end *me);
#endif
