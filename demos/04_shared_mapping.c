/*
 * 04_shared_mapping - who sees a store to a MAP_SHARED mapping, and when?
 *
 * Notes      sections 4.1 核心区别, 4.2 MAP_SHARED, 4.4 使用场景建议
 * Watch      the store stays in the page cache's page; B sees it at once, even half an update
 * Corrects   4.1-5
 * Try this   1. In `char *a`, MAP_SHARED -> MAP_PRIVATE: checks 6, 7, 8, 9, 10, 11 and 12 fail
 *            2. In `char *p2`, MAP_SHARED -> MAP_PRIVATE: checks 11 and 12 fail
 *            3. config->second = 2; -> config->second = config->third = 2;: check 12 fails
 *            4. open(path, O_RDWR) == -1 -> open(path, O_CREAT | O_RDWR, 0600) == -1: check 1 fails
 * See also   mmap(2), open(2); 04_private_mapping
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

/* The "shared configuration" of the notes. An update sets all three members to one number. */
struct config {
    unsigned char first, second, third;
};

int main(int argc, char **argv) {
    begin(argc, argv, 14, "who sees a store to a MAP_SHARED mapping, and when?");
    size_t page = page_size();
    pid_t self = getpid();
    struct turns b;
    char *path = scratch_path("shared.txt");

    step("Process B comes too early: the file is not there, then it is there but empty.");
    check_errno(open(path, O_RDWR) == -1, ENOENT, "open() before A creates the file: ENOENT",
                "4.2-2");
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    if (fd == -1) die("open");
    char *early = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    check(early != MAP_FAILED, "mmap() of an empty file succeeds", "4.2-2");
    check_str(load_from(early), "SIGBUS BUS_ADRERR", "a load from it dies of SIGBUS", "4.2-2");

    step("A sizes the file, maps it and reads.");
    if ((errno = posix_fallocate(fd, 0, (off_t)page)) != 0) die("posix_fallocate");
    char *a = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (a == MAP_FAILED) die("mmap");
    picture({"A", self, a});
    check_str(page_kind(self, a), NO_PAGE, "before the first access A has no page", "4.1-4");
    check(*a == 0, "a file that was only sized reads as zeros", NULL);
    picture({"A", self, a});
    long before = frame_of(self, a);

    step("A stores \"Hello from A\".");
    strcpy(a, "Hello from A");
    picture({"A", self, a});
    check_str(page_kind(self, a), FILE_PAGE, "a store goes into the page cache's page", "4.1-3");
    check_num(frame_of(self, a), ==, before, "the frame is the same as before the store", "4.1-3");
    check_num(smaps_kb(self, a, "Anonymous"), ==, 0, "no memory was spent on a copy", "4.1-4");
    check(byte_in_file(fd, 11) == 'A', "the file has the store, to the last letter", "4.1-1");

    predict("A has called neither msync() nor close(). What does B read?");
    step("Process B opens the file, maps it and reads; then it stores.");
    turns_open(&b);
    b.pid = fork();
    if (b.pid == -1) die("fork");
    if (b.pid == 0) {
        await_turn(&b);
        int fd2 = open(path, O_RDWR);
        if (fd2 == -1) die("open");
        char *p2 = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd2, 0);
        if (p2 == MAP_FAILED) die("mmap");
        b.said = strcmp(p2, "Hello from A") == 0;
        await_turn(&b);
        strcpy(p2, "Hello from B");
        b.said = (long)p2;
        await_turn(&b);
        volatile struct config *seen = (struct config *)(void *)p2;
        b.said = seen->first * 100 + seen->second * 10 + seen->third;
        last_turn(&b);
    }
    check_num(give_turn(&b), ==, 1, "B reads \"Hello from A\", without any msync()",
              "4.1-2 4.2-1 4.2-2");
    char *in_b = (char *)give_turn(&b);
    picture({"A", self, a}, {"B", b.pid, in_b});
    evidence("A reads \"%.12s\"", a);
    check(strcmp(a, "Hello from B") == 0, "A reads what B has stored", "4.1-2 4.1-6");

    predict("Which three numbers does B read?");
    step("A updates a shared configuration of three members from 1 to 2. B looks in the middle.");
    tell("The notes say (4.4-1, in part): one process changes a setting, all see it at once.");
    volatile struct config *config = (struct config *)(void *)a;
    config->first = config->second = config->third = 1;
    config->first = 2;
    config->second = 2;
    long seen = give_turn(&b);
    config->third = 2;
    evidence("B read %ld %ld %ld", seen / 100, seen / 10 % 10, seen % 10);
    check_num(seen, ==, 221, "at once means store by store: B saw half an update", "4.2-1 4.4-1");

    predict("Which of the two first stores costs a page fault?");
    step("What does the first store cost? Two fresh mappings, one shared, one private.");
    tell("The notes say (4.1-5, wrong): MAP_SHARED is faster, a private first store has to copy.");
    char *s = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *t = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (s == MAP_FAILED || t == MAP_FAILED) die("mmap");
    check_num(faults_of_store(s, 1, 'S'), ==, 1, "the first store to a shared page faults",
              "4.1-5");
    check_num(faults_of_store(t, 1, 'T'), ==, 1, "the first store to a private page faults, too",
              "4.1-5");
    tell("Which of the two faults takes longer depends on the memory: 02_speed measures it.");
    turns_close(&b);
    return end();
}
