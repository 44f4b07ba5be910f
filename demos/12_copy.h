/*
 * 12_copy - copies a regular file through two mappings, one window after the other.
 *
 * The copy grows under a name of its own beside the target and takes the target's name when it is
 * whole, rename(2). What cannot be copied is refused, and the target stays as it was.
 */
#ifndef COPY_H
#define COPY_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define WINDOW (1L << 20) /* bytes mapped at a time: a multiple of every page size */

struct copy {
    const char *source, *target;
    int from, to;             /* descriptors */
    mode_t mode;              /* of the source */
    off_t size, at;           /* the source's length at the beginning; how far it is copied */
    char temporary[PATH_MAX]; /* the name until the copy is whole */
    char said[PATH_MAX];      /* "copied", or what was refused and why: "NAME: ENOENT" */
};

/* The parts of a copy: looks at both files and makes the new one; copies the next window (there is
 * one while at < size); gives the copy its name. False: refused, and c->said has the reason. */
bool copy_begin(struct copy *c, const char *source, const char *target);
bool copy_window(struct copy *c);
bool copy_end(struct copy *c);

/* All windows that are left, and the end. */
bool copy_rest(struct copy *c);

/* All of it. Returns what the copy has said. Needs scratch_open(), so that nothing is left. */
const char *copy_file(const char *source, const char *target);

#endif
