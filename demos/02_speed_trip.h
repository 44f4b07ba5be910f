/*
 * 02_speed_trip - there and back: a message to the partner and its answer, eight ways.
 *
 * Both sides write and check every byte, with every way: only the way differs. A trip is two
 * hand-overs, and in each of them one side waits for the other: asleep in the kernel, or spinning.
 */
#ifndef SPEED_TRIP_H
#define SPEED_TRIP_H

#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "check.h"
#include "observe.h"
#include "process.h"
#include "ring.h"
#include "scratch.h"

#define TRIP_MOST 65536 /* bytes */

enum trip_way { PIPE, FIFO, SOCKET, POSIX_QUEUE, SYSV_QUEUE, ASLEEP, SPINNING, ONE_LINE, RINGS };

/* Memory of both. `turn` counts hand-overs: it is odd when the partner has to act. */
static struct trip_box {
    alignas(128) atomic_uint turn;
    uint64_t small[7];              /* 56 bytes in the same cache line */
    alignas(128) atomic_ulong last; /* the trip after which the partner ends */
    alignas(128) uint64_t message[TRIP_MOST / sizeof(uint64_t)];
} * box;
static struct ring *trip_ring[2]; /* what side 0 and side 1 say */
static struct ring_end ring_out, ring_in;

/* For each side where it reads and where it writes. */
static int trip_in[SOCKET + 1][2], trip_out[SOCKET + 1][2];
static mqd_t posix_queue[2];
static int sysv_queue[2];
static struct {
    long type;
    uint64_t message[TRIP_MOST / sizeof(uint64_t)];
} buffer; /* each side's own; for a System V queue the type stands in front */

static void write_all(int fd, const void *from, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t wrote = write(fd, (const char *)from + done, bytes - done);
        if (wrote == -1) die("write");
        done += (size_t)wrote;
    }
}

static void read_all(int fd, void *to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        ssize_t got = read(fd, (char *)to + done, bytes - done);
        if (got <= 0) die("read");
        done += (size_t)got;
    }
}

/* The message of seven words that has its cache line in common with the turn: in few, wide stores,
 * lest the other side take the line away in between. */
static void store_small(uint64_t n) {
    typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));
    pair *pairs = (pair *)box->small;
    for (size_t i = 0; i < 3; i++)
        pairs[i] = (pair){n + 2 * i, n + 2 * i + 1};
    box->small[6] = n + 6;
}

static bool small_is_whole(uint64_t n) {
    uint64_t wrong = 0;
    for (size_t i = 0; i < 7; i++)
        wrong |= box->small[i] ^ (n + i);
    return wrong == 0;
}

static unsigned turn_now(void) {
    return atomic_load_explicit(&box->turn, memory_order_acquire);
}

/* Hands message `n` over to the other side. */
static void send_message(enum trip_way way, int side, size_t bytes, uint64_t n) {
    uint64_t *message = way == RINGS    ? ring_next(&ring_out)
                        : way >= ASLEEP ? box->message
                                        : buffer.message;
    if (!message) bail_out("the partner has gone");
    if (way == ONE_LINE)
        store_small(n);
    else
        compose(message, bytes, n);
    switch (way) {
    case PIPE:
    case FIFO:
    case SOCKET: write_all(trip_out[way][side], message, bytes); break;
    case POSIX_QUEUE:
        if (mq_send(posix_queue[side], (char *)message, bytes, 0) == -1) die("mq_send");
        break;
    case SYSV_QUEUE:
        buffer.type = 1;
        while (msgsnd(sysv_queue[side], &buffer, bytes, 0) == -1)
            if (errno != EINTR) die("msgsnd"); /* it is never restarted, see signal(7) */
        break;
    case RINGS: ring_done(&ring_out); break;
    default:
        atomic_store_explicit(&box->turn, (unsigned)n + 1, memory_order_release);
        if (way == ASLEEP) futex_wake(&box->turn);
    }
}

