#define _GNU_SOURCE
/*
 * 01_protection_and_flags - what do prot, flags, fd and offset permit, and what is refused?
 *
 * Notes      section 1.2 参数说明 (prot, flags, fd, offset)
 * Watch      which errno a wrong argument gives, and which "wrong" argument is none
 * Try this   MAP_PRIVATE for the S; MAP_PRIVATE instead of both types; both types in the last call
 * See also   mmap(2), memfd_create(2); 10_2_permissions, 10_3_offset, 13_execute
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static int forty_two(void) __attribute__((aligned(64))); /* so that it lies in one page */

static int forty_two(void) {
    return 42;
}

static void call(volatile char *code) {
    int (*function)(void) = (int (*)(void))(uintptr_t)code;
    if (function() != 42) _exit(1);
}

int main(int argc, char **argv) {
    begin(argc, argv, 15, "what do prot, flags, fd and offset permit, and what is refused?");
    size_t page = page_size();
    int fd = scratch_file("file", page);

    predict("Which accesses does PROT_READ permit, and which PROT_NONE?");
    step("prot: map a file to read and write, with PROT_READ, with PROT_NONE. Store and load.");
    char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    char *readable = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    char *none = mmap(NULL, page, PROT_NONE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || readable == MAP_FAILED || none == MAP_FAILED) die("mmap");
    *p = 'S';
    check_is(*readable, 'S', "with PROT_READ and MAP_SHARED a load finds what the file holds there",
             "1.2-3");
    check_is(store_to(readable), "SIGSEGV SEGV_ACCERR", "PROT_READ alone: a store dies of SIGSEGV",
             "1.2-3");
    check_is(load_from(none), "SIGSEGV SEGV_ACCERR", "PROT_NONE: a load dies of SIGSEGV", "1.2-3");

    predict("The code can be read in both mappings. In which can it be called?");
    step("Write a page of code to the file. Call a function there: PROT_READ, then PROT_EXEC.");
    uintptr_t at = (uintptr_t)forty_two;
    if (pwrite(fd, (void *)(at - at % page), page, 0) != (ssize_t)page) die("pwrite");
    const char *outcome = call_with(call, readable + at % page);
    if (strcmp(outcome, "no signal") == 0)
        outcome = unknown_text(unknown("this machine runs whatever may be read"));
    check_is(outcome, "SIGSEGV SEGV_ACCERR",
             "PROT_READ without PROT_EXEC: a call of code there usually dies of SIGSEGV", "1.2-3");
    char *code = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    outcome = code == MAP_FAILED ? unknown_text(unknown("PROT_EXEC: %s", errno_name(errno)))
                                 : call_with(call, code + at % page);
    check_is(outcome, "no signal", "PROT_READ with PROT_EXEC: code in a mapping can be called",
             "1.2-3");

    predict("Which are refused: MAP_ANONYMOUS alone, MAP_SHARED | MAP_PRIVATE, an unknown flag?");
    step("flags: MAP_ANONYMOUS alone; both types; an unknown flag, with both types, with one.");
    int both = MAP_SHARED | MAP_PRIVATE, new_flag = 1 << 25; /* one that no kernel has yet */
    check_errno(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED, EINVAL,
                "MAP_ANONYMOUS alone is EINVAL: flags need a type, such as MAP_PRIVATE", "1.2-4");
    char *third = mmap(NULL, page, RW, both, fd, 0);
    if (third != MAP_FAILED) *third = 'V';
    check_is(*p, 'V',
             "MAP_SHARED | MAP_PRIVATE of a file is a third type, shared: MAP_SHARED_VALIDATE",
             "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, both | new_flag, fd, 0) == MAP_FAILED, EOPNOTSUPP,
                "MAP_SHARED_VALIDATE refuses a flag that it does not know: EOPNOTSUPP", "1.2-4");
    check(mmap(NULL, page, PROT_READ, MAP_SHARED | new_flag, fd, 0) != MAP_FAILED,
          "MAP_SHARED ignores a flag that it does not know", "1.2-4");

    predict("A directory can be opened. Can it be mapped, and does MAP_ANONYMOUS change that?");
    step("fd: opened with O_PATH; of a device; of a directory, also with MAP_ANONYMOUS.");
    int path = open(scratch_path("file"), O_PATH), directory = open(scratch_dir(), O_RDONLY);
    int device = open("/dev/random", O_RDONLY);
    if (path == -1 || directory == -1) die("open");
    check_errno(mmap(NULL, page, PROT_READ, MAP_PRIVATE, path, 0) == MAP_FAILED, EBADF,
                "a descriptor opened with O_PATH cannot be mapped: EBADF", "1.2-5");
    const char *random = "the device /dev/random cannot be mapped: ENODEV";
    if (device == -1)
        check_is(unknown("/dev/random: %s", errno_name(errno)), 0, random, "1.2-5");
    else
        check_errno(mmap(NULL, page, PROT_READ, MAP_PRIVATE, device, 0) == MAP_FAILED, ENODEV,
                    random, "1.2-5");
    check_errno(mmap(NULL, page, PROT_READ, MAP_PRIVATE, directory, 0) == MAP_FAILED, ENODEV,
                "a directory cannot be mapped, not even to read: ENODEV", "1.2-5");
    check(mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, directory, 0) != MAP_FAILED,
          "with MAP_ANONYMOUS, Linux ignores fd; portable programs pass -1", "1.2-5");

    predict("Is every multiple of the page size accepted as an offset?");
    step("offset: half a page; then one small page, in a file of huge pages.");
    tell("The notes say (1.2-6, in part): it must be a multiple of the page size, of 4096.");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page / 2) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL", "1.2-6");
    const char *rule =
        "in a hugetlbfs file (memfd: MFD_HUGETLB) an offset of one small page is EINVAL";
    int huge = memfd_create("huge", MFD_HUGETLB), flags = MAP_SHARED | MAP_NORESERVE;
    if (huge == -1 || mmap(NULL, page, PROT_READ, flags, huge, 0) == MAP_FAILED)
        check_is(unknown("huge pages: %s", errno_name(errno)), 0, rule, "1.2-6");
    else
        check_errno(mmap(NULL, page, PROT_READ, flags, huge, page) == MAP_FAILED, EINVAL, rule,
                    "1.2-6");
    return end();
}
