#define _GNU_SOURCE
/*
 * 03_demand_paging - when does a mapping of a file get its pages?
 *
 * Notes      section 3.3 mmap 的映射过程
 * Watch      mapping 1 GiB costs nothing; page tables and entries come with the page faults
 * Corrects   3.3-2
 * Try this   MAP_PRIVATE instead of MAP_SHARED; a store before the first look; no stores at all
 * See also   mmap(2), getrusage(2); 03_fault_around, 03_page_cache, 03_zero_page
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "scratch.h"

#define GIB     ((size_t)1 << 30)
#define HALF    (GIB / 2)
#define STRETCH (HALF / 8) /* so long that on most machines its two ends need two page tables */

int main(int argc, char **argv) {
    begin(argc, argv, 7, "when does a mapping of a file get its pages?");
    pid_t self = getpid();

    predict("How many page-table entries does mmap() make for 1 GiB?");
    step("Make a file of 1 GiB, all hole but for 8 pages far apart with an M in each. Map it.");
    int fd = scratch_file("gigabyte", 0);
    if (ftruncate(fd, GIB) == -1) die("ftruncate");
    for (size_t at = 0; at < HALF; at += STRETCH)
        if (pwrite(fd, "M", 1, at) != 1) die("pwrite");
    long size = proc_field("/proc/self/status", "VmSize");
    long tables = proc_field("/proc/self/status", "VmPTE");
    volatile char *p = mmap(NULL, GIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise((void *)p, GIB, MADV_NOHUGEPAGE); /* fails without huge pages: fine */
    tell("The notes say (3.3-2, wrong): mmap() makes page-table entries, without frames as yet.");
    check_is(change(size, proc_field("/proc/self/status", "VmSize")), GIB / 1024,
             "mmap() reserves a range of addresses", "3.3-1");
    check_is(pages_present(self, p, GIB / page_size()), 0,
             "without MAP_POPULATE or locking, mmap() of a file makes no page-table entries",
             "3.3-2");

    predict("Each of the 8 pages is stored to and then loaded from. How many page faults is that?");
    step("Store an N over each M, the first access to its page; then load each N.");
    count_faults();
    for (size_t at = 0; at < HALF; at += STRETCH)
        p[at] = 'N';
    long first = faults_counted();
    count_faults();
    for (size_t at = 0; at < HALF; at += STRETCH)
        (void)p[at];
    long next = faults_counted();
    tables = change(tables, proc_field("/proc/self/status", "VmPTE"));
    picture({"first", self, p}, {"second", self, p + STRETCH});
    evidence("page faults: %ld for 8 stores, %ld for 8 loads; page tables: +%s kB", first, next,
             number(tables));
    check_is(first / 8, 1, "the first store to a new MAP_SHARED file mapping is a page fault",
             "3.3-3");
    check_least(tables, 1, "page faults make page-table entries, and missing page tables as well",
                "3.3-2 3.3-7");
    check_is(page_kind(self, p), FILE_PAGE,
             "a page-table entry of a MAP_SHARED file mapping leads to the page cache", "3.3-5");
    check_is(byte_in_file(fd, 0), 'N',
             "a store that faults is carried out once its page is mapped writable", "3.3-7");
    check_is(next / 2, 0, /* one may be the stack's */
             "once a load from a page has worked, a load there is no fault until its entry changes",
             "3.3-8");
    return end();
}
