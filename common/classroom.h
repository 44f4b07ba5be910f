/*
 * classroom - --step: shows the source of each step before it runs, asks, and waits for Enter. It
 * never judges. What is shown is made by scripts/step.awk: the lines from one step() to the next
 * and, before them, the functions that they name: what a partner is asked for stands beside them.
 */
#ifndef CLASSROOM_H
#define CLASSROOM_H

#include <stdbool.h>

/* With --step the next step() asks this before it shows the source, which gives the answer away. */
void predict(const char *question);

/* For check: turns --step on, for the demo with this source; false where source or awk is missing,
 * and so nothing is shown. Steps before number MMAP_DEMO_FROM run without a stop. */
bool classroom_open(const char *file);

/* For check: with --step says " of 6" after the number of a step. */
const char *of_steps(void);

/* For check: asks, shows the step whose step() ends in line `at`, and waits for Enter on stdin, the
 * time limit off; at the end of stdin the demo runs on. Does nothing without --step. */
void classroom_step(int at);

/* May the output have other characters than ASCII? So says LC_ALL, LC_CTYPE or LANG, whichever is
 * set first; locale(7). */
bool utf8(void);

#endif
