/*
 * 02_speed - is shared memory faster, and when?
 *
 * Notes      section 2.1 性能优势, 2.3 与其他 IPC 方式对比; times from 3.3, 4.1, 9.3
 * Watch      how each side waits, asleep or spinning, and whether it has a CPU of its own
 * Try this   1. In `compose(message, bytes, n);`, bytes -> bytes - 8:
 *               checks 1, 2, 3, 4, 5, 6, 7 and 8 fail
 *            2. In `compose(message, row->bytes, n);`, n -> n + 1: checks 9, 10, 11 and 12 fail
 *            3. return add_up(p, bytes); -> return add_up(p, bytes - 64);:
 *               checks 16, 17 and 18 fail
 * See also   02_speed_*.h, common/bench.h, common/ring.h, 12_message_ring; futex(2), mq_overview(7)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "02_speed_fault.h"
#include "02_speed_file.h"
#include "02_speed_stream.h"
#include "02_speed_trip.h"

static const char usage[] =
    "usage: 02_speed [--quick | --full] [--csv] [--step] [trip] [stream] [file] [fault]\n"
    "  is shared memory faster, and when?\n"
    "  trip    a message there and its answer back, in eight ways\n"
    "  stream  messages one way, through a pipe and through a ring in shared memory\n"
    "  file    all bytes of a file, by read() and by mmap()\n"
    "  fault   the first touch of a page\n"
    "  Without a name all four, within 2 s. --quick: 0.3 s, checks every byte and judges no "
    "speed;\n"
    "  --full: more sizes, for longer; --csv: rows on stdout, times in ns.\n";

enum { QUICK, USUAL, FULL };
static int mode = USUAL;
static FILE *csv; /* with --csv: where the rows go; all else goes to stderr then */

/* What is measured. Sizes that only --full has stand last. */
static const struct {
    size_t bytes;
    int mode;
    const char *two, *one; /* titles of the tables, on two CPUs and on one */
} trip_sizes[] =
    {
        {64, QUICK, "round trip, 64 bytes, two CPUs", "round trip, 64 bytes, one CPU"},
        {4 << 10, USUAL, "round trip, 4 KiB, two CPUs", "round trip, 4 KiB, one CPU"},
        {1 << 10, FULL, "round trip, 1 KiB, two CPUs", "round trip, 1 KiB, one CPU"},
        {64 << 10, FULL, "round trip, 64 KiB, two CPUs", "round trip, 64 KiB, one CPU"},
},
  stream_sizes[] =
      {
          {64, QUICK, "stream of 64 bytes, two CPUs", "stream of 64 bytes, one CPU"},
          {4 << 10, USUAL, "stream of 4 KiB, two CPUs", "stream of 4 KiB, one CPU"},
          {1 << 20, USUAL, "stream of 1 MiB, two CPUs", "stream of 1 MiB, one CPU"},
          {1 << 10, FULL, "stream of 1 KiB, two CPUs", "stream of 1 KiB, one CPU"},
          {64 << 10, FULL, "stream of 64 KiB, two CPUs", "stream of 64 KiB, one CPU"},
},
  file_sizes[] = {
      {4 << 10, QUICK, "file of 4 KiB, in order", NULL},
      {1 << 20, QUICK, "file of 1 MiB, in order", "file of 1 MiB, at random"},
      {16 << 20, USUAL, "file of 16 MiB, in order", "file of 16 MiB, at random"},
      {16 << 10, FULL, "file of 16 KiB, in order", NULL},
      {256 << 10, FULL, "file of 256 KiB, in order", NULL},
      {64 << 20, FULL, "file of 64 MiB, in order", "file of 64 MiB, at random"},
};

/* All rows of all tables; each part adds its own, measures and prints them. */
static struct row rows[200];
static size_t count;

/* `share`: of the time for all parts, which is 2 s, or 17 s with --full. */
static void measure_and_print(size_t first, double share, const char *unit, const char *extra,
                              bool slower) {
    static const int rounds[] = {[QUICK] = 1, [USUAL] = 7, [FULL] = 15};
    measure(rows + first, count - first, rounds[mode], share * (mode == USUAL ? 1.9e9 : 17e9));
    print_tables(rows + first, count - first, unit, extra, slower, csv);
}

/* Whether every byte was right, in all rows of this way to do it, and of this variant of it. */
static void check_way(size_t first, const char *name, const char *variant, const char *text) {
    const char *skipped = "no time left";
    long wrong = 0, measured = 0;
    for (size_t i = first; i < count; i++) {
        if (strcmp(rows[i].name, name) != 0 && strcmp(rows[i].name, variant) != 0) continue;
        wrong += rows[i].wrong;
        for (int round = 0; round < ROUNDS; round++)
            measured += rows[i].ns[round] >= 0;
        if (rows[i].skipped) skipped = rows[i].skipped;
    }
    if (measured == 0)
        skip(text, NULL, skipped);
    else
        check_num(wrong, ==, 0, text, NULL);
}

