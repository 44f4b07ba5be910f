/*
 * 03_page_cache - how many copies of a file do two processes have in memory?
 *
 * Notes      sections 3.2 虚拟内存与物理内存的关系, 3.4 页缓存（Page Cache）机制
 * Watch      one frame under two mappings; read(), write() and stores all meet there
 * Try this   1. In `char *p`, MAP_SHARED -> MAP_PRIVATE: checks 9, 10, 11 and 14 fail
 *            2. In `char *c`, MAP_SHARED -> MAP_PRIVATE: checks 11, 12 and 13 fail
 *            3. (void)*c; -> nothing: checks 5, 7 and 8 fail
 *            4. if (write(fd, "O", 1) != 1) die("write"); -> nothing: checks 1 and 2 fail
 * See also   mmap(2), mincore(2), proc(5) (smaps: Pss); 03_writeback, 06_address_or_frame
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

int main(int argc, char **argv) {
    begin(argc, argv, 14, "how many copies of a file do two processes have in memory?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct turns child;

    step("The parent makes a file with write(), maps it MAP_SHARED and reads it.");
    int fd = scratch_file("file", page);
    if (write(fd, "O", 1) != 1) die("write");
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    unsigned char resident = 0;
    if (mincore(p, page, &resident) == -1) die("mincore");
    check(resident & 1, "after write() the page is in the page cache", "3.4-1");
    check(*p == 'O', "a mapping shows what write() has written", "3.4-1");
    picture({"parent", parent, p});
    long alone = smaps_kb(parent, p, "Pss");
    check_num(alone, ==, page / 1024, "a process alone is charged the whole page (Pss)", "3.2-2");
    check_str(page_kind(parent, p), FILE_PAGE, "a file mapping maps the page cache's own page",
              "3.4-1");

    step("Fork a child that will open and map the file itself, then look, store and write().");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        int own = open(scratch_path("file"), O_RDWR);
        if (own == -1) die("open");
        volatile char *c = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
        if (c == MAP_FAILED) die("mmap");
        (void)*c; /* the child's first access */
        child.said = (long)c;
        await_turn(&child);
        child.said = *c;
        await_turn(&child);
        *c = 'C';
        await_turn(&child);
        if (write(own, "W", 1) != 1) die("write");
        child.said = *c;
        last_turn(&child);
    }

    predict("Two descriptors, two mappings: how often is the page in memory then?");
    step("The child's turn: it opens and maps the file by itself and reads the page.");
    char *c = (char *)give_turn(&child);
    long together = smaps_kb(parent, p, "Pss");
    picture({"parent", parent, p}, {"child", child.pid, c});
    evidence("parent's proportional share (Pss): %s kB alone, %s kB now", number(alone),
             number(together));
    check_str(page_kind(child.pid, c), FILE_PAGE, "another mapping leads to the page cache, too",
              "3.4-1");
    check_num(frame_of(child.pid, c), ==, frame_of(parent, p),
              "both page tables name the same frame", "3.2-2");
    check_num(mapped_once(parent, p), ==, 0, "the page is mapped more than once", "3.2-2");
    check_num(together * 2, ==, alone, "two processes are charged half a page each (Pss)", "3.2-2");

    predict("Does read() return the P now? Does the child see it?");
    step("The parent stores a P. Nobody calls msync().");
    *p = 'P';
    check(byte_in_file(fd, 0) == 'P', "read() returns a store at once", "3.4-2");
    check_num(give_turn(&child), ==, 'P', "another process sees a store at once", "3.2-2 3.4-2");

    step("The child stores a C.");
    give_turn(&child);
    check(*p == 'C', "the parent sees the child's store at once", "3.4-2");
    check(byte_in_file(fd, 0) == 'C', "read() returns the child's store at once", "3.4-2");

    step("The child calls write() on its own descriptor with a W.");
    check_num(give_turn(&child), ==, 'W', "write() shows at once in the writer's mapping", "3.4-2");
    check(*p == 'W', "write() shows at once in another's mapping, too", "3.4-2");
    turns_close(&child);
    return end();
}
