#define _GNU_SOURCE
/*
 * 12_copy_file - how can a file of any size be copied through two mappings?
 *
 * Notes      section 12 实际应用示例, one more: cp; to be used as 12_copy_file SOURCE TARGET
 * Watch      one window of 1 MiB after the other; what the target has until the copy is whole
 * Try this   map each window from the start of its file; rename() at once
 * See also   mmap(2), sigsetjmp(3), rename(2); 12_copy.c, 10_1_full_disk, 11_safe_call
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "12_copy.h"
#include "check.h"
#include "scratch.h"

static char content[2 * WINDOW + 321], seen[sizeof content + 1]; /* no window is like another */
static const long length = sizeof content;
static int times_old;
static long cut_to;

/* Has the file so many bytes of the content, and no more? */
static bool has(const char *name, long bytes) {
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    long got = read(fd, seen, sizeof seen);
    close(fd);
    return got == bytes && memcmp(seen, content, bytes) == 0;
}

static void look_and_cut(void) {
    times_old += has("target", 3);
    if (truncate("source", cut_to) == -1) die("truncate");
}

int main(int argc, char **argv) {
    if (argc == 3 && argv[1][0] != '-') {
        scratch_open();
        const char *said = copy_file(argv[1], argv[2], NULL);
        if (strcmp(said, "copied") == 0) return 0;
        fprintf(stderr, "12_copy_file: %s\n", said);
        return 1;
    }
    begin(argc, argv, 5, "how can a file of any size be copied through two mappings?");
    if (chdir(scratch_dir()) == -1) die("chdir");
    for (long i = 0; i < length; i++)
        content[i] = (char)(i % 251 + 1);

    predict("Windows are copied, one after the other. What is in the target meanwhile?");
    step("Copy two windows and a rest over a file of three bytes; look there after each.");
    int source = scratch_file("source", 0), target = scratch_file("target", 0);
    if (write(source, content, length) != length || write(target, content, 3) != 3) die("write");
    cut_to = length;
    copy_file("source", "target", look_and_cut);
    check_is(times_old, 3, "12_copy_file leaves the target its old content until the copy is whole",
             NULL);
    check(has("target", length), "12_copy_file copies two windows and a rest, each at its offset",
          NULL);

    predict("Which does the copy notice: that its source is cut, or loses only a byte?");
    step("After one window of two copies the source is cut; it loses one byte.");
    int kept = scratch_file("kept", 0);
    if (write(kept, content, 3) != 3) die("write");
    cut_to = WINDOW + 1;
    check_is(copy_file("source", "kept", look_and_cut),
             "SIGBUS: the source was cut, or the disk is full",
             "12_copy_file catches the SIGBUS of a source that is cut, and refuses the copy", NULL);
    if (pwrite(source, content, length, 0) != length) die("pwrite");
    cut_to = length - 1;
    check_is(copy_file("source", "kept", look_and_cut), "the source has become shorter",
             "a load past a file's end in its last page raises no SIGBUS: only the length tells",
             NULL);
    check(has("kept", 3), "12_copy_file leaves the target as it was if it refuses", NULL);
    return end();
}
