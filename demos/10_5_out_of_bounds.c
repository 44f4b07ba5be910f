/*
 * 10_5_out_of_bounds - what does a store behind a mapping hit?
 *
 * Notes      section 10.5 内存访问问题, 问题8
 * Watch      one store, p[page] = 'X', five outcomes: it depends on what lies behind
 * Try this   1. char *neighbour = mmap(p + page -> char *neighbour = mmap(p + 2 * page:
 *               checks 1, 2 and 3 fail
 *            2. In `char *reserved`, PROT_NONE -> RW: checks 8, 9 and 14 fail
 *            3. In `p = mmap(reserved, 2`, 2 * page -> page: checks 10 and 11 fail
 *            4. In `char *small`, 100 -> page + 1: check 14 fails
 * See also   mmap(2), sigaction(2) (si_code); 01_arguments, 01_munmap
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define FIXED (MAP_SHARED | MAP_FIXED)

int main(int argc, char **argv) {
    begin(argc, argv, 16, "what does a store behind a mapping hit?");
    size_t page = page_size();
    int fd = scratch_file("file", page), neighbour_fd = scratch_file("neighbour", page);
    int hundred_fd = scratch_file("hundred", 100);

    predict("Does anyone notice: the kernel, the program, the neighbour?");
    step("The mistake: p[page] = 'X'. The memory behind p belongs to another mapping.");
    tell("The notes say (10.5-1, in part): p[4096] is out of bounds, a segmentation fault.");
    char *area = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *p = mmap(area, page, RW, FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    char *neighbour = mmap(p + page, page, RW, FIXED, neighbour_fd, 0);
    if (neighbour == MAP_FAILED) die("mmap");
    neighbour[0] = 'N';
    picture({"p", getpid(), p}, {"behind", getpid(), neighbour});
    if (check_str(store_to(p + page), "no signal", "a store behind a mapping may raise no signal",
                  "10.5-1"))
        p[page] = 'X';
    evidence("the neighbour was N and is now %c", neighbour[0]);
    check(neighbour[0] == 'X', "a store behind a mapping silently overwrites the next one",
          "10.5-1");
    check(byte_in_file(neighbour_fd, 0) == 'X', "the store is in the file that is mapped behind",
          "10.5-1");
    check(p[0] == 0 && byte_in_file(fd, 0) == 0, "the store is not in the file that was meant",
          "10.5-1");

    step("Unmap what lies behind p. Then store there again, load, and store to p's last byte.");
    if (munmap(p + page, page) == -1) die("munmap");
    check_str(store_to(p + page), "SIGSEGV SEGV_MAPERR",
              "where nothing is mapped, the store dies of SEGV_MAPERR", "10.5-1");
    check_str(load_from(p + page), "SIGSEGV SEGV_MAPERR",
              "where nothing is mapped, a load dies as well", "10.5-1");
    check_str(store_to(p + page - 1), "no signal", "the mapping's own last byte takes a store",
              "10.5-1");

    step("Reserve memory that permits nothing, map inside it, and store behind p once more.");
    char *reserved = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (reserved == MAP_FAILED) die("mmap");
    p = mmap(reserved, page, RW, FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    picture({"p", getpid(), p}, {"guard", getpid(), p + page});
    check_str(store_to(p + page), "SIGSEGV SEGV_ACCERR",
              "on a guard page the store dies of SEGV_ACCERR", "10.5-1");
    check_str(load_from(p + page), "SIGSEGV SEGV_ACCERR", "on a guard page a load dies as well",
              "10.5-1");

    predict("Does mmap() refuse? If not, how does the store end?");
    step("Map two pages of the file, which has one, and store into the second.");
    p = mmap(reserved, 2 * page, RW, FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_str(store_to(p + page), "SIGBUS BUS_ADRERR",
              "a store to a page that begins behind the end of the file dies of SIGBUS", "10.5-1");
    if ((errno = posix_fallocate(fd, 0, 2 * (off_t)page)) != 0) die("posix_fallocate");
    check_str(store_to(p + page), "no signal", "once the file is long enough, the store works",
              "10.5-1");

    predict("Which is the first byte, counted from 0, where a store dies?");
    step("Map 100 bytes of a file of 100 bytes.");
    char *small = mmap(reserved + 2 * page, 100, RW, FIXED, hundred_fd, 0);
    if (small == MAP_FAILED) die("mmap");
    if (check_str(store_to(small + 100), "no signal", "of length 100, byte 100 takes a store",
                  "10.5-1"))
        small[99] = small[100] = 'Y';
    check_str(store_to(small + page - 1), "no signal",
              "of length 100, the last byte of the page takes a store", "10.5-1");
    check_str(store_to(small + page), "SIGSEGV SEGV_ACCERR",
              "of length 100, a store behind the page dies, here at a guard", "10.5-1");
    if (msync(small, 100, MS_SYNC) == -1) die("msync");
    struct stat info;
    if (fstat(hundred_fd, &info) == -1) die("fstat");
    check_num(info.st_size, ==, 100, "a store at byte 100 makes no file longer", "10.5-1");
    check(byte_in_file(hundred_fd, 99) == 'Y', "a store at byte 99 is in the file", NULL);
    return end();
}
