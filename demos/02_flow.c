#define _GNU_SOURCE
#include "02_flow.h"

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "02_links.h"
#include "12_ring.h"
#include "die.h"

static struct links links[RING], bells;
static uint64_t own[MOST / 8]; /* each side's own: what it writes to a pipe from, and reads into */
static struct shared {
    atomic_ulong last; /* the number of the last message */
    double ended;      /* when the child had it */
    struct way way;    /* in which the child is to receive */
} * shared;
static struct ring *ring;
static struct ring_end me;
struct partner child;

void open_flows(void) {
    links[PIPE] = open_pipes();
    links[LARGE_PIPE] = open_pipes();
    if (fcntl(links[LARGE_PIPE].out[PRODUCER], F_SETPIPE_SZ, MOST) == -1)
        links[LARGE_PIPE].missing = "a pipe of 1 MiB is not allowed";
    bells = open_pipes();
    size_t bytes = ring_size(64, ROOM / 64);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || ring == MAP_FAILED) die("mmap");
    fill(own, MOST, 0);
}

const char *not_here(const struct way *way) {
    if (way->cpus > cpus_here()) return "only one CPU here";
    return way->how < RING ? links[way->how].missing : NULL;
}

static void join(const struct way *way, enum ring_role role) {
    pin(role == CONSUMER ? way->cpus - 1 : 0);
    ring_join(&me, ring, role, (int[]){bells.in[role], bells.out[role]});
    if (way->how == SLEEPY_RING) me.patience = 0;
}

/* In the child. A message is received into its own memory, or stays in the ring. */
static long receive_all(void *with) {
    const struct way *way = with;
    uint64_t *message = own, last = ULONG_MAX;
    long wrong = 0;
    join(way, CONSUMER);
    for (uint64_t n = 0; n <= last; n++) {
        if (way->how < RING)
            link_receive(&links[way->how], CONSUMER, message, way->bytes);
        else if (!(message = ring_next(&me)))
            bail_out("the producer has gone");
        last = shared->last;
        wrong += !is_whole(message, way->bytes, n);
        if (way->how >= RING) ring_done(&me);
    }
    shared->ended = now();
    return wrong;
}

double stream(struct way *way) {
    uint64_t n = 0, *message = own, rare = way->bytes < 4 << 10 ? 64 : 1; /* looks at the clock */
    shared->last = ULONG_MAX;
    shared->way = *way;
    ring_init(ring, way->bytes, quick() ? 4 : ROOM / way->bytes);
    join(way, PRODUCER);
    start(&child, receive_all, &shared->way);
    double began = now();
    for (; n <= shared->last; n++) {
        if (n > 8 && n % rare == 0 && now() - began >= slice) shared->last = n;
        if (way->how >= RING && !(message = ring_next(&me))) bail_out("the consumer has gone");
        fill(message, way->bytes, n);
        if (way->how < RING)
            link_send(&links[way->how], PRODUCER, message, way->bytes);
        else
            ring_done(&me);
    }
    way->wrong += finish(&child);
    double ns = (shared->ended - began) / (double)n;
    way->extra += (double)way->bytes / ns;
    return ns;
}
