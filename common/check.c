#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "partner.h"
#include "scratch.h"
#include "words.h"

#define WATCHDOG_SECONDS 20 /* of running, not of being stopped: counted second by second */

static char demo_name[64];
static pid_t demo_pid;
static int planned, done, failed, steps, steps_in_all;
static int width; /* of the terminal, 0 where there is none: nothing is folded */
static bool colour, ended;

/* In a terminal lines are folded at words. */
void say(const char *ansi, const char *format, ...) {
    static char line[2000];
    const char *rest = line, *indent = *format == '#' ? "#       " : "        ";
    size_t prefix = strspn(format, "# "), fits; /* "# " or "#   ", and blanks of a table */
    va_list args;
    va_start(args, format);
    memcpy(line, format, prefix);
    vsnprintf(line + prefix, sizeof line - prefix, words(format + prefix), args);
    va_end(args);
    if (colour) printf("\033[%sm", ansi);
    for (int room = width; (fits = that_fits(rest, room)) < strlen(rest); room = width - 8) {
        printf("%.*s\n%s", (int)fits, rest, indent);
        rest += fits + strspn(rest + fits, " ");
    }
    printf("%s%s\n", rest, colour ? "\033[0m" : "");
}

static void on_second(int signo) {
    static int seconds;
    static const char text[] = "Bail out! the demo took too long: something hangs\n";
    (void)signo;
    alarm(1);
    if (++seconds < WATCHDOG_SECONDS) return;
    if (write(STDOUT_FILENO, text, sizeof text - 1) == -1) _exit(98);
    _exit(99);
}

/* A demo that leaves by exit() without end() must not look like a success. */
static void at_exit(void) {
    if (getpid() != demo_pid || ended) return;
    printf("# left after %d of %d planned checks\n", done, planned);
    fflush(stdout);
    _exit(1);
}

/* Says where the demo was when it crashed; then the access is made once more and ends it. */
static void on_crash(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)context;
    unsigned long address = (unsigned long)info->si_addr;
    if (getpid() == demo_pid)
        say("1;31", "# %s: killed by %s at 0x%lx after check %d, in step %d", demo_name,
            signal_name(info), address, done, steps);
    else /* it does not know how far the demo is */
        say("1;31", "# a partner: killed by %s at 0x%lx", signal_name(info), address);
    fflush(stdout);
}

static bool bail_out_of_demo(const char *line) {
    if (getpid() != demo_pid) return false;
    if (steps > 0) tell("given up after check %d, in step %d", done, steps);
    printf("Bail out! %s\n", line);
    fflush(stdout);
    return ended = true;
}

/* qemu-user and the like carry out mmap(2) themselves, and differ in what the checks ask. */
static bool emulated(void) {
    const int anywhere = MAP_PRIVATE | MAP_ANONYMOUS;
    void *taken = mmap(NULL, 1, PROT_NONE, anywhere, -1, 0);
    void *again = mmap(taken, 1, PROT_NONE, anywhere | MAP_FIXED_NOREPLACE, -1, 0);
    bool differs = again != MAP_FAILED || errno != EEXIST;
    munmap(taken, 1);
    return differs;
}

static _Noreturn void usage(const char *bad, const char *question) {
    static const char *const lines[] = {
        "  Prints TAP; --step shows the source of each step and waits for Enter. A sentence",
        "  speaks of Linux, a regular file on a local disk file system, ordinary pages, neither",
        "  populated, locked nor pinned before, mappings neither sealed nor merged, default",
        "  limits and advice, plain fork(), one user, and nobody else who truncates or unmaps -",
        "  unless it says otherwise. Exit status: 0 all checks hold, 1 one failed,",
        "  2 bad usage, 77 skipped, 99 the set-up failed.",
    };
    FILE *to = bad ? stderr : stdout;
    if (bad) fprintf(to, words("%s: there is no option or argument '%s'"), demo_name, bad);
    if (bad) fputc('\n', to);
    fprintf(to, words("usage: %s [--help] [--step] [--lang en|zh]"), demo_name);
    fprintf(to, "\n  %s\n", words(question));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        fprintf(to, "%s\n", words(lines[i]));
    exit(bad ? 2 : 0);
}

/* What may be inherited: closed standard descriptors (read-only, stdout makes end() fail), blocked
 * or ignored signals, merging of equal pages (KSM write-protects what it looks at). */
static void make_a_clean_start(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1) open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    prctl(67 /* PR_SET_MEMORY_MERGE */, 0, 0, 0, 0); /* EINVAL before Linux 6.4: fine */
    setvbuf(stdout, NULL, _IOLBF, 0); /* before any fork: else both would print what is buffered */
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *reading = getenv("MMAP_DEMO_COLUMNS"); /* scripts/run reads along */
    struct winsize window;
    width = reading ? atoi(reading) : 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == -1) return;
    width = window.ws_col;
    colour = !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
}

