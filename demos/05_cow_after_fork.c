#define _GNU_SOURCE
/*
 * 05_cow_after_fork - which frame does a store reach after fork()?
 *
 * Notes      section 5, 写时复制（COW）机制详解; here with a private mapping of a file
 * Watch      the pages part at the first store; the address never changes
 * Corrects   3.2-3 5.2-1 5.2-4 5.2-5 5.2-8 5.3-2
 * Try this   MAP_SHARED instead of MAP_PRIVATE; MAP_POPULATE as well; a store before fork()
 * See also   mmap(2), fork(2); 05_cow_anonymous, 04_private_mapping
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static long load(void *p) {
    return *(volatile char *)p;
}

static long faults_of_a_load(void *p) {
    return faults_of(*(volatile char *)p);
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "which frame does a store reach after fork()?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    step("The parent maps a page of a file MAP_PRIVATE and loads from it. The file holds an O.");
    int fd = scratch_file("file", page);
    if (pwrite(fd, "O", 1, 0) != 1) die("pwrite");
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(faults_of(*p), 1, "the first load from a fresh file mapping is a page fault", "5.1-1");
    picture({"parent", parent, p});

    predict("After fork(), is the page in the child's page table as well?");
    step("The parent calls fork(). The child touches nothing.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    tell("The notes say (3.2-3, wrong): in a figure both processes have one page table.");
    tell("The notes say (5.2-1 5.2-4, wrong): both now have an entry for one frame, count 2.");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(page_kind(child.pid, p), NO_PAGE,
             "on Linux fork() copies no entries of a file mapping never stored to", "3.2-3 5.2-1");
    check_is(mapped_once(parent, p), 1,
             "fork() does not raise the map count of a page of a file mapping never stored to",
             "5.2-4");

    predict("Does the child's load cost a page fault? Does it take another frame?");
    step("The child loads from the page.");
    check_is(ask(&child, faults_of_a_load, p), 1,
             "in a child the first load from a file mapping never stored to faults", "3.2-3 5.1-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(same_frame(parent, p, child.pid, p), 1,
             "two processes that only load from a page of a file have it in one frame",
             "3.2-2 5.2-4");

    predict("Whose page is in another frame afterwards: the parent's, the child's, or both?");
    step("The parent stores a P.");
    check_is(faults_of(*p = 'P'), 1,
             "a store to a private file page only loaded from faults: its entry is read-only",
             "5.2-3 5.3-1");
    tell("The notes say (5.2-5, wrong): the kernel looks at the count, which is greater than 1.");
    tell("Not checked here (5.1-4): the kernel copies; then the processor repeats the store.");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(page_kind(parent, p), ANONYMOUS_PAGE,
             "a process that stores to a private page of a file gets a copy", "5.1-2 5.2-6");
    check_is(ask(&child, load, p), 'O',
             "a private store leaves the old content to a process that was forked before it",
             "5.1-2 5.2-6");

    predict("Is the page copied once more, or does the child keep the original?");
    step("The child stores a C. It is the only one that maps the original.");
    ask(&child, store_C, p);
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(page_kind(child.pid, p), ANONYMOUS_PAGE,
             "a first store copies a private file page even if nobody else maps it", "5.2-5 5.2-7");

    predict("Nobody maps the original any more. Is it freed?");
    step("What does each of them see? Look at the file as well, by mmap() and pread().");
    tell("The notes say (5.2-8 5.3-2, wrong): the count is now 0, the original can be freed.");
    volatile char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    check(faults_of(*q) == 1 && major_faults_counted() == 0 && *q == 'O',
          "a page of an open file usually outlives its last mapping, in the page cache",
          "5.2-8 5.3-2");
    picture({"parent", parent, p}, {"child", child.pid, p}, {"new", parent, q});
    check(*p == 'P' && ask(&child, load, p) == 'C' && byte_in_file(fd, 0) == 'O',
          "MAP_PRIVATE: one file page can differ in parent, child and file",
          "3.2-1 5.2-2 5.2-9 5.3-3");
    partner_close(&child);
    return end();
}
