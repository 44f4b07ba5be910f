#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "process.h"

double slice = 1e6;

static double fastest_line;
static int lines, slow_lines;

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double switches_so_far(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == -1) die("getrusage");
    return (double)usage.ru_nvcsw;
}

double faults_so_far(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == -1) die("getrusage");
    return (double)usage.ru_minflt + (double)usage.ru_majflt;
}

/* All bytes alike but for the number in front: memset() and wide registers, so that this costs
 * little beside the way that is measured. */
typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));

void compose(uint64_t *message, size_t bytes, uint64_t n) {
    memset(message, (int)(n * 31 % 256), bytes);
    message[0] = n;
}

bool is_whole(const uint64_t *message, size_t bytes, uint64_t n) {
    uint64_t byte = n * 31 % 256 * UINT64_C(0x0101010101010101), wrong = message[0] ^ n;
    const pair expected = {byte, byte};
    pair a = {0}, b = {0}, c = {0}, d = {0};
    size_t i = 1, words = bytes / sizeof *message;
    for (; i + 8 <= words; i += 8) {
        a |= *(const pair *)&message[i] ^ expected;
        b |= *(const pair *)&message[i + 2] ^ expected;
        c |= *(const pair *)&message[i + 4] ^ expected;
        d |= *(const pair *)&message[i + 6] ^ expected;
    }
    for (; i < words; i++)
        wrong |= message[i] ^ byte;
    a |= b | c | d;
    return (wrong | a[0] | a[1]) == 0;
}

/* What this process and the partner share. */
static struct shared {
    void (*function)(struct row *row);
    struct row row;
    struct partner said;
    alignas(128) atomic_ulong line;
    atomic_bool last;
} * shared;
static struct turns partner;
static double switches_before;

