#define _GNU_SOURCE
#include "02_trip.h"

#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"

#define MOST (64 << 10) /* bytes of a message */

struct partner child;
const char *missing[WAYS];
static int side;                   /* 0: the parent, 1: the child */
static int fd[WAYS][2][2];         /* where a side receives from; where the other sends to */
static uint64_t own[1 + MOST / 8]; /* each side's own: a System V message's type, and a message */
static void *const message = own + 1, *const with_type = (long *)(own + 1) - 1;
static struct shared {
    sem_t go[2];                     /* may side 0 go on? side 1? */
    _Alignas(128) atomic_ulong turn; /* the number of the last message, plus 1 */
    uint64_t near;                   /* a message in the same cache line */
    _Alignas(128) uint64_t far[MOST / 8];
    _Alignas(128) atomic_ulong last; /* 1: this is the last question */
    struct way way;                  /* that the child is to answer in */
} * shared;

/* One descriptor for both, or the reason why there is none. */
static void keep(int how, int to, int both, const char *reason) {
    if (both == -1) missing[how] = unknown_text(unknown(reason, errno_name(errno)));
    fd[how][to][0] = fd[how][to][1] = both;
}

static int remove_sysv_queue(const char *key) {
    return msgctl(msgget(atoi(key), 0), IPC_RMID, NULL);
}

void open_ways(void) {
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = QUEUE};
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    for (int to = 0; to < 2; to++) {
        int key;
        char name[20];
        if (sem_init(&shared->go[to], 1, 0) == -1 || pipe(fd[PIPE][to]) == -1) die("pipe");
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd[SOCKET][to]) == -1) die("socketpair");
        /* The janitor is told before there is a queue: so a key by chance, not IPC_PRIVATE. */
        if (getrandom(&key, sizeof key, 0) != sizeof key) die("getrandom");
        snprintf(name, sizeof name, "/%d", key);
        remove_at_end(mq_unlink, name);
        remove_at_end(remove_sysv_queue, name + 1);
        const char *path = scratch_path(name);
        keep(FIFO, to, mkfifo(path, 0600) == -1 ? -1 : open(path, O_RDWR), "no FIFO: %s");
        keep(POSIX_QUEUE, to, mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes),
             "no POSIX message queue: %s");
        keep(SYSV_QUEUE, to, msgget(key, IPC_CREAT | IPC_EXCL | 0600),
             "no System V message queue: %s");
    }
    *(long *)with_type = 1;
}

/* Where a message is written, and where it is found. */
static uint64_t *place(int how) {
    return how < ASLEEP ? message : how == LINE ? &shared->near : shared->far;
}

static void send_message(const struct way *way, uint64_t n) {
    const int how = way->how, to = fd[how][!side][1];
    fill(place(how), way->bytes, n);
    if (how <= SOCKET && write(to, message, way->bytes) != (ssize_t)way->bytes) die("write");
    if (how == POSIX_QUEUE && mq_send(to, message, QUEUE, 0) == -1) die("mq_send");
    if (how == SYSV_QUEUE && msgsnd(to, with_type, QUEUE, 0) == -1) die("msgsnd");
    if (how == ASLEEP) sem_post(&shared->go[!side]);
    if (how >= SPINNING) atomic_store(&shared->turn, n + 1);
}

static bool receive_message(const struct way *way, uint64_t n) {
    const int how = way->how, from = fd[how][side][0];
    for (ssize_t done = 0, got; how <= SOCKET && done < (ssize_t)way->bytes; done += got)
        if ((got = read(from, (char *)message + done, way->bytes - done)) <= 0) die("read");
    if (how == POSIX_QUEUE && mq_receive(from, message, QUEUE, NULL) == -1) die("mq_receive");
    while (how == SYSV_QUEUE && msgrcv(from, with_type, QUEUE, 0, 0) == -1)
        if (errno != EINTR) die("msgrcv");
    while (how == ASLEEP && sem_wait(&shared->go[side]) == -1)
        if (errno != EINTR) die("sem_wait");
    while (how >= SPINNING && atomic_load(&shared->turn) != n + 1)
        ;
    return is_whole(place(how), way->bytes, n);
}

static long answer_all(void *with) {
    const struct way *way = with;
    long wrong = 0;
    side = 1;
    pin(way->cpus - 1);
    for (uint64_t n = 0, last = 0; !last; n += 2) {
        wrong += !receive_message(way, n);
        last = shared->last;
        send_message(way, n + 1);
    }
    return wrong;
}

double trips(struct way *way) {
    uint64_t n = 0, rare = way->how >= SPINNING && way->cpus == 2 ? 32 : 2; /* looks at the clock */
    double began = 0, slept = 0;
    shared->turn = shared->last = 0;
    shared->way = *way;
    pin(0);
    start(&child, answer_all, &shared->way);
    for (; !shared->last; n += 2) {
        if (n == 2) began = now(), slept = sleeps(); /* all is mapped now */
        if (n >= 2 && (n - 2) % rare == 0) shared->last = now() - began >= slice;
        send_message(way, n);
        way->wrong += !receive_message(way, n + 1);
    }
    double count = (double)(n / 2 - 1), ns = (now() - began) / count;
    way->extra += (sleeps() - slept) / count;
    way->wrong += finish(&child);
    return ns;
}
