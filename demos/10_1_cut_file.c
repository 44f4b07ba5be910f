#define _GNU_SOURCE
/*
 * 10_1_cut_file - what does a mapping lose when its file is cut, and what prevents that?
 *
 * Notes      section 10.1 文件大小问题: what is missing there
 * Watch      even a private copy dies; rename() and F_SEAL_SHRINK leave mappings alone
 * Try this   cut the file inside its second page; replace the file without rename()
 * See also   ftruncate(2), rename(2), memfd_create(2), fcntl(2) (F_ADD_SEALS); 10_1_last_page,
 *            08_notes_pair (O_TRUNC under a reader), 12_copy_file (a program that survives SIGBUS)
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 10, "what does a mapping lose when its file is cut, and what prevents that?");
    size_t page = page_size();
    pid_t self = getpid();

    predict("Which mappings lose the page that is cut off: none, the shared one, or both?");
    step("Map a file of two pages, shared and private. Store to the second page. Cut it off.");
    int fd = scratch_file("file", 2 * page);
    volatile char *s = mmap(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
    volatile char *copy = mmap(NULL, 2 * page, RW, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || copy == MAP_FAILED) die("mmap");
    s[page] = 'S';
    copy[page] = 'C';
    picture({"shared", self, s + page}, {"private", self, copy + page});
    if (truncate(scratch_path("file"), page) == -1) die("truncate");
    check_is(load_from(s + page), "SIGBUS BUS_ADRERR",
             "a load from a page that the file has lost dies of SIGBUS", "10.1-2");
    check_is(load_from(copy + page), "SIGBUS BUS_ADRERR",
             "even the private copy of a page is gone when the file has lost that page", "10.1-2");
    check_is(load_from(s + page - 1), "no signal",
             "the page before the place of a cut can still be loaded", "10.1-2");

    predict("What does the second page of each of the two mappings have then?");
    step("The file becomes as long as it was.");
    if (ftruncate(fd, 2 * page) == -1) die("ftruncate");
    bool back =
        check_is(load_from(s + page), "no signal",
                 "when the file grows again, its mappings have a page there again", "10.1-2");
    check(back && s[page] == 0 && copy[page] == 0,
          "what was cut off is lost: the new page reads as 0, in private mappings as well",
          "10.1-2");

    predict("How can a file get new content, even a shorter one, so that its readers live on?");
    step("The cure for those who write: complete the new content, then give it the name.");
    int config = scratch_file("config", page), new = scratch_file("new", page);
    if (pwrite(config, "O", 1, 0) != 1 || pwrite(new, "N", 1, 0) != 1) die("pwrite");
    volatile char *old = mmap(NULL, page, PROT_READ, MAP_SHARED, config, 0);
    if (old == MAP_FAILED) die("mmap");
    if (rename(scratch_path("new"), scratch_path("config")) == -1) die("rename");
    check_is(*old, 'O', "a mapping survives rename() over its file, with the old content",
             "10.1-2");
    int renamed = open(scratch_path("config"), O_RDONLY);
    if (renamed == -1) die("open");
    check_is(byte_in_file(renamed, 0), 'N', "after rename(), open() finds the new content",
             "10.1-2");

    predict(
        "A process maps what another gives it. How can it be sure that the other cannot cut it?");
    step("The cure for those who read: accept only a memfd that is sealed with F_SEAL_SHRINK.");
    int memory = memfd_create("sealed", MFD_ALLOW_SEALING);
    long made = memory != -1 ? 0 : unknown("memfd_create: %s", errno_name(errno));
    if (memory != -1 && ftruncate(memory, page) == -1) die("ftruncate");
    if (memory != -1 && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) == -1) die("F_ADD_SEALS");
    const char *cut = ftruncate(memory, 0) == -1 ? errno_name(errno) : "success";
    check_is(is_unknown(made) ? unknown_text(made) : cut, "EPERM",
             "a memfd with F_SEAL_SHRINK cannot be cut: EPERM", "10.1-2");
    check_is(is_unknown(made) ? made : ftruncate(memory, 2 * page), 0,
             "a memfd with F_SEAL_SHRINK can still grow", "10.1-2");
    check(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == -1,
          "a file that has a name in a directory cannot be sealed", "10.1-2");
    return end();
}
