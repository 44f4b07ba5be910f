#define _GNU_SOURCE
/*
 * 09_anonymous - is memory without a file any different from /dev/zero?
 *
 * Notes      sections 9.2 匿名映射（MAP_ANONYMOUS）, 9.3 /dev/zero vs 匿名映射对比, 9.5
 * Watch      shared or private makes the difference; /dev/zero or MAP_ANONYMOUS makes none
 * Corrects   9.5-2
 * Try this   MAP_PRIVATE instead of MAP_SHARED for s; load from the pages instead of storing
 * See also   mmap(2), zero(4), proc(5), getrlimit(2); 09_dev_zero, 09_who_shares, 02_first_touch
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"

#define RW     (PROT_READ | PROT_WRITE)
#define PAGES  ((size_t)64)
#define HIDDEN "/dev/zero (deleted)"

/* The lines of /proc/self/maps that name /dev/zero. */
static void show_maps(void) {
    char line[256];
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "/dev/zero")) evidence("%.*s", (int)strcspn(line, "\n"), line);
    if (maps) fclose(maps);
}

/* How many bytes are not zero. */
static size_t set_bytes(const volatile char *start, size_t bytes) {
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += start[i] != 0;
    return count;
}

int main(int argc, char **argv) {
    begin(argc, argv, 14, "is memory without a file any different from /dev/zero?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t parent = getpid();
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1) skip_all("there is no /dev/zero that can be opened O_RDWR");

    step("Forbid new descriptors. Try to open /dev/zero, and to map a page MAP_ANONYMOUS.");
    struct rlimit limit, none;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) die("getrlimit");
    none = (struct rlimit){0, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) == -1) die("setrlimit");
    check_errno(open("/dev/zero", O_RDWR) == -1, EMFILE,
                "/dev/zero needs an open(), which may fail: EMFILE", "9.3-1");
    char *one = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, page);
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) die("setrlimit");
    check(one != MAP_FAILED, "MAP_ANONYMOUS needs no descriptor, and ignores a page-aligned offset",
          "9.3-1");
    check_is(load_from(one), "no signal", "MAP_ANONYMOUS memory can be used without ftruncate()",
             "9.3-5");
    munmap(one, page);

    predict("Does /proc/PID/maps show a file name for memory without a file?");
    step("Map 64 pages four times: s and p MAP_ANONYMOUS, zs and zp /dev/zero.");
    tell("The notes say (9.2-1, in part): an anonymous mapping is connected with no file.");
    long names = mappings_named(parent, HIDDEN);
    volatile char *s = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile char *p = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || p == MAP_FAILED) die("mmap");
    long anonymous = mappings_named(parent, HIDDEN);
    volatile char *zs = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    volatile char *zp = mmap(NULL, bytes, RW, MAP_PRIVATE, fd, 0);
    if (zs == MAP_FAILED || zp == MAP_FAILED || close(fd) == -1) die("mmap, close");
    show_maps();
    check_is(change(names, anonymous), 1,
             "MAP_SHARED | MAP_ANONYMOUS is a hidden file, /dev/zero (deleted)", "9.2-1");
    check_is(change(anonymous, mappings_named(parent, HIDDEN)), 1,
             "MAP_SHARED of /dev/zero is another hidden file of that name", "9.2-1");
    check_is(mappings_named(parent, "/dev/zero"), 1,
             "MAP_PRIVATE of /dev/zero shows the device's name in /proc/PID/maps", NULL);

    predict("How many page faults will each of the four take?");
    step("Store a byte into each page of all four. Count the faults, but for the first page's.");
    tell("The notes say (9.3-3, in part): /dev/zero is slightly slower than MAP_ANONYMOUS.");
    volatile char *all[4] = {s, zs, p, zp};
    long faults[4];
    for (int i = 0; i < 4; i++) {
        madvise((void *)all[i], bytes, MADV_NOHUGEPAGE); /* no matter if it fails */
        *all[i] = 'x';
        bool huge = pages_present(parent, all[i], PAGES) > 1;
        count_faults();
        for (size_t n = 1; n < PAGES; n++)
            all[i][n * page] = 'x';
        faults[i] = huge ? unknown("one fault maps several pages here") : faults_counted();
    }
    evidence("page faults of 63 stores: s %s, zs %s, p %s, zp %s", number(faults[0]),
             number(faults[1]), number(faults[2]), number(faults[3]));
    check_is(faults[1], faults[0],
             "MAP_SHARED: /dev/zero takes as many page faults as MAP_ANONYMOUS", "9.3-3");
    check_is(faults[3], faults[2],
             "MAP_PRIVATE: /dev/zero takes as many page faults as MAP_ANONYMOUS", "9.3-3");
    check_is(set_bytes(s, bytes) + set_bytes(p, bytes), 2 * PAGES,
             "MAP_ANONYMOUS: all bytes are zero but those that were stored", "9.3-2");
    check_is(set_bytes(zs, bytes) + set_bytes(zp, bytes), 2 * PAGES,
             "/dev/zero: all bytes are zero but those that were stored", "9.3-2");
    tell("Speed is not judged here: 02_first_touch measures it.");

    predict("Which of the four are in the page cache?");
    step("Look at the first page of each.");
    tell("The notes say (9.5-2, wrong): mappings of a device file do not go through the page "
         "cache.");
    picture({"s", parent, s}, {"zs", parent, zs}, {"p", parent, p}, {"zp", parent, zp});
    check_is(page_kind(parent, s), FILE_PAGE,
             "MAP_SHARED | MAP_ANONYMOUS memory is in the page cache", "9.2-1");
    check_is(page_kind(parent, zs), FILE_PAGE,
             "MAP_SHARED memory of /dev/zero is in the page cache", "9.5-2");
    check_is(page_kind(parent, p), ANONYMOUS_PAGE,
             "MAP_PRIVATE | MAP_ANONYMOUS memory is not in the page cache", "9.2-1");
    check_is(page_kind(parent, zp), ANONYMOUS_PAGE,
             "MAP_PRIVATE memory of /dev/zero is not in the page cache", "9.5-2");

    tell("Not checked here (9.3-4): POSIX has MAP_ANONYMOUS only since 2024, and no /dev/zero.");
    tell("Not checked here (9.3-6): which of the two is recommended.");
    return end();
}
