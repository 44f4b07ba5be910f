#define _GNU_SOURCE
/* No lesson: --step leaves these functions out. */
#include "02_clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "words.h"

double slice;
static cpu_set_t allowed;                /* the CPUs, as they were before the first pin() */
static uint64_t pattern[(1 << 17) + 64]; /* messages are pieces of it */

bool quick(void) {
    return getenv("MMAP_DEMO_QUICK") != NULL;
}

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int cpus_here(void) {
    if (CPU_COUNT(&allowed) == 0 && sched_getaffinity(0, sizeof allowed, &allowed) == -1) return 1;
    return CPU_COUNT(&allowed);
}

bool pin(int n) {
    int count = cpus_here();
    cpu_set_t set = allowed;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0 && n >= 0; cpu--)
        if (CPU_ISSET(cpu, &allowed) && --count != n) CPU_CLR(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

void fill(uint64_t *message, size_t bytes, uint64_t n) {
    for (size_t i = pattern[1] ? sizeof pattern : 0; i < sizeof pattern / sizeof pattern[0]; i++)
        pattern[i] = i * UINT64_C(0x9e3779b97f4a7c15);
    memcpy(message, pattern + n % 61, bytes);
    message[0] = n;
}

bool is_whole(const uint64_t *message, size_t bytes, uint64_t n) {
    return message[0] == n && memcmp(message + 1, pattern + n % 61 + 1, bytes - 8) == 0;
}

void measure(struct way *ways, size_t count, double seconds) {
    double began = now(), budget = quick() ? 0 : seconds * 1e9;
    slice = budget / ROUNDS / (double)count;
    for (int round = 0; round == 0 || (round < ROUNDS && now() - began < budget); round++)
        for (size_t i = 0; i < count; i++) {
            struct way *way = &ways[(i + (size_t)round) % count];
            double ns = way->skipped ? 0 : way->run(way);
            if (!way->skipped && !quick()) way->ns[way->rounds++] = ns;
        }
    pin(-1);
}

struct spread spread_of(const struct way *slow, const struct way *fast) {
    double sorted[ROUNDS] = {0};
    int n = 0;
    for (; n < fast->rounds && (!slow || n < slow->rounds); n++) {
        double value = slow ? slow->ns[n] / fast->ns[n] : fast->ns[n];
        int i = n;
        for (; i > 0 && sorted[i - 1] > value; i--)
            sorted[i] = sorted[i - 1];
        sorted[i] = value;
    }
    return (struct spread){sorted[(n - 1) / 4], sorted[n / 2], sorted[3 * n / 4]};
}

/* With a unit "1.8 us", without "647" or "1/12". Four results live side by side. */
static const char *text_of(double value, bool is_time) {
    static char texts[4][16];
    static const char *const units[] = {" ns", " us", " ms", " s"};
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
    tell("Bars: one block more is twice the time. As fast: as the first row, within each round.");
}

void print_table(const char *title, const char *extra, const struct way *ways, size_t count) {
    evidence("%s%*s  median        quartiles as fast %6s", words(title), 26 - columns(words(title)),
             "", words(extra));
    for (const struct way *way = ways; way < ways + count; way++) {
        struct spread ns = spread_of(NULL, way), times = spread_of(&ways[0], way);
        const char *name = words(way->name), *skipped = way->skipped ? way->skipped : "not timed";
        char bar[80] = "";
        for (double time = 32; time <= ns.median && strlen(bar) < 70; time *= 2)
            strcat(bar, utf8() ? "█" : "#");
        if (way->rounds == 0)
            evidence("%s: %s", name, words(skipped));
        else
            evidence("%s%*s %7s %7s..%-7s %7s %6.1f %s", name, 26 - columns(name), "",
                     text_of(ns.median, true), text_of(ns.low, true), text_of(ns.high, true),
                     text_of(times.median, false), way->extra / way->rounds, bar);
        if (way->why && way->rounds > 0) evidence("    %s", words(way->why));
    }
}

void verdict_on(const struct condition *conditions, size_t count) {
    static const char *const names[] = {"yes:", "no:", "undecided:"};
    int seen[3] = {0};
    for (const struct condition *c = conditions; c < conditions + count; c++) {
        struct spread times = spread_of(c->slow, c->fast);
        if (times.median == 0) continue; /* not timed */
        int found = times.low >= c->least ? 0 : times.high < c->least ? 1 : 2;
        bool slower = times.median < 0.95;
        if (slower) times = spread_of(c->fast, c->slow);
        seen[found]++;
        evidence("%s %s: %s times %s (%s to %s)", words(names[found]), words(c->when),
                 text_of(times.median, false), words(slower ? "as long" : "as fast"),
                 text_of(times.low, false), text_of(times.high, false));
    }
    evidence("so in this run: %d yes, %d no, %d undecided", seen[0], seen[1], seen[2]);
}
