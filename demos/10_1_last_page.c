#define _GNU_SOURCE
/*
 * 10_1_last_page - what becomes of the bytes past a file's end, in its last page?
 *
 * Notes      section 10.1 文件大小问题: what is missing there
 * Watch      bytes that can be stored to although no file has them
 * Try this   store one byte earlier, or through a private mapping; TMPDIR=/dev/shm (a tmpfs)
 * See also   mmap(2) (BUGS), ftruncate(2); 10_1_file_size, 10_1_cut_file
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 9, "what becomes of the bytes past a file's end, in its last page?");
    size_t page = page_size();
    struct stat info;

    step("Map a file of 100 bytes twice, and look at the rest of its page.");
    int fd = scratch_file("file", 100);
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    volatile char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || q == MAP_FAILED) die("mmap");
    long others = 0;
    for (size_t i = 100; i < page; i++)
        others += p[i] != 0;
    check_is(others, 0,
             "past a file's end the rest of its last page reads as 0 until somebody stores there",
             "10.1-2");

    predict(
        "Byte 99 is the file's last. Does a store at byte 100 die, get lost, or make it longer?");
    step("Store an x at byte 100 of the page, the first one past the end.");
    p[100] = 'x';
    check_is(q[100], 'x',
             "until write-back MAP_SHARED mappings see a store past a file's end in its last page",
             "10.1-2");
    if (fstat(fd, &info) == -1) die("fstat");
    check_is(info.st_size, 100,
             "a store past a file's end, within its last page, does not make the file longer",
             "10.1-2");
    check_is(pread(fd, &(char){0}, 1, 100), 0,
             "read(2) gives no byte that was stored past a file's end, within its last page",
             "10.1-2");

    predict(
        "The page is written to the disk, then the file becomes longer. What is at byte 100 then?");
    step("msync(); then the file grows to a whole page.");
    if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
    long dirty = dirty_kb(getpid(), q), synced = p[100];
    if (ftruncate(fd, page) == -1) die("ftruncate");
    long grown = byte_in_file(fd, 100);
    evidence("after msync() byte 100 is %s, in the longer file %s; still to be written: %s kB",
             synced ? "x" : "0", grown ? "x" : "0", number(dirty));
    tell("Not checked here (10.1-2): tmpfs keeps the x; it is in the file when that grows.");
    if (dirty > 0) synced = grown = unknown("the file system writes nothing to a disk");
    if (is_unknown(dirty)) synced = grown = dirty;
    check_is(synced, 0,
             "write-back to a disk makes the bytes past a file's end, in its last page, 0 again",
             "10.1-2");
    check_is(grown, 0,
             "a byte stored past a file's end in its last page is 0 if write-back precedes growth",
             "10.1-2");

    predict("What is in the rest of that page afterwards, in each of the two mappings?");
    step("A page full of a's, of which a private mapping has a copy. Cut the file to 100 bytes.");
    int cut = scratch_file("cut", page);
    volatile char *s = mmap(NULL, page, RW, MAP_SHARED, cut, 0);
    volatile char *copy = mmap(NULL, page, RW, MAP_PRIVATE, cut, 0);
    if (s == MAP_FAILED || copy == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < page; i++)
        s[i] = 'a';
    copy[0] = 'C';
    if (ftruncate(cut, 100) == -1) die("ftruncate");
    check_is(s[99], 'a', "a cut inside a page leaves the bytes before it as they were", "10.1-2");
    others = 0;
    for (size_t i = 100; i < page; i++)
        others += s[i] != 0;
    check_is(others, 0, "a cut inside a page makes the rest of it 0 in MAP_SHARED mappings",
             "10.1-2");
    check_is(copy[100], 'a',
             "on Linux a private copy of the page that is cut keeps what was cut off", "10.1-2");
    return end();
}
