/*
 * 09_anonymous - is memory without a file anything else than /dev/zero?
 *
 * Notes      9.2 匿名映射（MAP_ANONYMOUS）, 9.3 /dev/zero vs 匿名映射对比, 12.3
 * Watch      shared or private makes the difference; /dev/zero or MAP_ANONYMOUS makes none
 * Try this   1. In `char *s`, MAP_SHARED -> MAP_PRIVATE: checks 3, 4, 8 and 14 fail
 *            2. In `char *one`, MAP_SHARED | MAP_ANONYMOUS, -1 ->
 *               MAP_SHARED, open("/dev/zero", O_RDWR): check 2 fails
 *            3. In `char *zs`, MAP_SHARED -> MAP_SHARED | MAP_POPULATE: check 6 fails
 *            4. faults_of_store(all[i], PAGES, 'x') -> faults_of_load(all[i], PAGES):
 *               checks 12, 13, 16 and 17 fail, 6 may
 * See also   mmap(2), zero(4), getrlimit(2); 09_dev_zero, 09_who_shares
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW     (PROT_READ | PROT_WRITE)
#define PAGES  ((size_t)64)
#define HIDDEN "/dev/zero (deleted)"

/* How many bytes are not zero. */
static size_t set_bytes(const char *start, size_t bytes) {
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += start[i] != 0;
    return count;
}

/* Prints the line of /proc/PID/maps with `address` in it; without stdio, which may map memory. */
static void show_line_of_maps(const char *who, const char *address) {
    static char text[1 << 16];
    size_t used = 0;
    int fd = open("/proc/self/maps", O_RDONLY);
    for (ssize_t got = fd == -1 ? 0 : 1; got > 0; used += (size_t)got)
        if ((got = read(fd, text + used, sizeof text - 1 - used)) == -1) got = 0;
    if (fd != -1) close(fd);
    text[used] = '\0';
    char *line = strtok(text, "\n");
    for (char *dash; line; line = strtok(NULL, "\n"))
        if (strtoul(line, &dash, 16) <= (uintptr_t)address &&
            (uintptr_t)address < strtoul(dash + 1, NULL, 16))
            break;
    evidence("%-2s  %s", who, line ? line : "unknown");
}

/* How often a line is in a file that a process has printed it to before it called fork(). */
static long times_printed(const char *name, bool flush) {
    int fd = scratch_file(name, 0);
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        FILE *out = fdopen(fd, "w");
        if (!out || fprintf(out, "parent\n") != 7) _exit(errno);
        if (flush && fflush(out) == EOF) _exit(errno);
        pid = fork();
        if (pid == -1) _exit(errno);
        if (pid != 0) wait_for(pid);
        _exit(fclose(out) == EOF ? errno : 0); /* as exit() does, in parent and child */
    }
    int status = wait_for(pid); /* 0, or the errno of what failed: a full file system? */
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    if (status != 0) die("step 6, printing to the file %s", name);
    return lseek(fd, 0, SEEK_END) / 7;
}

