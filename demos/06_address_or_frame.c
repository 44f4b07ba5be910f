#define _GNU_SOURCE
/*
 * 06_address_or_frame - is it the same memory in two processes? Ask for the frame
 *
 * Notes      section 6, 映射区是否相同？
 * Watch      two unrelated processes, their addresses, their frames, before and after a store
 * Try this   MAP_PRIVATE instead of MAP_SHARED, and the other way round; MAP_POPULATE as well
 * See also   mmap(2), execve(2), proc(5) (pagemap); 03_page_cache, 04_private_mapping
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

int main(int argc, char **argv) {
    static act *const acts[] = {map_shared, map_private, load, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 8, "is it the same memory in two processes? Ask for the frame");
    pid_t a = getpid();
    struct partner b;

    predict("Which of the two processes has pages after A's loads?");
    step("Unrelated A and B map one file MAP_SHARED, another MAP_PRIVATE. A loads from both.");
    scratch_file("shared", page_size());
    int fd = scratch_file("private", page_size());
    if (pwrite(fd, "p", 1, 0) != 1) die("pwrite");
    volatile char *s = map(scratch_path("shared"), MAP_SHARED);
    volatile char *p = map(scratch_path("private"), MAP_PRIVATE);
    start_unrelated(&b);
    void *bs = (void *)ask_text(&b, map_shared, scratch_path("shared"));
    void *bp = (void *)ask_text(&b, map_private, scratch_path("private"));
    (void)*s;
    (void)*p;
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    check_is(page_kind(b.pid, bs), NO_PAGE,
             "MAP_SHARED: what one process loads puts no page into another one's page table",
             "6.2-1");
    check_is(page_kind(b.pid, bp), NO_PAGE,
             "MAP_PRIVATE: what one process loads puts no page into another one's page table",
             "4.3-2 6.3-1");

    predict("Now each of the two has two pages. In how many frames are they?");
    step("B loads from both.");
    tell("The notes say (6.3-1, in part): at first both have one frame, with a count of 2.");
    ask(&b, load, bs);
    ask(&b, load, bp);
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    check_is(same_frame(a, s, b.pid, bs), 1,
             "MAP_SHARED: a page of a file that two processes load is in one frame", "6.1-1 6.2-1");
    check_is(same_frame(a, p, b.pid, bp), 1,
             "MAP_PRIVATE: a page of a file that two processes only load from is in one frame",
             "6.1-1 6.3-1");

    predict("In which of its two pages does B find the X?");
    step("A stores an X into each of its pages.");
    *s = *p = 'X';
    picture({"A", a, s}, {"B", b.pid, bs}, {"A", a, p}, {"B", b.pid, bp});
    check_is(ask(&b, load, bs), 'X', "MAP_SHARED, one file: a process sees what another one stores",
             "6.2-1 6.4-1");
    check_is(same_frame(a, s, b.pid, bs), 1,
             "MAP_SHARED: a page that two processes have loaded stays in one frame after a store",
             "6.4-1");
    check_is(ask(&b, load, bp), 'p', "MAP_PRIVATE: an unrelated process does not see a store",
             "6.3-2 6.4-1");
    check_is(same_frame(a, p, b.pid, bp), 0,
             "MAP_PRIVATE: if two processes load a page, one that stores gets another frame",
             "6.3-2 6.4-1");
    partner_close(&b);
    return end();
}
