#define _GNU_SOURCE
/*
 * 05_last_owner - does the last owner of an anonymous page also copy it?
 *
 * Notes      section 5.2 详细过程分析, 阶段3, the same with memory that belongs to no file
 * Watch      every store faults, but only the first owner's are copied: see pgreuse
 * Try this   no store of the parent in step 1; MADV_DONTFORK before the second fork()
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

static volatile char *p; /* the pages, at the same address in parent and child */

/* Stores a letter into every page; returns the page faults of that. */
static long store_to_all(void *letter) {
    size_t page = page_size();
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = *(char *)letter;
    return faults_counted();
}

static long kept_so_far(void) {
    return proc_field("/proc/vmstat", "pgreuse");
}

int main(int argc, char **argv) {
    begin(argc, argv, 4, "does the last owner of an anonymous page also copy it?");
    size_t bytes = PAGES * page_size();
    pid_t parent = getpid();
    struct partner child;

    step("Stay on one CPU. Store an O into 1000 pages, fork(), and store a P into each of them.");
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    sched_setaffinity(0, sizeof cpus, &cpus); /* what another CPU has just touched may be copied */
    p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise((void *)p, bytes, MADV_NOHUGEPAGE); /* fails without huge pages: fine */
    store_to_all("O");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    long before = kept_so_far();
    long faults = store_to_all("P");
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("faults: %ld; kept, not copied (whole machine): %s", faults,
             number(change(before, kept_so_far())));

    predict("Does the last owner's store fault? Does it copy the page?");
    step("The child, now the last owner of the old pages, stores a C into each.");
    tell("The notes say (5.2-7, in part): the last owner (of a page of a file) gets a new page.");
    before = kept_so_far();
    faults = ask(&child, store_to_all, "C");
    long kept = change(before, kept_so_far());
    picture({"parent", parent, p}, {"child", child.pid, p});
    evidence("faults: %ld; kept, not copied (whole machine): %s", faults, number(kept));
    check_least(faults, PAGES, "the last owner of anonymous pages also faults when it first stores",
                "5.2-7");
    check_least(kept, PAGES / 2, "the last owner usually keeps its anonymous page: no copy",
                "5.2-5 5.2-7 5.2-8");
    partner_close(&child);

    predict("Do the parent's stores fault, though no other process has its pages any more?");
    step("The parent forks again; this child touches nothing and ends; then the parent stores.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    partner_close(&child);
    before = kept_so_far();
    faults = store_to_all("Q");
    kept = change(before, kept_so_far());
    evidence("faults: %ld; kept, not copied (whole machine): %s", faults, number(kept));
    check_least(faults, PAGES,
                "after fork() even the only owner of a private page faults when it stores",
                "5.x-1");
    check_least(kept, PAGES / 2,
                "the only owner's stores to private anonymous pages usually copy nothing", "5.x-1");
    return end();
}
