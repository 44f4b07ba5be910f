#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#define WATCHDOG_SECONDS 20 /* of running, not of being stopped: counted second by second */

static const char *demo_name;
static pid_t demo_pid;
static int planned, done, failed, steps;
static bool colour, plan_printed, ended;

/* --step: the demo's source, read once into memory of this program's own, for a malloc() between
 * two steps might map memory where a demo has just unmapped some. */
static bool stepping;
static char source[1 << 16];
static const char *question_to_class, *function_to_show;

static char unknown_reason[200] = "the kernel does not tell";

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

/* No setlocale(): that would need the locale to be installed. */
bool utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale) return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
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

static void run_watchdog(bool on) {
    struct itimerval second = {{on, 0}, {on, 0}};
    setitimer(ITIMER_REAL, &second, NULL);
}

/* A demo that leaves by exit() without end() must not look like a success. */
static void at_exit(void) {
    if (getpid() == demo_pid && !ended) {
        printf("# left after %d of %d planned checks\n", done, planned);
        fflush(stdout);
        _exit(1);
    }
}

/* Reads the demo's source as the compiler found it, or else beside the build directory. */
static bool read_source(const char *file) {
    char path[1100];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t used = fd == -1 ? readlink("/proc/self/exe", path, 1000) : 0;
    if (used > 0) {
        path[used] = '\0';
        char *slash = strrchr(path, '/');
        if (slash) strcpy(slash, "/../demos/");
        strcat(path, base_name(file));
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (fd == -1) return false;
    used = 0;
    for (ssize_t got = 1; got > 0; used += got)
        if ((got = read(fd, source + used, sizeof source - 1 - (size_t)used)) < 0) got = 0;
    close(fd);
    return used > 0;
}

static const char *usage_of_its_own;

void own_usage(const char *usage) {
    usage_of_its_own = usage;
}

void begin_at(const char *file, int argc, char **argv, int plan, const char *question) {
    static char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(base_name(file), "."), base_name(file));
    demo_name = name;
    demo_pid = getpid();
    planned = plan;
    const char *bad = NULL;
    bool help = false;
    for (int i = 1; i < argc && !bad; i++)
        if (strcmp(argv[i], "--help") == 0)
            help = true;
        else if (strcmp(argv[i], "--step") == 0)
            stepping = true;
        else
            bad = argv[i];
    if (bad)
        fprintf(stderr, "%s: %s '%s'\n", name,
                bad[0] == '-' ? "unknown option" : "unexpected argument", bad);
    if ((bad || help) && usage_of_its_own) {
        fputs(usage_of_its_own, bad ? stderr : stdout);
        exit(bad ? 2 : 0);
    }
    if (bad || help) {
        fprintf(
            bad ? stderr : stdout,
            "usage: %s [--help] [--step]\n"
            "  %s\n"
            "  Prints TAP version 14. --step shows the source of each step and waits for Enter.\n"
            "  Exit status: 0 all checks hold, 1 a check failed, 2 bad usage, 77 skipped,\n"
            "  99 the set-up failed.\n",
            name, question);
        exit(bad ? 2 : 0);
    }
    /* What may be inherited: closed standard descriptors, signals that are ignored, blocked or
     * deadly. */
    for (int fd = 0; fd != -1 && fd <= 2;)
        if ((fd = open("/dev/null", O_RDWR)) > 2) close(fd);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0); /* before any fork: else both would print what is buffered */
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    colour =
        isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
    atexit(at_exit);
    struct sigaction tick = {.sa_handler = on_second, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &tick, NULL);
    run_watchdog(true);
    printf("TAP version 14\n");
    tell("%s: %s", name, question);
    if (stepping && !read_source(file)) tell("The source is not at hand: stepping without it.");
    if (stepping)
        tell(
            "give_turn(&x): x runs to its next await_turn(). load_from(), store_to(): in a child.");
}

static void print_plan(void) {
    if (!plan_printed) printf("1..%d\n", planned);
    plan_printed = true;
}

