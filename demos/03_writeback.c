#define _GNU_SOURCE
/*
 * 03_writeback - when does a store reach the disk?
 *
 * Notes      section 3.5 写回磁盘的机制
 * Watch      a store makes the page dirty; MS_SYNC makes it clean, and the next store faults again
 * Try this   MAP_PRIVATE instead of MAP_SHARED; MS_ASYNC instead of MS_SYNC; no fsync() at the end
 * See also   msync(2), fsync(2), proc(5) (smaps: Shared_Dirty); 03_close_and_exit, 13_file_times
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define TRIES 10 /* sync(1), or the kernel by itself, may write a page back at any moment */

static const char *no_writeback; /* NULL, or why nothing can be seen of write-back here */

/* What was seen, if this file system can show it. */
static long on_disk(long seen) {
    return no_writeback ? unknown("%s", no_writeback) : seen;
}

/* How many kB of a file of one page are dirty, seen through a fresh mapping of it. */
static long dirty_now(int fd) {
    volatile char *q = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    (void)*q; /* only what is mapped is counted */
    long dirty = dirty_kb(getpid(), q);
    if (munmap((void *)q, page_size()) == -1) die("munmap");
    return dirty;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "when does a store reach the disk?");
    size_t page = page_size();

    step("Make a file of one page; try out with write() what can be seen of write-back.");
    int fd = scratch_file("file", page);
    long written = 0;
    for (int tries = 0; tries < TRIES && written == 0; tries++) {
        if (write(fd, "x", 1) != 1) die("write");
        dirty_now(fd); /* a look may write back as well */
        written = dirty_now(fd);
    }
    if (fsync(fd) == -1) die("fsync");
    long clean = dirty_now(fd);
    evidence("dirty are %s kB after write(), %s kB after fsync()", number(written), number(clean));
    if (written == 0) no_writeback = "the file system keeps no dirty page";
    if (clean > 0) no_writeback = "the file system writes nothing to a disk";
    if (is_unknown(clean)) no_writeback = unknown_text(clean);

    predict("After which of the two calls is the page clean?");
    step("Map the file. Store an S, call msync(MS_ASYNC), then msync(MS_SYNC); look after each.");
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    long stored = 0, async = 0;
    for (int tries = 0; tries < TRIES && async == 0; tries++) {
        *p = 'S';
        stored = dirty_now(fd);
        if (msync((void *)p, page, MS_ASYNC) == -1) die("msync");
        async = dirty_now(fd);
    }
    if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
    long sync = dirty_now(fd);
    evidence("dirty: %s kB after the store, %s kB after MS_ASYNC, %s kB after MS_SYNC",
             number(stored), number(async), number(sync));
    check_is(on_disk(change(clean, stored)), page / 1024,
             "a store to a MAP_SHARED file mapping makes a clean page dirty", "3.5-6");
    check_is(on_disk(async), page / 1024, "on Linux msync(MS_ASYNC) leaves a dirty page dirty",
             "3.5-1");
    check_is(on_disk(sync), 0,
             "msync(MS_SYNC) writes a dirty page of a MAP_SHARED file mapping back: it is clean",
             "3.5-1 S-3");

    predict("The process has stored to this page before. Does the next store fault?");
    step("Store a T.");
    check_is(on_disk(faults_of(*p = 'T')), 1,
             "in a MAP_SHARED file mapping the first store after a write-back faults again",
             "3.3-8 3.5-6");

    predict("Does fsync() also write back what was stored through the mapping?");
    step("Call fsync() instead of msync(); then msync() of an address inside a page.");
    if (fsync(fd) == -1) die("fsync of the file");
    check_is(on_disk(dirty_now(fd)), 0,
             "fsync() writes back what was stored through a MAP_SHARED mapping as well", "3.5-1");
    check_errno(msync((char *)p + 1, page, MS_SYNC) == -1, EINVAL,
                "msync() of an address inside a page is EINVAL", "3.5-1");
    tell("Not checked here (3.5-2): the kernel writes back by itself, after about 30 seconds.");
    tell("Not checked here (3.5-3): when memory is short it does so as well.");
    return end();
}
