/*
 * 10_8_more_traps - which traps do the notes leave out?
 *
 * Notes      section 10 使用注意事项: what is missing there
 * Watch      the wrong way beside the right way (open() without a mode: imitated)
 * Try this   1. In `char *bad`, MAP_SHARED -> MAP_SHARED | MAP_ANONYMOUS: checks 1 and 3 fail
 *            2. memset(p, 'x', page) -> memset(p, 'x', page - 1): checks 6, 7 and 8 fail
 *            3. In `*start`, changed - (uintptr_t)changed % page -> changed: check 10 fails
 *            4. In `char *p`, MAP_SHARED -> MAP_PRIVATE: check 11 fails
 * See also   mmap(2), open(2), umask(2), msync(2); 10_5_out_of_bounds, 10_9_two_at_once
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* strlen() of the page before `end`. */
static volatile size_t length;
static void measure_page(volatile char *end) {
    length = strlen((char *)end - page_size());
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "which traps do the notes leave out?");
    size_t page = page_size();

    predict("This mmap() fails: does if (p == NULL) find out?");
    step("The result of mmap() is compared with NULL, or not at all.");
    char *bad = mmap(NULL, page, RW, MAP_SHARED, -1, 0);
    check_errno(bad == MAP_FAILED, EBADF, "a mapping without a descriptor is EBADF", NULL);
    check(bad != NULL, "a failed mmap() does not return NULL: if (p) lets it pass", NULL);
    check_str(bad ? store_to(bad) : "no store", "SIGSEGV SEGV_MAPERR", "a store to MAP_FAILED dies",
              NULL);

    step("open() with O_CREAT, first without the mode, then with it.");
    umask(027);
    struct stat info;
    mode_t left = 0x2000; /* No mode is undefined: it takes what is left in a register, say this. */
    int careless = open(scratch_path("careless"), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, left);
    if (careless == -1 || fstat(careless, &info) == -1) die("open, fstat");
    evidence("mode %#o, umask 027: the file has %04o", left, info.st_mode & 07777);
    check_num(info.st_mode & 07777, ==, 0,
              "whatever bits are there pass as a mode: 0x2000 permits nothing to anybody", NULL);
    int fd = open(scratch_path("file"), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
    if (fd == -1 || fstat(fd, &info) == -1) die("open, fstat");
    evidence("mode 0666, umask 027: the file has %04o", info.st_mode & 0777);
    check_num(info.st_mode & 0777, ==, 0640, "a new file has the mode given, less the umask", NULL);

    predict("What does strlen(p) return?");
    show_also("measure_page");
    step("A full page of text, and a guard page behind it.");
    if ((errno = posix_fallocate(fd, 0, (off_t)page)) != 0) die("posix_fallocate");
    char *area = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *p = mmap(area, page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    memset(p, 'x', page);
    check(!memchr(p, 0, page), "a mapped file need not have a zero byte anywhere", NULL);
    check_str(call_with(measure_page, p + page), "SIGSEGV SEGV_ACCERR",
              "strlen() goes on behind the mapping and dies there, here at the guard page", NULL);
    check_num(snprintf(NULL, 0, "%.*s", (int)page, p), ==, page,
              "a counted length (strnlen(), %.*s) stops in time", NULL);

    predict("They begin at p + 100: does msync() take that address?");
    step("msync() of the bytes that were changed, wherever they are.");
    char *changed = p + 100, *start = changed - (uintptr_t)changed % page;
    check_errno(msync(changed, 8, MS_SYNC) == -1, EINVAL, "msync() inside a page is EINVAL", NULL);
    check(msync(start, (size_t)(changed + 8 - start), MS_SYNC) == 0,
          "the address rounded down, the length up to the last byte, is accepted", NULL);
    check(byte_in_file(fd, 100) == 'x', "a store to a shared mapping is in the file", NULL);
    return end();
}
