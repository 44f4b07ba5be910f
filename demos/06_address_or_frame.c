#define _GNU_SOURCE
/*
 * 06_address_or_frame - is it the same memory in two processes? Ask for the frame
 *
 * Notes      section 6, 映射区是否相同？
 * Watch      two unrelated processes, their addresses, their frames, before and after a store
 * Try this   MAP_PRIVATE instead of MAP_SHARED, and the other way round; MAP_POPULATE as well
 * See also   mmap(2), execve(2), proc(5) (pagemap); 03_page_cache, 05_cow_after_fork
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static char *map(const char *path, int type) {
    int fd = open(path, O_RDWR);
    if (fd == -1) die("open %s", path);
    char *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, type, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return p;
}

/* What B is asked for. It answers with addresses of its own, and A asks for loads from these. */
static long map_shared(void *path) {
    return (long)map(path, MAP_SHARED);
}

static long map_private(void *path) {
    return (long)map(path, MAP_PRIVATE);
}

static long load(void *address_in_b) {
    return *(volatile char *)address_in_b;
}

static const char *yes_if(long seen, long value) {
    return is_unknown(seen) ? "unknown" : seen == value ? "yes" : "no";
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_shared, map_private, load, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 16, "is it the same memory in two processes? Ask for the frame");
    pid_t a = getpid();
    struct partner b;

    predict("Which of the two processes has pages after A's loads?");
    step("Unrelated A and B map one file MAP_SHARED, another MAP_PRIVATE. A loads from both.");
    int s_file = scratch_file("shared", page_size()), p_file = scratch_file("private", page_size());
    if (pwrite(s_file, "s", 1, 0) != 1 || pwrite(p_file, "p", 1, 0) != 1) die("pwrite");
    volatile char *s = map(scratch_path("shared"), MAP_SHARED);
    volatile char *p = map(scratch_path("private"), MAP_PRIVATE);
    start_unrelated(&b);
    void *bs = (void *)ask_text(&b, map_shared, scratch_path("shared"));
    void *bp = (void *)ask_text(&b, map_private, scratch_path("private"));
    bool a_reads = *s == 's' && *p == 'p';
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    check_is(page_kind(b.pid, bs), NO_PAGE, "MAP_SHARED: while only A has loaded, B has no page",
             "6.2-1");
    check_is(page_kind(b.pid, bp), NO_PAGE, "MAP_PRIVATE: while only A has loaded, B has no page",
             "6.3-1");
    check_is(mapped_once(a, p), 1, "MAP_PRIVATE: a page that only A has loaded from is mapped once",
             "6.3-1");

    predict("Now each of the two has two pages. In how many frames are they?");
    step("B loads from both.");
    tell("The notes say (6.3-1, in part): at first both have one frame, with a count of 2.");
    bool b_reads = ask(&b, load, bs) == 's' && ask(&b, load, bp) == 'p';
    check(a_reads && b_reads, "unrelated processes load the same bytes from a file they map", NULL);
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    long same_s = same_frame(a, s, b.pid, bs), same_p = same_frame(a, p, b.pid, bp);
    check_is(same_s, 1,
             "MAP_SHARED: the page is in one frame for both, whatever its address in each",
             "6.1-1 6.2-1");
    check_is(same_p, 1, "MAP_PRIVATE: a page that is only read is in one frame for both as well",
             "6.1-1 6.3-1");
    check_is(mapped_once(a, p), 0,
             "MAP_PRIVATE: once B has loaded as well the page is mapped twice", "6.3-1");

    predict("In which of its two pages does B find the X?");
    step("A stores an X into each of its pages.");
    *s = *p = 'X';
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    long still_s = same_frame(a, s, b.pid, bs), still_p = same_frame(a, p, b.pid, bp);
    long b_s = ask(&b, load, bs), b_p = ask(&b, load, bp);
    char file_s = byte_in_file(s_file, 0), file_p = byte_in_file(p_file, 0);
    check_is(b_s, 'X', "MAP_SHARED: B sees A's store", "6.2-1 6.4-1");
    check_is(still_s, 1, "MAP_SHARED: after A's store both still have one frame", "6.4-1");
    check_is(file_s, 'X', "MAP_SHARED: the file has the store", "6.4-1");
    check_is(b_p, 'p', "MAP_PRIVATE: B does not see A's store", "6.3-2 6.4-1");
    check_is(page_kind(a, p), ANONYMOUS_PAGE, "MAP_PRIVATE: A has a copy after its store", "6.3-2");
    check_is(page_kind(b.pid, bp), FILE_PAGE, "MAP_PRIVATE: B still has the file's page", "6.3-2");
    check_is(file_p, 'p', "MAP_PRIVATE: the file does not have the store", "6.4-1");

    predict("Both have mapped this file MAP_PRIVATE. Which of them sees the w?");
    step("write() changes the file that is mapped MAP_PRIVATE.");
    tell("The notes say (6.4-1, in part): with MAP_PRIVATE they are independent after the copy.");
    if (pwrite(p_file, "w", 1, 0) != 1) die("pwrite");
    check_is(ask(&b, load, bp), 'w',
             "MAP_PRIVATE: B, which only read (no MAP_POPULATE, no mlock()), follows the file",
             "6.4-1");
    check_is(*p, 'X', "MAP_PRIVATE: A, which has stored, does not follow the file", "6.4-1");

    tell("The table of 6.4, as measured:      MAP_SHARED    MAP_PRIVATE");
    evidence("same address in A and B           %-12s  %s", yes_if(s == bs, 1), yes_if(p == bp, 1));
    evidence("same frame after both have read   %-12s  %s", yes_if(same_s, 1), yes_if(same_p, 1));
    evidence("same frame after A's store        %-12s  %s", yes_if(still_s, 1), yes_if(still_p, 1));
    evidence("B sees A's store                  %-12s  %s", yes_if(b_s, 'X'), yes_if(b_p, 'X'));
    evidence("the file has A's store            %-12s  %s", yes_if(file_s, 'X'),
             yes_if(file_p, 'X'));
    partner_close(&b);
    return end();
}
