/*
 * 08_terminal - runs a program as in another terminal, and reads what it prints there.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct terminal {
    const char *command;
    pid_t pid;
    FILE *output;
    char line[1300]; /* the last one */
};

/* Has programs that run() starts meet in the directory `path`; or skips the whole demo. */
void let_them_meet_in(const char *path);

/* 1 if the directory is still there, 0 if not. Unknown if it is there, but empty: then a file
 * system (FUSE) has renamed an open file when its name was removed, which rmdir(2) refuses. */
long left_behind(const char *path);

/* Runs the command, a program beside this one with its options. */
struct terminal run(const char *command);

/* Reads on until a line begins with `words`; false if the output ends instead. */
bool says(struct terminal *t, const char *words);

/* Waits until the program, and its janitor, has ended. Returns how: what its last line says after
 * the last colon, and its status; or "killed". Bails out if its set-up has failed. */
const char *end_of(struct terminal *t);

#endif
