#define _GNU_SOURCE
/*
 * 10_7_private_writes - why is the store not in the file?
 *
 * Notes      section 10.7 MAP_PRIVATE 行为, 问题10
 * Watch      two mappings of one file: p says Modified, the file and s say Original
 * Try this   MAP_SHARED instead of MAP_PRIVATE; no store; read() no more than the text
 * See also   mmap(2), msync(2), read(2); 04_private_mapping, 02_like_memory
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 7, "why is the store not in the file?");
    size_t page = page_size();
    char buf[100];

    predict("Where is the text Modified afterwards: in p, in s, in the file?");
    step("As in the notes: store to a private mapping, p, and read() the file. (s is shared.)");
    int fd = scratch_file("file.txt", page);
    if (write(fd, "Original", 8) != 8) die("write");
    char *p = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    char *s = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    strcpy(p, "Modified");
    evidence("p has \"%s\", s has \"%s\"", p, s);
    picture({"p", getpid(), p}, {"s", getpid(), s});
    check_is(page_kind(getpid(), p), ANONYMOUS_PAGE,
             "a store to a MAP_PRIVATE mapping goes into a private copy of the page", "10.7-1");
    memset(buf, '?', sizeof buf);
    if (lseek(fd, 0, SEEK_SET) == -1) die("lseek");
    if (read(fd, buf, sizeof buf) == -1) die("read");
    buf[sizeof buf - 1] = 0;
    check_is(buf, "Original", "a store to a MAP_PRIVATE mapping is not in the file", "10.7-1");

    predict("What does msync() of a private mapping return: 0, or an error?");
    step("Call msync() for p. Then unmap p and map the file anew.");
    check_is(msync(p, page, MS_SYNC), 0, "msync() of a private mapping succeeds", NULL);
    check_is(byte_in_file(fd, 0), 'O', "msync() of a private mapping writes nothing to the file",
             "10.7-1");
    if (munmap(p, page) == -1) die("munmap");
    p = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(p, "Original", "unmapping a private mapping loses what was stored in it", "10.7-1");

    step("The cure: store through the shared mapping.");
    s[0] = 'M';
    check_is(byte_in_file(fd, 0), 'M',
             "on Linux read(2) sees a store to a MAP_SHARED mapping at once", NULL);

    predict("What follows the eight bytes in buf, which was full of question marks?");
    step("The notes' read() once more, of a file that has the eight bytes and nothing else.");
    int eight = scratch_file("eight.txt", 8);
    if (pwrite(eight, "Original", 8, 0) != 8) die("pwrite");
    memset(buf, '?', sizeof buf);
    if (read(eight, buf, sizeof buf) == -1) die("read");
    evidence("buf has \"%.16s...\"", buf);
    check(!memchr(buf, 0, sizeof buf),
          "read() adds no zero byte: without one printf() would run past the text", "10.7-1");
    return end();
}
