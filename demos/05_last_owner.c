#define _GNU_SOURCE
/*
 * 05_last_owner - does the last owner of an anonymous page also copy it?
 *
 * Notes      section 5.2 详细过程分析, 阶段3, the same with memory that belongs to no file
 * Watch      every store faults, but only the first owner's are copied: see pgreuse
 * Try this   loads instead of the parent's stores; MADV_DONTFORK before the second fork()
 * See also   fork(2), madvise(2), proc(5) (vmstat: pgreuse); 05_cow_anonymous, 05_cow_after_fork
 */
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"

/* pgreuse counts for the whole machine, and some page may be in use at the wrong moment: so many
 * pages, nearly all of them, and more than one try, each with pages of its own. */
#define PAGES  ((size_t)250)
#define NEARLY ((long)PAGES * 99 / 100)
#define TRIES  ((size_t)4)

/* A page that another CPU has just touched may be copied all the same. */
static void stay_on_this_cpu(void) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus); /* a precaution: if it fails, fine */
}

static long faults_of_storing_C(void *from) {
    volatile char *p = from;
    size_t page = page_size();
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = 'C';
    return faults_counted();
}

static long kept_so_far(void) {
    return proc_field("/proc/vmstat", "pgreuse");
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "does the last owner of an anonymous page also copy it?");
    size_t page = page_size(), bytes = TRIES * PAGES * page;
    pid_t parent = getpid();
    struct partner child, second;

    step("Stay on one CPU. Store an O into each page, fork(); then store a P into each page.");
    stay_on_this_cpu();
    volatile char *p =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise((void *)p, bytes, MADV_NOHUGEPAGE); /* fails without huge pages: fine */
    for (size_t i = 0; i < bytes; i += page)
        p[i] = 'O';
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    long kept = kept_so_far();
    for (size_t i = 0; i < bytes; i += page)
        p[i] = 'P';
    kept = change(kept, kept_so_far());
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("pages kept instead of copied, by all processes of the machine: %s", number(kept));
    check_is(mapped_once(child.pid, p), 1,
             "the process that did not store is the last owner of the old page", "5.2-6");

    predict("Does the last owner's store copy the page?");
    step("The child stores a C into 250 of its pages: it is their last owner.");
    tell("The notes say (5.2-7, in part): the last owner (of a page of a file) gets a new page.");
    long faults = kept = 0;
    for (size_t i = 0; i < TRIES && kept < NEARLY; i++) {
        kept = kept_so_far();
        faults = ask(&child, faults_of_storing_C, p + i * PAGES * page);
        kept = change(kept, kept_so_far());
    }
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("page faults: %ld; pages kept instead of copied: %s", faults, number(kept));
    check_least(faults, PAGES, "when the last owner of anonymous pages stores, it faults as well",
                "5.2-7");
    check_least(kept, NEARLY, "the last owner usually keeps its anonymous page: no copy",
                "5.2-5 5.2-7 5.2-8");
    partner_close(&child);

    predict("Do the parent's stores fault?");
    step("The parent forks again; this child touches nothing and ends; then the parent stores.");
    partner_open(&second);
    second.pid = fork();
    if (second.pid == -1) die("fork");
    if (second.pid == 0) obey(&second);
    picture({"parent", parent, p}, {"second", second.pid, p});
    partner_close(&second);
    check_is(mapped_once(parent, p), 1, "once the child is gone, the parent is the only owner",
             "5.x-1");
    for (size_t i = kept = 0; i < TRIES && kept < NEARLY; i++) {
        kept = kept_so_far();
        count_faults();
        for (size_t k = 0; k < PAGES; k++)
            p[(i * PAGES + k) * page] = 'Q';
        faults = faults_counted();
        kept = change(kept, kept_so_far());
    }
    picture({"parent", parent, p});
    evidence("page faults: %ld; pages kept instead of copied: %s", faults, number(kept));
    check_least(faults, PAGES,
                "after fork() even an only owner's stores fault: the entries are read-only",
                "5.x-1");
    check_least(kept, NEARLY, "the stores of an only owner usually copy nothing", "5.x-1");
    return end();
}