int end(void) {
    ended = true;
    run_watchdog(false);
    if (failed > 0) tell("%d of %d checks failed", failed, done);
    if (done != planned) tell("planned %d checks, but ran %d", planned, done);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "%s: cannot write to stdout: %s\n", demo_name, errno_name(errno));
        return 99;
    }
    return failed == 0 && done == planned ? 0 : 1;
}

/* Waits for Enter, with the time limit off. At the end of the input nothing waits any more. */
static void wait_for_enter(const char *prompt) {
    char c = ' ';
    ssize_t got = 1;
    printf(colour ? "\033[7m%s\033[0m " : "%s ", prompt);
    fflush(stdout);
    run_watchdog(false);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what a terminal's user typed before does not count */
    while (c != '\n' && got != 0)
        if ((got = read(STDIN_FILENO, &c, 1)) == -1 && errno != EINTR) got = 0;
    run_watchdog(true);
    if (got == 0) stepping = false;
    if (got == 0 || !isatty(STDIN_FILENO)) printf("\n"); /* else the terminal has echoed it */
}

static bool begins(const char *line, const char *call) {
    return strncmp(line + strspn(line, " "), call, strlen(call)) == 0;
}

/* Prints a line of the source with its number, without `indent` columns of its indentation. */
static void show_line(int n, const char *text, size_t indent) {
    size_t spaces = strspn(text, " ");
    text += spaces < indent ? spaces : indent;
    int length = (int)strcspn(text, "\n");
    printf("%3d%s%.*s\n", n, length > 0 ? " " : "", length, text);
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

/* Prints the source of a function: from the line with " NAME(" in it that begins in the first
 * column to the closing brace. */
static void show_function(const char *name) {
    char call[64];
    bool inside = false;
    snprintf(call, sizeof call, "%s(", name);
    int n = 1;
    for (const char *line = source; *line; line = next_line(line), n++) {
        const char *found = strstr(line, call);
        if (!inside && found && found < line + strcspn(line, "\n") && found > line &&
            strchr(" *", found[-1]) && !strchr(" /#", *line))
            inside = true;
        if (inside) show_line(n, line, 0);
        if (inside && *line == '}') return;
    }
}

/* Prints the source from the step() that ends in line `at` to where the next step begins;
 * returns how many lines that are. */
static int show_source(int at) {
    const char *line = source, *start = source;
    int n = 1, first = 1, last = 0;
    for (; *line && n <= at; n++, line = next_line(line))
        if (begins(line, "step(")) start = line, first = n;
    for (n = first, line = start; *line && *line != '}'; n++, line = next_line(line)) {
        if (n > first &&
            (begins(line, "step(") || begins(line, "predict(") || begins(line, "show_also(")))
            break;
        if (*line != '\n') last = n; /* what ends in blank lines is shown without them */
    }
    for (n = first, line = start; n <= last; n++, line = next_line(line))
        show_line(n, line, 4);
    return last - first;
}

void predict(const char *question) {
    question_to_class = question;
}

void show_also(const char *function) {
    function_to_show = function;
}

static void ask_class(void) {
    if (question_to_class) say("1;35", "# Predict: %s", question_to_class);
}

void step_at(const char *place, const char *text) {
    print_plan();
    say("1", "# Step %d. %s", ++steps, text);
    if (stepping && question_to_class) {
        ask_class();
        wait_for_enter("[Enter shows the source]");
    }
    if (stepping) {
        if (function_to_show) show_function(function_to_show);
        if (show_source(atoi(strrchr(place, ':') + 1)) > 20) ask_class(); /* it has scrolled away */
        wait_for_enter("[Enter runs it, Ctrl-D runs on to the end]");
    }
    question_to_class = function_to_show = NULL;
}

/* One test point: "ok 3 - text (claim) # SKIP reason", with # and \ escaped as TAP 14 wants. */
static bool report(bool holds, const char *text, const char *claim, const char *skipped) {
    char escaped[240], *to = escaped;
    print_plan();
    done++;
    if (!holds) failed++;
    for (; *text && to < escaped + sizeof escaped - 3; *to++ = *text++)
        if (*text == '#' || *text == '\\') *to++ = '\\';
    *to = '\0';
    say(skipped ? "33"
        : holds ? "32"
                : "1;31",
        "%s %d - %s%s%s%s%s%s", holds ? "ok" : "not ok", done, escaped, claim ? " (" : "",
        claim ? claim : "", claim ? ")" : "", skipped ? " # SKIP " : "", skipped ? skipped : "");
    return holds;
}

/* Reports, and where the check fails shows its place, its expression and what was seen. */
static bool judge(bool holds, const char *place, const char *expr, const char *seen,
                  const char *text, const char *claim) {
    report(holds, text, claim, NULL);
    if (!holds) {
        evidence("%s: %s", base_name(place), expr);
        evidence("seen: %s", seen);
    }
    return holds;
}

bool check_at(const char *place, bool holds, const char *expr, const char *text,
              const char *claim) {
    return judge(holds, place, expr, "false", text, claim);
}

static bool compare(long a, const char *op, long b) {
    switch (op[0]) {
    case '=': return a == b;
    case '!': return a != b;
    case '<': return op[1] ? a <= b : a < b;
    default: return op[1] ? a >= b : a > b;
    }
}

bool check_num_at(const char *place, long a, const char *op, long b, const char *expr,
                  const char *text, const char *claim) {
    char seen[80];
    if (a == UNKNOWN || b == UNKNOWN) return report(true, text, claim, unknown_reason);
    snprintf(seen, sizeof seen, "%ld %s %ld", a, op, b);
    return judge(compare(a, op, b), place, expr, seen, text, claim);
}

bool check_str_at(const char *place, const char *a, const char *b, const char *expr,
                  const char *text, const char *claim) {
    char seen[200];
    if (!a || !b) return report(true, text, claim, unknown_reason);
    snprintf(seen, sizeof seen, "\"%s\", expected: \"%s\"", a, b);
    return judge(strcmp(a, b) == 0, place, expr, seen, text, claim);
}

void skip(const char *text, const char *claim, const char *reason) {
    report(true, text, claim, reason);
}

void skip_all(const char *reason) {
    ended = true;
    printf("1..0 # SKIP %s\n", reason);
    exit(77);
}

const char *number(long value) {
    static char texts[4][24];
    static int turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "%ld", value);
    return value == UNKNOWN ? "unknown" : text;
}

