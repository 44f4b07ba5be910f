/*
 * 05_cow_after_fork - which frame does a store reach after fork()?
 *
 * Notes      section 5, 写时复制（COW）机制详解; here with a private mapping of a file
 * Watch      the pages part at the first store, the address never changes
 * Corrects   5.2-1 5.2-4 5.2-5 5.2-8 5.3-2
 * Try this   1. In `char *p`, MAP_PRIVATE -> MAP_SHARED: checks 11, 14, 15, 17, 18, 20 and 22 fail,
 *               10 and 16 may
 *            2. child.said = faults_of_load(p, 1); -> child.said = faults_of_store(p, 1, 'C');:
 *               checks 8, 9, 13, 14 and 16 fail
 *            3. In `char *p`, MAP_PRIVATE -> MAP_PRIVATE | MAP_POPULATE:
 *               checks 1, 2, 3, 5, 6, 7, 13, 18 and 21 fail
 *            4. long original -> *p = 'P'; long original: checks 3, 8, 9, 10 and 21 fail
 * See also   mmap(2), fork(2); 05_cow_anonymous, 04_private_mapping
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 22, "which frame does a store reach after fork()?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct turns child;

    step("The parent maps one page of a file MAP_PRIVATE. The file holds an O, for original.");
    int fd = scratch_file("file", page);
    if (pwrite(fd, "O", 1, 0) != 1) die("pwrite");
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    picture({"parent", parent, p});
    check_str(page_kind(parent, p), NO_PAGE, "after mmap() the parent has no page yet", "5.2-1");

    predict("After fork(), is the page in the child's page table, too?");
    step("The parent reads the page, then calls fork(). The child touches nothing.");
    check_num(faults_of_load(p, 1), ==, 1, "the first read costs a page fault", "5.1-1");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        child.said = faults_of_load(p, 1);
        await_turn(&child);
        child.said = *p;
        await_turn(&child);
        child.said = faults_of_store(p, 1, 'C');
        await_turn(&child);
        child.said = *p;
        last_turn(&child);
    }
    tell("The notes say (5.2-1 5.2-4, wrong): both now have an entry for one frame, count 2.");
    picture({"parent", parent, p}, {"child", child.pid, p});
    long original = frame_of(parent, p);
    check_str(page_kind(parent, p), FILE_PAGE, "the parent maps the page cache's page", "5.1-1");
    check_num(smaps_kb(child.pid, p, "Size"), ==, page / 1024,
              "the child has the mapping at the same address", "5.2-2");
    check_str(page_kind(child.pid, p), NO_PAGE,
              "but not the page: fork() copies no entry while no page was written", "5.2-1");
    check_num(mapped_once(parent, p), ==, 1, "after fork() the page is still mapped once", "5.2-4");

    step("The child reads the page.");
    check_num(give_turn(&child), ==, 1, "the child's first read costs a fault of its own", "5.1-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_num(mapped_once(parent, p), ==, 0, "only now the page is mapped twice", "5.2-4");
    check_num(frame_of(child.pid, p), ==, original, "both entries name one frame", NULL);

    predict("Who is in another frame afterwards: the parent, the child, or both?");
    step("The parent stores a P.");
    long there = pages_present(parent, p, 1), faults = faults_of_store(p, 1, 'P');
    evidence("pages there before the store: %s; page faults of the store: %ld", number(there),
             faults);
    check_num(faults, ==, there, /* 1 and 1: a page is there, and yet the store faults */
              "the store faults: the entry was read-only in spite of PROT_WRITE", "5.2-3 5.3-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_str(page_kind(parent, p), ANONYMOUS_PAGE, "after its store the parent has a copy",
              "5.1-2 5.2-6");
    check_num(faults_of_store(p, 1, 'P'), ==, 0, "a second store does not fault", "5.1-2");
    check_str(page_kind(child.pid, p), FILE_PAGE, "the child still maps the page cache", "5.2-6");
    check_num(give_turn(&child), ==, 'O', "the child still reads the O", "5.1-2 5.2-6");
    check_num(mapped_once(child.pid, p), ==, 1, "the original's map count fell to 1", "5.2-6");

    predict("Is the page copied once more, or does the child keep the original?");
    step("The child stores a C. It is the only one that maps the original.");
    tell("The notes say (5.2-5, wrong): the kernel copies because the count is greater than 1.");
    check_num(give_turn(&child), ==, 1, "the child's store faults, too", "5.2-7");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_str(page_kind(child.pid, p), ANONYMOUS_PAGE,
              "even the last to map a file page gets a copy: the page cache owns it",
              "5.2-5 5.2-7");
    check_num(frame_of(child.pid, p), !=, original, "the copy is in another frame", "5.3-3");

    predict("Nobody maps the original any more. Is it freed?");
    step("Who has what? Look at the file through read() and through a new mapping.");
    tell("The notes say (5.2-8 5.3-2, wrong): the count is now 0, the original can be freed.");
    unsigned char resident = 0;
    char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (q == MAP_FAILED) die("mmap");
    if (mincore(q, page, &resident) == -1) die("mincore");
    check(resident & 1, "the original is still in memory: nothing was freed", "5.2-8 5.3-2");
    check(*q == 'O', "a new mapping finds the O there", "5.2-8 5.3-2");
    picture({"new", parent, q});
    check_num(frame_of(parent, q), ==, original, "the original is in the same frame as ever",
              "5.2-8");
    long in_child = give_turn(&child), in_file = byte_in_file(fd, 0);
    evidence("at %p: parent %c, child %c; file %c", (void *)p, *p, (char)in_child, (char)in_file);
    check(*p == 'P' && in_child == 'C' && in_file == 'O',
          "one address, three contents: parent P, child C, file O", "3.2-1 5.2-9 5.3-3");
    turns_close(&child);
    return end();
}
