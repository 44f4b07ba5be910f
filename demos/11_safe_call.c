/*
 * 11_safe_call - how is a file mapped so that nothing can go wrong unnoticed?
 *
 * Notes      section 11, 保险调用方式: 11.1 标准调用流程, 11.2 完整示例
 * Watch      safe_map(): each step checked, a failure named, nothing left behind
 * Try this   1. (errno = posix_fallocate(fd, 0, (off_t)length)) != 0
 *               -> ftruncate(fd, (off_t)length): checks 3, 9 and 10 fail
 *            2. (errno = posix_fallocate(fd, 0, (off_t)length)) != 0
 *               -> posix_fallocate(fd, 0, (off_t)length) == -1: checks 17 and 21 fail
 *            3. In `p = mmap(`, MAP_FAILED -> NULL: checks 18 and 21 fail
 *            4. In `does not need it`, close(fd); -> nothing: checks 1 and 20 fail
 * See also   mmap(2), posix_fallocate(3), setrlimit(2); 11_checklist, 10_5_out_of_bounds
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static const char *failed(const char *call, int code) {
    static char text[64];
    snprintf(text, sizeof text, "%s: %s", call, errno_name(code));
    return text;
}

/* Maps the first `length` bytes of a file, shared. Says "ok", or which call failed and why. */
static const char *safe_map(const char *path, size_t length, char **map) {
    struct stat info;
    const char *result = "ok";
    void *p;
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600); /* no O_TRUNC */
    if (fd == -1) return failed("open", errno);
    if (fstat(fd, &info) == -1)
        result = failed("fstat", errno);
    else if (!S_ISREG(info.st_mode))
        result = "fstat: no regular file";
    else if (length == 0 || length > PTRDIFF_MAX)
        result = "length: out of range";
    /* Makes a short file longer and fills its holes: no store will die. Never shrinks it. */
    else if ((errno = posix_fallocate(fd, 0, (off_t)length)) != 0)
        result = failed("posix_fallocate", errno);
    else if ((p = mmap(NULL, length, RW, MAP_SHARED, fd, 0)) == MAP_FAILED)
        result = failed("mmap", errno);
    else
        *map = p;
    close(fd); /* the mapping does not need it */
    return result;
}

/* Writes to the disk and unmaps: here, not in munmap(), a write error shows. */
static const char *safe_unmap(char *map, size_t length) {
    const char *result = msync(map, length, MS_SYNC) == -1 ? failed("msync", errno) : "ok";
    return munmap(map, length) == -1 ? failed("munmap", errno) : result;
}

#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

/* safe_map() while a limit of this process is lowered. */
static const char *limited(resource which, rlim_t limit, const char *path, size_t length,
                           char **map) {
    struct rlimit old, low;
    if (getrlimit(which, &old) == -1) die("getrlimit");
    low = (struct rlimit){limit, old.rlim_max};
    if (setrlimit(which, &low) == -1) die("setrlimit");
    const char *result = safe_map(path, length, map);
    if (setrlimit(which, &old) == -1) die("setrlimit");
    return result;
}

static int free_descriptor(void) {
    int fd = dup(STDERR_FILENO);
    if (fd == -1) die("dup");
    close(fd);
    return fd;
}