static void trip_part(void) {
    size_t first = count;
    step(
        "Round trips: a message to another process, which checks every byte, and its answer back.");
    tell("Not checked here (2.1-6): a time is no verdict on mmap; each run judges itself.");
    tell("Not checked here (2.3-1): a time is no verdict on mmap; each run judges itself.");
    tell("Times: median and quartiles. Bars: one block more is twice as long. \"as fast\", \"as "
         "long\":");
    tell(
        "against the first row, within each round, and so not always the quotient of the medians.");
    tell("Sleeps: voluntary context switches, of both sides, for each message.");
    open_trips();
    for (size_t i = 0; i < sizeof trip_sizes / sizeof trip_sizes[0]; i++) {
        if (trip_sizes[i].mode > mode) continue;
        count += trip_rows(rows + count, trip_sizes[i].two, trip_sizes[i].bytes, 2);
        count += trip_rows(rows + count, trip_sizes[i].one, trip_sizes[i].bytes, 1);
    }
    measure_and_print(first, 0.45, "way", "sleeps", false);
    close_trips();
    check_way(first, "pipe", "", "through a pipe every byte arrives, there and back");
    check_way(first, "FIFO", "", "through a FIFO every byte arrives, there and back");
    check_way(first, "socketpair", "", "through a socket every byte arrives, there and back");
    check_way(first, "POSIX message queue", "",
              "through a POSIX queue every byte arrives, there and back");
    check_way(first, "System V queue", "",
              "through a System V queue every byte arrives, there and back");
    check_way(first, "memory, asleep", "",
              "through memory every byte arrives, if both sleep on a futex");
    check_way(first, "memory, spinning", "the same, 56 bytes",
              "through memory every byte arrives, if both spin on an atomic");
    check_way(first, "memory, spins then sleeps", "",
              "through two rings every byte arrives, there and back");
}

static void stream_part(void) {
    size_t first = count;
    predict("Nobody waits for an answer now. Is memory still as far ahead of a pipe?");
    step("Streams: one process composes messages, the other checks every byte.");
    open_streams();
    for (size_t i = 0; i < sizeof stream_sizes / sizeof stream_sizes[0]; i++) {
        if (stream_sizes[i].mode > mode) continue;
        count += stream_rows(rows + count, stream_sizes[i].two, stream_sizes[i].bytes, 2);
        count += stream_rows(rows + count, stream_sizes[i].one, stream_sizes[i].bytes, 1);
    }
    measure_and_print(first, 0.25, "way", "sleeps", false);
    close_streams();
    check_way(first, "pipe", "", "a pipe delivers every byte of a stream");
    check_way(first, "pipe of 1 MiB", "", "a pipe of 1 MiB delivers every byte of a stream");
    check_way(first, "ring, spins then sleeps", "",
              "a ring in shared memory delivers every byte of a stream");
    check_way(first, "ring, sleeps at once", "",
              "the ring does so, too, if both sides sleep at once");
    check_way(first, "memcpy() in one process", "", "memcpy() copies every byte");
}

static void file_part(void) {
    size_t first = count;
    predict(
        "Files of 1 MiB and of 16 MiB: is read() faster, or a fresh mmap()? And a kept mapping?");
    step("Files in the page cache: all bytes, by read() and by mmap().");
    for (size_t i = 0; i < sizeof file_sizes / sizeof file_sizes[0]; i++) {
        if (file_sizes[i].mode > mode) continue;
        open_file(file_sizes[i].bytes);
        count += file_rows(rows + count, file_sizes[i].two, file_sizes[i].bytes, false);
        if (file_sizes[i].one)
            count += file_rows(rows + count, file_sizes[i].one, file_sizes[i].bytes, true);
    }
    measure_and_print(first, 0.2, "way", "faults", false);
    close_files();
    check_way(first, "read() of 4 KiB each", "", "read() finds every byte of the files");
    check_way(first, "read() of 64 KiB each", "read() of 1 MiB each",
              "read() with a larger buffer finds every byte of the files");
    check_way(first, "mmap(), fresh", "", "a mapping has every byte of the files");
    check_way(first, "mmap(), MAP_POPULATE", "",
              "a mapping with MAP_POPULATE has every byte of the files");
    check_way(first, "mmap(), kept", "", "a mapping that is kept has every byte of the files");
}

