#define _GNU_SOURCE
/*
 * 07_what_fork_inherits - what do parent and child share, the descriptor or the mapping?
 *
 * Notes      section 7.2 为什么可以通信？, 总结 5 and 选择建议
 * Watch      three cases, a file each; whether memory is shared never depends on the descriptor
 * Corrects   7.2-1
 * Try this   MAP_PRIVATE for a; MADV_DONTFORK for c instead of b; FD_CLOEXEC left on for c
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

static long has_descriptor(void *number) {
    return fcntl(atoi(number), F_GETFD) != -1;
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

static long map_and_store_M(void *descriptor) {
    volatile char *p = mmap(NULL, page_size(), RW, MAP_SHARED, *(int *)descriptor, 0);
    if (p == MAP_FAILED) die("mmap");
    return *p = 'M';
}

int main(int argc, char **argv) {
    static act *const acts[] = {has_descriptor, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 8, "what do parent and child share, the descriptor or the mapping?");
    size_t page = page_size();
    struct partner child, execed;

    predict("The parent has closed file a. Does it still see what the child stores?");
    step("Map files a, b, c. Close a; mark b MADV_DONTFORK. fork(). The child stores into a.");
    tell("The notes say (7.2-1, wrong): it works as fork() inherits the descriptor, which both "
         "use.");
    int fd_a = scratch_file("a", page), fd_b = scratch_file("b", page);
    int fd_c = scratch_file("c", page);
    volatile char *a = mmap(NULL, page, RW, MAP_SHARED, fd_a, 0);
    volatile char *b = mmap(NULL, page, RW, MAP_SHARED, fd_b, 0);
    volatile char *c = mmap(NULL, page, RW, MAP_SHARED, fd_c, 0);
    if (a == MAP_FAILED || b == MAP_FAILED || c == MAP_FAILED) die("mmap");
    if (close(fd_a) == -1 || madvise((void *)b, page, MADV_DONTFORK) == -1) die("close, madvise");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    ask(&child, store_C, a);
    check_is(*a, 'C', "an inherited MAP_SHARED mapping is shared even if its descriptor is closed",
             "7.2-1 S-1");

    predict("What does the child have of b: the descriptor, the mapping, both?");
    step("fork() has left b's mapping out. The child maps its descriptor anew, and stores an M.");
    check_is(ask_text(&child, has_descriptor, number(fd_b)), 1,
             "a child has the descriptor of a mapping marked MADV_DONTFORK", "7.2-1 S-1");
    check_is(load_from(b), "SIGSEGV SEGV_MAPERR", /* in one more child */
             "a child lacks a mapping marked MADV_DONTFORK: a load dies of SIGSEGV", "7.2-1");
    ask(&child, map_and_store_M, &fd_b);
    check_is(*b, 'M', "MAP_SHARED mappings of one regular file are shared, whoever made them",
             "7.2-1");

    predict("After exec(), what is left: the descriptor, the mapping, both, neither?");
    step("Another child clears FD_CLOEXEC of c's descriptor and calls exec().");
    char path[PATH_MAX];
    if (!realpath(scratch_path("c"), path)) die("realpath");
    partner_open(&execed);
    execed.unrelated = true;
    execed.pid = fork();
    if (execed.pid == -1) die("fork");
    if (execed.pid == 0) {
        if (fcntl(fd_c, F_SETFD, 0) == -1 || dup2(execed.socket[1], 0) == -1) die("fcntl, dup2");
        execvp(argv[0], (char *[]){argv[0], "--obey", NULL});
        die("exec");
    }
    check_is(ask_text(&execed, has_descriptor, number(fd_c)), 1,
             "a descriptor without FD_CLOEXEC is still open after exec()", "7.2-1");
    check_is(ask_text(&execed, has_descriptor, number(fd_b)), 0,
             "a descriptor with FD_CLOEXEC is closed by exec()", "7.2-1");
    check_is(mappings_named(child.pid, path), 1,
             "after fork() a child has the mapping of its parent", "S-1");
    check_is(mappings_named(execed.pid, path), 0, "after exec() the mapping is gone", "7.2-1");
    partner_close(&execed), partner_close(&child);
    return end();
}
