#define _GNU_SOURCE
#include "02_links.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "scratch.h"

static struct {
    long type;
    char text[8192];
} envelope = {.type = 1}; /* of a System V message */

static struct links missing(const char *call) {
    static char reasons[3][40];
    static int count;
    snprintf(reasons[count], sizeof reasons[0], "%s: %s", call, errno_name(errno));
    return (struct links){.missing = reasons[count++ % 3]};
}

struct links open_pipes(void) {
    int there[2], back[2];
    if (pipe(there) == -1 || pipe(back) == -1) die("pipe");
    return (struct links){.in = {back[0], there[0]}, .out = {there[1], back[1]}};
}

struct links open_fifos(void) {
    int fd[2];
    for (int side = 0; side < 2; side++) {
        char *path = scratch_path(side == 0 ? "there" : "back");
        if (mkfifo(path, 0600) == -1) return missing("no FIFO");
        if ((fd[side] = open(path, O_RDWR | O_CLOEXEC)) == -1) die("open %s", path);
    }
    return (struct links){.in = {fd[1], fd[0]}, .out = {fd[0], fd[1]}};
}

struct links open_sockets(void) {
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == -1) die("socketpair");
    return (struct links){.in = {fd[0], fd[1]}, .out = {fd[0], fd[1]}};
}

struct links open_posix_queues(size_t most) {
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = (long)most};
    int queue[2];
    char name[40];
    for (int side = 0; side < 2; side++) {
        snprintf(name, sizeof name, "%s-%d", strrchr(scratch_dir(), '/'), side);
        remove_at_end(mq_unlink, name);
        queue[side] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attributes);
        if (queue[side] == -1) return missing("no POSIX message queue");
    }
    return (struct links){{queue[1], queue[0]}, {queue[0], queue[1]}, most, NULL, POSIX_MESSAGES};
}

static int remove_sysv_queue(const char *key) {
    return msgctl(msgget(atoi(key), 0), IPC_RMID, NULL);
}

/* The janitor is told before there is a queue, so it has a key by chance instead of IPC_PRIVATE. */
struct links open_sysv_queues(size_t most) {
    int queue[2];
    key_t key;
    char text[20];
    for (int side = 0; side < 2; side++) {
        if (getrandom(&key, sizeof key, 0) != sizeof key) die("getrandom");
        snprintf(text, sizeof text, "%d", key);
        remove_at_end(remove_sysv_queue, text);
        queue[side] = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
        if (queue[side] == -1 || msgsnd(queue[side], &envelope, most, IPC_NOWAIT) == -1)
            return missing("no System V message queue");
        if (msgrcv(queue[side], &envelope, most, 0, 0) == -1) die("msgrcv");
    }
    return (struct links){{queue[1], queue[0]}, {queue[0], queue[1]}, most, NULL, SYSV_MESSAGES};
}

void link_send(const struct links *links, int side, const void *message, size_t bytes) {
    int to = links->out[side];
    ssize_t sent = 0;
    switch (links->kind) {
    case POSIX_MESSAGES:
        if (mq_send(to, message, bytes, 0) == -1) die("mq_send");
        break;
    case SYSV_MESSAGES:
        memcpy(envelope.text, message, bytes);
        while (msgsnd(to, &envelope, bytes, 0) == -1)
            if (errno != EINTR) die("msgsnd"); /* it is never restarted: signal(7) */
        break;
    case STREAM:
        for (size_t done = 0; done < bytes; done += (size_t)sent)
            if ((sent = write(to, (const char *)message + done, bytes - done)) == -1) die("write");
    }
}

void link_receive(const struct links *links, int side, void *message, size_t bytes) {
    int from = links->in[side];
    ssize_t got = 0;
    switch (links->kind) {
    case POSIX_MESSAGES:
        if (mq_receive(from, message, links->most, NULL) == -1) die("mq_receive");
        break;
    case SYSV_MESSAGES:
        while (msgrcv(from, &envelope, bytes, 0, 0) == -1)
            if (errno != EINTR) die("msgrcv");
        memcpy(message, envelope.text, bytes);
        break;
    case STREAM:
        for (size_t done = 0; done < bytes; done += (size_t)got)
            if ((got = read(from, (char *)message + done, bytes - done)) <= 0) die("read");
    }
}
