/*
 * 05_cow_anonymous - does the last owner of an anonymous page copy it, too?
 *
 * Notes      section 5.2 详细过程分析, the same with memory that belongs to no file
 * Watch      both entries are there after fork(); the last owner's store keeps the frame
 * Corrects   5.2-5 5.2-8
 * Try this   1. In `char *p`, MAP_PRIVATE -> MAP_SHARED: checks 2, 3, 5, 8, 13 and 15 fail,
 *               11 and 16 may
 *            2. faults_of_store(p, PAGES, 'P') -> faults_of_load(p, PAGES):
 *               checks 5, 6, 7, 8, 12 and 13 fail, 11 may
 *            3. turns_close(&second); -> nothing: checks 14 and 17 fail, 16 may
 * See also   fork(2), madvise(2), proc(5) (vmstat: pgreuse); 05_cow_after_fork
 */
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"

/* Many, since pgreuse counts for the whole machine. One that the kernel examines at the wrong
 * moment (DAMON, compaction) faults twice, or is copied after all: so "at least", and 99 of 100. */
#define PAGES ((size_t)1000)

/* A page just touched is held by its CPU for a while: stay there, or it may be copied after all. */
static void stay_on_this_cpu(void) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((size_t)sched_getcpu(), &cpus);
    if (sched_setaffinity(0, sizeof cpus, &cpus) == -1) die("sched_setaffinity");
}

int main(int argc, char **argv) {
    begin(argc, argv, 18, "does the last owner of an anonymous page copy it, too?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t parent = getpid();
    struct turns child, second;
    stay_on_this_cpu();

    predict("After fork(), are the pages in the child's page table, too?");
    step("Map 1000 anonymous pages and store an O into each; then fork().");
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    madvise(p, bytes, MADV_NOHUGEPAGE); /* EINVAL where the kernel has no huge pages: fine */
    check_num(faults_of_store(p, PAGES, 'O'), ==, PAGES, "the first stores: a fault each", "5.x-2");
    long original = frame_of(parent, p);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        child.said = faults_of_store(p, PAGES, 'C');
        await_turn(&child);
        child.said = *p;
        last_turn(&child);
    }
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_str(page_kind(child.pid, p), ANONYMOUS_PAGE,
              "fork() copies the entries of anonymous pages: the child has the page", "5.2-1");
    check_num(mapped_once(parent, p), ==, 0, "the page is now mapped twice", "5.2-1");
    check_num(frame_of(child.pid, p), ==, original, "both entries name one frame", "5.2-1");

    step("The parent stores a P into each page; the child still maps them.");
    check_num(faults_of_store(p, PAGES, 'P'), >=, PAGES, "stores to shared pages fault", "5.2-6");
    picture({"parent", parent, p}, {"child", child.pid, p});
    check_num(mapped_once(parent, p), ==, 1, "the one who stores has pages of its own", "5.2-6");
    check_num(mapped_once(child.pid, p), ==, 1, "the other has its pages for itself, too", "5.2-6");
    check_num(frame_of(parent, p), !=, original, "who stores first gets the copy", "5.2-6");
    check_num(frame_of(child.pid, p), ==, original, "the other keeps the original frame", "5.2-6");

    predict("Does the last owner's store copy the page, too?");
    step("The child stores a C into each page: it is their last owner.");
    tell("The notes say (5.2-5 5.2-8, wrong): it gets a copy, too; the original can be freed.");
    long reused = vmstat("pgreuse");
    check_num(give_turn(&child), >=, PAGES, "the last owner's stores fault, too", "5.2-7");
    reused = change(reused, vmstat("pgreuse"));
    picture({"child", child.pid, p});
    evidence("pages kept instead of copied, in the whole system (pgreuse): %s", number(reused));
    check_num(reused, >=, PAGES * 99 / 100, "the last owner keeps the page: no copy",
              "5.2-5 5.2-7");
    check_num(frame_of(child.pid, p), ==, original, "the original frame is not freed", "5.2-8");
    check(*p == 'P' && give_turn(&child) == 'C', "one address, two contents", "5.2-9");
    turns_close(&child);

    predict("Do the parent's stores still fault? Do they copy?");
    step("The parent forks again; this child touches nothing and ends; then the parent stores.");
    long before = frame_of(parent, p);
    turns_open(&second);
    second.pid = fork();
    if (second.pid == -1) die("fork");
    if (second.pid == 0) last_turn(&second);
    turns_close(&second);
    check_num(mapped_once(parent, p), ==, 1, "when the child is gone the parent owns all", "5.x-1");
    reused = vmstat("pgreuse");
    check_num(faults_of_store(p, PAGES, 'Q'), >=, PAGES, "the next stores fault, too", "5.x-1");
    check_num(change(reused, vmstat("pgreuse")), >=, PAGES * 99 / 100,
              "stores of the only owner copy nothing", "5.x-1");
    check_num(frame_of(parent, p), ==, before, "the frame is the same as before", "5.x-1");

    step("Why MADV_NOHUGEPAGE? One store into each of two fresh mappings of 4 MiB.");
    size_t large = (size_t)4 << 20;
    char *small = mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *huge = mmap(NULL, large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (small == MAP_FAILED || huge == MAP_FAILED) die("mmap");
    madvise(small, large, MADV_NOHUGEPAGE);
    madvise(huge, large, MADV_HUGEPAGE);
    small[large / 2] = huge[large / 2] = 'x';
    long pages = pages_present(parent, small, large / page);
    evidence("MADV_NOHUGEPAGE: %s page; MADV_HUGEPAGE: %s", number(pages),
             number(pages_present(parent, huge, large / page)));
    check_num(pages, ==, 1, "with MADV_NOHUGEPAGE one store brings exactly one page", "5.x-2");
    return end();
}
