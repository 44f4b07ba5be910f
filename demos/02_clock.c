#define _GNU_SOURCE
#include "02_clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"

double slice;
static cpu_set_t allowed; /* the CPUs, as they were before the first pin() */

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
    cpu_set_t one;
    CPU_ZERO(&one);
    cpus_here();
    for (int cpu = 0; cpu < CPU_SETSIZE && n >= 0; cpu++)
        if (CPU_ISSET(cpu, &allowed) && n-- == 0) CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, CPU_COUNT(&one) == 1 ? &one : &allowed) == 0;
}

void measure(struct way *ways, size_t count, double seconds) {
    double began = now(), budget = quick() ? 0 : seconds * 1e9;
    slice = budget / ROUNDS / (double)count;
    for (int round = 0; round == 0 || (round < ROUNDS && now() - began < budget); round++)
        for (size_t i = 0; i < count; i++) {
            struct way *way = &ways[(i + (size_t)round) % count];
            double ns = way->skipped ? 0 : way->run(way);
            if (!way->skipped) way->ns[way->rounds++] = ns;
        }
    pin(-1);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread {
    double low, median, high; /* a quarter, a half, three quarters of the values lie below; or 0 */
};

/* Of a way's times or, with a slower one, of how often they fit into that one's, round by round. */
static struct spread spread_of(const struct way *slow, const struct way *fast) {
    double values[ROUNDS];
    int n = 0;
    for (; n < fast->rounds && (!slow || n < slow->rounds); n++)
        values[n] = slow ? slow->ns[n] / fast->ns[n] : fast->ns[n];
    if (n == 0) return (struct spread){0, 0, 0};
    qsort(values, (size_t)n, sizeof values[0], compare);
    return (struct spread){values[(n - 1) / 4], values[n / 2], values[3 * n / 4]};
}

/* "1.83 us"; "647" times, or "1/12". Four results live side by side. */
static const char *time_text(double ns) {
    static char texts[4][16];
    static int turn;
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;
    for (; ns >= 1000 && unit < 3; unit++)
        ns /= 1000;
    snprintf(texts[turn++ % 4], sizeof texts[0], "%.*f %s", ns < 100 ? 1 : 0, ns, units[unit]);
    return texts[(turn - 1) % 4];
}

static const char *times_text(double times) {
    static char texts[4][16];
    static int turn;
    double shown = times < 0.95 ? 1 / times : times;
    snprintf(texts[turn++ % 4], sizeof texts[0], "%s%.*f", times < 0.95 ? "1/" : "",
             shown < 9.5 ? 1 : 0, shown);
    return texts[(turn - 1) % 4];
}

void explain_tables(void) {
    tell("No check asserts a time: times differ from machine to machine, and from run to run.");
    tell("Times: median and quartiles over the rounds. Bars: each further block doubles the time.");
    tell("\"as fast\": the first row's time by this one's, in each round; of these the median.");
}

static void print_row(const struct way *way, const struct way *first, double shortest,
                      const char *extra) {
    struct spread ns = spread_of(NULL, way), times = spread_of(first, way);
    char quartiles[40], more[16] = "", bar[80] = "";
    snprintf(quartiles, sizeof quartiles, "%s..%s", time_text(ns.low), time_text(ns.high));
    if (extra) snprintf(more, sizeof more, "%.1f", way->extra / way->rounds);
    for (double time = shortest; time <= ns.median && strlen(bar) < 70; time *= 2)
        strcat(bar, utf8() ? "█" : "#");
    evidence("%-26s %8s %19s %7s %6s %s", way->name, time_text(ns.median), quartiles,
             times.median > 0 ? times_text(times.median) : "", more, bar);
    if (way->why) evidence("    %s", way->why);
}

void print_table(const char *title, const char *extra, const struct way *ways, size_t count) {
    double shortest = 0;
    for (size_t i = 0; i < count; i++)
        if (ways[i].rounds && (shortest == 0 || spread_of(NULL, &ways[i]).median < shortest))
            shortest = spread_of(NULL, &ways[i]).median;
    evidence("%s%s; rounds: %d", title, quick() ? ", run once to see its bytes, not timed" : "",
             ways[0].rounds);
    if (!quick())
        evidence("%-26s %8s %19s %7s %6s", "", "median", "quartiles", "as fast",
                 extra ? extra : "");
    for (const struct way *way = ways; way < ways + count && !quick(); way++)
        if (way->skipped)
            evidence("%-26s skipped: %s", way->name, way->skipped);
        else
            print_row(way, &ways[0], shortest, extra);
}

void verdict_on(const struct condition *conditions, size_t count) {
    static const char *const words[] = {"no:", "undecided:", "yes:"};
    int seen[3] = {0};
    for (const struct condition *c = conditions; c < conditions + count && !quick(); c++) {
        struct spread times = spread_of(c->slow, c->fast);
        if (times.median == 0) continue; /* skipped */
        int found = times.low >= c->least ? 2 : times.high < c->least ? 0 : 1;
        bool slower = times.median < 0.95;
        if (slower) times = spread_of(c->fast, c->slow);
        seen[found]++;
        evidence("%-10s %s: %s times as %s (%s to %s)", words[found], c->when,
                 times_text(times.median), slower ? "long" : "fast", times_text(times.low),
                 times_text(times.high));
    }
    evidence("in this run: %s", seen[2] && seen[0] + seen[1] ? "holds under some conditions only"
                                : seen[2]                    ? "holds"
                                : seen[1]                    ? "undecided"
                                : seen[0]                    ? "does not hold"
                                                             : "not measured");
}
