/*
 * 02_links - what the kernel has to pass messages between processes: pipe, FIFO, socket, queues.
 * Nothing of it outlives the program, not even after kill -9.
 */
#ifndef LINKS_H
#define LINKS_H

#include <stddef.h>

/* A link of two sides, 0 and 1, in both directions. A child inherits it. */
struct links {
    int in[2], out[2];   /* for each side the descriptor, or queue, to receive from; to send to */
    size_t most;         /* bytes in a message of a queue; of a stream any number: 0 */
    const char *missing; /* why this cannot be had here, or NULL */
    enum { STREAM, POSIX_MESSAGES, SYSV_MESSAGES } kind;
};
struct links open_pipes(void);
struct links open_fifos(void);
struct links open_sockets(void);
struct links open_posix_queues(size_t most);
struct links open_sysv_queues(size_t most);

/* Sends a message from this side; receives one of `bytes` bytes there, which it sleeps for. */
void link_send(const struct links *links, int side, const void *message, size_t bytes);
void link_receive(const struct links *links, int side, void *message, size_t bytes);

#endif
