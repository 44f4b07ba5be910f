#define _GNU_SOURCE
/*
 * 02_stream - how fast do messages go one way, through a pipe and through memory?
 *
 * Notes      section 2.1 性能优势
 * Watch      the size of the messages, the size of the pipe; one CPU, or two
 * Try this   a reader that takes less than was written; one that looks into its own memory
 * See also   02_round_trip, 12_message_ring, 02_links.c, 12_ring.c; pipe(7), fcntl(2) F_SETPIPE_SZ
 */
#include <unistd.h>

#include "02_clock.h"
#include "02_flow.h"
#include "02_links.h"
#include "12_ring.h"
#include "check.h"
#include "partner.h"

static const struct {
    const char *name, *sentence, *why;
} about[FLOWS] = {
    {"pipe", "a pipe delivers every word of a stream, in order", NULL},
    {"pipe of 1 MiB", "a pipe of 1 MiB delivers every word of a stream, in order", NULL},
    {"ring in memory", "a ring in shared memory delivers every word of a stream, in order", NULL},
    {"ring, sleeps at once",
     "a ring whose ends never spin delivers every word of a stream, in order",
     "it sleeps only when the ring of 8 MiB is full or empty, and that is rare"},
};
static struct way two[4][FLOWS], one[2][FLOWS]; /* of each size, on two CPUs, and on one */

/* Measures messages of this size in all ways, and prints the table. */
static void table(struct way *ways, const char *title, size_t bytes, int cpus) {
    for (int how = PIPE; how < FLOWS; how++) {
        ways[how] = (struct way){.run = stream, .how = how, .cpus = cpus, .bytes = bytes};
        ways[how].name = about[how].name;
        ways[how].why = about[how].why;
        ways[how].skipped = not_here(&ways[how]);
    }
    if (bytes >= 64 << 10 && cpus == 2)
        ways[PIPE].why = "it holds 64 KiB: one side sleeps while the other copies, and is woken";
    measure(ways, FLOWS, 0.3);
    print_table(title, "GB/s", ways, FLOWS);
}

int main(int argc, char **argv) {
    begin(argc, argv, 4, "how fast do messages go one way, through a pipe and through memory?");
    open_flows();

    predict(
        "Nobody waits for an answer. Is memory still as far ahead of a pipe as in a round trip?");
    step("This process sends messages of 64 bytes; a child checks each of them, on another CPU.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    explain_tables();
    table(two[0], "64 bytes, two CPUs", 64, 2);

    predict("A pipe needs a system call for each message. What if the messages are larger?");
    step("The same with larger messages.");
    table(two[1], "4 KiB, two CPUs", 4 << 10, 2);
    table(two[2], "64 KiB, two CPUs", 64 << 10, 2);
    table(two[3], "1 MiB, two CPUs", 1 << 20, 2);

    predict("And if both have to share one CPU?");
    step("Both processes on one CPU.");
    table(one[0], "64 bytes, one CPU", 64, 1);
    table(one[1], "1 MiB, one CPU", 1 << 20, 1);
    partner_close(&child);

    step("Has every word of every message arrived? Each depends on its place and on the message.");
    for (int how = PIPE; how < FLOWS; how++) {
        long wrong = one[0][how].wrong + one[1][how].wrong;
        for (int size = 0; size < 4; size++)
            wrong += two[size][how].wrong;
        if (one[0][how].skipped)
            skip(about[how].sentence, NULL, one[0][how].skipped);
        else
            check_is(wrong, 0, about[how].sentence, NULL);
    }

    predict("Is memory 10 to 100 times faster, as the notes say?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-6): each run judges itself, and the next may judge otherwise.");
    tell("The notes say (2.1-6, in part): 10 to 100 times faster than a pipe, depending on the "
         "data.");
    evidence("is the ring at least 10 times as fast? In brackets the quartiles");
    verdict({"64 bytes, two CPUs", &two[0][PIPE], &two[0][RING], 10},
            {"4 KiB, two CPUs", &two[1][PIPE], &two[1][RING], 10},
            {"64 KiB, two CPUs", &two[2][PIPE], &two[2][RING], 10},
            {"1 MiB, two CPUs", &two[3][PIPE], &two[3][RING], 10},
            {"1 MiB, two CPUs, a pipe of 1 MiB", &two[3][LARGE_PIPE], &two[3][RING], 10},
            {"64 bytes, one CPU", &one[0][PIPE], &one[0][RING], 10},
            {"1 MiB, one CPU", &one[1][PIPE], &one[1][RING], 10});
    return end();
}
