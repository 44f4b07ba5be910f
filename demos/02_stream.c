#define _GNU_SOURCE
/*
 * 02_stream - how fast do messages go one way, through a pipe and through memory?
 *
 * Notes      section 2.1 性能优势
 * Watch      the size of the messages, the size of the pipe; one CPU, or two
 * Try this   a reader that takes less than was written; one that looks into its own memory
 * See also   02_round_trip, 12_message_ring, 12_ring.c; pipe(7), fcntl(2) F_SETPIPE_SZ
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "02_clock.h"
#include "12_ring.h"
#include "check.h"
#include "partner.h"

#define MOST (1 << 20)  /* bytes of a message */
#define ROOM (8 * MOST) /* ... of all in the ring: more than the caches near a CPU hold */

enum { PIPE, RING, WAYS };
static struct way small[WAYS], large[WAYS], wide[WAYS], one_cpu[WAYS];
static long wrong[WAYS];
static int stream_pipe[2], bells[2][2]; /* a bell is a pipe: where an end of the ring sleeps */
static uint64_t own[MOST / 8]; /* each side's own: what it writes to a pipe from, and reads into */
static struct shared {
    struct way way; /* in which the child is to receive */
    uint64_t count; /* ... so many messages */
    double ended;   /* when it had the last one */
} * shared;
static struct ring *ring;
static struct ring_end me; /* this process's */
static struct partner child;

static void join(enum ring_role role) {
    pin(role == CONSUMER ? shared->way.cpus - 1 : 0);
    ring_join(&me, ring, role, (int[]){bells[role][0], bells[!role][1]});
}

/* In the child. A message is received into its own memory, or stays in the ring. */
static long receive_all(void *with) {
    const struct way *way = with;
    const ssize_t bytes = way->bytes;
    long wrong_here = 0;
    join(CONSUMER);
    for (uint64_t n = 0; n < shared->count; n++) {
        uint64_t *message = way->how == RING ? ring_next(&me) : own;
        for (ssize_t done = 0, got; way->how == PIPE && done < bytes; done += got)
            if ((got = read(stream_pipe[0], (char *)own + done, bytes - done)) <= 0) die("read");
        wrong_here += !is_whole(message, bytes, n);
        if (way->how == RING) ring_done(&me);
    }
    shared->ended = now();
    return wrong_here;
}

/* The parent writes every word, the child compares it; extra: GB in a second. */
static double stream(struct way *way) {
    shared->way = *way;
    shared->count = quick() ? 10 : way->bytes == MOST ? 16 : 20000;
    ring_init(ring, way->bytes, quick() ? 4 : ROOM / way->bytes);
    join(PRODUCER);
    start(&child, receive_all, &shared->way);
    double began = now();
    for (uint64_t n = 0; n < shared->count; n++) {
        uint64_t *message = way->how == RING ? ring_next(&me) : own;
        fill(message, way->bytes, n);
        if (way->how == RING) ring_done(&me);
        const char *from = (const char *)own,
                   *end = from + way->bytes; /* write() may be cut short */
        for (ssize_t put; way->how == PIPE && from < end; from += put)
            if ((put = write(stream_pipe[1], from, end - from)) < 0) die("write");
    }
    wrong[way->how] += finish(&child);
    way->extra += (double)(way->bytes * shared->count) / (shared->ended - began);
    return (shared->ended - began) / (double)shared->count;
}

static void table(struct way *ways, const char *title, size_t bytes, int cpus) {
    const char *skipped = cpus == 2 && !pin(1) ? "only one CPU here" : NULL;
    ways[PIPE] = (struct way){"pipe", stream, PIPE, cpus, bytes, .skipped = skipped};
    ways[RING] = (struct way){"ring in memory", stream, RING, cpus, bytes, .skipped = skipped};
    measure(ways, WAYS, 0.5);
    print_table(title, "GB/s", ways, WAYS);
}

int main(int argc, char **argv) {
    begin(argc, argv, 2, "how fast do messages go one way, through a pipe and through memory?");
    if (pipe(stream_pipe) == -1 || pipe(bells[0]) == -1 || pipe(bells[1]) == -1) die("pipe");
    const int rw = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;
    shared = mmap(NULL, sizeof *shared, rw, flags, -1, 0);
    ring = mmap(NULL, ring_size(64, ROOM / 64), rw, flags, -1, 0);
    if (shared == MAP_FAILED || ring == MAP_FAILED) die("mmap");

    predict("Nobody waits for an answer. Is memory as far ahead of a pipe as in a round trip?");
    step("This process sends messages of 64 bytes; a child, on another CPU, checks each.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    explain_tables();
    table(small, "64 bytes, two CPUs", 64, 2);

    predict("And if both have to share one CPU?");
    step("The same, with both processes on one CPU.");
    table(one_cpu, "64 bytes, one CPU", 64, 1);

    predict("A pipe needs a system call for each message. What if the messages are larger?");
    step("Messages of 1 MiB, on two CPUs; then through a pipe that holds one of them.");
    tell("Usually a pipe holds 64 KiB: one side sleeps while the other copies, and is woken.");
    table(large, "1 MiB, two CPUs", MOST, 2);
    if (fcntl(stream_pipe[1], F_SETPIPE_SZ, MOST) == -1) evidence("no larger pipe is allowed");
    table(wide, "the same, a pipe of 1 MiB", MOST, 2);
    partner_close(&child);

    step("Has every word arrived? Each depends on its message and on its place there.");
    check_is(wrong[PIPE], 0, "a pipe delivers every word of a stream, in order", NULL);
    check_is(wrong[RING], 0, "a ring in memory delivers every word of a stream, in order", NULL);

    predict("Is memory 10 to 100 times faster, as the notes say?");
    step("What do the numbers of this run say about the notes?");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, by the data.");
    evidence("is the ring at least 10 times as fast? In brackets the quartiles");
    verdict("64 bytes, two CPUs", &small[PIPE], &small[RING], 10);
    verdict("64 bytes, one CPU", &one_cpu[PIPE], &one_cpu[RING], 10);
    verdict("1 MiB, two CPUs", &large[PIPE], &large[RING], 10);
    verdict("1 MiB, two CPUs, a pipe of 1 MiB", &wide[PIPE], &wide[RING], 10);
    return end();
}
