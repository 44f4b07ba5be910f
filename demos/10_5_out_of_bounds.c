#define _GNU_SOURCE
/*
 * 10_5_out_of_bounds - what does a store past the end of a mapping hit?
 *
 * Notes      section 10.5 内存访问问题, 问题8
 * Watch      a store past the end, four outcomes: it depends on what lies there
 * Try this   leave a page between the two mappings; let the guard page permit stores
 * See also   mmap(2), sigaction(2) (si_code); 01_munmap, 10_1_last_page
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_SHARED | MAP_FIXED)
#define GUARD (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

int main(int argc, char **argv) {
    begin(argc, argv, 6, "what does a store past the end of a mapping hit?");
    size_t page = page_size();
    pid_t self = getpid();
    int fd = scratch_file("file", page), next_fd = scratch_file("next", page);

    predict("Who notices: the kernel, the program, the owner of the other mapping, or nobody?");
    step("The mistake: p[page] = 'X'. The memory after p belongs to another mapping.");
    tell("The notes say (10.5-1, in part): p[4096] is out of bounds, a segmentation fault.");
    char *area = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    volatile char *p = mmap(area, page, RW, FIXED, fd, 0);
    volatile char *next = mmap(area + page, page, RW, FIXED, next_fd, 0);
    if (p == MAP_FAILED || next == MAP_FAILED) die("mmap");
    next[0] = 'N';
    picture({"p", self, p}, {"next", self, next});
    if (check_is(store_to(p + page), "no signal",
                 "a store past the end of a mapping need not raise a signal", "10.5-1"))
        p[page] = 'X';
    check_is(next[0], 'X',
             "a store past the end of a mapping overwrites a writable mapping that lies there",
             "10.5-1");

    predict("The next mapping gives its place to a guard page. How does the same store end now?");
    step("Put a guard page in its place: memory that permits nothing. Store there again.");
    char *guard = mmap(area + page, page, PROT_NONE, GUARD, -1, 0);
    if (guard == MAP_FAILED) die("mmap");
    check_is(store_to(p + page), "SIGSEGV SEGV_ACCERR",
             "a store to a guard page (PROT_NONE) dies of SIGSEGV", "10.5-1");

    predict("The length is 100: does a store to the last byte of the page die?");
    step("Map 100 bytes instead of a page. Store to the last byte of the page.");
    p = mmap(area, 100, RW, FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(store_to(p + page - 1), "no signal",
             "if 100 bytes of a file are mapped, a store to the last byte of the page works",
             "10.5-1");

    predict("The file has one page, the mapping two: does mmap() refuse? How does the store end?");
    step("Map two pages of the file, which has one, and store past p's first page.");
    p = mmap(area, 2 * page, RW, FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(store_to(p + page), "SIGBUS BUS_ADRERR",
             "a store to an ordinary page that begins past the end of its file dies of SIGBUS",
             "10.5-1");

    step("Unmap the second page, and store there once more.");
    if (munmap(area + page, page) == -1) die("munmap");
    check_is(store_to(p + page), "SIGSEGV SEGV_MAPERR",
             "a store to an unmapped page dies of SIGSEGV if nothing is there and no stack grows",
             "10.5-1");
    return end();
}
