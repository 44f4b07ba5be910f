/*
 * 02_who_waits - who makes a reader wait for the writer?
 *
 * Notes      section 2.3 与其他 IPC 方式对比, its last row 同步机制
 * Watch      a pipe makes its reader wait; memory does not, until a semaphore is put into it
 * Try this   1. m->message = 'P'; -> nothing: check 1 fails
 *            2. reader.said = m->message; -> reader.said = atomic_exchange(&m->message, 0);:
 *               check 4 fails
 *            3. sem_init(&m->stored, 1, 0) -> sem_init(&m->stored, 1, 1): check 5 fails
 * See also   pipe(7), sem_overview(7); 08_two_terminals, 10_9_two_at_once
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

struct shared {
    sem_t stored; /* posted once for each message */
    atomic_char message;
};

int main(int argc, char **argv) {
    begin(argc, argv, 9, "who makes a reader wait for the writer?");
    struct turns reader;
    char byte;
    int ends[2];

    step("A child reads from an empty pipe. The parent stores a P, then it writes to the pipe.");
    struct shared *m =
        mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || pipe(ends) == -1 || sem_init(&m->stored, 1, 0) == -1) die("set-up");
    turns_open(&reader);
    reader.pid = fork();
    if (reader.pid == -1) die("fork");
    if (reader.pid == 0) {
        await_turn(&reader);
        hand_back(&reader); /* and goes on, to the empty pipe */
        reader.said = read(ends[0], &byte, 1) == 1 ? m->message : -1;
        await_turn(&reader);
        await_turn(&reader);
        reader.said = m->message; /* waits for nobody */
        await_turn(&reader);
        hand_back(&reader); /* and goes on, to the semaphore that nobody has posted */
        reader.said = sem_wait(&m->stored) == 0 ? m->message : -1;
        await_turn(&reader);
        last_turn(&reader);
    }
    give_turn(&reader);
    m->message = 'P';
    if (write(ends[1], "P", 1) != 1) die("write");
    check_num(give_turn(&reader), ==, 'P',
              "read() waits for the write(): it sees what was stored before", "2.3-6");
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1) die("fcntl");
    check_errno(read(ends[0], &byte, 1) == -1, EAGAIN,
                "a pipe gives each byte once: for the next one read() would wait", "2.3-6");

    predict("The child only loads. Which of the messages 1 and 2 will it get?");
    step("In memory alone: store a 1, store a 2, let the child load.");
    for (int next = '1'; next <= '2'; next++)
        m->message = (char)next;
    check_num(give_turn(&reader), ==, '2', "a store does not wait for a reader: the 1 is lost",
              "2.3-6");
    check(m->message == '2', "a load takes nothing away: a reader cannot see what is new", "2.3-6");

    step("The cure, a semaphore: the child waits for it, the parent stores an S, then posts.");
    check_errno(sem_trywait(&m->stored) == -1, EAGAIN,
                "before the post a reader would have to wait: EAGAIN", "2.3-6");
    give_turn(&reader);
    m->message = 'S';
    if (sem_post(&m->stored) == -1) die("sem_post");
    check_num(give_turn(&reader), ==, 'S',
              "sem_wait() waits for the post: it sees what was stored before", "2.3-6");
    check_errno(sem_trywait(&m->stored) == -1, EAGAIN,
                "each post lets one reader through: the next one would wait", "2.3-6");

    predict("Nobody is left who could write or post. What do read() and sem_wait() do?");
    step("The end of the other side: the child exits; the pipe's last writer is closed.");
    turns_close(&reader);
    close(ends[1]);
    check_num(read(ends[0], &byte, 1), ==, 0, "a pipe says that no writer is left: read() gives 0",
              "2.3-6");
    check_errno(sem_trywait(&m->stored) == -1, EAGAIN,
                "a semaphore does not say that nobody is left: sem_wait() would wait", "2.3-6");
    return end();
}
