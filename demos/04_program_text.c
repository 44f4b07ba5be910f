#define _GNU_SOURCE
/*
 * 04_program_text - what is MAP_PRIVATE good for?
 *
 * Notes      section 4.4 使用场景建议 (MAP_PRIVATE)
 * Watch      what is only read is one frame for all; what is stored to is each one's own
 * Corrects   4.4-2
 * Try this   MAP_SHARED for the anonymous page; a store before the picture of the data
 * See also   mmap(2), execve(2), malloc(3), mallopt(3); 04_private_mapping, 09_anonymous
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

/* In the program file, and with whole pages of its own wherever pages have 64 KiB at most. */
static volatile char data[1 << 16] __attribute__((aligned(1 << 16))) = {'D'};
static volatile char *heap;

static long where_is(void *what) {
    return strcmp(what, "text") == 0 ? (long)where_is : (long)data;
}

static long load(void *p) {
    return *(volatile char *)p;
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

int main(int argc, char **argv) {
    static act *const acts[] = {where_is, load, store_C, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 8, "what is MAP_PRIVATE good for?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner b, child;

    predict("Which of the two first loads costs a page fault, which a frame of its own?");
    step("For reading only: map one page of a file private and shared, and load from both.");
    tell("The notes say (4.4-2, wrong): MAP_PRIVATE for read-only mappings (for performance).");
    int fd = scratch_file("read.txt", page);
    volatile char *p = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
    volatile char *s = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    check(faults_of(*p) == 1 && faults_of(*s) == 1,
          "for reading only, a private and a shared mapping cost one page fault each", "4.4-2");
    picture({"private", self, p}, {"shared", self, s});
    check_is(same_frame(self, p, self, s), 1,
             "for reading only, a page mapped private and shared is in one frame", "4.1-6 4.4-2");

    predict("Is the program's text in memory twice? Is its data?");
    step("Run this program as A and B: private mappings of its text (r-x) and its data (rw-).");
    start_unrelated(&b);
    volatile char *t = (char *)where_is("text"), *bt = (char *)ask_text(&b, where_is, "text");
    volatile char *bd = (char *)ask_text(&b, where_is, "data");
    (void)*t, (void)*data; /* two loads */
    ask(&b, load, bt), ask(&b, load, bd);
    picture({"A text", self, t}, {"B text", b.pid, bt}, {"A data", self, data},
            {"B data", b.pid, bd});
    check_is(same_frame(self, t, b.pid, bt), 1,
             "two processes that run one program have its text in one frame", "4.4-3");
    check_is(same_frame(self, data, b.pid, bd), 1,
             "program data is in one frame for two processes as long as neither has stored to it",
             "4.4-3");

    predict("How many frames do the four pages of the picture take afterwards?");
    step("B stores a C into its data, then A stores an X.");
    ask(&b, store_C, bd);
    *data = 'X';
    picture({"A text", self, t}, {"B text", b.pid, bt}, {"A data", self, data},
            {"B data", b.pid, bd});
    check_is(page_kind(b.pid, bd), ANONYMOUS_PAGE,
             "a program's data, once stored to, is a private copy", "4.4-3");
    check_is(ask(&b, load, bd), 'C', "each process that runs a program has its own data", "4.4-3");
    partner_close(&b);

    predict("The child stores into both. In which of them does the parent find the C?");
    step("Private memory: mmap() an anonymous page as p, malloc() one as heap. fork().");
    p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    heap = malloc(page);
    if (p == MAP_FAILED || !heap) die("mmap, malloc");
    *p = *heap = 'P';
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    ask(&child, store_C, p), ask(&child, store_C, heap);
    picture({"p", self, p}, {"child", child.pid, p}, {"heap", self, heap},
            {"child", child.pid, heap});
    check_is(page_kind(self, heap), ANONYMOUS_PAGE, "memory from malloc() is anonymous", "4.4-4");
    check(*p == 'P' && *heap == 'P' && ask(&child, load, heap) == 'C',
          "a parent sees no store of its child to private memory, mmap() or malloc()", "4.4-4");
    partner_close(&child);
    return end();
}
