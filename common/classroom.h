/*
 * classroom - --step: shows the source of each step before it runs, asks, and waits for Enter. It
 * never judges.
 *
 * Shown are the lines from one step() to the next and, before them, each function of the demo's own
 * files that they name: what a partner is asked for stands beside the step that asks it.
 */
#ifndef CLASSROOM_H
#define CLASSROOM_H

#include <stdbool.h>

/* With --step the next step() asks this before it shows the source, which gives the answer away. */
void predict(const char *question);

/* For check alone. classroom_open(): --step is on; reads the demo's source (as compiled, or
 * ../demos/ beside the program) and that of its parts once, into memory of its own, false if there
 * is none. classroom_step(): the step that ends in line `at` of the source comes next; shows it and
 * waits for Enter on stdin, the time limit off; at the end of stdin the demo runs on without
 * waiting. */
bool classroom_open(const char *file);
void classroom_step(int at);

/* May the output have other characters than ASCII? So says LC_ALL, LC_CTYPE or LANG, whichever is
 * set first; locale(7). */
bool utf8(void);

#endif
