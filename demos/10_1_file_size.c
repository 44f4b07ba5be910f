/*
 * 10_1_file_size - which bytes of a mapping can be touched when the file is shorter?
 *
 * Notes      section 10.1 文件大小问题
 * Watch      the boundaries: end of the file, end of its last page, end of the mapping
 * Try this   1. if (fd == -1) -> if (fd == -1 || ftruncate(fd, (off_t)page) == -1):
 *               checks 2, 3, 4 and 5 fail
 *            2. In `m = mmap(m`, 4 * page -> size: checks 16 and 17 fail
 *            3. In `m = mmap(m`, MAP_SHARED -> MAP_PRIVATE: check 13 fails
 *            4. if (ftruncate(file, (off_t)page) -> if (ftruncate(file, (off_t)size):
 *               checks 20, 21, 24 and 25 fail
 * See also   mmap(2) (SIGBUS, NOTES), ftruncate(2); 10_1_full_disk, 01_arguments
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 25, "which bytes of a mapping can be touched when the file is shorter?");
    size_t page = page_size();

    predict("What fails first: mmap(), a load from the mapping, or nothing at all?");
    step("The mistake: the file is empty, the mapping is one page long.");
    tell(
        "The notes say (10.1-1, in part): mapping more than the file has is the error: Bus error.");
    int fd = open(scratch_path("empty"), O_CREAT | O_EXCL | O_RDWR, 0600);
    int data = scratch_file("data", page);
    if (fd == -1) die("open");
    char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED, "mmap() of an empty file succeeds", "10.1-1");
    check_str(load_from(p), "SIGBUS BUS_ADRERR",
              "the first load from a mapping of an empty file dies", "10.1-1");
    check_str(store_to(p), "SIGBUS BUS_ADRERR",
              "the first store to a mapping of an empty file dies", "10.1-1");
    check_errno(pread(data, p, 1, 0) == -1, EFAULT,
                "read(2) into a page that the file does not have is EFAULT, without a signal",
                "10.1-1");
    check_errno(pwrite(data, p, 1, 0) == -1, EFAULT,
                "write(2) from a page that the file does not have is EFAULT, without a signal",
                "10.1-1");

    step("The cure: the file gets its length, here even after mmap().");
    if (ftruncate(fd, (off_t)page) == -1 || posix_fallocate(fd, 0, (off_t)page) != 0)
        die("ftruncate");
    check_str(load_from(p), "no signal", "once the file is long enough, the same mapping works",
              "10.1-1 10.1-3");
    check_str(store_to(p), "no signal", "once the file is long enough, stores work, too",
              "10.1-1 10.1-3");
    check(byte_in_file(fd, 0) == 'x', "once the file is long enough, stores reach it", "10.1-3");

    step("The mistake: the file is empty, so is the mapping.");
    tell("The notes say (10.1-4, in part): length 0 is the error \"Invalid Parameter\".");
    check_errno(mmap(NULL, 0, RW, MAP_SHARED, fd, 0) == MAP_FAILED, EINVAL,
                "length 0 is EINVAL for a file", "10.1-4");
    evidence("errno %d is \"%s\"", EINVAL, strerror(EINVAL));
    check_errno(mmap(NULL, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED, EINVAL,
                "length 0 is EINVAL without a file", "10.1-4");

    step("A file of a page and a quarter, four pages mapped, and a guard page behind them.");
    size_t size = page + page / 4;
    int file = scratch_file("file", size);
    if (pwrite(file, "E", 1, (off_t)size - 1) != 1) die("pwrite");
    char *m = mmap(NULL, 5 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) die("mmap");
    m = mmap(m, 4 * page, RW, MAP_SHARED | MAP_FIXED, file, 0);
    char *other = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, file, 0);
    char *copy = mmap(NULL, 2 * page, RW, MAP_PRIVATE, file, 0);
    if (m == MAP_FAILED || other == MAP_FAILED || copy == MAP_FAILED) die("mmap");
    evidence("pages of %zu bytes; the file ends at %zu, its last page at %zu, the mapping at %zu",
             page, size, 2 * page, 4 * page);
    check(m[size - 1] == 'E', "the file's last byte is there", "10.1-2");
    check(m[size] == 0 && other[2 * page - 1] == 0, "the rest of the file's last page reads as 0",
          "10.1-2");
    m[size] = 'x';
    check(other[size] == 'x',
          "a store behind the end of the file, in its last page, is seen by other mappings",
          "10.1-2");
    check_num(pread(file, &(char){0}, 1, (off_t)size), ==, 0,
              "a store behind the end of the file is not in the file", "10.1-2");

    predict("Which of the four pages can be touched, and how does an access to another end?");
    step("Touch each of the four pages and the guard page, then the bytes at their boundaries.");
    for (size_t i = 0; i < 5; i++)
        evidence("%s %zu: %s", i < 4 ? "page" : "guard, page", i, load_from(m + i * page));
    check_str(store_to(m + 2 * page - 1), "no signal",
              "the last byte of the file's last page can be used", "10.1-2");
    check_str(load_from(m + 2 * page), "SIGBUS BUS_ADRERR",
              "the first byte behind the file's last page is SIGBUS", "10.1-2");
    check_str(store_to(m + 4 * page - 1), "SIGBUS BUS_ADRERR",
              "every page that begins behind the end of the file is SIGBUS", "10.1-2");
    check_str(load_from(m + 4 * page), "SIGSEGV SEGV_ACCERR",
              "behind the mapping it is SIGSEGV, here of the guard page", "10.1-2");

    predict("Which mappings lose the page that is cut off, and is it back when the file grows?");
    step("Store a C into a private copy of page 1. Cut the file to one page, then make it longer.");
    copy[page] = 'C';
    check_str(page_kind(getpid(), copy + page), ANONYMOUS_PAGE,
              "a store gives a private mapping a page of its own", NULL);
    if (ftruncate(file, (off_t)page) == -1) die("ftruncate");
    check_str(load_from(m + page), "SIGBUS BUS_ADRERR", "a page that the file has lost is SIGBUS",
              "10.1-2");
    check_str(load_from(copy + page), "SIGBUS BUS_ADRERR",
              "a private mapping loses even a page of its own", "10.1-2");
    check_str(load_from(m + page - 1), "no signal", "the page before the cut can still be used",
              "10.1-2");
    if (ftruncate(file, 2 * (off_t)page) == -1) die("ftruncate");
    check_str(load_from(m + page), "no signal", "when the file grows again, the page is back",
              "10.1-2");
    check(m[size - 1] == 0 && m[size] == 0, "what was cut off is lost: it reads as 0 now",
          "10.1-2");
    check(copy[page] == 0, "a private copy that was cut off is lost, too", "10.1-2");
    return end();
}
