#define _GNU_SOURCE
/*
 * 03_page_cache - how many copies of a file do two processes have in memory?
 *
 * Notes      sections 3.2 虚拟内存与物理内存的关系, 3.4 页缓存（Page Cache）机制
 * Watch      one frame under two mappings; a store is at once there for both, and for read()
 * Try this   MAP_PRIVATE for the parent, or for the child; no load in the child; no store
 * See also   mmap(2), proc(5) (smaps: Pss); 03_writeback, 06_address_or_frame
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static long map_file(void *path) {
    int fd = open(path, O_RDONLY);
    if (fd == -1) die("open");
    char *c = mmap(NULL, page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) die("mmap");
    return (long)c;
}

static long load(void *c) {
    return *(volatile char *)c;
}

int main(int argc, char **argv) {
    begin(argc, argv, 5, "how many copies of a file do two processes have in memory?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    step("The parent puts an O into a file by write(), maps it MAP_SHARED, and loads from it.");
    int fd = scratch_file("file", page);
    if (write(fd, "O", 1) != 1) die("write");
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    (void)*p;
    picture({"parent", parent, p});
    check_is(smaps_kb(parent, p, "Pss"), page / 1024,
             "the only process that maps a page is charged all of it (Pss)", "3.2-2");

    predict("Two descriptors, two mappings: how many frames hold the page then?");
    step("A child opens and maps the file by itself. Then both load from it.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    volatile char *c = (volatile char *)ask_text(&child, map_file, scratch_path("file"));
    ask(&child, load, c);
    (void)*p; /* there are file systems that forget what they have when a file is opened anew */
    picture({"parent", parent, p}, {"child", child.pid, c});
    check_is(same_frame(parent, p, child.pid, c), 1,
             "two processes that load from a page of a file, MAP_SHARED, have it in one frame",
             "3.2-2 3.4-1");
    check_is(smaps_kb(parent, p, "Pss"), page / 1024 / 2,
             "two processes that map a page are charged half of it each (Pss)", "3.2-2");

    predict("Nobody calls msync(). Does the child load the P, and does read() return it?");
    step("The parent stores a P.");
    *p = 'P';
    check_is(ask(&child, load, c), 'P',
             "another process sees a store to a MAP_SHARED mapping at once", "3.2-2 3.4-2");
    check_is(byte_in_file(fd, 0), 'P',
             "read() returns at once what was stored through a MAP_SHARED mapping", "3.4-2");
    partner_close(&child);
    return end();
}
