#define _GNU_SOURCE
/*
 * 12_copy_file - how can a file of any size be copied through two mappings?
 *
 * Notes      section 12 实际应用示例, one more: cp; to be used as 12_copy_file SOURCE TARGET
 * Watch      one window of 1 MiB after the other; what the target has until the copy is whole
 * Try this   map each window from the start of its file; copy holes as bytes; rename() at once
 * See also   mmap(2), sigsetjmp(3), rename(2); 12_copy.c, 10_1_full_disk, 11_safe_call
 */
#define _FILE_OFFSET_BITS 64 /* as 12_copy.c */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "12_copy.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

static char content[8 * WINDOW];               /* two windows and a rest of bytes, then zeros: */
static const size_t length = 2 * WINDOW + 321; /* no window of the bytes is like another */

static void put(const char *name, const char *bytes, size_t count) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, bytes, count) != (ssize_t)count) die("write %s", name);
    close(fd);
}

/* Has the target these bytes, and no more? */
static bool target_has(const char *bytes, size_t count) {
    static char seen[sizeof content + 1];
    int fd = open("target", O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, seen, sizeof seen);
    close(fd);
    return got == (ssize_t)count && memcmp(seen, bytes, count) == 0;
}

static bool copies(size_t bytes) {
    put("source", content, bytes);
    return strcmp(copy_file("source", "target"), "copied") == 0 && target_has(content, bytes);
}

/* Of a file that is missing here there is no verdict. */
static void refuses(const char *source, const char *why, const char *text) {
    const char *got = copy_file(source, "target");
    check_is(strstr(got, "ENOENT") ? unknown_text(unknown("%s", got)) : got, why, text, NULL);
}

/* Begins to copy two windows and a rest, copies one window, cuts the source, and goes on. */
static void copy_and_cut(struct copy *c, size_t cut) {
    put("source", content, length);
    if (!copy_begin(c, "source", "target") || !copy_window(c)) bail_out("%s", c->said);
    if (truncate("source", cut) == -1) die("truncate");
    copy_rest(c);
}

int main(int argc, char **argv) {
    if (argc == 3 && argv[1][0] != '-') {
        scratch_open();
        const char *said = copy_file(argv[1], argv[2]);
        return strcmp(said, "copied") == 0 ? 0 : (fprintf(stderr, "12_copy_file: %s\n", said), 1);
    }
    begin(argc, argv, 14, "how can a file of any size be copied through two mappings?");
    struct copy c;
    struct stat info;
    if (chdir(scratch_dir()) == -1) die("chdir");
    for (size_t i = 0; i < length; i++)
        content[i] = (char)(i % 251 + 1);

    step("Begin to copy two windows and a rest, over a target that has the text \"old\".");
    put("source", content, length);
    put("target", "old", 3);
    if (!copy_begin(&c, "source", "target")) bail_out("%s", c.said);
    evidence("%s", c.temporary);
    check_is(access(c.temporary, F_OK), 0, "a copy begins under a name of its own", NULL);

    predict("One window is copied. What is in the target now?");
    step("Copy a window: map it in both files, and copy the bytes.");
    if (!copy_window(&c)) bail_out("%s", c.said);
    check(target_has("old", 3), "until the copy is whole, the target has its old content", NULL);

    step("Copy the windows that are left; then the copy gets the target's name.");
    copy_rest(&c);
    check(target_has(content, length), "two windows and a rest are copied, each at its offset",
          NULL);

    predict("A file of one byte is copied through two mapped pages. How long is the copy?");
    step("Copy files of no byte, of one byte, and of a page and a byte.");
    check(copies(0), "the copy of an empty file is empty", NULL);
    check(copies(1), "the copy of a file of one byte has one byte, not a whole page", NULL);
    check(copies(page_size() + 1), "the copy of a page and one byte has just these bytes", NULL);

    predict("A file is eight windows long, mostly hole. How much space does its copy take?");
    step("Make the source longer, by a hole at its end. Copy it.");
    put("source", content, length);
    if (truncate("source", sizeof content) == -1) die("truncate");
    copy_begin(&c, "source", "target");
    bool found = lseek(c.from, 4 * WINDOW, SEEK_DATA) == -1;
    copy_rest(&c);
    if (stat("target", &info) == -1) die("stat");
    check(target_has(content, sizeof content), "a hole is copied: it reads as zeros", NULL);
    long taken = found ? (long)info.st_blocks * 512 : unknown("SEEK_DATA finds no hole here");
    evidence("%zu bytes, which take %s", sizeof content, number(taken));
    check_least(4 * WINDOW, taken, /* not 3: a huge page of tmpfs is two windows */
                "a window of 1 MiB that is all hole is copied as a hole: it takes no space", NULL);

    predict("Both have bytes to read. Can they be copied through mappings?");
    step("Copy a device, and a file of /proc.");
    refuses("/dev/zero", "/dev/zero: is not a regular file",
            "12_copy_file refuses to copy /dev/zero, which has no end");
    refuses("/proc/self/maps", "/proc/self/maps: has bytes, but no length",
            "12_copy_file refuses to copy a file of /proc: it has bytes, but its length is 0");

    predict("Which does the copy notice: that its source is cut, loses a byte, or grows?");
    step("After one window of three copies: the source is cut; loses a byte; grows.");
    put("target", "old", 3);
    copy_and_cut(&c, WINDOW + 1);
    check_is(c.said, "source: SIGBUS, a page cannot be had",
             "a source is cut while it is copied: SIGBUS is caught, the copy is refused", NULL);
    copy_and_cut(&c, length - 1);
    check_is(c.said, "source: has become shorter",
             "a source that loses its last byte raises no SIGBUS: only fstat() shows it", NULL);
    check(target_has("old", 3) && access(c.temporary, F_OK) == -1,
          "a copy that is refused leaves the target as it was, and nothing beside it", NULL);
    copy_and_cut(&c, 4 * WINDOW);
    check(target_has(content, length), "a source that grows is copied up to its old length", NULL);
    return end();
}
