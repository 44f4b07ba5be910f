#define _GNU_SOURCE
/*
 * 04_shared_mapping - who sees a store to a MAP_SHARED mapping, and when?
 *
 * Notes      sections 4.1 核心区别, 4.2 MAP_SHARED, 4.4 使用场景建议 (MAP_SHARED)
 * Watch      the store stays in the page cache's page; B sees it at once, even half an update
 * Try this   MAP_PRIVATE for A, or for B; look only after the third store
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

/* The "shared configuration" of the notes: an update sets all three members to the same digit. */
struct config {
    char first, second, third;
};

static char *in_b; /* B's mapping */

static long map_file(void *path) {
    int fd = open(path, O_RDWR);
    if (fd == -1) die("open");
    in_b = mmap(NULL, page_size(), RW, MAP_SHARED, fd, 0);
    if (in_b == MAP_FAILED) die("mmap");
    return (long)in_b;
}

static long reads(void *text) {
    return strcmp(in_b, text) == 0;
}

static long store(void *text) {
    strcpy(in_b, text);
    return 0;
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_file, reads, store, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 13, "who sees a store to a MAP_SHARED mapping, and when?");
    size_t page = page_size();
    pid_t self = getpid();
    struct partner b;
    char *path = scratch_path("shared.txt"), text[16] = "";

    predict("How does each of the two attempts of a process that comes too early end?");
    step("Too early: the file does not exist; then it exists, but A has not given it a length.");
    tell("The notes say (4.2-2, in part): B, running at the same time, prints \"Hello from A\".");
    check_errno(open(path, O_RDWR) == -1, ENOENT,
                "open() of a file that nobody has created: ENOENT", "4.2-2");
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    if (fd == -1) die("open");
    char *early = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    if (early == MAP_FAILED) die("mmap");
    check_is(load_from(early), "SIGBUS BUS_ADRERR",
             "a load from a mapping of an empty file dies of SIGBUS", "4.2-2");

    step("A gives the file its length and maps it. B, unrelated, opens and maps it, and reads.");
    if ((errno = reserve(fd, page)) != 0) die("reserve");
    char *a = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (a == MAP_FAILED) die("mmap");
    start_unrelated(&b);
    char *b_address = (char *)ask_text(&b, map_file, path);
    check_is(ask_text(&b, reads, ""), 1,
             "a file that was only given a length reads as zeros: an empty text", "4.2-2");

    predict("A has called neither msync() nor close(). What does B read?");
    step("A stores \"Hello from A\".");
    strcpy(a, "Hello from A");
    check_is(ask_text(&b, reads, "Hello from A"), 1,
             "through MAP_SHARED another process reads a store without any msync()",
             "4.1-2 4.2-1 4.2-2");
    picture({"A", self, a}, {"B", b.pid, b_address});
    check_is(same_frame(self, a, b.pid, b_address), 1,
             "the MAP_SHARED mappings of two processes lead to one frame", "4.1-4");
    check_is(smaps_kb(self, a, "Anonymous"), 0,
             "a store to a MAP_SHARED file mapping takes no memory for a copy", "4.1-4");
    if (pread(fd, text, sizeof text - 1, 0) == -1) die("pread");
    check_is((char *)text, "Hello from A",
             "read() of the file finds what was stored through MAP_SHARED", "4.1-1");

    step("The other way: B stores \"Hello from B\".");
    ask_text(&b, store, "Hello from B");
    check_is(a, "Hello from B", "through MAP_SHARED A also reads what B stores", "4.1-2 4.1-6");

    predict("Which three digits does B read?");
    step("A sets a configuration of three members from 111 to 222. B looks in the middle.");
    tell("The notes say (4.2-1 4.4-1, in part): others see a store, a changed setting, at once.");
    volatile struct config *config = (void *)a;
    strcpy(a, "111");
    config->first = '2';
    config->second = '2';
    check_is(ask_text(&b, reads, "221"), 1,
             "others see an update of several members store by store, here half of it",
             "4.2-1 4.4-1");
    config->third = '2';
    partner_close(&b);

    predict("Which of the two first stores costs a page fault, and which a copy?");
    step("What does the first store cost? Two fresh mappings, one shared, one private.");
    tell("The notes say (4.1-5, in part): a private first store is slightly slower: it copies.");
    volatile char *s = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    volatile char *t = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || t == MAP_FAILED) die("mmap");
    check_is(faults_of(*s = 'S'), 1, "the first store to a fresh shared mapping is a page fault",
             "4.1-5");
    check_is(faults_of(*t = 'T'), 1,
             "the first store to a fresh private mapping is a page fault as well", "4.1-5");
    check_is(page_kind(self, s), FILE_PAGE,
             "a store to a MAP_SHARED mapping goes into the page cache's page: no copy",
             "4.1-3 4.1-5");
    check_is(page_kind(self, t), ANONYMOUS_PAGE,
             "the first store to a private mapping copies the page", "4.1-3 4.1-5");
    picture({"A", self, a}, {"shared", self, s}, {"private", self, t});
    tell("Which of the two faults takes longer depends on the memory: 02_first_touch measures it.");
    return end();
}
