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

#define TRIES 10 /* sync(1), or the kernel by itself, may write a page back at any moment */

static int open_file(int flags) {
    int fd = open(scratch_path("file"), O_RDWR | flags);
    if (fd == -1) die("open");
    return fd;
}

static char found; /* the first byte of the file, as dirty_now() saw it */

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

/* Puts an O into the file by write() and closes it, then calls fsync(). Dirty in between: kB. */
static long renew(int flags) {
    int fd = open_file(flags);
    if (write(fd, "O", 1) != 1 || ftruncate(fd, page_size()) == -1 || close(fd) == -1)
        die("write, ftruncate, close");
    long dirty = dirty_now();
    fd = open_file(0);
    if (fsync(fd) == -1 || close(fd) == -1) die("fsync, close");
    return dirty;
}

static int own; /* the writer's descriptor */
static long open_and_store_C(void *flags) {
    own = open_file(*(int *)flags);
    if (ftruncate(own, page_size()) == -1) die("ftruncate");
    volatile char *c = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
    if (c == MAP_FAILED) die("mmap");
    *c = 'C';
    return (long)c;
}

static long unmap_and_close(void *c) {
    if (munmap(c, page_size()) == -1 || close(own) == -1) die("munmap, close");
    return 0;
}

static const char *why_not; /* NULL, or why this file system cannot show it */
enum end { CLOSE, EXIT, KILL };

/* A child opens the file with these flags, stores and ends so. How much is dirty then? */
static long dirty_after(enum end end, int flags) {
    static const char *const how[] = {"munmap() and close()", "exit", "kill -9"};
    struct partner writer;
    long stored = 0, dirty = 0;
    for (int tries = 0; tries < TRIES && dirty == 0; tries++) {
        renew(0);
        partner_open(&writer);
        writer.pid = fork();
        if (writer.pid == -1) die("fork");
        if (writer.pid == 0) obey(&writer);
        void *c = (void *)ask(&writer, open_and_store_C, &flags);
        stored = dirty_kb(writer.pid, c);
        if (end == CLOSE) ask(&writer, unmap_and_close, c);
        if (end == EXIT) partner_close(&writer);
        if (end == KILL && kill(writer.pid, SIGKILL) == 0) wait_for(writer.pid);
        dirty = dirty_now();
        if (end == CLOSE) partner_close(&writer);
    }
    evidence("dirty: %s kB stored, %s kB after %s", number(stored), number(dirty), how[end]);
    return why_not ? unknown("%s", why_not) : dirty;
}

int main(int argc, char **argv) {
    begin(argc, argv, 7, "do close(), exit and kill -9 write a store to the disk, or lose it?");
    long page_kb = page_size() / 1024, written = 0;

    step("Try out with write() what can be seen of write-back here.");
    close(scratch_file("file", page_size()));
    for (int tries = 0; tries < TRIES && written == 0; tries++)
        written = renew(0);
    long clean = dirty_now(), cut = renew(O_TRUNC);
    evidence("dirty: %s kB after write() and close(), %s kB if cut before, %s kB after fsync()",
             number(written), number(cut), number(clean));
    if (written == 0) why_not = "the file system writes at every close()";
    if (clean > 0) why_not = "the file system writes nothing to a disk";

    predict("Which of these writes the store to the disk: close(), exit, kill -9, or none?");
    step("A child stores a C and unmaps and closes; another one exits; a third one is killed.");
    tell("The notes say (3.5-4 3.5-5, in part): when the file is closed or the process exits.");
    check_is(dirty_after(CLOSE, 0), page_kb,
             "as a rule the last munmap() and close() leave the page dirty", "3.5-4");
    check_is(dirty_after(EXIT, 0), page_kb, "as a rule the writer's exit leaves the page dirty",
             "3.5-5");
    check_is(dirty_after(KILL, 0), page_kb,
             "as a rule kill -9 writes nothing back: the page is still dirty", "3.5-5");
    check_is(found, 'C', "not even kill -9 of the writer loses a store to a MAP_SHARED mapping",
             "3.5-5");

    predict("Each child first cuts the file to nothing. How much is dirty after each of them?");
    step("The same with O_TRUNC: a child cuts the file and makes it long again, then stores.");
    if (cut > 0 && !why_not) why_not = "the file system makes no difference";
    check_is(dirty_after(CLOSE, O_TRUNC), 0,
             "ext4, XFS and btrfs begin to write a truncated file when it is closed", "3.5-4");
    check_is(dirty_after(EXIT, O_TRUNC), 0,
             "an exit closes its files: ext4, XFS and btrfs write a truncated one then", "3.5-5");
    check_is(dirty_after(KILL, O_TRUNC), 0,
             "kill -9 closes a file as well: ext4, XFS and btrfs write a truncated one", "3.5-5");
    tell("Not checked here: a power cut or a kernel crash loses what is not written back yet.");
    return end();
}
