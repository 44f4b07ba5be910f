#define _GNU_SOURCE
/*
 * 02_pipe_and_queue - what do a pipe and a message queue hold, and who has to wait?
 *
 * Notes      section 2.3 与其他 IPC 方式对比; the columns 管道/FIFO and 消息队列
 * Watch      bytes without borders against whole messages; what happens when nothing fits
 * Try this   messages of a little more than half a page; O_DIRECT pipes; a queue for three
 * See also   pipe(7), mq_overview(7); 02_limits, 02_who_waits
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

static char *m;                    /* a page, to write from and to read into */
static long no_queue;              /* 0, or why there is none */
static const struct timespec past; /* 1970: a call that would have to wait is ETIMEDOUT */

/* Writes pages into a pipe until the next write() would have to wait; returns how many bytes. */
static long fill(int pipe_end) {
    long bytes = 0;
    for (ssize_t written; (written = write(pipe_end, m, page_size())) > 0;)
        bytes += written;
    if (errno != EAGAIN) die("write");
    return bytes;
}

/* Of a call on the queue: its result, or the errno of its failure; unknown without a queue. */
static long of_queue(long result) {
    return no_queue ? no_queue : result;
}

static const char *error_of(long result) {
    return no_queue ? unknown_text(no_queue) : errno_name(result == -1 ? errno : 0);
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "what do a pipe and a message queue hold, and who has to wait?");
    size_t page = page_size();
    int ends[2];

    predict("How many bytes can be written to a pipe that nobody reads?");
    step("A pipe that nobody reads: write page after page, until write() would have to wait.");
    tell("The notes say (2.3-3, in part): a pipe holds a limited amount, usually 64 KB.");
    if (!(m = calloc(1, page)) || pipe2(ends, O_NONBLOCK) == -1) die("calloc, pipe2");
    long capacity = fcntl(ends[1], F_GETPIPE_SZ), filled = fill(ends[1]);
    evidence("F_GETPIPE_SZ: %ld; written: %ld bytes", capacity, filled);
    check_is(filled, capacity,
             "an O_NONBLOCK pipe, written page by page, is full at F_GETPIPE_SZ bytes: EAGAIN",
             "2.3-3");
    while (read(ends[0], m, page) > 0)
        continue;
    if (fcntl(ends[1], F_SETPIPE_SZ, (int)page) == -1) die("fcntl");
    check_is(fill(ends[1]), page, "F_SETPIPE_SZ changes the capacity of a pipe, here to one page",
             "2.3-3");

    predict("Two messages are sent. How much does one read() return, how much one mq_receive()?");
    step("Send \"first\" and \"second\" through a new pipe, then through a message queue.");
    if (pipe(ends) == -1) die("pipe");
    if (write(ends[1], "first", 5) != 5 || write(ends[1], "second", 6) != 6) die("write");
    check_is(read(ends[0], m, page), 11,
             "a pipe is a stream: one read() can return what two write() calls wrote", "2.3-8");
    const char *name = strrchr(scratch_dir(), '/'); /* as unique as that */
    struct mq_attr limits = {.mq_maxmsg = 2, .mq_msgsize = 4000};
    remove_at_end(mq_unlink, name);
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &limits);
    no_queue = queue == -1 ? unknown("no POSIX message queue: %s", errno_name(errno)) : 0;
    mq_send(queue, "first", 5, 1);
    mq_send(queue, "second", 6, 2);
    check_is(of_queue(mq_receive(queue, m, page, NULL)), 6,
             "a message queue keeps messages apart: one mq_receive() returns one message", "2.3-8");
    check_is(of_queue(m[0]), 's', "mq_receive() returns the message of the highest priority first",
             "2.3-8");

    predict("The queue is for two messages of 4000 bytes. What of a third, and of 4001 bytes?");
    step("Send more than fits into the queue; then receive more than is in it.");
    mq_send(queue, "third", 5, 1);
    check_is(error_of(mq_timedsend(queue, "fourth", 6, 1, &past)), "ETIMEDOUT",
             "by default mq_timedsend() to a full queue, past its deadline, is ETIMEDOUT", "2.3-4");
    check_is(error_of(mq_timedsend(queue, m, 4001, 1, &past)), "EMSGSIZE",
             "to send a message longer than the queue's mq_msgsize is EMSGSIZE", "2.3-4");
    mq_receive(queue, m, page, NULL);
    mq_receive(queue, m, page, NULL);
    check_is(error_of(mq_timedreceive(queue, m, page, NULL, &past)), "ETIMEDOUT",
             "by default mq_timedreceive() from an empty queue, past its deadline, is ETIMEDOUT",
             "2.3-7");
    tell("Not checked here (2.3-2): pipe and queue copy in and out; no call counts the copies.");
    return end();
}
