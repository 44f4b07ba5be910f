#define _GNU_SOURCE
/*
 * 05_last_owner - does the last owner of an anonymous page also copy it?
 *
 * Notes      section 5.2 详细过程分析, 阶段3, the same with memory that belongs to no file
 * Watch      every store faults, but only the first owner's are copied: see the frames
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

#define PAGES 1000L /* so many that they stand out, also where a count is of the whole machine */

static volatile char *p;   /* the pages, at the same address in parent and child */
static long frames[PAGES]; /* ... where they were at the last look; unknown for the unprivileged */
static long reused;        /* pgreuse at the last look */

/* Stores a letter into every page; returns the page faults of that. */
static long store_to_all(void *letter) {
    size_t page = page_size();
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = *(char *)letter;
    return faults_counted();
}

/* Before a process stores: which frames its pages are in, and how often this machine kept one. */
static void look_before(pid_t pid) {
    for (size_t i = 0; i < PAGES; i++)
        frames[i] = look_at(pid, p + i * page_size()).frame;
    reused = proc_field("/proc/vmstat", "pgreuse");
}

/* After its stores: how many pages are in their old frames, not copied. Where frame numbers are not
 * shown the count of the whole machine has to do. */
static long kept_after(pid_t pid, long faults) {
    long counted = change(reused, proc_field("/proc/vmstat", "pgreuse"));
    long kept = 0;
    for (size_t i = 0; i < PAGES; i++)
        if (look_at(pid, p + i * page_size()).frame == frames[i]) kept++;
    if (is_unknown(frames[0])) kept = frames[0];
    evidence("faults: %ld; pages kept, not copied: %s (whole machine: %s)", faults, number(kept),
             number(counted));
    return is_unknown(kept) ? counted : kept;
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
    look_before(parent);
    long faults = store_to_all("P");
    kept_after(parent, faults);
    picture({"parent", parent, p}, {"child", child.pid, p});

    predict("Does the last owner's store fault? Does it copy the page?");
    step("The child, now the last owner of the old pages, stores a C into each.");
    tell("The notes say (5.2-7, in part): the last owner (of a page of a file) gets a new page.");
    look_before(child.pid);
    faults = ask(&child, store_to_all, "C");
    long kept = kept_after(child.pid, faults);
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_least(faults, PAGES,
                "the last owner of a page that copy-on-write shared also faults at its first store",
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
    partner_close(&child); /* it has touched nothing */
    look_before(parent);
    faults = store_to_all("Q");
    kept = kept_after(parent, faults);
    check_least(faults, PAGES,
                "after fork() the first store to a private page faults, even if the child is gone",
                "5.x-1");
    check_least(kept, PAGES / 2,
                "the only owner's stores to private anonymous pages usually copy nothing", "5.x-1");
    return end();
}
