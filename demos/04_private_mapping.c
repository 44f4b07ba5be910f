/*
 * 04_private_mapping - what is private about a MAP_PRIVATE mapping?
 *
 * Notes      sections 4.1 核心区别, 4.3 MAP_PRIVATE, 4.4 使用场景建议
 * Watch      only the pages that were written are private; the others follow the file
 * Corrects   4.3-4 4.4-2
 * Try this   1. In `char *p`, MAP_PRIVATE -> MAP_SHARED: checks 5, 6, 7, 13 and 14 fail, 9 may
 *            2. In `char *p`, MAP_PRIVATE -> MAP_PRIVATE | MAP_POPULATE:
 *               checks 1, 3, 4, 8, 9 and 12 fail
 *            3. faults_of_store(w, 1, 'W') -> faults_of_load(w, 1): check 11 fails
 *            4. if (ftruncate(fd, 0) == -1) die("ftruncate"); -> nothing: checks 15 and 16 fail
 * See also   mmap(2), ftruncate(2); 04_shared_mapping, 05_cow_after_fork
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

static char data = 'D';

/* A second process that runs this program; says where its text and its data are. */
static void other_program(struct turns *other) {
    data = 'E';
    await_turn(other);
    other->said = (long)(uintptr_t)other_program;
    await_turn(other);
    other->said = (long)(uintptr_t)&data;
    last_turn(other);
}

int main(int argc, char **argv) {
    struct turns other;
    if (has_role(argc, argv, "other", &other)) other_program(&other);
    begin(argc, argv, 23, "what is private about a MAP_PRIVATE mapping?");
    size_t page = page_size();
    pid_t self = getpid();

    step("Map two pages of a file MAP_PRIVATE, and the same pages MAP_SHARED beside it. Read.");
    int fd = scratch_file("private.txt", 2 * page);
    if (pwrite(fd, "1", 1, 0) != 1 || pwrite(fd, "1", 1, (off_t)page) != 1) die("pwrite");
    char *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *s = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || s == MAP_FAILED) die("mmap");
    check_str(page_kind(self, p), NO_PAGE, "before the first access there is no page", "4.3-2");
    long read_first = faults_of_load(p, 1);
    check(s[0] == '1' && s[page] == '1' && p[page] == '1', "both mappings show the file", NULL);
    picture({"s page 0", self, s}, {"p page 0", self, p});
    check_str(page_kind(self, p), FILE_PAGE, "a read maps the page cache's page", "4.3-1 4.3-2");
    check_num(frame_of(self, p), ==, frame_of(self, s), "a shared mapping has the same frame",
              "4.3-1");

    step("Store a P into the first page.");
    read_first += faults_of_store(p, 1, 'P');
    picture({"s page 0", self, s}, {"p page 0", self, p}, {"s page 1", self, s + page},
            {"p page 1", self, p + page});
    check_str(page_kind(self, p), ANONYMOUS_PAGE, "the store went into a copy", "3.1-2 4.1-3");
    check(byte_in_file(fd, 0) == '1', "the file does not have the store", "4.1-1");
    check(s[0] == '1' && p[0] == 'P', "other mappings do not see the store", "4.1-2 4.3-3");
    check_str(page_kind(self, p + page), FILE_PAGE, "only one page is copied", "4.1-4 4.3-1");

    step("The same in a fresh private mapping, but store without reading first.");
    char *w = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (w == MAP_FAILED) die("mmap");
    long write_first = faults_of_store(w, 1, 'W');
    evidence("read, then store: %ld faults; store at once: %ld", read_first, write_first);
    check_num(read_first, ==, 2, "read, then store: two faults, the second for the copy", "5.1-3");
    check_num(write_first, ==, 1, "store at once: one fault, straight to the copy", "4.3-2 5.1-3");
    check_num(faults_of_store(w, 1, 'X'), ==, 0, "a page stored to first is writable at once",
              "5.1-3");

    predict("What does p show, in page 0 and in page 1?");
    step("Through s, a 2 is stored into both pages. POSIX leaves open what p shows then.");
    tell("The notes say (4.3-4, wrong): every process has its own copy, others cannot change it.");
    s[0] = s[page] = '2';
    check(p[page] == '2', "a page without a store of one's own follows the file", "4.3-4");
    check(p[0] == 'P', "a page with one's own store does not follow", "4.3-4");
    p[page] = 'Q';
    s[page] = '3';
    check(p[page] == 'Q', "from one's own first store on, the page stands still", "4.3-4");

    predict("Page 0 of p is a copy of our own. What does it hold afterwards?");
    step("Somebody truncates the file to nothing and makes it long again.");
    if (ftruncate(fd, 0) == -1) die("ftruncate");
    check_str(load_from(p), "SIGBUS BUS_ADRERR", "a load from one's own copy dies", "4.3-4");
    if ((errno = posix_fallocate(fd, 0, 2 * (off_t)page)) != 0) die("posix_fallocate");
    check(p[0] == 0, "the copy is lost: the page reads as zeros", "4.3-4");

    predict("How many page faults does a first load cost: private? shared?");
    step("Read only: is a private mapping the cheaper one?");
    tell("The notes say (4.4-2, wrong): use MAP_PRIVATE for read-only mappings, it is faster.");
    char *rp = mmap(NULL, 2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
    char *rs = mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, fd, 0);
    if (rp == MAP_FAILED || rs == MAP_FAILED) die("mmap");
    long private_faults = faults_of_load(rp, 1), shared_faults = faults_of_load(rs, 1);
    picture({"private", self, rp}, {"shared", self, rs});
    check(private_faults == 1 && shared_faults == 1, "read-only, both cost one page fault",
          "4.1-6 4.4-2");
    check_str(page_kind(self, rp), FILE_PAGE, "the private one maps the page cache, too", "4.4-2");
    check_num(frame_of(self, rp), ==, frame_of(self, rs), "read-only, both lead to one frame",
              "4.1-6");

    step("Run this program once more: its text is a read-only private mapping, its data is not.");
    start_unrelated(&other, argv[0], "other", "");
    char *text = (char *)give_turn(&other), *datum = (char *)give_turn(&other);
    char *our_text = (char *)(uintptr_t)other_program;
    picture({"our text", self, our_text}, {"its text", other.pid, text}, {"our data", self, &data},
            {"its data", other.pid, datum});
    check_str(page_kind(other.pid, text), FILE_PAGE, "a program's text is page cache", "4.4-3");
    check_num(frame_of(other.pid, text), ==, frame_of(self, our_text),
              "all runs share the text's frame", "4.4-3");
    check_str(page_kind(other.pid, datum), ANONYMOUS_PAGE, "written data is a copy", "4.4-3");
    check_num(mapped_once(other.pid, datum), ==, 1, "each run has its own data", "4.4-3");
    turns_close(&other);
    return end();
}
