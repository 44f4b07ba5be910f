#define _GNU_SOURCE
/*
 * 04_program_text - what is MAP_PRIVATE good for?
 *
 * Notes      section 4.4 使用场景建议 (MAP_PRIVATE)
 * Watch      what is only read is one frame for all; what is stored to is each one's own
 * Corrects   4.4-2
 * Try this   MAP_SHARED for the anonymous page; a store before the first picture of the data
 * See also   mmap(2), execve(2), malloc(3), mallopt(3); 04_private_mapping, 09_anonymous
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static char data[4 << 16] = {'D'}; /* in the program file, and large enough for whole pages */
static volatile char *heap;

/* Where a whole page of `data` begins. */
static long data_page(void *unused) {
    (void)unused;
    return (long)(((uintptr_t)data + page_size() - 1) / page_size() * page_size());
}

static long text(void *unused) {
    (void)unused;
    return (long)(uintptr_t)text;
}

static long load(void *p) {
    return *(volatile char *)p;
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

int main(int argc, char **argv) {
    static act *const acts[] = {data_page, text, load, store_C, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 12, "what is MAP_PRIVATE good for?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner copy, child;

    predict("Which of the two first loads costs a page fault, which a frame of its own?");
    step("For reading only: map one page of a file private and shared, and load from both.");
    tell("The notes say (4.4-2, wrong): MAP_PRIVATE for read-only mappings, to optimise "
         "performance.");
    int fd = scratch_file("read.txt", page);
    volatile char *p = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
    volatile char *s = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    check_is(faults_of(*p), 1, "for reading only, a private mapping costs one page fault",
             "4.1-6 4.4-2");
    check_is(faults_of(*s), 1, "for reading only, a shared mapping also costs one page fault",
             "4.1-6 4.4-2");
    picture({"private", self, p}, {"shared", self, s});
    check_is(same_frame(self, p, self, s), 1,
             "for reading only, a private and a shared mapping lead to one frame", "4.1-6 4.4-2");

    predict("Is the program's text in memory twice? Is its data?");
    step("Run this program again: text is a read-only private mapping, data a writable one.");
    start_unrelated(&copy);
    char *our_text = (char *)text(NULL), *our_data = (char *)data_page(NULL);
    char *its_text = (char *)ask(&copy, text, NULL);
    char *its_data = (char *)ask(&copy, data_page, NULL);
    load(our_text), load(our_data);
    ask(&copy, load, its_text), ask(&copy, load, its_data);
    picture({"our text", self, our_text}, {"its text", copy.pid, its_text},
            {"our data", self, our_data}, {"its data", copy.pid, its_data});
    check_is(page_kind(copy.pid, its_text), FILE_PAGE,
             "a program's text is mapped from the page cache", "4.4-3");
    check_is(same_frame(self, our_text, copy.pid, its_text), 1,
             "two running copies of a program have its text in one frame", "4.4-3");
    check_is(signal_alone(store_to(our_text)), "SIGSEGV",
             "a program's text cannot be written: a store dies of SIGSEGV", "4.4-3");
    check_is(same_frame(self, our_data, copy.pid, its_data), 1,
             "program data that no running copy has stored to is in one frame as well", "4.4-3");

    predict("How many frames do text and data take afterwards?");
    step("The second copy stores a C into its data, this one an A.");
    ask(&copy, store_C, its_data);
    *our_data = 'A';
    picture({"our text", self, our_text}, {"its text", copy.pid, its_text},
            {"our data", self, our_data}, {"its data", copy.pid, its_data});
    check_is(page_kind(copy.pid, its_data), ANONYMOUS_PAGE,
             "a program's data, once stored to, is a private copy", "4.4-3");
    check_is(ask(&copy, load, its_data), 'C', "each running copy of a program has its own data",
             "4.4-3");
    partner_close(&copy);

    predict("The child stores into both. In which of them does the parent find the C?");
    step("Private memory: mmap() a private and a shared page, malloc() a megabyte. fork().");
    volatile char *mine = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *ours = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    heap = malloc(1 << 20);
    if (mine == MAP_FAILED || ours == MAP_FAILED || !heap) die("mmap, malloc");
    *mine = *ours = *heap = 'P';
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    ask(&child, store_C, mine), ask(&child, store_C, ours);
    picture({"mine", self, mine}, {"child", child.pid, mine}, {"ours", self, ours},
            {"child", child.pid, ours}, {"malloc()", self, heap});
    check_is(*mine, 'P', "a child's store to private anonymous memory is not seen by its parent",
             "4.4-4");
    check_is(*ours, 'C', "a child's store to shared anonymous memory is seen by its parent", NULL);
    check_is(page_kind(self, heap), ANONYMOUS_PAGE,
             "memory from malloc() is private anonymous memory", "4.4-4");
    partner_close(&child);
    return end();
}
