/* check - begin and end a demo, say what happens, and judge it. The only room that prints TAP
 * (version 13, testanything.org); it never looks at memory. A demo exits with 0 (all checks hold),
 * 1 (one failed, or not as many ran as planned), 2 (bad usage), 77 (skipped) or 99 (bailed out). */
#pragma once

#include "classroom.h"
#include "die.h"

/* Opens a demo of `planned` checks: reads the options (exit 2 if there is none such), starts the
 * watchdog ("Bail out!", exit 99, after 20 s of running) and scratch's janitor. Skips the whole
 * demo where an emulator answers in the kernel's place. */
#define begin(argc, argv, planned, question) begin_at(__FILE__, argc, argv, planned, question)
void begin_at(const char *file, int argc, char **argv, int planned, const char *question);

/* end() returns main's exit status; 99 if the output could not be written. skip_all(), before the
 * first step, ends the demo as skipped as a whole. */
int end(void);
_Noreturn void skip_all(const char *reason);

/* Says in a sentence what is about to happen; with --step it shows and waits (classroom.h). */
#define step(text) step_at(__LINE__, text)
void step_at(int line, const char *text);

/* Prints one line: tell() fixed text, evidence() what this run saw (addresses, frames, counts). */
#define tell(...)     say("35", "# " __VA_ARGS__)
#define evidence(...) say("0", "#   " __VA_ARGS__)
void say(const char *ansi, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The checks. `text` is a true sentence about mmap, `claim` the statements that it decides
 * (tests/claims.tsv), or NULL. check_is() compares two numbers or two strings, check_least() wants
 * a number to be at least another, check_errno() a call to fail: check_errno(close(-1) == -1,
 * EBADF, ...). One that fails prints what was seen and where, and the demo goes on. Each returns
 * whether it holds or, because `seen` or `expected` is unknown, is skipped for that reason. */
#define LINE_TEXT(line) #line
#define LINE(line)      LINE_TEXT(line)
#define check(holds, text, claim)                                                                  \
    strings_at(LINE(__LINE__) ": " #holds, "", (holds) ? "true" : "false", "true", text, claim)
#define check_is(seen, expected, text, claim)                                                      \
    _Generic((seen), const char *: strings_at, char *: strings_at, default: numbers_at)(           \
        LINE(__LINE__) ": " #seen " == " #expected, "", (seen), (expected), text, claim)
#define check_least(seen, least, text, claim)                                                      \
    numbers_at(LINE(__LINE__) ": " #seen " >= " #least, ">=", (seen), (least), text, claim)
#define check_errno(failed, code, text, claim)                                                     \
    strings_at(LINE(__LINE__) ": " #failed, "", (failed) ? errno_name(errno) : "success",          \
               errno_name(code), text, claim)
bool numbers_at(const char *where, const char *least, long a, long b, const char *text,
                const char *claim);
bool strings_at(const char *where, const char *least, const char *a, const char *b,
                const char *text, const char *claim);

/* A number or a text that the kernel does not tell carries its reason with it ("needs
 * CAP_SYS_ADMIN"). unknown() makes such a number, is_unknown() asks, unknown_text() makes a text of
 * it. Do not compute with an unknown number: change() is later - earlier, or the unknown one. */
long unknown(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool is_unknown(long value);
const char *unknown_text(long value);
long change(long earlier, long later);

/* A number for evidence(): its digits, or "unknown". Four results live side by side. */
const char *number(long value);
