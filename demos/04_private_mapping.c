#define _GNU_SOURCE
/*
 * 04_private_mapping - what is private about a MAP_PRIVATE mapping?
 *
 * Notes      sections 4.1 核心区别, 4.3 MAP_PRIVATE, 4.4 使用场景建议 (MAP_PRIVATE)
 * Watch      only the pages that were stored to are private; the others follow the file
 * Corrects   4.3-4 4.4-2
 * Try this   MAP_SHARED instead of MAP_PRIVATE; MAP_POPULATE as well; a load of w before its store
 * See also   mmap(2); 04_shared_mapping, 04_program_text, 10_1_cut_file, 13_advice
 */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static long load(void *p) {
    return *(volatile char *)p;
}

int main(int argc, char **argv) {
    begin(argc, argv, 10, "what is private about a MAP_PRIVATE mapping?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner b;

    predict("Which of the two first loads costs a page fault, which a frame of its own?");
    step("Map two pages of a file twice: p private, s shared. Load from the first page of both.");
    tell("The notes say (4.4-2, wrong): MAP_PRIVATE for read-only mappings (for performance).");
    int fd = scratch_file("private.txt", 2 * page);
    volatile char *p = mmap(NULL, 2 * page, RW, MAP_PRIVATE, fd, 0);
    volatile char *s = mmap(NULL, 2 * page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    check(faults_of(*p) == 1 && faults_of(*s) == 1,
          "the first load from a file mapping costs one page fault, private or shared", "4.4-2");
    picture({"s page 0", self, s}, {"p page 0", self, p});
    check_is(same_frame(self, p, self, s), 1,
             "mapped private and shared, a page only loaded from is in one frame",
             "4.1-6 4.3-2 4.4-2");

    predict("Which pages of p are in another frame afterwards? What do two child processes see?");
    step("Fork B. Load from page 1, store a P into page 0 of p. Then fork another child.");
    tell("The notes say (4.1-2 4.3-1, in part): others do not see it; each has its own copy.");
    partner_open(&b);
    b.pid = fork();
    if (b.pid == -1) die("fork");
    if (b.pid == 0) obey(&b);
    (void)s[page], (void)p[page]; /* two loads */
    p[0] = 'P';
    picture({"s page 0", self, s}, {"p page 0", self, p}, {"s page 1", self, s + page},
            {"p page 1", self, p + page});
    check_is(page_kind(self, p), ANONYMOUS_PAGE, "a store to a private mapping goes into a copy",
             "3.1-2 4.1-3");
    check_is(byte_in_file(fd, 0), 0, "the file does not get what is stored to a private mapping",
             "4.1-1");
    check_is(ask(&b, load, p), 0,
             "a process that was forked before a private store does not see it", "4.1-2 4.3-3");
    check_is(page_kind(self, p + page), FILE_PAGE,
             "of a private mapping only the page that was stored to is copied", "4.1-4 4.3-1");
    partner_close(&b);
    pid_t child = fork();
    if (child == -1) die("fork");
    if (child == 0) _exit(p[0]);
    check_is(WEXITSTATUS(wait_for(child)), 'P',
             "a process that is forked after a private store has it as well", "4.1-2");

    predict("How many page faults does a store cost if no load came before it?");
    step("The same in w, a fresh private mapping, but store without loading first.");
    volatile char *w = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (w == MAP_FAILED) die("mmap");
    check(faults_of(*w = 'W') == 1 && byte_in_file(fd, 0) == 0,
          "a private file page, stored to first: one fault, straight to the copy", "4.3-2 5.1-3");

    predict("What does p show, in page 0 and in page 1?");
    step("Store a 2 into both pages of s. POSIX leaves open what p shows then.");
    tell("The notes say (4.3-4, wrong): (implied) later changes by others do not show in it.");
    s[0] = s[page] = '2';
    check_is(p[page], '2', "on Linux a private page that was only loaded from follows the file",
             "4.3-4 6.4-1");
    check_is(p[0], 'P', "a private page that the process has stored to does not follow the file",
             "4.3-4 6.4-1");
    return end();
}
