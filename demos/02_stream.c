#define _GNU_SOURCE
/*
 * 02_stream - how fast do messages go one way, through a pipe and through memory?
 *
 * Notes      section 2.1 性能优势
 * Watch      the size of the messages, and how often the sender sleeps
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

enum { PIPE, RING, WAYS, LARGER_PIPE = 5, TESTS };
static const struct test {
    const char *title, *why; /* why the pipe is as fast as that */
    size_t bytes;
} tests[TESTS] = {
    {"64 bytes", "the system call takes longer than to copy so little", 64},
    {"1 KiB", NULL, 1 << 10},
    {"4 KiB", NULL, 4 << 10},
    {"64 KiB", "it holds one message: the two take turns and do not work at once", 64 << 10},
    {"1 MiB", "it holds a part of a message: the sender sleeps until that is read", MOST},
    {"1 MiB in a pipe of 1 MiB", "it holds a message: one copies in, the other out", MOST},
};
static struct way ways[TESTS][WAYS];
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

/* In the child. A message is received into its own memory, or stays in the ring. */
static long receive_all(void *with) {
    const struct way *way = with;
    const ssize_t wanted = way->bytes;
    long wrong_here = 0;
    pin(1);
    ring_join(&me, ring, CONSUMER, (int[]){bells[CONSUMER][0], bells[PRODUCER][1]});
    for (uint64_t n = 0; n < shared->count; n++) {
        uint64_t *message = way->how == RING ? ring_next(&me) : own;
        for (ssize_t done = 0, got; way->how == PIPE && done < wanted; done += got)
            if ((got = read(stream_pipe[0], (char *)own + done, wanted - done)) <= 0) die("read");
        wrong_here += !is_whole(message, wanted, n);
        if (way->how == RING) ring_done(&me);
    }
    shared->ended = now();
    return wrong_here;
}

/* The parent writes every word, the child compares it; extra: how often the parent slept. */
static double stream(struct way *way) {
    const ssize_t bytes = way->bytes;
    shared->way = *way;
    shared->count = quick ? 10 : bytes < 1024 ? 16384 : 16 * MOST / bytes;
    ring_init(ring, bytes, ROOM / bytes);
    pin(0);
    ring_join(&me, ring, PRODUCER, (int[]){bells[PRODUCER][0], bells[CONSUMER][1]});
    start(&child, receive_all, &shared->way);
    double began = now(), slept = sleeps();
    for (uint64_t n = 0; n < shared->count; n++) {
        fill(way->how == RING ? ring_next(&me) : own, bytes, n);
        if (way->how == RING) ring_done(&me);
        for (ssize_t done = 0, put; way->how == PIPE && done < bytes; done += put)
            if ((put = write(stream_pipe[1], (char *)own + done, bytes - done)) < 0) die("write");
    }
    way->extra += (sleeps() - slept) / (double)shared->count;
    wrong[way->how] += finish(&child);
    return (shared->ended - began) / (double)shared->count;
}

static void table(int i, const char *reason) {
    const struct test t = tests[i];
    ways[i][PIPE] = (struct way){"pipe", stream, PIPE, 2, t.bytes, t.why, .skipped = reason};
    ways[i][RING] = (struct way){"ring in memory", stream, RING, 2, t.bytes, .skipped = reason};
    measure(t.title, "sleeps", ways[i], WAYS, 0.25);
}

int main(int argc, char **argv) {
    begin(argc, argv, 2, "how fast do messages go one way, through a pipe and through memory?");
    if (pipe(stream_pipe) == -1 || pipe(bells[0]) == -1 || pipe(bells[1]) == -1) die("pipe");
    const int rw = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;
    shared = mmap(NULL, sizeof *shared, rw, flags, -1, 0);
    ring = mmap(NULL, ring_size(64, ROOM / 64), rw, flags, -1, 0);
    if (shared == MAP_FAILED || ring == MAP_FAILED) die("mmap");

    predict("With messages of which size is memory furthest ahead of a pipe?");
    step("This process sends messages of 64 bytes to 1 MiB; a child checks each on another CPU.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    explain_tables();
    tell("Sleeps: how often the sender has slept, for each message. Usually a pipe holds 64 KiB.");
    tell("A ring is slower if its reader follows closely: then cache lines go to and fro.");
    if (!pin(1)) evidence("only one CPU here: both processes run on it");
    for (int i = 0; i < LARGER_PIPE; i++)
        table(i, NULL);

    predict("A pipe that holds a whole message of 1 MiB: is it nearer to the ring?");
    step("The largest messages again, through a larger pipe. Has every word arrived?");
    bool larger = fcntl(stream_pipe[1], F_SETPIPE_SZ, MOST) != -1;
    table(LARGER_PIPE, larger ? NULL : "a pipe of 1 MiB is not allowed");

    partner_close(&child);
    check_is(wrong[PIPE], 0, "a pipe delivers every word, in order", NULL);
    check_is(wrong[RING], 0, "a ring in shared memory can deliver every word, in order", NULL);

    predict("Is memory 10 to 100 times faster, as the notes say?");
    step("What do the numbers of this run say about the notes?");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, by the data.");
    evidence("is the ring at least 10 times as fast? In brackets the quartiles");
    for (int i = 0; i < TESTS; i++)
        verdict(tests[i].title, &ways[i][PIPE], &ways[i][RING], 10);
    return end();
}