void begin_at(const char *file, int argc, char **argv, int plan, const char *question) {
    const char *bad = NULL, *lang = NULL;
    bool help = false, stepping = false;
    const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    snprintf(demo_name, sizeof demo_name, "%.*s", (int)strcspn(name, "."), name);
    planned = plan;
    for (int i = 1; i < argc && !bad; i++)
        if (strcmp(argv[i], "--help") == 0)
            help = true;
        else if (strcmp(argv[i], "--step") == 0)
            stepping = true;
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc &&
                 (strcmp(argv[i + 1], "zh") == 0 || strcmp(argv[i + 1], "en") == 0))
            lang = argv[++i];
        else
            bad = argv[i];
    words_open(file, lang);
    if (bad || help) usage(bad, question);
    make_a_clean_start();
    demo_pid = getpid();
    give_up_in_demo = bail_out_of_demo;
    atexit(at_exit);
    scratch_open();
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
    sigaction(SIGSEGV, &crash, NULL);
    sigaction(SIGBUS, &crash, NULL);
    signal(SIGALRM, on_second);
    alarm(1);
    printf("TAP version 13\n");
    tell("%s: %s", demo_name, words(question));
    if (emulated()) skip_all("an emulator answers here in the kernel's place");
    if (stepping && (steps_in_all = classroom_open(file)) == 0)
        tell("The source is not at hand: stepping without it.");
}

void skip_all(const char *reason) {
    ended = true;
    printf("1..0 # SKIP %s\n", words(reason));
    exit(77);
}

void step_at(int line, const char *text) {
    if (steps++ == 0) printf("1..%d\n", planned);
    if (getenv("MMAP_DEMO_DATA")) printf("#: step\n");
    if (steps_in_all)
        say("1", "# Step %d of %d. %s", steps, steps_in_all, words(text));
    else
        say("1", "# Step %d. %s", steps, words(text));
    classroom_step(line);
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

/* One test point: "ok 3 - text (claim) # SKIP reason". */
static bool report(bool holds, const char *text, const char *claim, const char *skipped) {
    const char *ansi = skipped ? "33" : holds ? "32" : "1;31";
    char claims[80] = "";
    done++;
    if (!holds) failed++;
    if (claim) snprintf(claims, sizeof claims, " (%s)", claim);
    say(ansi, "%s %d - %s%s%s%s", holds ? "ok" : "not ok", done, words(text), claims,
        skipped ? " # SKIP " : "", skipped ? words(skipped) : "");
    return holds;
}

static bool judge(bool holds, const char *where, const char *a, const char *least, const char *b,
                  const char *text, const char *claim) {
    report(holds, text, claim, NULL);
    if (!holds)
        evidence("seen: %s, expected: %s%s; %s.c:%s", words(a), least, words(b), demo_name, where);
    return holds;
}

/* A number as the check means it: a letter, a frame, or just a number. */
static const char *shown(long value, const char *where, char text[24]) {
    snprintf(text, 24, strstr(where, "frame") && value > 1 ? "0x%lx" : "%ld", value);
    if (strstr(where, "= '") && value >= ' ' && value <= '~')
        snprintf(text, 24, "'%c'", (int)value);
    return text;
}

bool numbers_at(const char *where, const char *least, long a, long b, const char *text,
                const char *claim) {
    char text_a[24], text_b[24];
    if (is_unknown(a) || is_unknown(b))
        return report(true, text, claim, unknown_text(is_unknown(a) ? a : b));
    return judge(*least ? a >= b : a == b, where, shown(a, where, text_a), least,
                 shown(b, where, text_b), text, claim);
}

static char reasons[16][80]; /* why something is unknown */

bool strings_at(const char *where, const char *least, const char *a, const char *b,
                const char *text, const char *claim) {
    const char *last = (const char *)reasons + sizeof reasons;
    if ((a >= reasons[0] && a < last) || (b >= reasons[0] && b < last))
        return report(true, text, claim, a >= reasons[0] && a < last ? a : b);
    return judge(strcmp(a, b) == 0, where, a, least, b, text, claim);
}

long unknown(const char *format, ...) {
    char text[sizeof reasons[0]];
    int i = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, words(format), args);
    va_end(args);
    while (i < 15 && reasons[i][0] && strcmp(reasons[i], text) != 0)
        i++;
    strcpy(reasons[i], text);
    return LONG_MIN + i;
}

bool is_unknown(long value) {
    return value < LONG_MIN + 16;
}

const char *unknown_text(long value) {
    return reasons[value - LONG_MIN];
}

long change(long earlier, long later) {
    return is_unknown(earlier) ? earlier : is_unknown(later) ? later : later - earlier;
}

const char *number(long value) {
    static char texts[4][24];
    static int turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "%ld", value);
    return is_unknown(value) ? words("unknown") : text;
}
