#define _GNU_SOURCE
/*
 * 03_read_from_disk - does the first access to a page of a file read the disk?
 *
 * Notes      sections 3.1 核心概念, 3.3 mmap 的映射过程, step 2: 首次访问
 * Watch      three first loads, three page faults, but only one of them is major: it reads the disk
 * Try this   MAP_POPULATE in the second mmap(), or in the first; a read() before the second load
 * See also   posix_fadvise(2), mincore(2), getrusage(2) (ru_majflt); 03_demand_paging
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "scratch.h"

static const char *no_disk; /* NULL, or why nothing is read from a disk here */

/* What was seen, if this file system has a disk to show it. */
static long on_disk(long seen) {
    return no_disk ? unknown("%s", no_disk) : seen;
}

/* Does the page cache have the page, whether a page table leads there or not? */
static bool is_cached(volatile char *p) {
    unsigned char resident;
    if (mincore((char *)p, page_size(), &resident) == -1) die("mincore");
    return resident & 1;
}

int main(int argc, char **argv) {
    begin(argc, argv, 5, "does the first access to a page of a file read the disk?");
    size_t page = page_size();
    pid_t self = getpid();

    predict("The page has just been written by write(). Is the first load a page fault?");
    step("Write a page to a file; map the file and load from it.");
    char *text = malloc(page);
    int fd = scratch_file("file", page);
    if (!text || write(fd, memset(text, 'M', page), page) != (ssize_t)page) die("write");
    free(text);
    volatile char *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (!is_cached(p)) no_disk = "the file system does not keep what was written";
    long faults = faults_of(*p), major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld", faults, major);
    check_is(on_disk(faults == 1 && major == 0), true,
             "a first load from a mapping of a cached page is a minor fault: it reads no disk",
             "3.3-3 3.3-4");

    predict("When is the page in memory again: after mmap(), or after the load?");
    step("Take the page out of page table and page cache. Map the file once more.");
    if (madvise((void *)p, page, MADV_DONTNEED) == -1) die("madvise");
    if (fsync(fd) == -1) die("fsync");
    errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (errno != 0) die("posix_fadvise");
    if (is_cached(p) && !no_disk) no_disk = "the file system writes nothing to a disk";
    long bytes = proc_field("/proc/self/io", "read_bytes");
    volatile char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    picture({"old", self, p}, {"new", self, q});
    check_is(on_disk(is_cached(q)), false,
             "without MAP_POPULATE or locking, mmap() of a file does not read it", "3.1-1");

    step("Load through the new mapping.");
    faults = faults_of(*q);
    major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld; read from the disk: %s bytes", faults, major,
             number(change(bytes, proc_field("/proc/self/io", "read_bytes"))));
    check_is(on_disk(major), 1,
             "if a page on the disk is not cached the fault is major: it reads the disk", "3.3-4");
    check_is(on_disk(is_cached(q) && *q == 'M'), true,
             "the fault of an uncached page reads it from the file into the page cache", "3.3-4");

    predict("The old mapping has no entry any more. Does a load through it read the disk again?");
    step("Load through the old mapping.");
    faults = faults_of(*p);
    major = major_faults_counted();
    picture({"old", self, p}, {"new", self, q});
    evidence("page faults: %ld, of these major: %ld", faults, major);
    check_is(on_disk(faults == 1 && major == 0), true,
             "a page that one mapping has brought in serves another: its first fault is minor",
             "3.3-4 3.4-1");
    return end();
}
