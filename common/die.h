/* die - the error helper: says in one line what failed and why, and ends the program with status
 * 99. What a program of one's own would copy: it depends on no other room. */
#pragma once

#include <errno.h>
#include <stdbool.h>

/* Prints "NAME (process PID): WHAT: text (ERRNO)" on stderr and ends the program, status 99; die()
 * adds errno's text and name (errno(3)), bail_out() does not. A demo, between begin() and end(),
 * prints TAP's "Bail out! WHAT" on stdout instead; its children leave by _exit(2). */
#define die(...)      give_up(errno, __VA_ARGS__)
#define bail_out(...) give_up(0, __VA_ARGS__)
_Noreturn void give_up(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of an errno value ("ENOSPC"), "success" for 0, else the number. The result is static. */
const char *errno_name(int code);

/* Set by check: prints the line as TAP wants it and returns true, if this process is the demo. Set
 * by words: WHAT in the reader's language. */
extern bool (*give_up_in_demo)(const char *line);
extern const char *(*give_up_words)(const char *english);