static void fault_part(void) {
    size_t first = count;
    predict("A first touch of a page takes: less than copying one, as long, or ten times as long?");
    step("Pages: the first touch of each, beside a copy of one.");
    open_faults();
    count += fault_rows(rows + count, "one page");
    measure_and_print(first, 0.1, "first touch", "faults", true);
    close(fault_file);
    close(zero_device);
    long wrong = 0;
    for (size_t i = first; i < count; i++)
        wrong += rows[i].wrong;
    check_num(wrong, ==, 0, "each touched page holds what was stored or read", NULL);
}

/* One condition of a verdict: b against a in this table, asked to be `factor` times as fast. */
#define WHEN(when, table, a, b, factor)                                                            \
    { when, times(rows, count, table, a, b), factor }
#define VERDICT(claim, statement, ...)                                                             \
    print_verdict(claim, statement, (const struct condition[]){__VA_ARGS__},                       \
                  sizeof((const struct condition[]){__VA_ARGS__}) / sizeof(struct condition))

/* What good code reaches on a quiet machine with two CPUs: about the ring, not about the notes. */
static void compare_with_the_best(void) {
    static const char ring[] = "ring, spins then sleeps", asleep[] = "ring, sleeps at once";
    static const char copied[] = "memcpy() in one process",
                      two[] = "round trip, 64 bytes, two CPUs";
    VERDICT("For maintainers", "the ring against a pipe", //
            WHEN("64 bytes", "stream of 64 bytes, two CPUs", "pipe", ring, 10),
            WHEN("1 KiB", "stream of 1 KiB, two CPUs", "pipe", ring, 3),
            WHEN("4 KiB", "stream of 4 KiB, two CPUs", "pipe", ring, 1.6),
            WHEN("64 KiB", "stream of 64 KiB, two CPUs", "pipe", ring, 5),
            WHEN("1 MiB", "stream of 1 MiB, two CPUs", "pipe", ring, 25),
            WHEN("64 bytes, asleep", "stream of 64 bytes, two CPUs", "pipe", asleep, 0.9),
            WHEN("4 KiB, asleep", "stream of 4 KiB, two CPUs", "pipe", asleep, 0.9),
            WHEN("1 MiB, asleep", "stream of 1 MiB, two CPUs", "pipe", asleep, 0.9),
            WHEN("64 bytes, one CPU", "stream of 64 bytes, one CPU", "pipe", ring, 0.9),
            WHEN("4 KiB, one CPU", "stream of 4 KiB, one CPU", "pipe", ring, 0.9),
            WHEN("1 MiB, one CPU", "stream of 1 MiB, one CPU", "pipe", ring, 0.9));
    VERDICT("For maintainers", "the ring against memcpy()", //
            WHEN("64 KiB", "stream of 64 KiB, two CPUs", copied, ring, 0.3),
            WHEN("1 MiB", "stream of 1 MiB, two CPUs", copied, ring, 0.6));
    VERDICT(
        "For maintainers", "an answer against a cache line there and back, or a pipe", //
        WHEN("56 bytes, spinning, against a cache line", two, NULL, "the same, 56 bytes", 1 / 1.5),
        WHEN("64 bytes, spinning, against a cache line", two, NULL, "memory, spinning", 1 / 2.3),
        WHEN("64 bytes, asleep, against a pipe", two, "pipe", "memory, asleep", 1 / 1.1));
}

