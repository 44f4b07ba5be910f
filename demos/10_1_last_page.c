#define _GNU_SOURCE
/*
 * 10_1_last_page - which bytes past the end of its file does a mapping have?
 *
 * Notes      section 10.1 文件大小问题: what is missing there
 * Watch      to the end of the last page there are bytes, though no file has them
 * Try this   store one byte earlier, or through a private mapping; TMPDIR=/dev/shm (a tmpfs)
 * See also   mmap(2) (BUGS), ftruncate(2); 10_1_file_size, 10_1_cut_file, 10_5_out_of_bounds
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 7, "which bytes past the end of its file does a mapping have?");
    size_t page = page_size();
    pid_t self = getpid();
    struct stat info;

    predict("Where does the first load die: at byte 100, at the start of page 2, or nowhere?");
    step("Map two pages of a file of 100 bytes, twice. Load what is past the end of the file.");
    int fd = scratch_file("file", 100);
    volatile char *p = mmap(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
    volatile char *q = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || q == MAP_FAILED) die("mmap");
    long others = 0;
    for (size_t i = 100; i < page; i++)
        others += p[i] != 0;
    picture({"page 1", self, p}, {"page 2", self, p + page});
    check_is(others, 0,
             "past a file's end the rest of its last page reads as 0 until somebody stores there",
             "10.1-2");
    check_is(load_from(p + page), "SIGBUS BUS_ADRERR",
             "in a longer mapping a load just past the file's last page dies of SIGBUS", "10.1-2");

    predict(
        "Byte 99 is the file's last. Does a store at byte 100 die, get lost, or make it longer?");
    step("Store an x at byte 100, the first one past the end.");
    p[100] = 'x';
    check_is(q[100], 'x',
             "at first MAP_SHARED mappings see a store past a file's end in its last page",
             "10.1-2");
    if (fstat(fd, &info) == -1) die("fstat");
    check_is(info.st_size, 100,
             "a store past a file's end, within its last page, does not make the file longer",
             "10.1-2");
    check_is(pread(fd, &(char){0}, 1, 100), 0,
             "read(2) stops at a file's end, whatever is stored past it in the last page",
             "10.1-2");

    predict(
        "The page is written to the disk, then the file becomes longer. What is at byte 100 then?");
    step("msync(); then the file grows to a whole page.");
    if (msync((void *)p, page, MS_SYNC) == -1) die("msync");
    long dirty = dirty_kb(self, q), synced = p[100];
    if (ftruncate(fd, page) == -1) die("ftruncate");
    long grown = byte_in_file(fd, 100);
    evidence("after msync() byte 100 is %s, in the longer file %s; still to be written: %s kB",
             synced ? "x" : "0", grown ? "x" : "0", number(dirty));
    tell("Not checked here (10.1-2): tmpfs keeps the x; it is in the file when that grows.");
    if (dirty > 0) synced = grown = unknown("the file system writes nothing to a disk");
    if (is_unknown(dirty)) synced = grown = dirty;
    check_is(synced, 0,
             "write-back to a disk makes what MAP_SHARED stored past a file's end 0 again",
             "10.1-2");
    check_is(grown, 0,
             "a byte stored past a file's end through MAP_SHARED is 0 once written back to a disk",
             "10.1-2");
    return end();
}
