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

/* What the processor does for counter++. (In C a race of plain accesses is undefined: so these are
 * atomic ones, but without any order.) */
static long plain_increment(void *with) {
    volatile atomic_long *counter = with;
    long value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
    return 0;
}

/* TIMES times each. */
static long count(void *with) {
    struct counters *counters = with;
    for (int i = 0; i < TIMES; i++) {
        plain_increment((void *)&counters->plain);
        atomic_fetch_add(&counters->atomic, 1);
    }
    return 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 4, "what becomes of a counter to which two processes add at once?");
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
    long between = shared->plain;
    shared->plain = loaded + 1;
    evidence("loaded %ld; after the child's ++ %ld; after the store %ld", loaded, between,
             shared->plain);
    check_is(between, 1,
             "the ++ of another process can come between the load and the store of a ++", NULL);
    check_is(shared->plain, 1, "two plain ++ can add only 1: one of them is lost", NULL);

    predict("How many of the 2000000 plain ++ get lost in each of the rounds?");
    step("The cure is an atomic addition. Both processes at once, a million each, thrice.");
    long least = 2 * TIMES, exact = 0;
    for (int round = 1; round <= 3; round++) {
        shared->plain = shared->atomic = 0;
        start(&child, count, shared);
        count(shared);
        finish(&child);
        evidence("round %d: of 2000000 plain ++ %ld were lost, of 2000000 atomic ones %ld", round,
                 2 * TIMES - shared->plain, 2 * TIMES - shared->atomic);
        if (shared->plain < least) least = shared->plain;
        exact += shared->atomic == 2 * TIMES;
    }
    tell("It varies: none is lost if the two never meet, and at the worst all but two are.");
    check_least(least, 2, "of many plain ++ by each of two processes at least 2 are never lost",
                NULL);
    check_is(exact, 3, "of atomic additions to memory that two processes share none is lost", NULL);
    partner_close(&child);
    return end();
}
