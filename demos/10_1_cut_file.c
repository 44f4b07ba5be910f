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

static long cut_to_one_page(void *name) {
    return truncate(scratch_path(name), page_size());
}

/* The new content is complete before it gets the name. */
static long replace_by_rename(void *name) {
    int fd = scratch_file("new", page_size());
    if (pwrite(fd, "N", 1, 0) != 1) die("pwrite");
    return rename(scratch_path("new"), scratch_path(name));
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "what does a mapping lose when its file is cut, and what prevents that?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner other;

    step("Map a file of two pages, shared and private. Store a C into the second private page.");
    int fd = scratch_file("file", 2 * page), config = scratch_file("config", page);
    if (pwrite(fd, "B", 1, page) != 1 || pwrite(config, "O", 1, 0) != 1) die("pwrite");
    volatile char *s = mmap(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
    volatile char *copy = mmap(NULL, 2 * page, RW, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || copy == MAP_FAILED) die("mmap");
    copy[page] = 'C';
    picture({"shared", self, s + page}, {"private", self, copy + page});
    check_is(page_kind(self, copy + page), ANONYMOUS_PAGE,
             "a store gives a private mapping a page of its own", NULL);
    check_is(s[page], 'B', "a MAP_SHARED mapping does not show what was stored to a private one",
             NULL);

    predict("Which mappings lose the page that is cut off: none, the shared one, or both?");
    step("Another process cuts the file to one page.");
    partner_open(&other);
    other.pid = fork();
    if (other.pid == -1) die("fork");
    if (other.pid == 0) obey(&other);
    if (ask(&other, cut_to_one_page, "file") == -1) bail_out("the file cannot be cut");
    check_is(load_from(s + page), "SIGBUS BUS_ADRERR",
             "a load from a page that the file has lost dies of SIGBUS", "10.1-2");
    check_is(load_from(copy + page), "SIGBUS BUS_ADRERR",
             "a truncation takes away even the private copy of a page", "10.1-2");
    check_is(load_from(s + page - 1), "no signal",
             "the page before the place of a cut can still be loaded", "10.1-2");

    predict("What does the second page of each of the two mappings have then?");
    step("The file becomes as long as it was.");
    if (ftruncate(fd, 2 * page) == -1) die("ftruncate");
    bool back =
        check_is(load_from(s + page), "no signal",
                 "when the file grows again, its mappings have a page there again", "10.1-2");
    check_is(back ? s[page] : 'B', 0, "what was cut off is lost: the new page reads as 0",
             "10.1-2");
    check_is(back ? copy[page] : 'C', 0, "a private copy that was cut off is lost as well",
             "10.1-2");

    predict("How can a file get new content, even a shorter one, so that its readers live on?");
    step("The cure for those who write: the other process replaces a file by rename().");
    volatile char *old = mmap(NULL, page, PROT_READ, MAP_SHARED, config, 0);
    if (old == MAP_FAILED) die("mmap");
    if (ask(&other, replace_by_rename, "config") == -1) bail_out("rename() failed");
    check_is(*old, 'O', "a mapping survives rename() over its file, with the old content",
             "10.1-2");
    int renamed = open(scratch_path("config"), O_RDONLY | O_CLOEXEC);
    if (renamed == -1) die("open");
    check_is(byte_in_file(renamed, 0), 'N', "after rename(), open() finds the new content",
             "10.1-2");

    predict("A process maps what another one passes to it. Who can forbid that one to cut it?");
    step("The cure for those who read: accept only a memfd that is sealed with F_SEAL_SHRINK.");
    int memory = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    long sealed = memory != -1 ? ftruncate(memory, page) + fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK)
                               : unknown("memfd_create: %s", errno_name(errno));
    const char *cut = is_unknown(sealed)           ? unknown_text(sealed)
                      : ftruncate(memory, 0) == -1 ? errno_name(errno)
                                                   : "success";
    check_is(cut, "EPERM", "a memfd with F_SEAL_SHRINK cannot be cut: EPERM", "10.1-2");
    check_is(is_unknown(sealed) ? sealed : ftruncate(memory, 2 * page), 0,
             "a memfd with F_SEAL_SHRINK can still grow", "10.1-2");
    check(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == -1, "a file in a directory cannot be sealed",
          "10.1-2");
    partner_close(&other);
    return end();
}
