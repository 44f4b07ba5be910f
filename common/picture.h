/* picture - draws pages of processes on the left, frames of memory on the right, as the kernel has
 * them at this moment. It prints evidence and never judges. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/*
 * Draws up to 16 views (else bails out), a line each; views of one frame must stand together:
 *
 *     picture({"parent", parent, p}, {"child", child.pid, p}, {"new", parent, q});
 *
 *     parent  0x7f4574563000 rw-p ──┬── frame 0x15924d  page cache  2+ mappers
 *     child   0x7f4574563000 rw-p ──┘
 *     new     0x7f4574562000 r--s ····· (no page yet)
 *
 * Without UTF-8 it takes - | + and . instead. Where frame numbers are not shown, a letter stands
 * for each page of a file, "own frame" for an anonymous page mapped once, "frame ?" for a shared
 * one. With MMAP_DEMO_DATA in the environment a line "#: view NUMBER|process|address|permissions|
 * kind|frame|mapped once?|page of a file|its first byte|who" follows for machines: scripts/page.
 */
#define picture(...)                                                                               \
    picture_of((const struct view[]){__VA_ARGS__},                                                 \
               sizeof((const struct view[]){__VA_ARGS__}) / sizeof(struct view))
struct view {
    const char *who;
    pid_t pid;
    const volatile void *address;
};
void picture_of(const struct view *views, size_t count);
