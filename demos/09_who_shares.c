#define _GNU_SOURCE
/*
 * 09_who_shares - which processes share the memory: child, grandchild, stranger?
 *
 * Notes      sections 9.4, 9.5 为什么普通文件可以，/dev/zero 不行？, 9.6 总结对比表, 总结
 * Watch      all three are page cache; what counts is whether two mappings lead to one file
 * Try this   MAP_PRIVATE instead of MAP_SHARED; the file instead of /dev/zero, or of no file
 * See also   mmap(2), fork(2), execve(2), proc(5); 09_dev_zero, 06_address_or_frame
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static const struct {
    const char *kind, *claims;
    bool with_b; /* does B, a stranger, share it as well? */
} rows[3] = {{"/dev/zero, MAP_SHARED", "9.4-4 9.6-1", false},
             {"regular file, MAP_SHARED", "9.5-1 9.6-1", true},
             {"MAP_SHARED | MAP_ANONYMOUS", "9.6-1 9.6-2", false}};
static long no_zero; /* why row 0 is skipped: there is no /dev/zero here */

static void check_row(int row, long seen, long expected, const char *text, const char *claims) {
    char sentence[100];
    snprintf(sentence, sizeof sentence, "%s: %s", rows[row].kind, text);
    check_is(row == 0 && no_zero ? no_zero : seen, expected, sentence, claims);
}

/* Without a path: MAP_ANONYMOUS. Returns the address, or -errno if the file cannot be opened. */
static long map_page(void *path) {
    int fd = -1, flags = *(char *)path ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
    if (*(char *)path && (fd = open(path, O_RDWR)) == -1) return -errno;
    char *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return (long)p;
}

static long letter(void *p) {
    return *(volatile char *)p;
}

static long store_S(void *p) {
    return *(volatile char *)p = 'S';
}

static long letter_that_a_child_sees(void *p) {
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) _exit((int)letter(p));
    return WEXITSTATUS(wait_for(pid));
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_page, letter, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 13, "which processes share the memory: child, grandchild, stranger?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child[2], b;
    volatile char *p[3], *q[3]; /* where the parent and its children have the pages, and B */

    step("Parent and B, a stranger, map pages of /dev/zero, a file, no file. Fork two children.");
    close(scratch_file("file", page));
    if (access("/dev/zero", W_OK) == -1) no_zero = unknown("/dev/zero: %s", errno_name(errno));
    const char *paths[3] = {no_zero ? "" : "/dev/zero", scratch_path("file"), ""};
    tell("B is a child as well, but exec() has taken away what it inherited.");
    start_unrelated(&b);
    for (int i = 0; i < 3; i++) {
        p[i] = (char *)map_page((char *)paths[i]);
        q[i] = (char *)ask_text(&b, map_page, paths[i]);
    }
    for (int i = 0; i < 2; i++) {
        partner_open(&child[i]);
        child[i].pid = fork();
        if (child[i].pid == -1) die("fork");
        if (child[i].pid == 0) obey(&child[i]);
    }

    predict("Three kinds of mapping, a child and a stranger: who finds the P in which?");
    step("The parent stores a P into each of its three pages. The first child and B look.");
    tell("The notes say (9.6-1, in part): /dev/zero is not shared with strangers: it is a device.");
    for (int i = 0; i < 3; i++) {
        *p[i] = 'P';
        check_row(i, ask(&child[0], letter, p[i]), 'P', "a child shares the mapping", "9.6-1");
        check_row(i, ask(&b, letter, q[i]), rows[i].with_b ? 'P' : 0,
                  rows[i].with_b ? "a stranger that maps it sees the store"
                                 : "a stranger finds a zero byte, not the store",
                  rows[i].claims);
        picture({"parent", parent, p[i]}, {"child", child[0].pid, p[i]}, {"B", b.pid, q[i]});
        check_row(i, same_frame(parent, p[i], b.pid, q[i]), rows[i].with_b,
                  rows[i].with_b ? "a stranger's page is the same" : "a stranger's page is another",
                  rows[i].claims);
    }
    check_is(page_kind(b.pid, q[1]), FILE_PAGE,
             "strangers that map a file MAP_SHARED share its page in the page cache", "9.5-1");

    predict("Does the second child see what the first has stored, once that has ended?");
    step("The first child stores an S where no file is, and ends. Second and its child look.");
    tell("The notes say (S-4, in part): MAP_ANONYMOUS is for parent and child only.");
    ask(&child[0], store_S, p[2]);
    partner_close(&child[0]);
    check_is(ask(&child[1], letter, p[2]), 'S',
             "a sibling sees what a child stored in shared anonymous memory before it ended",
             "S-4");
    check_is(ask(&child[1], letter_that_a_child_sees, p[2]), 'S',
             "a grandchild sees a store to shared anonymous memory as well", "S-4");
    partner_close(&child[1]);

    predict("Is there another way for B to the memory that the parent has from /dev/zero?");
    step("B opens /proc/PID/map_files/ADDRESSES, a link to the file of the parent's mapping.");
    tell("The notes say (9.4-1, in part): /dev/zero cannot be used between unrelated processes.");
    char link[96];
    snprintf(link, sizeof link, "/proc/%ld/map_files/%lx-%lx", (long)parent, (long)p[0],
             (long)(p[0] + page));
    long there = ask_text(&b, map_page, link);
    long why = there < 0 && there > -4096 ? unknown("map_files: %s", errno_name((int)-there)) : 0;
    check_is(why ? why : ask(&b, letter, (char *)there), 'P',
             "with CAP_SYS_ADMIN one can map the hidden file: /proc/PID/map_files", "9.4-1");
    partner_close(&b);
    return end();
}
