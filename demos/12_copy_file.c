#define _GNU_SOURCE
/*
 * 12_copy_file - how can a file of any size be copied through two mappings?
 *
 * Notes      section 12 实际应用示例, one more: cp; to be used as 12_copy_file SOURCE TARGET
 * Watch      one window of 1 MiB after the other; what the target has until the copy is whole
 * Try this   map each window from the start of its file; copy holes as bytes; rename() at once
 * See also   mmap(2), sigsetjmp(3), rename(2); 12_copy.c, 10_1_full_disk, 11_safe_call
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "12_copy.h"
#include "check.h"
#include "scratch.h"

static char content[8 * WINDOW], seen[8 * WINDOW + 1]; /* no window is like another; then zeros */
static const long length = 2 * WINDOW + 321;           /* ... from here on */
static bool old_meanwhile;
static long cut_to;

/* Makes a file of so many bytes of the content. Has the target these bytes, and no more? */
static void make(const char *name, long bytes) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, content, bytes) != bytes || close(fd) == -1) die("write %s", name);
}

static bool target_has(long bytes) {
    int fd = open("target", O_RDONLY | O_CLOEXEC);
    long got = read(fd, seen, sizeof seen);
    close(fd);
    return got == bytes && memcmp(seen, content, bytes) == 0;
}

static void look_and_cut(void) {
    old_meanwhile = target_has(3);
    if (truncate("source", cut_to) == -1) die("truncate");
}

int main(int argc, char **argv) {
    if (argc == 3 && argv[1][0] != '-') {
        scratch_open();
        const char *said = copy_file(argv[1], argv[2], NULL);
        return strcmp(said, "copied") == 0 ? 0 : (fprintf(stderr, "12_copy_file: %s\n", said), 1);
    }
    begin(argc, argv, 7, "how can a file of any size be copied through two mappings?");
    if (chdir(scratch_dir()) == -1) die("chdir");
    for (long i = 0; i < length; i++)
        content[i] = (char)(i % 251 + 1);

    predict("One window is copied. What is in the target now?");
    step("Copy two windows and a rest over a file of three bytes; look there after one window.");
    make("source", cut_to = length);
    make("target", 3);
    copy_file("source", "target", look_and_cut);
    check(old_meanwhile, "12_copy_file leaves the target its old content until the copy is whole",
          NULL);
    check(target_has(length), "two windows of 1 MiB and a rest are copied, each at its offset",
          NULL);

    predict("A file is eight windows long, mostly hole. Has its copy a hole, or zeros?");
    step("Make the source longer, with a hole at its end. Copy it.");
    if (truncate("source", sizeof content) == -1) die("truncate");
    copy_file("source", "target", NULL);
    check(target_has(sizeof content), "a hole is copied: it reads as zeros", NULL);
    int fd = open("source", O_RDONLY | O_CLOEXEC), copy = open("target", O_RDONLY | O_CLOEXEC);
    check_is(lseek(copy, 4 * WINDOW, SEEK_DATA), lseek(fd, 4 * WINDOW, SEEK_DATA),
             "12_copy_file copies a window of 1 MiB that is all hole as a hole", NULL);

    predict("Which does the copy notice: that its source is cut, or loses only a byte?");
    step("After one window of two copies the source is cut; it loses one byte.");
    make("source", length);
    make("target", 3);
    cut_to = WINDOW + 1;
    const char *said = copy_file("source", "target", look_and_cut);
    check_is(said, "SIGBUS: the source was cut, or the disk is full",
             "a source is cut while it is copied: SIGBUS is caught, the copy is refused", NULL);
    make("source", length);
    cut_to = length - 1;
    check_is(copy_file("source", "target", look_and_cut), "the source has become shorter",
             "a source that loses its last byte raises no SIGBUS: only fstat() shows it", NULL);
    check(target_has(3), "a copy that is refused leaves the target as it was", NULL);
    return end();
}
