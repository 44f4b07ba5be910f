#define _GNU_SOURCE
/*
 * 13_lock_limit - how much memory may a process lock, and what happens beyond that?
 *
 * Notes      beyond the notes: what a call of mmap() or mlock() has to be checked for
 * Watch      one limit, three errors: ENOMEM, EAGAIN, EPERM
 * Try this   a limit of two pages; lock a page from the beginning; keep the capabilities (as root)
 * See also   mlock(2), mmap(2) (MAP_LOCKED), setrlimit(2), capabilities(7); 13_locked, 02_limits
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"

#define RW      (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

extern void __asan_init(void) __attribute__((weak)); /* ASan's own mlock() does nothing */

static long limit_to(void *pages) {
    size_t bytes = *(size_t *)pages * page_size();
    return setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){bytes, bytes}) == -1 ? errno : 0;
}

static long drop_capabilities(void *unused) {
    (void)unused;
    uint32_t version_and_pid[2] = {0x20080522, 0}, none[6] = {0}; /* capset(2) */
    return syscall(SYS_capset, version_and_pid, none) == -1 ? errno : 0;
}

static long map_then_lock(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    void *p = mmap(NULL, length, RW, PRIVATE, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    int error = mlock(p, length) == -1 ? errno : 0;
    munmap(p, length);
    return error;
}

static long map_locked(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    void *p = mmap(NULL, length, RW, PRIVATE | MAP_LOCKED, -1, 0);
    return p == MAP_FAILED ? errno : munmap(p, length);
}

static long lock_all_then_map(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    if (mlockall(MCL_FUTURE) == -1) return errno;
    void *p = mmap(NULL, length, RW, PRIVATE, -1, 0);
    int error = p == MAP_FAILED ? errno : munmap(p, length);
    munlockall();
    return error;
}

static long lock_and_keep(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    void *p = mmap(NULL, length, RW, PRIVATE, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    return mlock(p, length) == -1 ? errno : 0;
}

static struct partner child;

/* What the child's call ended with. */
static const char *error_of(act *call, size_t *pages) {
    return errno_name((int)ask(&child, call, pages));
}

int main(int argc, char **argv) {
    begin(argc, argv, 9, "how much memory may a process lock, and what happens beyond that?");
    static size_t none = 0, one = 1, two = 2;
    struct rlimit limit;
    if (__asan_init) skip_all("with ASan mlock() does nothing");
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == -1) die("getrlimit");
    if (limit.rlim_max < page_size()) skip_all("this user may not lock a page: RLIMIT_MEMLOCK");

    predict("The limit, RLIMIT_MEMLOCK, is one page. Will each of the three calls lock a page?");
    step("A child may lock one page and drops its capabilities. It locks a page in three ways.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    if (ask(&child, limit_to, &one) != 0) bail_out("setrlimit");
    evidence("with the capabilities of this user two pages: %s", error_of(map_then_lock, &two));
    tell("A process with CAP_IPC_LOCK, as root has it, may lock as much as it likes.");
    if (ask(&child, drop_capabilities, NULL) != 0) bail_out("capset");
    check_is(error_of(map_then_lock, &one), "success",
             "without CAP_IPC_LOCK mlock() locks as much as RLIMIT_MEMLOCK says", "13.6-10");
    check_is(error_of(map_locked, &one), "success",
             "without CAP_IPC_LOCK MAP_LOCKED locks as much as RLIMIT_MEMLOCK says", "13.6-11");
    check_is(error_of(lock_all_then_map, &one), "success",
             "after mlockall(MCL_FUTURE) mmap() up to RLIMIT_MEMLOCK works", "13.6-12");

    predict("Now it is two pages. What do the three calls report?");
    step("It locks two pages in the same three ways.");
    check_is(error_of(map_then_lock, &two), "ENOMEM",
             "without CAP_IPC_LOCK mlock() beyond RLIMIT_MEMLOCK is ENOMEM", "13.6-10");
    check_is(error_of(map_locked, &two), "EAGAIN",
             "without CAP_IPC_LOCK mmap() with MAP_LOCKED beyond RLIMIT_MEMLOCK is EAGAIN",
             "13.6-11");
    check_is(error_of(lock_all_then_map, &two), "EAGAIN",
             "without CAP_IPC_LOCK, after mlockall(MCL_FUTURE), mmap() beyond the limit is EAGAIN",
             "13.6-12");

    predict("One page is locked already. May the child lock another one?");
    step("The child locks a page and keeps it. Then it wants to lock another page.");
    evidence("the page that it keeps: %s", error_of(lock_and_keep, &one));
    check_is(error_of(map_then_lock, &one), "ENOMEM",
             "RLIMIT_MEMLOCK limits the sum of all that a process has locked", "13.6-13");

    predict("What do mlock() and mlockall() report if the limit is 0?");
    step("The child sets its limit to 0 and tries to lock one page in the three ways.");
    if (ask(&child, limit_to, &none) != 0) bail_out("setrlimit");
    check_is(error_of(map_then_lock, &one), "EPERM",
             "without CAP_IPC_LOCK mlock() with a limit of 0 is EPERM", "13.6-14");
    evidence("mmap() with MAP_LOCKED: %s; musl makes ENOMEM of it", error_of(map_locked, &one));
    check_is(error_of(lock_all_then_map, &one), "EPERM",
             "without CAP_IPC_LOCK mlockall(MCL_FUTURE) with a limit of 0 is EPERM", "13.6-14");
    partner_close(&child);
    return end();
}
