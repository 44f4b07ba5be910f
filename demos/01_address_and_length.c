#define _GNU_SOURCE
/*
 * 01_address_and_length - where does mmap() map, and how much?
 *
 * Notes      sections 1.1 函数原型, 1.2 参数说明 (addr, length), 1.3 返回值
 * Watch      which "wrong" address or length is refused, and what becomes of the others
 * Corrects   1.2-2
 * Try this   MAP_FIXED for the hint that is mapped; MAP_FIXED instead of MAP_FIXED_NOREPLACE
 * See also   mmap(2); 01_protection_and_flags, 10_1_file_size
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW        (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

int main(int argc, char **argv) {
    begin(argc, argv, 12, "where does mmap() map, and how much?");
    size_t page = page_size();

    predict("Does if (p == NULL) find out that mmap() has failed?");
    step("Map a file that begins with an F. Then ask for a length of 0.");
    int fd = scratch_file("file", 2 * page);
    if (pwrite(fd, "F", 1, 0) != 1) die("pwrite");
    char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    check(p != MAP_FAILED && *p == 'F',
          "with addr NULL (no MAP_FIXED) mmap() chooses the address and returns it",
          "1.1-1 1.2-1 1.3-1");
    p = mmap(NULL, 0, RW, MAP_SHARED, fd, 0);
    check_errno(p == MAP_FAILED, EINVAL,
                "on failure mmap() returns MAP_FAILED and sets errno: length 0 is EINVAL", "1.3-1");
    check(p == (void *)-1, "MAP_FAILED is (void *) -1, not NULL", "1.3-1");

    predict("Which of the three hints does mmap() follow?");
    step("addr as a hint: a free page, an address inside a free page, a page that is mapped.");
    char *room = mmap(NULL, 8 * page, PROT_NONE, ANONYMOUS, -1, 0);
    if (room == MAP_FAILED || munmap(room, 8 * page) == -1) die("mmap, munmap");
    char *middle = room + 3 * page; /* without a hint the kernel would choose an end of the room */
    char *taken = mmap(middle, page, RW, ANONYMOUS, -1, 0);
    char *inside = mmap(middle + 2 * page + 100, page, RW, ANONYMOUS, -1, 0);
    char *other = mmap(taken, page, RW, ANONYMOUS, -1, 0);
    if (taken == MAP_FAILED || inside == MAP_FAILED || other == MAP_FAILED) die("mmap");
    *taken = 'L';
    evidence("hints  %p %p %p", (void *)middle, (void *)(middle + 2 * page + 100), (void *)taken);
    evidence("mapped %p %p %p", (void *)taken, (void *)inside, (void *)other);
    check(taken == middle, "Linux usually follows a free hint, but does not have to", "1.2-1");
    check(inside == middle + 2 * page,
          "Linux rounds a hint inside a page down to the start of that page", "1.2-1");
    check(other != taken,
          "if something is mapped at the hint already, mmap() chooses another address", "1.2-1");

    predict("Of two pages one is mapped already. How many does MAP_FIXED_NOREPLACE map?");
    step("MAP_FIXED_NOREPLACE: a free page with the mapped one; then the free page alone.");
    int careful = ANONYMOUS | MAP_FIXED_NOREPLACE;
    char *before = taken - page;
    check_errno(mmap(before, 2 * page, RW, careful, -1, 0) == MAP_FAILED, EEXIST,
                "MAP_FIXED_NOREPLACE is EEXIST if a page of the range is already mapped", "1.2-1");
    check(mmap(before, page, RW, careful, -1, 0) == before && *taken == 'L',
          "MAP_FIXED_NOREPLACE maps just where it is told to or fails: it replaces nothing",
          "1.2-1");

    predict("Does MAP_FIXED fail as well? If not, what becomes of the mapped page?");
    step("MAP_FIXED: an address inside a page; then a page that is mapped and holds an L.");
    int fixed = ANONYMOUS | MAP_FIXED;
    check_errno(mmap(taken + 100, page, RW, fixed, -1, 0) == MAP_FAILED, EINVAL,
                "MAP_FIXED with an address inside a page is EINVAL", "1.2-1");
    check(mmap(taken, page, RW, fixed, -1, 0) == taken && *taken == 0,
          "MAP_FIXED silently replaces what is mapped there: private memory is lost", "1.2-1");

    predict("Is a length of 1 byte refused? If not, how much is mapped?");
    step("Map 1 byte of the file; then one page and 1 byte.");
    tell("The notes say (1.2-2, wrong): length usually must be a multiple of the page size, 4 KB.");
    char *one = mmap(NULL, 1, RW, MAP_SHARED, fd, 0);
    char *more = mmap(NULL, page + 1, RW, MAP_SHARED, fd, 0);
    if (one == MAP_FAILED || more == MAP_FAILED) die("mmap");
    check_is(smaps_kb(getpid(), one, "Size"), page / 1024,
             "of an ordinary file a length of 1 byte maps one page", "1.2-2");
    check_is(smaps_kb(getpid(), more, "Size"), 2 * page / 1024,
             "of an ordinary file a length of one page and one byte maps two pages", "1.2-2");
    return end();
}
