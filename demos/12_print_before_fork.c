#define _GNU_SOURCE
/*
 * 12_print_before_fork - how many times does a line printed before fork() come out?
 *
 * Notes      section 12.3 匿名映射（父子进程）: the program prints a line and then forks
 * Watch      the line waits in stdio's buffer: private memory, which fork() copies
 * Try this   fflush() for plain as well; no line buffering; _exit() for the second child
 * See also   fork(2), stdio(3), setvbuf(3), exit(3), _exit(2); 05_cow_anonymous, 09_anonymous
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"
#include "scratch.h"

static FILE *open_stream(const char *name) {
    FILE *stream = fdopen(scratch_file(name, 0), "w");
    if (!stream) die("fdopen");
    return stream;
}

/* How many lines the file has by now; each of them is "parent\n". */
static long lines_in(const char *name) {
    struct stat info;
    if (stat(scratch_path(name), &info) == -1) die("stat");
    return info.st_size / (long)strlen("parent\n");
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "how many times does a line printed before fork() come out?");

    predict("A line is printed to a file. Is it in the file when the call returns?");
    step("Print a line to \"plain\", to \"flushed\" with fflush(), to \"by_line\" line-buffered.");
    FILE *plain = open_stream("plain"), *flushed = open_stream("flushed");
    FILE *by_line = open_stream("by_line");
    if (setvbuf(by_line, NULL, _IOLBF, BUFSIZ) != 0) bail_out("setvbuf");
    if (fputs("parent\n", plain) == EOF) die("fputs");
    if (fputs("parent\n", flushed) == EOF || fflush(flushed) == EOF) die("fputs, fflush");
    if (fputs("parent\n", by_line) == EOF) die("fputs");
    check_is(lines_in("plain"), 0,
             "by default a line printed to a file waits in stdio's buffer at first (not on stderr)",
             "12.3-2");
    check_is(lines_in("flushed"), 1, "fflush() writes what waits in the buffer of a stream",
             "12.3-2");
    check_is(lines_in("by_line"), 1, "a line-buffered stream writes each line at its newline",
             "12.3-2");
    tell("stdout is line-buffered on a terminal only, not in a file or a pipe: stdio(3).");

    predict(
        "Neither child prints anything. How many lines has the file \"plain\" after each of them?");
    step("Fork a child that ends by _exit(), then one that ends by exit().");
    pid_t child = fork();
    if (child == -1) die("fork");
    if (child == 0) _exit(0);
    wait_for(child);
    check_is(lines_in("plain"), 0, "_exit() in a child drops its copy of stdio's buffer", "12.3-2");
    child = fork();
    if (child == -1) die("fork");
    if (child == 0) exit(0);
    wait_for(child);
    check_is(lines_in("plain"), 1, "exit() in a child writes the lines in its copy of the buffer",
             "12.3-2");

    predict("How many lines are in \"plain\" when the parent has closed its streams as well?");
    step("The parent closes all three, as its exit() would.");
    tell("The notes' code (12.3-2) prints, and forks, as if each line came out once.");
    if (fclose(plain) == EOF || fclose(flushed) == EOF || fclose(by_line) == EOF) die("fclose");
    check_is(lines_in("plain"), 2,
             "unless flushed before fork(), a line on a fully buffered stream can come out twice",
             "12.3-2");
    check_is(lines_in("flushed"), 1, "a line printed and flushed before fork() comes out once",
             "12.3-2");
    check_is(lines_in("by_line"), 1,
             "a line printed to a line-buffered stream before fork() comes out once", "12.3-2");
    tell("Not checked here (12.3-1): exit() without <stdlib.h> is an error from gcc 14 on.");
    return end();
}
