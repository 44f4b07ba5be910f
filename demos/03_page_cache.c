#define _GNU_SOURCE
/*
 * 03_page_cache - how many copies of a file do two processes have in memory?
 *
 * Notes      sections 3.2 虚拟内存与物理内存的关系, 3.4 页缓存（Page Cache）机制
 * Watch      one frame under two mappings; read(), write() and stores all meet there
 * Try this   MAP_PRIVATE for the parent, or for the child; no load in the child; no write()
 * See also   mmap(2), mincore(2), proc(5) (smaps: Pss); 03_writeback, 06_address_or_frame
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static int own; /* the child's descriptor */

static long map_file(void *unused) {
    (void)unused;
    own = open(scratch_path("file"), O_RDWR);
    if (own == -1) die("open");
    char *c = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
    if (c == MAP_FAILED) die("mmap");
    return (long)c;
}

static long load(void *c) {
    return *(volatile char *)c;
}

static long store_C(void *c) {
    return *(volatile char *)c = 'C';
}

static long write_W(void *unused) {
    (void)unused;
    return write(own, "W", 1);
}

int main(int argc, char **argv) {
    begin(argc, argv, 14, "how many copies of a file do two processes have in memory?");
    size_t page = page_size();
    pid_t parent = getpid();
    struct partner child;

    step("The parent makes a file, maps it MAP_SHARED, and fills its page by write().");
    int fd = scratch_file("file", 0);
    if (ftruncate(fd, page) == -1) die("ftruncate");
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    unsigned char before, after;
    if (mincore((char *)p, page, &before) == -1) die("mincore");
    char *text = malloc(page);
    if (!text || write(fd, memset(text, 'O', page), page) != (ssize_t)page) die("write");
    free(text);
    check_is(*p, 'O', "a MAP_SHARED mapping shows what write() has written", "3.4-1");
    if (mincore((char *)p, page, &after) == -1) die("mincore");
    picture({"parent", parent, p});
    evidence("in the page cache: %d page before write(), %d afterwards", before & 1, after & 1);
    check(!(before & 1) && after & 1,
          "a page of a file is in the page cache once it has been used, not before", "3.4-1");
    check_is(page_kind(parent, p), FILE_PAGE,
             "a MAP_SHARED file mapping maps the page cache's own page", "3.4-1");
    check_is(smaps_kb(parent, p, "Pss"), page / 1024,
             "the only process that maps a page is charged all of it (Pss)", "3.2-2");

    predict("Two descriptors, two mappings: how many frames hold the page then?");
    step("A child opens and maps the file by itself. Then both load from it.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    volatile char *c = (volatile char *)ask(&child, map_file, NULL);
    ask(&child, load, c);
    (void)*p; /* there are file systems that forget what they have when a file is opened anew */
    picture({"parent", parent, p}, {"child", child.pid, c});
    check_is(page_kind(child.pid, c), FILE_PAGE,
             "another process's mapping leads to the page cache as well", "3.4-1");
    check_is(same_frame(parent, p, child.pid, c), 1,
             "two processes that map a page of a file MAP_SHARED have it in one frame", "3.2-2");
    check_is(mapped_once(parent, p), 0,
             "a page that two processes have loaded from is mapped more than once", "3.2-2");
    check_is(smaps_kb(parent, p, "Pss"), page / 1024 / 2,
             "two processes that map a page are charged half of it each (Pss)", "3.2-2");

    predict("Nobody calls msync(). Does read() return the P, and does the child load it?");
    step("The parent stores a P.");
    *p = 'P';
    check_is(byte_in_file(fd, 0), 'P',
             "read() returns at once what was stored through a MAP_SHARED mapping", "3.4-2");
    check_is(ask(&child, load, c), 'P',
             "another process sees a store to a MAP_SHARED mapping at once", "3.2-2 3.4-2");

    step("The child stores a C.");
    ask(&child, store_C, c);
    check_is(*p, 'C', "a store by the child is in the parent's MAP_SHARED mapping at once",
             "3.4-2");
    check_is(byte_in_file(fd, 0), 'C',
             "read() returns what another process has stored through MAP_SHARED", "3.4-2");

    step("The child calls write() with a W, on its own descriptor.");
    if (ask(&child, write_W, NULL) != 1) die("write");
    check_is(ask(&child, load, c), 'W',
             "on Linux what write() writes is at once in the caller's MAP_SHARED mapping", "3.4-2");
    check_is(*p, 'W',
             "on Linux what write() writes is at once in the MAP_SHARED mappings of others",
             "3.4-2");
    partner_close(&child);
    return end();
}
