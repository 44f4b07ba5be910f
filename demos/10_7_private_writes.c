/*
 * 10_7_private_writes - why is the store not in the file?
 *
 * Notes      section 10.7 MAP_PRIVATE 行为, 问题10
 * Watch      two mappings of one file: p says Modified, the file and s say Original
 * Try this   1. Everywhere, MAP_PRIVATE, fd -> MAP_SHARED, fd: checks 4, 5, 7, 10, 11 and 14 fail
 *            2. In `char *s`, MAP_SHARED -> MAP_PRIVATE: checks 12 and 13 fail
 *            3. read(fd, buf, sizeof buf) -> read(fd, buf, 8): checks 2, 3 and 4 fail
 *            4. In `int eight`, 8 -> page: checks 15 and 16 fail
 * See also   mmap(2), msync(2), read(2); 04_private_mapping
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 17, "why is the store not in the file?");
    size_t page = page_size();
    char buf[100];

    step("The notes' program: the mistake is MAP_PRIVATE where the store shall reach the file.");
    int fd = scratch_file("file.txt", page);
    if (write(fd, "Original", 8) != 8) die("write");
    char *p = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    char *s = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    check_str(p, "Original", "a private mapping begins with the file's content", NULL);
    strcpy(p, "Modified");
    memset(buf, '?', sizeof buf);
    if (lseek(fd, 0, SEEK_SET) == -1) die("lseek");
    ssize_t got = read(fd, buf, sizeof buf);
    evidence("read() returned %zd bytes", got);
    check_num(got, ==, sizeof buf, "read() fills the buffer: the file is a page long", "10.7-1");
    check(memchr(buf, 0, sizeof buf), "printf() is safe only because zeros follow the text",
          "10.7-1");
    buf[sizeof buf - 1] = 0;
    check_str(buf, "Original", "a store to a MAP_PRIVATE mapping is not in the file", "10.7-1");
    check_str(s, "Original", "no other mapping sees a private store", "10.7-1");
    check_str(p, "Modified", "only the mapping itself shows a private store", "10.7-1");
    picture({"p", getpid(), p}, {"s", getpid(), s});
    check_str(page_kind(getpid(), p), ANONYMOUS_PAGE, "the store went into a private copy",
              "10.7-1");
    check_str(page_kind(getpid(), s), FILE_PAGE, "a shared mapping shows the file's own page",
              "10.7-1");

    predict("What does msync() of a private mapping return: 0, or an error?");
    step("Call msync() for p. Then unmap p and map the file anew.");
    check(msync(p, page, MS_SYNC) == 0, "msync() of a private mapping succeeds", NULL);
    check(byte_in_file(fd, 0) == 'O', "msync() of a private mapping writes nothing to the file",
          "10.7-1");
    if (munmap(p, page) == -1) die("munmap");
    p = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_str(p, "Original", "with the mapping the private store is lost", "10.7-1");

    step("The cure: store through MAP_SHARED.");
    strcpy(s, "Modified");
    if (pread(fd, buf, 9, 0) != 9) die("pread");
    check_str(buf, "Modified", "a store to a MAP_SHARED mapping is in the file at once", NULL);

    predict("pwrite() changes the file: which of p and s shows that?");
    step("The other cure: a private mapping for one's own changes, pwrite() for the file.");
    strcpy(p, "my notes");
    if (pwrite(fd, "Official", 8, 0) != 8) die("pwrite");
    check_str(s, "Official", "what pwrite() writes is seen by shared mappings", NULL);
    check_str(p, "my notes", "pwrite() leaves a private copy alone", NULL);

    predict("What does read() return, and where does printf(\"%s\", buf) stop?");
    step("The notes' read() and printf() once more, with a file of eight bytes.");
    int eight = scratch_file("eight.txt", 8);
    if (pwrite(eight, "Original", 8, 0) != 8) die("pwrite");
    memset(buf, '?', sizeof buf);
    got = read(eight, buf, sizeof buf);
    check_num(got, ==, 8, "read() returns what the file has, without a zero behind it", "10.7-1");
    check(!memchr(buf, 0, sizeof buf), "the buffer is then no string: printf() would run past it",
          "10.7-1");
    if (got >= 0 && got < (ssize_t)sizeof buf) buf[got] = 0;
    check_str(buf, "Original", "with a zero put behind the bytes that were read, it is a string",
              NULL);
    return end();
}