/* Waits for message `n`; returns whether it has come whole. */
static bool receive_message(enum trip_way way, int side, size_t bytes, uint64_t n) {
    uint64_t *message = buffer.message;
    switch (way) {
    case PIPE:
    case FIFO:
    case SOCKET: read_all(trip_in[way][side], message, bytes); break;
    case POSIX_QUEUE:
        if (mq_receive(posix_queue[!side], (char *)message, TRIP_MOST, NULL) == -1)
            die("mq_receive");
        break;
    case SYSV_QUEUE:
        while (msgrcv(sysv_queue[!side], &buffer, TRIP_MOST, 0, 0) == -1)
            if (errno != EINTR) die("msgrcv");
        break;
    case RINGS:
        message = ring_next(&ring_in);
        if (!message) bail_out("the partner has gone");
        bool whole = is_whole(message, bytes, n);
        ring_done(&ring_in);
        return whole;
    case ASLEEP:
        message = box->message;
        for (unsigned seen; (seen = turn_now()) != (unsigned)n + 1;)
            futex_wait(&box->turn, seen);
        break;
    case SPINNING:
    case ONE_LINE:
        message = box->message;
        while (turn_now() != (unsigned)n + 1)
            relax();
    }
    return way == ONE_LINE ? small_is_whole(n) : is_whole(message, bytes, n);
}

static void join_rings(const struct row *row, int side) {
    if (row->way != RINGS) return;
    ring_join(&ring_out, trip_ring[side], PRODUCER);
    ring_join(&ring_in, trip_ring[!side], CONSUMER);
}

static void leave_rings(const struct row *row) {
    if (row->way != RINGS) return;
    ring_leave(&ring_out);
    ring_leave(&ring_in);
}

static void answer_trips(struct row *row) {
    long wrong = 0;
    place(1, row->cpus);
    join_rings(row, 1);
    for (unsigned long n = 0, last = 0; n == 0 || n <= last; n++) {
        wrong += !receive_message((enum trip_way)row->way, 1, row->bytes, 2 * n);
        last = atomic_load(&box->last);
        send_message((enum trip_way)row->way, 1, row->bytes, 2 * n + 1);
    }
    leave_rings(row);
    partner_says(wrong);
}

/* Trips until the time is over; the first one is not counted. */
static double trip(struct row *row) {
    enum trip_way way = (enum trip_way)row->way;
    unsigned long n = 0, rare = way >= SPINNING && row->cpus == 2 ? 16 : 1; /* looks at the clock */
    double begin = 0, switches = 0;
    atomic_store(&box->turn, 0);
    atomic_store(&box->last, ULONG_MAX);
    for (int side = 0; side < 2; side++)
        ring_init(trip_ring[side], row->bytes, 2);
    run_beside(answer_trips, row);
    join_rings(row, 0);
    for (bool last = false; !last; n++) {
        if (n == 1) begin = now(), switches = switches_so_far();
        last = n % rare == 1 % rare && n > 1 && now() - begin > slice;
        if (last) atomic_store(&box->last, n);
        send_message(way, 0, row->bytes, 2 * n);
        row->wrong += !receive_message(way, 0, row->bytes, 2 * n + 1);
    }
    double ns = (now() - begin) / (double)(n - 1);
    switches = switches_so_far() - switches;
    leave_rings(row);
    struct partner partner = partner_wait();
    row->switches += (switches + partner.switches) / (double)(2 * (n - 1));
    row->wrong += partner.wrong;
    return ns;
}

/* Queues outlive processes. So a process of its own makes them, waits for the end of this one,
 * however it comes, and removes them. */
struct queues {
    char name[2][40];
    int sysv[2], error;
};

static _Noreturn void keep_queues(int fd) {
    struct queues made = {.error = 0};
    uint64_t random[2] = {0};
    setsid();
    signal(SIGTERM, SIG_IGN);
    if (getrandom(random, sizeof random, 0) != sizeof random) made.error = errno;
    for (int i = 0; i < 2; i++) {
        made.sysv[i] = msgget(IPC_PRIVATE, 0600);
        snprintf(made.name[i], sizeof made.name[i], "/mmap-demo-%016llx",
                 (unsigned long long)random[i]);
        struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = TRIP_MOST};
        mqd_t queue = -1;
        while ((queue = mq_open(made.name[i], O_RDWR | O_CREAT | O_EXCL, 0600, &attributes)) ==
                   -1 &&
               errno == EINVAL && attributes.mq_msgsize > 64)
            attributes.mq_msgsize /= 2; /* the limit is not known */
        if (queue == -1) made.error = errno;
    }
    send(fd, &made, sizeof made, MSG_NOSIGNAL);
    while (recv(fd, &made, sizeof made, 0) == -1 && errno == EINTR)
        ;
    for (int i = 0; i < 2; i++) {
        mq_unlink(made.name[i]);
        msgctl(made.sysv[i], IPC_RMID, NULL);
    }
    _exit(0);
}

static int keeper_end;
static pid_t keeper;
static struct queues queues;

