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

/* What was seen of a piece of advice: a letter for each of the four kinds of memory. */
static struct row {
    const char *name;
    int advice;
    char accepted[5]; /* + yes, - no: EINVAL, ! no: another error */
    char child[5];    /* what a load finds in the child, x: nothing is mapped there */
    char parent[5];   /* what a load finds in the parent afterwards */
} rows[] = {{"MADV_NORMAL", MADV_NORMAL, "", "", ""},
            {"MADV_DONTFORK", MADV_DONTFORK, "", "", ""},
            {"MADV_WIPEONFORK", MADV_WIPEONFORK, "", "", ""}};

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

/* 0, or why the check is skipped: the kernel has no such advice. */
static long missing(const struct row *row) {
    if (madvise(NULL, 0, row->advice) == 0 || (errno != EINVAL && errno != ENOSYS)) return 0;
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

    step("Store a P into three pages of each kind of memory, and give three kinds of advice.");
    tell("MADV_DONTFORK: keep it from children. MADV_WIPEONFORK: wipe it for them. MADV_NORMAL: "
         "none.");
    for (size_t i = 0; i < 12; i++) {
        bool anonymous = flags[i % 4] & MAP_ANONYMOUS;
        p[i] = mmap(NULL, page, PROT_READ | PROT_WRITE, flags[i % 4], anonymous ? -1 : fd,
                    anonymous ? 0 : (off_t)(i * page));
        if (p[i] == MAP_FAILED) die("mmap");
        *p[i] = 'P';
        bool yes = madvise((void *)p[i], page, rows[i / 4].advice) == 0;
        rows[i / 4].accepted[i % 4] = yes ? '+' : errno == EINVAL ? '-' : '!';
    }
    check_is(seen(hide, hide->accepted), "++++", "MADV_DONTFORK is for every kind of memory",
             "13.4-7");
    check_is(seen(wipe, wipe->accepted), "+---",
             "MADV_WIPEONFORK is EINVAL unless the memory is private and anonymous", "13.4-8");

    predict("What does a child find in each of them: the P, a zero, or nothing mapped at all?");
    step("Call fork(). The child loads from each page; then the parent does.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    for (size_t i = 0; i < 12; i++) {
        bool refused = rows[i / 4].accepted[i % 4] != '+';
        rows[i / 4].child[i % 4] = refused ? '-' : (char)ask(&child, letter, p[i]);
        rows[i / 4].parent[i % 4] = refused ? '-' : *p[i];
    }
    tell("In each column: what the child finds, then the parent. x: nothing mapped. -: EINVAL.");
    evidence("%-16s  private anon.  shared anon.  private file  shared file", "");
    for (struct row *row = rows; row < rows + 3; row++) {
        const char *c = row->child, *f = row->parent;
        evidence("%-16s  %c, %c           %c, %c          %c, %c          %c, %c", row->name, c[0],
                 f[0], c[1], f[1], c[2], f[2], c[3], f[3]);
    }
    check_is(normal->child, "PPPP",
             "without advice a child has private and shared, file and anonymous memory", "13.4-7");
    check_is(seen(hide, hide->child), "xxxx",
             "memory marked MADV_DONTFORK is not mapped in a child, private or shared", "13.4-7");
    check_is(seen(wipe, wipe->child), "0---",
             "where MADV_WIPEONFORK is set a child has the mapping, but finds zeros", "13.4-8");
    check_is(missing(wipe) ? missing(wipe) : wipe->parent[0], 'P',
             "the parent keeps what MADV_WIPEONFORK hides from its children", "13.4-8");

    predict("The child stores a C into its wiped page and forks. What does the grandchild find?");
    step("The child stores a C into the wiped page. Then a child of its own loads from it.");
    ask(&child, store_C, p[8]);
    wipe->child[0] = (char)ask(&child, letter_in_its_own_child, p[8]);
    check_is(seen(wipe, wipe->child), "0---",
             "MADV_WIPEONFORK stays set in the child: a grandchild finds zeros as well", "13.4-8");

    predict("Two pages of private memory, one kept from the child: is each of the stores a fault?");
    step("The parent stores a Q into private memory, with MADV_NORMAL and with MADV_DONTFORK.");
    check(faults_of(*p[0] = 'Q') == 1 && ask(&child, letter, (void *)p[0]) == 'P',
          "the parent's first store to a private page that a child shares faults and copies",
          "13.4-9");
    check_is(missing(hide) ? missing(hide) : faults_of(*p[4] = 'Q'), 0,
             "a page stored to and marked MADV_DONTFORK before fork() takes stores without a fault",
             "13.4-9");
    partner_close(&child);
    return end();
}
