/*
 * 10_3_offset - how is a file mapped from an arbitrary byte on?
 *
 * Notes      section 10.3 偏移量问题
 * Watch      the length: what was rounded off the offset has to be added to it
 * Try this   1. Everywhere, MAP_SHARED, fd, -> MAP_SHARED, fd, -(off_t)page &:
 *               checks 1, 2, 3 and 8 fail
 *            2. 2 * (off_t)page - 3 -> 2 * (off_t)page - 6: check 10 fails
 *            3. In `char *p`, rest + 6 -> 6: checks 11, 12 and 13 fail
 *            4. In `char *p`, where - (off_t)rest -> 0: checks 12 and 13 fail
 * See also   mmap(2), pread(2), sysconf(3); 01_arguments (huge pages), 10_1_file_size
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 14, "how is a file mapped from an arbitrary byte on?");
    size_t page = page_size();
    char text[8] = "";

    step("The mistake: an offset that is no multiple of the page size.");
    tell("The notes say (10.3-1, in part): offset 2 is an error, it must be a multiple of 4096.");
    int fd = scratch_file("file.txt", 4 * page);
    evidence("here a page has %zu bytes, the file four pages", page);
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 1) == MAP_FAILED, EINVAL, "offset 1 is EINVAL",
                "10.3-1");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 2) == MAP_FAILED, EINVAL, "offset 2 is EINVAL",
                "10.3-1");
    off_t half = (off_t)page / 2, one = (off_t)page, beyond = 8 * (off_t)page;
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, half) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL: only whole pages can be mapped", "10.3-1");

    step("What is right: a multiple of the page size, sysconf(_SC_PAGESIZE).");
    if (pwrite(fd, "1", 1, one) != 1) die("pwrite");
    char *whole = mmap(NULL, page, RW, MAP_SHARED, fd, one);
    check(whole != MAP_FAILED, "an offset of one page works", "10.3-1");
    check(whole != MAP_FAILED && *whole == '1', "the mapping begins with the file's second page",
          "10.3-1");

    predict("Which fails: mmap(), the first access, or neither?");
    step("An offset beyond the end of the file.");
    char *nothing = mmap(NULL, page, RW, MAP_SHARED, fd, beyond);
    check(nothing != MAP_FAILED, "mmap() does not ask whether the file reaches that far", "10.3-1");
    check_str(load_from(nothing), "SIGBUS BUS_ADRERR",
              "a load from beyond the end of the file dies", "10.3-1");

    step("Wanted: the six bytes of a word that stands across the end of the second page.");
    off_t where = 2 * (off_t)page - 3;
    if (pwrite(fd, "offset", 6, where) != 6) die("pwrite");
    check_errno(mmap(NULL, 6, RW, MAP_SHARED, fd, where) == MAP_FAILED, EINVAL,
                "an unaligned offset is EINVAL whatever the length", "10.3-1");

    predict("Six bytes are mapped, from the rounded offset on: which letters can be read?");
    step("The next mistake: the offset is rounded down, but the length stays 6.");
    size_t rest = (size_t)where % page;
    /* Pages that permit nothing: so it is known what lies behind s. */
    char *area = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *s = mmap(area, 6, RW, MAP_SHARED | MAP_FIXED, fd, where - (off_t)rest);
    if (s == MAP_FAILED) die("mmap");
    evidence("of \"offset\" this mapping has \"%.*s\"", (int)(page - rest), s + rest);
    check_str(load_from(s + rest + 2), "no signal", "bytes up to the end of the page can be read",
              "10.3-1");
    check_str(load_from(s + rest + 3), "SIGSEGV SEGV_ACCERR",
              "bytes behind it cannot: the mapping ends with its page", "10.3-1");

    step("The cure: round the offset down, and add the rest to the length and to the pointer.");
    char *p = mmap(area, rest + 6, RW, MAP_SHARED | MAP_FIXED, fd, where - (off_t)rest);
    if (p == MAP_FAILED) die("mmap");
    evidence("offset %lld = %lld + %zu: map %zu bytes from %lld on, read at p + %zu",
             (long long)where, (long long)where - (long long)rest, rest, rest + 6,
             (long long)where - (long long)rest, rest);
    bool there = check_str(load_from(p + rest + 5), "no signal",
                           "with the rest added to the length the last byte is there", "10.3-1");
    if (pread(fd, text, 6, where) != 6) die("pread");
    check(there && memcmp(p + rest, text, 6) == 0, "p + rest reads what pread(2) reads there",
          "10.3-1");
    if (there) memcpy(p + rest, "OFFSET", 6);
    if (pread(fd, text, 6, where) != 6) die("pread");
    check_str(text, "OFFSET", "a store through p + rest is in the file there", "10.3-1");
    check(byte_in_file(fd, (size_t)where - 1) == 0 && byte_in_file(fd, (size_t)where + 6) == 0,
          "the bytes before and behind it stay as they were", "10.3-1");
    return end();
}
