/*
 * 11_checklist - what happens if an item of the checklist is forgotten?
 *
 * Notes      section 11.3 错误检查清单
 * Watch      each item tried both ways: forgotten, then observed
 * Corrects   11.3-2
 * Try this   1. In `int read_only`, O_RDONLY -> O_WRONLY: check 7 fails
 *            2. if ((errno -> if (0 && (errno: checks 5, 14 and 19 fail
 *            3. posix_fallocate(fd, 0, 2 -> posix_fallocate(fd, 0, 3: check 15 fails
 *            4. setrlimit(RLIMIT_AS, &low) -> setrlimit(RLIMIT_AS, &old): checks 11 and 13 fail
 * See also   mmap(2), setrlimit(2); 01_arguments, 10_6_munmap, 11_safe_call
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 19, "what happens if an item of the checklist is forgotten?");
    size_t page = page_size();

    predict("Will mmap() say that there is no such file?");
    step("Has open() succeeded? If not, its -1 goes on to mmap().");
    int fd = open(scratch_path("file"), O_RDWR | O_CLOEXEC);
    check_errno(fd == -1, ENOENT, "open() without O_CREAT makes no file: ENOENT", "11.3-1");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 0) == MAP_FAILED, EBADF,
                "mmap() of descriptor -1 is EBADF, whatever was wrong with open()", "11.3-1");
    fd = scratch_file("file", 0);
    check(mmap(NULL, page, RW, MAP_SHARED, fd, 0) != MAP_FAILED,
          "mmap() of a descriptor that is open works", "11.3-1");

    step("Is the file long enough? This one is empty.");
    char *p = mmap(NULL, 3 * page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_str(store_to(p), "SIGBUS BUS_ADRERR", "a mapping of an empty file kills at the access",
              "11.3-1");
    if ((errno = posix_fallocate(fd, 0, 2 * (off_t)page)) != 0) die("posix_fallocate");
    check_str(store_to(p), "no signal", "once the file is long enough, the mapping works",
              "11.3-1");

    predict("A file opened O_RDONLY: is every mapping with PROT_WRITE refused?");
    step("Do open() and prot agree?");
    tell("The notes say (11.3-1, in part): O_RDWR goes with PROT_READ | PROT_WRITE.");
    int read_only = open(scratch_path("file"), O_RDONLY | O_CLOEXEC);
    if (read_only == -1) die("open");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, read_only, 0) == MAP_FAILED, EACCES,
                "O_RDONLY and a writable shared mapping: EACCES, for root, too", "11.3-1");
    check(mmap(NULL, page, RW, MAP_PRIVATE, read_only, 0) != MAP_FAILED,
          "O_RDONLY and a writable private mapping: no error", "11.3-1");
    check(mmap(NULL, page, RW, MAP_SHARED, fd, 0) != MAP_FAILED,
          "O_RDWR and a writable shared mapping: no error", "11.3-1");

    step("Is offset a multiple of the page size?");
    evidence("here a page has %zu bytes", page);
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, (off_t)page / 2) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL", "11.3-1");
    check(mmap(NULL, page, RW, MAP_SHARED, fd, (off_t)page) != MAP_FAILED,
          "an offset of one page works", "11.3-1");

    step("Is the result of mmap() compared with MAP_FAILED? Here address space is short.");
    struct rlimit old, low;
    if (getrlimit(RLIMIT_AS, &old) == -1) die("getrlimit");
    low = (struct rlimit){page, old.rlim_max};
    if (setrlimit(RLIMIT_AS, &low) == -1) die("setrlimit");
    char *failed = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    int reason = errno;
    if (setrlimit(RLIMIT_AS, &old) == -1) die("setrlimit");
    errno = reason;
    check_errno(failed == MAP_FAILED, ENOMEM, "without address space mmap() says ENOMEM", "11.3-1");
    check(failed != NULL, "a failed mmap() does not return NULL: if (p) lets it pass", "11.3-1");
    check_str(failed ? store_to(failed) : "no store", "SIGSEGV SEGV_MAPERR",
              "a store to MAP_FAILED dies", "11.3-1");

    step("Is every access inside the mapping, and inside the file? The file has two pages.");
    check_str(store_to(p + 2 * page - 1), "no signal", "the last byte of the file takes a store",
              "11.3-1");
    check_str(store_to(p + 2 * page), "SIGBUS BUS_ADRERR",
              "behind the file's end a store dies, though it is inside the mapping", "11.3-1");

    predict("What does munmap() accept: p alone, the start of any page, any address?");
    step("Does munmap() get the original address?");
    tell("The notes say (11.3-2, wrong): munmap() must get the original address.");
    check_errno(munmap(p + 1, page) == -1, EINVAL, "an address inside a page is EINVAL", "11.3-2");
    check(munmap(p + page, page) == 0, "a page in the middle can be unmapped", "11.3-2");
    check_str(load_from(p + page), "SIGSEGV SEGV_MAPERR", "a page so unmapped is gone", "11.3-2");
    check_str(load_from(p), "no signal", "the page before the hole is still there", "11.3-2");
    return end();
}
