#define _GNU_SOURCE
/*
 * 01_munmap - which address and which length does munmap() accept?
 *
 * Notes      section 1.4 取消映射
 * Watch      the hole in the middle of a mapping, and the pages on both sides of it
 * Corrects   1.4-1 1.4-2
 * Try this   three pages instead of B alone; half a page before B; one page and one byte of D
 * See also   munmap(2); 10_6_munmap
 */
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* What loads from the eight pages find: a letter, or a dash where nothing is mapped. */
static const char *letters(const char *p) {
    static char text[9];
    for (size_t i = 0; i < 8; i++) {
        const char *page = p + i * page_size(), *end = load_from(page);
        text[i] = strcmp(end, "no signal") == 0 ? *page : '?';
        if (strcmp(end, "SIGSEGV SEGV_MAPERR") == 0) text[i] = '-';
    }
    evidence("%p   %s", (const void *)p, text);
    return text;
}

int main(int argc, char **argv) {
    begin(argc, argv, 10, "which address and which length does munmap() accept?");
    size_t page = page_size();

    predict("Is it refused to unmap B alone? If not, what becomes of A and of C?");
    step("Map eight pages, store a letter in each, A to H. Then unmap B alone.");
    tell("The notes say (1.4-1 1.4-2, wrong): address and length must be those of the mapping.");
    char *p = mmap(NULL, 8 * page, RW, MAP_SHARED, scratch_file("file", 8 * page), 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < 8; i++)
        p[i * page] = "ABCDEFGH"[i];
    letters(p);
    check(munmap(p + page, page) == 0,
          "an ordinary page in the middle of a mapping can be unmapped", "1.4-1 1.4-2");
    check_is(letters(p), "A-CDEFGH", "munmap() of a page inside a mapping leaves the others mapped",
             "1.4-1");

    predict("What is gone then: nothing, one byte, all of D, or everything from D on?");
    step("Unmap one byte of D.");
    check(munmap(p + 3 * page, 1) == 0, "munmap() accepts a length of 1 byte", "1.4-2");
    check_is(letters(p), "A-C-EFGH",
             "munmap() of the first byte of a page unmaps the whole page and no other", "1.4-2");

    predict("Can one call unmap the file's pages, the anonymous page and the hole?");
    step("Map anonymous memory, with a letter b, into the hole of B. Unmap A to D in one call.");
    char *b = mmap(p + page, page, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (b != p + page) die("mmap");
    *b = 'b';
    check_is(letters(p), "AbC-EFGH", "a hole in a mapping can be filled by another mapping", NULL);
    check(munmap(p, 4 * page) == 0, "one munmap() can span several mappings and a hole", "1.4-2");
    check_is(letters(p), "----EFGH", "munmap() unmaps all mappings in its range", "1.4-2");

    predict("Which of the three, if any, is an error?");
    step("munmap() of an address inside a page; of length 0; past the address space.");
    check_errno(munmap(p + 4 * page + 100, page) == -1, EINVAL,
                "munmap() of an address inside a page is EINVAL", "1.4-1");
    check_errno(munmap(p + 4 * page, 0) == -1, EINVAL, "munmap() of length 0 is EINVAL", "1.4-2");
    check_errno(munmap(p + 4 * page, -page) == -1, EINVAL,
                "munmap() past the end of the address space is EINVAL", "1.4-2");
    return end();
}
