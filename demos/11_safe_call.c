#define _GNU_SOURCE
/*
 * 11_safe_call - how can a file be mapped so that nothing goes wrong unnoticed?
 *
 * Notes      section 11, 保险调用方式: 11.1 标准调用流程, 11.2 完整示例
 * Watch      safe_map(): each step checked, a failure named, nothing left behind
 * Try this   ftruncate() in place of posix_fallocate(); no close(); NULL in place of MAP_FAILED
 * See also   mmap(2), posix_fallocate(3), getrlimit(2); 10_1_ftruncate, 10_1_full_disk
 */
#include <fcntl.h>
#include <signal.h>
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
    const char *result = "ok";
    void *p;
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600); /* no O_TRUNC */
    if (fd == -1) return failed("open", errno);
    if (fstat(fd, &info) == -1)
        result = failed("fstat", errno);
    else if (!S_ISREG(info.st_mode))
        result = "fstat: no regular file";
    /* Makes a short file longer and reserves its space, but never cuts it. Length 0: EINVAL. */
    else if ((errno = posix_fallocate(fd, 0, length)) != 0)
        result = failed("posix_fallocate", errno);
    else if ((p = mmap(NULL, length, RW, MAP_SHARED, fd, 0)) == MAP_FAILED)
        result = failed("mmap", errno);
    else
        *map = p;
    close(fd); /* the mapping does not need it */
    return result;
}

/* safe_map() while a limit of this process is lowered. */
static const char *limited(int which, rlim_t to, const char *path, size_t length, char **map) {
    struct rlimit old, low;
    if (getrlimit(which, &old) == -1) die("getrlimit");
    low = (struct rlimit){to, old.rlim_max};
    if (setrlimit(which, &low) == -1) die("setrlimit");
    const char *result = safe_map(path, length, map);
    if (setrlimit(which, &old) == -1) die("setrlimit");
    return result;
}

static int lowest_free_descriptor(void) {
    int fd = dup(STDERR_FILENO);
    if (fd == -1) die("dup");
    close(fd);
    return fd;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "how can a file be mapped so that nothing goes wrong unnoticed?");
    if (posix_fallocate(scratch_file("probe", 0), 0, 1) == EOPNOTSUPP)
        skip_all("posix_fallocate: EOPNOTSUPP");
    size_t page = page_size();
    char text[16] = "", *p = MAP_FAILED, *none = NULL;
    struct stat info;

    step("Map two pages of an empty file by safe_map().");
    int fd = scratch_file("file", 0), before = lowest_free_descriptor();
    const char *result = safe_map(scratch_path("file"), 2 * page, &p);
    if (p == MAP_FAILED) bail_out("%s", result);
    check_is(lowest_free_descriptor(), before,
             "safe_map() has closed the descriptor: the mapping does not need it", "11.1-2");
    if (fstat(fd, &info) == -1) die("fstat");
    check_is(info.st_size, 2 * page, "posix_fallocate() makes an empty file as long as asked for",
             "11.1-1 11.2-1");

    step("Store into it, write it to the disk, and unmap it.");
    strcpy(p, "Hello, mmap!");
    /* An error of writing shows in msync(); munmap() says nothing of it. */
    check(msync(p, 2 * page, MS_SYNC) == 0 && munmap(p, 2 * page) == 0,
          "msync() and munmap() of a mapping made so succeed", "11.1-1 11.2-1");
    if (pread(fd, text, 13, 0) == -1) die("pread");
    check_is(text, "Hello, mmap!", "the file has what was stored", "11.1-1 11.2-1");

    predict("safe_map() maps one page of it: how long is the file afterwards?");
    step("Map one page of a file of four, with an L in the last. Then open() it with O_TRUNC.");
    tell("The notes say (11.1-1, in part): ftruncate() makes sure that the file is long enough.");
    int long_fd = scratch_file("long", 4 * page);
    if (pwrite(long_fd, "L", 1, 3 * page) != 1) die("pwrite");
    result = safe_map(scratch_path("long"), page, &p);
    if (strcmp(result, "ok") != 0 || fstat(long_fd, &info) == -1) bail_out("%s", result);
    if (pread(long_fd, text, 1, 3 * page) != 1) text[0] = 0;
    check(info.st_size == 4 * (off_t)page && text[0] == 'L',
          "posix_fallocate() does not cut a longer file, and leaves its content alone", "11.1-1");
    int again = open(scratch_path("long"), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0644);
    if (again == -1 || fstat(again, &info) == -1) die("open, fstat");
    check_is(info.st_size, 0, "O_TRUNC empties a file that already exists", "11.2-1");

    predict("Which of its calls finds out that a file is a device?");
    step("What safe_map() must refuse. SIGXFSZ is ignored.");
    signal(SIGXFSZ, SIG_IGN);
    before = lowest_free_descriptor();
    const char *path = scratch_path("file");
    check_is(safe_map(scratch_path("no/file"), page, &none), "open: ENOENT",
             "open() does not make a directory that is missing: ENOENT", "11.1-1");
    check_is(safe_map("/dev/null", page, &none), "fstat: no regular file",
             "open() of a device succeeds: fstat() tells that it is no regular file", NULL);
    check_is(limited(RLIMIT_FSIZE, 2 * page, path, 3 * page, &none), "posix_fallocate: EFBIG",
             "posix_fallocate() past RLIMIT_FSIZE is EFBIG, before any store can die", "11.1-1");
    check_is(limited(RLIMIT_AS, page, path, page, &none), "mmap: ENOMEM",
             "mmap() without address space is ENOMEM", "11.1-1");
    check(lowest_free_descriptor() == before && none == NULL,
          "if it fails, safe_map() leaves no descriptor open and sets no pointer", "11.1-1");
    return end();
}