int main(int argc, char **argv) {
    begin(argc, argv, 21, "how is a file mapped so that nothing can go wrong unnoticed?");
    size_t page = page_size();
    char text[64] = "", *p = MAP_FAILED, path[1100];
    struct stat info;

    show_also("safe_map");
    step("Map one page of an empty file by safe_map().");
    int fd = scratch_file("mmap.txt", 0), before = free_descriptor();
    snprintf(path, sizeof path, "%s", scratch_path("mmap.txt"));
    const char *result = safe_map(path, page, &p);
    if (p == MAP_FAILED) bail_out("%s", result);
    check_num(free_descriptor(), ==, before, "after mmap() the descriptor is closed", "11.1-2");
    if (fstat(fd, &info) == -1) die("fstat");
    check_num(info.st_size, ==, page, "an empty file is made as long as asked for",
              "11.1-1 11.2-1");
    check_num(info.st_blocks * 512, >=, page,
              "posix_fallocate() has reserved its space: no hole is left in the file", "11.1-1");

    show_also("safe_unmap");
    step("Use it up to its last byte, write it to the disk, and unmap it.");
    if (check_str(store_to(p + page - 1), "no signal", "all bytes of the mapping can be used",
                  "11.1-1 11.1-2 11.2-1"))
        strcpy(p, "Hello, mmap!");
    check_str(safe_unmap(p, page), "ok", "msync() and munmap() succeed", "11.1-1 11.2-1");
    check_str(load_from(p), "SIGSEGV SEGV_MAPERR", "after munmap() nothing is mapped there",
              "11.1-1");
    if (pread(fd, text, 13, 0) == -1) die("pread");
    check_str(text, "Hello, mmap!", "the file has what was stored", "11.2-1");

    predict("safe_map() maps one page of it: how long is the file afterwards?");
    step(
        "Map one page of a file of four, with an L in the last; then try ftruncate() and O_TRUNC.");
    tell("The notes say (11.1-1, in part): ftruncate() makes sure that the file is long enough.");
    int long_fd = scratch_file("long", 4 * page);
    if (pwrite(long_fd, "L", 1, 3 * (off_t)page) != 1) die("pwrite");
    check_str(safe_map(scratch_path("long"), page, &p), "ok", "a longer file can be mapped in part",
              "11.1-1");
    if (fstat(long_fd, &info) == -1 || munmap(p, page) == -1) die("fstat, munmap");
    check_num(info.st_size, ==, 4 * page, "posix_fallocate() does not shrink a longer file",
              "11.1-1");
    if (pread(long_fd, text, 1, 3 * (off_t)page) != 1) text[0] = 0;
    check(text[0] == 'L', "what a longer file has in its last page is safe", "11.1-1");
    if (ftruncate(long_fd, (off_t)page) == -1 || fstat(long_fd, &info) == -1) die("ftruncate");
    check_num(info.st_size, ==, page, "ftruncate() cuts a longer file off", "11.1-1");
    fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    if (fd == -1 || fstat(fd, &info) == -1) die("open, fstat");
    check_num(info.st_size, ==, 0, "O_TRUNC empties the file that is there already", "11.2-1");

    predict("A directory, a FIFO, no free descriptor: which of them does open() refuse?");
    step("Give safe_map() a missing directory, a directory, no free descriptor, and a FIFO.");
    char *none = NULL;
    before = free_descriptor();
    check_str(safe_map(scratch_path("no/file"), page, &none), "open: ENOENT",
              "in a directory that does not exist: open() says ENOENT", "11.1-1");
    check_str(safe_map(scratch_dir(), page, &none), "open: EISDIR",
              "a directory cannot be opened for writing: EISDIR", NULL);
    check_str(limited(RLIMIT_NOFILE, 0, path, page, &none), "open: EMFILE",
              "without a free descriptor: open() says EMFILE", NULL);
    if (mkfifo(scratch_path("fifo"), 0600) == -1) die("mkfifo");
    check_str(safe_map(scratch_path("fifo"), page, &none), "fstat: no regular file",
              "a FIFO can be opened; fstat() tells what it is", NULL);

    predict("A limit forbids the file to grow: which of the calls says so?");
    step("Is it long enough, and is the result of mmap() checked?");
    check_str(limited(RLIMIT_FSIZE, page, path, 2 * page, &none), "posix_fallocate: EFBIG",
              "a file that may not grow: EFBIG, before any store can die", "11.1-1");
    check_str(limited(RLIMIT_AS, page, path, page, &none), "mmap: ENOMEM",
              "without address space: mmap() says ENOMEM", "11.1-1");
    check_str(safe_map(path, 0, &none), "length: out of range", "length 0 is refused", NULL);
    check_num(free_descriptor(), ==, before, "no failure leaves a descriptor open", "11.1-1");
    check(none == NULL, "no failure leaves a pointer to anything", "11.1-1");
    return end();
}
