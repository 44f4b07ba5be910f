#define _GNU_SOURCE
/*
 * 13_locked - what does it mean to lock memory, what unlocks it, and does a child inherit it?
 *
 * Notes      beyond the notes: there (3.3) every page comes at its first access
 * Watch      four ways to map; a locked page still faults after fork(), for it has to be copied
 * Try this   the child locks the page as well; MAP_LOCKED for MAP_POPULATE; shared memory
 * See also   mlock(2), mmap(2) (MAP_LOCKED, MAP_POPULATE), msync(2), madvise(2), fork(2);
 *            13_lock_limit, 13_advice, 03_demand_paging, 05_cow_anonymous
 */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"
#include "words.h"

#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

static const struct {
    const char *name;
    int flag;
    int (*lock)(const void *, size_t);
    const char *effect, *text, *claim;
} ways[] = {{"mmap() alone", 0, NULL, "4 faults, not locked",
             "without mlockall() mmap() alone brings in no page of private memory, and locks none",
             "13.6-1"},
            {"MAP_POPULATE", MAP_POPULATE, NULL, "0 faults, not locked",
             "MAP_POPULATE usually brings in all pages during mmap(), but locks none", "13.6-1"},
            {"MAP_LOCKED", MAP_LOCKED, NULL, "0 faults, locked",
             "MAP_LOCKED usually brings in all pages during mmap(), and locks them", "13.6-2"},
            {"mlock()", 0, mlock, "0 faults, locked",
             "mlock() brings in all pages of its range, and locks them", "13.6-3"}};

extern void __asan_init(void) __attribute__((weak)); /* ASan's own mlock() does nothing */

/* msync(2) refuses to invalidate what is locked. */
static long is_locked(void *p) {
    return msync(p, page_size(), MS_SYNC | MS_INVALIDATE) == -1 && errno == EBUSY;
}

int main(int argc, char **argv) {
    begin(argc, argv, 13,
          "what does it mean to lock memory, what unlocks it, and does a child inherit it?");
    size_t page = page_size(), four = 4 * page;
    struct partner child;
    int fd = scratch_file("file", page);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a precaution: each fault is to bring in one page */
    if (__asan_init) skip_all("with ASan mlock() does nothing");
    volatile char *p = mmap(NULL, four, RW, PRIVATE, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    if (mlock((void *)p, four) == -1)
        skip_all(unknown_text(unknown("mlock() of four pages: %s", errno_name(errno))));
    if (munmap((void *)p, four) == -1) die("munmap");

    predict("After which of the four ways do the stores still fault?");
    step("Map 4 private pages by mmap(), MAP_POPULATE, MAP_LOCKED, mlock(). Store into each.");
    tell("To lock a page is to keep it in memory: the kernel may not swap it out or drop it.");
    tell("It keeps no other process or thread away: that is what a mutex does (08_locks).");
    for (int i = 0; i < 4; i++) {
        char effect[40];
        p = mmap(NULL, four, RW, PRIVATE | ways[i].flag, -1, 0);
        if (p == MAP_FAILED || (ways[i].lock && ways[i].lock((void *)p, four))) die("mmap, mlock");
        const char *locked = is_locked((void *)p) ? "locked" : "not locked";
        count_faults();
        for (size_t at = 0; at < four; at += page)
            p[at] = 'x';
        long faults = faults_counted();
        evidence("%-12s  %ld faults, %s", ways[i].name, faults, words(locked));
        snprintf(effect, sizeof effect, "%ld faults, %s", faults, locked);
        check_is(effect, ways[i].effect, ways[i].text, ways[i].claim);
        if (munmap((void *)p, four) == -1) die("munmap");
    }

    predict("A page is locked twice. How many times must it be unlocked?");
    step("Lock a file's page twice; try MS_INVALIDATE, MADV_DONTNEED; munlock(), try again.");
    tell("MS_INVALIDATE asks msync() to throw cached copies away, so that they are read anew.");
    char *f = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (f == MAP_FAILED) die("mmap");
    for (int times = 0; times < 2; times++)
        if (mlock(f, page) == -1) die("mlock for the %d. time", times + 1);
    check_errno(msync(f, page, MS_SYNC | MS_INVALIDATE) == -1, EBUSY,
                "msync() with MS_INVALIDATE of a locked page is EBUSY", "13.6-4");
    check_errno(madvise(f, page, MADV_DONTNEED) == -1, EINVAL,
                "MADV_DONTNEED, which would drop a page, is EINVAL for a locked one", "13.6-5");
    if (munlock(f, page) == -1) die("munlock");
    check_is(msync(f, page, MS_SYNC | MS_INVALIDATE), 0,
             "one munlock() undoes all earlier locks of its range: they do not add up", "13.6-6");

    step("Lock the page once more, and unmap it.");
    if (mlock(f, page) == -1) die("mlock");
    check_is(proc_field("/proc/self/status", "VmLck"), page / 1024,
             "VmLck in /proc/PID/status is how many kB of its mappings a process has locked",
             "13.6-7");
    if (munmap(f, page) == -1) die("munmap");
    check_is(proc_field("/proc/self/status", "VmLck"), 0,
             "munmap() ends the locks of the pages that it unmaps", "13.6-7");

    predict("The child has the same memory. Is it locked in the child as well?");
    step("Lock a page of private memory and store a P. Fork a child. Then store a Q.");
    p = mmap(NULL, page, RW, PRIVATE, -1, 0);
    if (p == MAP_FAILED || mlock((void *)p, page) == -1) die("mmap, mlock");
    *p = 'P';
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(is_locked((void *)p), 1,
             "after fork() what the parent has locked is still locked in the parent", "13.6-8");
    check_is(ask(&child, is_locked, p), 0, "a child does not inherit memory locks", "13.6-8");
    check_is(faults_of(*p = 'Q'), 1,
             "the first store to a private page that a child shares faults, even if it is locked",
             "13.6-9");
    partner_close(&child);

    predict("A private file mapping is locked, and then made writable. Is a store a fault?");
    step("Map a file's page MAP_PRIVATE and PROT_READ, lock it. Allow stores by mprotect().");
    volatile char *q = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
    if (q == MAP_FAILED || mlock((void *)q, page) == -1) die("mmap, mlock");
    if (mprotect((void *)q, page, RW) == -1) die("mprotect");
    check_is(faults_of(*q = 'S'), 0,
             "on Linux mprotect() to PROT_WRITE copies locked private file pages: no fault later",
             "13.6-15");
    return end();
}
