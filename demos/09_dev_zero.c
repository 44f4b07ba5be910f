#define _GNU_SOURCE
/*
 * 09_dev_zero - what is shared when /dev/zero is mapped?
 *
 * Notes      sections 9.1 /dev/zero 是什么？, 9.4 无血缘关系进程通信？, 9.5
 * Watch      every mmap() makes new memory, even of one descriptor, in one process or in two
 * Corrects   9.4-2 9.4-3
 * Try this   a regular file for one and two; a regular file from the beginning
 * See also   zero(4), mmap(2), fork(2); 09_anonymous, 09_who_shares, 10_2_permissions
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PAGES ((size_t)8)
#define FAR   (1 << 30)

static long map_again_and_load(void *fd) {
    char *p = mmap(NULL, page_size(), RW, MAP_SHARED, *(int *)fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return *p;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "what is shared when /dev/zero is mapped?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t parent = getpid();
    struct partner child;
    struct stat info;
    char text[64], zeros[64] = "";
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1) skip_all("there is no /dev/zero that can be opened O_RDWR");

    predict("What does read() find where write() has written letters?");
    step("Write 64 letters to /dev/zero at offset 1 GiB, read them back, try to give it a size.");
    if (fstat(fd, &info) == -1) die("fstat");
    check(S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 5),
          "/dev/zero is not a regular file but the character device 1:5", "9.1-1");
    memset(text, 'x', sizeof text);
    check_is(pwrite(fd, text, sizeof text, FAR), sizeof text,
             "write() to /dev/zero succeeds, as if it kept the bytes", "9.1-3");
    if (pread(fd, text, sizeof text, FAR) != sizeof text) die("pread");
    check(memcmp(text, zeros, sizeof text) == 0,
          "read() of /dev/zero returns only zeros, even where write() has written", "9.1-2 9.1-3");
    check_errno(ftruncate(fd, bytes) == -1, EINVAL,
                "/dev/zero has no size to set: ftruncate() is EINVAL", "9.1-4");

    predict("No ftruncate() anywhere. In which of the three mappings does a load die?");
    step("Map 8 pages: /dev/zero at offset 0 (zero) and 8 pages (far), an empty file (file).");
    int empty = scratch_file("file", 0);
    volatile char *zero = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    char *far = mmap(NULL, bytes, RW, MAP_SHARED, fd, bytes);
    char *file = mmap(NULL, bytes, RW, MAP_SHARED, empty, 0);
    if (zero == MAP_FAILED || far == MAP_FAILED || file == MAP_FAILED) die("mmap");
    madvise((void *)zero, bytes, MADV_NOHUGEPAGE); /* no matter if it fails */
    *zero = 'A';
    check_is(pages_present(parent, zero, PAGES), 1,
             "without huge pages one store to a mapping of /dev/zero brings in one page", "9.1-6");
    check_is(load_from(zero + bytes - 1), "no signal",
             "without ftruncate() /dev/zero mapped at offset 0 can be used to the last byte",
             "9.1-4");
    tell("Each MAP_SHARED mmap() of /dev/zero makes a hidden file, here of 8 pages: far begins at "
         "its end.");
    check_is(load_from(far), "SIGBUS BUS_ADRERR",
             "MAP_SHARED of /dev/zero at an offset of the mapping's length: a load dies of SIGBUS",
             "9.1-4");
    check_is(load_from(file), "SIGBUS BUS_ADRERR",
             "a load from a mapping of an empty file dies of SIGBUS", "9.1-5");
    if (pwrite(empty, "x", 1, 0) != 1) die("pwrite");
    check_is(load_from(file), "no signal",
             "instead of ftruncate() write() can extend a file, even after mmap()", "9.1-5");

    predict("One descriptor, mapped twice: is a store to the first seen in the second?");
    step("Map the descriptor of /dev/zero twice more, as one and two. Store into one.");
    tell("The notes say (9.4-3, wrong): one reason is that each open() gives another descriptor.");
    volatile char *one = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    volatile char *two = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (one == MAP_FAILED || two == MAP_FAILED) die("mmap");
    *one = 'O';
    check_is(*two, 0, "one /dev/zero descriptor mapped twice gives two memories", "9.4-3 9.5-3");
    picture({"one", parent, one}, {"two", parent, two});

    predict("Two processes, one descriptor. What does the child find where the parent has its A?");
    step("fork(). The child maps the descriptor anew and loads from that.");
    tell("The notes say (9.4-2, wrong): parent and child share one descriptor, so one memory.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(ask(&child, map_again_and_load, &fd), 0,
             "a child that maps its parent's /dev/zero descriptor anew finds a zero byte", "9.4-2");
    partner_close(&child);
    return end();
}