/* A partner that has died is noticed wherever this process waits for it. */
static void on_child(int signo) {
    static const char text[] = "Bail out! the partner died\n";
    siginfo_t info = {.si_pid = 0};
    (void)signo;
    if (waitid(P_PID, (id_t)partner.pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
        info.si_pid == 0 || info.si_status == 0)
        return;
    ssize_t ignored = write(STDOUT_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(99);
}

void partner_open(void) {
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    turns_open(&partner);
    partner.pid = fork();
    if (partner.pid == -1) die("fork");
    while (partner.pid == 0) {
        await_turn(&partner);
        switches_before = switches_so_far();
        hand_back(&partner);
        shared->function(&shared->row);
        await_turn(&partner); /* this process wants to know that it is done */
    }
}

void run_beside(void (*function)(struct row *row), const struct row *row) {
    shared->function = function;
    if (row) shared->row = *row;
    give_turn(&partner);
}

void partner_says(long wrong) {
    shared->said = (struct partner){switches_so_far() - switches_before, now(), wrong};
}

struct partner partner_wait(void) {
    give_turn(&partner);
    return shared->said;
}

void partner_close(void) {
    turns_close(&partner);
    munmap(shared, sizeof *shared);
}

static bool not_pinned; /* where two CPUs are wanted, the scheduler chooses */

const char *place(int side, int cpus) {
    static cpu_set_t allowed, wanted;
    static size_t cpu[2], count;
    if (count == 0) {
        if (sched_getaffinity(0, sizeof allowed, &allowed) == -1) CPU_SET(0, &allowed);
        for (size_t i = 0; i < CPU_SETSIZE && count < 2; i++)
            if (CPU_ISSET(i, &allowed)) cpu[count++] = i;
    }
    if (cpus == 2 && count < 2) return "only one CPU here";
    CPU_ZERO(&wanted);
    CPU_SET(cpu[cpus == 2 && side == 1], &wanted);
    if (sched_setaffinity(0, sizeof wanted, cpus == 0 ? &allowed : &wanted) == 0) return NULL;
    if (cpus == 2) not_pinned = true;
    return cpus == 1 && count == 2 ? "CPU affinity is not permitted" : NULL;
}

/* The partner answers each odd number with the next even one. */
static void answer(struct row *row) {
    place(1, row->cpus);
    for (unsigned long n = 1; !atomic_load_explicit(&shared->last, memory_order_relaxed); n += 2) {
        while (atomic_load_explicit(&shared->line, memory_order_acquire) != n)
            if (atomic_load_explicit(&shared->last, memory_order_relaxed)) return;
        atomic_store_explicit(&shared->line, n + 1, memory_order_release);
    }
}

/* How long a cache line takes to the other CPU and back. */
static double line_trip(struct row *row) {
    unsigned long n = 1;
    atomic_store(&shared->line, 0);
    atomic_store(&shared->last, false);
    run_beside(answer, row);
    double begin = 0, until = now() + 3e6;
    for (; n < 2000 && (n % 64 != 1 || now() < until); n += 2) {
        if (n == 201) begin = now(); /* it is warm now */
        atomic_store_explicit(&shared->line, n, memory_order_release);
        while (atomic_load_explicit(&shared->line, memory_order_acquire) != n + 1)
            ;
    }
    double trips = (double)(n - 201) / 2, passed = now() - begin;
    atomic_store(&shared->last, true);
    partner_wait();
    return begin > 0 && trips >= 1 ? passed / trips : 1e6;
}

static void measure_one(struct row *row, int round) {
    if (row->skipped || (row->cpus > 0 && (row->skipped = place(0, row->cpus)))) return;
    if (row->cpus == 2) {
        row->line[round] = line_trip(row);
        if (fastest_line == 0 || row->line[round] < fastest_line) fastest_line = row->line[round];
    }
    row->ns[round] = row->run(row);
}

void measure(struct row *rows, size_t count, int rounds, double budget) {
    double until = now() + budget;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < count; i++) {
            struct row *row = &rows[(i + (size_t)round * (count / 3 + 1)) % count];
            row->ns[round] = -1;
            if (round < rounds && now() < until) measure_one(row, round);
        }
    place(0, 0);
    for (size_t i = 0; i < count; i++)
        for (int round = 0; rows[i].cpus == 2 && round < rounds; round++)
            if (rows[i].ns[round] >= 0)
                lines++, slow_lines += rows[i].line[round] > 2 * fastest_line;
}

void lines_seen(int *left_out, int *all, double *fastest) {
    *left_out = slow_lines;
    *all = lines;
    *fastest = fastest_line;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct spread spread_of(double *values, int n) {
    if (n == 0) return (struct spread){0, 0, 0, 0};
    qsort(values, (size_t)n, sizeof *values, compare);
    return (struct spread){values[(n - 1) / 4], (values[(n - 1) / 2] + values[n / 2]) / 2,
                           values[3 * n / 4], n};
}

/* Were the two CPUs as near each other in this round as they can be? */
static bool is_near(const struct row *row, int round) {
    return row->cpus != 2 || row->line[round] <= 2 * fastest_line;
}

/* Divides the first row by the second, round by round, or shows the first alone. Where fewer than
 * three rounds are left it takes the slow ones, too. */
static struct spread divide(const struct row *a, const struct row *b) {
    double values[ROUNDS];
    int n = 0;
    for (int all = 0; all < 2 && n < 3; all++)
        for (int round = n = 0; round < ROUNDS; round++)
            if (a->ns[round] >= 0 && (!b || b->ns[round] > 0) &&
                (all || (is_near(a, round) && (!b || is_near(b, round)))))
                values[n++] = a->ns[round] / (b ? b->ns[round] : 1);
    return spread_of(values, n);
}

static const struct row *find(const struct row *rows, size_t count, const char *table,
                              const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].table, table) == 0 && strcmp(rows[i].name, name) == 0) return &rows[i];
    return NULL;
}

struct spread times(const struct row *rows, size_t count, const char *table, const char *longer,
                    const char *shorter) {
    const struct row *b = find(rows, count, table, shorter);
    const struct row *a = longer ? find(rows, count, table, longer) : b;
    if (!a || !b) return (struct spread){.rounds = 0};
    if (longer) return divide(a, b);
    struct row trip = *b;
    memcpy(trip.ns, trip.line, sizeof trip.ns);
    return divide(&trip, b);
}

/* Three digits and a unit. Static buffers: three results live side by side. */
static const char *time_text(double ns) {
    static char texts[3][16];
    static int turn;
    static const char *const units[] = {"ns", "us", "ms", "s"};
    char *text = texts[turn++ % 3];
    int unit = 0;
    for (; ns >= 1000 && unit < 3; unit++)
        ns /= 1000;
    snprintf(text, sizeof texts[0], "%.*f %s", ns < 10 ? 2 : ns < 100 ? 1 : 0, ns, units[unit]);
    return text;
}

/* Two digits, or as many as it has before the point; small ones as a fraction. Static buffers: four
 * results live side by side. */
static const char *times_text(double times) {
    static char texts[4][16];
    static int turn;
    char *text = texts[turn++ % 4];
    if (times > 0 && times < 0.095)
        snprintf(text, sizeof texts[0], "1/%.0f", 1 / times);
    else
        snprintf(text, sizeof texts[0], "%.*f", times < 0.95 ? 2 : times < 9.5 ? 1 : 0, times);
    return text;
}

