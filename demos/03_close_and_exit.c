#define _GNU_SOURCE
/*
 * 03_close_and_exit - do close(), exit and kill -9 write a store to the disk, or lose it?
 *
 * Notes      section 3.5 写回磁盘的机制, 4: 文件关闭或进程退出时
 * Watch      the page stays dirty, however its writer ends - unless the file was cut before
 * Try this   MAP_PRIVATE instead of MAP_SHARED; msync() after the store; no O_TRUNC
 * See also   close(2), ext4(5) (auto_da_alloc), proc(5) (smaps: Shared_Dirty); 03_writeback
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"
#include "words.h"

#define TRIES 10 /* sync(1), or the kernel by itself, may write a page back at any moment */

enum end { WRITE_AND_CLOSE, CLOSE, EXIT, KILL };
static const char *const how[] = {"write() and close()", "munmap() and close()", "exit", "kill -9"};
static const char *why_not; /* NULL, or why this file system cannot show it */
static char found;          /* the first byte of the file, as dirty_now() saw it */

static int open_file(int flags) {
    int fd = open(scratch_path("file"), O_RDWR | flags);
    if (fd == -1) die("open");
    return fd;
}

/* How many kB of the file are dirty? Afterwards this process has it neither open nor mapped. */
static long dirty_now(void) {
    int fd = open_file(0);
    volatile char *q = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    found = *q; /* only what is mapped is counted */
    long dirty = dirty_kb(getpid(), q);
    if (munmap((void *)q, page_size()) == -1 || close(fd) == -1) die("munmap, close");
    return dirty;
}

/* The writer, a child: puts a C into the file, by write() or by a store, and ends. */
static _Noreturn void write_C(enum end end, int flags) {
    int fd = open_file(flags);
    if (ftruncate(fd, page_size()) == -1) die("ftruncate");
    volatile char *c = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) die("mmap");
    if (end != WRITE_AND_CLOSE) *c = 'C';
    if (end == WRITE_AND_CLOSE && write(fd, "C", 1) != 1) die("write");
    if (end == KILL) raise(SIGKILL);
    if (end == EXIT) _exit(0);
    if (munmap((void *)c, page_size()) == -1 || close(fd) == -1) die("munmap, close");
    _exit(0);
}

/* How much of the file, clean and with an O in it, is dirty after this end of a writer? */
static long dirty_after(enum end end, int flags) {
    long dirty = 0;
    for (int tries = 0; tries < TRIES && dirty == 0; tries++) {
        int fd = open_file(0);
        if (write(fd, "O", 1) != 1 || fsync(fd) == -1 || close(fd) == -1) die("write, fsync");
        if (dirty_now() > 0) why_not = "the file system writes nothing to a disk";
        pid_t writer = fork();
        if (writer == -1) die("fork");
        if (writer == 0) write_C(end, flags);
        if (wait_for(writer) != (end == KILL ? SIGKILL : 0)) bail_out("the writer failed");
        dirty = dirty_now();
    }
    evidence("dirty after %s: %s kB", words(how[end]), number(dirty));
    return why_not ? unknown("%s", why_not) : dirty;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "do close(), exit and kill -9 write a store to the disk, or lose it?");
    long page_kb = page_size() / 1024;

    step("Try out with write() what can be seen of write-back here.");
    close(scratch_file("file", page_size()));
    if (dirty_after(WRITE_AND_CLOSE, 0) == 0) why_not = "the file system writes at every close()";

    predict("Which of these writes the store to the disk: close(), exit, kill -9, or none?");
    step("A child stores a C and unmaps and closes; another one exits; a third one is killed.");
    tell("The notes say (3.5-4 3.5-5, in part): when the file is closed or the process exits.");
    check_is(dirty_after(CLOSE, 0), page_kb,
             "as a rule munmap() and close() leave a page stored to through MAP_SHARED dirty",
             "3.5-4");
    check_is(dirty_after(EXIT, 0), page_kb,
             "as a rule a writer's exit leaves a page stored to through MAP_SHARED dirty", "3.5-5");
    check_is(dirty_after(KILL, 0), page_kb,
             "as a rule kill -9 of a writer leaves a page stored to through MAP_SHARED dirty",
             "3.5-5");
    check_is(found, 'C', "kill -9 of a writer loses no store to a MAP_SHARED mapping of a file",
             "3.5-5");

    predict("Each child first cuts the file to nothing. How much is dirty after each of them?");
    step("The same with O_TRUNC: a child cuts the file and makes it long again, then stores.");
    if (dirty_after(WRITE_AND_CLOSE, O_TRUNC) > 0) why_not = "the file system makes no difference";
    check_is(dirty_after(CLOSE, O_TRUNC), 0,
             "as a rule ext4, XFS and btrfs begin at close() to write a file cut to nothing",
             "3.5-4");
    check_is(dirty_after(KILL, O_TRUNC), 0,
             "as a rule ext4, XFS and btrfs begin on kill -9 to write a file cut to nothing",
             "3.5-5");
    tell("Not checked here: a power cut or a kernel crash loses what is not written back yet.");
    return end();
}
