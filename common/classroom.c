#define _GNU_SOURCE
#include "classroom.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

/* The demo's source and that of its parts (NN_part.c of #include "NN_part.h"). No malloc(): between
 * two steps it might map memory where a demo has just unmapped some. */
static char sources[3][1 << 15];
static int count;

static const char *question;
static int step_now; /* how many steps have been shown */

/* No setlocale(): that would need the locale to be installed. */
bool utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale) return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

static bool read_source(const char *path) {
    int fd = count < 3 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd == -1) return false;
    size_t used = 0;
    for (ssize_t got = 1; got > 0; used += (size_t)got)
        if ((got = read(fd, sources[count] + used, sizeof sources[0] - 1 - used)) < 0) got = 0;
    close(fd);
    return ++count > 0;
}

bool classroom_open(const char *file) {
    char path[1200], part[64], *name;
    snprintf(path, sizeof path - 100, "%s", file);
    if (!read_source(path)) {
        ssize_t used = readlink("/proc/self/exe", path, 1000);
        if (used <= 0) return false;
        path[used] = '\0';
        const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
        if (!(name = strrchr(path, '/'))) return false;
        sprintf(name, "/../demos/%s", base);
        if (!read_source(path)) return false;
    }
    if ((name = strrchr(path, '/'))) name++;
    for (const char *line = sources[0]; name && *line; line = next_line(line))
        if (sscanf(line, "#include \"%2[0-9]%59[^.\"].h\"", name, part) == 2) {
            strcat(strcat(name, part), ".c");
            read_source(path);
        }
    return true;
}

/* Waits for Enter, with the time limit off. At the end of the input nothing waits any more. */
static void wait_for_enter(const char *prompt) {
    static bool at_end;
    struct itimerval off = {{0, 0}, {0, 0}}, on;
    char c = ' ';
    ssize_t got = 1;
    if (at_end) return;
    say("7", "%s", prompt);
    setitimer(ITIMER_REAL, &off, &on);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what a terminal's user typed before does not count */
    while (c != '\n' && got != 0)
        if ((got = read(STDIN_FILENO, &c, 1)) == -1 && errno != EINTR) got = 0;
    setitimer(ITIMER_REAL, &on, NULL);
    at_end = got == 0;
}

/* Prints a line of the source with its number, without `indent` columns of its indentation. */
static void show_line(int n, const char *text, size_t indent) {
    size_t spaces = strspn(text, " ");
    text += spaces < indent ? spaces : indent;
    int length = (int)strcspn(text, "\n");
    printf("%3d%s%.*s\n", n, length > 0 ? " " : "", length, text);
}

/* Is there a function `name` that begins in this line, in its first column? */
static bool begins_function(const char *line, const char *name, size_t length) {
    const char *end = line + strcspn(line, "\n");
    if (!isalpha((unsigned char)*line)) return false;
    for (const char *at = line; (at = memmem(at, (size_t)(end - at), name, length)); at++)
        if (at > line && strchr(" *", at[-1]) && at[length] == '(') {
            while (end[-1] != '{' && end[1] == ' ') /* parameters go on in the next line */
                end += 1 + strcspn(end + 1, "\n");
            return end[-1] == '{';
        }
    return false;
}

static void show_functions_in(const char *from, const char *to, int depth);

/* Shows the function of this name, if there is one, after those that it calls: a short one in each
 * step that names it, a long one once. */
static void show_function(const char *name, size_t length, int depth) {
    static struct {
        const char *start;
        int step;
    } shown[100];
    static int most;
    for (int i = 0; i < count; i++) {
        int n = 1;
        const char *start = sources[i];
        while (*start && !begins_function(start, name, length))
            start = next_line(start), n++;
        if (!*start || (length == 4 && memcmp(name, "main", 4) == 0)) continue;
        const char *stop = start;
        int lines = 1;
        for (; *stop && *stop != '}'; stop = next_line(stop))
            lines++;
        for (int k = 0; k < most; k++)
            if (shown[k].start == start && (lines > 5 || shown[k].step == step_now)) return;
        if (most < 100) shown[most].start = start, shown[most++].step = step_now;
        if (depth < 3) show_functions_in(next_line(start), stop, depth + 1);
        for (const char *line = start; line <= stop && *line; line = next_line(line))
            show_line(n++, line, 0);
        printf("\n");
        return;
    }
}

static void show_functions_in(const char *from, const char *to, int depth) {
    while (from < to) {
        size_t length = 0;
        while (from + length < to && (isalnum((unsigned char)from[length]) || from[length] == '_'))
            length++;
        if (length > 0 && !isdigit((unsigned char)*from)) show_function(from, length, depth);
        if (from[length] == '"') /* words of a sentence name no function */
            for (length++; from + length < to && from[length] != '"'; length++)
                ;
        from += length + 1;
    }
}

static bool begins(const char *line, const char *call) {
    return strncmp(line + strspn(line, " "), call, strlen(call)) == 0;
}

/* Shows the step() that ends in line `at`, to where the next step begins, and what it names. */
static void show_step(int at) {
    const char *start = sources[0], *stop, *line;
    int n = 1, first = 1;
    for (line = sources[0]; *line && n <= at; n++, line = next_line(line))
        if (begins(line, "step(")) start = line, first = n;
    for (stop = next_line(start); *stop && *stop != '}'; stop = next_line(stop))
        if (begins(stop, "step(") || begins(stop, "predict(")) break;
    while (stop > start && stop[-1] == '\n' && stop[-2] == '\n')
        stop--;
    show_functions_in(start, stop, 0);
    for (n = first, line = start; line < stop; line = next_line(line))
        show_line(n++, line, 4);
    if (n - first > 20 && question) say("1;35", "# Predict: %s", question); /* scrolled away */
}

void predict(const char *text) {
    question = text;
}

void classroom_step(int at) {
    if (question) {
        say("1;35", "# Predict: %s", question);
        wait_for_enter("[Enter shows the source]");
    }
    step_now++;
    show_step(at);
    wait_for_enter("[Enter runs it, Ctrl-D runs on to the end]");
    question = NULL;
}
