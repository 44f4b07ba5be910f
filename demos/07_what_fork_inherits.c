#define _GNU_SOURCE
/*
 * 07_what_fork_inherits - what do parent and child share, the descriptor or the mapping?
 *
 * Notes      section 7.2 为什么可以通信？, 总结 5 and 选择建议
 * Watch      four cases, a file each; whether memory is shared never depends on the descriptor
 * Corrects   7.2-1
 * Try this   MAP_PRIVATE for a; MADV_DONTFORK for c instead of b; FD_CLOEXEC left on for d
 * See also   fork(2), execve(2), madvise(2) (MADV_DONTFORK); 07_parent_child, 09_dev_zero
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

static long load(void *p) {
    return *(volatile char *)p;
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

/* Maps a descriptor anew, and stores into the new mapping. */
static long map_and_store_C(void *descriptor) {
    volatile char *p = mmap(NULL, page_size(), RW, MAP_SHARED, *(int *)descriptor, 0);
    if (p == MAP_FAILED) die("mmap");
    return *p = 'C';
}

static long fork_and_store_G(void *p) {
    pid_t grandchild = fork();
    if (grandchild == -1) die("fork");
    if (grandchild == 0) {
        *(volatile char *)p = 'G';
        _exit(0);
    }
    return wait_for(grandchild);
}

int main(int argc, char **argv) {
    static act *const acts[] = {has_descriptor, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 11, "what do parent and child share, the descriptor or the mapping?");
    size_t page = page_size();
    struct partner child, execed, sibling;

    step("Map files a, b, c, d MAP_SHARED. Close a's descriptor; b is MADV_DONTFORK. fork().");
    int fd_a = scratch_file("a", page), fd_b = scratch_file("b", page);
    int fd_c = scratch_file("c", page), fd_d = scratch_file("d", page);
    volatile char *a = mmap(NULL, page, RW, MAP_SHARED, fd_a, 0);
    volatile char *b = mmap(NULL, page, RW, MAP_SHARED, fd_b, 0);
    volatile char *c = mmap(NULL, page, RW, MAP_SHARED, fd_c, 0);
    volatile char *d = mmap(NULL, page, RW, MAP_SHARED, fd_d, 0);
    if (a == MAP_FAILED || b == MAP_FAILED || c == MAP_FAILED || d == MAP_FAILED) die("mmap");
    if (close(fd_a) == -1 || madvise((void *)b, page, MADV_DONTFORK) == -1) die("close, madvise");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);

    predict("The parent has closed the file. Does it still see what the child stores?");
    step("(a) The descriptor was closed before fork(). The child stores a C into the mapping.");
    tell("The notes say (7.2-1, wrong): it works as fork() inherits the descriptor, which both "
         "use.");
    ask(&child, store_C, a);
    check_is(*a, 'C', "an inherited MAP_SHARED mapping is shared even if its descriptor is closed",
             "7.2-1 S-1");

    predict("Which of them does the child have: the descriptor, the mapping, both?");
    step("(b) MADV_DONTFORK has made fork() leave this mapping out. Look into the child.");
    check_is(ask_text(&child, has_descriptor, number(fd_b)), 1,
             "a child has the descriptor of a mapping marked MADV_DONTFORK", "7.2-1 S-1");
    check_is(load_from(b), "SIGSEGV SEGV_MAPERR", /* in one more child */
             "a child does not have a mapping marked MADV_DONTFORK: a load dies of SIGSEGV",
             "7.2-1");
    check_is(load_from(c), "no signal", "in a child a load from an inherited mapping works", "S-1");

    predict("The child maps the file anew. Does the parent see its store?");
    step("(c) The child maps the inherited descriptor itself, and stores into the new mapping.");
    ask(&child, map_and_store_C, &fd_c);
    check_is(*c, 'C', "two MAP_SHARED mappings of one file are shared, whichever process made them",
             "7.2-1");

    predict("After exec(), what is left: the descriptor, the mapping, both, neither?");
    step("(d) Another child clears FD_CLOEXEC of d's descriptor and calls exec().");
    char path[PATH_MAX];
    if (!realpath(scratch_path("d"), path)) die("realpath");
    partner_open(&execed);
    execed.unrelated = true;
    execed.pid = fork();
    if (execed.pid == -1) die("fork");
    if (execed.pid == 0) {
        if (fcntl(fd_d, F_SETFD, 0) == -1 || dup2(execed.socket[1], 0) == -1) die("fcntl, dup2");
        execvp(argv[0], (char *[]){argv[0], "--obey", NULL});
        die("exec");
    }
    check_is(ask_text(&execed, has_descriptor, number(fd_d)), 1,
             "a descriptor without FD_CLOEXEC is still open after exec()", "7.2-1");
    check_is(ask_text(&execed, has_descriptor, number(fd_c)), 0,
             "a descriptor with FD_CLOEXEC is closed by exec()", "7.2-1");
    check_is(mappings_named(child.pid, path), 1,
             "after fork() a child has the mapping of its parent", "S-1");
    check_is(mappings_named(execed.pid, path), 0, "after exec() the mapping is gone", "7.2-1");

    predict("Who sees a grandchild's store: the parent? Another child?");
    step("Another child is there already. The first child forks a grandchild, which stores a G.");
    partner_open(&sibling);
    sibling.pid = fork();
    if (sibling.pid == -1) die("fork");
    if (sibling.pid == 0) obey(&sibling);
    ask(&child, fork_and_store_G, a);
    check_is(*a, 'G', "a grandchild also shares an inherited MAP_SHARED mapping", "7.x-1");
    check_is(ask(&sibling, load, a), 'G',
             "siblings share an inherited MAP_SHARED mapping with each other", "7.x-1");
    partner_close(&sibling), partner_close(&execed), partner_close(&child);
    return end();
}
