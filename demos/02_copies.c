#define _GNU_SOURCE
/*
 * 02_copies - how often is a byte copied between a file and a program?
 *
 * Notes      section 2.1 性能优势（最重要）
 * Watch      what becomes of the pages A B C D; then, who sees the X
 * Corrects   2.1-1
 * Try this   MAP_PRIVATE for the first mapping; the buffer in step 3; MAP_POPULATE in step 5
 * See also   mmap(2), read(2); 02_system_calls, 02_read_or_map, 03_page_cache, 04_private_mapping
 */
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
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
    begin(argc, argv, 11, "how often is a byte copied between a file and a program?");
    size_t page = page_size();
    ssize_t three = 3 * page; /* pages */
    pid_t self = getpid();
    char seen[2];

    step("Map a file. One byte comes into it by write(), one by a store.");
    int fd = scratch_file("file", 4 * page);
    char *p = mmap(NULL, 4 * page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (pwrite(fd, "W", 1, 0) != 1) die("pwrite");
    check_is(p[0], 'W', "on Linux a MAP_SHARED mapping shows at once what write() has written",
             "2.1-1");
    p[1] = 'S';
    if (pread(fd, seen, 2, 0) != 2) die("pread");
    check_is(seen[1], 'S', "on Linux read() returns what was stored through a MAP_SHARED mapping",
             "2.1-1");
    check_is(page_kind(self, p), FILE_PAGE,
             "unless O_DIRECT is set, read(), write() and mappings meet in the page cache",
             "2.1-1");

    step("Copy pages A B C of the file over B C D: read() them into a buffer and write() that.");
    char *buffer = mmap(NULL, three, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) die("mmap");
    store_ABCD(p);
    if (pread(fd, buffer, three, 0) != three || pwrite(fd, buffer, three, page) != three)
        die("pread, pwrite");
    check_is(letters(fd), "AABC", "pages A B C, copied over B C D through a buffer, give A A B C",
             NULL);

    predict("By one write(): A A B C again, or something else?");
    step("The same copy by one write(), straight out of the mapping.");
    tell("The notes say (2.1-1, wrong): write() goes to a kernel buffer, from there to the cache.");
    store_ABCD(p);
    if (pwrite(fd, p, three, page) != three) die("pwrite");
    check_is(letters(fd), "AAAA",
             "an ordinary write() to a file copies straight into the page cache, page by page",
             "2.1-1 2.1-3");

    predict("And by one read() into the mapping?");
    step("The same copy by one read(), straight into the mapping.");
    tell("The notes say (2.1-3, in part): there are two copies, user to kernel to user.");
    store_ABCD(p);
    if (pread(fd, p + page, three, 0) != three) die("pread");
    check_is(letters(fd), "AAAA",
             "read() of a cached file copies straight out of the page cache, page by page",
             "2.1-3");
    tell("A buffer in between would have kept B and C, as in step 2: each call copies once.");

    predict("Who sees the X: read()'s buffer of step 1, a new shared mapping, a private one?");
    step("Load through two more mappings, one private. Then write() an X over the S.");
    tell("The notes say (2.1-4, in part): a mapping is zero copy.");
    volatile char *shared = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    volatile char *private = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (shared == MAP_FAILED || private == MAP_FAILED) die("mmap");
    evidence("before: buffer %c, shared %c, private %c", seen[1], shared[1], private[1]);
    if (pwrite(fd, "X", 1, 1) != 1) die("pwrite");
    check_is(seen[1], 'S', "read() makes a copy, which does not change with the file", "2.1-4");
    check_is(shared[1], 'X', "a MAP_SHARED mapping is no copy: it changes with the file", "2.1-4");
    check_is(private[1], 'X',
             "a private page only loaded from, not populated or locked, is no copy either",
             "2.1-4");
    check_is(same_frame(self, p, self, shared), 1,
             "two MAP_SHARED mappings of a page lead to one frame", "2.1-4");

    predict("Is the private page a copy from now on, or only the byte that was stored?");
    step("Store a P to the private page.");
    private[0] = 'P';
    picture({"first", self, p}, {"shared", self, shared}, {"private", self, private});
    check_is(same_frame(self, p, self, private), 0,
             "the first store to a page of a private file mapping copies that page", "2.1-4");
    return end();
}