int main(int argc, char **argv) {
    begin(argc, argv, 19, "is memory without a file anything else than /dev/zero?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t parent = getpid();
    struct turns child;

    step("Forbid new descriptors. Try to open /dev/zero, and to map a page MAP_ANONYMOUS.");
    struct rlimit limit, none;
    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) die("getrlimit");
    none = (struct rlimit){0, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &none) == -1) die("setrlimit");
    check_errno(open("/dev/zero", O_RDWR) == -1, EMFILE,
                "/dev/zero takes an open(), and that may fail: EMFILE", "9.3-1");
    char *one = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (setrlimit(RLIMIT_NOFILE, &limit) == -1) die("setrlimit");
    check(one != MAP_FAILED, "MAP_ANONYMOUS takes no descriptor", "9.3-1");
    munmap(one, page);

    predict("Memory without a file: does /proc/PID/maps show a file name for either of them?");
    step("Map 64 pages MAP_ANONYMOUS, once shared and once private.");
    char *s = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *p = mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || p == MAP_FAILED) die("mmap");
    show_line_of_maps("s", s);
    show_line_of_maps("p", p);
    check_num(mappings_named(parent, HIDDEN), ==, 1,
              "only MAP_SHARED | MAP_ANONYMOUS is a hidden file, /dev/zero (deleted)", "9.2-1");

    step("The same with /dev/zero.");
    int fd = open("/dev/zero", O_RDWR);
    if (fd == -1) die("open");
    char *zs = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    char *zp = mmap(NULL, bytes, RW, MAP_PRIVATE, fd, 0);
    if (zs == MAP_FAILED || zp == MAP_FAILED || close(fd) == -1) die("mmap, close");
    show_line_of_maps("zs", zs);
    show_line_of_maps("zp", zp);
    check_num(mappings_named(parent, HIDDEN), ==, 2,
              "/dev/zero mapped MAP_SHARED is another hidden file of that name", "9.2-1");
    check_num(mappings_named(parent, "/dev/zero"), ==, 1,
              "/dev/zero mapped MAP_PRIVATE shows the device's name", NULL);

    predict("The notes call /dev/zero slower. How many page faults will each of the four cost?");
    step("Store one byte into each of the 64 pages of all four, and count the page faults.");
    char *all[4] = {s, zs, p, zp};
    long faults[4];
    for (int i = 0; i < 4; i++) {
        madvise(all[i], bytes, MADV_NOHUGEPAGE); /* EINVAL without huge pages: fine */
        faults[i] = faults_of_store(all[i], PAGES, 'x');
    }
    picture({"anon s", parent, s}, {"zero s", parent, zs}, {"anon p", parent, p},
            {"zero p", parent, zp});
    evidence("page faults of 64 stores: MAP_ANONYMOUS %ld shared, %ld private; /dev/zero %ld, %ld",
             faults[0], faults[2], faults[1], faults[3]);
    check_num(faults[1], ==, faults[0], "MAP_SHARED: the same number of page faults for /dev/zero",
              "9.3-3");
    check_num(faults[3], ==, faults[2], "MAP_PRIVATE: the same number of page faults for /dev/zero",
              "9.3-3");
    check_str(page_kind(parent, s), FILE_PAGE, "MAP_SHARED | MAP_ANONYMOUS is page cache", "9.2-1");
    check_str(page_kind(parent, zs), FILE_PAGE, "MAP_SHARED of /dev/zero is page cache", "9.2-1");
    check_str(page_kind(parent, p), ANONYMOUS_PAGE, "MAP_PRIVATE | MAP_ANONYMOUS is no page cache",
              "9.2-1");
    check_str(page_kind(parent, zp), ANONYMOUS_PAGE, "MAP_PRIVATE of /dev/zero is no page cache",
              "9.2-1");
    check(set_bytes(s, bytes) == PAGES && set_bytes(p, bytes) == PAGES,
          "MAP_ANONYMOUS: all but the 64 stored bytes are zero", "9.3-2");
    check(set_bytes(zs, bytes) == PAGES && set_bytes(zp, bytes) == PAGES,
          "/dev/zero: all but the 64 stored bytes are zero", "9.3-2");

    predict("Four mappings, all inherited. In which of them does the parent see the child's C?");
    step("A child stores a C into the first byte of all four.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        *s = *zs = *p = *zp = 'C';
        last_turn(&child);
    }
    give_turn(&child);
    picture({"parent", parent, s}, {"child", child.pid, s}, {"parent", parent, p},
            {"child", child.pid, p});
    check(*s == 'C', "MAP_SHARED | MAP_ANONYMOUS: the parent sees the child's store", "9.6-1");
    check(*zs == 'C', "/dev/zero, MAP_SHARED: the parent sees the child's store", "9.6-1");
    check(*p == 'x', "MAP_PRIVATE | MAP_ANONYMOUS: the parent sees its own store", "9.6-1");
    check(*zp == 'x', "/dev/zero, MAP_PRIVATE: the parent sees its own store", "9.6-1");
    turns_close(&child);

    predict("A program prints one line to a file, then forks. How often is the line in the file?");
    show_also("times_printed");
    step("Section 12.3's program prints before it forks. Its stdout may be a file.");
    tell("The notes say (12.3-2, in part): the program prints its lines once each, in order.");
    check_num(times_printed("buffered", false), ==, 2,
              "a line that waits in stdio's buffer is copied by fork(), and printed twice",
              "12.3-2");
    check_num(times_printed("flushed", true), ==, 1,
              "after fflush() before fork() a line is printed once", "12.3-2");

    tell("Speed is not judged here: the page faults are as many; 02_speed measures the times.");
    tell("Not checked here (9.3-4): POSIX has MAP_ANONYMOUS since 2024 only, and no /dev/zero.");
    tell("With -std=c11 glibc hides MAP_ANONYMOUS; -D_DEFAULT_SOURCE or -D_GNU_SOURCE shows it.");
    tell("Not checked here (12.3-1): without <stdlib.h> some compilers refuse its exit().");
    return end();
}
