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

/* Without a path: MAP_ANONYMOUS. */
static long map_page(void *path) {
    int fd = -1, flags = *(char *)path ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
    if (*(char *)path && (fd = open(path, O_RDWR)) == -1) die("open %s", (char *)path);
    char *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return (long)p;
}

static long letter(void *p) {
    return *(volatile char *)p;
}

static long child_stores_G(void *p) {
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) _exit((*(volatile char *)p = 'G') != 'G');
    return wait_for(pid);
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_page, letter, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 8, "which processes share the memory: child, grandchild, stranger?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child, b;
    volatile char *p[3], *q[3]; /* where parent and child have the pages, and B */
    if (access("/dev/zero", R_OK | W_OK) == -1)
        skip_all("there is no /dev/zero that can be opened O_RDWR");

    step("Parent and B, a stranger by exec(), map /dev/zero, a file, no file. Then fork().");
    close(scratch_file("file", page));
    const char *paths[3] = {"/dev/zero", scratch_path("file"), ""};
    start_unrelated(&b);
    for (int i = 0; i < 3; i++) {
        p[i] = (char *)map_page((char *)paths[i]);
        q[i] = (char *)ask_text(&b, map_page, paths[i]);
    }
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);

    predict("In which of the three mappings does the child find the P, and in which does B?");
    step("The parent stores a P into each of its three pages. The child and B look.");
    tell("The notes say (9.6-1, in part): /dev/zero is not shared with strangers: it is a device.");
    *p[0] = *p[1] = *p[2] = 'P';
    check(ask(&child, letter, p[0]) == 'P' && ask(&child, letter, p[1]) == 'P' &&
              ask(&child, letter, p[2]) == 'P',
          "a child sees its parent's store to inherited MAP_SHARED memory, file or no file",
          "9.4-2 9.6-1");
    check_is(ask(&b, letter, q[0]), 0,
             "a stranger that maps /dev/zero MAP_SHARED finds a 0 byte, not another's store",
             "9.4-4 9.6-1");
    check_is(ask(&b, letter, q[1]), 'P',
             "a stranger that maps a regular file MAP_SHARED sees what others store into it",
             "9.5-1 9.6-1");
    check_is(page_kind(b.pid, q[1]), FILE_PAGE,
             "MAP_SHARED of a regular file: a stranger's page is in the page cache", "9.5-1");
    check_is(ask(&b, letter, q[2]), 0,
             "a stranger that maps MAP_SHARED | MAP_ANONYMOUS finds a 0 byte, not another's store",
             "9.6-2");
    evidence("of /dev/zero:");
    picture({"parent", parent, p[0]}, {"child", child.pid, p[0]}, {"B", b.pid, q[0]});
    evidence("of the file:");
    picture({"parent", parent, p[1]}, {"child", child.pid, p[1]}, {"B", b.pid, q[1]});
    evidence("of no file:");
    picture({"parent", parent, p[2]}, {"child", child.pid, p[2]}, {"B", b.pid, q[2]});

    predict("Which of them finds the G: the parent, a second child, both, neither?");
    step("A child of the child stores a G where no file is. Parent and a new child look.");
    tell("The notes say (S-4, in part): MAP_ANONYMOUS is for parent and child only.");
    ask(&child, child_stores_G, p[2]);
    partner_close(&child);
    check_is(*p[2], 'G',
             "a process sees a grandchild's store to shared anonymous memory inherited from it",
             "7.x-1 S-4");
    pid_t second = fork();
    if (second == -1) die("fork");
    if (second == 0) _exit(*p[2]);
    check_is(WEXITSTATUS(wait_for(second)), 'G',
             "a child sees its sibling's child's store to shared anonymous memory both inherited",
             "7.x-1");

    predict("/proc/PID/map_files links to what PID has mapped. Can B get to the P from /dev/zero?");
    step("B opens /proc/PID/map_files/ADDRESSES, a link to the file of the parent's mapping.");
    tell("The notes say (9.4-1, in part): /dev/zero cannot be used between unrelated processes.");
    char link[96];
    snprintf(link, sizeof link, "/proc/%ld/map_files/%lx-%lx", (long)parent, (long)p[0],
             (long)(p[0] + page));
    long why = open(link, O_RDWR) == -1 ? unknown("map_files: %s", errno_name(errno)) : 0;
    check_is(
        why ? why : ask(&b, letter, (char *)ask_text(&b, map_page, link)), 'P',
        "MAP_SHARED of /dev/zero: with CAP_SYS_ADMIN a stranger maps it by /proc/PID/map_files",
        "9.4-1");
    partner_close(&b);
    return end();
}
