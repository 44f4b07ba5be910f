#define _GNU_SOURCE
/*
 * 13_advice_fork - how does a process keep memory from its children?
 *
 * Notes      beyond the notes: in section 7 a child inherits every mapping
 * Watch      the table: after MADV_DONTFORK there is no mapping, after MADV_WIPEONFORK zeros
 * Try this   MADV_DOFORK in the place of MADV_DONTFORK; MADV_KEEPONFORK for MADV_WIPEONFORK
 * See also   madvise(2), fork(2); 13_advice, 07_what_fork_inherits, 05_cow_anonymous
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

/* What was seen of a piece of advice: one letter for each of the four kinds of memory. */
static struct row {
    const char *name;
    int advice;
    char accepted[8]; /* + yes, - no: EINVAL, ! no: another error */
    char child[8];    /* what a load finds in the child, x nothing mapped */
    char parent[8];
} rows[] = {{"MADV_NORMAL", MADV_NORMAL, "       ", "       ", "       "},
            {"MADV_DONTFORK", MADV_DONTFORK, "       ", "       ", "       "},
            {"MADV_WIPEONFORK", MADV_WIPEONFORK, "       ", "       ", "       "}};

/* msync(2) fails where nothing is mapped. */
static long letter(void *p) {
    if (msync(p, page_size(), MS_ASYNC) == -1) return 'x';
    return *(volatile char *)p ? *(volatile char *)p : '0';
}

static long store_C(void *p) {
    return *(volatile char *)p = 'C';
}

static long letter_in_its_own_child(void *p) {
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) _exit((int)letter(p));
    return WEXITSTATUS(wait_for(pid));
}

/* 0, or why it is unknown: the kernel has no such advice. */
static long missing(const struct row *row) {
    if (madvise(NULL, 0, row->advice) == 0) return 0;
    return unknown("no %s: %s", row->name, errno_name(errno));
}

static const char *seen(const struct row *row, const char *text) {
    return missing(row) ? unknown_text(missing(row)) : text;
}

int main(int argc, char **argv) {
    begin(argc, argv, 9, "how does a process keep memory from its children?");
    static const int flags[] = {MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
                                MAP_PRIVATE, MAP_SHARED};
    struct row *normal = &rows[0], *hide = &rows[1], *wipe = &rows[2];
    volatile char *p[12];
    size_t page = page_size();
    struct partner child;
    int fd = scratch_file("file", 12 * page);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a precaution: a fault is to bring in one page */

    step("Store a P into twelve pages, of four kinds, and give three pieces of advice.");
    for (size_t i = 0; i < 12; i++) {
        bool anonymous = flags[i % 4] & MAP_ANONYMOUS;
        p[i] = mmap(NULL, page, PROT_READ | PROT_WRITE, flags[i % 4], anonymous ? -1 : fd,
                    anonymous ? 0 : (off_t)(i * page));
        if (p[i] == MAP_FAILED) die("mmap");
        *p[i] = 'P';
        bool yes = madvise((void *)p[i], page, rows[i / 4].advice) == 0;
        rows[i / 4].accepted[i % 4 * 2] = yes ? '+' : errno == EINVAL ? '-' : '!';
    }
    check_is(seen(hide, hide->accepted), "+ + + +", "MADV_DONTFORK is for every kind of memory",
             "13.4-7");
    check_is(seen(wipe, wipe->accepted), "+ - - -",
             "MADV_WIPEONFORK is EINVAL unless the memory is private and anonymous", "13.4-8");

    predict("What does the child find where MADV_DONTFORK and MADV_WIPEONFORK were given?");
    step("fork(). The child loads from each page; then the parent does.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    tell("Columns: private and shared anonymous memory, private and shared file.");
    evidence("%-16s accepted  child    parent", "");
    for (size_t i = 0; i < 12; i++) {
        rows[i / 4].child[i % 4 * 2] = (char)ask(&child, letter, p[i]);
        rows[i / 4].parent[i % 4 * 2] = *p[i];
    }
    for (struct row *row = rows; row < rows + 3; row++)
        evidence("%-16s %-9s %-8s %s", row->name, row->accepted, row->child, row->parent);
    check_is(normal->child, "P P P P", "without advice a child has every kind of memory", "13.4-7");
    check_is(seen(hide, hide->child), "x x x x",
             "a child does not have what is marked MADV_DONTFORK, private or shared", "13.4-7");
    check_is(seen(wipe, wipe->child), "0 P P P",
             "where MADV_WIPEONFORK is set a child has the mapping, but finds zeros", "13.4-8");
    check_is(seen(wipe, wipe->parent), "P P P P",
             "the parent keeps what MADV_WIPEONFORK hides from its children", "13.4-8");

    predict("The child stores a C there and forks as well. What does the grandchild find?");
    step("The child stores a C into the wiped page. Then a child of its own loads from it.");
    ask(&child, store_C, p[8]);
    wipe->child[0] = (char)ask(&child, letter_in_its_own_child, p[8]);
    check_is(seen(wipe, wipe->child), "0 P P P",
             "MADV_WIPEONFORK stays set in the child: a grandchild finds zeros as well", "13.4-8");

    predict("Is each of these two stores a page fault?");
    step("The parent stores a Q into the private page of MADV_NORMAL and of MADV_DONTFORK.");
    check_is(faults_of(*p[0] = 'Q'), 1,
             "after fork() the first store to private memory is a fault: it copies the page",
             "13.4-9");
    check_is(missing(hide) ? missing(hide) : faults_of(*p[4] = 'Q'), 0,
             "after fork() a store to what is marked MADV_DONTFORK is no fault", "13.4-9");
    partner_close(&child);
    return end();
}
