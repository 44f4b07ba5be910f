#define _GNU_SOURCE
/*
 * 02_like_memory - how is a mapped file like memory, and where does the likeness end?
 *
 * Notes      section 2.2 灵活性和易用性
 * Watch      what a pipe cannot do; how far strlen() runs
 * Try this   MAP_PRIVATE for the file; PROT_READ for the guard page; one x less in the last page
 * See also   mmap(2), pipe(7), strnlen(3); 02_struct_in_a_file, 02_pipe_and_queue, 10_1_last_page
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static volatile size_t length;

static void strlen_of_page_before(volatile char *end) {
    length = strlen((char *)end - page_size());
}

int main(int argc, char **argv) {
    begin(argc, argv, 9, "how is a mapped file like memory, and where does the likeness end?");
    size_t page = page_size();
    char text[32] = "";
    int ends[2];

    step("The stores of the notes: to bytes 0, 1000, 500, and through a pointer, p + 100.");
    int fd = scratch_file("file", page);
    char *area = mmap(NULL, 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) die("mmap");
    char *p = mmap(area, page, RW, MAP_SHARED | MAP_FIXED, fd, 0); /* a guard page follows */
    if (p != area) die("mmap");
    p[0] = 'A';
    p[1000] = 'B';
    p[500] = 'C';
    check(byte_in_file(fd, 1000) == 'B' && byte_in_file(fd, 500) == 'C',
          "in a mapping a store can go far ahead, and the next one back", "2.2-2");
    char *ptr = p + 100;
    *ptr = 'X';
    check_is(byte_in_file(fd, 100), 'X',
             "if char *p maps a file MAP_SHARED from its start, *(p + 100) is byte 100 of it",
             "2.2-5");

    predict("The A has been read. Can it be read again?");
    step("Put the bytes A B C into a pipe and read the first.");
    if (pipe(ends) == -1 || write(ends[1], "ABC", 3) != 3) die("pipe, write");
    if (read(ends[0], text, 1) != 1) die("read");
    check_errno(lseek(ends[0], 0, SEEK_SET) == -1, ESPIPE,
                "a pipe can go neither back nor ahead: lseek() is ESPIPE", "2.2-1");
    if (read(ends[0], text, 1) != 1) die("read");
    check_is(*text, 'B',
             "what was read from a pipe is gone: by default the next read() gets the next byte",
             "2.2-1");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, ends[0], 0) == MAP_FAILED, ENODEV,
                "the read end of a pipe cannot be mapped, not even to read: ENODEV", "2.2-1");

    step("The functions of the notes for strings: strcpy(), strcat(), sprintf().");
    strcpy(p, "hello");
    strcat(p, " world");
    sprintf(p + 12, "value: %d", 42);
    if (pread(fd, text, 22, 0) != 22) die("pread");
    check_is(text, "hello world",
             "strcpy() and strcat() into a MAP_SHARED mapping write to its file", "2.2-3 2.2-6");
    check_is(text + 12, "value: 42", "sprintf() into a MAP_SHARED mapping writes to its file",
             "2.2-3 2.2-6");

    predict("What does strlen() say of a page full of x, without a NUL?");
    step("Fill the page with x, without a NUL. A guard page follows.");
    tell("The notes say (2.2-3, in part): all standard C functions can be used.");
    memset(p, 'x', page);
    check_is(call_with(strlen_of_page_before, p + page), "SIGSEGV SEGV_ACCERR",
             "if a mapping has no NUL, strlen() runs past its end: into a guard page, SIGSEGV",
             "2.2-3");
    check_is(strnlen(p, page), page, "strnlen() stops at the limit that it is given", "2.2-3");
    return end();
}
