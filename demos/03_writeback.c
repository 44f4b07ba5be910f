#define _GNU_SOURCE
/*
 * 03_writeback - when does a store reach the disk?
 *
 * Notes      section 3.5 写回磁盘的机制
 * Watch      a store makes the page dirty; MS_SYNC makes it clean, and the next store faults again
 * Try this   MAP_PRIVATE instead of MAP_SHARED; MS_ASYNC instead of MS_SYNC; no fsync() at the end
 * See also   msync(2), fsync(2), proc(5) (smaps: Shared_Dirty); 03_close_and_exit, 03_page_cache
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define TRIES 10 /* sync(1), or the kernel by itself, may write a page back at any moment */

static const char *no_writeback; /* NULL, or why nothing can be seen of write-back here */

/* How many kB of a file of one page are dirty, seen through a fresh mapping of it. */
static long dirty_now(int fd) {
    volatile char *q = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    (void)*q; /* only what is mapped is counted */
    long dirty = dirty_kb(getpid(), q);
    if (munmap((void *)q, page_size()) == -1) die("munmap");
    return dirty;
}

/* What was seen, if this file system can show it. */
static long on_disk(long seen) {
    return no_writeback ? unknown("%s", no_writeback) : seen;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "when does a store reach the disk?");
    long page = page_size(), page_kb = page / 1024;

    step("Make a file of one page; try out with write() what can be seen of write-back. Map it.");
    int fd = scratch_file("file", page);
    long written = 0;
    for (int tries = 0; tries < TRIES && written == 0; tries++) {
        if (write(fd, "x", 1) != 1) die("write");
        dirty_now(fd); /* a look may write back as well */
        written = dirty_now(fd);
    }
    if (fsync(fd) == -1) die("fsync");
    long synced = dirty_now(fd);
    evidence("%s: dirty are %s kB after write(), %s kB after fsync()", file_system(fd),
             number(written), number(synced));
    if (written == 0) no_writeback = "the file system keeps no dirty page";
    if (synced > 0) no_writeback = "the file system writes nothing to a disk";
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(on_disk(dirty_now(fd)), 0, "a page not stored to since it was written back is clean",
             "3.5-6");

    predict("After which of the two calls is the page clean?");
    step("Store an S, call msync(MS_ASYNC), then msync(MS_SYNC); look after each of the three.");
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
    check_is(on_disk(stored), page_kb, "a store to a MAP_SHARED file mapping makes the page dirty",
             "3.5-6");
    check_is(on_disk(async), page_kb, "on Linux the page is still dirty after MS_ASYNC", "3.5-1");
    check_is(on_disk(sync), 0, "MS_SYNC writes the page back: it is clean", "3.5-1 S-3");

    predict("The process has stored to this page before. Does the next store fault?");
    step("Write the page back; set the file's mtime to 1970; store a T.");
    struct stat info;
    long faults, again = 0;
    for (int tries = 0; tries < TRIES && again == 0; tries++) {
        if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
        if (futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}) == -1) die("futimens");
        faults = faults_of(*p = 'T');
        again = dirty_now(fd);
    }
    if (fstat(fd, &info) == -1) die("fstat");
    check_is(on_disk(faults), 1, "the first store after a write-back is a page fault again",
             "3.3-8 3.5-6");
    check_is(on_disk(info.st_mtime > 1), true,
             "the first store after a write-back sets the file's mtime", "3.5-6");
    check_is(on_disk(again), page_kb,
             "the first store after a write-back makes the page dirty again", "3.5-6");

    step("Call fsync() of the file instead of msync() of the mapping.");
    if (fsync(fd) == -1) die("fsync of the file");
    check_is(on_disk(dirty_now(fd)), 0,
             "fsync() writes back what was stored through a mapping as well", "3.5-1");
    tell("Not checked here (3.5-2): the kernel writes back by itself, after about 30 seconds.");
    tell("Not checked here (3.5-3): it also does so when memory is short; that takes a full "
         "machine.");

    step("Call msync() of an address inside a page, with both flags, and of what is not mapped.");
    check_errno(msync((char *)p + 1, page, MS_SYNC) == -1, EINVAL,
                "msync() of an address inside a page is EINVAL", "3.5-1");
    check_errno(msync((void *)p, page, MS_SYNC | MS_ASYNC) == -1, EINVAL,
                "msync() with MS_SYNC and MS_ASYNC together is EINVAL", "3.5-1");
    if (munmap((void *)p, page) == -1) die("munmap");
    check_errno(msync((void *)p, page, MS_SYNC) == -1, ENOMEM,
                "msync() of addresses that are not mapped is ENOMEM", "3.5-1");
    return end();
}
