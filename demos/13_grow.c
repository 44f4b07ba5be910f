#define _GNU_SOURCE
/*
 * 13_grow - how does a mapping grow, and what becomes of the pointers into it?
 *
 * Notes      beyond the notes: mremap(2), where section 10.1 has only ftruncate()
 * Watch      the addresses: in place while there is room, then somewhere else
 * Try this   ftruncate() first; more room for the second mremap(); private memory for s
 * See also   mremap(2), ftruncate(2); 10_1_file_size, 01_munmap, 13_own_pager
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* since Linux 5.7 */
#endif

int main(int argc, char **argv) {
    begin(argc, argv, 14, "how does a mapping grow, and what becomes of the pointers into it?");
    size_t page = page_size();

    step("Map a page of a file. After it comes a page that is free, after that one that is not.");
    int fd = scratch_file("file", page);
    char *room = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) die("mmap");
    char *p = mmap(room, page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED || munmap(room + page, page) == -1) die("mmap or munmap");
    size_t offset = page / 2;
    volatile char *pointer = p + offset;
    *pointer = 'P';

    predict("mremap() makes the mapping longer. What does a store past the end of the file do?");
    step("Make the mapping two pages long by mremap(); then the file, by ftruncate().");
    char *q = mremap(p, page, 2 * page, 0);
    evidence("was at %p, is now at %p", (void *)p, (void *)q);
    check(q == p, "mremap() makes a mapping longer in its place if the pages after it are free",
          "13.3-1");
    check_is(store_to(p + page), "SIGBUS BUS_ADRERR",
             "mremap() makes no file longer: a store past its last page dies of SIGBUS", "13.3-2");
    if (ftruncate(fd, 2 * page) == -1) die("ftruncate");
    check_is(store_to(p + page), "no signal",
             "once ftruncate() has made the file longer a longer mapping takes stores", "13.3-2");

    predict("The next page is taken. Does mremap() fail, or move the mapping?");
    step("Make it three pages long: in its place, then with MREMAP_MAYMOVE (it may be moved).");
    check_errno(mremap(p, 2 * page, 3 * page, 0) == MAP_FAILED, ENOMEM,
                "without MREMAP_MAYMOVE to grow into a page that is taken is ENOMEM", "13.3-1");
    (void)*pointer; /* FUSE drops the page at ftruncate(): bring it in again */
    volatile char *r = mremap(p, 2 * page, 3 * page, MREMAP_MAYMOVE);
    if (r == MAP_FAILED) die("mremap");
    evidence("was at %p, is now at %p", (void *)p, (void *)r);
    check(r != p, "with MREMAP_MAYMOVE a mapping without room to grow is moved", "13.3-1");
    check_is(faults_of(r[offset]), 0,
             "mremap() moves page-table entries: a load from a page that had one is no fault",
             "13.3-3");
    check_is(load_from(pointer), "SIGSEGV SEGV_MAPERR",
             "without MREMAP_DONTUNMAP a load from where a moved mapping was dies of SIGSEGV",
             "13.3-3");
    check_is(r[offset], 'P', "an offset into a mapping is good wherever mremap() moves it",
             "13.3-3");

    step("Make the mapping one page long again.");
    if (mremap((void *)r, 3 * page, page, 0) != r) die("mremap");
    check_is(load_from(r + page), "SIGSEGV SEGV_MAPERR",
             "mremap() to a smaller length unmaps the rest", "13.3-1");

    predict("Memory is moved, but its old place stays mapped. What is there: the A, or a 0?");
    step("Store an A in private memory. MREMAP_DONTUNMAP: move it, keep the old place mapped.");
    volatile char *a = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) die("mmap");
    *a = 'A';
    /* Without a fifth argument some C libraries pass the kernel what is left in a register. */
    volatile char *b = mremap((void *)a, page, page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    long none = b == MAP_FAILED ? unknown("MREMAP_DONTUNMAP: %s", errno_name(errno)) : 0;
    /* none: 0, or why there is no such flag. Then the check is skipped. */
    check_is(none ? none : *b, 'A',
             "MREMAP_DONTUNMAP moves the content of private anonymous memory to the new address",
             "13.3-4");
    check_is(none ? none : *a, 0,
             "MREMAP_DONTUNMAP leaves the old place of private anonymous memory mapped, all zeros",
             "13.3-4");

    predict("Which letter comes back, the S of shared or the P of private memory?");
    step("Map two pages of shared, two of private memory. Unmap the second, mremap() it back.");
    tell("Shared anonymous memory is a hidden file, which keeps the length it had in mmap().");
    char *s = mmap(NULL, 2 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *v = mmap(NULL, 2 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || v == MAP_FAILED) die("mmap");
    s[page] = 'S', v[page] = 'P';
    if (munmap(s + page, page) == -1 || munmap(v + page, page) == -1) die("munmap");
    s = mremap(s, page, 2 * page, MREMAP_MAYMOVE);
    v = mremap(v, page, 2 * page, MREMAP_MAYMOVE);
    if (s == MAP_FAILED || v == MAP_FAILED) die("mremap");
    check_is(s[page], 'S',
             "mremap() of its start gets an unmapped rest of shared anonymous memory back",
             "13.3-5");
    check_is(v[page], 0,
             "mremap() brings back zeros for what was unmapped of private anonymous memory",
             "13.3-5");

    predict("The mapping grows from two pages to three. What does a store to the third page do?");
    step("Make the mapping of the shared memory three pages long.");
    s = mremap(s, 2 * page, 3 * page, MREMAP_MAYMOVE);
    if (s == MAP_FAILED) die("mremap");
    check_is(store_to(s + 2 * page), "SIGBUS BUS_ADRERR",
             "shared anonymous memory keeps its first length: a store past that dies of SIGBUS",
             "13.3-6");
    return end();
}
