/*
 * 07_parent_child - how do parent and child talk through a mapping?
 *
 * Notes      sections 7.1 基本流程, 7.3 内存布局, 7.4 完整示例
 * Watch      what the parent reads depends on whether the child has had its turn, not on time
 * Try this   1. In `char *p =`, MAP_SHARED -> MAP_PRIVATE: checks 3, 5, 6, 8 and 10 fail
 *            2. Everywhere, heap, -> p + 64,: checks 7 and 9 fail
 *            3. In `char *unchecked`, MAP_SHARED -> MAP_SHARED | MAP_ANONYMOUS:
 *               checks 11 and 12 fail
 *            4. O_CREAT | O_TRUNC | O_RDWR -> O_CREAT | O_RDWR: check 13 fails
 * See also   mmap(2), fork(2), waitpid(2); 07_what_fork_inherits, 09_anonymous
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 13, "how do parent and child talk through a mapping?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct turns child;

    step("The parent maps a file MAP_SHARED, gets a page from malloc(), and writes into both.");
    int fd = scratch_file("shared.txt", page);
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    char *heap = malloc(page);
    if (!heap) die("malloc");
    strcpy(p, "Nothing yet");
    strcpy(heap, "Nothing yet");

    predict("Right after fork(): does the child have the mapping? Does it have the page?");
    step("fork(). Nobody sleeps: the child waits for its turn.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        child.said = faults_of_store(p, 1, 'N'); /* the byte that is there already */
        strcpy(p, "Hello from child");
        strcpy(heap, "Hello from child");
        await_turn(&child);
        child.said = strcmp(p, "Hello from child Modified by parent!") == 0;
        await_turn(&child);
        child.said = strcmp(heap, "Hello from child") == 0;
        last_turn(&child);
    }
    picture({"parent", parent, p}, {"child", child.pid, p});
    tell("The notes say (7.1-1, in part): the parent sleeps for a second, then it reads.");
    check_str(p, "Nothing yet", "before the child's turn the parent reads the old text", "7.1-1");
    check_num(smaps_kb(child.pid, p, "Size"), ==, page / 1024,
              "the child has the mapping, at the same address, without calling mmap()", "7.3-1");
    check_str(page_kind(child.pid, p), NO_PAGE,
              "a child does not inherit a shared page's entry in the page table", "7.3-1");

    predict("The child stores into both. In which one does the parent find the child's text?");
    step("The child's turn: it stores into the mapping and into the allocated memory.");
    check_num(give_turn(&child), ==, 1, "the child's first store is a page fault of its own",
              "7.3-1");
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("malloc(): \"%s\"; mapping: \"%s\"", heap, p);
    check_str(p, "Hello from child", "after the child's turn the parent reads its text",
              "7.1-1 12.1");
    check_num(frame_of(parent, p), ==, frame_of(child.pid, p), "both have one frame", "7.3-1");
    check_str(heap, "Nothing yet", "memory from malloc() is not shared", NULL);

    step("The other direction: the parent appends, then the child reads.");
    strcat(p, " Modified by parent!");
    strcpy(heap, "Modified by parent!");
    check_num(give_turn(&child), ==, 1, "the child reads what the parent has appended", "7.4-1");
    check_num(give_turn(&child), ==, 1,
              "the child's memory from malloc() still has the child's text", NULL);
    turns_close(&child);
    check_str(p, "Hello from child Modified by parent!", "the text outlives the child", "7.4-1");

    predict("open() has failed and returned -1. What does mmap() make of it, what the next store?");
    step("What 7.4 leaves unchecked: a failing open(), and a second copy of the program.");
    char *unchecked = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, -1, 0);
    check_errno(unchecked == MAP_FAILED, EBADF, "a failed open()'s -1 makes mmap() fail: EBADF",
                "7.4-1");
    check_str(store_to(unchecked), "SIGSEGV SEGV_MAPERR", "a store to MAP_FAILED dies", "7.4-1");
    int again = open(scratch_path("shared.txt"), O_CREAT | O_TRUNC | O_RDWR, 0600);
    if (again == -1) die("open");
    check_str(load_from(p), "SIGBUS BUS_ADRERR", "another copy's O_TRUNC takes the page away",
              "7.4-1");
    free(heap);
    return end();
}
