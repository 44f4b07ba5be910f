#define _GNU_SOURCE
/*
 * 02_round_trip - how long do a message and its answer take, and what makes memory faster?
 *
 * Notes      section 2.1 性能优势, 2.3 与其他 IPC 方式对比
 * Watch      how the two wait for each other: asleep, or spinning, each on a CPU of its own
 * Try this   a child that forgets a word of its answers; a semaphore without shared memory
 * See also   02_stream, 02_who_waits, 02_trip.c; pipe(7), mq_overview(7), sem_wait(3)
 */
#include <unistd.h>

#include "02_clock.h"
#include "02_trip.h"
#include "check.h"
#include "partner.h"

static const struct {
    const char *name, *two_cpus, *one_cpu, *sentence;
} about[WAYS] = {
    [PIPE] = {"pipe",
              "if the other's CPU has gone to sleep as well, waking it takes most of the time",
              NULL, "through a pipe every word arrives, there and back"},
    [POSIX_QUEUE] = {"POSIX message queue", NULL, NULL,
                     "through a POSIX queue every word arrives, there and back"},
    [SYSV_QUEUE] = {"System V message queue", NULL, NULL,
                    "through a System V queue every word arrives, there and back"},
    [ASLEEP] = {"memory, asleep", NULL, NULL,
                "through memory every word arrives, if both sleep on semaphores"},
    [SPINNING] = {"memory, spinning", NULL,
                  "a spinning process keeps the CPU until its time slice ends: the other waits",
                  "through memory every word arrives, if both spin on an atomic"},
    [LINE] = {"a cache line alone", "from one CPU to the other and back: memory cannot be faster",
              NULL, NULL},
};
static struct way two[WAYS], one[WAYS], large[WAYS];

/* Measures trips of messages of this size in all ways, and prints the table. */
static void table(struct way *ways, const char *title, size_t bytes, int cpus) {
    const int count = ways == two ? WAYS : LINE;
    for (int how = PIPE; how < count; how++) {
        bool queue = how == POSIX_QUEUE || how == SYSV_QUEUE;
        ways[how] = (struct way){.name = about[how].name, .run = trips, .how = how, .cpus = cpus};
        ways[how].bytes = how == LINE ? 8 : bytes;
        ways[how].why = cpus == 2 ? about[how].two_cpus : about[how].one_cpu;
        ways[how].skipped = queue && bytes > QUEUE ? "by default not with so large messages"
                            : !pin(cpus - 1)       ? "only one CPU here"
                                                   : missing[how];
    }
    measure(ways, count, 0.5);
    print_table(title, "sleeps", ways, count);
}

int main(int argc, char **argv) {
    begin(argc, argv, 5,
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
    table(two, "64 bytes, two CPUs", 64, 2);

    predict("And if both have to share one CPU?");
    step("The same, with both processes on one CPU.");
    table(one, "64 bytes, one CPU", 64, 1);

    predict("Does it make a difference how much is passed?");
    step("Longer messages, on two CPUs.");
    table(large, "64 KiB, two CPUs", 64 << 10, 2);
    partner_close(&child);

    step("Has every word arrived? Each depends on its message and on its place there.");
    for (int how = PIPE; how < LINE; how++) {
        long wrong = two[how].wrong + one[how].wrong + large[how].wrong;
        if (how == SPINNING) wrong += two[LINE].wrong;
        if (one[how].skipped)
            skip(about[how].sentence, NULL, one[how].skipped);
        else
            check_is(wrong, 0, about[how].sentence, NULL);
    }

    predict("Which of these three statements do the numbers bear out?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-6 2.3-1 2.3-9): each run judges itself; the next may differ.");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, depending on the "
         "data.");
    evidence("is memory at least 10 times as fast? In brackets the quartiles");
    verdict("64 bytes, two CPUs, both spin", &two[PIPE], &two[SPINNING], 10);
    verdict("64 bytes, two CPUs, both asleep", &two[PIPE], &two[ASLEEP], 10);
    verdict("64 bytes, one CPU, both spin", &one[PIPE], &one[SPINNING], 10);
    verdict("64 KiB, two CPUs, both spin", &large[PIPE], &large[SPINNING], 10);
    tell("The notes say (2.3-1, in part): a pipe or FIFO is slow (it needs system calls).");
    evidence("is memory at least one and a half times as fast?");
    verdict("64 bytes, two CPUs, both spin", &two[PIPE], &two[SPINNING], 1.5);
    verdict("64 bytes, two CPUs, both asleep", &two[PIPE], &two[ASLEEP], 1.5);
    tell("The notes say (2.3-9, in part): a message queue's speed is medium, shared memory is "
         "fast.");
    evidence("faster than a pipe, slower than memory: by at least a tenth?");
    verdict("a pipe and a POSIX queue", &two[PIPE], &two[POSIX_QUEUE], 1.1);
    verdict("a pipe and a System V queue", &two[PIPE], &two[SYSV_QUEUE], 1.1);
    verdict("a POSIX queue and memory, both spin", &two[POSIX_QUEUE], &two[SPINNING], 1.1);
    verdict("a POSIX queue and memory, both asleep", &two[POSIX_QUEUE], &two[ASLEEP], 1.1);
    return end();
}
