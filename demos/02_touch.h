/*
 * 02_touch - the first touch of pages, in several kinds of mappings, for 02_first_touch.
 */
#ifndef TOUCH_H
#define TOUCH_H

#include "02_clock.h"

enum touched {
    PRIVATE,
    SHARED,
    ZERO,
    ZERO_SHARED,
    LATER,
    POPULATED,
    LOAD,
    STORE,
    CLEAN,
    OWN,
    FORKED,
    MEMCPY,
    TOUCHES
};

/* Opens what is mapped, allows no huge pages, and fills in the ways: touch() of each kind. */
void open_touches(struct way ways[TOUCHES]);

/* How many faults each page took the first time in this way, in whole numbers: a stray one, of the
 * stack for example, does not count. Unknown (check.h) if it could not be tried. */
long faults_each(enum touched how);

/* Maps 4 MiB, touches all pages and looks whether each has the byte that was stored last; ns for a
 * page. */
double touch(struct way *way);

/* All that it takes to have a page of private memory and to give it back: for PRIVATE, ZERO. */
double have_one_page(struct way *way);

#endif
