/*
 * 10_1_full_disk - is ftruncate() before mmap() enough?
 *
 * Notes      section 10.1 文件大小问题, the cure of problem 1
 * Watch      a length is not space: on a full file system a store dies where write(2) fails
 * Try this   1. info.st_size < (off_t)page && -> nothing: check 1 fails
 *            2. if (ftruncate(fd, (off_t)page) == -1 ->
 *               if (posix_fallocate(fd, 0, (off_t)page) != 0: checks 2 and 3 fail
 *            3. (errno = posix_fallocate(safe, 0, 8 * (off_t)page)) != 0 ->
 *               ftruncate(safe, 8 * (off_t)page) == -1: checks 11 and 12 fail
 *            4. 16 * page -> 256 * page: checks 8, 9 and 10 fail
 * See also   ftruncate(2), posix_fallocate(3), user_namespaces(7); 10_1_file_size
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* One line into a file of /proc/self, as user_namespaces(7) wants it. */
static bool put(const char *path, const char *line) {
    int fd = open(path, O_WRONLY);
    return fd != -1 && write(fd, line, strlen(line)) != -1 && close(fd) == 0;
}

/* In a child: mounts a tmpfs of this size, in a world of its own that ends with it. */
static bool mount_small(const char *where, size_t bytes) {
    char uids[64], gids[64], option[64];
    snprintf(uids, sizeof uids, "%u %u 1", geteuid(), geteuid());
    snprintf(gids, sizeof gids, "%u %u 1", getegid(), getegid());
    snprintf(option, sizeof option, "size=%zu", bytes);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put("/proc/self/setgroups", "deny") &&
           put("/proc/self/uid_map", uids) && put("/proc/self/gid_map", gids) &&
           mount("small", where, "tmpfs", 0, option) == 0 && chdir(where) == 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 12, "is ftruncate() before mmap() enough?");
    size_t page = page_size();
    struct turns child;
    struct stat info;

    predict("The notes' cure is ftruncate() to the mapping's length: what if the file is longer?");
    step("A file of three pages, and a program that wants to map one.");
    tell("The notes say (10.1-3, in part): first extend the file with ftruncate().");
    int fd = scratch_file("old", 3 * page);
    if (pwrite(fd, "O", 1, 2 * (off_t)page) != 1 || fstat(fd, &info) == -1) die("pwrite");
    if (info.st_size < (off_t)page && ftruncate(fd, (off_t)page) == -1) die("ftruncate");
    char found = 0;
    if (pread(fd, &found, 1, 2 * (off_t)page) == -1) die("pread");
    check(found == 'O', "who asks for the length first destroys nothing", "10.1-3");
    if (ftruncate(fd, (off_t)page) == -1 || fstat(fd, &info) == -1) die("ftruncate");
    check_num(info.st_size, ==, page, "ftruncate() makes a longer file shorter", "10.1-3");
    if (ftruncate(fd, 3 * (off_t)page) == -1) die("ftruncate");
    check(byte_in_file(fd, 2 * page) == 0, "what ftruncate() cuts off is destroyed", "10.1-3");

    step("ftruncate() of a descriptor opened O_RDONLY, then beyond the limit for a file's length.");
    int readable = open(scratch_path("old"), O_RDONLY);
    struct rlimit limit;
    if (readable == -1 || getrlimit(RLIMIT_FSIZE, &limit) == -1) die("open, getrlimit");
    struct rlimit small = {page, limit.rlim_max};
    check_errno(ftruncate(readable, (off_t)page) == -1, EINVAL,
                "ftruncate() on a file opened O_RDONLY is EINVAL", "10.1-3");
    if (setrlimit(RLIMIT_FSIZE, &small) == -1) die("setrlimit"); /* begin() ignores SIGXFSZ */
    bool longer = ftruncate(fd, 4 * (off_t)page) == 0;
    if (setrlimit(RLIMIT_FSIZE, &limit) == -1) die("setrlimit");
    check_errno(!longer, EFBIG, "ftruncate() beyond RLIMIT_FSIZE is EFBIG, if SIGXFSZ is ignored",
                "10.1-3");

    step("Make a file 64 pages long: by ftruncate(), then by posix_fallocate().");
    int hole = scratch_file("hole", 0);
    if (ftruncate(hole, 64 * (off_t)page) == -1 || fstat(hole, &info) == -1) die("ftruncate");
    check_num(info.st_blocks, ==, 0, "ftruncate() reserves no space", "10.1-3");
    if ((errno = posix_fallocate(hole, 0, 64 * (off_t)page)) != 0 || fstat(hole, &info) == -1)
        die("posix_fallocate");
    check_num(info.st_blocks * 512, >=, 64 * page, "posix_fallocate() reserves space", "10.1-3");

    step("A child mounts a file system of 16 pages, in a namespace of its own.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        child.said = mount_small(scratch_dir(), 16 * page);
        last_turn(&child);
    }
    char path[64];
    bool mounted = give_turn(&child);
    snprintf(path, sizeof path, "/proc/%ld/cwd", (long)child.pid);
    evidence("the way to it: %s", mounted ? path : "none, it may not be mounted here");

    step("Two files on it: one reserves 8 pages, one is 64 pages long. Both are mapped.");
    int safe = -1, lost = -1;
    char *q = MAP_FAILED, *r = MAP_FAILED;
    if (mounted) {
        int dir = open(path, O_RDONLY | O_DIRECTORY);
        safe = openat(dir, "safe", O_RDWR | O_CREAT, 0600);
        lost = openat(dir, "lost", O_RDWR | O_CREAT, 0600);
        if (dir == -1 || safe == -1 || lost == -1) die("open in %s", path);
        if ((errno = posix_fallocate(safe, 0, 8 * (off_t)page)) != 0) die("posix_fallocate");
        if (ftruncate(lost, 64 * (off_t)page) == -1) die("ftruncate");
        q = mmap(NULL, 8 * page, RW, MAP_SHARED, safe, 0);
        r = mmap(NULL, 64 * page, RW, MAP_SHARED, lost, 0);
        if (q == MAP_FAILED || r == MAP_FAILED) die("mmap");
    }

    predict("How many of the 64 pages take a store, and what does the next store do?");
    step("Store into the long file page by page; then try write(2) and posix_fallocate().");
    long stored =
        unknown(access("/proc/self/uid_map", F_OK) == -1 ? "/proc/self/uid_map is missing"
                                                         : "no file system may be mounted here");
    const char *dies = NULL, *written = NULL, *reserved = NULL;
    if (mounted) {
        for (stored = 0; stored < 64; stored++)
            if (strcmp(dies = store_to(r + stored * (long)page), "no signal") != 0) break;
        written = pwrite(lost, "x", 1, 63 * (off_t)page) == -1 ? errno_name(errno) : "success";
        reserved = errno_name(posix_fallocate(lost, 0, 64 * (off_t)page));
    }
    evidence("pages that took a store: %s", number(stored));
    check_str(dies, "SIGBUS BUS_ADRERR", "a store for which there is no space dies", "10.1-3");
    check_str(written, "ENOSPC", "write(2) is ENOSPC where a store dies", "10.1-3");
    check_str(reserved, "ENOSPC", "posix_fallocate() is ENOSPC up front: that is the cure",
              "10.1-3");

    predict("The disk is full now: how many of the 8 reserved pages take a store?");
    step("Store into the pages of the file that has reserved them.");
    long kept = UNKNOWN, in_file = UNKNOWN;
    if (mounted) {
        for (kept = 0; kept < 8; kept++)
            if (strcmp(store_to(q + kept * (long)page), "no signal") != 0) break;
        in_file = byte_in_file(safe, 0);
    }
    evidence("pages that took a store: %s", number(kept));
    check_num(kept, ==, 8, "a full disk does no harm to stores into reserved pages", "10.1-3");
    check_num(in_file, ==, 'x', "stores into reserved pages are in the file", "10.1-3");
    turns_close(&child);
    return end();
}
