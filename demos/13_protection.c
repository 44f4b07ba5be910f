#define _GNU_SOURCE
/*
 * 13_protection - what does mprotect() change, and what does it refuse?
 *
 * Notes      beyond the notes: mprotect(2) changes the prot of section 1.2 of what is mapped
 * Watch      the lines "rw-s r--s rw-s": one mapping becomes three, and one again
 * Try this   PROT_READ for a page and one byte; MADV_DONTNEED under PROT_NONE; O_RDWR both times
 * See also   mprotect(2), proc(5); 10_2_permissions, 13_execute, 13_own_pager
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static bool takes_stores(volatile char *at) {
    return strcmp(store_to(at), "no signal") == 0;
}

static void show(const char *p) {
    size_t page = page_size();
    struct page a = look_at(getpid(), p), b = look_at(getpid(), p + page);
    struct page c = look_at(getpid(), p + 2 * page);
    evidence("%p  %4s %4s %4s", (const void *)p, a.permissions, b.permissions, c.permissions);
}

int main(int argc, char **argv) {
    begin(argc, argv, 15, "what does mprotect() change, and what does it refuse?");
    size_t page = page_size();
    pid_t self = getpid();

    predict("What can no longer be stored to: one byte, one page, or all from there on?");
    step("Map three pages of shared memory. Make one byte of the second page PROT_READ.");
    tell("Permissions of each page, as in /proc/PID/maps: r, w, x, s (shared); blank: not mapped.");
    char *p = mmap(NULL, 3 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    show(p);
    long before = smaps_kb(self, p + page, "Size");
    if (mprotect(p + page, 1, PROT_READ) == -1) die("mprotect");
    show(p);
    check_is(change(before, smaps_kb(self, p + page, "Size")), -2 * (long)page / 1024,
             "mprotect() with other permissions makes a page inside a mapping a mapping of its own",
             "13.1-1");
    check_is(store_to(p + 2 * page - 1), "SIGSEGV SEGV_ACCERR",
             "PROT_READ for one byte is for its whole page: a store there dies of SIGSEGV",
             "13.1-2");
    check(takes_stores(p + page - 1) && takes_stores(p + 2 * page),
          "mprotect() without PROT_GROWSDOWN changes no page outside its range of whole pages",
          "13.1-2");

    step("Allow loads and stores in it again.");
    if (mprotect(p + page, 1, RW) == -1) die("mprotect");
    show(p);
    check_is(smaps_kb(self, p + page, "Size"), before,
             "on Linux a shared anonymous mapping split by mprotect() is one again once all agree",
             "13.1-1");

    predict("What is in the page when access is allowed again: Q, or 0?");
    step("Store a Q in anonymous memory. Forbid all access to it, then allow it again.");
    volatile char *q = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (q == MAP_FAILED) die("mmap");
    *q = 'Q';
    if (mprotect((void *)q, page, PROT_NONE) == -1) die("mprotect");
    check_is(load_from(q), "SIGSEGV SEGV_ACCERR", "under PROT_NONE even a load dies of SIGSEGV",
             "13.1-3");
    check_is(page_kind(self, q), ANONYMOUS_PAGE,
             "a page of anonymous memory stays under PROT_NONE: no memory is given back", "13.1-3");
    if (mprotect((void *)q, page, RW) == -1) die("mprotect");
    check_is(*q, 'Q', "PROT_NONE and back by mprotect() changes no byte of a page", "13.1-3");

    predict("The middle page is refused. Can the first one be stored to afterwards?");
    step("Map 3 pages of a file, the middle from an O_RDONLY descriptor. Ask for PROT_WRITE.");
    int fd = scratch_file("file", 3 * page), read_only = open(scratch_path("file"), O_RDONLY);
    char *r = mmap(NULL, 3 * page, PROT_READ, MAP_SHARED, fd, 0);
    if (read_only == -1 || r == MAP_FAILED) die("open or mmap");
    void *middle = mmap(r + page, page, PROT_READ, MAP_SHARED | MAP_FIXED, read_only, page);
    if (middle == MAP_FAILED || close(read_only) == -1) die("mmap or close");
    bool writable_before = takes_stores(r);
    check_errno(
        mprotect(r, 3 * page, PROT_WRITE) == -1, EACCES,
        "PROT_WRITE for an O_RDONLY file's MAP_SHARED mapping is EACCES, even after close()",
        "13.1-4");
    show(r);
    check(!writable_before && takes_stores(r) && !takes_stores(r + page) &&
              !takes_stores(r + 2 * page),
          "when mprotect() is EACCES Linux has changed only the pages before the refused one",
          "13.1-5");

    step("Lower RLIMIT_DATA, the limit for private writable memory, to a page. Ask for more.");
    char *v = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct rlimit old, low;
    if (v == MAP_FAILED || getrlimit(RLIMIT_DATA, &old) == -1) die("mmap or getrlimit");
    low = (struct rlimit){page, old.rlim_max};
    if (setrlimit(RLIMIT_DATA, &low) == -1) die("setrlimit");
    long refused = mprotect(v, page, RW) == -1 ? errno : 0;
    if (!refused && mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        refused = unknown("the kernel ignores RLIMIT_DATA");
    if (setrlimit(RLIMIT_DATA, &old) == -1 || mprotect(v, page, RW) == -1) die("mprotect");
    check_is(refused, ENOMEM,
             "on Linux PROT_WRITE for private memory past RLIMIT_DATA is usually ENOMEM",
             "13.1-10");

    step("Other errors: a hole, an address inside a page, too long a range, unknown bits.");
    if (munmap(r + page, page) == -1) die("munmap");
    check_errno(mprotect(r, 3 * page, PROT_NONE) == -1, ENOMEM,
                "mprotect() of a range with a hole is ENOMEM", "13.1-6");
    show(r);
    /* The system call itself: musl's mprotect() rounds the address down, as POSIX permits. */
    check_errno(syscall(SYS_mprotect, p + 1, page, PROT_NONE) == -1, EINVAL,
                "on Linux the system call mprotect() of an address inside a page is EINVAL",
                "13.1-6");
    check(takes_stores(p) && takes_stores(p + page),
          "an mprotect() that is EINVAL for an address inside a page has changed nothing",
          "13.1-5");
    check_errno(mprotect(r, -page, PROT_NONE) == -1, ENOMEM,
                "mprotect() past the end of the address space is ENOMEM", "13.1-6");
    check_errno(mprotect(p, page, PROT_READ | 1 << 30) == -1, EINVAL,
                "on Linux a prot with unknown bits is EINVAL for mprotect()", "13.1-6");
    return end();
}
