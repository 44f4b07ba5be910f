/*
 * check - begin and end a demo, say what happens, and judge it. The only room that prints TAP
 * (version 14, https://testanything.org); it never looks at memory.
 *
 * A demo exits with 0 (all checks hold), 1 (one failed, or not as many ran as planned), 2 (bad
 * usage), 77 (skipped as a whole) or 99 (bailed out: the set-up failed, no verdict on mmap).
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_TEXT(line) #line
#define LINE(line)      LINE_TEXT(line)
#define PLACE           __FILE__ ":" LINE(__LINE__)

/* What observe answers when the kernel does not tell. A check of it is skipped with the reason. */
#define UNKNOWN LONG_MIN

/*
 * Opens a demo: reads the options (--help: usage on stdout, exit 0; --step: see step(); anything
 * else: one line and the usage on stderr, exit 2), makes stdout line-buffered, prints the title and
 * the plan of `planned` checks, and starts the watchdog (after 20 s of running "Bail out!" and exit
 * 99).
 */
#define begin(argc, argv, planned, question) begin_at(__FILE__, argc, argv, planned, question)
void begin_at(const char *file, int argc, char **argv, int planned, const char *question);

/* Call before begin(): the usage text of a program that has options of its own and takes them
 * off argv before; begin() prints it instead of the common one. Begins "usage: NAME ". */
void own_usage(const char *usage);

/* Returns main's exit status: 0; 1 if a check failed or the plan was not met; 99 if the output
 * could not be written. */
int end(void);

/* Ends the demo as skipped (TAP "1..0 # SKIP reason", exit 77). Call it before the first step. */
_Noreturn void skip_all(const char *reason);

/* Says in a sentence what is about to happen. With --step it then shows the source from here to
 * the next step and waits for Enter on stdin, the time limit off; at the end of stdin (Ctrl-D)
 * the demo runs on without waiting. Without the source (as compiled, or ../demos/ beside the
 * program) it says so once, and waits all the same. Only the demo itself calls it: a child never
 * reads the keyboard. */
#define step(text) step_at(PLACE, text)
void step_at(const char *place, const char *text);

/* With --step the next step() asks this before it shows the source, which gives the answer away. */
void predict(const char *question);

/* With --step the next step() shows the source of this function of the demo, too, before its
 * own. */
void show_also(const char *function);

/* Prints one line: tell() fixed text, evidence() what this run saw (addresses, frames, counts). */
#define tell(...)     say("35", "# " __VA_ARGS__)
#define evidence(...) say("0", "#   " __VA_ARGS__)
void say(const char *ansi, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* May the output have other characters than ASCII? So says LC_ALL, LC_CTYPE or LANG, whichever is
 * set first; locale(7). */
bool utf8(void);

/*
 * The checks. `text` is a true sentence about mmap, `claim` the statements of the notes that it
 * decides, as in tests/claims.tsv, or NULL. One that fails prints file, line, expression and what
 * was seen, and the demo goes on. Returns whether it holds (or is skipped).
 *
 * check        a condition
 * check_num    two numbers and an operator: check_num(faults, ==, 1, ...); UNKNOWN: skipped
 * check_str    two strings are equal; NULL stands for unknown: skipped
 * check_errno  a call has failed, with this errno: check_errno(close(-1) == -1, EBADF, ...)
 */
#define check(expr, text, claim) check_at(PLACE, (expr), #expr, text, claim)
#define check_num(a, op, b, text, claim)                                                           \
    check_num_at(PLACE, (long)(a), #op, (long)(b), #a " " #op " " #b, text, claim)
#define check_str(a, b, text, claim) check_str_at(PLACE, a, b, #a, text, claim)
#define check_errno(failed, code, text, claim)                                                     \
    check_str_at(PLACE, (failed) ? errno_name(errno) : "success", errno_name(code), #failed, text, \
                 claim)
bool check_at(const char *place, bool holds, const char *expr, const char *text, const char *claim);
bool check_num_at(const char *place, long a, const char *op, long b, const char *expr,
                  const char *text, const char *claim);
bool check_str_at(const char *place, const char *a, const char *b, const char *expr,
                  const char *text, const char *claim);

/* Counts a check that cannot be made here as skipped, with the reason. */
void skip(const char *text, const char *claim, const char *reason);

/* A number for evidence(): its digits, or "unknown". Static buffers: four results live side by
 * side. */
const char *number(long value);

/* Remembers why something is unknown, for the checks that are skipped for it; returns UNKNOWN. */
long unknown(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Gives up because the set-up failed: "Bail out! WHAT: text (NAME)" on stdout, exit 99; in a child
 * or partner the same on stderr, in a child without running the parent's exit handlers. die() adds
 * errno's text and name, bail_out() does not.
 */
#define die(...)      give_up(errno, __VA_ARGS__)
#define bail_out(...) give_up(0, __VA_ARGS__)
_Noreturn void give_up(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of an errno value ("ENOSPC"), or its number if no demo meets it. errno(3). */
const char *errno_name(int code);

#endif
