#define _GNU_SOURCE
/*
 * 10_1_file_size - which bytes of a mapping can be accessed if its file is shorter?
 *
 * Notes      section 10.1 文件大小问题, problems 1 and 2
 * Watch      three boundaries: end of the file, end of its last page, end of the mapping
 * Try this   give the empty file its length at the start; map two pages of the three
 * See also   mmap(2) (SIGBUS), ftruncate(2); 10_1_last_page, 10_1_cut_file, 10_1_full_disk
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 11, "which bytes of a mapping can be accessed if its file is shorter?");
    size_t page = page_size();

    predict("What fails first: mmap(), a load from the mapping, or nothing at all?");
    step("The mistake: the file is empty, the mapping is one page long.");
    tell("The notes say (10.1-1, in part): to map more than the file has is the error: Bus Error.");
    int fd = scratch_file("empty", 0), other = scratch_file("other", 1);
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED, "mmap() of an empty file succeeds", "10.1-1");
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "the first load from a mapping of an empty file dies of SIGBUS", "10.1-1");
    check_errno(
        pread(other, (void *)p, 1, 0) == -1, EFAULT,
        "read(2) of one file into a mapped page past another file's end is EFAULT, no signal",
        "10.1-1");

    step("The cure: the file gets its length, here even after mmap(); then also its space.");
    if (ftruncate(fd, page) == -1) die("ftruncate");
    bool works = check_is(load_from(p), "no signal",
                          "once the file is long enough, a load from an earlier mapping works",
                          "10.1-1 10.1-3");
    if ((errno = reserve(fd, page)) != 0) die("reserve");
    if (works) p[0] = 'P';
    check_is(byte_in_file(fd, 0), 'P',
             "once it has length and space, the file gets what is stored through MAP_SHARED",
             "10.1-1 10.1-3");

    step("The next mistake: the file is empty, and the length of the mapping is 0 as well.");
    tell("The notes say (10.1-4, in part): length 0 is the error \"Invalid Parameter\".");
    int fresh = scratch_file("fresh", 0);
    check_errno(mmap(NULL, 0, RW, MAP_SHARED, fresh, 0) == MAP_FAILED, EINVAL,
                "mmap() of length 0 is EINVAL", "10.1-4");
    evidence("errno %d is \"%s\"", EINVAL, strerror(EINVAL));

    predict("Which is the first byte of the mapping where a load dies?");
    step("A file of a page and a quarter, three pages mapped, and a guard page after them.");
    size_t size = page + page / 4;
    int file = scratch_file("file", size);
    if (pwrite(file, "E", 1, size - 1) != 1) die("pwrite");
    char *area = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    volatile char *m = mmap(area, 3 * page, RW, MAP_SHARED | MAP_FIXED, file, 0);
    if (m == MAP_FAILED) die("mmap");
    evidence("pages of %zu bytes; the file ends after %zu bytes, the mapping after %zu", page, size,
             3 * page);
    check_is(m[size - 1], 'E', "the mapping has the file's last byte", "10.1-2");
    check_is(load_from(m + 2 * page - 1), "no signal",
             "the file's last page can be loaded to its end, though the file ends earlier",
             "10.1-2");
    check_is(load_from(m + 2 * page), "SIGBUS BUS_ADRERR",
             "a load of the first byte past the file's last page dies of SIGBUS", "10.1-2");
    check_is(store_to(m + 3 * page - 1), "SIGBUS BUS_ADRERR",
             "a store to the mapping's last byte, past the file's last page, dies of SIGBUS",
             "10.1-2");
    check_is(load_from(m + 3 * page), "SIGSEGV SEGV_ACCERR",
             "a load past the mapping, from a guard page, dies of SIGSEGV", "10.1-2");
    return end();
}
