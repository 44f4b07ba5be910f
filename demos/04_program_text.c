#define _GNU_SOURCE
/*
 * 04_program_text - what is MAP_PRIVATE good for?
 *
 * Notes      section 4.4 使用场景建议 (MAP_PRIVATE)
 * Watch      what is only read is one frame for all; what is stored to is each one's own
 * Try this   a store before the picture of the data; shared memory instead of malloc()
 * See also   mmap(2), execve(2), malloc(3), mallopt(3); 04_private_mapping, 05_cow_anonymous
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"

/* In the program file, and with whole pages of its own wherever pages have 64 KiB at most. */
static volatile char data[1 << 16] __attribute__((aligned(1 << 16))) = {'D'};

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
    begin(argc, argv, 5, "what is MAP_PRIVATE good for?");
    pid_t self = getpid();
    struct partner b;

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
             "two processes that run one program usually have a page of its text in one frame",
             "4.4-3");
    check_is(same_frame(self, data, b.pid, bd), 1,
             "two processes of one program have a page of its data in one frame until one stores",
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

    predict("What will the picture say of a page of malloc(): is it private, is it a file's?");
    step("Take a page of memory from malloc() and store a P into it.");
    static volatile char *heap; /* static: held to the end, which LeakSanitizer looks for */
    heap = malloc(page_size());
    if (!heap) die("malloc");
    *heap = 'P';
    picture({"heap", self, heap});
    check_is(page_kind(self, heap), ANONYMOUS_PAGE, "memory from malloc() is anonymous", "4.4-4");
    return end();
}
