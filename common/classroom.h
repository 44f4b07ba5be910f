/* classroom - --step: asks, shows the source of each step before it runs, and waits for Enter. What
 * is shown is made by scripts/step.awk: the step's lines, and before them the functions named. */
#pragma once

/* With --step the next step() asks this before it shows the source, which gives the answer away. */
void predict(const char *question);

/* For check. classroom_open(): turns --step on, for the demo with this source; returns how many
 * steps that has, 0 where source or awk is missing, and so nothing is shown. Steps before
 * MMAP_DEMO_FROM run without a stop. classroom_step(): with --step it asks, shows the step whose
 * step() ends in line `at`, and waits for Enter without a time limit, unless stdin has ended. */
int classroom_open(const char *file);
void classroom_step(int at);
