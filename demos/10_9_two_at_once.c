#define _GNU_SOURCE
/*
 * 10_9_two_at_once - what becomes of a counter to which two processes add at once?
 *
 * Notes      section 10 使用注意事项: what is missing there, for two processes
 * Watch      two processes share the counter, not the ++: one of two can get lost
 * Try this   an atomic addition in place of the parent's store; a counter that is not shared
 * See also   mmap(2), stdatomic.h; 08_locks, 12_message_ring
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"

#define TIMES 1000000

struct counters {
    volatile atomic_long plain, atomic;
};

static long value; /* each process has its own */

/* What the processor does for counter++: it loads, then it stores. (Atomic, but in no order: in C a
 * race of plain accesses is undefined.) */
static long load(void *with) {
    volatile atomic_long *counter = with;
    value = atomic_load_explicit(counter, memory_order_relaxed);
    return value;
}

static long store_one_more(void *with) {
    volatile atomic_long *counter = with;
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
    return 0;
}

static long plain_increment(void *with) {
    load(with);
    store_one_more(with);
    return 0;
}

static long count(void *with) {
    struct counters *counters = with;
    for (int i = 0; i < TIMES; i++) {
        plain_increment((void *)&counters->plain);
        atomic_fetch_add(&counters->atomic, 1);
    }
    return 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 3, "what becomes of a counter to which two processes add at once?");
    struct partner child;

    predict("Each of the two adds 1 to a counter that is 0: what is it afterwards?");
    step("Parent and child add 1. The parent's ++ is cut in two: the child's comes in between.");
    struct counters *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    long loaded = shared->plain;
    ask(&child, plain_increment, &shared->plain);
    evidence("the parent has loaded %ld; after the child's ++ there is %ld", loaded, shared->plain);
    shared->plain = loaded + 1;
    check_is(shared->plain, 1, "two plain ++ at once can add only 1: one of them is lost", NULL);

    predict("Of 20 plain ++, in the worst order, how many count?");
    step("Ten ++ by each. The parent's first spans nine by the child, whose tenth the rest.");
    shared->plain = 0;
    long first = shared->plain;
    for (int i = 0; i < 9; i++)
        ask(&child, plain_increment, &shared->plain);
    shared->plain = first + 1;
    ask(&child, load, &shared->plain); /* its tenth begins */
    for (int i = 0; i < 9; i++)
        plain_increment((void *)&shared->plain);
    ask(&child, store_one_more, &shared->plain); /* and ends */
    check_is(shared->plain, 2, "of many plain ++ by each of two processes, all but 2 can be lost",
             NULL);

    predict("How many of the 2000000 plain ++ get lost? And of the 2000000 atomic ones?");
    step("The cure is an atomic addition. Both processes at once: a million of each kind.");
    shared->plain = 0;
    start(&child, count, shared);
    count(shared);
    finish(&child);
    evidence("of 2000000 plain ++ %ld were lost, of 2000000 atomic ones %ld",
             2 * TIMES - shared->plain, 2 * TIMES - shared->atomic);
    tell("It varies: none is lost if the two never meet, and at the worst all but two are.");
    check_is(shared->atomic, 2 * TIMES,
             "if all additions to shared memory are lock-free atomic ones, none is lost", NULL);
    partner_close(&child);
    return end();
}
