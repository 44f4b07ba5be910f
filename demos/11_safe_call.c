#define _GNU_SOURCE
/*
 * 11_safe_call - how can a file be mapped so that nothing goes wrong unnoticed?
 *
 * Notes      section 11, 保险调用方式: 11.1 标准调用流程, 11.2 完整示例
 * Watch      safe_map(): each step checked, a failure named, nothing left behind
 * Try this   ftruncate() in place of posix_fallocate(); no close(); NULL in place of MAP_FAILED
 * See also   mmap(2), posix_fallocate(3), getrlimit(2); 10_1_file_size, 10_1_full_disk
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
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
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd == -1) return failed("open", errno);
    const char *result = "ok";
    void *p;
    /* posix_fallocate() makes a short file longer and reserves its space, but never cuts it. */
    if (fstat(fd, &info) == -1 || !S_ISREG(info.st_mode))
        result = "fstat: no regular file";
    else if ((errno = posix_fallocate(fd, 0, length)) != 0)
        result = failed("posix_fallocate", errno);
    else if ((p = mmap(NULL, length, RW, MAP_SHARED, fd, 0)) == MAP_FAILED)
        result = failed("mmap", errno);
    else
        *map = p;
    close(fd); /* the mapping does not need it */
    return result;
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "how can a file be mapped so that nothing goes wrong unnoticed?");
    if (posix_fallocate(scratch_file("probe", 0), 0, 1) == EOPNOTSUPP)
        skip_all("posix_fallocate: EOPNOTSUPP");
    size_t page = page_size();
    char *p = MAP_FAILED, *none = NULL;
    struct stat info;

    step("Map two pages of an empty file by safe_map(), store to the last byte, and unmap them.");
    int fd = scratch_file("file", 0), long_fd = scratch_file("long", 4 * page);
    int lowest_free = dup(fd);
    if (lowest_free == -1 || close(lowest_free) == -1) die("dup, close");
    const char *path = scratch_path("file"), *result = safe_map(path, 2 * page, &p);
    if (p == MAP_FAILED || fstat(fd, &info) == -1) bail_out("%s", result);
    check_is(info.st_size, 2 * page, "posix_fallocate() makes an empty file as long as asked for",
             "11.1-1 11.2-1");
    p[2 * page - 1] = 'Z';
    if (msync(p, 2 * page, MS_SYNC) == -1) die("msync"); /* munmap() tells no error of writing */
    if (munmap(p, 2 * page) == -1) die("munmap");
    check_is(byte_in_file(fd, 2 * page - 1), 'Z',
             "after munmap() the file has what was stored to it through MAP_SHARED",
             "11.1-1 11.2-1");

    predict("safe_map() maps one page of it: how long is the file afterwards?");
    step("Map one page of a file of four, with an L in the last.");
    tell("The notes say (11.1-1, in part): ftruncate() makes sure that the file is long enough.");
    if (pwrite(long_fd, "L", 1, 3 * page) != 1) die("pwrite");
    result = safe_map(scratch_path("long"), page, &p);
    if (strcmp(result, "ok") != 0 || fstat(long_fd, &info) == -1) bail_out("%s", result);
    check(info.st_size == 4 * (off_t)page && byte_in_file(long_fd, 3 * page) == 'L',
          "posix_fallocate() does not cut a longer file, and leaves its content alone", "11.1-1");

    predict("Which call of safe_map() finds out that a file is a device?");
    step("What safe_map() must refuse; the last time with too little address space.");
    check_is(safe_map(scratch_path("no/file"), page, &none), "open: ENOENT",
             "open() does not make a directory that is missing: ENOENT", "11.1-1");
    check_is(safe_map("/dev/null", page, &none), "fstat: no regular file",
             "open() of a device can succeed: fstat() tells that it is no regular file", NULL);
    check_is(safe_map(path, 0, &none), "posix_fallocate: EINVAL",
             "posix_fallocate() of length 0 is EINVAL", "11.1-1");
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == -1) die("getrlimit");
    struct rlimit low = {page, limit.rlim_max};
    if (setrlimit(RLIMIT_AS, &low) == -1) die("setrlimit");
    result = safe_map(path, page, &none);
    if (setrlimit(RLIMIT_AS, &limit) == -1) die("setrlimit");
    check_is(result, "mmap: ENOMEM", "mmap() past RLIMIT_AS is ENOMEM", "11.1-1");
    check(dup(fd) == lowest_free && none == NULL,
          "11_safe_call's safe_map() leaves no descriptor open, and sets no pointer if it fails",
          "11.1-2");
    return end();
}
