#define _GNU_SOURCE
/*
 * 11_checklist - what happens if an item of the checklist is forgotten?
 *
 * Notes      section 11.3 错误检查清单
 * Watch      which mistakes mmap() reports, and which it leaves for the first access
 * Corrects   11.3-2
 * Try this   in each step, observe the item that it forgets
 * See also   mmap(2); 11_safe_call; 10_1_file_size, 10_2_permissions, 10_5_out_of_bounds
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

int main(int argc, char **argv) {
    begin(argc, argv, 7, "what happens if an item of the checklist is forgotten?");
    size_t page = page_size();

    predict("open() has failed with ENOENT. What will mmap() say?");
    step("Item 1, forgotten: has open() succeeded? Its -1 goes on to mmap().");
    int missing = open(scratch_path("missing"), O_RDWR);
    check_errno(mmap(NULL, page, RW, MAP_SHARED, missing, 0) == MAP_FAILED, EBADF,
                "after a failed open() mmap() says EBADF, not what was wrong with the file",
                "11.3-1");

    predict("The file is empty. Which fails, and how: mmap(), or the first store?");
    step("Item 2, forgotten: is the file long enough? This one is empty.");
    int fd = scratch_file("file", 0);
    char *area = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    volatile char *p = mmap(area, 2 * page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(store_to(p), "SIGBUS BUS_ADRERR",
             "an empty file can be mapped, but a store to the mapping dies of SIGBUS", "11.3-1");

    predict("A file opened O_RDONLY: can a mapping with PROT_WRITE succeed?");
    step("Item 3, forgotten: do open() and prot agree?");
    tell("The notes say (11.3-1, in part): O_RDWR goes with PROT_READ | PROT_WRITE.");
    int read_only = open(scratch_path("file"), O_RDONLY);
    if (read_only == -1) die("open");
    check(mmap(NULL, page, RW, MAP_PRIVATE, read_only, 0) != MAP_FAILED,
          "O_RDONLY is enough for PROT_READ | PROT_WRITE if the mapping is MAP_PRIVATE", "11.3-1");

    step("Item 4, forgotten: is the offset a multiple of the page size?");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, page / 2) == MAP_FAILED, EINVAL,
                "mmap() with half a page as the offset is EINVAL", "11.3-1");

    predict("mmap() fails. Does if (p != NULL) find out? If not, how does a load from p end?");
    step("Item 5, forgotten: is it MAP_FAILED? Map SIZE_MAX - page bytes (too long), and load.");
    char *failed = mmap(NULL, SIZE_MAX - page, RW, MAP_SHARED, fd, 0);
    check(failed != NULL && strncmp(load_from(failed), "SIGSEGV", 7) == 0,
          "MAP_FAILED is not NULL, and a load from that address dies of SIGSEGV", "11.3-1");

    step("Item 6, forgotten: is every access inside the mapping? After two pages comes a guard.");
    if ((errno = reserve(fd, 2 * page)) != 0) die("reserve");
    check_is(store_to(p + 2 * page), "SIGSEGV SEGV_ACCERR",
             "a store past the end of a mapping, if to a guard page, dies of SIGSEGV", "11.3-1");

    predict("What does munmap() accept: p alone, the start of any page, any address?");
    step("Item 7, forgotten: munmap() of the second page, not of what mmap() returned.");
    tell("The notes say (11.3-2, wrong): munmap() must get the original address.");
    check_is(munmap(area + page, page) == 0 ? load_from(p + page) : "munmap() failed",
             "SIGSEGV SEGV_MAPERR",
             "munmap() of the second page of a mapping works: no original address is needed",
             "11.3-2");
    return end();
}
