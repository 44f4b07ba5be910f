#define _GNU_SOURCE
/*
 * 10_1_ftruncate - what can go wrong with ftruncate() before mmap()?
 *
 * Notes      section 10.1 文件大小问题, the cure of problem 1
 * Watch      ftruncate() sets a length: it cuts, it fails, and it reserves nothing
 * Try this   ask for no length before the first ftruncate(); open the file O_RDWR
 * See also   ftruncate(2), posix_fallocate(3); 10_1_full_disk, 11_safe_call
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 6, "what can go wrong with ftruncate() before mmap()?");
    off_t page = page_size();
    struct stat info;

    step("A file of three pages, an O in the last. A program that wants to map one asks first.");
    tell("The notes say (10.1-3, in part): first extend the file with ftruncate().");
    int fd = scratch_file("file", 3 * page);
    if (pwrite(fd, "O", 1, 2 * page) != 1 || fstat(fd, &info) == -1) die("pwrite, fstat");
    bool blocks_are_counted = info.st_blocks > 0;
    if (info.st_size < page && ftruncate(fd, page) == -1) die("ftruncate");
    char found = 0;
    if (pread(fd, &found, 1, 2 * page) == -1) die("pread");
    check_is(found, 'O',
             "to ask for the length and extend the file only if it is shorter destroys nothing",
             "10.1-3");

    predict("It asks no more: what has the file in its last page afterwards?");
    step("Now the program calls ftruncate() without asking. Then the file gets its length back.");
    if (ftruncate(fd, page) == -1 || fstat(fd, &info) == -1) die("ftruncate, fstat");
    check_is(info.st_size, page,
             "ftruncate() makes a file shorter that is longer than the length asked for", "10.1-3");
    if (ftruncate(fd, 3 * page) == -1) die("ftruncate");
    check_is(byte_in_file(fd, 2 * page), 0,
             "what ftruncate() has cut off is 0 once the file is long again", "10.1-3");

    step("The program calls ftruncate() for a descriptor opened O_RDONLY.");
    int readable = open(scratch_path("file"), O_RDONLY);
    if (readable == -1) die("open");
    check_errno(ftruncate(readable, page) == -1, EINVAL,
                "on Linux ftruncate() of a file opened O_RDONLY is EINVAL", "10.1-3");

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
    check_least(space, 64 * page, "posix_fallocate() reserves the space", "10.1-3");
    return end();
}
