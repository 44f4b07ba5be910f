#define _GNU_SOURCE
/*
 * 02_round_trip - how long do a message and its answer take, and what makes memory faster?
 *
 * Notes      section 2.1 性能优势, 2.3 与其他 IPC 方式对比
 * Watch      how the two wait for each other: asleep, or spinning, each on a CPU of its own
 * Try this   a child that forgets a word of its answers; a semaphore without shared memory
 * See also   02_stream, 02_who_waits, 02_trip.c; pipe(7), fifo(7), mq_overview(7), sem_wait(3)
 */
#include <unistd.h>

#include "02_clock.h"
#include "02_trip.h"
#include "check.h"
#include "partner.h"

static const struct {
    const char *name, *sentence;
} about[WAYS] = {
    [PIPE] = {"pipe", "through two pipes, one each way, every word arrives, there and back"},
    [FIFO] = {"FIFO", "through two FIFOs, one each way, every word arrives, there and back"},
    [SOCKET] = {"socket", "through a local socket every word arrives, there and back"},
    [POSIX_QUEUE] = {"POSIX message queue",
                     "through a POSIX queue every word arrives, there and back"},
    [SYSV_QUEUE] = {"System V message queue",
                    "through a System V queue every word arrives, there and back"},
    [ASLEEP] = {"memory, asleep",
                "through shared memory every word arrives, if both processes sleep on semaphores"},
    [SPINNING] =
        {"memory, spinning",
         "through shared memory every word arrives, if both spin on a C11 atomic (not relaxed)"},
    [LINE] = {"a cache line alone", NULL},
};
static struct way two[WAYS], one[WAYS], large[WAYS];

/* Measures trips of messages of this size in all ways, and prints the table. */
static void table(const char *title, struct way *ways, size_t bytes, int cpus) {
    for (int how = PIPE; how < WAYS; how++) {
        bool queue = how == POSIX_QUEUE || how == SYSV_QUEUE;
        ways[how] = (struct way){about[how].name, trips, how, cpus, bytes, .why = NULL};
        ways[how].skipped = queue && bytes > QUEUE ? "by default not with so large messages"
                            : !pin(cpus - 1)       ? "only one CPU here"
                                                   : missing[how];
    }
    if (cpus == 2)
        ways[PIPE].why = "a sleeper is woken by the kernel; its CPU may have gone to sleep as well";
    else {
        ways[PIPE].why =
            "under 1 sleep: a child that takes the CPU at once answers before the parent reads";
        ways[SPINNING].why =
            "a spinning process keeps the CPU until its time slice ends: the other waits";
    }
    if (ways == large) ways[SPINNING].why = "most of it: both write and compare every word";
    ways[LINE].bytes = 8;
    ways[LINE].why = "from one CPU to the other and back: memory cannot be faster";
    measure(title, "sleeps", ways, ways == two ? WAYS : LINE, 0.5);
}

int main(int argc, char **argv) {
    begin(argc, argv, 7,
          "how long do a message and its answer take, and what makes memory faster?");
    open_ways();

    predict("Both sides sleep until it is their turn. Is memory then faster than a pipe?");
    step("A child answers each message of 64 bytes, on a CPU of its own.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    explain_tables();
    tell("Sleeps: how often the parent has slept, for each trip.");
    table("64 bytes, two CPUs", two, 64, 2);

    predict("And if both have to share one CPU?");
    step("The same, with both processes on one CPU.");
    table("64 bytes, one CPU", one, 64, 1);

    predict("Does it make a difference how much is passed?");
    step("Longer messages, on two CPUs.");
    table("64 KiB, two CPUs", large, 64 << 10, 2);
    partner_close(&child);

    step("Has every word arrived? Each depends on its message and on its place there.");
    for (int how = PIPE; how < LINE; how++) {
        long wrong = two[how].wrong + one[how].wrong + large[how].wrong;
        if (how == SPINNING) wrong += two[LINE].wrong;
        if (one[how].skipped) wrong = unknown("%s", one[how].skipped);
        check_is(wrong, 0, about[how].sentence, NULL);
    }

    predict("Which of these three statements do the numbers bear out?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-6 2.3-1 2.3-9): each run judges itself; the next may differ.");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, depending on the "
         "data.");
    evidence("is memory at least 10 times as fast as a pipe? In brackets the quartiles");
    verdict("64 bytes, two CPUs, both spin", &two[PIPE], &two[SPINNING], 10);
    verdict("64 bytes, two CPUs, both asleep", &two[PIPE], &two[ASLEEP], 10);
    verdict("64 bytes, one CPU, both spin", &one[PIPE], &one[SPINNING], 10);
    verdict("64 KiB, two CPUs, both spin", &large[PIPE], &large[SPINNING], 10);
    tell("The notes say (2.3-1, in part): a pipe or FIFO is slow (it needs system calls).");
    evidence("is memory at least one and a half times as fast?");
    verdict("a pipe and memory, both spin", &two[PIPE], &two[SPINNING], 1.5);
    verdict("a pipe and memory, both asleep", &two[PIPE], &two[ASLEEP], 1.5);
    verdict("a FIFO and memory, both spin", &two[FIFO], &two[SPINNING], 1.5);
    verdict("a FIFO and memory, both asleep", &two[FIFO], &two[ASLEEP], 1.5);
    tell("The notes say (2.3-9, in part): a message queue's speed is medium, shared memory is "
         "fast.");
    evidence("faster than a pipe, slower than memory: by at least a tenth?");
    verdict("a pipe and a POSIX queue", &two[PIPE], &two[POSIX_QUEUE], 1.1);
    verdict("a pipe and a System V queue", &two[PIPE], &two[SYSV_QUEUE], 1.1);
    verdict("a POSIX queue and memory, both spin", &two[POSIX_QUEUE], &two[SPINNING], 1.1);
    verdict("a POSIX queue and memory, both asleep", &two[POSIX_QUEUE], &two[ASLEEP], 1.1);
    return end();
}
