/*
 * 03_writeback - when does a store reach the disk, and what can lose it?
 *
 * Notes      section 3.5 写回磁盘的机制
 * Watch      a page stays dirty after munmap(), close() and the death of its writer
 * Corrects   3.5-4 3.5-5
 * Try this   1. In `char *p`, MAP_SHARED -> MAP_PRIVATE: checks 8, 10, 11 and 12 fail
 *            2. In `munmap(c, page)`, close(own) -> fsync(own): checks 3 and 4 fail
 *            3. *k = 'K'; -> *k = 'K', msync(k, page, MS_SYNC);: check 7 fails
 *            4. if (msync(p, page, MS_SYNC) -> if (msync(p, page, MS_ASYNC): checks 9, 10 and 11
 *               fail
 * See also   msync(2), close(2), proc(5) (smaps: Shared_Dirty); 03_page_cache
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

static const char *no_writeback; /* NULL, or why nothing can be seen of write-back here */

/* How many kB of a file of one page are dirty: opens it, maps it and looks, as for the first time.
 * Afterwards this process has it neither open nor mapped. */
static long dirty_now(const char *name) {
    int fd = open(scratch_path(name), O_RDONLY);
    if (fd == -1) die("open");
    char *q = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    (void)*(volatile char *)q; /* only a page that is mapped is counted */
    long dirty = dirty_kb(getpid(), q);
    if (munmap(q, page_size()) == -1 || close(fd) == -1) die("munmap, close");
    return dirty;
}

/* Tries it out with a file of its own: does msync() make a page clean? On tmpfs it does not. */
static void probe(size_t page) {
    int fd = scratch_file("probe", page);
    char *q = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    *q = 'x';
    if (msync(q, page, MS_SYNC) == -1 || munmap(q, page) == -1) die("msync, munmap");
    long dirty = dirty_now("probe");
    if (dirty == UNKNOWN) no_writeback = "/proc/self/smaps cannot be read";
    if (dirty > 0) no_writeback = "this file system has no disk to write to";
    evidence("%s: %s kB are dirty after a store and msync(): %s", file_system(fd), number(dirty),
             no_writeback ? no_writeback : "this file system writes to a disk");
    if (close(fd) == -1) die("close");
}

/* A check that only a file system with a disk behind it can decide. */
static void check_disk(long seen, size_t expected, const char *text, const char *claim) {
    if (no_writeback)
        skip(text, claim, no_writeback);
    else
        check_num(seen, ==, expected, text, claim);
}

int main(int argc, char **argv) {
    begin(argc, argv, 15, "when does a store reach the disk, and what can lose it?");
    size_t page = page_size(), page_kb = page / 1024;
    struct turns child;

    show_also("dirty_now");
    step("Try out whether write-back can be seen here. Then make a file, fsync() and close() it.");
    probe(page);
    int fd = scratch_file("file", page);
    if (pwrite(fd, "O", 1, 0) != 1 || fsync(fd) == -1 || close(fd) == -1) die("fsync, close");
    check_disk(dirty_now("file"), 0, "after fsync() the page is clean", "3.5-1");

    predict("Which of these brings the store to the disk: munmap(), close(), exit, or none?");
    step("A child opens the file, maps it and stores; then it unmaps, closes, exits.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        int own = open(scratch_path("file"), O_RDWR); /* nobody else has it open or mapped */
        if (own == -1) die("open");
        char *c = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
        if (c == MAP_FAILED) die("mmap");
        *c = 'C';
        await_turn(&child);
        if (munmap(c, page) == -1 || close(own) == -1) die("munmap, close");
        last_turn(&child);
    }
    tell("The notes say (3.5-4 3.5-5, wrong): close() and exit write the dirty pages back.");
    give_turn(&child);
    long stored = dirty_now("file");
    give_turn(&child);
    long closed = dirty_now("file");
    turns_close(&child);
    long exited = dirty_now("file");
    evidence("dirty: %s kB after the store, %s after munmap() and close(), %s after exit",
             number(stored), number(closed), number(exited));
    check_disk(stored, page_kb, "a store makes the page dirty", "3.5-6");
    check_disk(closed, page_kb, "the last munmap() and close() leave the page dirty", "3.5-4");
    check_disk(exited, page_kb, "the writer's exit leaves the page dirty", "3.5-5");
    fd = open(scratch_path("file"), O_RDWR);
    if (fd == -1) die("open");
    check(byte_in_file(fd, 0) == 'C', "nothing is lost: the page cache has the store", "3.5-5");

    step("Another child stores and is killed with SIGKILL on the spot.");
    if (fsync(fd) == -1 || close(fd) == -1) die("fsync, close");
    pid_t victim = fork();
    if (victim == -1) die("fork");
    if (victim == 0) {
        int own = open(scratch_path("file"), O_RDWR); /* again, nobody else has it open */
        char *k = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
        if (k != MAP_FAILED) *k = 'K';
        raise(SIGKILL);
    }
    int status = wait_for(victim);
    bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    long left = dirty_now("file");
    fd = open(scratch_path("file"), O_RDWR);
    if (fd == -1) die("open");
    check(killed && byte_in_file(fd, 0) == 'K', "not even kill -9 loses a store", "3.5-5");
    check_disk(left, page_kb, "kill -9 writes nothing back: still dirty", "3.5-5");

    predict("After which of the two calls is the store on the disk?");
    step("The parent stores, calls msync(MS_ASYNC) and then msync(MS_SYNC).");
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || fsync(fd) == -1) die("mmap, fsync");
    *p = 'S';
    if (msync(p, page, MS_ASYNC) == -1) die("msync");
    check_disk(dirty_now("file"), page_kb, "after MS_ASYNC the page is still dirty", "3.5-1");
    if (msync(p, page, MS_SYNC) == -1) die("msync");
    check_disk(dirty_now("file"), 0, "MS_SYNC writes the page: clean", "3.5-1 S-3");

    predict("The parent has stored to this page before. Does it fault again?");
    step("Store again after the write-back.");
    struct stat info;
    if (futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}) == -1) die("futimens");
    long faults = faults_of_store(p, 1, 'T');
    if (fstat(fd, &info) == -1) die("fstat");
    check_disk(faults, 1, "the first store after a write-back is a page fault again", "3.3-8");
    check_disk(info.st_mtime > 1, 1, "that store sets the file's mtime", "3.5-6");
    check_disk(dirty_now("file"), page_kb, "that store makes the page dirty again", "3.5-6");
    tell("Not checked here (3.5-2): the kernel writes back by itself, after about 30 seconds.");
    tell("Not checked here (3.5-3): so it does when memory is short; that takes a full machine.");

    step("msync() from the middle of a page, with both flags, and of a hole.");
    check_errno(msync(p + 1, page, MS_SYNC) == -1, EINVAL,
                "an address that does not begin a page: EINVAL", "3.5-1");
    check_errno(msync(p, page, MS_SYNC | MS_ASYNC) == -1, EINVAL, "both at once: EINVAL", "3.5-1");
    if (munmap(p, page) == -1) die("munmap");
    check_errno(msync(p, page, MS_SYNC) == -1, ENOMEM, "msync() of a hole: ENOMEM", "3.5-1");
    return end();
}
