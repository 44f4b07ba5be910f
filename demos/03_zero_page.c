#define _GNU_SOURCE
/*
 * 03_zero_page - where does a load from fresh anonymous memory go?
 *
 * Notes      section 3.3 mmap 的映射过程, step 2, 4b: 分配物理内存页
 * Watch      256 pages can be loaded from and take no memory; each is allocated by a store
 * Try this   MAP_SHARED instead of MAP_PRIVATE; a store before the loads; loads instead of stores
 * See also   mmap(2), madvise(2), proc(5) (smaps: Rss); 03_demand_paging, 09_anonymous
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"

#define PAGES 256L /* so many that a fault more, divided by them, makes no difference */

int main(int argc, char **argv) {
    begin(argc, argv, 6, "where does a load from fresh anonymous memory go?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t self = getpid();

    predict("How much memory do the loads take?");
    step("Map 256 pages of private anonymous memory; load from each page.");
    volatile char *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise((void *)p, bytes, MADV_NOHUGEPAGE); /* fails without huge pages: fine */
    madvise((void *)p, bytes, MADV_DONTFORK);   /* unlike its neighbours: smaps counts it alone */
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        (void)p[i * page];
    check_is(faults_counted() / PAGES, 1,
             "first loads from private anonymous memory are one fault for each small page",
             "3.3-3");
    tell("A zero page is a frame full of zeros that the kernel keeps for all processes.");
    picture({"first", self, p}, {"middle", self, p + bytes / 2});
    evidence("memory in use (Rss): %s kB", number(smaps_kb(self, p, "Rss")));
    check_is(smaps_kb(self, p, "Rss"), 0,
             "loads from fresh private anonymous memory usually map a zero page, not in Rss",
             "3.3-5");
    check_is(same_frame(self, p, self, p + bytes / 2), 1,
             "private anonymous pages that were only loaded from usually share a frame of zeros",
             "3.3-5");

    predict("Do the stores fault again?");
    step("Store an x into each page.");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = 'x';
    check_is(faults_counted() / PAGES, 1,
             "the first store to a small private anonymous page only loaded from faults again",
             "3.3-5");
    picture({"first", self, p}, {"middle", self, p + bytes / 2});
    evidence("memory in use (Rss): %s kB", number(smaps_kb(self, p, "Rss")));
    check_is(smaps_kb(self, p, "Rss"), bytes / 1024,
             "the first store allocates a page of private anonymous memory: it counts in Rss",
             "3.3-5");

    predict("Does a load from shared anonymous memory take memory?");
    step("Control: load from each page of shared anonymous memory.");
    volatile char *s = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < PAGES; i++)
        (void)s[i * page];
    picture({"first", self, s}, {"middle", self, s + bytes / 2});
    check_is(smaps_kb(self, s, "Rss"), bytes / 1024,
             "in shared anonymous memory a load is enough to allocate a page", "3.3-5");
    return end();
}
