/*
 * observe - what the kernel says about a page, a range or a process, for any pid whose /proc files
 * may be read (one's own, one's children's). It never prints and never judges.
 *
 * Where /proc does not tell, a number is UNKNOWN, a string is NULL, and unknown() has the reason.
 * Sources: proc(5), Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#include "check.h"

/* The page size in bytes, sysconf(3). Never assume 4096. */
size_t page_size(void);

/* What stands behind one page of a mapping; see page_kind(). */
#define NO_MAPPING     "no mapping"
#define NO_PAGE        "no page yet" /* the page table has no entry: the next access faults */
#define FILE_PAGE      "page cache"  /* a page of a file, or of shared anonymous memory */
#define ANONYMOUS_PAGE "anonymous"   /* a page of this process's own: no file, or a private copy */

/* One of the four above for the page that holds `address` in process `pid` (pagemap bits 63, 62,
 * 61); a page that is swapped out counts as a page. */
const char *page_kind(pid_t pid, const volatile void *address);

/* 1 if this page is mapped exactly once on the whole machine, 0 if more often (pagemap bit 56);
 * UNKNOWN if no page is there. */
long mapped_once(pid_t pid, const volatile void *address);

/* The page's frame number; UNKNOWN if no page is there, or without CAP_SYS_ADMIN in the initial
 * user namespace, where the kernel shows 0. */
long frame_of(pid_t pid, const volatile void *address);

/* How many of `pages` pages from `address` on are present in the page table (pagemap bit 63). Bails
 * out if there is no memory for the answer. */
long pages_present(pid_t pid, const volatile void *address, size_t pages);

/* Which page of which file stands there, "page 2 of inode 131 on device 08:01": the same for all
 * mappings, in all processes. NULL if it is no page of a file. Static buffers: two results live
 * side by side. */
const char *file_page(pid_t pid, const volatile void *address);

/*
 * 1 if two pages are in one frame, 0 if not: by their frame numbers or, where these are not shown,
 * by what proves it all the same. An anonymous page and one of the page cache are different, and so
 * is a page that is mapped exactly once from any other; of each page of a file the page cache has
 * one frame (two on overlayfs, for a file that was mapped before it was first opened for writing:
 * no scratch file is). UNKNOWN for two anonymous pages with more mappers, or if no page is there.
 */
long same_frame(pid_t a, const volatile void *in_a, pid_t b, const volatile void *in_b);

/* What the mapping around `address` permits, as in /proc/PID/maps: "rw-p" is private, "r--s"
 * shared; "" if there is no mapping. Static buffer. */
const char *permissions(pid_t pid, const volatile void *address);

/* A field of the mapping around `address` in /proc/PID/smaps ("Rss", "Pss", "Shared_Dirty"): kB.
 * Neighbouring anonymous mappings may be merged into one. -1 if there is no mapping. */
long smaps_kb(pid_t pid, const volatile void *address, const char *field);

/* How many mappings of process `pid` have this name at the end of their line in /proc/PID/maps: the
 * path of a file, "/dev/zero (deleted)" for shared anonymous memory. */
long mappings_named(pid_t pid, const char *name);

/* How much of that mapping is dirty (Shared_Dirty + Private_Dirty in smaps): kB. */
long dirty_kb(pid_t pid, const volatile void *address);

/* A field of /proc/PID/status ("VmPTE", "VmSize"): kB. */
long status_kb(pid_t pid, const char *field);

/* A counter of /proc/vmstat ("pgreuse"): events since boot, on the whole machine. */
long vmstat(const char *counter);

/* The page faults, minor + major, that this process has while it loads (stores) one byte in each of
 * `pages` pages, the first one at `address`; getrusage(2). */
long faults_of_load(const volatile char *address, size_t pages);
long faults_of_store(volatile char *address, size_t pages, char byte);

/* later - earlier, or UNKNOWN if either is. */
long change(long earlier, long later);

/* The file system of an open file by its magic number (statfs(2)): "ext4", "tmpfs", ..., the number
 * itself for a rare one, "unknown" on failure. Static buffer. */
const char *file_system(int fd);

#endif
