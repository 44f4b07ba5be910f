/*
 * 10_6_munmap - what do a wrong and a second munmap() do?
 *
 * Notes      section 10.6 munmap 问题, 问题9
 * Watch      the error is harmless, the success is dangerous: it hits whoever lives there now
 * Corrects   10.6-2
 * Try this   1. char *pointer = p + 100 -> char *pointer = p + page: checks 1, 3, 5 and 8 fail
 *            2. pointer -= (uintptr_t)pointer % page; -> nothing: checks 4 and 5 fail
 *            3. munmap(p + 3 * page, page / 2) -> munmap(p + 3 * page + page / 2, page / 2):
 *               checks 10 and 11 fail
 *            4. *address = NULL; -> nothing: check 18 fails
 * See also   munmap(2); 01_munmap
 */
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_SHARED | MAP_FIXED)

/* The cure for the second munmap(): who unmaps forgets the address. */
static int unmap(char **address, size_t length) {
    char *mapped = *address;
    *address = NULL;
    return mapped ? munmap(mapped, length) : 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 18, "what do a wrong and a second munmap() do?");
    size_t page = page_size();
    int fd = scratch_file("file", 4 * page), other_fd = scratch_file("other", page);

    predict("What is unmapped: nothing, one page, two?");
    step("The mistake: munmap(p + 100, page).");
    char *p = mmap(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < 4; i++)
        p[i * page] = (char)('A' + i);
    char *pointer = p + 100;
    check_errno(munmap(pointer, page) == -1, EINVAL, "munmap() inside a page is EINVAL", "10.6-1");
    check_str(load_from(p), "no signal", "after EINVAL the page is still mapped", "10.6-1");
    check_str(load_from(p + page), "no signal",
              "after EINVAL the next page, where the range would end, is mapped, too", "10.6-1");

    step("The cure: round down to the page.");
    pointer -= (uintptr_t)pointer % page;
    check(munmap(pointer, page) == 0, "the address rounded down to its page is accepted", "10.6-1");
    check_str(load_from(p), "SIGSEGV SEGV_MAPERR", "the page of an accepted address is gone",
              "10.6-1");

    predict("Is that allowed? If so, how much goes with half a page?");
    step("Unmap the third of four pages, then half a page of the fourth.");
    tell("The notes say (10.6-2, wrong): munmap() must be given the original address.");
    check(munmap(p + 2 * page, page) == 0, "an address that mmap() never returned will do",
          "10.6-2");
    check_str(load_from(p + 2 * page), "SIGSEGV SEGV_MAPERR",
              "a page unmapped in the middle of a mapping is gone", "10.6-2");
    check_str(load_from(p + page), "no signal", "the page before the hole is still there",
              "10.6-2");
    check(p[3 * page] == 'D', "the page behind the hole keeps its content", "10.6-2");
    check(munmap(p + 3 * page, page / 2) == 0, "munmap() accepts half a page as length", "10.6-2");
    check_str(load_from(p + 4 * page - 1), "SIGSEGV SEGV_MAPERR",
              "half a page as length takes the whole page away", "10.6-2");
    check(byte_in_file(fd, 2 * page) == 'C', "the file keeps what was stored in unmapped pages",
          NULL);

    predict("What does each of the later calls return, and what does it unmap?");
    step("The mistake: munmap() again, before and after another mapping comes to live there.");
    char *stale = p + page;
    check(munmap(stale, page) == 0, "the first munmap() succeeds", NULL);
    check(munmap(stale, page) == 0, "a second munmap() of the same range is no error", NULL);
    char *other = mmap(p + page, page, RW, FIXED, other_fd, 0);
    if (other == MAP_FAILED) die("mmap");
    other[0] = 'O';
    picture({"other", getpid(), other});
    *stale = 'X';
    check(byte_in_file(other_fd, 0) == 'X', "a stale pointer stores into what now lives there",
          NULL);
    check(munmap(stale, page) == 0, "a late munmap() succeeds on a mapping of somebody else", NULL);
    check_str(load_from(other), "SIGSEGV SEGV_MAPERR",
              "the owner of that mapping dies at its next access", NULL);

    show_also("unmap");
    step("The cure: forget the address as soon as it is unmapped.");
    char *once = mmap(p, page, RW, FIXED, fd, 0);
    if (once == MAP_FAILED) die("mmap");
    int first = unmap(&once, page);
    other = mmap(p, page, RW, FIXED, other_fd, 0);
    if (other == MAP_FAILED) die("mmap");
    int second = unmap(&once, page);
    evidence("the two calls returned %d and %d; the address is now %p", first, second,
             (void *)once);
    check_str(load_from(other), "no signal", "an address forgotten at munmap() can hit nobody",
              NULL);
    return end();
}