/* What this run says about the notes: nothing here is written down beforehand. */
static void verdicts(void) {
    static const char ring[] = "ring, spins then sleeps", spinning[] = "memory, spinning";
    static const char two[] = "round trip, 64 bytes, two CPUs",
                      one[] = "round trip, 64 bytes, one CPU";
    int left_out, all;
    double line;
    predict("Which of the notes' seven sentences on speed do these numbers bear out?");
    step("What do these numbers say about the notes?");
    lines_seen(&left_out, &all, &line);
    if (all > 0)
        evidence("left out: %d of %d runs on two CPUs: a cache line took over twice %.0f ns, there "
                 "and back",
                 left_out, all, line);
    evidence("in brackets: the quartiles. yes, no: both lie on one side of what is needed");
    VERDICT("2.1-6", "mmap is 10 to 100 times faster than a pipe", //
            WHEN("an answer; both spin, two CPUs", two, "pipe", spinning, 10),
            WHEN("an answer; both sleep, two CPUs", two, "pipe", "memory, asleep", 10),
            WHEN("an answer; both spin, one CPU", one, "pipe", spinning, 10),
            WHEN("a stream of 64 bytes, a read() each", "stream of 64 bytes, two CPUs", "pipe",
                 ring, 10),
            WHEN("a stream of 4 KiB, two CPUs", "stream of 4 KiB, two CPUs", "pipe", ring, 10),
            WHEN("a stream of 1 MiB, two CPUs", "stream of 1 MiB, two CPUs", "pipe", ring, 10),
            WHEN("a stream of 1 MiB, one CPU", "stream of 1 MiB, one CPU", "pipe", ring, 10));
    VERDICT("2.3-1", "a pipe is slow, for it needs system calls", //
            WHEN("against memory, both asleep, two CPUs", two, "pipe", "memory, asleep", 1.2),
            WHEN("against memory, both asleep, one CPU", one, "pipe", "memory, asleep", 1.2),
            WHEN("against memory, both spin, two CPUs", two, "pipe", spinning, 1.2),
            WHEN("against memory, both spin, one CPU", one, "pipe", spinning, 1.2));
    VERDICT("2.3", "a message queue is faster than a pipe", //
            WHEN("POSIX queue, 64 bytes, two CPUs", two, "pipe", "POSIX message queue", 1.1),
            WHEN("System V queue, 64 bytes, two CPUs", two, "pipe", "System V queue", 1.1));
    VERDICT("2.1", "a file is read faster by mmap() than by read()", //
            WHEN("4 KiB, mapped for it; read() of 4 KiB", "file of 4 KiB, in order",
                 "read() of 4 KiB each", "mmap(), fresh", 1.1),
            WHEN("16 MiB, mapped for it; read() of 64 KiB", "file of 16 MiB, in order",
                 "read() of 64 KiB each", "mmap(), fresh", 1.1),
            WHEN("the same, at random; read() of 4 KiB", "file of 16 MiB, at random",
                 "read() of 4 KiB each", "mmap(), fresh", 1.1),
            WHEN("16 MiB, mapping kept; read() of 64 KiB", "file of 16 MiB, in order",
                 "read() of 64 KiB each", "mmap(), kept", 1.1));
    VERDICT("4.1-5", "MAP_SHARED is faster than MAP_PRIVATE", //
            WHEN("first store to a page that was read", "one page", "file read, private store",
                 "file read, shared store", 1.1),
            WHEN("the same, the file written back before", "one page", "file read, private store",
                 "the same after fsync()", 1.1),
            WHEN("first store to anonymous memory", "one page", "anonymous, private",
                 "anonymous, shared", 1.1));
    VERDICT(
        "9.3-3", "MAP_ANONYMOUS is clearly faster than /dev/zero", //
        WHEN("a page of private memory", "one page", "/dev/zero, private", "anonymous, private",
             1.1),
        WHEN("a page of shared memory", "one page", "/dev/zero, shared", "anonymous, shared", 1.1));
    VERDICT("3.3", "only the first access to a page costs something", //
            WHEN("a second store against the first", "one page", "anonymous, private",
                 "store, not the first one", 10));
    if (mode == FULL) compare_with_the_best();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
        int checks;
    } parts[] = {{"trip", trip_part, 8},
                 {"stream", stream_part, 5},
                 {"file", file_part, 5},
                 {"fault", fault_part, 1}};
    bool chosen[4] = {false}, any = false;
    int others = 1, checks = 0;
    for (int i = 1; i < argc; i++) {
        size_t part = 0;
        while (part < 4 && strcmp(argv[i], parts[part].name) != 0)
            part++;
        if (part < 4)
            any = chosen[part] = true;
        else if (strcmp(argv[i], "--quick") == 0)
            mode = QUICK;
        else if (strcmp(argv[i], "--full") == 0)
            mode = FULL;
        else if (strcmp(argv[i], "--csv") == 0)
            csv = stdout;
        else
            argv[others++] = argv[i];
    }
    for (size_t i = 0; i < 4; i++)
        if (!any || chosen[i]) checks += parts[i].checks;
    own_usage(usage);
    if (csv) {
        csv = fdopen(dup(STDOUT_FILENO), "w");
        if (!csv || dup2(STDERR_FILENO, STDOUT_FILENO) == -1) die("dup");
    }
    begin(others, argv, checks, "is shared memory faster, and when?");
    if (csv) fprintf(csv, CSV_COLUMNS "\n");
    static const double slices[] = {[QUICK] = 2e4, [USUAL] = 7e5, [FULL] = 4e6};
    slice = slices[mode];
    if (mode == QUICK) stream_ring_bytes = 1 << 13;
    for (size_t i = 0; i < 4; i++)
        if (!any || chosen[i]) parts[i].run();
    if (mode != QUICK && !csv) verdicts();
    if (csv && fclose(csv) == EOF) die("writing rows");
    return end();
}
