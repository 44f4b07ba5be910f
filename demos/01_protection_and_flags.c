#define _GNU_SOURCE
/*
 * 01_protection_and_flags - what do prot, flags, fd and offset permit, and what is refused?
 *
 * Notes      section 1.2 参数说明 (prot, flags, fd, offset)
 * Watch      which errno a wrong argument gives, and which "wrong" argument is none
 * Try this   MAP_PRIVATE for the S; PROT_EXEC in both calls; MAP_ANONYMOUS for each descriptor
 * See also   mmap(2), memfd_create(2); 10_2_permissions, 10_3_offset
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static int forty_two(void) {
    return 42;
}

static void call(volatile char *code) {
    int (*function)(void) = (int (*)(void))(uintptr_t)code;
    if (function() != 42) _exit(1);
}

/* Maps the page of this program's own file that has forty_two(), and calls it there. */
static const char *call_mapped(int prot) {
    uintptr_t here = (uintptr_t)forty_two;
    size_t page = page_size(), number = 0;
    char bytes[4] = {*(volatile char *)here}; /* a load: now the page is in memory */
    struct page code = look_at(getpid(), (void *)here);
    if (is_unknown(code.mapped_once)) return unknown_text(code.mapped_once);
    int exe = open("/proc/self/exe", O_RDONLY);
    sscanf(code.file_page, "page %zu", &number);
    size_t at = number * page + here % page;
    if (pread(exe, bytes, 4, at) != 4 || memcmp(bytes, (void *)here, 4) != 0)
        return unknown_text(unknown("/proc/self/exe: not this program, or not readable"));
    char *p = mmap(NULL, 2 * page, prot, MAP_PRIVATE, exe, number * page);
    if (p == MAP_FAILED) return unknown_text(unknown("mmap: %s", errno_name(errno)));
    const char *end = call_with(call, p + here % page);
    if (!(prot & PROT_EXEC) && strcmp(end, "no signal") == 0)
        return unknown_text(unknown("this machine runs whatever may be read"));
    return end;
}

int main(int argc, char **argv) {
    begin(argc, argv, 16, "what do prot, flags, fd and offset permit, and what is refused?");
    size_t page = page_size();
    int fd = scratch_file("file", page);

    step("prot: map the file with PROT_NONE, with PROT_READ, and to read and write. Store an S.");
    char *none = mmap(NULL, page, PROT_NONE, MAP_SHARED, fd, 0);
    char *readable = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (none == MAP_FAILED || readable == MAP_FAILED || p == MAP_FAILED) die("mmap");
    *p = 'S';
    check_is(*readable, 'S',
             "what is stored with PROT_WRITE can be loaded with PROT_READ, if both are MAP_SHARED",
             "1.2-3");
    check_is(store_to(readable), "SIGSEGV SEGV_ACCERR", "PROT_READ alone: a store dies of SIGSEGV",
             "1.2-3");
    check_is(load_from(none), "SIGSEGV SEGV_ACCERR", "PROT_NONE: a load dies of SIGSEGV", "1.2-3");

    predict("The code can be read in both mappings. In which can it be called?");
    step("PROT_EXEC: map a page of this program, without it and with it; call a function there.");
    check_is(call_mapped(PROT_READ), "SIGSEGV SEGV_ACCERR",
             "PROT_READ without PROT_EXEC: a call of code there dies of SIGSEGV", "1.2-3");
    check_is(call_mapped(PROT_READ | PROT_EXEC), "no signal",
             "PROT_READ | PROT_EXEC: a function in a mapped program file can be called", "1.2-3");

    predict("Which are refused: flags 0, MAP_ANONYMOUS alone, MAP_SHARED | MAP_PRIVATE?");
    step("flags: 0; MAP_ANONYMOUS alone; both types; an unknown flag, with both and with one.");
    int both = MAP_SHARED | MAP_PRIVATE, new_flag = 1 << 25; /* one that no kernel has yet */
    check_errno(mmap(NULL, page, PROT_READ, 0, fd, 0) == MAP_FAILED, EINVAL,
                "flags without a mapping type, such as MAP_PRIVATE, are EINVAL", "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED, EINVAL,
                "MAP_ANONYMOUS alone is EINVAL: it is no mapping type", "1.2-4");
    char *third = mmap(NULL, page, RW, both, fd, 0);
    if (third != MAP_FAILED) *third = 'V';
    check_is(*p, 'V',
             "MAP_SHARED | MAP_PRIVATE of a file is a third type, shared: MAP_SHARED_VALIDATE",
             "1.2-4");
    check_errno(mmap(NULL, page, PROT_READ, both | new_flag, fd, 0) == MAP_FAILED, EOPNOTSUPP,
                "MAP_SHARED_VALIDATE refuses a flag that it does not know: EOPNOTSUPP", "1.2-4");
    check(mmap(NULL, page, PROT_READ, MAP_SHARED | new_flag, fd, 0) != MAP_FAILED,
          "MAP_SHARED ignores a flag that it does not know", "1.2-4");

    predict("Which of these descriptors can be mapped: O_PATH, /dev/random, a directory?");
    step("fd: one opened with O_PATH; /dev/random; a directory, without and with MAP_ANONYMOUS.");
    int path = open(scratch_path("file"), O_PATH), dir = open(scratch_dir(), O_RDONLY);
    if (path == -1 || dir == -1) die("open");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, path, 0) == MAP_FAILED, EBADF,
                "a descriptor opened with O_PATH cannot be mapped: EBADF", "1.2-5");
    const char *rule = "the device /dev/random cannot be mapped: ENODEV";
    int device = open("/dev/random", O_RDONLY);
    if (device == -1)
        skip(rule, "1.2-5", unknown_text(unknown("/dev/random: %s", errno_name(errno))));
    else
        check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, device, 0) == MAP_FAILED, ENODEV, rule,
                    "1.2-5");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, dir, 0) == MAP_FAILED, ENODEV,
                "a directory cannot be mapped, not even with PROT_READ alone: ENODEV", "1.2-5");
    check(mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, dir, 0) != MAP_FAILED,
          "with MAP_ANONYMOUS, Linux ignores fd; portable programs pass -1", "1.2-5");

    predict("Is every multiple of the page size accepted as an offset?");
    step("offset: half a page; then one small page, in a file of huge pages.");
    tell("The notes say (1.2-6, in part): it must be a multiple of the page size, of 4096.");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page / 2) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL", "1.2-6");
    rule = "in a file of huge pages an offset of one small page is EINVAL";
    int huge = memfd_create("huge", MFD_HUGETLB), flags = MAP_SHARED | MAP_NORESERVE;
    if (huge == -1 || mmap(NULL, page, PROT_READ, flags, huge, 0) == MAP_FAILED)
        skip(rule, "1.2-6", unknown_text(unknown("huge pages: %s", errno_name(errno))));
    else
        check_errno(mmap(NULL, page, PROT_READ, flags, huge, page) == MAP_FAILED, EINVAL, rule,
                    "1.2-6");
    return end();
}