static void open_queues(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) die("socketpair");
    keeper = fork();
    if (keeper == -1) die("fork");
    if (keeper == 0) {
        close(ends[0]);
        keep_queues(ends[1]);
    }
    close(ends[1]);
    keeper_end = ends[0];
    if (recv(keeper_end, &queues, sizeof queues, 0) != sizeof queues) bail_out("no queues");
    for (int i = 0; i < 2; i++) {
        posix_queue[i] = queues.error ? -1 : mq_open(queues.name[i], O_RDWR);
        sysv_queue[i] = queues.sysv[i];
        if (posix_queue[i] == -1 && !queues.error) queues.error = errno;
    }
}

/* Why messages of this size cannot be sent this way, or NULL. */
static const char *trip_skipped(enum trip_way way, size_t bytes) {
    static char text[2][60];
    struct mq_attr attributes;
    struct msginfo info;
    if (way == POSIX_QUEUE) {
        if (queues.error != 0 || mq_getattr(posix_queue[0], &attributes) == -1)
            snprintf(text[0], sizeof text[0], "no POSIX queue: %s",
                     errno_name(queues.error ? queues.error : errno));
        else if ((size_t)attributes.mq_msgsize < bytes)
            snprintf(text[0], sizeof text[0], "a message may have %ld bytes",
                     attributes.mq_msgsize);
        else
            return NULL;
        return text[0];
    }
    if (way == SYSV_QUEUE) {
        if (sysv_queue[0] == -1 || sysv_queue[1] == -1) return "no System V queue";
        if (msgctl(0, IPC_INFO, (struct msqid_ds *)&info) == -1 ||
            ((size_t)info.msgmax >= bytes && (size_t)info.msgmnb >= bytes))
            return NULL;
        snprintf(text[1], sizeof text[1], "a message may have %d bytes",
                 info.msgmax < info.msgmnb ? info.msgmax : info.msgmnb);
        return text[1];
    }
    return NULL;
}

/* Opens every way, one pair of directions each, and then forks the partner. */
static void open_trips(void) {
    int ends[2];
    size_t ring = (ring_size(TRIP_MOST, 2) + page_size() - 1) / page_size() * page_size();
    for (int side = 0; side < 2; side++) {
        const char *path = scratch_path(side == 0 ? "there" : "back");
        if (pipe2(ends, O_CLOEXEC) == -1) die("pipe");
        trip_out[PIPE][side] = ends[1], trip_in[PIPE][!side] = ends[0];
        if (mkfifo(path, 0600) == -1) die("mkfifo %s", path);
        trip_out[FIFO][side] = trip_in[FIFO][!side] = open(path, O_RDWR | O_CLOEXEC);
        if (trip_out[FIFO][side] == -1) die("open %s", path);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1) die("socketpair");
    for (int side = 0; side < 2; side++)
        trip_out[SOCKET][side] = trip_in[SOCKET][side] = ends[side];
    open_queues();
    char *memory = mmap(NULL, sizeof *box + page_size() + 2 * ring, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    box = (struct trip_box *)memory;
    memory += (sizeof *box + page_size() - 1) / page_size() * page_size();
    trip_ring[0] = (struct ring *)memory;
    trip_ring[1] = (struct ring *)(memory + ring);
    partner_open();
}

/* The rows that messages of this size have, in the order in which they are printed. */
static size_t trip_rows(struct row *rows, const char *table, size_t bytes, int cpus) {
    static const char *const names[] = {
        [PIPE] = "pipe",
        [FIFO] = "FIFO",
        [SOCKET] = "socketpair",
        [POSIX_QUEUE] = "POSIX message queue",
        [SYSV_QUEUE] = "System V queue",
        [ASLEEP] = "memory, asleep",
        [SPINNING] = "memory, spinning",
        [ONE_LINE] = "the same, 56 bytes",
        [RINGS] = "memory, spins then sleeps",
    };
    size_t n = 0;
    for (int way = PIPE; way <= RINGS; way++) {
        if (way == ONE_LINE && (bytes != 64 || cpus != 2)) continue;
        rows[n++] = (struct row){.table = table,
                                 .name = names[way],
                                 .run = trip,
                                 .way = way,
                                 .bytes = way == ONE_LINE ? 56 : bytes,
                                 .cpus = cpus,
                                 .skipped = trip_skipped((enum trip_way)way, bytes)};
    }
    return n;
}

static void close_trips(void) {
    partner_close();
    close(keeper_end);
    wait_for(keeper);
    for (int side = 0; side < 2; side++) {
        for (int way = PIPE; way <= SOCKET; way++) {
            close(trip_out[way][side]);
            if (way == PIPE) close(trip_in[way][side]);
        }
        if (posix_queue[side] != -1) mq_close(posix_queue[side]);
    }
}

#endif
