#define _GNU_SOURCE
/*
 * 13_userfaultfd - can another process bring in a program's pages, without any signal?
 *
 * Notes      beyond the notes: sections 3.3 and 5.2 as in 13_own_pager, with userfaultfd(2)
 * Watch      the events: which page, a load or a store, missing or write-protected
 * Try this   pages filled with Z; a load from page 3; the last byte of page 0 instead of page 1
 * See also   userfaultfd(2), ioctl_userfaultfd(2); 13_own_pager, 03_demand_paging
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<linux/userfaultfd.h>)
#include <linux/userfaultfd.h>
#endif

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "words.h"

#define QUESTION "can another process bring in a program's pages, without any signal?"
#define RW       (PROT_READ | PROT_WRITE)

#ifdef UFFD_USER_MODE_ONLY
static int uffd;
static bool protects; /* can the kernel write-protect pages for it? */
static size_t page;
static volatile char *range;     /* the program's memory, for which the server is the pager */
static volatile char *originals; /* what the server puts there; both share this ... */
static char *told;               /* ... and this: the last event */

/* In the server: waits for a page fault in range, and ends it. */
static long serve(void *unused) {
    (void)unused;
    struct uffd_msg event;
    if (read(uffd, &event, sizeof event) != sizeof event) die("read");
    bool store = event.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WRITE;
    bool guarded = event.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP;
    size_t n = (event.arg.pagefault.address - (uintptr_t)range) / page;
    sprintf(told, "%s page %zu, %s", store ? "store to" : "load from", n,
            guarded ? "write-protected" : "missing");
    struct uffdio_copy fill = {.dst = (uintptr_t)(range + n * page), .len = page};
    struct uffdio_writeprotect permit = {.range = {fill.dst, page}};
    if (guarded) {
        if (ioctl(uffd, UFFDIO_WRITEPROTECT, &permit) == -1) die("ioctl UFFDIO_WRITEPROTECT");
        return 0;
    }
    fill.src = (uintptr_t)memset((char *)originals + n * page, 'A' + (int)n, page);
    if (protects && !store) fill.mode = UFFDIO_COPY_MODE_WP;
    if (ioctl(uffd, UFFDIO_COPY, &fill) == -1) die("ioctl UFFDIO_COPY");
    return 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 7, QUESTION);
    page = page_size();
    struct partner server;
    uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (uffd == -1) skip_all(unknown_text(unknown("userfaultfd: %s", errno_name(errno))));

    step("Make a userfaultfd: a descriptor from which a child, the server, reads page faults.");
    range = mmap(NULL, 8 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    originals = mmap(NULL, 8 * page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    told = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (range == MAP_FAILED || originals == MAP_FAILED || told == MAP_FAILED) die("mmap");
    struct uffdio_api api = {.api = UFFD_API};
    if (ioctl(uffd, UFFDIO_API, &api) == -1) die("ioctl UFFDIO_API");
    protects = api.features & UFFD_FEATURE_PAGEFAULT_FLAG_WP;
    struct uffdio_register all = {.range = {(uintptr_t)range, 8 * page}};
    all.mode = UFFDIO_REGISTER_MODE_MISSING | (protects ? UFFDIO_REGISTER_MODE_WP : 0);
    if (ioctl(uffd, UFFDIO_REGISTER, &all) == -1) die("ioctl UFFDIO_REGISTER");
    partner_open(&server);
    server.pid = fork();
    if (server.pid == -1) die("fork");
    if (server.pid == 0) obey(&server);

    predict("Page 1 is not there yet. Does the load find a 0, fail, or wait for the server?");
    step("The server waits in serve(), the program loads from page 1 of the range.");
    start(&server, serve, NULL);
    char found = range[page];
    finish(&server);
    evidence("event: %s", words(told));
    check_is(told, "load from page 1, missing",
             "a userfaultfd tells its server which page is missing", "13.2-5");
    check_is(found, 'B', "without UFFD_FEATURE_SIGBUS a load waits for a userfaultfd server's page",
             "13.2-5");
    check_is(faults_of(range[page]), 0,
             "a load from a page that a userfaultfd server has filled is no fault", "13.2-5");

    predict("The server keeps the original of page 1, a B. Does an x stored to the page reach it?");
    step("The server waits again. Store to page 1, which it filled write-protected, for a load.");
    if (protects) start(&server, serve, NULL);
    range[page] = 'x';
    long none = unknown("the kernel has no write-protection for userfaultfd");
    if (protects) finish(&server);
    evidence("event: %s", words(told));
    check_is(protects ? told : unknown_text(none), "store to page 1, write-protected",
             "a userfaultfd tells its server of a store to a write-protected page", "13.2-6");
    bool kept = range[page] == 'x' && originals[page] == 'B';
    check_is(protects ? kept : none, true,
             "UFFDIO_COPY fills in a copy: later stores leave the original as it was", "13.2-6");

    predict("How many events does a first store take: one, or two as with a signal handler?");
    step("The server waits in serve(), the program stores to page 3, which is missing.");
    start(&server, serve, NULL);
    range[3 * page] = 'x';
    finish(&server);
    evidence("event: %s", words(told));
    check_is(told, "store to page 3, missing",
             "a userfaultfd tells a store from a load: one event for a first store", "13.2-5");

    predict("The kernel itself has to load the name from a missing page. What is the result?");
    step("Call access() for a name in page 5. UFFD_USER_MODE_ONLY: only the program is served.");
    check_errno(access((char *)range + 5 * page, F_OK) == -1, EFAULT,
                "with UFFD_USER_MODE_ONLY a system call on a missing page is EFAULT", "13.2-7");
    partner_close(&server);
    return end();
}
#else
int main(int argc, char **argv) {
    begin(argc, argv, 0, QUESTION);
    skip_all("built without <linux/userfaultfd.h> of Linux 5.11 or later");
}
#endif
