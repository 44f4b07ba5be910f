/*
 * 09_dev_zero - what is shared when /dev/zero is mapped?
 *
 * Notes      sections 9.1 /dev/zero 是什么？, 9.4 无血缘关系进程通信？, 9.5
 * Watch      every mmap() makes new memory, even of one descriptor; fork() passes a mapping on
 * Corrects   9.4-2 9.4-3 9.5-2
 * Try this   1. In `char *p = mmap(NULL, bytes`, MAP_SHARED -> MAP_PRIVATE:
 *               checks 17 and 19 fail
 *            2. In `char *p = mmap(NULL, bytes`, fd, 0 -> fd, (off_t)page:
 *               checks 7 and 19 fail
 *            3. In `close(fd)`, open("/dev/zero", O_RDWR) -> scratch_file("other", page):
 *               checks 12, 13 and 16 fail
 *            4. In `char *q =`, MAP_SHARED -> MAP_PRIVATE: checks 13 and 14 fail
 * See also   zero(4), mmap(2), proc(5) (map_files); 09_anonymous, 09_who_shares
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PAGES ((size_t)8)

/* Process B, unrelated: opens and maps what it is told, says which byte is there, or -errno. */
static void process_b(struct turns *b, const char *path) {
    await_turn(b);
    int fd = open(path, O_RDWR);
    b->said = -errno;
    if (fd == -1) last_turn(b);
    char *p = mmap(NULL, page_size(), RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    b->said = *p;
    last_turn(b);
}

int main(int argc, char **argv) {
    struct turns b, child;
    if (has_role(argc, argv, "B", &b)) process_b(&b, argv[2]);
    begin(argc, argv, 23, "what is shared when /dev/zero is mapped?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t self = getpid();

    step("Open /dev/zero, write to it, read from it, try to give it a size.");
    int fd = open("/dev/zero", O_RDWR), file = scratch_file("file", 0);
    struct stat info;
    char text[64];
    size_t zeros = 0;
    memset(text, 'x', sizeof text);
    if (fd == -1 || fstat(fd, &info) == -1) die("/dev/zero");
    check(S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 5),
          "/dev/zero is no regular file but the character device 1:5", "9.1-1");
    if (pwrite(fd, text, sizeof text, 0) != sizeof text) die("pwrite");
    if (pread(fd, text, sizeof text, 0) != sizeof text) die("pread");
    for (size_t i = 0; i < sizeof text; i++)
        zeros += text[i] == 0;
    check(zeros == sizeof text, "/dev/zero swallows what is written: a read finds zeros",
          "9.1-2 9.1-3");
    check(pread(fd, text, sizeof text, (off_t)1 << 30) == sizeof text,
          "even far behind, a read of /dev/zero gives all it was asked for", "9.1-2");
    check_errno(ftruncate(fd, (off_t)bytes) == -1, EINVAL,
                "/dev/zero has no size to set: ftruncate() is EINVAL", "9.1-4");

    predict("No ftruncate() anywhere. In which of these mappings does a load die?");
    step("Map 8 pages each: /dev/zero from 0 on, from page 8 on; anonymous; of an empty file.");
    char *p = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    char *far = mmap(NULL, bytes, RW, MAP_SHARED, fd, (off_t)bytes);
    char *anon = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, (off_t)bytes);
    char *f = mmap(NULL, bytes, RW, MAP_SHARED, file, 0);
    if (p == MAP_FAILED || far == MAP_FAILED || anon == MAP_FAILED || f == MAP_FAILED) die("mmap");
    madvise(p, bytes, MADV_NOHUGEPAGE); /* EINVAL where the kernel has no huge pages: fine */
    check_num(pages_present(self, p, PAGES), ==, 0, "mmap() of /dev/zero brings no page yet",
              "9.1-6");
    *p = 'A';
    check_num(pages_present(self, p, PAGES), ==, 1, "a store brings just one page", "9.1-6");
    check_str(load_from(p + bytes - 1), "no signal",
              "without ftruncate(), all of the mapping can be used", "9.1-4");
    check_str(load_from(far), "SIGBUS BUS_ADRERR",
              "from an offset beyond the mapping's own length on, a load dies", "9.1-4");
    check_str(load_from(anon), "no signal", "MAP_ANONYMOUS ignores the offset", NULL);
    check_str(load_from(f), "SIGBUS BUS_ADRERR", "a load from an empty file dies", "9.1-5");
    if (pwrite(file, "x", 1, 0) != 1) die("pwrite");
    check_str(load_from(f), "no signal", "write() makes a file longer, even after mmap()", "9.1-5");

    predict("One descriptor, mapped twice: is a store to the first seen in the second?");
    step("Open /dev/zero again. Map this descriptor twice MAP_SHARED and once MAP_PRIVATE.");
    tell("The notes say (9.4-3, wrong): each open() gives another descriptor, so other memory.");
    tell("The notes say (9.5-2, wrong): a device is mapped without the page cache.");
    if (close(fd) == -1 || (fd = open("/dev/zero", O_RDWR)) == -1) die("close, open");
    long hidden = mappings_named(self, "/dev/zero (deleted)");
    char *q = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    char *q2 = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    char *r = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (q == MAP_FAILED || q2 == MAP_FAILED || r == MAP_FAILED) die("mmap");
    *q = *r = 'Q';
    check(*q2 == 0, "one descriptor mapped twice gives two memories", "9.4-3 9.5-3");
    picture({"shared", self, q}, {"again", self, q2}, {"private", self, r});
    check_num(change(hidden, mappings_named(self, "/dev/zero (deleted)")), ==, 2,
              "each MAP_SHARED mapping is a hidden file of its own", "9.4-3 9.5-3");
    check_str(page_kind(self, q), FILE_PAGE, "with MAP_SHARED /dev/zero is page cache", "9.5-2");
    check_str(page_kind(self, r), ANONYMOUS_PAGE, "with MAP_PRIVATE /dev/zero is anonymous memory",
              "9.5-2");

    predict("The first mapping's descriptor was closed. Does the parent see the child's store?");
    step("fork(). The child maps the descriptor, too, and stores into the very first mapping.");
    tell("The notes say (9.4-2, wrong): parent and child share because of the descriptor.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        char *c = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
        if (c == MAP_FAILED) die("mmap");
        *p = 'C';
        child.said = *c;
        last_turn(&child);
    }
    check_num(give_turn(&child), ==, 0, "a child that maps its parent's descriptor finds a 0",
              "9.4-2");
    check(*p == 'C', "a child shares a mapping, its descriptor closed before fork()", "9.4-2");
    turns_close(&child);

    show_also("process_b");
    step("Process B, unrelated, maps /dev/zero; another B maps what /proc has for our mapping.");
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/map_files/%lx-%lx", self, (long)p, (long)(p + bytes));
    start_unrelated(&b, argv[0], "B", "/dev/zero");
    check_num(give_turn(&b), ==, 0, "another process that maps /dev/zero finds a 0", "9.4-1 9.4-4");
    turns_close(&b);
    start_unrelated(&b, argv[0], "B", path);
    long seen = give_turn(&b);
    if (seen < 0) seen = unknown(seen == -EPERM ? "needs CAP_SYS_ADMIN" : "/proc/PID/map_files");
    check_num(seen, ==, 'C', "root can map the hidden file: /proc/PID/map_files", "9.4-1");
    turns_close(&b);

    step("Descriptors that are not O_RDWR.");
    int ro = open("/dev/zero", O_RDONLY), wo = open("/dev/zero", O_WRONLY);
    if (ro == -1 || wo == -1) die("open");
    check(mmap(NULL, page, RW, MAP_PRIVATE, ro, 0) != MAP_FAILED,
          "O_RDONLY will do for MAP_PRIVATE, even with PROT_WRITE", "9.x");
    check(mmap(NULL, page, PROT_READ, MAP_SHARED, ro, 0) != MAP_FAILED,
          "O_RDONLY will do for MAP_SHARED with PROT_READ alone", "9.x");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, ro, 0) == MAP_FAILED, EACCES,
                "O_RDONLY with MAP_SHARED and PROT_WRITE is EACCES", "9.x");
    check_errno(mmap(NULL, page, PROT_READ, MAP_PRIVATE, wo, 0) == MAP_FAILED, EACCES,
                "O_WRONLY will do for no mapping: EACCES", "9.x");
    return end();
}
