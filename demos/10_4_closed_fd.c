#define _GNU_SOURCE
/*
 * 10_4_closed_fd - what does a mapping still need of its file after mmap()?
 *
 * Notes      section 10.4 文件描述符问题, 问题7
 * Watch      descriptor and name go, the file stays: the mapping itself keeps it open
 * Try this   MAP_ANONYMOUS as well; do not close the descriptor; keep the name
 * See also   mmap(2), close(2), unlink(2), inotify(7); 07_what_fork_inherits
 */
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* 1 if the watched file is reported to be deleted, 0 if nothing is reported. */
static long deleted(long watch) {
    struct inotify_event event;
    if (is_unknown(watch)) return watch;
    return read((int)watch, &event, sizeof event) > 0 && event.mask & IN_DELETE_SELF;
}

int main(int argc, char **argv) {
    begin(argc, argv, 7, "what does a mapping still need of its file after mmap()?");
    size_t page = page_size();
    const char *path = scratch_path("file.txt");
    struct stat before, after;

    predict("A store comes after close(). Is it in the file?");
    step("Open a file twice: fd is mapped and closed at once, look is only for looking.");
    int fd = scratch_file("file.txt", page);
    int look = open(path, O_RDWR);
    if (look == -1) die("open");
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (close(fd) == -1) die("close");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 0) == MAP_FAILED, EBADF,
                "without MAP_ANONYMOUS, mmap() of a closed descriptor is EBADF", "10.4-1");
    p[0] = 'C';
    check_is(byte_in_file(look, 0), 'C',
             "stores to a MAP_SHARED mapping after close() are in the file", "10.4-1 11.1-2");

    predict("The only name of the file is removed. Do stores still reach the file?");
    step("Remove the file's name.");
    long watch = inotify_init1(IN_NONBLOCK);
    if (watch == -1 || inotify_add_watch((int)watch, path, IN_DELETE_SELF) == -1)
        watch = unknown("inotify: %s", errno_name(errno));
    if (fstat(look, &before) == -1 || unlink(path) == -1) die("fstat, unlink");
    p[0] = 'U';
    check_is(byte_in_file(look, 0), 'U',
             "stores to a MAP_SHARED mapping after unlink() are in the file", "10.4-1");
    if (fstat(look, &after) == -1) die("fstat");
    if (after.st_nlink > 0 && access(path, F_OK) == -1) /* FUSE and NFS rename it, and wait */
        watch = unknown("the file system hides an open file instead");
    long space = before.st_blocks > 0 ? before.st_blocks : unknown("st_blocks is 0 here");
    check_least(after.st_blocks, space,
                "while it is open or mapped, a file without a name takes up its space", "10.4-1");

    predict("Neither name nor descriptor is left: is the file deleted now?");
    step("Close look, the last descriptor. What is left is the mapping.");
    if (close(look) == -1) die("close");
    p[1] = 'M';
    check(p[0] == 'U' && p[1] == 'M',
          "a mapping whose file has neither name nor descriptor left takes loads and stores",
          "10.4-1");
    check_is(deleted(watch), 0, "while it is mapped, a file without a name is not deleted",
             "10.4-1");

    predict("Is the file deleted once nothing maps it either?");
    step("Unmap p.");
    if (munmap((void *)p, page) == -1) die("munmap");
    check_is(deleted(watch), 1, "the last munmap() deletes a file without name and descriptor",
             "10.4-1");
    return end();
}
