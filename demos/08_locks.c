#define _GNU_SOURCE
/*
 * 08_locks - which lock works between processes, and what if its holder is killed?
 *
 * Notes      section 8.4 关键点 3; 2.3 同步机制 (信号量/互斥锁)
 * Watch      who is woken when a lock is released, and who when its holder is killed
 * Try this   PTHREAD_PROCESS_SHARED left out; PTHREAD_MUTEX_ROBUST left out
 * See also   pthread_mutexattr_setrobust(3), sem_overview(7), futex(7); 02_who_waits
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"

static long lock(void *mutex) {
    return pthread_mutex_lock(mutex);
}

static long unlock(void *mutex) {
    return pthread_mutex_unlock(mutex);
}

static long down(void *semaphore) {
    return sem_wait(semaphore);
}

static long up(void *semaphore) {
    return sem_post(semaphore);
}

/* 1 if the child sleeps: S is its state in proc(5). */
static long sleeps(pid_t pid) {
    char path[40], state = '?';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    if (!file) return unknown("/proc/PID/stat: %s", errno_name(errno));
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) die("%s", path);
    fclose(file);
    return state == 'S';
}

/* Has a new child wait for a lock that is held. Returns when it sleeps. */
static void wait_in(struct partner *child, act *take, void *lock) {
    partner_open(child);
    child->pid = fork();
    if (child->pid == -1) die("fork");
    if (child->pid == 0) obey(child);
    start(child, take, lock);
    while (sleeps(child->pid) == 0)
        sched_yield();
}

/* "asleep", or what the child's call has returned. A child that is woken is awake when the call
 * that wakes it returns; if it sleeps again by now, it has answered. */
static const char *outcome(struct partner *child, const char *expected) {
    struct pollfd answer = {child->socket[0], POLLIN, 0};
    long asleep = sleeps(child->pid);
    if (is_unknown(asleep) && strcmp(expected, "asleep") == 0) return unknown_text(asleep);
    if (asleep == 1 && poll(&answer, 1, 0) == 0) return "asleep";
    return errno_name((int)finish(child));
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "which lock works between processes, and what if its holder is killed?");
    struct partner child[5], last;
    pthread_mutexattr_t attributes;
    struct {
        pthread_mutex_t plain, shared, robust;
        sem_t semaphore[2];
    } *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) die("mmap");

    predict("A mutex (default, shared, robust), a semaphore (pshared 0, 1): which wake a waiter?");
    step("Five locks in shared memory. The parent holds each until a child waits for it.");
    pthread_mutexattr_init(&attributes);
    pthread_mutex_init(&m->plain, &attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&m->shared, &attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&m->robust, &attributes);
    sem_init(&m->semaphore[0], 0, 1);
    sem_init(&m->semaphore[1], 1, 1);
    const struct {
        const char *name;
        void *lock;
        act *take, *release;
        const char *released, *killed, *wakes, *outlives; /* what becomes of the waiter */
    } rows[5] = {{"default mutex", &m->plain, lock, unlock, "asleep", NULL,
                  "releasing a default mutex wakes no waiter in another process", NULL},
                 {"process-shared mutex", &m->shared, lock, unlock, "success", "asleep",
                  "releasing a process-shared mutex wakes a waiter in another process",
                  "a waiter for a default process-shared mutex sleeps on if its holder is killed"},
                 {"robust mutex", &m->robust, lock, unlock, "success", "EOWNERDEAD",
                  "releasing a process-shared robust mutex wakes a waiter in another process",
                  "if the holder of a robust mutex is killed, one of its waiters gets EOWNERDEAD"},
                 {"semaphore with pshared 0", &m->semaphore[0], down, up, "asleep", NULL,
                  "releasing a semaphore with pshared 0 wakes no waiter in another process", NULL},
                 {"semaphore with pshared 1", &m->semaphore[1], down, up, "success", "asleep",
                  "releasing a semaphore with pshared 1 wakes a waiter in another process",
                  "a waiter for a semaphore with pshared 1 sleeps on if its holder is killed"}};
    for (int i = 0; i < 5; i++) {
        if (rows[i].take(rows[i].lock) != 0) die("%s", rows[i].name);
        wait_in(&child[i], rows[i].take, rows[i].lock);
        rows[i].release(rows[i].lock);
        check_is(outcome(&child[i], rows[i].released), rows[i].released, rows[i].wakes, "2.3-6");
    }

    predict("kill -9 runs no code in the holder of a lock. Whose waiter is woken all the same?");
    step("Three of the children hold their lock. Each is killed while another one waits.");
    long why = syscall(SYS_get_robust_list, 0, &(void *){NULL}, &(size_t){0}) == 0
                   ? 0
                   : unknown("robust lists: %s", errno_name(errno));
    for (int i = 0; i < 5; i++) {
        if (!rows[i].killed) continue;
        wait_in(&last, rows[i].take, rows[i].lock);
        if (kill(child[i].pid, SIGKILL) == -1 || wait_for(child[i].pid) == 0) die("kill");
        check_is(i == 2 && why ? unknown_text(why) : outcome(&last, rows[i].killed), rows[i].killed,
                 rows[i].outlives, "2.3-6");
    }
    return end();
}
