#define _GNU_SOURCE
#include "02_trip.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "02_links.h"
#include "12_ring.h"
#include "die.h"

#define MOST  (64 << 10) /* bytes of a message */
#define QUEUE (4 << 10)  /* ... in a queue: by default Linux allows 8 KiB */

static struct links links[ASLEEP], bells;
static uint64_t own[MOST / 8]; /* each side's own: what it sends from, and receives into */
static struct shared {
    sem_t go[2];                     /* may side 0 go on? side 1? */
    _Alignas(128) atomic_ulong turn; /* the number of the last message, plus 1 */
    uint64_t near[7];                /* a message in the same cache line */
    _Alignas(128) uint64_t far[MOST / 8];
    _Alignas(128) atomic_bool last;
    struct way way; /* that the child is to answer in */
} * shared;
static struct ring *ring; /* of one slot: the answer is written where the message was */
static struct ring_end ring_end;
static uint64_t *slot;
static int side; /* 0: the parent, 1: the child */
struct partner child;

void open_ways(void) {
    links[PIPE] = open_pipes();
    links[FIFO] = open_fifos();
    links[SOCKET] = open_sockets();
    links[POSIX_QUEUE] = open_posix_queues(QUEUE);
    links[SYSV_QUEUE] = open_sysv_queues(QUEUE);
    bells = open_pipes();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ring =
        mmap(NULL, ring_size(MOST, 1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || ring == MAP_FAILED) die("mmap");
    if (sem_init(&shared->go[0], 1, 0) == -1 || sem_init(&shared->go[1], 1, 0) == -1)
        die("sem_init");
    fill(own, MOST, 0);
}

const char *not_here(const struct way *way) {
    const struct links *link = way->how < ASLEEP ? &links[way->how] : &bells;
    if (way->cpus > cpus_here()) return "only one CPU here";
    if (link->missing) return link->missing;
    return link->most && way->bytes > link->most ? "by default not with so large messages" : NULL;
}

/* Where a message is written, and where it is found. */
static uint64_t *place(int how) {
    if (how == RING) return slot;
    return how < ASLEEP ? own : how < RING ? shared->far : shared->near;
}

static void send_message(const struct way *way, uint64_t n) {
    fill(place(way->how), way->bytes, n);
    if (way->how < ASLEEP)
        link_send(&links[way->how], side, own, way->bytes);
    else if (way->how == ASLEEP)
        sem_post(&shared->go[!side]);
    else if (way->how == RING)
        ring_done(&ring_end);
    else
        atomic_store(&shared->turn, n + 1);
}

static bool receive_message(const struct way *way, uint64_t n) {
    if (way->how < ASLEEP)
        link_receive(&links[way->how], side, own, way->bytes);
    else if (way->how == ASLEEP)
        while (sem_wait(&shared->go[side]) == -1 && errno == EINTR)
            ;
    else if (way->how == RING)
        slot = ring_next(&ring_end);
    else
        while (atomic_load(&shared->turn) != n + 1)
            ;
    return is_whole(place(way->how), way->bytes, n);
}

static void join(const struct way *way, int me) {
    int bell[2] = {bells.in[me], bells.out[me]};
    side = me;
    pin(me < way->cpus ? me : 0);
    if (way->how == RING) ring_join(&ring_end, ring, me == 0 ? PRODUCER : CONSUMER, bell);
}

static long answer_all(void *with) {
    const struct way *way = with;
    long wrong = 0;
    bool last = false;
    join(way, 1);
    for (uint64_t n = 0; !last; n += 2) {
        wrong += !receive_message(way, n);
        last = shared->last;
        send_message(way, n + 1);
    }
    return wrong;
}

double trips(struct way *way) {
    struct rusage before, after;
    uint64_t n = 0, rare = way->how >= SPINNING && way->cpus == 2 ? 32 : 2; /* looks at the clock */
    double began = 0;
    shared->turn = 0;
    shared->last = false;
    shared->way = *way;
    ring_init(ring, way->bytes, 1);
    join(way, 0);
    if (way->how == RING) slot = ring_next(&ring_end);
    start(&child, answer_all, &shared->way);
    for (; !shared->last; n += 2) {
        if (n == 2) began = now(), getrusage(RUSAGE_SELF, &before); /* all is mapped now */
        if (n > 0 && n % rare == 0) shared->last = now() - began >= slice;
        send_message(way, n);
        way->wrong += !receive_message(way, n + 1);
    }
    double count = (double)(n / 2 - 1), ns = (now() - began) / count;
    getrusage(RUSAGE_SELF, &after);
    way->extra += (double)(after.ru_nvcsw - before.ru_nvcsw) / count;
    way->wrong += finish(&child);
    return ns;
}
