#define _GNU_SOURCE
/*
 * 02_who_waits - what makes a reader wait for the writer?
 *
 * Notes      section 2.3 与其他 IPC 方式对比, its last row 同步机制
 * Watch      a pipe makes its reader sleep; memory does not, until a semaphore is put into it
 * Try this   write to the pipe before the child reads; post before the child waits
 * See also   pipe(7), sem_overview(7), proc(5) (/proc/PID/syscall); 02_pipe_and_queue, 08_locks
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"

struct box {
    sem_t ready, stored; /* posted when the child is about to wait; once for each message */
    atomic_char message;
};
static int ends[2]; /* of the pipe */

static long read_from_pipe(void *with) {
    struct box *m = with;
    char byte;
    sem_post(&m->ready);
    return read(ends[0], &byte, 1) == 1 ? m->message : -1;
}

static long wait_for_semaphore(void *with) {
    struct box *m = with;
    sem_post(&m->ready);
    return sem_wait(&m->stored) == 0 ? m->message : -1;
}

static long load_message(void *with) {
    return ((struct box *)with)->message;
}

/* The number of the system call in which the child sleeps, once it has come as far as that. */
static long sleeps_in(pid_t pid, struct box *m) {
    char path[40], text[80] = "";
    long call;
    snprintf(path, sizeof path, "/proc/%ld/syscall", (long)pid);
    int fd = open(path, O_RDONLY);
    sem_wait(&m->ready);
    do {
        if (fd == -1 || pread(fd, text, sizeof text - 1, 0) == -1)
            return unknown("/proc/PID/syscall: %s", errno_name(errno));
    } while (sscanf(text, "%ld", &call) != 1 || call == -1); /* it runs, or is in none */
    close(fd);
    return call == 422 ? SYS_futex : call; /* 422: futex() with 64-bit times, on 32 bits */
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "what makes a reader wait for the writer?");
    struct partner reader;
    char byte;

    predict("What does the child do until there is something to read?");
    step("A child reads from an empty pipe. Then the parent stores a P, then writes.");
    struct box *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || pipe(ends) == -1) die("mmap, pipe");
    if (sem_init(&m->ready, 1, 0) == -1 || sem_init(&m->stored, 1, 0) == -1) die("sem_init");
    partner_open(&reader);
    reader.pid = fork();
    if (reader.pid == -1) die("fork");
    if (reader.pid == 0) obey(&reader);
    start(&reader, read_from_pipe, m);
    check_is(sleeps_in(reader.pid, m), SYS_read,
             "by default a reader of an empty pipe that has a writer sleeps in read()", "2.3-6");
    m->message = 'P';
    if (write(ends[1], "P", 1) != 1) die("write");
    check_is(finish(&reader), 'P',
             "a process that reads from a pipe sees stores to shared memory made before write()",
             "2.3-6");

    predict("The child only loads. Which of the messages 1 and 2 will it get?");
    step("In memory alone: the parent stores a 1, then a 2. The child loads twice.");
    m->message = '1';
    m->message = '2';
    check_is(ask(&reader, load_message, m), '2',
             "a store to shared memory waits for no reader: the next store overwrites it", "2.3-6");
    check_is(ask(&reader, load_message, m), '2',
             "a load takes nothing away: alone it cannot tell whether the value is new", "2.3-6");

    predict("In which system call does the child wait this time?");
    step("The cure, a semaphore: the child waits for it. Then the parent stores an S and posts.");
    start(&reader, wait_for_semaphore, m);
    check_is(sleeps_in(reader.pid, m), SYS_futex,
             "a process that has to wait in sem_wait() sleeps in futex()", "2.3-6");
    m->message = 'S';
    if (sem_post(&m->stored) == -1) die("sem_post");
    check_is(finish(&reader), 'S',
             "a process that passes sem_wait() at 0 sees stores to shared memory before the post",
             "2.3-6");

    predict("Nobody is left who could write or post. What do read() and sem_wait() do?");
    step("The other side ends: the child exits, and the pipe's last write end is closed.");
    partner_close(&reader);
    if (close(ends[1]) == -1 || fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1) die("close, fcntl");
    check_is(read(ends[0], &byte, 1), 0,
             "read() from an empty pipe that has no writer left returns 0", "2.3-6");
    check_errno(sem_trywait(&m->stored) == -1, EAGAIN,
                "sem_trywait() does not tell that nobody is left to post: EAGAIN", "2.3-6");
    return end();
}
