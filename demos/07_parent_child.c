#define _GNU_SOURCE
/*
 * 07_parent_child - how do parent and child talk through a mapping?
 *
 * Notes      sections 7.1 基本流程, 7.3 内存布局, 7.4 完整示例
 * Watch      what the parent reads depends on whether the child has run, not on time
 * Try this   MAP_PRIVATE instead of MAP_SHARED; open() without O_TRUNC in the last step
 * See also   mmap(2), fork(2), waitpid(2); 02_who_waits, 07_what_fork_inherits, 08_notes_pair
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static char *p, *heap; /* the mapping; memory from malloc() */

static long faults_of_storing_N(void *unused) {
    (void)unused;
    return faults_of(*(volatile char *)p = 'N');
}

static long store_text(void *text) {
    strcpy(p, text);
    strcpy(heap, text);
    return 0;
}

static long reads(void *text) {
    return strcmp(p, text) == 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "how do parent and child talk through a mapping?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;
    int status;

    step("The parent maps a file MAP_SHARED, gets memory from malloc(), and writes into both.");
    int fd = scratch_file("shared.txt", page);
    p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    heap = malloc(page);
    if (p == MAP_FAILED || !heap) die("mmap, malloc");
    strcpy(p, "Nothing yet");
    strcpy(heap, "Nothing yet");

    predict("Right after fork(): does the child have the mapping? Does it have the page?");
    step("fork(). The child touches nothing; then it stores an N where there is one already.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(smaps_kb(child.pid, p, "Size"), page / 1024,
             "a child has its parent's mapping at the same address, without calling mmap()",
             "7.3-1");
    check_is(page_kind(child.pid, p), NO_PAGE,
             "on Linux a child does not inherit the page-table entry of a shared page", "7.3-1");
    check_is(ask(&child, faults_of_storing_N, NULL), 1,
             "a child's first store to an inherited MAP_SHARED page is a fault of its own",
             "7.3-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(same_frame(parent, p, child.pid, p), 1,
             "parent and child have a page of a MAP_SHARED mapping in one frame", "7.3-1");

    predict("The child is stopped before it stores. What does the parent read?");
    step("Something holds the child (SIGSTOP) before it stores its text. The parent reads.");
    tell("The notes say (7.1-1, in part): the parent sleeps for a second, then it reads.");
    if (kill(child.pid, SIGSTOP) == -1) die("kill");
    if (waitpid(child.pid, &status, WUNTRACED) == -1 || !WIFSTOPPED(status)) die("waitpid");
    start(&child, store_text, "Hello from child");
    evidence("while the child is stopped: \"%s\"", p);
    check_is(p, "Nothing yet",
             "while the child is held up the parent reads the old text: a sleep is no guarantee",
             "7.1-1");

    predict("The child goes on. In which of the two does the parent find its text?");
    step("The child goes on (SIGCONT), and the parent waits until it has stored.");
    if (kill(child.pid, SIGCONT) == -1) die("kill");
    finish(&child);
    evidence("mapping: \"%s\"; malloc(): \"%s\"", p, heap);
    check_is(p, "Hello from child", "a parent that waits for the child's store reads its text",
             "7.1-1 12.1");
    check_is(heap, "Nothing yet",
             "a store to memory from malloc() is not seen by the other process", NULL);

    step("The other direction: the parent appends, then the child reads. Then the child ends.");
    strcat(p, " Modified by parent!");
    check_is(ask(&child, reads, "Hello from child Modified by parent!"), 1,
             "through MAP_SHARED the child also reads what its parent stores", "7.4-1");
    partner_close(&child);
    check_is(p, "Hello from child Modified by parent!",
             "what a process has stored to a MAP_SHARED mapping outlives it", "7.4-1");

    predict(
        "open() has failed and returned -1. What does mmap() do with that, what the next store?");
    step("What 7.4 leaves unchecked: open() has failed, and mmap() gets its -1.");
    char *unchecked = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);
    check_errno(unchecked == MAP_FAILED, EBADF,
                "with the -1 of a failed open(), mmap() fails as well: EBADF", "7.4-1");
    check_is(signal_alone(store_to(unchecked)), "SIGSEGV", "a store to MAP_FAILED dies of SIGSEGV",
             "7.4-1");

    predict("The program is started once more and opens its file. What does the first copy read?");
    step("A second copy of the program begins as the first one did: O_TRUNC, ftruncate().");
    int again = open(scratch_path("shared.txt"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (again == -1) die("open");
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "after another copy's O_TRUNC a load dies of SIGBUS until the file is long again",
             "7.4-1");
    if (ftruncate(again, page) == -1) die("ftruncate");
    check_is(p[0], 0, "once the file is long again the load succeeds, but the text is lost: zeros",
             "7.4-1");
    return end();
}
