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

#define PAGES 1000L /* so many that they stand out: pgreuse counts for the whole machine */

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
    begin(argc, argv, 5, "does the last owner of an anonymous page also copy it?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t parent = getpid();
    struct partner child;

    step("Stay on one CPU. Store an O into 1000 pages, fork(), and store a P into each of them.");
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus); /* what another CPU has just touched may be copied */
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
             "after copy-on-write the process that has not stored is the old page's last owner",
             "5.2-6");

    predict("Does the last owner's store copy the page?");
    step("The child, the last owner of the old pages, stores a C into each.");
    tell("The notes say (5.2-7, in part): the last owner (of a page of a file) gets a new page.");
    kept = kept_so_far();
    long faults = ask(&child, faults_of_storing_C, p);
    kept = change(kept, kept_so_far());
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("page faults: %ld; pages kept instead of copied: %s", faults, number(kept));
    check_least(faults, PAGES, "when the last owner of anonymous pages stores, it faults as well",
                "5.2-7");
    check_least(kept, PAGES / 2, "the last owner usually keeps its anonymous page: no copy",
                "5.2-5 5.2-7 5.2-8");
    partner_close(&child);

    predict("Do the parent's stores fault?");
    step("The parent forks again; this child touches nothing and ends; then the parent stores.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    partner_close(&child);
    kept = kept_so_far();
    count_faults();
    for (size_t i = 0; i < bytes; i += page)
        p[i] = 'Q';
    faults = faults_counted();
    kept = change(kept, kept_so_far());
    evidence("page faults: %ld; pages kept instead of copied: %s", faults, number(kept));
    check_least(faults, PAGES,
                "after fork() even an only owner's first stores fault: the entries are read-only",
                "5.x-1");
    check_least(kept, PAGES / 2, "the stores of an only owner usually copy nothing", "5.x-1");
    return end();
}
