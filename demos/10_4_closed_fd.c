/*
 * 10_4_closed_fd - what does a mapping still need of its file after mmap()?
 *
 * Notes      section 10.4 文件描述符问题
 * Watch      descriptor and name go, the file stays: the mapping itself keeps it open
 * Try this   1. In `char *p`, MAP_SHARED -> MAP_PRIVATE: checks 4, 5 and 8 fail
 *            2. In `char *p`, MAP_SHARED -> MAP_SHARED | MAP_ANONYMOUS:
 *               checks 4, 8, 12 and 13 fail
 *            3. if (close(fd) == -1) die("close"); -> nothing: checks 1, 2 and 13 fail
 *            4. unlink(path) == -1 -> fchmod(look, 0600) == -1: checks 6, 7 and 13 fail
 * See also   mmap(2), close(2), unlink(2), inotify(7); 07_what_fork_inherits
 */
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 13, "what does a mapping still need of its file after mmap()?");
    size_t page = page_size();
    char *path = scratch_path("file.txt");
    char text[16] = "";
    struct stat info;
    struct inotify_event news;

    step("Map a file and close its descriptor at once. A second one is for looking only.");
    int fd = scratch_file("file.txt", page);
    int look = open(path, O_RDWR);
    int notify = inotify_init1(IN_NONBLOCK);
    if (look == -1 || notify == -1) die("open, inotify_init1");
    if (inotify_add_watch(notify, path, IN_DELETE_SELF) == -1) die("inotify_add_watch");
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (close(fd) == -1) die("close");
    check_errno(fcntl(fd, F_GETFD) == -1, EBADF, "after close() the descriptor is EBADF", "10.4-1");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED, EBADF,
                "a new mapping would need the descriptor: EBADF", "10.4-1");
    check_str(store_to(p), "no signal", "a mapping that is there does not need its descriptor",
              "10.4-1");
    strcpy(p, "Hello");
    if (pread(look, text, sizeof text - 1, 0) == -1) die("pread");
    check_str(text, "Hello", "stores after close() are in the file", "10.4-1");
    picture({"p", getpid(), p});
    check_str(page_kind(getpid(), p), FILE_PAGE,
              "stores after close() go to the page cache as before", "10.4-1");

    predict("Do stores still reach the file, and does it still take up space?");
    step("Remove the file's name, too.");
    if (unlink(path) == -1 || fstat(look, &info) == -1) die("unlink");
    check_num(info.st_nlink, ==, 0, "after unlink() the file has no name", "10.4-1");
    check_errno(open(path, O_RDWR) == -1, ENOENT,
                "a file without a name cannot be opened by its path", "10.4-1");
    strcpy(p, "no name");
    if (pread(look, text, sizeof text - 1, 0) == -1) die("pread");
    check_str(text, "no name", "stores after unlink() are in the file", "10.4-1");
    check_num(info.st_blocks * 512, >=, page, "a file without a name still takes up its space",
              "10.4-1");

    predict("Neither name nor descriptor is left: is the file deleted now?");
    step("Close the last descriptor. What is left is the mapping.");
    if (close(look) == -1) die("close");
    check_str(p, "no name", "without name and descriptor the mapping still reads", "10.4-1");
    check_str(store_to(p), "no signal",
              "without name and descriptor the mapping still takes stores", "10.4-1");
    check_errno(read(notify, &news, sizeof news) == -1, EAGAIN,
                "the kernel has not deleted the file: inotify(7) reports nothing", "10.4-1");

    step("Unmap it.");
    if (munmap(p, page) == -1) die("munmap");
    check(read(notify, &news, sizeof news) > 0 && news.mask & IN_DELETE_SELF,
          "munmap() was the last use: now the file is deleted", "10.4-1");
    return end();
}
