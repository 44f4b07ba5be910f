#define _GNU_SOURCE
/* The part of 12_message_ring that both of its processes run; it has no main(): how each of them
 * takes its end of the ring, sends, receives and leaves. The ring itself is in 12_ring.c. */
#include "12_messages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "die.h"

#define WORDS (MESSAGE / sizeof(size_t))

struct ring_end me;

static long enter(const char *directory, enum ring_role role) {
    static const char *const names[] = {[PRODUCER] = "producer", [CONSUMER] = "consumer"};
    if (me.ring) { /* no FIFO may stay open: it would hide a death */
        munmap(me.ring, ring_size(MESSAGE, SLOTS));
        close(me.bell[0]);
        close(me.bell[1]);
    }
    int dir = open(directory, O_DIRECTORY | O_CLOEXEC), fd = openat(dir, "ring", O_RDWR);
    if (fd == -1) die("open %s/ring", directory);
    void *ring = mmap(NULL, ring_size(MESSAGE, SLOTS), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) die("mmap");
    /* open() does not wait: for a writer because of O_NONBLOCK, for a reader because of O_RDWR. */
    int bell[2] = {openat(dir, names[role], O_RDONLY | O_NONBLOCK | O_CLOEXEC),
                   openat(dir, names[!role], O_RDWR | O_CLOEXEC)};
    if (bell[1] == -1 || fcntl(bell[0], F_SETFL, 0) == -1) die("open a FIFO in %s", directory);
    ring_join(&me, ring, role, bell);
    close(fd);
    close(dir);
    return 0;
}

long enter_as_producer(void *directory) {
    return enter(directory, PRODUCER);
}

long enter_as_consumer(void *directory) {
    return enter(directory, CONSUMER);
}

long send_messages(void *number) {
    long sent = 0;
    for (size_t *message; sent < (long)number && (message = ring_next(&me)); sent++) {
        for (size_t i = 0; i < WORDS; i++)
            message[i] = me.position * WORDS + i;
        ring_done(&me);
    }
    return sent;
}

long receive_messages(void *number) {
    long received = 0;
    for (size_t *message; received < (long)number && (message = ring_next(&me)); received++) {
        for (size_t i = 0; i < WORDS; i++)
            if (message[i] != me.position * WORDS + i) return ring_leave(&me), received;
        ring_done(&me);
    }
    return received;
}

long leave(void *unused) {
    ring_leave(&me);
    return unused != NULL;
}
