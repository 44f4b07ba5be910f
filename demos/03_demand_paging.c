/*
 * 03_demand_paging - when does a mapping get its pages?
 *
 * Notes      sections 3.1 核心概念, 3.3 mmap 的映射过程
 * Watch      a mapping of 1 GiB costs nothing; pages come with page faults, one or many at a time
 * Corrects   3.3-2 3.3-6
 * Try this   1. In `char *p`, MAP_SHARED -> MAP_PRIVATE: checks 6 and 8 fail
 *            2. In `char *q`, MAP_SHARED -> MAP_PRIVATE | MAP_ANONYMOUS: check 11 fails
 *            3. MAP_SHARED | MAP_POPULATE -> MAP_SHARED: checks 12 and 13 fail
 *            4. In `char *guard`, MAP_PRIVATE -> MAP_SHARED: checks 15, 16 and 18 fail
 * See also   mmap(2), mincore(2), getrusage(2); 03_page_cache
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "scratch.h"

#define GIB   ((size_t)1 << 30)
#define PAGES ((size_t)64)

int main(int argc, char **argv) {
    begin(argc, argv, 18, "when does a mapping get its pages?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t self = getpid();

    predict("How much memory does that mapping take, and how much its page tables?");
    step("Make a file of 1 GiB that is one hole but for an M in the middle. Map all of it.");
    int fd = scratch_file("gigabyte", 0);
    if (ftruncate(fd, (off_t)GIB) == -1) die("ftruncate");
    if (pwrite(fd, "M", 1, (off_t)GIB / 2) != 1) die("pwrite");
    long size = status_kb(self, "VmSize"), tables = status_kb(self, "VmPTE");
    char *p = mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    size = change(size, status_kb(self, "VmSize"));
    tables = change(tables, status_kb(self, "VmPTE"));
    evidence("virtual memory +%s kB, page tables +%s kB", number(size), number(tables));
    tell("The notes say (3.3-2, wrong): mmap() makes the page-table entries, without frames.");
    check_num(size, ==, GIB / 1024, "mmap() takes a range of addresses", "3.3-1");
    check_num(tables, ==, 0, "mmap() makes no page-table entries", "3.3-2");
    check_num(pages_present(self, p, GIB / page), ==, 0, "mmap() brings no page in", "3.1-1 3.3-2");

    step("Store an N over the M: the first access to that page.");
    char *middle = p + GIB / 2;
    unsigned char resident = 0;
    if (mincore(middle, page, &resident) == -1) die("mincore");
    tables = status_kb(self, "VmPTE");
    picture({"before", self, middle});
    long first = faults_of_store(middle, 1, 'N'), second = faults_of_store(middle, 1, 'N');
    picture({"after", self, middle});
    check_num(first, ==, 1, "the first access is a page fault", "3.3-3");
    check_num(change(tables, status_kb(self, "VmPTE")), >, 0,
              "the fault makes the page table and the entry", "3.3-2 3.3-7");
    check_str(page_kind(self, middle), FILE_PAGE, "the entry leads to the page cache", "3.3-5");
    check(resident & 1, "the fault finds the page in the page cache, where write() put it",
          "3.3-4");
    check(byte_in_file(fd, GIB / 2) == 'N', "the store was then carried out: the file has the N",
          "3.3-7");
    check_num(second, ==, 0, "the next access does not fault: it goes straight to memory", "3.3-8");

    predict("All 64 pages are read for the first time. How many page faults is that?");
    step("Fill a file of 64 pages, so that the page cache has it, and read it through a mapping.");
    int cached = scratch_file("cached", bytes);
    for (size_t i = 0; i < PAGES; i++)
        if (pwrite(cached, "x", 1, (off_t)(i * page)) != 1) die("pwrite");
    char *q = mmap(NULL, bytes, PROT_READ, MAP_SHARED, cached, 0);
    if (q == MAP_FAILED) die("mmap");
    tell("The notes say (3.3-6, wrong): each page touched first is one page fault.");
    long one = faults_of_load(q, 1), present = pages_present(self, q, PAGES);
    long rest = faults_of_load(q + page, PAGES - 1);
    evidence("%s: the first fault mapped %s pages; %ld faults for all 64", file_system(cached),
             number(present), one + rest);
    check_num(one, ==, 1, "a cached page saves the disk, not the page fault", "3.3-4");
    if (page < 65536)
        check_num(one + rest, <, PAGES, "one fault maps several pages of a cached file", "3.3-6");
    else
        skip("one fault maps several pages of a cached file", "3.3-6", "pages of 64 KiB or more");

    step("Control: the same file, mapped with MAP_POPULATE.");
    char *r = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, cached, 0);
    if (r == MAP_FAILED) die("mmap");
    check_num(pages_present(self, r, PAGES), ==, PAGES, "MAP_POPULATE makes the entries at once",
              "3.3-2");
    check_num(faults_of_load(r, PAGES), ==, 0, "after MAP_POPULATE no access faults", "3.3-3");

    predict("How much memory does the reading take? Do the stores fault again?");
    step("Anonymous memory, 64 pages between two guards: read it all, then store into it all.");
    char *guard = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard == MAP_FAILED) die("mmap");
    char *a = guard + page;
    if (mprotect(a, bytes, PROT_READ | PROT_WRITE) == -1) die("mprotect");
    madvise(a, bytes, MADV_NOHUGEPAGE); /* EINVAL where the kernel has no huge pages: fine */
    long loads = faults_of_load(a, PAGES), read_kb = smaps_kb(self, a, "Rss");
    picture({"read 0", self, a}, {"read 1", self, a + page});
    evidence("mapped, but counted as memory in use (Rss): %s kB%s", number(read_kb),
             read_kb == 0 ? ": the zero page" : "");
    long stores = faults_of_store(a, PAGES, 'x'), stored_kb = smaps_kb(self, a, "Rss");
    picture({"store 0", self, a}, {"store 1", self, a + page});
    evidence("64 loads: %ld faults, %s kB; 64 stores: %ld faults, %s kB", loads, number(read_kb),
             stores, number(stored_kb));
    check_num(loads, ==, PAGES, "reading anonymous memory is one fault a page", "3.3-3");
    check_num(read_kb, ==, 0, "reading takes no memory: each page is the zero page", "3.3-5");
    check_num(stores, ==, PAGES, "the first store to a page that was read faults again", "3.3-5");
    check_num(stored_kb, ==, bytes / 1024, "a page that was stored to has a frame of its own",
              "3.3-5");
    check_str(page_kind(self, a), ANONYMOUS_PAGE, "a page of anonymous memory belongs to no file",
              "3.3-5");
    return end();
}
