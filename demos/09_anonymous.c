#define _GNU_SOURCE
/*
 * 09_anonymous - is memory without a file any different from /dev/zero?
 *
 * Notes      sections 9.2 匿名映射（MAP_ANONYMOUS）, 9.3 /dev/zero vs 匿名映射对比, 9.5
 * Watch      shared or private makes the difference; /dev/zero or MAP_ANONYMOUS makes none
 * Corrects   9.5-2
 * Try this   MAP_PRIVATE instead of MAP_SHARED for s; a store before the bytes are counted
 * See also   mmap(2), zero(4), proc(5), getrlimit(2); 09_dev_zero, 09_who_shares, 02_first_touch
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"

#define RW     (PROT_READ | PROT_WRITE)
#define HIDDEN "/dev/zero (deleted)"

/* How many bytes are not zero. */
static size_t set_bytes(const volatile char *start, size_t bytes) {
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += start[i] != 0;
    return count;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "is memory without a file any different from /dev/zero?");
    size_t page = page_size();
    pid_t self = getpid();
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1) skip_all("there is no /dev/zero that can be opened O_RDWR");

    predict("No more descriptors for this process. Which memory of zeros can it still map?");
    step("Forbid new descriptors. Try to open /dev/zero, and to map a page MAP_ANONYMOUS.");
    struct rlimit limit, none;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) die("getrlimit");
    none = (struct rlimit){0, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) == -1) die("setrlimit");
    check_errno(open("/dev/zero", O_RDWR) == -1, EMFILE,
                "/dev/zero needs a descriptor, and open() may fail: EMFILE", "9.3-1");
    char *one = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, page);
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) die("setrlimit");
    check(one != MAP_FAILED, "MAP_ANONYMOUS needs no descriptor, and ignores a page-aligned offset",
          "9.3-1");
    check_is(load_from(one), "no signal", "MAP_ANONYMOUS memory can be used without ftruncate()",
             "9.3-5");

    predict("Does /proc/PID/maps show a file name for memory without a file?");
    step("Map a page four times: s and p MAP_ANONYMOUS, zs and zp /dev/zero. Load all bytes.");
    tell("The notes say (9.2-1, in part): an anonymous mapping is connected with no file.");
    long names = mappings_named(self, HIDDEN);
    volatile char *s = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile char *p = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || p == MAP_FAILED) die("mmap");
    long anonymous = mappings_named(self, HIDDEN);
    volatile char *zs = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    volatile char *zp = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (zs == MAP_FAILED || zp == MAP_FAILED) die("mmap");
    check_is(change(names, anonymous), 1,
             "MAP_SHARED | MAP_ANONYMOUS is a hidden file, /dev/zero (deleted)", "9.2-1");
    check_is(change(anonymous, mappings_named(self, HIDDEN)), 1,
             "MAP_SHARED of /dev/zero is a hidden file, /dev/zero (deleted)", "9.2-1");
    check_is(set_bytes(s, page) + set_bytes(p, page), 0,
             "fresh MAP_ANONYMOUS memory is all zeros, shared or private", "9.3-2");
    check_is(set_bytes(zs, page) + set_bytes(zp, page), 0,
             "fresh memory of /dev/zero is all zeros, shared or private", "9.3-2");

    predict("Which of the four are in the page cache?");
    step("Store an x into each of the four.");
    tell("The notes say (9.5-2, wrong): mapping a device file does not go through the page cache.");
    *s = *zs = *p = *zp = 'x';
    picture({"s", self, s}, {"zs", self, zs}, {"p", self, p}, {"zp", self, zp});
    check_is(page_kind(self, s), FILE_PAGE,
             "MAP_SHARED | MAP_ANONYMOUS memory is in the page cache", "9.2-1");
    check_is(page_kind(self, zs), FILE_PAGE, "MAP_SHARED memory of /dev/zero is in the page cache",
             "9.5-2");
    check_is(page_kind(self, p), ANONYMOUS_PAGE,
             "MAP_PRIVATE | MAP_ANONYMOUS memory is not in the page cache", "9.2-1");
    check_is(page_kind(self, zp), ANONYMOUS_PAGE,
             "MAP_PRIVATE memory of /dev/zero is not in the page cache", "9.5-2");

    tell("Not checked here (9.3-4): POSIX has MAP_ANONYMOUS only since 2024, and no /dev/zero.");
    tell("Not checked here (9.3-6): which of the two is recommended.");
    return end();
}
