#define _GNU_SOURCE
/*
 * 13_lock_limit - how much memory may a process lock, and what happens beyond that?
 *
 * Notes      beyond the notes: which errors mmap() and mlock() report if memory cannot be locked
 * Watch      one limit, three ways to lock, three errors: ENOMEM, EAGAIN, EPERM
 * Try this   a limit of two pages; lock a page from the beginning
 * See also   mlock(2), mmap(2) (MAP_LOCKED), setrlimit(2), capabilities(7); 13_locked, 02_limits
 */
#include <stdint.h>
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
    uint32_t version_and_pid[2] = {0x20080522, 0}, none[6] = {0}; /* capset(2), version 3 */
    return syscall(SYS_capset, version_and_pid, none) == -1 ? errno : 0;
}

/* The three ways. Each returns 0 or an errno value, and keeps nothing locked. */
static long with_mlock(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    void *p = mmap(NULL, length, RW, PRIVATE, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    int error = mlock(p, length) == -1 ? errno : 0;
    munmap(p, length);
    return error;
}

static long with_MAP_LOCKED(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    void *p = mmap(NULL, length, RW, PRIVATE | MAP_LOCKED, -1, 0);
    return p == MAP_FAILED ? errno : munmap(p, length);
}

static long with_mlockall(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    if (mlockall(MCL_FUTURE) == -1) return errno;
    void *p = mmap(NULL, length, RW, PRIVATE, -1, 0);
    int error = p == MAP_FAILED ? errno : munmap(p, length);
    munlockall();
    return error;
}

static long lock_and_keep(void *pages) {
    size_t length = *(size_t *)pages * page_size();
    return mlock(mmap(NULL, length, RW, PRIVATE, -1, 0), length) == -1 ? errno : 0;
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
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);

    step("A child lowers its limit, RLIMIT_MEMLOCK, to one page, then drops its privileges.");
    tell("A locked page stays in memory until it is unlocked: the kernel may not swap it out.");
    tell("The privilege CAP_IPC_LOCK, which root has, is to lock without a limit.");
    if (ask(&child, limit_to, &one) != 0) bail_out("setrlimit");
    evidence("two pages, before it drops its privileges: %s", error_of(with_mlock, &two));
    if (ask(&child, drop_capabilities, NULL) != 0) bail_out("capset");

    step("The child locks one page in three ways: mlock(), MAP_LOCKED, mlockall(MCL_FUTURE).");
    tell("mlock() locks what is mapped already; MAP_LOCKED is a flag of mmap(): lock this one;");
    tell("mlockall(MCL_FUTURE): from now on lock whatever mmap() maps.");
    check_is(error_of(with_mlock, &one), "success",
             "without CAP_IPC_LOCK mlock() locks as much as RLIMIT_MEMLOCK says", "13.6-10");
    check_is(error_of(with_MAP_LOCKED, &one), "success",
             "without CAP_IPC_LOCK MAP_LOCKED locks as much as RLIMIT_MEMLOCK says", "13.6-11");
    check_is(error_of(with_mlockall, &one), "success",
             "after mlockall(MCL_FUTURE) mmap() up to RLIMIT_MEMLOCK works", "13.6-12");

    predict("Now two pages, one more than the limit. Do all three report the same error?");
    step("The child tries to lock two pages in the same three ways.");
    check_is(error_of(with_mlock, &two), "ENOMEM",
             "without CAP_IPC_LOCK mlock() beyond an RLIMIT_MEMLOCK above 0 is ENOMEM", "13.6-10");
    check_is(error_of(with_MAP_LOCKED, &two), "EAGAIN",
             "without CAP_IPC_LOCK MAP_LOCKED beyond an RLIMIT_MEMLOCK above 0 is EAGAIN",
             "13.6-11");
    check_is(error_of(with_mlockall, &two), "EAGAIN",
             "with MCL_FUTURE, without CAP_IPC_LOCK, mmap() beyond RLIMIT_MEMLOCK is EAGAIN",
             "13.6-12");

    predict("One page is locked already. May the child lock another one?");
    step("The child locks a page and keeps it locked. Then it tries mlock() of another one.");
    evidence("the page that it keeps: %s", error_of(lock_and_keep, &one));
    check_is(error_of(with_mlock, &one), "ENOMEM",
             "without CAP_IPC_LOCK RLIMIT_MEMLOCK limits the sum of a process's locks", "13.6-13");

    predict("What do mlock() and mlockall() report if nothing at all may be locked?");
    step("The child sets its limit to 0, and tries to lock one page in the three ways again.");
    if (ask(&child, limit_to, &none) != 0) bail_out("setrlimit");
    check_is(error_of(with_mlock, &one), "EPERM",
             "without CAP_IPC_LOCK mlock() with a limit of 0 is EPERM", "13.6-14");
    evidence("MAP_LOCKED: %s (ENOMEM with musl, another C library)",
             error_of(with_MAP_LOCKED, &one));
    check_is(error_of(with_mlockall, &one), "EPERM",
             "without CAP_IPC_LOCK mlockall(MCL_FUTURE) with a limit of 0 is EPERM", "13.6-14");
    partner_close(&child);
    return end();
}
