#define _GNU_SOURCE
/*
 * 10_1_cut_file - what does a mapping lose when its file is cut, and what prevents that?
 *
 * Notes      section 10.1 文件大小问题: what is missing there
 * Watch      even a private copy is lost; rename() leaves the mappings alone
 * Try this   cut the file inside its third page; replace the file without rename()
 * See also   ftruncate(2), rename(2); 08_notes_pair, 10_1_last_page, 12_copy_file, 13_sealed
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 8, "what does a mapping lose when its file is cut, and what prevents that?");
    size_t page = page_size();
    pid_t self = getpid();

    predict("Which mappings lose the third page, which is cut off: none, the shared one, or both?");
    step("Map three pages of a file, shared and private. Store to both. Cut the file in page 2.");
    int fd = scratch_file("file", 3 * page);
    char *s = mmap(NULL, 3 * page, RW, MAP_SHARED, fd, 0);
    volatile char *copy = mmap(NULL, 3 * page, RW, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || copy == MAP_FAILED) die("mmap");
    memset(s, 'a', 3 * page);
    copy[page] = 'C';
    copy[2 * page] = 'C';
    picture({"shared", self, s + 2 * page}, {"private", self, copy + 2 * page});
    if (truncate(scratch_path("file"), page + 100) == -1) die("truncate");
    check_is(load_from(s + 2 * page), "SIGBUS BUS_ADRERR",
             "a load from a page that the file has lost dies of SIGBUS", "10.1-2");
    check_is(load_from(copy + 2 * page), "SIGBUS BUS_ADRERR",
             "even the private copy of a page is gone when that page is cut off the file",
             "10.1-2");

    predict("What has each of the two mappings in the second page, from the cut on?");
    step("Load from the second page, of which the file has lost a part.");
    check_is(s[page + 99], 'a', "a cut inside a page leaves the bytes before it as they were",
             "10.1-2");
    long others = 0;
    for (size_t i = page + 100; i < 2 * page; i++)
        others += s[i] != 0;
    check_is(others, 0, "a cut inside a page makes the rest of it 0 in MAP_SHARED mappings",
             "10.1-2");
    check_is(copy[page + 100], 'a',
             "on Linux a private copy of the page that is cut keeps what was cut off", "10.1-2");

    predict("What does the third page of each of the two mappings have then?");
    step("The file becomes as long as it was.");
    if (ftruncate(fd, 3 * page) == -1) die("ftruncate");
    bool back = check_is(
        load_from(s + 2 * page), "no signal",
        "once a file that was cut is as long as before, loads past the cut work again", "10.1-2");
    check(back && s[2 * page] == 0 && copy[2 * page] == 0,
          "a lost page reads as 0 once ftruncate() lengthens the file, also in private mappings",
          "10.1-2");

    predict("Another file takes the name of a mapped one. What is in the mapping then?");
    step("Write new content to a new file, and rename() that over the mapped file.");
    int config = scratch_file("config", page), new = scratch_file("new", page);
    if (pwrite(config, "O", 1, 0) != 1 || pwrite(new, "N", 1, 0) != 1) die("pwrite");
    volatile char *old = mmap(NULL, page, PROT_READ, MAP_SHARED, config, 0);
    if (old == MAP_FAILED) die("mmap");
    if (rename(scratch_path("new"), scratch_path("config")) == -1) die("rename");
    check_is(*old, 'O', "a mapping survives rename() over its file, with the old content",
             "10.1-2");
    tell("The cure for those who write is rename(), for those who read a sealed memfd: 13_sealed.");
    return end();
}
