#define _GNU_SOURCE
/*
 * 10_1_file_size - what must a file have before its mapping can be used?
 *
 * Notes      section 10.1 文件大小问题, problems 1 and 2, and the cure
 * Watch      mmap() succeeds, and no page is there; ftruncate() sets a length, and reserves nothing
 * Try this   give the empty file its length at the start; open the file O_RDWR
 * See also   mmap(2) (SIGBUS), ftruncate(2), posix_fallocate(3); 10_1_last_page, 10_1_full_disk
 */
#include <fcntl.h>
#include <string.h>
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
    begin(argc, argv, 10, "what must a file have before its mapping can be used?");
    off_t page = page_size();
    struct stat info;

    predict("What fails first: mmap(), a load from the mapping, or nothing at all?");
    step("The mistake: the file is empty, the mapping is one page long.");
    tell("The notes say (10.1-1, in part): to map more than the file has is the error: Bus Error.");
    int fd = scratch_file("empty", 0), other = scratch_file("other", 1);
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED, "with a length that is not 0, mmap() of an empty file succeeds",
          "10.1-1");
    picture({"p", getpid(), p});
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "the first load from a mapping of an empty file dies of SIGBUS", "10.1-1");
    check_errno(
        pread(other, (void *)p, 1, 0) == -1, EFAULT,
        "read(2) of one file into a mapped page past another file's end is EFAULT, no signal",
        "10.1-1");

    predict(
        "The file becomes long enough only now: can the mapping be used that is there already?");
    step("The cure: the file gets its length, here even after mmap(); then also its space.");
    if (ftruncate(fd, page) == -1) die("ftruncate");
    bool works = check_is(load_from(p), "no signal",
                          "once the file is long enough, a load from an earlier mapping works",
                          "10.1-1 10.1-3");
    if ((errno = reserve(fd, page)) != 0) die("reserve");
    if (works) p[0] = 'P';
    picture({"p", getpid(), p});
    check_is(byte_in_file(fd, 0), 'P',
             "once it has length and space, the file gets what is stored through MAP_SHARED",
             "10.1-1 10.1-3");

    step("The next mistake: the file is empty, and the length of the mapping is 0 as well.");
    tell("The notes say (10.1-4, in part): length 0 is the error \"Invalid Parameter\".");
    int fresh = scratch_file("fresh", 0);
    check_errno(mmap(NULL, 0, RW, MAP_SHARED, fresh, 0) == MAP_FAILED, EINVAL,
                "mmap() of length 0 is EINVAL", "10.1-4");
    evidence("errno %d is \"%s\"", EINVAL, strerror(EINVAL));

    predict("ftruncate() to one page: what becomes of a file that has three pages?");
    step("A file of three pages. ftruncate() it to one: opened O_RDONLY, then opened O_RDWR.");
    tell("The notes say (10.1-3, in part): first extend the file with ftruncate().");
    int long_fd = scratch_file("long", 3 * page);
    int readable = open(scratch_path("long"), O_RDONLY);
    if (readable == -1) die("open");
    check_errno(ftruncate(readable, page) == -1, EINVAL,
                "on Linux ftruncate() of a file opened O_RDONLY is EINVAL", "10.1-3");
    if (ftruncate(long_fd, page) == -1 || fstat(long_fd, &info) == -1) die("ftruncate, fstat");
    bool blocks_are_counted = info.st_blocks > 0;
    check_is(info.st_size, page, "ftruncate() cuts a file that is longer than the length asked for",
             "10.1-3");

    predict("After which call has the file space on the disk: ftruncate() or posix_fallocate()?");
    step("Make a file 64 pages long: by ftruncate(), then by posix_fallocate().");
    int hole = scratch_file("hole", 0);
    if (fstat(hole, &info) == -1) die("fstat");
    long empty = info.st_blocks; /* attributes of a file may take up a block */
    if (ftruncate(hole, 64 * page) == -1 || fstat(hole, &info) == -1) die("ftruncate, fstat");
    evidence("by ftruncate(): %lld bytes long, %lld bytes of space", (long long)info.st_size,
             (long long)info.st_blocks * 512);
    long blocks = info.st_blocks;
    if (lseek(hole, 0, SEEK_DATA) != -1) blocks = unknown("SEEK_DATA finds no hole here");
    check_is(blocks, empty, "where files can have holes, ftruncate() reserves no space", "10.1-3");
    int error = posix_fallocate(hole, 0, 64 * page);
    if (fstat(hole, &info) == -1) die("fstat");
    long space = info.st_blocks * 512;
    if (!blocks_are_counted) space = unknown("st_blocks is 0 here");
    if (error != 0) space = unknown("posix_fallocate: %s", errno_name(error));
    evidence("by posix_fallocate(): %lld bytes long, %s bytes of space", (long long)info.st_size,
             number(space));
    check_least(space, 64 * page,
                "posix_fallocate() usually reserves disk space for the bytes it is given",
                "10.1-3");
    return end();
}
