/*
 * 02_like_memory - in what is a mapped file like memory, and in what is it not?
 *
 * Notes      section 2.2 灵活性和易用性
 * Watch      what a pipe cannot do; where strlen() runs to; what another process makes of a struct
 * Try this   1. In `char *p = mmap(guard`, MAP_SHARED -> MAP_PRIVATE:
 *               checks 1, 2, 7, 8, 12, 13 and 16 fail
 *            2. In `char *guard`, PROT_NONE -> PROT_READ: check 9 fails
 *            3. int id, version; -> int id;: check 14 fails
 *            4. memset(text, 'x', 100); -> memset(text, 'x', 101);: check 11 fails
 * See also   mmap(2), pipe(7), strnlen(3); 02_limits, 10_1_file_size, 10_9_two_at_once
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

struct data { /* the one of the notes, and two ways to say where there is more */
    int id;
    char name[100];
    char *address;
    size_t offset;
};
struct next_data { /* the same in the program's next version */
    int id, version;
    char name[100];
};

/* The other program: maps the file, and says what it finds there. */
static void stranger(struct turns *turns, const char *path) {
    int fd = open(path, O_RDWR);
    char *p = mmap(NULL, 2 * page_size(), RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    struct data *data = (struct data *)p;
    struct next_data *next = (struct next_data *)p;
    await_turn(turns);
    turns->said = data->id == 1 && strcmp(data->name, "test") == 0;
    await_turn(turns);
    turns->said = next->id == 1 && strcmp(next->name, "test") == 0;
    await_turn(turns);
    turns->said =
        strcmp(load_from(data->address), "no signal") == 0 && memcmp(data->address, "more", 5) == 0;
    await_turn(turns);
    turns->said = strcmp(p + data->offset, "more") == 0;
    last_turn(turns);
}

/* strlen() of the page before `end`. */
static volatile size_t length;
static void measure_page(volatile char *end) {
    length = strlen((char *)end - page_size());
}

int main(int argc, char **argv) {
    struct turns other;
    if (has_role(argc, argv, "stranger", &other)) stranger(&other, argv[2]);
    begin(argc, argv, 16, "in what is a mapped file like memory, and in what is it not?");
    size_t page = page_size();
    char in_file[16] = "";
    int ends[2];

    step("The three stores of the notes, ahead and back. Behind the mapping is a guard page.");
    int fd = scratch_file("file", 2 * page);
    char *guard = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guard == MAP_FAILED) die("mmap");
    char *p = mmap(guard, 2 * page, RW, MAP_SHARED | MAP_FIXED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    p[0] = 'A';
    p[1000] = 'B';
    p[500] = 'C';
    check(byte_in_file(fd, 1000) == 'B', "a store may go far ahead", "2.2-2");
    check(byte_in_file(fd, 500) == 'C', "a store may go back", "2.2-2");

    step("Three bytes in a pipe; the first one is read.");
    if (pipe(ends) == -1 || write(ends[1], "ABC", 3) != 3) die("pipe, write");
    if (read(ends[0], in_file, 1) != 1) die("read");
    check_errno(lseek(ends[0], 0, SEEK_SET) == -1, ESPIPE, "in a pipe nothing goes back: ESPIPE",
                "2.2-1");
    check_errno(pread(ends[0], in_file, 1, 2) == -1, ESPIPE, "in a pipe nothing goes ahead: ESPIPE",
                "2.2-1");
    check_errno(mmap(NULL, page, PROT_READ, MAP_SHARED, ends[0], 0) == MAP_FAILED, ENODEV,
                "a pipe cannot be mapped: ENODEV", "2.2-1");
    if (read(ends[0], in_file, 1) != 1) die("read");
    check(in_file[0] == 'B', "what has been read from a pipe is gone: next comes the next byte",
          "2.2-1");

    step("The functions of the notes for strings.");
    strcpy(p, "hello");
    strcat(p, " world");
    if (pread(fd, in_file, 12, 0) != 12) die("pread");
    check_str(in_file, "hello world", "strcpy() and strcat() write to a file", "2.2-3");
    snprintf(p, page, "value: %d", 42);
    if (pread(fd, in_file, 10, 0) != 10) die("pread");
    check_str(in_file, "value: 42", "snprintf() writes to a file", "2.2-3");

    predict("A page full of x, without a NUL: what does strlen() say?");
    step("Text without a NUL: it fills the file's last page; then a file of 100 bytes.");
    tell("The notes say (2.2-3, in part): all standard functions can be used.");
    char *last = p + page;
    memset(last, 'x', page);
    check_str(call_with(measure_page, last + page), "SIGSEGV SEGV_ACCERR",
              "strlen() runs on behind the mapping, here into the guard page", "2.2-3");
    check_num(strnlen(last, page), ==, page, "strnlen() stops at the limit that it is given",
              "2.2-3");
    int text_fd = scratch_file("text", 100);
    char *text = mmap(NULL, page, RW, MAP_SHARED, text_fd, 0);
    if (text == MAP_FAILED) die("mmap");
    memset(text, 'x', 100);
    check_num(strlen(text), ==, 100,
              "where the file ends inside a page, a zero follows: strlen() stops there", "2.2-3");

    predict("The struct holds a number, a text, an address, an offset. Which can others use?");
    step("The struct of the notes in the file; an unrelated program looks at it.");
    tell("The notes say (2.2-4, in part): structs and pointers can be used.");
    char *memory = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    strcpy(memory, "more");
    strcpy(last, "more");
    struct data *data = (struct data *)p;
    *data = (struct data){1, "test", memory, page};
    check(byte_in_file(fd, offsetof(struct data, name)) == 't',
          "a member is in the file at its offset in the struct", "2.2-4");
    evidence("name at %zu, in the next version at %zu; address %p, offset %zu",
             offsetof(struct data, name), offsetof(struct next_data, name), (void *)data->address,
             data->offset);
    start_unrelated(&other, argv[0], "stranger", scratch_path("file"));
    check(give_turn(&other), "who has the same struct finds every member", "2.2-4");
    check(!give_turn(&other), "who has a struct with one member more reads the wrong bytes",
          "2.2-4");
    check(!give_turn(&other), "an address in a file leads to nothing in another process", "2.2-4");
    check(give_turn(&other), "an offset in a file leads every process to the same text", "2.2-4");
    turns_close(&other);
    return end();
}
