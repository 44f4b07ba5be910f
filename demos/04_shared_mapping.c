#define _GNU_SOURCE
/*
 * 04_shared_mapping - who sees a store to a MAP_SHARED mapping, and when?
 *
 * Notes      sections 4.1 核心区别, 4.2 MAP_SHARED, 4.4 使用场景建议 (MAP_SHARED)
 * Watch      the store stays in the page cache's page; B sees it at once, even half an update
 * Try this   MAP_PRIVATE for A, or for B with a store of its own; look after the third store
 * See also   mmap(2), open(2); 04_private_mapping, 02_first_touch, 12_shared_config
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static char *in_b; /* B's mapping */

static long map_file(void *path) {
    int fd = open(path, O_RDWR);
    if (fd == -1) die("open");
    in_b = mmap(NULL, page_size(), RW, MAP_SHARED, fd, 0);
    if (in_b == MAP_FAILED) die("mmap");
    return 0;
}

static long reads(void *text) {
    return strcmp(in_b, text) == 0;
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_file, reads, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 7, "who sees a store to a MAP_SHARED mapping, and when?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner b;
    char *path = scratch_path("shared.txt");

    predict("What does open() do before there is a file? What does B read before A has stored?");
    step("Too early: open the file before A has made it; then B maps it, before A has stored.");
    tell("The notes say (4.2-2, in part): B, running at the same time, prints \"Hello from A\".");
    check_errno(open(path, O_RDWR) == -1, ENOENT,
                "without O_CREAT, open() of a file that is not there is ENOENT", "4.2-2");
    int fd = scratch_file("shared.txt", page);
    char *a = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (a == MAP_FAILED) die("mmap");
    start_unrelated(&b);
    ask_text(&b, map_file, path);
    check_is(ask_text(&b, reads, ""), 1,
             "a file that was only given a length reads as zeros: an empty text", "4.2-2");

    predict("A has called neither msync() nor close(). What does B read?");
    step("A stores \"Hello from A\".");
    strcpy(a, "Hello from A");
    check_is(ask_text(&b, reads, "Hello from A"), 1,
             "through MAP_SHARED others read a store with no msync()", "4.1-2 4.1-6 4.2-1 4.2-2");
    check_is(byte_in_file(fd, 0), 'H', "read() finds what was stored through MAP_SHARED", "4.1-1");

    predict("Which three digits does B read?");
    step("A sets a configuration of three digits from 111 to 222. B looks in the middle.");
    tell("The notes say (4.2-1 4.4-1, in part): others see a store, a changed setting, at once.");
    volatile char *digit = strcpy(a, "111");
    digit[0] = '2';
    digit[1] = '2';
    check_is(ask_text(&b, reads, "221"), 1,
             "through MAP_SHARED others can see half of an update of three bytes", "4.2-1 4.4-1");
    digit[2] = '2';
    partner_close(&b);

    predict("Which of the two first stores costs a page fault, and which a copy?");
    step("What does the first store cost? Two fresh mappings: s is shared, p is private.");
    tell("The notes say (4.1-5, in part): a private first store is slightly slower: it copies.");
    volatile char *s = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    volatile char *p = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || p == MAP_FAILED) die("mmap");
    check(faults_of(*s = 'S') == 1 && faults_of(*p = 'P') == 1,
          "in a fresh mapping, shared or private, a store as the first access is a page fault",
          "4.1-5");
    picture({"A", self, a}, {"s", self, s}, {"p", self, p});
    check_is(page_kind(self, s), FILE_PAGE,
             "a store through MAP_SHARED goes into the page cache's page: no copy", "4.1-3 4.1-4");
    return end();
}
