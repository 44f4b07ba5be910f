#define _GNU_SOURCE
/*
 * 05_cow_anonymous - what do parent and child share of anonymous memory?
 *
 * Notes      section 5.2 详细过程分析, the same with memory that belongs to no file
 * Watch      fork() copies the entries that are there; a page first touched later is not shared
 * Try this   MAP_SHARED instead of MAP_PRIVATE; a store into the other page; no store after fork()
 * See also   fork(2), madvise(2); 05_cow_after_fork, 05_last_owner, 03_zero_page
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"

#define PAGES 1024L /* where small pages have 4 KiB these 4 MiB have room for a huge one */

static long load(void *p) {
    return *(volatile char *)p;
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "what do parent and child share of anonymous memory?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    predict("Which of the two pages is in the child's page table after fork()?");
    step("Map private anonymous memory, store an O into one page, but not the next, and fork().");
    volatile char *p =
        mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise((void *)p, PAGES * page, MADV_NOHUGEPAGE); /* fails without huge pages: fine */
    volatile char *fresh = p + page;
    *p = 'O';
    check_is(pages_present(parent, p, PAGES), 1,
             "with MADV_NOHUGEPAGE a store to anonymous memory brings in one small page", "5.x-2");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    picture({"parent", parent, p}, {"child", child.pid, p}, {"parent", parent, fresh},
            {"child", child.pid, fresh});
    check_is(page_kind(child.pid, p), ANONYMOUS_PAGE,
             "fork() copies the page-table entries of private anonymous pages", "5.2-1");
    check_is(mapped_once(parent, p), 0,
             "fork() leaves a private anonymous page in one frame for parent and child", "5.2-1");
    check_is(page_kind(child.pid, fresh), NO_PAGE,
             "a page that nobody has touched has no entry that fork() could copy", "5.2-1");

    predict("Which of the two has a new frame afterwards: the parent, or the child?");
    step("The parent stores a P into the first page.");
    check_is(faults_of(*p = 'P'), 1, "a store to a page that copy-on-write shares is a page fault",
             "5.2-6");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(mapped_once(parent, p), 1,
             "after copy-on-write the process that has stored has a page of its own", "5.2-6");
    check_is(ask(&child, load, p), 'O',
             "after copy-on-write the process that has not stored has the old bytes",
             "4.4-4 5.2-6");

    predict("Does the child find the N?");
    step("The parent stores an N into the second page, which nobody has touched so far.");
    *fresh = 'N';
    check_is(ask(&child, load, fresh), 0,
             "a child sees no store of its parent's to a private page first touched after fork()",
             "4.4-4");
    picture({"parent", parent, fresh}, {"child", child.pid, fresh});
    partner_close(&child);
    return end();
}
