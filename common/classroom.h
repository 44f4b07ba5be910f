/*
 * classroom - --step: shows the source of each step before it runs, asks, and waits for Enter. It
 * never judges.
 *
 * Shown are the lines from one step() to the next and, before them, the functions of the demo's own
 * files that they name: what a partner is asked for stands beside the step that asks it.
 */
#ifndef CLASSROOM_H
#define CLASSROOM_H

#include <stdbool.h>

/* With --step the next step() asks this before it shows the source, which gives the answer away. */
void predict(const char *question);

/* For check: reads the source and its parts once; false where they are not as when compiled. */
bool classroom_open(const char *file);

/* For check: shows the step whose step() ends in line `at` and waits for Enter on stdin, the time
 * limit off; at the end of stdin the demo runs on without waiting. */
void classroom_step(int at);

/* May the output have other characters than ASCII? So says LC_ALL, LC_CTYPE or LANG, whichever is
 * set first; locale(7). */
bool utf8(void);

#endif
