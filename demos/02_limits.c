/*
 * 02_limits - how much goes into a pipe, a message queue and a mapping?
 *
 * Notes      section 2.3 与其他 IPC 方式对比; the rows 数据拷贝次数, 容量限制
 * Watch      where each of them says no, and with which errno
 * Try this   1. if (fcntl(ends[1], F_SETPIPE_SZ, (int)page) == -1) die("fcntl"); -> nothing:
 *               check 3 fails
 *            2. In `mqd_t queue =`, name, 1, 8 -> name, 2, 8: check 4 fails
 *            3. In `char *p`, fd, 0); -> fd, 0); p[size - 1] = 'x';: checks 9 and 10 fail
 *            4. struct rlimit low = {page, -> struct rlimit low = {old.rlim_cur,: check 13 fails
 * See also   pipe(7), mq_overview(7), getrlimit(2), mmap(2) (ENOMEM); 02_who_waits, 10_1_full_disk
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* Writes the page at `p` into a pipe again and again, until the next write() would have to wait.
 * Returns how many bytes that were. */
static long fill(int pipe_end, const char *p) {
    long bytes = 0;
    ssize_t written;
    while ((written = write(pipe_end, p, page_size())) > 0)
        bytes += written;
    if (errno != EAGAIN) die("write");
    return bytes;
}

/* The number in a file of /proc/sys, for evidence. */
static long setting(const char *path) {
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd == -1 ? 0 : read(fd, text, sizeof text - 1);
    if (fd != -1) close(fd);
    return got > 0 ? atol(text) : UNKNOWN;
}

/* A queue that is gone when it is closed. `name` is only needed to open it. */
static mqd_t make_queue(const char *name, long messages, long bytes) {
    struct mq_attr limits = {.mq_maxmsg = messages, .mq_msgsize = bytes};
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0600, &limits);
    int error = errno;
    if (queue != -1) mq_unlink(name);
    errno = error;
    return queue;
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "how much goes into a pipe, a message queue and a mapping?");
    size_t page = page_size();
    char name[64];
    int ends[2];
    struct rlimit old;
    struct stat info;

    predict("How many bytes can be written to a pipe that nobody reads?");
    step("A pipe that nobody reads: write page after page, until write() would have to wait.");
    tell("The notes say (2.3-3, in part): a pipe holds 64 KB.");
    char *m = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1) die("mmap, pipe2");
    long capacity = fcntl(ends[1], F_GETPIPE_SZ), filled = fill(ends[1], m);
    evidence("F_GETPIPE_SZ: %ld; written: %ld bytes", capacity, filled);
    check_num(filled, ==, capacity, "a pipe is full when it holds F_GETPIPE_SZ bytes: EAGAIN",
              "2.3-3");
    if (read(ends[0], m, page) != (ssize_t)page) die("read");
    check_num(fill(ends[1], m), ==, page, "what is read makes room for as much", "2.3-3");
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) == -1) die("pipe2");
    if (fcntl(ends[1], F_SETPIPE_SZ, (int)page) == -1) die("fcntl");
    check_num(fill(ends[1], m), ==, page, "F_SETPIPE_SZ changes it, here to one page", "2.3-3");

    step("A message queue for one message of 8 bytes; queues that are too large.");
    const char *const rules[] = {
        "a second message for a queue of one would have to wait: EAGAIN",
        "no message may be longer than the queue was made for: EMSGSIZE",
        "a queue for a million messages is refused, even to root: EINVAL",
        "all queues of a user may take RLIMIT_MSGQUEUE bytes, not more: EMFILE"};
    evidence("without privilege: %s messages of %s bytes in a queue",
             number(setting("/proc/sys/fs/mqueue/msg_max")),
             number(setting("/proc/sys/fs/mqueue/msgsize_max")));
    snprintf(name, sizeof name, "%s", strrchr(scratch_dir(), '/')); /* as unique as that */
    remove_at_end(name, -1);
    mqd_t queue = make_queue(name, 1, 8);
    if (queue == -1) {
        snprintf(name, sizeof name, "no POSIX queue: %s", errno_name(errno));
        for (int i = 0; i < 4; i++)
            skip(rules[i], "2.3-4", name);
    } else {
        if (mq_send(queue, m, 8, 0) == -1) die("mq_send");
        check_errno(mq_send(queue, m, 8, 0) == -1, EAGAIN, rules[0], "2.3-4");
        check_errno(mq_send(queue, m, 9, 0) == -1, EMSGSIZE, rules[1], "2.3-4");
        check_errno(make_queue(name, 1000000, 8) == -1, EINVAL, rules[2], "2.3-4");
        if (getrlimit(RLIMIT_MSGQUEUE, &old) == -1) die("getrlimit");
        struct rlimit none = {0, old.rlim_max};
        if (setrlimit(RLIMIT_MSGQUEUE, &none) == -1) die("setrlimit");
        check_errno(make_queue(name, 1, 8) == -1, EMFILE, rules[3], "2.3-4");
        if (setrlimit(RLIMIT_MSGQUEUE, &old) == -1) die("setrlimit");
    }

    predict("How many page faults is a store to its last byte? How much disk does the file take?");
    step("A mapping of a file of 64 GiB (1 GiB on 32 bits) to which nothing has been written.");
    tell("The notes say (2.3-5, in part): gigabytes can be mapped.");
    size_t size = (size_t)1 << (sizeof size > 4 ? 36 : 30);
    int fd = scratch_file("large", 0);
    if (ftruncate(fd, (off_t)size) == -1) die("ftruncate");
    errno = posix_fallocate(fd, (off_t)(size - page), (off_t)page);
    if (errno != 0) die("posix_fallocate"); /* ENOSPC, where the store would be a SIGBUS */
    char *p = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_num(smaps_kb(getpid(), p, "Size"), ==, size / 1024, "gigabytes can be mapped in one call",
              "2.3-5");
    check_num(smaps_kb(getpid(), p, "Rss"), ==, 0, "a mapping takes no memory by itself", "2.3-5");
    check_num(faults_of_store(p + size - 1, 1, 'x'), ==, 1, "its last byte is one page fault away",
              "2.3-5");
    if (fstat(fd, &info) == -1) die("fstat");
    evidence("the file has %lld KiB of disk", (long long)info.st_blocks / 2);
    check_num(info.st_blocks, <, size / 512, "the file takes disk only for the page that is used",
              "2.3-5");

    step("Map more than the address space has; then one page, with RLIMIT_AS lowered.");
    check_errno(
        mmap(NULL, SIZE_MAX - 2 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
        ENOMEM, "what does not fit into the address space cannot be mapped: ENOMEM", "2.3-5");
    if (getrlimit(RLIMIT_AS, &old) == -1) die("getrlimit");
    struct rlimit low = {page, old.rlim_max};
    if (setrlimit(RLIMIT_AS, &low) == -1) die("setrlimit");
    void *more = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    int error = errno;
    if (setrlimit(RLIMIT_AS, &old) == -1) die("setrlimit");
    errno = error;
    check_errno(more == MAP_FAILED, ENOMEM,
                "what exceeds RLIMIT_AS cannot be mapped either: ENOMEM", "2.3-5");

    tell("Not checked here (2.3-2): a pipe copies in and out, memory does not; no call counts it.");
    return end();
}
