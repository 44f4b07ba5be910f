#define _GNU_SOURCE
/*
 * 13_advice - what does madvise() do to contents, pages and page faults?
 *
 * Notes      beyond the notes: advice for the four kinds of memory of sections 4 and 9
 * Watch      the two tables: some advice throws stores away, some saves page faults
 * Try this   MADV_NORMAL, which changes nothing, in the place of any other advice
 * See also   madvise(2); 13_advice_fork, 13_locked, 04_private_mapping, 03_zero_page
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21 /* since Linux 5.4 */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* since Linux 5.14 */
#endif

/* What was seen of a piece of advice: one letter for each of the four kinds of memory. */
struct row {
    const char *name;
    int advice;
    char accepted[8]; /* + yes, - no: EINVAL, ! no: another error */
    char page[8];     /* which is there then: - none, o an own one, c one of the page cache */
    char faults[8];   /* of the next access */
    char byte[8];     /* what a load finds after that */
};
#define ROW(advice)                                                                                \
    { #advice, advice, "       ", "       ", "       ", "       " }

/* Maps a page of a kind. In the file each page begins with an F. */
static volatile char *map_page(size_t kind, int fd) {
    static const int flags[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
                                MAP_PRIVATE, MAP_SHARED};
    static off_t at;
    if (pwrite(fd, "F", 1, at += page_size()) != 1) die("pwrite");
    void *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, flags[kind], kind < 2 ? -1 : fd,
                   kind < 2 ? 0 : at);
    if (p == MAP_FAILED) die("mmap");
    return p;
}

static void advise(struct row *row, size_t kind, volatile char *p) {
    bool yes = madvise((void *)p, page_size(), row->advice) == 0;
    row->accepted[2 * kind] = yes ? '+' : errno == EINVAL ? '-' : '!';
    struct page page = look_at(getpid(), p);
    row->page[2 * kind] = !page.present ? '-' : page.is_file ? 'c' : 'o';
}

static void note(struct row *row, size_t kind, long faults, char byte) {
    row->faults[2 * kind] = (char)('0' + faults);
    row->byte[2 * kind] = byte ? byte : '0';
    if (kind < 3) return;
    evidence("%-20s %-9s %-8s %-8s %s", row->name, row->accepted, row->page, row->faults,
             row->byte);
}

/* A text of a row; or why it is unknown: the kernel has no such advice, or there is no /proc. */
static const char *seen(const struct row *row, const char *text) {
    long there = pages_present(getpid(), row, 1);
    if (madvise(NULL, 0, row->advice) == -1)
        return unknown_text(unknown("no %s: %s", row->name, errno_name(errno)));
    return text == row->page && is_unknown(there) ? unknown_text(there) : text;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "what does madvise() do to contents, pages and page faults?");
    struct row normal = ROW(MADV_NORMAL), drop = ROW(MADV_DONTNEED), lazy = ROW(MADV_FREE);
    struct row soon = ROW(MADV_WILLNEED), fill = ROW(MADV_POPULATE_WRITE);
    struct row *stored_to[] = {&normal, &drop, &lazy}, *fresh[] = {&soon, &fill};
    volatile char *p;
    int fd = scratch_file("file", 32 * page_size());
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a precaution: a fault is to bring in one page */

    predict("Four kinds of memory: which of them lose their P by MADV_DONTNEED?");
    step("Store a P into a page of each kind, give the advice, then load the P.");
    tell("Columns: private and shared anonymous memory, private and shared file.");
    tell("Page: o its own, c of the page cache, - none. Not accepted, -: EINVAL.");
    evidence("%-20s accepted  page     faults   byte", "");
    for (size_t i = 0; i < 12; i++) {
        p = map_page(i % 4, fd);
        *p = 'P';
        advise(stored_to[i / 4], i % 4, p);
        long faults = faults_of(*p);
        note(stored_to[i / 4], i % 4, faults, *p);
    }
    check_is(normal.faults, "0 0 0 0", "MADV_NORMAL leaves a page where it is: a load is no fault",
             "13.4-1");
    check_is(seen(&drop, drop.page), "- - - -",
             "MADV_DONTNEED takes a page out of the page table, private or shared", "13.4-1");
    check_is(seen(&drop, drop.faults), "1 1 1 1",
             "after MADV_DONTNEED the next load from a page is a fault", "13.4-1");
    check_is(seen(&drop, drop.byte), "0 P F P",
             "MADV_DONTNEED loses stores to private memory, but not to shared memory", "13.4-2");
    check_is(seen(&lazy, lazy.accepted), "+ - - -",
             "MADV_FREE is EINVAL unless the memory is private and anonymous", "13.4-3");
    check(lazy.byte[0] == 'P' || lazy.byte[0] == '0',
          "after MADV_FREE a load finds the old contents, or zeros", "13.4-4");

    predict("MADV_FREE lets the kernel take a page at any time. What if it is stored to again?");
    step("Store a P, give MADV_FREE, store an S; then tell the kernel to take the page.");
    p = map_page(0, fd);
    *p = 'P';
    madvise((void *)p, page_size(), MADV_FREE);
    *p = 'S';
    madvise((void *)p, page_size(), MADV_PAGEOUT); /* where there is that, and memory to swap to */
    check_is(*p, 'S', "what is stored after MADV_FREE is not lost", "13.4-4");

    predict("After which of the two is the first store to a page no fault?");
    step("Take fresh pages, give the advice, store an S into the second byte, load the first.");
    for (size_t i = 0; i < 8; i++) {
        p = map_page(i % 4, fd);
        advise(fresh[i / 4], i % 4, p);
        long faults = faults_of(p[1] = 'S');
        note(fresh[i / 4], i % 4, faults, *p);
    }
    check_is(seen(&soon, soon.faults), "1 1 1 1",
             "MADV_WILLNEED makes no page-table entries: a first store is a fault", "13.4-5");
    check_is(seen(&fill, fill.faults), "0 0 0 0",
             "after MADV_POPULATE_WRITE a first store is no fault", "13.4-6");
    check_is(seen(&fill, fill.page), "o c o c",
             "MADV_POPULATE_WRITE makes copies of a private file's pages, as stores do", "13.4-6");
    check_is(seen(&fill, fill.byte), "0 0 F F", "MADV_POPULATE_WRITE changes no byte", "13.4-6");
    return end();
}
