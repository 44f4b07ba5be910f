/*
 * picture - draws pages of processes on the left, frames of memory on the right, as the kernel has
 * them at this moment. It prints evidence and never judges.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <sys/types.h>

/* One page of one process. */
struct view {
    const char *who;
    pid_t pid;
    const volatile void *address;
};

/*
 * Draws up to 16 views (else bails out), a line each; views of one frame must stand together:
 *
 *     parent  0x7f4574563000 rw-p ──┬── frame 0x15924d  page cache  2+ mappers
 *     child   0x7f4574563000 rw-p ──┘
 *     new     0x7f4574562000 r--s ····· (no page yet)
 *
 * Without UTF-8 it takes - | + and . instead. Where frame numbers are not shown, a frame is named
 * by what is known: a letter for each page of a file, the same in all pictures of this process;
 * "own frame" for an anonymous page mapped exactly once; "frame ?" for one that is shared.
 */
#define picture(...)                                                                               \
    picture_of((const struct view[]){__VA_ARGS__},                                                 \
               sizeof((const struct view[]){__VA_ARGS__}) / sizeof(struct view))
void picture_of(const struct view *views, size_t count);

#endif
