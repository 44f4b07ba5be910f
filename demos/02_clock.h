/*
 * 02_clock - measures ways of doing one thing against each other.
 *
 * In every round each way is measured once, so that whatever the machine does meanwhile meets all.
 * No time is ever a check. With MMAP_DEMO_QUICK in the environment, as in CTest, each way runs
 * once, for its bytes to be checked, and no time is printed.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUNDS 11 /* at most; at least three */

/* A way of doing it: a row of a table. */
struct way {
    const char *name;
    double (*run)(struct way *way); /* does it for about `slice` ns; returns the ns for each time */
    int how, cpus;                  /* for run() */
    size_t bytes;                   /* for run() */
    const char *why;                /* why the time is what it is: printed below the row; or NULL */
    const char *skipped;            /* why it cannot be measured here, or NULL */
    long wrong;                     /* results that were not what they should be, in all rounds */
    double extra;                   /* faults or sleeps, for each time; run() adds them up */
    double ns[ROUNDS];
    int rounds;
};

extern bool quick; /* is MMAP_DEMO_QUICK set? */
extern double slice;
double now(void);    /* in ns: CLOCK_MONOTONIC */
double sleeps(void); /* of this process since its start: getrusage(2) */
bool pin(int n);     /* puts this process on the n-th of the CPUs it may use; false: it cannot */

/* Writes message n, of up to 1 MiB: each word depends on n and on its place. Is all of it right? */
void fill(uint64_t *message, size_t bytes, uint64_t n);
bool is_whole(const uint64_t *message, size_t bytes, uint64_t n);

/* Measures all ways for about so many seconds; prints the table: `extra` is the last column's head.
 * extra_of(): what that column says, rounded. */
void measure(const char *title, const char *extra, struct way *ways, size_t count, double seconds);
long extra_of(const struct way *way);
void explain_tables(void);

/* Prints whether in this run one way was at least so many times as fast as another: yes, no, or
 * undecided, if that lies between the quartiles. */
void verdict(const char *when, const struct way *slow, const struct way *fast, double least);

#endif
