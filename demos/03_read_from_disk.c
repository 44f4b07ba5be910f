#define _GNU_SOURCE
/*
 * 03_read_from_disk - does the first access to a page of a file read the disk?
 *
 * Notes      section 3.3 mmap 的映射过程, step 2: 首次访问
 * Watch      four first loads, four page faults, but only one of them is major: it reads the disk
 * Try this   MAP_POPULATE in the second mmap(); no posix_fadvise(); no read() before the last load
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

/* Does the page cache have the page, whether a page table leads there or not? 1 or 0. */
static long is_cached(volatile char *p) {
    unsigned char resident;
    if (mincore((char *)p, page_size(), &resident) == -1) die("mincore");
    return resident & 1;
}

/* Writes the file to the disk and has the page cache forget it; no page table may lead there. */
static void forget(int fd) {
    if (fsync(fd) == -1) die("fsync");
    errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (errno != 0) die("posix_fadvise");
}

/* A check that only a file system with a disk can decide. */
static void check_disk(long seen, long expected, const char *text, const char *claim) {
    if (no_disk)
        skip(text, claim, no_disk);
    else
        check_is(seen, expected, text, claim);
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "does the first access to a page of a file read the disk?");
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
    check_is(faults, 1, "the first load from a page of a mapped file is a page fault", "3.3-3");
    check_disk(major, 0, "if the page cache has the page the fault is minor: it reads no disk",
               "3.3-4");

    predict("When is the page in memory again: after mmap(), or after the load?");
    step("Give the entry back, have the page cache forget the page, and map the file once more.");
    if (madvise((void *)p, page, MADV_DONTNEED) == -1) die("madvise");
    forget(fd);
    if (is_cached(p) && !no_disk) no_disk = "the file system writes nothing to a disk";
    long bytes = proc_field("/proc/self/io", "read_bytes");
    volatile char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    picture({"old", self, p}, {"new", self, q});
    check_disk(is_cached(q), 0, "mmap() of a file does not read it: the page is not in memory",
               "3.1-1");

    step("Load through the new mapping.");
    faults = faults_of(*q), major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld; read from the disk: %s bytes", faults, major,
             number(change(bytes, proc_field("/proc/self/io", "read_bytes"))));
    check_disk(major, 1, "if the page cache lacks the page the fault is major: it reads the disk",
               "3.3-4");
    check_disk(is_cached(q), 1, "the page fault puts the page into the page cache", "3.3-4");
    check_is(*q, 'M', "the load returns what the file has on the disk", "3.3-4");

    predict("The old mapping has no entry any more. Does a load through it read the disk again?");
    step("Load through the old mapping.");
    long again = faults_of(*p);
    major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld", again, major);
    picture({"old", self, p}, {"new", self, q});
    check_is(again, 1, "the first load through another mapping is a fault of its own", "3.3-3");
    check_disk(major, 0,
               "a page that one mapping has brought in serves another: the fault is minor",
               "3.3-4 3.4-1");
    return end();
}
