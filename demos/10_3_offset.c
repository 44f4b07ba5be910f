#define _GNU_SOURCE
/*
 * 10_3_offset - how can a file be mapped from an arbitrary byte?
 *
 * Notes      section 10.3 偏移量问题
 * Watch      the length: what was rounded off the offset has to be added to it
 * Try this   forget that addition; map from the start of the file instead of the rounded offset
 * See also   mmap(2) (EINVAL, EOVERFLOW), pread(2), sysconf(3); 10_1_file_size
 */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 7, "how can a file be mapped from an arbitrary byte?");
    size_t page = page_size();
    char text[8] = "";

    predict("Where in the file does a mapping begin that is asked for at offset 2?");
    step("The mistake: offset 2. What is right: a multiple of the page size, sysconf(3).");
    tell("The notes say (10.3-1, in part): it must be a multiple of the page size, of 4096.");
    int fd = scratch_file("file.txt", 3 * page);
    if (pwrite(fd, "1", 1, page) != 1) die("pwrite");
    evidence("here a page has %zu bytes, the file three pages", page);
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 2) == MAP_FAILED, EINVAL,
                "mmap() with an offset of 2 is EINVAL", "10.3-1");
    char *whole = mmap(NULL, page, RW, MAP_SHARED, fd, page);
    check(whole != MAP_FAILED && *whole == '1',
          "with an offset of one page the mapping begins with the file's second page", "10.3-1");

    predict("Six bytes are mapped, starting at the rounded offset: which letters can be loaded?");
    step("Wanted: a word across the end of a page. The mistake: the length of the mapping is 6.");
    size_t where = 2 * page - 3, rest = where % page;
    if (pwrite(fd, "offset", 6, where) != 6) die("pwrite");
    /* Pages that permit nothing: what lies after s is known. */
    char *area = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *s = mmap(area, 6, RW, MAP_SHARED | MAP_FIXED, fd, where - rest);
    if (s == MAP_FAILED) die("mmap");
    evidence("of \"offset\" this mapping has \"%.*s\"", (int)(page - rest), s + rest);
    check_is(load_from(s + rest + 5), "SIGSEGV SEGV_ACCERR",
             "a rounded offset with the old length can leave the last bytes past the mapping",
             "10.3-1");

    predict("Which bytes must be mapped, and where in the mapping does the word begin?");
    step("The cure: round the offset down, and add the rest to the length and to the pointer.");
    char *p = mmap(area, rest + 6, RW, MAP_SHARED | MAP_FIXED, fd, where - rest);
    if (p == MAP_FAILED) die("mmap");
    evidence("offset %zu = %zu + %zu: map %zu bytes from %zu on, load at p + %zu", where,
             where - rest, rest, rest + 6, where - rest, rest);
    bool there = check_is(
        load_from(p + rest + 5), "no signal",
        "if the length grows by what the offset was rounded down by, the last byte is mapped",
        "10.3-1");
    check(there && memcmp(p + rest, "offset", 6) == 0,
          "if the offset was rounded down by n, the bytes wanted begin at byte n of the mapping",
          "10.3-1");
    if (there) memcpy(p + rest, "OFFSET", 6);
    if (pread(fd, text, 6, where) != 6) die("pread");
    check_is(text, "OFFSET",
             "a store to byte n of a MAP_SHARED mapping is in the file at offset + n", "10.3-1");

    predict("How large may an offset be, without regard to the length of the file?");
    step("Map one page at the largest offset that is a multiple of the page size.");
    off_t largest = (off_t)(LONG_MAX / page * page);
    const char *said =
        mmap(NULL, page, RW, MAP_SHARED, fd, largest) == MAP_FAILED ? errno_name(errno) : "success";
    if (sizeof(long) < 8) said = unknown_text(unknown("numbers have 32 bits here"));
    check_is(said, "EOVERFLOW",
             "with 64 bits, a page at the largest multiple of the page size in off_t is EOVERFLOW",
             NULL);
    return end();
}
