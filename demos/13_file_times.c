#define _GNU_SOURCE
/*
 * 13_file_times - which times of a file does a mapping set?
 *
 * Notes      beyond the notes: what make, rsync or a backup learns of a store
 * Watch      the times: mmap() sets the first, a shared store the second, a private store neither
 * Try this   pwrite() instead of the load; no store at all; pwrite() instead of the private store
 * See also   mmap(2) (Timestamps changes), futimens(3), inode(7); 03_writeback
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"
#include "words.h"

#define RW (PROT_READ | PROT_WRITE)

static void set_times_to_1970(int fd) {
    if (futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}) == -1) die("futimens");
}

/* The times of a file, in seconds since 1970. */
static struct stat times_of(int fd) {
    struct stat info;
    if (fstat(fd, &info) == -1) die("fstat");
    return info;
}

static bool not_before(struct timespec a, struct timespec b) {
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec >= b.tv_nsec);
}

static void show(int fd, const char *when) {
    struct stat info = times_of(fd);
    char accessed[20], modified[20];
    strftime(accessed, sizeof accessed, "%Y-%m-%d %H:%M:%S", gmtime(&info.st_atime));
    strftime(modified, sizeof modified, "%Y-%m-%d %H:%M:%S", gmtime(&info.st_mtime));
    evidence("accessed %s   modified %s   %s", accessed, modified, words(when));
}

int main(int argc, char **argv) {
    begin(argc, argv, 5, "which times of a file does a mapping set?");
    size_t page = page_size();

    predict("Which time of the file does mmap() set, which the load: accessed, modified, neither?");
    step("Set a file's times to 1970. Then map the file MAP_SHARED and load from it.");
    int fd = scratch_file("file", page);
    byte_in_file(fd, 0); /* the first read() also brings in the page: the second is judged */
    set_times_to_1970(fd);
    byte_in_file(fd, 0);
    long why = times_of(fd).st_atime > 1 ? 0 : unknown("read() sets no access time here");
    set_times_to_1970(fd);
    show(fd, "before");
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    show(fd, "after mmap()");
    (void)*p;
    show(fd, "after the load");
    /* why: 0, or why the access time cannot be asked. Then the check is skipped. */
    check_is(why ? why : times_of(fd).st_atime > 1, true,
             "mapping a file and loading from it sets its access time, as read() does", "13.8-1");
    check_is(times_of(fd).st_mtime, 1, "mapping a file and loading sets no modification time",
             "13.8-1");

    predict("No write() is called. Does the file's modification time tell of the store?");
    step("Store an S, and call msync(MS_SYNC).");
    tell("A page is dirty from a store until it is written to the file, and clean otherwise.");
    tell("A file has a third time, ctime: of the last change of contents, mode, owner or name.");
    *p = 'S';
    if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
    show(fd, "after the store and msync()");
    struct stat now = times_of(fd);
    long dirty = dirty_kb(getpid(), p);
    /* Still dirty after msync(): the file system has no disk, as tmpfs. */
    why = dirty > 0 ? unknown("the file system writes nothing to a disk") : dirty;
    check_is(is_unknown(why) ? why : now.st_mtime > 1, true,
             "a MAP_SHARED store to a clean page sets the modification time, or msync() does",
             "13.8-2");
    check_is(is_unknown(why) ? why : now.st_mtime > 1 && not_before(now.st_ctim, now.st_mtim), true,
             "a MAP_SHARED store to a clean page sets the file's ctime, or msync() does", "13.8-2");

    predict("Which times does a store to a private mapping set?");
    step("Map the file MAP_PRIVATE. Set the times to 1970 again, and store a P.");
    volatile char *q = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    set_times_to_1970(fd);
    *q = 'P';
    show(fd, "after the private store");
    check_is(times_of(fd).st_mtime, 1, "a store to a private mapping sets no modification time",
             "13.8-3");
    return end();
}
