#define _GNU_SOURCE
/*
 * 02_first_touch - what does the first access to a page cost?
 *
 * Notes      3.3 mmap 的映射过程, 4.1 核心区别 (性能), 9.3 /dev/zero vs 匿名映射对比 (性能)
 * Watch      the page faults beside the times: what does the kernel do in each of them?
 * Try this   touch all pages beforehand; leave MAP_POPULATE out; populate /dev/zero as well
 * See also   mmap(2), getrusage(2); 02_touch.c, 02_read_or_map, 05_cow_after_fork, 09_anonymous
 */
#include "02_clock.h"
#include "02_touch.h"
#include "check.h"

int main(int argc, char **argv) {
    begin(argc, argv, 9, "what does the first access to a page cost?");
    static struct way ways[TOUCHES], whole[2];
    open_touches(ways);

    predict("Which first store takes longest: to private memory, to shared memory, to a file?");
    step("Map 4 MiB in each of these ways and touch all pages, one byte in each.");
    explain_tables();
    tell("Faults: page faults for each page while it is touched; those inside mmap() not counted.");
    measure(ways, TOUCHES, 0.8);
    print_table("a page", "faults", ways, TOUCHES);

    predict("And to open /dev/zero, map one page, store, and unmap it?");
    step("Have one page of private memory, store into it, and give it back: both ways.");
    whole[0] = (struct way){"MAP_ANONYMOUS", have_one_page, .how = PRIVATE};
    whole[1] =
        (struct way){"/dev/zero", have_one_page, .how = ZERO, .why = "open() and close() as well"};
    whole[1].skipped = ways[ZERO].skipped;
    measure(whole, 2, 0.2);
    print_table("a mapping of one page", "", whole, 2);

    step("Has every page the byte that was stored last? Which touches were page faults?");
    long wrong = whole[0].wrong + whole[1].wrong;
    for (int how = 0; how < TOUCHES; how++)
        wrong += ways[how].wrong;
    check_is(wrong, 0, "each page has the byte that was stored last", NULL);
    check_is(faults_each(PRIVATE), 1,
             "the first store to a page of private anonymous memory is a fault", NULL);
    check_is(faults_each(SHARED), 1,
             "the first store to a page of shared anonymous memory is a fault", NULL);
    check_is(faults_each(ZERO), faults_each(PRIVATE),
             "MAP_PRIVATE of /dev/zero faults as often as anonymous memory", "9.3-3");
    check_is(faults_each(ZERO_SHARED), faults_each(SHARED),
             "MAP_SHARED of /dev/zero faults as often as anonymous memory", "9.3-3");
    check_is(faults_each(LATER), 0, "a later store to a page is no fault", NULL);
    check_is(faults_each(POPULATED), 0,
             "after MAP_POPULATE no store to private anonymous memory faults", NULL);
    check_is(faults_each(OWN), 1,
             "in a private mapping of a file the first store to a loaded page is a fault", NULL);
    check_is(faults_each(FORKED), 1, "after fork() the first store to a private page is a fault",
             NULL);

    predict("Which of these statements do the numbers bear out?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (4.1-5): each run judges itself, the next may judge otherwise.");
    evidence(
        "at least 1.1 times as fast? In brackets the quartiles; undecided if 1.1 lies between");
    tell("The notes say (4.1-5, in part): MAP_SHARED is faster; MAP_PRIVATE's first store copies.");
    verdict({"a page of a file, loaded before", &ways[OWN], &ways[STORE], 1.1},
            {"the same, after fsync()", &ways[OWN], &ways[CLEAN], 1.1},
            {"a page of anonymous memory", &ways[PRIVATE], &ways[SHARED], 1.1});
    tell("The notes say (9.3-3, in part): /dev/zero is slightly slower, MAP_ANONYMOUS faster.");
    verdict({"a page of private memory", &ways[ZERO], &ways[PRIVATE], 1.1},
            {"a page of shared memory", &ways[ZERO_SHARED], &ways[SHARED], 1.1},
            {"a mapping of one page in all", &whole[1], &whole[0], 1.1});
    tell("The notes say (3.3-8, in part): later accesses go straight to memory.");
    verdict({"a later store against the first one", &ways[PRIVATE], &ways[LATER], 10});
    return end();
}
