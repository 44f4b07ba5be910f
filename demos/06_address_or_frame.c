/*
 * 06_address_or_frame - is it the same memory in two processes? ask for the frame
 *
 * Notes      section 6, 映射区是否相同？
 * Watch      two unrelated processes, their addresses, their frames, before and after a store
 * Try this   1. In `char *s =`, MAP_SHARED -> MAP_PRIVATE: checks 8, 9 and 10 fail
 *            2. In `char *p =`, MAP_PRIVATE -> MAP_SHARED: checks 11, 12, 14, 16 and 18 fail
 *            3. In `volatile char *shared`, MAP_SHARED, fd -> MAP_SHARED | MAP_ANONYMOUS, -1:
 *               checks 3, 4, 5, 8 and 9 fail
 *            4. Everywhere, MAP_PRIVATE, fd -> MAP_PRIVATE | MAP_POPULATE, fd:
 *               checks 1, 2, 6, 7, 13 and 17 fail
 * See also   mmap(2), execve(2), proc(5) (pagemap); 03_page_cache, 05_cow_after_fork
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

/* Process B: maps the first page of the file MAP_SHARED, the second MAP_PRIVATE, and only reads. */
static void process_b(struct turns *b, const char *path) {
    size_t page = page_size();
    await_turn(b);
    int fd = open(path, O_RDWR);
    if (fd == -1) die("open %s", path);
    volatile char *shared = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    volatile char *own = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)page);
    if (shared == MAP_FAILED || own == MAP_FAILED) die("mmap");
    b->said = (long)shared;
    await_turn(b);
    for (b->said = (long)own;; b->said = *own) {
        await_turn(b);
        b->said = *shared;
        await_turn(b);
    }
}

/* A cell of the table: is what was seen the value that means yes? */
static const char *cell(long seen, long yes) {
    return seen == UNKNOWN ? "unknown" : seen == yes ? "yes" : "no";
}

int main(int argc, char **argv) {
    struct turns b;
    if (has_role(argc, argv, "B", &b)) process_b(&b, argv[2]);
    begin(argc, argv, 18, "is it the same memory in two processes? ask for the frame");
    size_t page = page_size();
    pid_t a = getpid();

    show_also("process_b");
    step("A and B, two unrelated processes, map a file: page 0 MAP_SHARED, page 1 MAP_PRIVATE.");
    int fd = scratch_file("file", 2 * page);
    if (pwrite(fd, "s", 1, 0) != 1 || pwrite(fd, "p", 1, (off_t)page) != 1) die("pwrite");
    char *s = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)page);
    if (s == MAP_FAILED || p == MAP_FAILED) die("mmap");
    start_unrelated(&b, argv[0], "B", scratch_path("file"));
    char *bs = (char *)give_turn(&b), *bp = (char *)give_turn(&b);
    picture({"A", a, p}, {"B", b.pid, bp});
    check_str(page_kind(a, p), NO_PAGE, "at first A has no page", "6.3-1");
    check_str(page_kind(b.pid, bp), NO_PAGE, "at first B has none either", "6.3-1");

    predict("Each of the two maps two pages. How many frames is that in all?");
    step("Both read both pages.");
    long b_s = give_turn(&b), b_p = give_turn(&b);
    bool right = *s == 's' && *p == 'p' && b_s == 's' && b_p == 'p';
    check(right, "both read the file's bytes", NULL);
    picture({"A", a, s}, {"B", b.pid, bs});
    long same_s = mapped_once(a, s);
    check_num(same_s, ==, 0, "A and B share the page, wherever it appears", "6.1-1 6.2-1");
    check_num(frame_of(a, s), ==, frame_of(b.pid, bs), "a shared page is one frame", "6.2-1");
    tell("The notes say (6.3-1, in part): at first both have one frame, with a count of 2.");
    picture({"A", a, p}, {"B", b.pid, bp});
    long same_p = mapped_once(a, p);
    check_num(same_p, ==, 0, "while only read, a private page is shared, too", "6.1-1 6.3-1");
    long original = frame_of(b.pid, bp);
    check_num(frame_of(a, p), ==, original, "a private page is one frame, too", "6.3-1");

    predict("In which of its two pages does B find the A?");
    step("A stores an A into each page.");
    *s = *p = 'A';
    b_s = give_turn(&b), b_p = give_turn(&b);
    char file_s = byte_in_file(fd, 0), file_p = byte_in_file(fd, page);
    picture({"A", a, s}, {"B", b.pid, bs});
    check_num(b_s, ==, 'A', "MAP_SHARED: B sees A's store", "6.2-1 6.4-1");
    long still_s = mapped_once(a, s);
    check_num(still_s, ==, 0, "MAP_SHARED: A and B still share the page", "6.4-1");
    check(file_s == 'A', "MAP_SHARED: the file has the store", "6.4-1");
    picture({"A", a, p}, {"B", b.pid, bp});
    check_num(b_p, ==, 'p', "MAP_PRIVATE: B does not see A's store", "6.3-2 6.4-1");
    check_str(page_kind(a, p), ANONYMOUS_PAGE, "MAP_PRIVATE: A has a copy", "6.3-2");
    check_str(page_kind(b.pid, bp), FILE_PAGE, "MAP_PRIVATE: B still has the file's page", "6.3-2");
    long still_p = mapped_once(a, p);
    check_num(still_p, ==, 1, "MAP_PRIVATE: nobody but A maps the copy", "6.4-1");
    check_num(frame_of(b.pid, bp), ==, original, "MAP_PRIVATE: B keeps its frame", "6.3-2");
    check(file_p == 'p', "MAP_PRIVATE: the file does not have the store", "6.4-1");

    predict("Both have mapped it MAP_PRIVATE. Who sees the w?");
    step("The second page of the file is written by write().");
    tell("The notes say (6.4-1, in part): with MAP_PRIVATE each process is independent.");
    if (pwrite(fd, "w", 1, (off_t)page) != 1) die("pwrite");
    give_turn(&b);
    check_num(give_turn(&b), ==, 'w', "B, which has not stored, follows the file", "6.4-1");
    check(*p == 'A', "A, which has stored, does not follow the file", "6.4-1");

    tell("The table of 6.4, as measured:      MAP_SHARED    MAP_PRIVATE");
    evidence("same address in A and B           %-12s  %s", cell(s == bs, 1), cell(p == bp, 1));
    evidence("same page after both have read    %-12s  %s", cell(same_s, 0), cell(same_p, 0));
    evidence("same page after A's store         %-12s  %s", cell(still_s, 0), cell(still_p, 0));
    evidence("B sees A's store                  %-12s  %s", cell(b_s, 'A'), cell(b_p, 'A'));
    evidence("the file has A's store            %-12s  %s", cell(file_s, 'A'), cell(file_p, 'A'));
    turns_close(&b);
    return end();
}
