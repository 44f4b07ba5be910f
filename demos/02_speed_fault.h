/*
 * 02_speed_fault - what the first touch of a page costs, beside a copy of a page.
 */
#ifndef SPEED_FAULT_H
#define SPEED_FAULT_H

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define FAULT_PAGES 256

enum fault_way {
    COPY_PAGE,
    AGAIN,
    ANONYMOUS_PRIVATE,
    ANONYMOUS_SHARED,
    ZERO_PRIVATE,
    ZERO_SHARED,
    READ_FILE,
    STORE_SHARED,
    STORE_CLEAN,
    STORE_PRIVATE,
    STORE_FORKED,
    STORE_LAST,
    POPULATE,
};

static int fault_file, zero_device;

/* A child that has the pages of this process, too, until part_from(). */
static pid_t sharer(int *until) {
    int ends[2];
    char byte;
    if (pipe2(ends, O_CLOEXEC) == -1) die("pipe");
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 1);
    }
    close(ends[0]);
    *until = ends[1];
    return pid;
}

static void part_from(pid_t pid, int until) {
    close(until);
    if (wait_for(pid) != 0) bail_out("the child died");
}

static char *map_pages(enum fault_way way) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
    if (way == ANONYMOUS_SHARED) flags = MAP_SHARED | MAP_ANONYMOUS;
    if (way == ZERO_PRIVATE) flags = MAP_PRIVATE, fd = zero_device;
    if (way == ZERO_SHARED) flags = MAP_SHARED, fd = zero_device;
    if (way == READ_FILE || way == STORE_SHARED || way == STORE_CLEAN)
        flags = MAP_SHARED, fd = fault_file;
    if (way == STORE_PRIVATE) flags = MAP_PRIVATE, fd = fault_file;
    if (way == POPULATE) flags |= MAP_POPULATE;
    char *p = mmap(NULL, FAULT_PAGES * page_size(), PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise(p, FAULT_PAGES * page_size(), MADV_NOHUGEPAGE);
    return p;
}

static void load_all(const volatile char *p) {
    for (size_t i = 0; i < FAULT_PAGES; i++)
        (void)p[i * page_size()];
}

static void store_all(volatile char *p, char byte) {
    for (size_t i = 0; i < FAULT_PAGES; i++)
        p[i * page_size()] = byte;
}

static double first_touch(struct row *row) {
    enum fault_way way = (enum fault_way)row->way;
    static char *from; /* pages to copy from: there since the first call */
    static char byte; /* another one each time, so that what was there before is not taken for it */
    size_t page = page_size();
    pid_t child = 0;
    int until = -1;
    place(0, 1); /* on one CPU: a page that has just come from another is not kept (STORE_LAST) */
    if (!from) from = map_pages(ANONYMOUS_PRIVATE);
    byte = (char)(byte % 100 + 1);
    store_all(from, byte);
    double begin = now();
    char *p = map_pages(way);
    double mapped = now();
    if (way == COPY_PAGE || way == AGAIN || way == STORE_FORKED || way == STORE_LAST)
        store_all(p, 0);
    if (way == STORE_CLEAN && fsync(fault_file) == -1) die("fsync");
    if (way == STORE_SHARED || way == STORE_CLEAN || way == STORE_PRIVATE) load_all(p);
    if (way == STORE_FORKED || way == STORE_LAST) child = sharer(&until);
    if (way == STORE_LAST) part_from(child, until);
    double faults = faults_so_far();
    if (way != POPULATE) begin = now();
    if (way == COPY_PAGE)
        for (size_t i = 0; i < FAULT_PAGES; i++)
            memcpy(p + i * page, from + i * page, page);
    else if (way == READ_FILE)
        load_all(p);
    else if (way != POPULATE)
        store_all(p, byte);
    double ns = ((way == POPULATE ? mapped : now()) - begin) / FAULT_PAGES;
    if (way == POPULATE) store_all(p, byte);
    row->switches += (faults_so_far() - faults) / FAULT_PAGES;
    if (way == STORE_FORKED) part_from(child, until);
    for (size_t i = 0; i < FAULT_PAGES; i++)
        row->wrong += p[i * page] != (way == READ_FILE ? byte_in_file(fault_file, i * page) : byte);
    munmap(p, FAULT_PAGES * page);
    return ns;
}

static void open_faults(void) {
    size_t bytes = FAULT_PAGES * page_size();
    fault_file = scratch_file("pages", bytes);
    zero_device = open("/dev/zero", O_RDWR | O_CLOEXEC);
    if (zero_device == -1) die("open /dev/zero");
    for (size_t done = 0; done < bytes; done += page_size())
        if (pwrite(fault_file, "x", 1, (off_t)done) != 1) die("pwrite");
}

static size_t fault_rows(struct row *rows, const char *table) {
    static const char *const names[] = {
        [COPY_PAGE] = "memcpy() of a page",
        [AGAIN] = "store, not the first one",
        [ANONYMOUS_PRIVATE] = "anonymous, private",
        [ANONYMOUS_SHARED] = "anonymous, shared",
        [ZERO_PRIVATE] = "/dev/zero, private",
        [ZERO_SHARED] = "/dev/zero, shared",
        [READ_FILE] = "file, read",
        [STORE_SHARED] = "file read, shared store",
        [STORE_CLEAN] = "the same after fsync()",
        [STORE_PRIVATE] = "file read, private store",
        [STORE_FORKED] = "copy after fork()",
        [STORE_LAST] = "last owner after fork()",
        [POPULATE] = "MAP_POPULATE, all at once",
    };
    for (int way = COPY_PAGE; way <= POPULATE; way++)
        rows[way] =
            (struct row){.table = table, .name = names[way], .run = first_touch, .way = way};
    return POPULATE + 1;
}

#endif
