#define _GNU_SOURCE
/*
 * 12_print_before_fork - how many times does a line printed before fork() come out?
 *
 * Notes      section 12.3 匿名映射（父子进程）: the program prints a line and then forks
 * Watch      the line waits in stdio's buffer: private memory, which fork() copies
 * Try this   fflush() for plain as well; the child leaves plain alone; no line buffering
 * See also   fork(2), stdio(3), setvbuf(3), _exit(2); 05_cow_anonymous, 09_anonymous
 */
#include <stdio.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"
#include "scratch.h"

static FILE *open_stream(const char *name) {
    FILE *stream = fdopen(scratch_file(name, 0), "w");
    if (!stream) die("fdopen");
    return stream;
}

/* Writes what waits in the buffer: exit() does that with every stream. */
static long close_stream(void *stream) {
    if (fclose(stream) == EOF) die("fclose");
    return 0;
}

/* How many lines the file has by now. */
static long lines_in(const char *name) {
    char text[100];
    long lines = 0;
    FILE *file = fopen(scratch_path(name), "r");
    if (!file) die("fopen");
    while (fgets(text, sizeof text, file))
        lines++;
    fclose(file);
    return lines;
}

static void show_lines(void) {
    evidence("lines: plain %ld, not_closed %ld, flushed %ld, by_line %ld", lines_in("plain"),
             lines_in("not_closed"), lines_in("flushed"), lines_in("by_line"));
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "how many times does a line printed before fork() come out?");
    struct partner child;

    predict("A line is printed to a file. Is it in the file when the call returns?");
    step("The parent prints a line to four files. flushed is flushed, by_line is line-buffered.");
    FILE *plain = open_stream("plain"), *not_closed = open_stream("not_closed");
    FILE *flushed = open_stream("flushed"), *by_line = open_stream("by_line");
    if (setvbuf(by_line, NULL, _IOLBF, BUFSIZ) != 0) bail_out("setvbuf");
    if (fputs("parent\n", plain) == EOF || fputs("parent\n", not_closed) == EOF) die("fputs");
    if (fputs("parent\n", flushed) == EOF || fputs("parent\n", by_line) == EOF) die("fputs");
    if (fflush(flushed) == EOF) die("fflush");
    show_lines();
    check_is(lines_in("plain"), 0, "a line printed to a file waits in stdio's buffer at first",
             "12.3-2");
    check_is(lines_in("flushed"), 1, "fflush() writes what waits in the buffer", "12.3-2");
    check_is(lines_in("by_line"), 1, "a line-buffered stream writes each line at its newline",
             "12.3-2");
    tell("stdout is line-buffered on a terminal only, not in a file or a pipe: stdio(3).");

    predict("The child itself prints nothing. Which of the files have one line more afterwards?");
    step("fork(). The child closes all but not_closed, as exit() would. It ends by _exit().");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    ask(&child, close_stream, plain);
    ask(&child, close_stream, flushed);
    ask(&child, close_stream, by_line);
    partner_close(&child); /* obey() ends by _exit() */
    show_lines();
    check_is(lines_in("plain"), 1, "exit() in a child prints the lines in its copy of the buffer",
             "12.3-2");

    predict("How many lines are in plain when the parent has closed its streams as well?");
    step("The parent closes all four.");
    tell("The notes' code (12.3-2) prints, and forks, as if each line came out once.");
    close_stream(plain);
    close_stream(not_closed);
    close_stream(flushed);
    close_stream(by_line);
    show_lines();
    check_is(lines_in("plain"), 2,
             "unless flushed, a line printed to a file before fork() comes out twice", "12.3-2");
    check_is(lines_in("not_closed"), 1,
             "a line printed before fork() comes out once if the child ends by _exit()", "12.3-2");
    check_is(lines_in("flushed"), 1, "a line printed and flushed before fork() comes out once",
             "12.3-2");
    check_is(lines_in("by_line"), 1,
             "a line printed to a line-buffered stream before fork() comes out once", "12.3-2");
    tell("Not checked here (12.3-1): exit() without <stdlib.h> is an error from gcc 14 on.");
    tell("With -std=c11 glibc hides MAP_ANONYMOUS; _DEFAULT_SOURCE or _GNU_SOURCE shows it.");
    return end();
}
