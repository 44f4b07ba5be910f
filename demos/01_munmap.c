/*
 * 01_munmap - which address and which length may munmap() have?
 *
 * Notes      section 1.4 取消映射
 * Watch      the hole in the middle of a mapping; the pages beside it live on
 * Corrects   1.4-1 1.4-2
 * Try this   1. MAP_SHARED -> MAP_PRIVATE: check 15 fails
 *            2. munmap(p + page, page) -> munmap(p, 3 * page): checks 3 and 4 fail
 *            3. munmap(p + page, page) -> munmap(p + page / 2, page): checks 1 and 2 fail
 *            4. munmap(p + 3 * page, 1) -> munmap(p + 3 * page, page + 1): checks 7 and 13 fail
 * See also   munmap(2)
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

/* The letters of the pages that are mapped, a dash for a hole: from /proc/self/maps. */
static void show(const char *p, size_t page) {
    char letters[] = "--------";
    for (size_t i = 0; i < 8; i++) {
        const char *kind = page_kind(getpid(), p + i * page);
        if (!kind || strcmp(kind, NO_MAPPING) != 0) letters[i] = kind ? (char)('A' + i) : '?';
    }
    evidence("%p   %s", (const void *)p, letters);
}

int main(int argc, char **argv) {
    begin(argc, argv, 16, "which address and which length may munmap() have?");
    size_t page = page_size();

    step("Map eight pages of a file and store a letter in each.");
    int fd = scratch_file("file", 8 * page);
    char *p = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < 8; i++)
        p[i * page] = (char)('A' + i);
    show(p, page);

    predict("Is that refused? If not, what becomes of A and of C?");
    step("Unmap B: an address and a length that mmap() never saw.");
    tell("The notes say (1.4-1 1.4-2, wrong): the address must be the one that mmap() returned,");
    tell("and the length must be the one that was mapped.");
    check(munmap(p + page, page) == 0, "a page in the middle of a mapping can be unmapped",
          "1.4-1 1.4-2");
    show(p, page);
    check_str(load_from(p + page), "SIGSEGV SEGV_MAPERR", "a load from the hole dies", "1.4-1");
    check_str(load_from(p), "no signal", "the page before the hole lives on", "1.4-1");
    check_str(load_from(p + 2 * page), "no signal", "the page behind the hole lives on", "1.4-1");

    predict("What is gone then: nothing, one byte, all of D, or all from D on?");
    step("Unmap one byte of D.");
    check(munmap(p + 3 * page, 1) == 0, "munmap() rounds its length up, too", "1.4-2");
    show(p, page);
    check_str(load_from(p + 4 * page - 1), "SIGSEGV SEGV_MAPERR",
              "a length of 1 byte takes the whole page away", "1.4-2");
    check_str(load_from(p + 4 * page), "no signal", "a length of 1 byte takes no other page",
              "1.4-2");

    step("Map anonymous memory into the hole of B, then unmap A to D in one call.");
    void *b = mmap(p + page, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (b == MAP_FAILED) die("mmap");
    check(munmap(p, 4 * page) == 0, "one call may take several mappings and a hole", "1.4-2");
    show(p, page);
    check_str(load_from(p + page), "SIGSEGV SEGV_MAPERR", "all mappings in its range are gone",
              "1.4-2");
    check(munmap(p, 4 * page) == 0, "to unmap what is not mapped is no error", "1.4-1");

    step("An address inside a page; then length 0.");
    check_errno(munmap(p + 4 * page + 100, page) == -1, EINVAL,
                "an address inside a page is EINVAL", "1.4-1");
    check_errno(munmap(p + 4 * page, 0) == -1, EINVAL, "length 0 is EINVAL", "1.4-2");
    check_str(load_from(p + 4 * page), "no signal", "a refused munmap() leaves everything mapped",
              "1.4-1");

    predict("Nobody has called msync(). Which letters are in the file?");
    step("Unmap the rest and read the file.");
    char letters[9] = "";
    check(munmap(p + 4 * page, 4 * page) == 0, "a mapping may be unmapped piece by piece", "1.4-2");
    for (size_t i = 0; i < 8; i++)
        letters[i] = byte_in_file(fd, i * page);
    check_str(letters, "ABCDEFGH", "unmapping loses no store: the file has all letters", NULL);
    check_str(load_from(p + 7 * page), "SIGSEGV SEGV_MAPERR", "a load after munmap() dies",
              "1.4-1");
    return end();
}
