/*
 * bench - measures ways to do one thing against each other, in rounds, and prints what it saw:
 * tables with bars, and a verdict on a statement about speed that is computed from this very run.
 *
 * In every round every way is measured once, each time beginning with another one. What is
 * printed are medians and quartiles over the rounds; two ways are compared within each round. On
 * two CPUs the time that a cache line takes from one to the other and back is measured, too: it
 * may double from one moment to the next, and rounds in which it had are left out. Times:
 * CLOCK_MONOTONIC, nanoseconds.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ROUNDS 21 /* at most */

/* A way to do something: a row of a table. */
struct row {
    const char
        *table; /* the rows of a table stand together; the first is what others are compared to */
    const char *name;
    double (*run)(struct row *row); /* one measurement: ns each time, or < 0 and `skipped` is set */
    int way;                        /* for run() */
    size_t bytes;                   /* for run(): of a message, of a file */
    int cpus;                       /* 2: two processes on a CPU each, 1: on one, 0: one process */
    const char *skipped;            /* why this cannot be measured here, or NULL */
    double ns[ROUNDS];
    double line[ROUNDS]; /* the trip of a cache line at that moment, for cpus 2 */
    double switches;     /* sum over the rounds: context switches for a message, or page faults */
    long wrong;          /* messages or sums that were not what they should be */
};

/* Three points of a sorted list: a quarter, a half, three quarters of it lie below. */
struct spread {
    double q1, median, q3;
    int rounds; /* 0: nothing was measured */
};

/* Nanoseconds since some moment. */
double now(void);

/* How long one measurement should take, in ns; set by who measures. */
extern double slice;

/* Writes the message number `n`: its number in the first 8 bytes, the rest depends on it;
 * `bytes` is a multiple of 8. Tells whether every byte is right. */
void compose(uint64_t *message, size_t bytes, uint64_t n);
bool is_whole(const uint64_t *message, size_t bytes, uint64_t n);

/*
 * A second process that runs functions beside this one. It is forked by partner_open(), so whatever
 * both need must be opened and mapped before. run_beside() returns when `function` has begun to run
 * there, with a copy of *row, and waits for the one before to end. Bails out on failure.
 */
void partner_open(void);
void run_beside(void (*function)(struct row *row), const struct row *row);
void partner_close(void);

/* What the partner tells about its run: its context switches, wrong messages, when it was done.
 * It is there when partner_wait() returns. */
struct partner {
    double switches, ended;
    long wrong;
};
struct partner partner_wait(void);
void partner_says(long wrong);

/* Voluntary context switches of this process so far; its page faults, minor + major
 * (getrusage(2)). */
double switches_so_far(void);
double faults_so_far(void);

/* Puts this process on the CPU for its side (0 or 1) of a run on `cpus` CPUs, 1 or 2; with 0 on
 * any. NULL, or why that cannot be: too few CPUs, or sched_setaffinity(2) is not permitted. */
const char *place(int side, int cpus);

/* Measures all rows in `rounds` rounds, or in fewer if the budget of so many ns is used up: on a
 * busy machine everything takes longer. */
void measure(struct row *rows, size_t count, int rounds, double budget);

/* Prints the tables of these rows as evidence; `unit` says what happens each time ("round
 * trip"), `extra` what row->switches counts. Each row is compared with the first one of its
 * table: how many times as fast it is, or with `slower` how many times as long it takes. With
 * csv a line each there, comma-separated, instead; CSV_COLUMNS names its columns. */
#define CSV_COLUMNS                                                                                \
    "table,way,bytes,cpus,rounds,ns_quartile1,ns_median,ns_quartile3,fast_quartile1,fast_median,"  \
    "fast_quartile3,sleeps_or_faults,wrong,skipped"

void print_tables(const struct row *rows, size_t count, const char *unit, const char *extra,
                  bool slower, FILE *csv);

/* How many times as long the one way takes as the other in this table, round by round; with
 * `longer` NULL: a trip of a cache line at that moment. */
struct spread times(const struct row *rows, size_t count, const char *table, const char *longer,
                    const char *shorter);

/* How many rounds were left out, of how many, since the process began; the fastest trip of a
 * line. */
void lines_seen(int *left_out, int *all, double *fastest);

/* A statement about speed, "at least `factor` times as fast", under several conditions. */
struct condition {
    const char *when;
    struct spread times;
    double factor;
};

/* One line: the statement, and whether it holds in this run: under which conditions it does,
 * does not, or is undecided, because the quartiles lie on both sides. Nothing if nothing of it
 * was measured. */
void print_verdict(const char *claim, const char *statement, const struct condition *conditions,
                   size_t count);

#endif
