/*
 * 07_what_fork_inherits - what do parent and child share, the descriptor or the mapping?
 *
 * Notes      section 7.2 为什么可以通信？, 总结 5 and 选择建议
 * Watch      four cases; whether memory is shared never depends on the descriptor
 * Corrects   7.2-1 7.x-1
 * Try this   1. In `char *a`, MAP_SHARED -> MAP_PRIVATE: checks 1, 10 and 11 fail
 *            2. madvise(d, -> madvise(b,: checks 3, 4 and 5 fail
 *            3. In `*own_b =`, *own_z -> *z: check 7 fails
 *            4. In `execed->said`, fcntl(atoi(number_text), F_GETFD) != -1 ->
 *               mmap(NULL, page_size(), RW, MAP_SHARED, atoi(number_text), 0) != MAP_FAILED:
 *               check 9 fails
 * See also   fork(2), execve(2), madvise(2); 07_parent_child, 09_dev_zero
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* The program after exec(): says whether it has the descriptor whose number it is given. */
static void after_exec(struct turns *execed, const char *number_text) {
    await_turn(execed);
    execed->said = fcntl(atoi(number_text), F_GETFD) != -1;
    last_turn(execed);
}

static const char *yes(long is) {
    return is == UNKNOWN ? "unknown" : is ? "yes" : "no";
}

int main(int argc, char **argv) {
    struct turns child, execed;
    if (has_role(argc, argv, "execed", &execed)) after_exec(&execed, argv[2]);
    begin(argc, argv, 11, "what do parent and child share, the descriptor or the mapping?");
    size_t page = page_size();

    step("The parent maps files a, b, d, /dev/zero, closes a's descriptor, marks d MADV_DONTFORK.");
    int fd_a = scratch_file("a", page), fd_b = scratch_file("b", page);
    int fd_d = scratch_file("d", page), zero = open("/dev/zero", O_RDWR);
    if (zero == -1) die("open /dev/zero");
    char *a = mmap(NULL, page, RW, MAP_SHARED, fd_a, 0);
    char *b = mmap(NULL, page, RW, MAP_SHARED, fd_b, 0);
    char *z = mmap(NULL, page, RW, MAP_SHARED, zero, 0);
    char *d = mmap(NULL, page, RW, MAP_SHARED, fd_d, 0);
    if (a == MAP_FAILED || b == MAP_FAILED || z == MAP_FAILED || d == MAP_FAILED) die("mmap");
    if (close(fd_a) == -1) die("close");
    if (madvise(d, page, MADV_DONTFORK) == -1) die("madvise");

    step("fork(). In its turns the child stores, forks a grandchild, maps b and /dev/zero again.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        child.said = fcntl(fd_d, F_GETFD) != -1;
        a[0] = 'C';
        pid_t grandchild = fork();
        if (grandchild == -1) die("fork");
        if (grandchild == 0) {
            a[1] = 'G';
            _exit(0);
        }
        wait_for(grandchild);
        await_turn(&child);
        char *own_b = mmap(NULL, page, RW, MAP_SHARED, fd_b, 0);
        char *own_z = mmap(NULL, page, RW, MAP_SHARED, zero, 0);
        if (own_b == MAP_FAILED || own_z == MAP_FAILED) die("mmap");
        *own_b = *own_z = 'C';
        last_turn(&child);
    }

    predict("The parent has closed the file. Does it still see what the child stores?");
    step("(a) The descriptor was closed before fork(). The child stores into the mapping.");
    tell("The notes say (7.2-1, wrong): fork() inherits the descriptor, both use the same one.");
    long d_descriptor = give_turn(&child);
    check(a[0] == 'C', "an inherited mapping is shared, even without any descriptor", "7.2-1 S-1");

    predict("Which has the child: the descriptor, the mapping, both?");
    step("(b) The mapping of d was marked MADV_DONTFORK. Look into the child.");
    long d_mapping = mappings_named(child.pid, scratch_path("d"));
    check_num(d_descriptor, ==, 1, "with MADV_DONTFORK the child has the descriptor", "7.2-1 S-1");
    check_num(d_mapping, ==, 0, "with MADV_DONTFORK it has not the mapping", "7.2-1");
    /* load_from() forks, too: it loads in another child. */
    check_str(load_from(d), "SIGSEGV SEGV_MAPERR",
              "a load from a MADV_DONTFORK mapping dies in a child", "7.2-1");
    check_str(load_from(b), "no signal", "a load from an inherited mapping works", "S-1");

    predict("The child maps the two descriptors anew. Which of its stores does the parent see?");
    step("(c) The child maps the descriptors that it has inherited, a file and /dev/zero.");
    give_turn(&child);
    check(*b == 'C', "two mappings of one file are shared, however they were made", "7.2-1");
    check(*z == 0, "two mappings of one /dev/zero descriptor are not shared", "7.2-1");

    predict("After exec(), what is left: the descriptor, the mapping, both, neither?");
    show_also("after_exec");
    step("(d) Another child calls exec(); the descriptor of b has no FD_CLOEXEC.");
    char fd_text[16];
    snprintf(fd_text, sizeof fd_text, "%d", fd_b);
    turns_open(&execed);
    execed.pid = fork();
    if (execed.pid == -1) die("fork");
    if (execed.pid == 0) {
        if (fcntl(fd_b, F_SETFD, 0) == -1 || dup2(execed.socket[1], 0) == -1) die("fcntl, dup2");
        execvp(argv[0], (char *[]){argv[0], "execed", fd_text, NULL});
        die("exec");
    }
    long e_descriptor = give_turn(&execed);
    long e_mapping = mappings_named(execed.pid, scratch_path("b"));
    check_num(e_descriptor, ==, 1, "after exec() the descriptor is there", "7.2-1");
    check_num(e_mapping, ==, 0, "after exec() the mapping is gone", "7.2-1");

    evidence("                              descriptor  mapping    shared");
    evidence("(a) closed before fork()      no          inherited  %s", yes(a[0] == 'C'));
    evidence("(b) MADV_DONTFORK             %-10s  %-9s  -", yes(d_descriptor), yes(d_mapping));
    evidence("(c) mapped again, a file      yes         its own    %s", yes(*b == 'C'));
    evidence("(c) mapped again, /dev/zero   yes         its own    %s", yes(*z == 'C'));
    evidence("(d) after exec()              %-10s  %-9s  -", yes(e_descriptor), yes(e_mapping));

    step("The grandchild has stored a G. A second child stores an S if it finds the first's C.");
    pid_t sibling = fork();
    if (sibling == -1) die("fork");
    if (sibling == 0) {
        if (a[0] == 'C') a[2] = 'S';
        _exit(0);
    }
    wait_for(sibling);
    tell("The notes say (7.x-1, wrong): this is a way for parent and child only.");
    check(a[1] == 'G', "a grandchild shares the mapping, too", "7.x-1 S-4");
    check(a[2] == 'S', "siblings share an inherited mapping among themselves", "7.x-1 S-4");
    turns_close(&execed);
    turns_close(&child);
    return end();
}