long unknown(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(unknown_reason, sizeof unknown_reason, format, args);
    va_end(args);
    return UNKNOWN;
}

void give_up(int code, const char *format, ...) {
    char what[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    bool in_demo = getpid() == demo_pid;
    FILE *to = in_demo ? stdout : stderr;
    fflush(stdout);
    if (in_demo)
        fprintf(to, "Bail out! %s", what);
    else if (demo_name)
        fprintf(to, "%s (child %ld): %s", demo_name, (long)getpid(), what);
    else
        fprintf(to, "%s: %s", program_invocation_short_name, what);
    if (code != 0) fprintf(to, ": %s (%s)", strerror(code), errno_name(code));
    fprintf(to, "\n");
    fflush(to);
    ended = true;
    if (in_demo || !demo_name) exit(99);
    _exit(99); /* a child: what the demo does at its end is not for it */
}

const char *errno_name(int code) {
#define NAME(code)                                                                                 \
    { code, #code }
    static const struct {
        int code;
        const char *name;
    } names[] = {
        NAME(EACCES), NAME(EAGAIN), NAME(EBADF),        NAME(EBUSY),     NAME(EEXIST),
        NAME(EFAULT), NAME(EFBIG),  NAME(EINVAL),       NAME(EIO),       NAME(EISDIR),
        NAME(ELOOP),  NAME(EMFILE), NAME(ENAMETOOLONG), NAME(ENODEV),    NAME(ENOENT),
        NAME(ENOMEM), NAME(ENOSPC), NAME(ENOSYS),       NAME(ENOTDIR),   NAME(EDQUOT),
        NAME(ENXIO),  NAME(EPERM),  NAME(EOPNOTSUPP),   NAME(EOVERFLOW), NAME(EROFS),
        NAME(ESPIPE), NAME(ESRCH),  NAME(ENFILE),       NAME(ETXTBSY),   NAME(EMSGSIZE),
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code) return names[i].name;
    return code == 0 ? "success" : number(code);
}
