#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "scratch.h"

#define WATCHDOG_SECONDS 20 /* of running, not of being stopped: counted second by second */

static const char *demo_name;
static pid_t demo_pid;
static int planned, done, failed, steps;
static bool colour, stepping, plan_printed, ended;

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void say(const char *ansi, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (colour) printf("\033[%sm", ansi);
    vprintf(format, args);
    printf("%s\n", colour ? "\033[0m" : "");
    va_end(args);
}

static void on_second(int signo) {
    static int seconds;
    static const char text[] = "Bail out! the demo took too long: something hangs\n";
    (void)signo;
    if (++seconds < WATCHDOG_SECONDS) return;
    ssize_t ignored = write(STDOUT_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(99);
}

/* A demo that leaves by exit() without end() must not look like a success. */
static void at_exit(void) {
    if (getpid() != demo_pid || ended) return;
    printf("# left after %d of %d planned checks\n", done, planned);
    fflush(stdout);
    _exit(1);
}

static bool bail_out_of_demo(const char *line) {
    if (getpid() != demo_pid) return false;
    printf("Bail out! %s\n", line);
    fflush(stdout);
    ended = true;
    return true;
}

/* qemu-user and the like carry out mmap(2) themselves, and differ in what the checks ask. */
static bool emulated(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *taken = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *again =
        mmap(taken, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    bool differs = again != MAP_FAILED || errno != EEXIST;
    munmap(taken, page);
    return differs;
}

static void usage(const char *bad, const char *question) {
    if (bad)
        fprintf(stderr, "%s: %s '%s'\n", demo_name,
                bad[0] == '-' ? "unknown option" : "unexpected argument", bad);
    fprintf(bad ? stderr : stdout,
            "usage: %s [--help] [--step]\n"
            "  %s\n"
            "  Prints TAP. --step shows the source of each step and waits for Enter.\n"
            "  A sentence speaks of Linux, a regular file on a local disk file system, ordinary\n"
            "  pages, neither populated nor locked before, default limits, one user, and nobody\n"
            "  else who truncates or unmaps - unless it says otherwise.\n"
            "  Exit status: 0 all checks hold, 1 a check failed, 2 bad usage, 77 skipped,\n"
            "  99 the set-up failed.\n",
            demo_name, question);
    exit(bad ? 2 : 0);
}

/* What may be inherited: closed standard descriptors, signals that are ignored or blocked. A closed
 * stdout is opened for reading only, so that end() finds that nothing was printed. */
static void make_a_clean_start(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1) open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    setvbuf(stdout, NULL, _IOLBF, 0); /* before any fork: else both would print what is buffered */
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    colour =
        isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

void begin_at(const char *file, int argc, char **argv, int plan, const char *question) {
    static char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base_name(file), "."), base_name(file));
    demo_name = name;
    planned = plan;
    bool help = false;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            help = true;
        else if (strcmp(argv[i], "--step") == 0)
            stepping = true;
        else
            usage(argv[i], question);
    if (help) usage(NULL, question);
    make_a_clean_start();
    demo_pid = getpid();
    give_up_in_demo = bail_out_of_demo;
    atexit(at_exit);
    scratch_open();
    struct sigaction tick = {.sa_handler = on_second, .sa_flags = SA_RESTART};
    struct itimerval second = {{1, 0}, {1, 0}};
    sigaction(SIGALRM, &tick, NULL);
    setitimer(ITIMER_REAL, &second, NULL);
    printf("TAP version 13\n");
    tell("%s: %s", name, question);
    if (emulated()) skip_all("an emulator answers here in the kernel's place");
    if (stepping && !classroom_open(file)) tell("The source is not at hand: stepping without it.");
}

static void print_plan(void) {
    if (!plan_printed) printf("1..%d\n", planned);
    plan_printed = true;
}

int end(void) {
    ended = true;
    if (failed > 0) tell("%d of %d checks failed", failed, done);
    if (done != planned) tell("planned %d checks, but ran %d", planned, done);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write to stdout: %s\n", demo_name, errno_name(errno));
        return 99;
    }
    return failed == 0 && done == planned ? 0 : 1;
}

