#define _GNU_SOURCE
/*
 * 07_parent_child - how do parent and child talk through a mapping?
 *
 * Notes      sections 7.1 基本流程, 7.3 内存布局, 7.4 完整示例
 * Watch      what the parent reads depends on whether the child has run, not on time
 * Try this   MAP_PRIVATE instead of MAP_SHARED; open() without O_TRUNC in the last step
 * See also   mmap(2), fork(2), waitpid(2); 02_who_waits, 07_what_fork_inherits, 11_checklist
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
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
    begin(argc, argv, 8, "how do parent and child talk through a mapping?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    predict("Right after fork(): does the child have the page in its page table?");
    step("Map a file MAP_SHARED, store \"Nothing yet\", fork(). The child stores an N.");
    int fd = scratch_file("shared.txt", page);
    p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    strcpy(p, "Nothing yet");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(page_kind(child.pid, p), NO_PAGE,
             "on Linux fork() copies no page-table entries of a MAP_SHARED file mapping", "7.3-1");
    check_is(ask(&child, faults_of_storing_N, p), 1,
             "a child's first store to a MAP_SHARED file mapping is a fault of its own", "7.3-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_is(same_frame(parent, p, child.pid, p), 1,
             "a MAP_SHARED page that parent and child both stored to is in one frame", "7.3-1");

    predict("What does the parent read as long as the child has not run?");
    step("The child is late: the parent reads before it has stored its text.");
    tell("The notes say (7.1-1, in part): the parent sleeps for a second, then it reads.");
    check_is(p, "Nothing yet",
             "MAP_SHARED: a parent that does not wait reads the old text until its child stores",
             "7.1-1");

    predict("Does the child read what its parent appends?");
    step("The child stores its text. The parent waits until it has, then appends.");
    ask(&child, store_text, "Hello from child"); /* returns when it has */
    check_is(p, "Hello from child",
             "through MAP_SHARED a parent that waits for its child's store reads it", "7.1-1 12.1");
    strcat(p, " Modified by parent!");
    check_is(ask(&child, reads, "Hello from child Modified by parent!"), 1,
             "through MAP_SHARED a child reads what its parent stores", "7.4-1");
    partner_close(&child);

    predict("The program of 7.4 is started a second time. What does the first process read?");
    step("Begin as a second process that runs the program would: O_TRUNC, ftruncate().");
    int again = open(scratch_path("shared.txt"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (again == -1) die("open");
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "after O_TRUNC loads from a mapping die of SIGBUS until the file is extended",
             "7.4-1");
    if (ftruncate(again, page) == -1) die("ftruncate");
    check_is(p[0], 0, "after O_TRUNC and ftruncate() a load finds a zero: the text is lost",
             "7.4-1");
    return end();
}
