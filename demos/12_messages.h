/* 12_messages - what two programs do that have nothing in common but a directory. It has the file
 * "ring" and two FIFOs as bells: the producer sleeps at "producer", the consumer at "consumer". */
#pragma once
#include "12_ring.h"

#define MESSAGE 64   /* bytes */
#define SLOTS   1024 /* of the ring */

extern struct ring_end me; /* this process's */

/* Maps the ring there, takes one of its ends, gives up what it had before. */
long enter_as_producer(void *directory);
long enter_as_consumer(void *directory);

/* Until so many messages have passed, the other has gone, or a wrong one has come; how many? */
long send_messages(void *number);
long receive_messages(void *number);
long leave(void *unused);
