#define _GNU_SOURCE
#include "classroom.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"

/* The demo's source and that of its parts (NN_part.c of #include "NN_part.h"), one after the other.
 * No malloc(): between two steps it might map memory where a demo has just unmapped some. */
static char source[1 << 16];
static const char *files[4], *question; /* where in `source` each file begins */
static int count, steps;

/* No setlocale(): that would need the locale to be installed. */
bool utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < 3; i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale) return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}

static bool read_source(const char *path) {
    size_t used = strlen(source);
    int fd = count < 4 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd == -1) return false;
    files[count++] = source + used;
    for (ssize_t got = 1; got > 0; used += got > 0 ? got : 0)
        got = read(fd, source + used, sizeof source - 1 - used);
    close(fd);
    return true;
}

static const char *next_line(const char *line) {
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

bool classroom_open(const char *file) {
    char path[1300], part[64];
    snprintf(path, sizeof path, "%s", file);
    if (!read_source(path)) return false;
    char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    for (const char *line = source; *line; line = next_line(line))
        if (sscanf(line, "#include \"%63[0-9a-z_].h\"", part) == 1 && isdigit(*part)) {
            sprintf(name, "%s.c", part);
            read_source(path);
        }
    return true;
}

/* Waits for Enter, with the time limit off. At the end of the input nothing waits any more. */
static void wait_for_enter(const char *prompt) {
    static bool at_end;
    char c = ' ';
    if (at_end) return;
    say("7", "%s", prompt);
    alarm(0);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what a terminal's user typed before does not count */
    while (c != '\n' && !at_end) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        at_end = got == 0 || (got == -1 && errno != EINTR);
    }
    alarm(1);
}

/* Prints the lines up to `stop` with their numbers, without `indent` columns of indentation. */
static void show(const char *line, const char *stop, size_t indent) {
    int i = count - 1, number = 1;
    while (files[i] > line)
        i--;
    for (const char *earlier = files[i]; earlier < line; earlier = next_line(earlier))
        number++;
    for (; line < stop; line = next_line(line)) {
        size_t spaces = strspn(line, " "), length = strcspn(line, "\n");
        spaces = spaces < indent ? spaces : indent;
        printf("%3d%s%.*s\n", number++, length > 0 ? " " : "", (int)(length - spaces),
               line + spaces);
    }
}

/* Does a function of this name begin in this line, in its first column? */
static bool begins_function(const char *line, const char *name, size_t length) {
    const char *end = line + strcspn(line, "\n"), *at = line;
    if (!isalpha((unsigned char)*line)) return false;
    while ((at = memmem(at, (size_t)(end - at), name, length)) && at[length] != '(')
        at++;
    if (!at || at == line || !strchr(" *", at[-1])) return false;
    while (end[-1] != '{' && end[1] == ' ') /* parameters may go on in the next line */
        end += 1 + strcspn(end + 1, "\n");
    return end[-1] == '{';
}

/* Shows the functions that these lines name, and those that they call: short ones in each step that
 * names them, long ones once. */
static void show_functions(const char *from, const char *to) {
    static int shown[sizeof source / 16]; /* in which step, by where the function begins */
    for (size_t length; from < to; from += length) {
        for (length = 0; isalnum((unsigned char)from[length]) || from[length] == '_';)
            length++;
        if (*from == '"') /* words of a sentence name no function */
            length = 2 + strcspn(from + 1, "\"");
        const char *line = length && *from != '"' ? source : next_line(source + sizeof source - 1);
        while (*line && !begins_function(line, from, length))
            line = next_line(line);
        if (length == 0) length = 1;
        if (!*line || strncmp(from, "main(", 5) == 0) continue;
        const char *stop = line;
        int lines = 0, *last = &shown[(line - source) / 16];
        for (; *stop && *stop != '}'; stop = next_line(stop))
            lines++;
        if (*last == steps || (*last > 0 && lines > 5)) continue;
        *last = steps;
        show(line, next_line(stop), 0);
        printf("\n");
        show_functions(next_line(line), stop);
    }
}

static bool begins(const char *line, const char *call) {
    return strncmp(line + strspn(line, " "), call, strlen(call)) == 0;
}

void predict(const char *text) {
    question = text;
}

void classroom_step(int at) {
    const char *start = source, *line = source, *stop;
    for (int n = 1; *line && n <= at; n++, line = next_line(line))
        if (begins(line, "step(")) start = line;
    for (stop = next_line(start); *stop && *stop != '}'; stop = next_line(stop))
        if (begins(stop, "step(") || begins(stop, "predict(")) break;
    while (stop > start + 1 && stop[-1] == '\n' && stop[-2] == '\n')
        stop--;
    steps++;
    if (question) {
        say("1;35", "# Predict: %s", question);
        wait_for_enter("[Enter shows the source]");
    }
    show_functions(start, stop);
    show(start, stop, 4);
    wait_for_enter("[Enter runs it, Ctrl-D runs on to the end]");
    question = NULL;
}
