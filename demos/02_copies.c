#define _GNU_SOURCE
/*
 * 02_copies - how often is a byte copied between a file and a program?
 *
 * Notes      section 2.1 性能优势（最重要）
 * Watch      what becomes of the pages A B C D; then, who sees the X
 * Corrects   2.1-1
 * Try this   MAP_PRIVATE for the first mapping; the buffer in step 2; MAP_POPULATE in step 4
 * See also   mmap(2), read(2); 02_system_calls, 02_read_or_map, 03_page_cache, 04_private_mapping
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static void store_ABCD(char *p) {
    for (size_t i = 0; i < 4; i++)
        p[i * page_size()] = "ABCD"[i];
}

/* The first letters of the file's four pages. */
static const char *letters(int fd) {
    static char text[5];
    for (size_t i = 0; i < 4; i++)
        text[i] = byte_in_file(fd, i * page_size());
    evidence("ABCD has become %s", text);
    return text;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "how often is a byte copied between a file and a program?");
    size_t page = page_size();
    ssize_t three = 3 * page; /* pages */

    step("Copy pages A B C of a file over B C D: read() them into a buffer and write() that.");
    int fd = scratch_file("file", 4 * page);
    char *p = mmap(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
    char *buffer = mmap(NULL, three, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || buffer == MAP_FAILED) die("mmap");
    store_ABCD(p);
    if (pread(fd, buffer, three, 0) != three || pwrite(fd, buffer, three, page) != three)
        die("pread, pwrite");
    check_is(letters(fd), "AABC",
             "pages A B C, copied over B C D through a buffer of three pages, give A A B C", NULL);

    predict("By one write(): A A B C again, or something else?");
    step("The same copy by one write(), straight out of the mapping.");
    tell("The notes say (2.1-1, wrong): write() goes to a kernel buffer, from there to the cache.");
    store_ABCD(p);
    if (pwrite(fd, p, three, page) != three) die("pwrite");
    check_is(letters(fd), "AAAA",
             "an ordinary write() copies straight into the page cache and gathers nothing",
             "2.1-1 2.1-3");

    predict("And by one read() into the mapping?");
    step("The same copy by one read(), straight into the mapping.");
    tell("The notes say (2.1-3, in part): there are two copies, user to kernel to user.");
    store_ABCD(p);
    if (pread(fd, p + page, three, 0) != three) die("pread");
    check_is(letters(fd), "AAAA",
             "an ordinary read() of a cached file copies from the page cache: no buffer in between",
             "2.1-3");
    tell("A buffer of three pages would have kept B and C, as in step 1: each call copies once.");

    predict("Who sees the X: the buffer of read(), the shared mapping, a private one?");
    step("read() the A and map it MAP_PRIVATE as well. Then write() an X over it.");
    tell("The notes say (2.1-4, in part): a mapping is zero copy.");
    volatile char *private = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (private == MAP_FAILED) die("mmap");
    if (pread(fd, buffer, 1, 0) != 1) die("pread");
    evidence("before: buffer %c, shared %c, private %c", *buffer, *p, *private);
    if (pwrite(fd, "X", 1, 0) != 1) die("pwrite");
    check_is(*buffer, 'A', "read() makes a copy, which does not change with the file", "2.1-4");
    check_is(*p, 'X', "a MAP_SHARED mapping is no copy: it changes with the file", "2.1-1 2.1-4");
    check_is(*private, 'X',
             "on Linux a private file page that was only loaded from is no copy of the cached one",
             "2.1-4");
    return end();
}
