#define _GNU_SOURCE
/*
 * 03_page_cache - when is a page of a file read from the disk, and who shares it then?
 *
 * Notes      sections 3.1, 3.2, 3.3 (step 2: 首次访问), 3.4 页缓存（Page Cache）机制
 * Watch      three first loads of one page, but only one is a major fault; then a store for all
 * Try this   MAP_POPULATE in the second mmap(), or in the first; MAP_PRIVATE for the child
 * See also   posix_fadvise(2), mincore(2), getrusage(2) (ru_majflt); 03_demand_paging, 03_writeback
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static const char *no_disk; /* NULL, or why nothing is read from a disk here */

/* What was seen, if this file system has a disk to show it. */
static long on_disk(long seen) {
    return no_disk ? unknown("%s", no_disk) : seen;
}

/* Does the page cache have the page, whether a page table leads there or not? */
static bool is_cached(volatile char *p) {
    unsigned char resident = 0;
    if (mincore((char *)p, page_size(), &resident) == -1)
        no_disk = unknown_text(unknown("mincore: %s", errno_name(errno)));
    return resident & 1;
}

/* What the child is asked for. */
static long map_file(void *fd) {
    void *c = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, *(int *)fd, 0);
    if (c == MAP_FAILED) die("mmap");
    return (long)c;
}

static long major_faults_of_load(void *c) {
    faults_of(*(volatile char *)c);
    return major_faults_counted();
}

static long load(void *c) {
    return *(volatile char *)c;
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "when is a page of a file read from the disk, and who shares it then?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    predict("The page has just been written by write(). Is the first load a page fault?");
    step("Write a page to a file; map the file and load from it.");
    int fd = scratch_file("file", page);
    char *text = malloc(page);
    if (!text || write(fd, memset(text, 'M', page), page) != (ssize_t)page) die("write");
    free(text);
    volatile char *old = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (old == MAP_FAILED) die("mmap");
    if (!is_cached(old) && !no_disk) no_disk = "the file system does not keep what was written";
    long faults = faults_of(*old), major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld", faults, major);
    check_is(on_disk(faults == 1 && major == 0), true,
             "a load from a cached file page is a minor fault at most: no wait for the disk",
             "3.3-3 3.3-4");

    predict("When is the page in memory again: after mmap(), or after the load?");
    step("Take the page out of page table and page cache. Map the file once more.");
    if (madvise((void *)old, page, MADV_DONTNEED) == -1) die("madvise");
    if (fsync(fd) == -1) die("fsync");
    errno = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (errno != 0) no_disk = unknown_text(unknown("posix_fadvise: %s", errno_name(errno)));
    if (is_cached(old) && !no_disk) no_disk = "the file system writes nothing to a disk";
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(on_disk(is_cached(p)), false,
             "without MAP_POPULATE or locking, mmap() of a file reads none of its data", "3.1-1");

    step("Load through the new mapping.");
    long bytes = proc_field("/proc/self/io", "read_bytes");
    faults = faults_of(*p);
    major = major_faults_counted();
    evidence("page faults: %ld, of these major: %ld; read from the disk: %s bytes", faults, major,
             number(change(bytes, proc_field("/proc/self/io", "read_bytes"))));
    check_is(on_disk(major), 1,
             "a load from an uncached page of a file is a major fault: usually it reads the disk",
             "3.3-4");
    check_is(on_disk(is_cached(p) && *p == 'M'), true,
             "the page fault of a load reads an uncached page of a file into the page cache",
             "3.3-4");

    predict("A child maps the file as well. Does its load read the disk again?");
    step("A child maps the file by itself, and loads.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    volatile char *c = (volatile char *)ask(&child, map_file, &fd);
    check_is(on_disk(ask(&child, major_faults_of_load, c)), 0,
             "while a page of a file is cached, no process has to read it from the disk again",
             "3.3-4 3.4-1");
    picture({"parent", parent, p}, {"child", child.pid, c});
    check_is(same_frame(parent, p, child.pid, c), 1,
             "two processes that load from a page of a file, MAP_SHARED, have it in one frame",
             "3.2-2 3.4-1");

    predict("Nobody calls msync(). Does the child load the P, and does read() return it?");
    step("The parent stores a P.");
    *p = 'P';
    check_is(ask(&child, load, c), 'P',
             "through MAP_SHARED a process sees what others have stored, without any msync()",
             "3.2-2 3.4-2");
    check_is(byte_in_file(fd, 0), 'P',
             "on Linux read() finds what was stored through MAP_SHARED, without any msync()",
             "3.4-2");
    partner_close(&child);
    return end();
}
