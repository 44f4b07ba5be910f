#define _GNU_SOURCE
/*
 * 13_file_times - which times of a file does a mapping set?
 *
 * Notes      beyond the notes: what make, rsync or a backup learns of a store
 * Watch      a store through MAP_SHARED sets the modification time, a private store nothing
 * Try this   pwrite() instead of the load; no store at all; pwrite() instead of the private store
 * See also   mmap(2) (Timestamps changes), futimens(3), inode(7); 03_writeback
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static void set_times_to_1970(int fd) {
    if (futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}) == -1) die("futimens");
}

/* What time each of them is, in seconds since 1970. */
static struct stat times_of(int fd) {
    struct stat info;
    if (fstat(fd, &info) == -1) die("fstat");
    return info;
}

int main(int argc, char **argv) {
    begin(argc, argv, 4, "which times of a file does a mapping set?");
    size_t page = page_size();

    step("Try out whether read() sets a file's access time here. Then map the file and load.");
    int fd = scratch_file("file", page);
    byte_in_file(fd, 0); /* the first read() may do more: bring in the page */
    set_times_to_1970(fd);
    byte_in_file(fd, 0);
    long why = times_of(fd).st_atime > 1 ? 0 : unknown("read() sets no access time here");
    set_times_to_1970(fd);
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    (void)*p;
    check_is(why ? why : times_of(fd).st_atime > 1, true,
             "mapping a file and loading from it sets its access time, as read() does", "13.8-1");
    check_is(times_of(fd).st_mtime, 1, "mapping a file and loading sets no modification time",
             "13.8-1");

    predict("No write() is called. Does the file's modification time tell of the store?");
    step("Store an S, and call msync(MS_SYNC).");
    *p = 'S';
    if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
    long dirty = dirty_kb(getpid(), p);
    why = dirty > 0 ? unknown("the file system writes nothing to a disk") : dirty;
    check_is(is_unknown(why) ? why : times_of(fd).st_mtime > 1, true,
             "a store through MAP_SHARED sets the modification time, by msync() at the latest",
             "13.8-2");

    predict("Which times does a store to a private mapping set?");
    step("Set the times to 1970 again. Store a P to a private mapping.");
    set_times_to_1970(fd);
    volatile char *q = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    *q = 'P';
    check_is(times_of(fd).st_mtime, 1, "a store to a private mapping sets no modification time",
             "13.8-3");
    return end();
}
