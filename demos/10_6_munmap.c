#define _GNU_SOURCE
/*
 * 10_6_munmap - what does a second munmap() of the same address hit?
 *
 * Notes      section 10.6 munmap 问题, 问题9
 * Watch      the error is harmless, the success is dangerous: it unmaps what is there by then
 * Corrects   10.6-2
 * Try this   forget to clear the variable in unmap(); round p + 100 up to the next page
 * See also   munmap(2); 01_munmap (holes, lengths, ranges)
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_SHARED | MAP_FIXED)

/* The cure: a program that unmaps forgets the address in the same place. */
static int unmap(char **address, size_t length) {
    char *mapped = *address;
    *address = NULL;
    return mapped ? munmap(mapped, length) : 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "what does a second munmap() of the same address hit?");
    size_t page = page_size();
    int fd = scratch_file("file", 2 * page), other_fd = scratch_file("other", page);

    predict("Which of the two is an error: p + 100, p + page, or both?");
    step("Map two pages. Unmap one page at p + 100, then one at p + page.");
    tell("The notes say (10.6-2, wrong): munmap() must be given the original address.");
    char *p = mmap(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_errno(munmap(p + 100, page) == -1, EINVAL,
                "munmap(p + 100, page) is EINVAL: the address is inside a page", "10.6-1");
    char *stale = p + page;
    check_is(munmap(stale, page), 0, "munmap() accepts a page address that mmap() never returned",
             "10.6-2");
    check_is(load_from(stale), "SIGSEGV SEGV_MAPERR",
             "a load from an unmapped page dies of SIGSEGV if nothing is there and no stack grows",
             "10.6-2");

    predict("Something else is mapped there: what do a store and munmap() by the old address hit?");
    step("The mistake: another mapping takes the place. Store and munmap() by the old address.");
    volatile char *other = mmap(p + page, page, RW, FIXED, other_fd, 0);
    if (other == MAP_FAILED) die("mmap");
    *(volatile char *)stale = 'X';
    check_is(
        byte_in_file(other_fd, 0), 'X',
        "a store through a stale pointer reaches what is mapped there by then, if it is writable",
        NULL);
    int again = munmap(stale, page);
    check(again == 0 && strcmp(load_from(other), "SIGSEGV SEGV_MAPERR") == 0,
          "munmap() of a stale address succeeds, and unmaps what is mapped there by then",
          "10.6-2");

    predict("The same order of calls, with unmap(): what is still mapped at the end?");
    step("The cure: unmap() forgets the address as soon as it is unmapped.");
    char *once = mmap(p, page, RW, FIXED, fd, 0);
    if (once == MAP_FAILED) die("mmap");
    if (unmap(&once, page) == -1) die("munmap");
    other = mmap(p, page, RW, FIXED, other_fd, 0);
    if (other == MAP_FAILED) die("mmap");
    if (unmap(&once, page) == -1) die("munmap");
    check_is(
        load_from(other), "no signal",
        "an unmap function that sets its caller's pointer to NULL unmaps nothing the second time",
        NULL);
    return end();
}
