#define _GNU_SOURCE
/*
 * 10_1_full_disk - what does a store do when the disk is full?
 *
 * Notes      section 10.1 文件大小问题, the cure of problem 1
 * Watch      a length is not space: a store dies where write(2) would fail
 * Try this   give the file system 256 pages; use ftruncate() for the reserved file as well
 * See also   posix_fallocate(3), tmpfs(5), user_namespaces(7); 10_1_file_size, 11_safe_call
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* One line into a file of /proc/self, as user_namespaces(7) wants it. */
static bool put(const char *path, const char *line) {
    int fd = open(path, O_WRONLY);
    return fd != -1 && write(fd, line, strlen(line)) != -1 && close(fd) == 0;
}

/* Mounts a tmpfs of 16 pages, in namespaces of its own, which end with this process. */
static bool mount_small(const char *where) {
    char uids[64], gids[64], size[64];
    snprintf(uids, sizeof uids, "%u %u 1", geteuid(), geteuid());
    snprintf(gids, sizeof gids, "%u %u 1", getegid(), getegid());
    snprintf(size, sizeof size, "size=%zu", 16 * page_size());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", uids) && put("/proc/self/gid_map", gids) &&
           mount("small", where, "tmpfs", 0, size) == 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 5, "what does a store do when the disk is full?");
    size_t page = page_size();
    if (!mount_small(scratch_dir()))
        skip_all(
            unknown_text(unknown("no file system can be mounted here: %s", errno_name(errno))));

    predict("Which of the three calls find out that the file system is too small?");
    step("In a file system of 16 pages: posix_fallocate() of 8, then of 64; ftruncate() to 64.");
    int safe = open(scratch_path("safe"), O_RDWR | O_CREAT, 0600);
    int lost = open(scratch_path("lost"), O_RDWR | O_CREAT, 0600);
    if (safe == -1 || lost == -1) die("open");
    if ((errno = posix_fallocate(safe, 0, 8 * page)) != 0) die("posix_fallocate");
    check_is(errno_name(posix_fallocate(lost, 0, 64 * page)), "ENOSPC",
             "on tmpfs posix_fallocate() of more space than is left is ENOSPC, before any store",
             "10.1-3");
    check_is(ftruncate(lost, 64 * page), 0,
             "where files can have holes, ftruncate() can succeed even beyond the space there is",
             "10.1-3");

    predict("How many of the 64 pages take a store, and what does the next store do?");
    step("Map the file of 64 pages and store into it page by page; then try write(2).");
    tell("Not checked here (10.1-3): FUSE takes such stores; msync() is then the one to fail.");
    tell("ext4, XFS and btrfs are like tmpfs here: a store that finds no space dies of SIGBUS.");
    char *r = mmap(NULL, 64 * page, RW, MAP_SHARED, lost, 0);
    if (r == MAP_FAILED) die("mmap");
    const char *ends = "no signal";
    size_t stored = 0;
    while (stored < 64 && strcmp(ends = store_to(r + stored * page), "no signal") == 0)
        stored++;
    evidence("pages that took a store: %zu", stored);
    check_is(ends, "SIGBUS BUS_ADRERR",
             "on tmpfs a MAP_SHARED store for which there is no space dies of SIGBUS", "10.1-3");
    check_errno(pwrite(lost, "x", 1, stored * page) == -1, ENOSPC,
                "on tmpfs write(2) is ENOSPC where a store dies for lack of space", "10.1-3");

    predict("The disk is full now: how many of the 8 reserved pages take a store?");
    step("Store into the pages of the file that has reserved them.");
    tell("Not checked here (10.1-3): btrfs copies on write, and even such a store needs space.");
    char *q = mmap(NULL, 8 * page, RW, MAP_SHARED, safe, 0);
    if (q == MAP_FAILED) die("mmap");
    size_t kept = 0;
    while (kept < 8 && strcmp(store_to(q + kept * page), "no signal") == 0)
        kept++;
    check_is(kept, 8, "on a full tmpfs pages that posix_fallocate() has reserved take stores",
             "10.1-3");
    return end();
}
