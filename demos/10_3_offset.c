#define _GNU_SOURCE
/*
 * 10_3_offset - how can a file be mapped from an arbitrary byte?
 *
 * Notes      section 10.3 偏移量问题
 * Watch      the length: what was rounded off the offset has to be added to it
 * Try this   forget that addition; map from the start of the file instead of the rounded offset
 * See also   mmap(2) (EINVAL, EOVERFLOW), pread(2), sysconf(3); 10_1_file_size
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 14, "how can a file be mapped from an arbitrary byte?");
    size_t page = page_size();
    char text[8] = "";

    predict("Which does mmap() accept: an offset of 2, of half a page, of a page?");
    step("The mistake: an offset that is not a multiple of the page size.");
    tell("The notes say (10.3-1, in part): it must be a multiple of the page size, of 4096.");
    int fd = scratch_file("file.txt", 4 * page);
    evidence("here a page has %zu bytes, the file four pages", page);
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, 2) == MAP_FAILED, EINVAL,
                "an offset of 2 is EINVAL", "10.3-1");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, fd, page / 2) == MAP_FAILED, EINVAL,
                "an offset of half a page is EINVAL: a mapping begins with a whole page", "10.3-1");

    step("What is right: a multiple of the page size, sysconf(_SC_PAGESIZE).");
    if (pwrite(fd, "1", 1, page) != 1) die("pwrite");
    char *whole = mmap(NULL, page, RW, MAP_SHARED, fd, page);
    check(whole != MAP_FAILED, "an offset of one page works", "10.3-1");
    check(whole != MAP_FAILED && *whole == '1',
          "with an offset of one page the mapping begins with the file's second page", "10.3-1");

    predict("Which fails: mmap(), the first access, or neither?");
    step("An offset past the end of the file; then the last one that a file could ever have.");
    char *nothing = mmap(NULL, page, RW, MAP_SHARED, fd, 8 * page);
    check(nothing != MAP_FAILED, "mmap() does not check whether the file reaches that far",
          "10.3-1");
    check_is(load_from(nothing), "SIGBUS BUS_ADRERR",
             "a load from a page past the end of the file dies of SIGBUS", "10.3-1");
    off_t last = INT64_MAX / page * page;
    const char *far =
        mmap(NULL, page, RW, MAP_SHARED, fd, last) == MAP_FAILED ? errno_name(errno) : "success";
    if (sizeof last < 8 || sizeof page < 8)
        far = unknown_text(unknown("offsets have 32 bits here"));
    evidence("offset %lld: %s", (long long)last, far);
    check_is(far, "EOVERFLOW", "an offset plus a length beyond what any file can have is EOVERFLOW",
             "10.3-1");

    step("Wanted: the six bytes of a word that lies across the end of the second page.");
    off_t where = 2 * page - 3;
    if (pwrite(fd, "offset", 6, where) != 6) die("pwrite");
    check_errno(mmap(NULL, 6, RW, MAP_SHARED, fd, where) == MAP_FAILED, EINVAL,
                "an unaligned offset is EINVAL for a short length as well", "10.3-1");

    predict("Six bytes are mapped, starting at the rounded offset: which letters can be loaded?");
    step("The next mistake: the offset is rounded down, but the length stays 6.");
    size_t rest = where % page;
    /* Pages that permit nothing: so it is known what lies after s. */
    char *area = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *s = mmap(area, 6, RW, MAP_SHARED | MAP_FIXED, fd, where - rest);
    if (s == MAP_FAILED) die("mmap");
    evidence("of \"offset\" this mapping has \"%.*s\"", (int)(page - rest), s + rest);
    check_is(load_from(s + rest + 2), "no signal",
             "bytes up to the end of the page can be loaded, even past the mapping's length",
             "10.3-1");
    check_is(load_from(s + rest + 3), "SIGSEGV SEGV_ACCERR",
             "the next byte is past the mapping: at a guard, as here, a load dies of SIGSEGV",
             "10.3-1");

    step("The cure: round the offset down, and add the rest to the length and to the pointer.");
    char *p = mmap(area, rest + 6, RW, MAP_SHARED | MAP_FIXED, fd, where - rest);
    if (p == MAP_FAILED) die("mmap");
    evidence("offset %lld = %lld + %zu: map %zu bytes from %lld on, load at p + %zu",
             (long long)where, (long long)(where - rest), rest, rest + 6, (long long)(where - rest),
             rest);
    bool there =
        check_is(load_from(p + rest + 5), "no signal",
                 "with the rest added to the length the last byte is in the mapping", "10.3-1");
    if (pread(fd, text, 6, where) != 6) die("pread");
    check(there && memcmp(p + rest, text, 6) == 0,
          "a load at the mapping plus the rest gives what pread(2) reads at the offset", "10.3-1");
    if (there) memcpy(p + rest, "OFFSET", 6);
    if (pread(fd, text, 6, where) != 6) die("pread");
    check_is(text, "OFFSET", "a store at the mapping plus the rest is in the file at the offset",
             "10.3-1");
    check(byte_in_file(fd, where - 1) == 0 && byte_in_file(fd, where + 6) == 0,
          "a store at the mapping plus the rest changes no byte before or after it", "10.3-1");
    return end();
}
