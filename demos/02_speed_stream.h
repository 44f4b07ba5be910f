/*
 * 02_speed_stream - one way: as many messages as go through a pipe, and a ring in shared memory.
 *
 * Both sides touch every byte: the one composes each message, the other checks it. Beside them:
 * what a single process needs to copy a message of that size with memcpy().
 */
#ifndef SPEED_STREAM_H
#define SPEED_STREAM_H

#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "02_speed_trip.h"
#include "bench.h"
#include "check.h"
#include "observe.h"
#include "ring.h"

#define STREAM_MOST (1 << 20) /* bytes of a message */
#define STREAM_RING                                                                                \
    (8 << 20) /* bytes of messages in a ring: more than the caches near the CPU hold */

enum stream_way { PIPE_64K, PIPE_1M, RING_SPINNING, RING_ASLEEP, COPY };

static int stream_pipe[2][2];
static uint64_t stream_buffer[2][STREAM_MOST / sizeof(uint64_t)]; /* each side's own */
static struct ring *stream_ring;
static size_t stream_ring_bytes =
    STREAM_RING;                  /* less with --quick, so that it is full now and then */
static atomic_ulong *stream_last; /* the message after which the reader of a pipe ends */
static const char *no_large_pipe;

static void join_stream(struct ring_end *me, const struct row *row, enum ring_role role) {
    ring_join(me, stream_ring, role);
    me->may_spin = row->way == RING_SPINNING;
}

static void consume_stream(struct row *row) {
    long wrong = 0;
    place(1, row->cpus);
    if (row->way == PIPE_64K || row->way == PIPE_1M) {
        for (unsigned long n = 0, last = ULONG_MAX; n <= last; n++) {
            read_all(stream_pipe[row->way][0], stream_buffer[0], row->bytes);
            wrong += !is_whole(stream_buffer[0], row->bytes, n);
            last = atomic_load(stream_last);
        }
    } else {
        struct ring_end me;
        uint64_t n = 0;
        join_stream(&me, row, CONSUMER);
        for (const uint64_t *message; (message = ring_next(&me)); n++) {
            wrong += !is_whole(message, row->bytes, n);
            ring_done(&me);
        }
        ring_leave(&me);
        wrong += n != atomic_load(stream_last) + 1;
    }
    partner_says(wrong);
}

static double stream(struct row *row) {
    bool pipe = row->way == PIPE_64K || row->way == PIPE_1M;
    struct ring_end me;
    atomic_store(stream_last, ULONG_MAX);
    if (!pipe) ring_init(stream_ring, row->bytes, stream_ring_bytes / row->bytes);
    run_beside(consume_stream, row);
    if (!pipe) join_stream(&me, row, PRODUCER);
    unsigned long n = 0, rare = row->bytes >= 4 << 10 ? 1 : 16; /* looks at the clock */
    double begin = now(), switches = switches_so_far();
    for (bool last = false; !last; n++) {
        last = n > 0 && n % rare == 0 && now() - begin > slice;
        if (last) atomic_store(stream_last, n);
        uint64_t *message = pipe ? stream_buffer[1] : ring_next(&me);
        if (!message) bail_out("the reader has gone");
        compose(message, row->bytes, n);
        if (pipe)
            write_all(stream_pipe[row->way][1], message, row->bytes);
        else
            ring_done(&me);
    }
    if (!pipe) ring_leave(&me);
    switches = switches_so_far() - switches;
    struct partner partner = partner_wait();
    row->switches += (switches + partner.switches) / (double)n;
    row->wrong += partner.wrong;
    return (partner.ended - begin) / (double)n;
}

static double copy(struct row *row) {
    long n = 0;
    double begin = now();
    place(0, 0);
    compose(stream_buffer[0], row->bytes, 7);
    for (; n % 16 != 1 || now() - begin < slice / 2; n++) {
        memcpy(stream_buffer[1], stream_buffer[0], row->bytes);
        __asm__ volatile("" : : "r"(stream_buffer[1]) : "memory"); /* it is wanted, every time */
        if (n == 0) begin = now();                                 /* not the first time */
    }
    row->wrong += !is_whole(stream_buffer[1], row->bytes, 7);
    return (now() - begin) / (double)(n - 1);
}

/* Each side touches the memory that it will use, so that no measurement has its page faults. */
static size_t stream_bytes;
static void touch_stream(struct row *row) {
    (void)row;
    for (size_t i = 0; i < stream_bytes; i += page_size())
        (void)((volatile char *)stream_last)[i];
    memset(stream_buffer, 1, sizeof stream_buffer);
    partner_says(0);
}

static void open_streams(void) {
    stream_bytes = page_size() + ring_size(64, STREAM_RING / 64);
    for (int i = PIPE_64K; i <= PIPE_1M; i++)
        if (pipe2(stream_pipe[i], O_CLOEXEC) == -1) die("pipe");
    if (fcntl(stream_pipe[PIPE_1M][1], F_SETPIPE_SZ, 1 << 20) == -1)
        no_large_pipe = "no pipe of 1 MiB is permitted";
    char *memory =
        mmap(NULL, stream_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    memset(memory, 0, stream_bytes);
    stream_last = (atomic_ulong *)memory;
    stream_ring = (struct ring *)(memory + page_size());
    partner_open();
    touch_stream(NULL);
    run_beside(touch_stream, NULL);
    partner_wait();
}

static size_t stream_rows(struct row *rows, const char *table, size_t bytes, int cpus) {
    static const char *const names[] = {"pipe", "pipe of 1 MiB", "ring, spins then sleeps",
                                        "ring, sleeps at once", "memcpy() in one process"};
    size_t n = 0;
    for (int way = PIPE_64K; way <= COPY; way++)
        if (cpus == 2 || way != COPY)
            rows[n++] = (struct row){.table = table,
                                     .name = names[way],
                                     .run = way == COPY ? copy : stream,
                                     .way = way,
                                     .bytes = bytes,
                                     .cpus = way == COPY ? 0 : cpus,
                                     .skipped = way == PIPE_1M ? no_large_pipe : NULL};
    return n;
}

static void close_streams(void) {
    partner_close();
    munmap(stream_last, stream_bytes);
    for (int i = PIPE_64K; i <= PIPE_1M; i++) {
        close(stream_pipe[i][0]);
        close(stream_pipe[i][1]);
    }
}

#endif
