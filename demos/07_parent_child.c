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
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static char *p; /* the mapping, at the same address in parent and child */

static long faults_of_storing_N(void *at) {
    return faults_of(*(volatile char *)at = 'N');
}

static long store_text(void *text) {
    strcpy(p, text);
    return 0;
}

static long reads(void *text) {
    return strcmp(p, text) == 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 10, "how do parent and child talk through a mapping?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;
    int status;

    predict("Right after fork(): does the child have the page in its page table?");
    step("Map a file MAP_SHARED, write \"Nothing yet\", fork(). The child stores an N.");
    int fd = scratch_file("shared.txt", page);
    p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    strcpy(p, "Nothing yet");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(page_kind(child.pid, p), NO_PAGE,
             "on Linux fork() copies no entries of a MAP_SHARED file mapping", "7.3-1");
    check_is(ask(&child, faults_of_storing_N, p), 1,
             "in a child the first store to an inherited MAP_SHARED page is a fault", "7.3-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(same_frame(parent, p, child.pid, p), 1,
             "a MAP_SHARED page has the same address and frame in parent and child", "7.3-1");

    predict("The child is stopped before it stores. What does the parent read?");
    step("Something holds the child (SIGSTOP) before it stores its text. The parent reads.");
    tell("The notes say (7.1-1, in part): the parent sleeps for a second, then it reads.");
    if (kill(child.pid, SIGSTOP) == -1) die("kill");
    if (waitpid(child.pid, &status, WUNTRACED) == -1 || !WIFSTOPPED(status)) die("waitpid");
    start(&child, store_text, "Hello from child");
    check_is(p, "Nothing yet",
             "while the child is held up the parent reads the old text: a sleep is no guarantee",
             "7.1-1");

    step("The child goes on (SIGCONT). The parent waits until it has stored, then appends.");
    if (kill(child.pid, SIGCONT) == -1) die("kill");
    finish(&child);
    check_is(p, "Hello from child", "a parent that waits for the child's store reads its text",
             "7.1-1 12.1");
    strcat(p, " Modified by parent!");
    check_is(ask(&child, reads, "Hello from child Modified by parent!"), 1,
             "through MAP_SHARED the child also reads what its parent stores", "7.4-1");
    partner_close(&child);

    predict("open() has returned -1. What does mmap() do with that, what the next store?");
    step("What 7.4 leaves unchecked: open() has failed, and mmap() gets its -1.");
    char *unchecked = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);
    check_errno(unchecked == MAP_FAILED, EBADF,
                "with the -1 of a failed open(), mmap() of a file fails: EBADF", "7.4-1");
    check_is(signal_alone(store_to(unchecked)), "SIGSEGV", "a store to MAP_FAILED dies of SIGSEGV",
             "7.4-1");

    predict(
        "The program is started once more and opens its file. What does the first process read?");
    step("Begin as a second process that runs the program would: O_TRUNC, ftruncate().");
    int again = open(scratch_path("shared.txt"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (again == -1) die("open");
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "after another O_TRUNC a load dies of SIGBUS until the file is extended again",
             "7.4-1");
    if (ftruncate(again, page) == -1) die("ftruncate");
    check_is(p[0], 0, "after O_TRUNC and ftruncate() a load finds a zero: the text is lost",
             "7.4-1");
    return end();
}
