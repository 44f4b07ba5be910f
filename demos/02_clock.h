/*
 * 02_clock - measures ways of doing one thing against each other.
 *
 * In every round each way is measured once, so that whatever the machine does meanwhile meets all.
 * Printed are median and quartiles over the rounds, and how two ways compare within the rounds. No
 * time is ever a check. With MMAP_DEMO_QUICK in the environment, as in CTest, every way runs once,
 * for its bytes to be checked, and no time is printed.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUNDS 11 /* at most */

/* A way of doing it: a row of a table. */
struct way {
    const char *name;
    double (*run)(struct way *way); /* does it for about `slice` ns; returns the ns for each time */
    int how, cpus;                  /* for run() */
    size_t bytes;                   /* for run() */
    const char *why;                /* why the time is what it is: printed below the row; or NULL */
    const char *skipped;            /* why it cannot be measured here, or NULL; run() may set it */
    long wrong;                     /* results that were not what they should be, in all rounds */
    double extra;                   /* faults or sleeps, for each time; run() adds them up */
    double ns[ROUNDS];
    int rounds; /* 0: not timed */
};

/* Is MMAP_DEMO_QUICK set? And how long one measurement should take, in ns: 0 if so. */
bool quick(void);
extern double slice;

/* Nanoseconds since some moment: clock_gettime(2), CLOCK_MONOTONIC. */
double now(void);

/* Puts this process on the n-th of the CPUs that it may use, with -1 on all of them again. Only a
 * precaution: false if this machine does not let it. And how many CPUs there are to choose from. */
bool pin(int n);
int cpus_here(void);

/* Fills message number n, a multiple of 8 bytes up to 1 MiB: each word depends on n and on its own
 * place. Is every byte of it right? (Fill one before fork().) */
void fill(uint64_t *message, size_t bytes, uint64_t n);
bool is_whole(const uint64_t *message, size_t bytes, uint64_t n);

/* Measures all ways in up to ROUNDS rounds, for about so many seconds; each round begins with
 * another way. */
void measure(struct way *ways, size_t count, double seconds);

/* Of a way's times or, with a slower one, of how often they fit into that one's, round by round: a
 * quarter, a half, three quarters of these values lie below. All 0: not timed. */
struct spread {
    double low, median, high;
};
struct spread spread_of(const struct way *slow, const struct way *fast);

/* Says how to read the tables; prints one, in which all are compared with the first way. `extra` is
 * what way->extra counts. */
void explain_tables(void);
void print_table(const char *title, const char *extra, const struct way *ways, size_t count);

/*
 * What this run says about a statement of the notes: under each condition, is the one way at least
 * so many times as fast as the other? Undecided if the quartiles lie on both sides of that.
 *
 *     verdict({"64 bytes, two CPUs", .slow = &pipe, .fast = &spinning, .least = 10}, ...);
 */
struct condition {
    const char *when;
    const struct way *slow, *fast;
    double least;
};
#define verdict(...)                                                                               \
    verdict_on((const struct condition[]){__VA_ARGS__},                                            \
               sizeof((const struct condition[]){__VA_ARGS__}) / sizeof(struct condition))
void verdict_on(const struct condition *conditions, size_t count);

#endif