/* A bar that is one block longer for twice the time, 16 blocks at most. */
static const char *bar(double ratio) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    static char text[16 * 4 + 8];
    int units = 8;
    for (; ratio >= 2 && units < 15 * 8; ratio /= 2)
        units += 8;
    units += (int)((ratio - 1) * 8);
    *text = '\0';
    for (int i = 0; i < units / 8 && i < 16; i++)
        strcat(text, utf8() ? "█" : "#");
    if (utf8() && units < 16 * 8) strcat(text, eighths[units % 8]);
    return text;
}

static double mean_switches(const struct row *row) {
    int rounds = 0;
    for (int round = 0; round < ROUNDS; round++)
        rounds += row->ns[round] >= 0;
    return row->switches / rounds;
}

static void print_row(const struct row *row, const struct row *base, double shortest, bool slower) {
    struct spread ns = divide(row, NULL), ratio = slower ? divide(row, base) : divide(base, row);
    char quartiles[40];
    if (ns.rounds == 0) {
        evidence("%-25s skipped: %s", row->name, row->skipped ? row->skipped : "no time left");
        return;
    }
    snprintf(quartiles, sizeof quartiles, "%s..%s", time_text(ns.q1), time_text(ns.q3));
    evidence("%-25s %7s %17s %7s %6.1f %s", row->name, time_text(ns.median), quartiles,
             ratio.rounds > 0 ? times_text(ratio.median) : "", mean_switches(row),
             bar(ns.median / shortest));
}

static void print_csv(FILE *csv, const struct row *row, const struct row *base) {
    struct spread ns = divide(row, NULL), ratio = divide(base, row);
    fprintf(csv, "\"%s\",\"%s\",%zu,%d,%d,%.1f,%.1f,%.1f,%.3f,%.3f,%.3f,%.2f,%ld,\"%s\"\n",
            row->table, row->name, row->bytes, row->cpus, ns.rounds, ns.q1, ns.median, ns.q3,
            ratio.q1, ratio.median, ratio.q3, mean_switches(row), row->wrong,
            row->skipped ? row->skipped : "");
}

void print_tables(const struct row *rows, size_t count, const char *unit, const char *extra,
                  bool slower, FILE *csv) {
    const struct row *base = NULL;
    double shortest = 0;
    for (const struct row *row = rows; row < rows + count; row++) {
        if (!base || strcmp(row->table, base->table) != 0) {
            base = row;
            shortest = 0;
            for (const struct row *r = row; r < rows + count && strcmp(r->table, row->table) == 0;
                 r++) {
                double median = divide(r, NULL).median;
                if (median > 0 && (shortest == 0 || median < shortest)) shortest = median;
            }
            if (!csv) {
                evidence("%s", "");
                evidence("%s; rounds: %d%s", row->table, divide(row, NULL).rounds,
                         row->cpus == 2 && not_pinned ? "; not pinned" : "");
                evidence("%-25s %7s %17s %7s %6s", unit, "median", "quartiles",
                         slower ? "as long" : "as fast", extra);
            }
        }
        if (csv)
            print_csv(csv, row, base);
        else
            print_row(row, base, shortest, slower);
    }
}

void print_verdict(const char *claim, const char *statement, const struct condition *conditions,
                   size_t count) {
    static const char *const words[] = {"no", "undecided", "yes"};
    size_t seen[4] = {0}; /* the last: not measured */
    int found[16];
    if (count > 16) bail_out("too many conditions");
    for (size_t i = 0; i < count; i++) {
        const struct condition *c = &conditions[i];
        found[i] = c->times.rounds == 0       ? 3
                   : c->times.rounds < 3      ? 1
                   : c->times.q1 >= c->factor ? 2
                   : c->times.q3 < c->factor  ? 0
                                              : 1;
        seen[found[i]]++;
    }
    if (seen[3] == count) return;
    tell("%s, \"%s\": %s", claim, statement,
         seen[2] > 0 && seen[0] + seen[1] > 0 ? "holds only under some conditions"
         : seen[2] > 0                        ? "holds"
         : seen[1] > 0                        ? "undecided"
                                              : "does not hold");
    for (size_t i = 0; i < count; i++)
        if (found[i] != 3)
            evidence("%-9s %-41s %6s times (%s to %s; needed %s)", words[found[i]],
                     conditions[i].when, times_text(conditions[i].times.median),
                     times_text(conditions[i].times.q1), times_text(conditions[i].times.q3),
                     times_text(conditions[i].factor));
}
