#define _GNU_SOURCE
/*
 * 03_fault_around - how many page faults are the first loads from 64 pages?
 *
 * Notes      section 3.3 mmap 的映射过程, step 2: 首次访问（触发缺页中断）
 * Watch      the page fault of one load maps neighbours as well, that of a store does not
 * Corrects   3.3-6
 * Try this   MAP_ANONYMOUS instead of the file; loads before the stores
 * See also   mmap(2), getrusage(2); 02_read_or_map (MAP_POPULATE), 03_demand_paging
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define PAGES 64L

/* Fault-around is a setting. Is it off here: does each page of another mapping take a fault? */
static bool is_off(int fd) {
    size_t page = page_size();
    volatile char *p = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        (void)p[i * page];
    return faults_counted() >= PAGES;
}

int main(int argc, char **argv) {
    begin(argc, argv, 2, "how many page faults are the first loads from 64 pages?");
    size_t page = page_size();
    ssize_t bytes = PAGES * page;

    predict("All 64 pages are loaded from for the first time. How many page faults is that?");
    step("Write and read 64 pages of a file, so that they are cached; map it; load from each.");
    char *zeros = calloc(1, bytes);
    int fd = scratch_file("file", bytes);
    if (!zeros || pwrite(fd, zeros, bytes, 0) != bytes) die("pwrite");
    if (pread(fd, zeros, bytes, 0) != bytes) die("pread");
    free(zeros);
    volatile char *p = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    tell("The notes say (3.3-6, wrong): the first access to a page raises a page fault.");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        (void)p[i * page];
    long faults = faults_counted();
    evidence("page faults: %ld", faults);
    check_least(
        is_off(fd) ? unknown("fault-around is off") : PAGES - faults, 1,
        "the page fault of one load usually maps several cached pages of a file (fault-around)",
        "3.3-6");

    predict("Does the fault of a store map several pages as well?");
    step("Control: store into each page of a private mapping of that file.");
    volatile char *q = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        q[i * page] = 'x';
    check_is(faults_counted() / PAGES, 1,
             "the page fault of a store to a private file mapping maps no other page", "3.3-3");
    return end();
}
