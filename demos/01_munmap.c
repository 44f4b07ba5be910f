#define _GNU_SOURCE
/*
 * 01_munmap - which address and which length does munmap() accept?
 *
 * Notes      section 1.4 取消映射
 * Watch      the hole in the middle of a mapping, and the pages on both sides of it
 * Corrects   1.4-1 1.4-2
 * Try this   three pages instead of B alone; half a page before B; MAP_PRIVATE for the file
 * See also   munmap(2); 10_6_munmap
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define PAGES 8

/* What loads from the pages find: their letters, a dash for a load that dies of SIGSEGV. */
static const char *letters(const char *p) {
    static char text[PAGES + 1];
    for (size_t i = 0; i < PAGES; i++) {
        const char *page = p + i * page_size();
        if (strcmp(load_from(page), "no signal") == 0)
            text[i] = *page;
        else
            text[i] = strcmp(signal_alone(load_from(page)), "SIGSEGV") == 0 ? '-' : '?';
    }
    evidence("%p   %s", (const void *)p, text);
    return text;
}

int main(int argc, char **argv) {
    begin(argc, argv, 15, "which address and which length does munmap() accept?");
    size_t page = page_size();
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

    step("Map eight pages of a file and store a letter in each.");
    int fd = scratch_file("file", PAGES * page);
    char *p = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = "ABCDEFGH"[i];
    letters(p);

    predict("Is that refused? If not, what becomes of A and of C?");
    step("Unmap B: an address that mmap() never returned, and a length that it never got.");
    tell("The notes say (1.4-1 1.4-2, wrong): the address must be the one that mmap() returned,");
    tell("and the length must be the one that was mapped.");
    check(munmap(p + page, page) == 0,
          "an ordinary page in the middle of a mapping can be unmapped", "1.4-1 1.4-2");
    check_is(letters(p), "A-CDEFGH", "the pages before and after the hole stay mapped", "1.4-1");
    check_is(load_from(p + page), "SIGSEGV SEGV_MAPERR",
             "a load from the hole dies of SIGSEGV while nothing is mapped there", "1.4-1");

    predict("What is gone then: nothing, one byte, all of D, or everything from D on?");
    step("Unmap one byte of D.");
    check(munmap(p + 3 * page, 1) == 0, "munmap() accepts a length of 1 byte", "1.4-2");
    check_is(letters(p), "A-C-EFGH", "munmap() of 1 byte unmaps the whole page and no other",
             "1.4-2");

    predict("Can one call unmap the file's pages, the anonymous page and the hole?");
    step("Map anonymous memory, with a letter b, into the hole of B. Unmap A to D in one call.");
    char *b = mmap(p + page, page, PROT_READ | PROT_WRITE, anonymous | MAP_FIXED, -1, 0);
    if (b != p + page) die("mmap");
    *b = 'b';
    check_is(letters(p), "AbC-EFGH", "a hole in a mapping can be filled by another mapping", NULL);
    check(munmap(p, 4 * page) == 0, "one munmap() can span several mappings and a hole", "1.4-2");
    check_is(letters(p), "----EFGH", "munmap() unmaps all mappings in its range", "1.4-2");
    check(munmap(p, 4 * page) == 0,
          "munmap() of user addresses where nothing is mapped is no error", "1.4-1");

    predict("Which of the three are errors?");
    step("An address inside a page; then length 0; then a length past all addresses.");
    check_errno(munmap(p + 4 * page + 100, page) == -1, EINVAL,
                "munmap() of an address inside a page is EINVAL", "1.4-1");
    check_errno(munmap(p + 4 * page, 0) == -1, EINVAL, "munmap() of length 0 is EINVAL", "1.4-2");
    check_errno(munmap(p + 4 * page, -page) == -1, EINVAL,
                "munmap() past the end of the address space is EINVAL", "1.4-2");
    check_is(letters(p), "----EFGH", "munmap() that fails with EINVAL unmaps nothing", "1.4-1");

    predict("Nobody has called msync(). Which letters are in the file?");
    step("Unmap the rest and read the file.");
    if (munmap(p + 4 * page, 4 * page) == -1) die("munmap");
    check_is(letters(p), "--------", "a mapping can be unmapped piece by piece", "1.4-2");
    char in_file[PAGES + 1] = "";
    for (size_t i = 0; i < PAGES; i++)
        in_file[i] = byte_in_file(fd, i * page);
    check_is(in_file, "ABCDEFGH",
             "unmapping a MAP_SHARED file mapping loses no store: the file has all letters", NULL);
    return end();
}
