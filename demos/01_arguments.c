/*
 * 01_arguments - what does mmap() take, and what does it refuse?
 *
 * Notes      sections 1.1 函数原型, 1.2 参数说明, 1.3 返回值
 * Watch      which errno a wrong argument gives, and which "wrong" argument is none
 * Corrects   1.2-2
 * Try this   1. In `char *p = call`, MAP_SHARED -> MAP_PRIVATE: check 17 fails
 *            2. In `next = mmap(hint`, anonymous -> anonymous | MAP_FIXED: check 6 fails
 *            3. In `char *more`, fd, 0 -> fd, (off_t)page: check 12 fails
 *            4. Everywhere, PROT_READ, MAP_SHARED -> PROT_READ, MAP_SHARED | MAP_ANONYMOUS:
 *               checks 24, 25 and 26 fail
 * See also   mmap(2), memfd_create(2)
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 29, "what does mmap() take, and what does it refuse?");

    step("The prototype of the notes, and what it returns.");
    size_t page = page_size();
    int fd = scratch_file("file", 2 * page); /* open for reading and writing */
    void *(*call)(void *addr, size_t length, int prot, int flags, int fd, off_t offset) = mmap;
    char *p = call(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED, "mmap() takes six arguments and returns an address", "1.1-1 1.3-1");
    void *failed = MAP_FAILED;
    check_errno((failed = mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0)) == MAP_FAILED, EINVAL,
                "on failure it returns MAP_FAILED and sets errno: length 0 is EINVAL", "1.3-1");
    check(failed != NULL && (intptr_t)failed == -1, "a failed mmap() returns -1, not NULL",
          "1.3-1");

    step("addr is a hint. First one that is free, then an odd one, then one that is taken.");
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    char *hole = mmap(NULL, 2 * page, PROT_NONE, anonymous, -1, 0);
    if (hole == MAP_FAILED || munmap(hole, 2 * page) == -1) die("mmap, munmap");
    char *hint = mmap(hole, page, PROT_READ | PROT_WRITE, anonymous, -1, 0);
    check(hint == hole, "a hint that is free is honoured", "1.2-1");
    char *next = mmap(hole + page + 5, page, PROT_READ, anonymous, -1, 0);
    check(next == hole + page, "a hint inside a page is rounded to the page", "1.2-1");
    if (hint == MAP_FAILED) die("mmap");
    *hint = 'L';
    next = mmap(hint, page, PROT_READ, anonymous, -1, 0);
    check(next != hint && *hint == 'L', "a hint that is taken leads elsewhere", "1.2-1");

    predict("Is MAP_FIXED for a page that is in use an error? If not, what becomes of the L?");
    step("Now with MAP_FIXED: inside a page, then on the page at hint, which holds an L.");
    int fixed = anonymous | MAP_FIXED, careful = anonymous | MAP_FIXED_NOREPLACE;
    check_errno(mmap(hint + 5, page, PROT_READ, fixed, -1, 0) == MAP_FAILED, EINVAL,
                "MAP_FIXED inside a page is EINVAL", "1.2-1");
    check_errno(mmap(hint, page, PROT_READ, careful, -1, 0) == MAP_FAILED, EEXIST,
                "MAP_FIXED_NOREPLACE on a taken page is EEXIST", "1.2-1");
    check(mmap(hint, page, PROT_READ, fixed, -1, 0) == hint && *hint == 0,
          "MAP_FIXED silently replaces what was there, content and all", "1.2-1");

    predict("Is a length of 1 byte refused? If not, how many bytes can be used?");
    step("length is in bytes: map 1 byte, then one page and 1 byte.");
    tell("The notes say (1.2-2, wrong): length usually has to be a multiple of the page size.");
    char *one = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *more = mmap(NULL, page + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (one == MAP_FAILED || more == MAP_FAILED) die("mmap");
    long one_kb = smaps_kb(getpid(), one, "Size"), more_kb = smaps_kb(getpid(), more, "Size");
    evidence("length 1 maps %s kB; %zu maps %s kB", number(one_kb), page + 1, number(more_kb));
    check_num(one_kb, ==, page / 1024, "a length of 1 byte maps one page", "1.2-2");
    check_num(more_kb, ==, 2 * page / 1024, "one page and one byte map two pages", "1.2-2");
    check_str(store_to(more + 2 * page - 1), "no signal",
              "bytes beyond length, up to the end of the page, can be used", "1.2-2");

    step("prot: what the page may be used for.");
    char *none = mmap(NULL, page, PROT_NONE, MAP_SHARED, fd, 0);
    char *readable = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (none == MAP_FAILED || readable == MAP_FAILED) die("mmap");
    check_str(load_from(none), "SIGSEGV SEGV_ACCERR", "PROT_NONE: a load dies", "1.2-3");
    check_str(load_from(readable), "no signal", "PROT_READ: a load works", "1.2-3");
    check_str(store_to(readable), "SIGSEGV SEGV_ACCERR", "PROT_READ: a store dies", "1.2-3");
    check_str(store_to(p), "no signal", "PROT_READ | PROT_WRITE: a store works", "1.2-3");

    predict("And what if MAP_SHARED and MAP_PRIVATE are both set?");
    step("flags: MAP_SHARED; neither it nor MAP_PRIVATE; MAP_ANONYMOUS alone; both together.");
    if (p != MAP_FAILED) p[page] = 'S';
    check(byte_in_file(fd, page) == 'S', "a store to a MAP_SHARED mapping is in the file", "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, 0, fd, 0) == MAP_FAILED, EINVAL,
                "with neither MAP_SHARED nor MAP_PRIVATE: EINVAL", "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED, EINVAL,
                "MAP_ANONYMOUS alone: EINVAL", "1.2-4");
    int both = MAP_SHARED | MAP_PRIVATE, new_flag = 1 << 25; /* one that no kernel has yet */
    check(mmap(NULL, page, PROT_READ, both, fd, 0) != MAP_FAILED,
          "both together are accepted: they are a third flag, MAP_SHARED_VALIDATE", "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, both | new_flag, fd, 0) == MAP_FAILED, EOPNOTSUPP,
                "MAP_SHARED_VALIDATE refuses a flag that the kernel does not know: EOPNOTSUPP",
                "1.2-4");
    check(mmap(NULL, page, PROT_READ, MAP_SHARED | new_flag, fd, 0) != MAP_FAILED,
          "MAP_SHARED ignores a flag that the kernel does not know", "1.2-4");

    step("fd: 999 with MAP_ANONYMOUS; without it -1, a directory, and a pipe.");
    int dir = open(scratch_dir(), O_RDONLY), ends[2];
    if (dir == -1 || pipe(ends) == -1) die("open, pipe");
    check(mmap(NULL, page, PROT_READ, anonymous, 999, 0) != MAP_FAILED,
          "with MAP_ANONYMOUS, Linux ignores fd; portable programs pass -1", "1.2-5");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, -1, 0) == MAP_FAILED, EBADF,
                "without MAP_ANONYMOUS, fd -1 is EBADF", "1.2-5");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, dir, 0) == MAP_FAILED, ENODEV,
                "a directory cannot be mapped: ENODEV", "1.2-5");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, ends[0], 0) == MAP_FAILED, ENODEV,
                "a pipe cannot be mapped: ENODEV", "1.2-5");

    step("offset: half a page, one page, and one small page into a file of huge pages.");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page / 2) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL", "1.2-6");
    check(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)page) != MAP_FAILED,
          "an offset of one page works", "1.2-6");
    const char *rule = "in a file of huge pages an offset of one small page is EINVAL";
    int huge = memfd_create("huge", MFD_HUGETLB), flags = MAP_SHARED | MAP_NORESERVE;
    if (huge == -1)
        skip(rule, "1.2-6", "this kernel has no huge pages");
    else
        check_errno(mmap(NULL, page, PROT_READ, flags, huge, (off_t)page) == MAP_FAILED, EINVAL,
                    rule, "1.2-6");
    return end();
}