void skip_all(const char *reason) {
    ended = true;
    printf("1..0 # SKIP %s\n", reason);
    exit(77);
}

void step_at(const char *place, const char *text) {
    print_plan();
    say("1", "# Step %d. %s", ++steps, text);
    if (stepping) classroom_step(atoi(strrchr(place, ':') + 1));
}

/* One test point: "ok 3 - text (claim) # SKIP reason". */
static void report(bool holds, const char *text, const char *claim, const char *skipped) {
    print_plan();
    done++;
    if (!holds) failed++;
    say(skipped ? "33"
        : holds ? "32"
                : "1;31",
        "%s %d - %s%s%s%s%s%s", holds ? "ok" : "not ok", done, text, claim ? " (" : "",
        claim ? claim : "", claim ? ")" : "", skipped ? " # SKIP " : "", skipped ? skipped : "");
}

bool check_at(const char *place, bool holds, const char *expr, const char *text,
              const char *claim) {
    report(holds, text, claim, NULL);
    if (!holds) evidence("seen to be false at %s: %s", base_name(place), expr);
    return holds;
}

/* A number as the check's expressions mean it: a letter, a frame, or just a number. */
static const char *shown(long value, const char *expr_a, const char *expr_b) {
    static char texts[2][24];
    static int turn;
    char *text = texts[turn ^= 1];
    const char *format = expr_b[0] == '\'' && value >= ' ' && value <= '~' ? "'%c'"
                         : strstr(expr_a, "frame") && value > 9            ? "0x%lx"
                                                                           : "%ld";
    snprintf(text, sizeof texts[0], format, value);
    return text;
}

bool numbers_at(const char *place, const char *op, long a, long b, const char *expr_a,
                const char *expr_b, const char *text, const char *claim) {
    if (is_unknown(a) || is_unknown(b)) {
        report(true, text, claim, unknown_text(is_unknown(a) ? a : b));
        return true;
    }
    bool holds = *op == '=' ? a == b : *op == '!' ? a != b : a >= b;
    report(holds, text, claim, NULL);
    if (!holds)
        evidence("seen: %s, expected: %s%s, at %s: %s %s %s", shown(a, expr_a, expr_b),
                 *op == '='   ? ""
                 : *op == '!' ? "anything but "
                              : "at least ",
                 shown(b, expr_a, expr_b), base_name(place), expr_a, op, expr_b);
    return holds;
}

static char reasons[16][80]; /* of what is unknown */

bool is_unknown(long value) {
    return value < LONG_MIN + 16;
}

static bool is_unknown_text(const char *text) {
    return text >= reasons[0] && text < reasons[16];
}

const char *unknown_text(long value) {
    return reasons[value - LONG_MIN];
}

long unknown(const char *format, ...) {
    char text[sizeof reasons[0]];
    int i = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    while (i < 15 && reasons[i][0] && strcmp(reasons[i], text) != 0)
        i++;
    strcpy(reasons[i], text);
    return LONG_MIN + i;
}

long change(long earlier, long later) {
    return is_unknown(earlier) ? earlier : is_unknown(later) ? later : later - earlier;
}

const char *number(long value) {
    static char texts[4][24];
    static int turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "%ld", value);
    return is_unknown(value) ? "unknown" : text;
}

bool strings_at(const char *place, const char *op, const char *a, const char *b, const char *expr_a,
                const char *expr_b, const char *text, const char *claim) {
    if (is_unknown_text(a) || is_unknown_text(b)) {
        report(true, text, claim, is_unknown_text(a) ? a : b);
        return true;
    }
    bool holds = strcmp(a, b) == 0;
    report(holds, text, claim, NULL);
    if (!holds)
        evidence("seen: \"%s\", expected: \"%s\", at %s: %s %s %s", a, b, base_name(place), expr_a,
                 op, expr_b);
    return holds;
}

void skip(const char *text, const char *claim, const char *reason) {
    report(true, text, claim, reason);
}
