#define _GNU_SOURCE
/*
 * 13_malloc - which blocks of malloc() are mappings, and what does free() do with them?
 *
 * Notes      beyond the notes: 4.4 names private memory, malloc()'s, as a use of MAP_PRIVATE
 * Watch      from some size on, a block that was freed is no longer mapped
 * Try this   free the smallest block only; no access to the page; store before counting
 * See also   malloc(3), mallopt(3) (M_MMAP_THRESHOLD), brk(2); 05_cow_anonymous, 10_6_munmap
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"

/* msync(2) is ENOMEM where nothing is mapped. */
static bool is_mapped(char *address) {
    return msync(address - (size_t)address % page_size(), 1, MS_ASYNC) == 0;
}

static char *volatile block, *volatile other; /* volatile: for looks at them after free() */

int main(int argc, char **argv) {
    begin(argc, argv, 3,
          "which blocks of malloc() are mappings, and what does free() do with them?");
    size_t page = page_size(), size = 64, pages = 64;
    const size_t largest = (size_t)512 << 20;
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a precaution: a fault is to bring in one page */

    predict("Can the 64 bytes still be loaded once free() has taken them back?");
    step("Take two small blocks by malloc(), and free one of them. A child loads from it.");
    tell("Small blocks share pages, the heap. A large block is a mapping of its own, by mmap().");
    tell("To load from a freed block is an error all the same: malloc() may give it away again.");
    block = malloc(size);
    other = malloc(size);
    if (!block || !other) die("malloc");
    free(block);
    evidence("freed: %p   still in use: %p", (void *)block, (void *)other);
    const char *seen = load_from(block);
    bool together = (size_t)block / page == (size_t)other / page;
    long apart = unknown("two small blocks are not in one page here");
    check_is(together ? seen : unknown_text(apart), "no signal",
             "free() of a small block does not unmap its page while other blocks are in it",
             "13.7-1");

    predict("How large must a block be for free() to make its addresses invalid?");
    step("Take and free blocks of 128 bytes, 256, 512, ..., until one is unmapped.");
    do {
        size *= 2;
        block = malloc(size);
        if (!block) die("malloc");
        block += size / 2; /* its middle: other blocks may lie in its first page */
        free(block - size / 2);
    } while (is_mapped(block) && size < largest);
    evidence("after free(): %zu bytes still mapped, %zu no longer", size / 2, size);
    check_is(load_from(block), "SIGSEGV SEGV_MAPERR",
             "free() of a large enough block usually unmaps it: a load from it dies of SIGSEGV",
             "13.7-2");

    predict("How many page faults are the first stores to 64 pages from malloc()?");
    step("Take a block of 64 pages and store into each page.");
    block = malloc(pages * page);
    if (!block) die("malloc");
    volatile char *p = block;
    count_faults();
    for (size_t i = 0; i < pages; i++)
        p[i * page] = 'x';
    long faults = faults_counted();
    evidence("%ld faults; malloc() itself stores into the first page, or two", faults);
    check_least(
        faults, pages - 2,
        "a newly mapped block of malloc() has almost no page: they come at their first store",
        "13.7-3");
    free(block);
    free(other);
    return end();
}
