#define _GNU_SOURCE
/*
 * 02_round_trip - how long do a message and its answer take, and what makes memory faster?
 *
 * Notes      section 2.1 性能优势, 2.3 与其他 IPC 方式对比
 * Watch      how the two wait for each other: asleep, or spinning, each on a CPU of its own
 * Try this   a child that forgets a word of its answers; a semaphore without shared memory
 * See also   02_stream, 02_who_waits, 02_trip.c, 12_ring.c; pipe(7), mq_overview(7), sem_wait(3)
 */
#include <unistd.h>

#include "02_clock.h"
#include "02_links.h"
#include "02_trip.h"
#include "12_ring.h"
#include "check.h"
#include "partner.h"

static const struct {
    const char *name, *sentence, *two_cpus, *one_cpu;
} about[WAYS] = {
    [PIPE] = {"pipe", "through a pipe every word arrives, there and back",
              "if the other's CPU has gone to sleep as well, waking it takes most of the time",
              NULL},
    [FIFO] = {"FIFO", "through a FIFO every word arrives, there and back", NULL, NULL},
    [SOCKET] = {"socket", "through a socket every word arrives, there and back", NULL, NULL},
    [POSIX_QUEUE] = {"POSIX message queue",
                     "through a POSIX queue every word arrives, there and back", NULL, NULL},
    [SYSV_QUEUE] = {"System V message queue",
                    "through a System V queue every word arrives, there and back", NULL, NULL},
    [ASLEEP] = {"memory, asleep", "through memory every word arrives, if both sleep on semaphores",
                NULL, NULL},
    [SPINNING] =
        {"memory, spinning", "through memory every word arrives, if both spin on an atomic", NULL,
         "who spins keeps the CPU until its time slice ends; only then can the other go on"},
    [RING] = {"memory, a ring", "through a ring in memory every word arrives, there and back", NULL,
              "both are on one CPU, so it sleeps at once instead of spinning"},
    [NEAR] = {"memory, spinning, 56 bytes", NULL,
              "message and number are in one cache line: one is fetched, not two", NULL},
    [LINE] = {"a cache line alone", NULL,
              "from one CPU to the other and back: memory cannot be faster", NULL},
};
static struct way two[WAYS], one[WAYS], middle[WAYS], large[WAYS];

/* Measures trips of messages of this size in all ways, and prints the table. */
static void table(struct way *ways, const char *title, size_t bytes, int cpus) {
    size_t count = ways == two ? WAYS : NEAR;
    for (int how = PIPE; how < (int)count; how++) {
        ways[how] = (struct way){.run = trips, .how = how, .cpus = cpus, .bytes = bytes};
        ways[how].name = about[how].name;
        ways[how].why = cpus == 2 ? about[how].two_cpus : about[how].one_cpu;
        ways[how].skipped = not_here(&ways[how]);
    }
    two[NEAR].bytes = 56, two[LINE].bytes = 8;
    measure(ways, count, 0.4);
    print_table(title, "sleeps", ways, count);
}

int main(int argc, char **argv) {
    begin(argc, argv, 8,
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
    table(middle, "4 KiB, two CPUs", 4 << 10, 2);
    table(large, "64 KiB, two CPUs", 64 << 10, 2);
    partner_close(&child);

    step("Has every word of every message arrived? Each depends on its place and on the message.");
    for (int how = PIPE; how < NEAR; how++) {
        long wrong = two[how].wrong + one[how].wrong + middle[how].wrong + large[how].wrong;
        if (how == SPINNING) wrong += two[NEAR].wrong + two[LINE].wrong;
        if (one[how].skipped)
            skip(about[how].sentence, NULL, one[how].skipped);
        else
            check_is(wrong, 0, about[how].sentence, NULL);
    }

    predict("Which of these three statements do the numbers bear out?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-6 2.3-1 2.3-9): each run judges itself, and the next may judge "
         "otherwise.");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, depending on the "
         "data.");
    evidence("at least 10 times as fast? In brackets the quartiles; undecided if 10 lies between");
    verdict({"64 bytes, two CPUs, both spin", &two[PIPE], &two[SPINNING], 10},
            {"64 bytes, two CPUs, both asleep", &two[PIPE], &two[ASLEEP], 10},
            {"64 bytes, one CPU, both spin", &one[PIPE], &one[SPINNING], 10},
            {"64 bytes, one CPU, both asleep", &one[PIPE], &one[ASLEEP], 10},
            {"64 KiB, two CPUs, both spin", &large[PIPE], &large[SPINNING], 10});
    tell("The notes say (2.3-1, in part): a pipe or FIFO is slow (it needs system calls).");
    evidence("is memory at least one and a half times as fast?");
    verdict({"64 bytes, two CPUs, both spin", &two[PIPE], &two[SPINNING], 1.5},
            {"64 bytes, two CPUs, both asleep", &two[PIPE], &two[ASLEEP], 1.5},
            {"64 bytes, one CPU, a ring", &one[PIPE], &one[RING], 1.5});
    tell("The notes say (2.3-9, in part): a message queue's speed is medium, shared memory is "
         "fast.");
    evidence("faster than a pipe, slower than memory: by at least a tenth?");
    verdict({"a pipe and a POSIX queue, two CPUs", &two[PIPE], &two[POSIX_QUEUE], 1.1},
            {"a pipe and a System V queue, two CPUs", &two[PIPE], &two[SYSV_QUEUE], 1.1},
            {"a POSIX queue and memory, both spin", &two[POSIX_QUEUE], &two[SPINNING], 1.1},
            {"a POSIX queue and memory, both asleep", &two[POSIX_QUEUE], &two[ASLEEP], 1.1});
    return end();
}
