#define _GNU_SOURCE
/*
 * 07_what_fork_inherits - what do parent and child share, the descriptor or the mapping?
 *
 * Notes      section 7.2 为什么可以通信？, 总结 5 and 选择建议
 * Watch      two files, then exec(); whether memory is shared never depends on the descriptor
 * Corrects   7.2-1
 * Try this   MAP_PRIVATE for a; MADV_DOFORK instead of MADV_DONTFORK; FD_CLOEXEC left on for b
 * See also   fork(2), execve(2), madvise(2) (MADV_DONTFORK); 07_parent_child, 09_who_shares
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static struct partner child;
static int fd_b; /* file b, in parent and child */

static long has_descriptor(void *number) {
    return fcntl(atoi(number), F_GETFD) != -1;
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

static long map_b_and_store_M(void *unused) {
    (void)unused;
    volatile char *p = mmap(NULL, page_size(), RW, MAP_SHARED, fd_b, 0);
    if (p == MAP_FAILED) die("mmap");
    return *p = 'M';
}

static long exec_again(void *program) {
    if (fcntl(fd_b, F_SETFD, 0) == -1 || dup2(child.socket[1], 0) == -1) die("fcntl, dup2");
    execvp(program, (char *[]){program, "--obey", NULL});
    die("exec");
}

int main(int argc, char **argv) {
    static act *const acts[] = {has_descriptor, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 6, "what do parent and child share, the descriptor or the mapping?");
    size_t page = page_size();
    char path[PATH_MAX];

    predict("The parent has closed file a. Does it still see what the child stores?");
    step("Map files a and b. Close a; mark b MADV_DONTFORK. fork(). The child stores into a.");
    tell("The notes say (7.2-1, wrong): both use one inherited descriptor, so they can talk.");
    int fd_a = scratch_file("a", page);
    fd_b = scratch_file("b", page);
    volatile char *a = mmap(NULL, page, RW, MAP_SHARED, fd_a, 0);
    volatile char *b = mmap(NULL, page, RW, MAP_SHARED, fd_b, 0);
    if (a == MAP_FAILED || b == MAP_FAILED) die("mmap");
    if (close(fd_a) == -1 || madvise((void *)b, page, MADV_DONTFORK) == -1) die("close, madvise");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    ask(&child, store_C, a);
    check_is(*a, 'C', "an inherited MAP_SHARED mapping is shared even if its descriptor is closed",
             "7.2-1 S-1");

    predict("What does the child have of b: the descriptor, the mapping, both?");
    step("Look for b in the child. Then the child maps file b once more, and stores an M.");
    check_is(ask_text(&child, has_descriptor, number(fd_b)), 1,
             "a child has the descriptor of a mapping marked MADV_DONTFORK", "7.2-1 S-1");
    check_is(page_kind(child.pid, b), NO_MAPPING, "a child lacks a mapping marked MADV_DONTFORK",
             "7.2-1");
    ask(&child, map_b_and_store_M, NULL);
    check_is(*b, 'M', "MAP_SHARED mappings of one page of a file are shared, whoever made them",
             "7.2-1");

    predict("After exec(), what does the child have of b: the descriptor, the mapping, both?");
    step("The child clears FD_CLOEXEC of b's descriptor and calls exec().");
    if (!realpath(scratch_path("b"), path)) die("realpath");
    start(&child, exec_again, argv[0]);
    child.unrelated = true; /* from now on the new program answers */
    check_is(ask_text(&child, has_descriptor, number(fd_b)), 1,
             "a descriptor without FD_CLOEXEC is still open after exec()", "7.2-1");
    check_is(mappings_named(child.pid, path), 0, "exec() unmaps what the process had mapped",
             "7.2-1");
    partner_close(&child);
    return end();
}
