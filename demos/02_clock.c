#define _GNU_SOURCE
/* No lesson: --step leaves these functions out. */
#include "02_clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "check.h"
#include "words.h"

bool quick;
double slice;
static uint64_t pattern[(1 << 17) + 64]; /* messages are pieces of it */
static cpu_set_t allowed;                /* as it was before the first pin() */

__attribute__((constructor)) static void prepare(void) {
    quick = getenv("MMAP_DEMO_QUICK") != NULL;
    sched_getaffinity(0, sizeof allowed, &allowed);
    for (size_t i = 0; i < sizeof pattern / sizeof pattern[0]; i++)
        pattern[i] = i * UINT64_C(0x9e3779b97f4a7c15);
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double sleeps(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_nvcsw;
}

bool pin(int n) {
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &allowed) && n-- == 0) CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

void fill(uint64_t *message, size_t bytes, uint64_t n) {
    memcpy(message, pattern + n % 61, bytes);
    message[0] = n;
}

bool is_whole(const uint64_t *message, size_t bytes, uint64_t n) {
    return message[0] == n && memcmp(message + 1, pattern + n % 61 + 1, bytes - 8) == 0;
}

/* Of a way's times or, with a slower way, of how often they fit into that one's, round by round. */
struct spread {
    double low, median, high;
};

static struct spread spread_of(const struct way *slow, const struct way *fast) {
    double sorted[ROUNDS] = {0};
    int n = 0;
    for (; n < fast->rounds; n++) {
        double value = slow ? slow->ns[n] / fast->ns[n] : fast->ns[n];
        int i = n;
        for (; i > 0 && sorted[i - 1] > value; i--)
            sorted[i] = sorted[i - 1];
        sorted[i] = value;
    }
    return (struct spread){sorted[(n - 1) / 4], sorted[n / 2], sorted[3 * n / 4]};
}

/* A time as "1.8 us", else "647" or "1/12". Four results live side by side. */
static const char *text_of(double value, bool is_time) {
    static const char *const units[] = {" ns", " us", " ms", " s"};
    static char texts[4][16];
    static int turn, unit;
    bool less = !is_time && value < 0.95;
    if (less) value = 1 / value;
    for (unit = 0; is_time && value >= 1000 && unit < 3; unit++)
        value /= 1000;
    snprintf(texts[++turn % 4], sizeof texts[0], "%s%.*f%s", less ? "1/" : "", value < 9.95, value,
             is_time ? units[unit] : "");
    return texts[turn % 4];
}

void explain_tables(void) {
    tell("Times: median and quartiles of the rounds; none is a check, for they differ each time.");
    tell("As fast: as the first row, within each round; 1/12: it takes 12 times as long.");
}

void measure(const char *title, const char *extra, struct way *ways, size_t count, double seconds) {
    double budget = quick ? 0 : seconds * 1e9, until = now() + budget;
    slice = budget / ROUNDS / (double)count;
    for (int round = 0; round < (quick ? 1 : 3) || (round < ROUNDS && now() < until); round++)
        for (size_t i = 0; i < count; i++) { /* each round begins with another way */
            struct way *way = &ways[(i + round) % count];
            if (!way->skipped) way->ns[way->rounds++] = way->run(way);
        }
    evidence("%s%*s  median        quartiles as fast %6s", words(title), 26 - columns(words(title)),
             "", words(extra));
    for (struct way *way = ways; way < ways + count; way++) {
        struct spread ns = spread_of(NULL, way), times = spread_of(ways, way);
        const char *name = words(way->name), *gap = way->skipped ? way->skipped : "not timed";
        if (way->skipped || quick)
            evidence("%s%*s %s", name, 26 - columns(name), "", words(gap));
        else
            evidence("%s%*s %7s %7s..%-7s %7s %6.1f", name, 26 - columns(name), "",
                     text_of(ns.median, true), text_of(ns.low, true), text_of(ns.high, true),
                     text_of(times.median, false), way->extra / way->rounds);
        if (way->why && !way->skipped) evidence("    %s", words(way->why));
    }
}

long extra_of(const struct way *way) {
    if (way->skipped) return unknown("%s", way->skipped);
    return (long)(way->extra / way->rounds + 0.5);
}

void verdict(const char *when, const struct way *slow, const struct way *fast, double least) {
    struct spread times = spread_of(slow, fast);
    const char *found = times.low >= least ? "yes" : times.high < least ? "no" : "undecided";
    if (slow->skipped || fast->skipped || quick)
        evidence("%s: not timed", words(when));
    else
        evidence("%s: %s: %s times as fast (%s to %s)", words(found), words(when),
                 text_of(times.median, false), text_of(times.low, false),
                 text_of(times.high, false));
}
