#define _GNU_SOURCE
/*
 * 13_advice - what does advice, madvise(), do to contents and page faults?
 *
 * Notes      beyond the notes: advice for the four kinds of memory of sections 4 and 9
 * Watch      the two tables: some advice throws stores away, some saves page faults
 * Try this   MADV_NORMAL in the place of any other advice; no second store in step 2
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

/* What was seen of a piece of advice: a digit or a letter for each of the four kinds of memory. */
struct row {
    const char *name;
    int advice;
    char faults[5]; /* page faults of the next access; -: the advice is EINVAL, !: another error */
    char bytes[5];  /* what is in the page then */
};

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

static void note(struct row *row, size_t kind, int error, long faults, char byte) {
    row->faults[kind] = (char)(error == EINVAL ? '-' : error ? '!' : '0' + faults);
    row->bytes[kind] = error ? '-' : byte ? byte : '0';
}

static void show(struct row **rows, size_t count) {
    evidence("%-20s  private anon.  shared anon.  private file  shared file", "");
    for (size_t i = 0; i < count; i++) {
        const char *f = rows[i]->faults, *b = rows[i]->bytes;
        evidence("%-20s  %c, %c           %c, %c          %c, %c          %c, %c", rows[i]->name,
                 f[0], b[0], f[1], b[1], f[2], b[2], f[3], b[3]);
    }
}

/* A text of a row, or why it is unknown: the kernel has no such advice. */
static const char *seen(const struct row *row, const char *text) {
    if (madvise(NULL, 0, row->advice) == 0 || (errno != EINVAL && errno != ENOSYS)) return text;
    return unknown_text(unknown("no %s: %s", row->name, errno_name(errno)));
}

int main(int argc, char **argv) {
    begin(argc, argv, 10, "what does advice, madvise(), do to contents and page faults?");
    struct row normal = {"MADV_NORMAL", MADV_NORMAL, "", ""},
               drop = {"MADV_DONTNEED", MADV_DONTNEED, "", ""},
               lazy = {"MADV_FREE", MADV_FREE, "", ""},
               soon = {"MADV_WILLNEED", MADV_WILLNEED, "", ""},
               fill = {"MADV_POPULATE_WRITE", MADV_POPULATE_WRITE, "", ""};
    struct row *stored_to[] = {&normal, &drop, &lazy}, *fresh[] = {&soon, &fill};
    int fd = scratch_file("file", 32 * page_size());
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a precaution: a fault is to bring in one page */

    predict("Four kinds of memory: which of them lose their P by MADV_DONTNEED?");
    step("Store a P (in the file over an F) in each kind of memory, give advice, load the byte.");
    tell("Advice tells the kernel how memory is going to be used: as always (MADV_NORMAL),");
    tell("not soon (MADV_DONTNEED), or that its contents may be thrown away (MADV_FREE).");
    for (size_t i = 0; i < 12; i++) {
        volatile char *p = map_page(i % 4, fd);
        *p = 'P';
        int error = madvise((void *)p, page_size(), stored_to[i / 4]->advice) ? errno : 0;
        long faults = faults_of(*p);
        note(stored_to[i / 4], i % 4, error, faults, *p);
    }
    tell("In each column: page faults of the next access, then the byte (0: a zero). -: EINVAL.");
    show(stored_to, 3);
    check_is(normal.faults, "0000", "MADV_NORMAL leaves a page in place: a load is no fault",
             "13.4-1");
    check_is(seen(&drop, drop.faults), "1111",
             "after MADV_DONTNEED the next load is a fault, private or shared", "13.4-1");
    check_is(seen(&drop, drop.bytes), "0PFP",
             "MADV_DONTNEED loses stores to private memory, but not to shared memory", "13.4-2");
    check_is(seen(&lazy, lazy.faults + 1), "---", /* from the second column on */
             "MADV_FREE is EINVAL unless the memory is private and anonymous", "13.4-3");
    check(lazy.bytes[0] == 'P' || lazy.bytes[0] == '0',
          "after MADV_FREE a load finds the old contents, or zeros", "13.4-4");

    predict("MADV_FREE lets the kernel take a page at any time. What if it is stored to again?");
    step("Store a P, give MADV_FREE, store an S; then tell the kernel to take the page.");
    volatile char *q = map_page(0, fd);
    *q = 'P';
    madvise((void *)q, page_size(), MADV_FREE);
    *q = 'S';
    madvise((void *)q, page_size(), MADV_PAGEOUT); /* drops what has had no store since */
    check_is(*q, 'S', "what is stored after MADV_FREE is not lost", "13.4-4");

    predict("After which is the first store no fault: MADV_WILLNEED, MADV_POPULATE_WRITE?");
    step("Give other advice for fresh pages, store an S into the second byte, load the first.");
    tell("MADV_WILLNEED: it will be used soon. MADV_POPULATE_WRITE: bring it in for stores now.");
    for (size_t i = 0; i < 8; i++) {
        volatile char *p = map_page(i % 4, fd);
        int error = madvise((void *)p, page_size(), fresh[i / 4]->advice) ? errno : 0;
        long faults = faults_of(p[1] = 'S');
        note(fresh[i / 4], i % 4, error, faults, *p);
    }
    show(fresh, 2);
    check_is(seen(&soon, soon.faults), "1111",
             "MADV_WILLNEED makes no page-table entries: a first store is a fault", "13.4-5");
    check_is(seen(&fill, fill.faults), "0000",
             "right after MADV_POPULATE_WRITE a first store is no fault", "13.4-6");
    check_is(seen(&fill, fill.bytes), "00FF", "MADV_POPULATE_WRITE changes no byte", "13.4-6");

    step("Give MADV_POPULATE_WRITE for a page of a private file mapping, and store nothing.");
    volatile char *p = map_page(2, fd);
    madvise((void *)p, page_size(), fill.advice);
    check_is(seen(&fill, page_kind(getpid(), p)), ANONYMOUS_PAGE,
             "MADV_POPULATE_WRITE copies a private file mapping's pages, as stores do", "13.4-6");
    return end();
}
