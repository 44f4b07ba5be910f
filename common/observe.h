/* observe - what the kernel says about a page, a range or a process, for any pid whose /proc files
 * may be read (this process, its children). It never prints and never judges. What /proc does not
 * tell is unknown (check.h), and carries the reason. Sources: proc(5), pagemap.rst. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* The page size in bytes, sysconf(3). Never assume 4096. */
#define page_size() ((size_t)sysconf(_SC_PAGESIZE))

/* The page faults, minor + major, of an access: faults_of(*p = 'P'). getrusage(2). The access must
 * be volatile. For a loop: count_faults(); for (...) p[i] = 'P'; long faults = faults_counted();
 * Major are those for which the kernel had to read from a disk. */
#define faults_of(access) (count_faults(), (void)(access), faults_counted())
void count_faults(void);
long faults_counted(void);
long major_faults_counted(void);

/* What one page of a mapping leads to. */
#define NO_MAPPING     "no mapping"
#define NO_PAGE        "no page yet" /* the page table has no entry: the next access faults */
#define FILE_PAGE      "page cache"  /* a page of a file, or of shared anonymous memory */
#define ANONYMOUS_PAGE "anonymous"   /* a page of this process's own: no file, or a private copy */

/* All that the kernel says of the page that holds an address of a process, from one look. */
struct page {
    const char *kind;    /* one of the four above */
    long mapped_once;    /* 1 if just one page-table entry on this machine leads there, else 0 */
    long frame;          /* its number; unknown without CAP_SYS_ADMIN in the first user namespace */
    char permissions[5]; /* of the mapping, as in /proc/PID/maps: "rw-p" is private; "" if none */
    char file_page[80];  /* "page 2 of inode 131 on device 08:01", if it is a page of a file */
    bool present, is_file; /* in memory (not swapped out); FILE_PAGE */
};
struct page look_at(pid_t pid, const volatile void *address);
#define page_kind(pid, address)   (look_at(pid, address).kind)
#define mapped_once(pid, address) (look_at(pid, address).mapped_once)

/* 1 if two pages are in one frame, 0 if not: by their frame numbers or, where these are not shown,
 * by what proves it all the same: an anonymous page is none of the page cache, a page mapped once
 * is no other's, and of each page of a file the page cache has one frame (not so on overlayfs, if
 * mapped before it was first opened for writing). Unknown for others, or if no page is there. */
long same_frame(pid_t a, const volatile void *in_a, pid_t b, const volatile void *in_b);
long same_page_frame(const struct page *a, const struct page *b);

/* How many of `pages` pages, the first at `address`, have a page-table entry (pagemap bit 63). */
long pages_present(pid_t pid, const volatile void *address, size_t pages);

/* A field ("Rss", "Shared_Dirty") of the mapping around `address` in /proc/PID/smaps, in kB;
 * dirty_kb(): all that is dirty. -1: no such. Neighbouring anonymous ones may be merged. */
long smaps_kb(pid_t pid, const volatile void *address, const char *field);
long dirty_kb(pid_t pid, const volatile void *address);

/* How many mappings have this name in /proc/PID/maps: the path of a file, "/dev/zero (deleted)". */
long mappings_named(pid_t pid, const char *name);

/* A field of a /proc file, in its own unit: proc_field("/proc/self/status", "VmPTE") is in kB. */
long proc_field(const char *path, const char *field);
