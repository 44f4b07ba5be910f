/*
 * 12_shared_config - how does a reader never see half an update of a shared struct?
 *
 * Notes      section 4.4 使用场景建议, "共享配置"; a seqlock makes it true
 * Watch      a sequence number before and after: odd means "in the middle", changed means "again"
 * Try this   1. In `c = mmap`, MAP_SHARED -> MAP_PRIVATE: checks 1, 2, 3, 4 and 6 fail
 *            2. return *sequence % 2 == 0; -> return true;: check 2 fails, 5 may
 *            3. return atomic_load_explicit(&c->sequence, memory_order_relaxed) == sequence; ->
 *               return true;: check 4 fails, 5 may
 *            4. MEMBERS, ++update -> MEMBERS - 1, ++update: check 5 fails
 * See also   mmap(2), atomic_thread_fence(3); 04_shared_mapping, 08_two_terminals
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define MEMBERS 8
#define UPDATES 200000   /* at least */
#define MOST    20000000 /* updates, after which the parent waits no longer for halves to be seen */
#define ENOUGH  40000000 /* reads, after which a reader gives up waiting for the last update */

/* Every update sets all members of both to one number, the update's. */
struct config {
    atomic_uint sequence;        /* odd while an update is under way */
    atomic_int guarded[MEMBERS]; /* read with the sequence */
    atomic_int plain[MEMBERS];   /* read without, for comparison */
    atomic_bool half_seen;       /* by a reader, in `plain` */
    atomic_bool done;
};

/* What a child saw when it looked once. */
struct look {
    unsigned sequence;
    bool even, whole, unchanged; /* the sequence before; the members; the sequence after */
    int members[MEMBERS];
};

static void show(const struct look *look) {
    char text[MEMBERS * 12 + 1] = "";
    for (int i = 0, used = 0; i < MEMBERS; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, " %d", look->members[i]);
    evidence("the child read%s, sequence %u", text, look->sequence);
}

static void set(struct config *c, int first, int last, int number) {
    for (int i = first; i < last; i++) {
        atomic_store_explicit(&c->guarded[i], number, memory_order_relaxed);
        atomic_store_explicit(&c->plain[i], number, memory_order_relaxed);
    }
}

static void begin_update(struct config *c) {
    atomic_fetch_add_explicit(&c->sequence, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* odd before the first member changes */
}

static void end_update(struct config *c) {
    atomic_fetch_add_explicit(&c->sequence, 1, memory_order_release); /* even after the last one */
}

/* Copies the members; returns whether they are all of one update. */
static bool copy(atomic_int *from, int *to) {
    bool whole = true;
    for (int i = 0; i < MEMBERS; i++) {
        to[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
        whole = whole && to[i] == to[0];
    }
    return whole;
}

static bool begin_read(struct config *c, unsigned *sequence) {
    *sequence = atomic_load_explicit(&c->sequence, memory_order_acquire);
    return *sequence % 2 == 0;
}

static bool end_read(struct config *c, unsigned sequence) {
    atomic_thread_fence(memory_order_acquire); /* the members before the second look */
    return atomic_load_explicit(&c->sequence, memory_order_relaxed) == sequence;
}

/* What a reader does: tries again until nothing has happened in between. */
static bool read_config(struct config *c, int *members) {
    for (;; sched_yield()) { /* the writer may need this CPU */
        unsigned sequence;
        if (!begin_read(c, &sequence)) continue;
        bool whole = copy(c->guarded, members);
        if (end_read(c, sequence)) return whole;
    }
}

/* A reader at full speed: reads until the writer is done, then says what it has seen. */
static _Noreturn void read_on(struct turns *turns, struct config *c) {
    long reads = 0, torn = 0, plain_torn = 0;
    int members[MEMBERS], plain[MEMBERS];
    await_turn(turns);
    hand_back(turns);
    for (bool last = false; !last && reads < ENOUGH; reads++) {
        last = atomic_load(&c->done);
        if (!read_config(c, members)) torn++;
        if (!copy(c->plain, plain) && plain_torn++ == 0) atomic_store(&c->half_seen, true);
    }
    const long seen[] = {reads, torn, plain_torn, members[0]};
    for (int i = 0; i < 4; i++) {
        await_turn(turns);
        turns->said = seen[i];
    }
    last_turn(turns);
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "how does a reader never see half an update of a shared struct?");
    struct turns reader, fast[2];

    predict("What does the child read in the middle: old, new, or some of each?");
    show_also("begin_update");
    step("The parent begins an update and sets half of the members; then a child reads them.");
    tell("The notes say (4.4-1, in part): one changes a configuration, all see it at once.");
    int fd = scratch_file("config", sizeof(struct config));
    struct config *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    struct look *look =
        mmap(NULL, sizeof *look, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED || look == MAP_FAILED) die("mmap");
    turns_open(&reader);
    reader.pid = fork();
    if (reader.pid == -1) die("fork");
    if (reader.pid == 0) {
        for (int i = 0; i < 3; i++) { /* in the middle of an update, after it, before another one */
            await_turn(&reader);
            look->even = begin_read(c, &look->sequence);
            look->whole = copy(c->guarded, look->members);
        }
        await_turn(&reader); /* after that one */
        look->unchanged = end_read(c, look->sequence);
        last_turn(&reader);
    }
    begin_update(c);
    set(c, 0, MEMBERS / 2, 1);
    give_turn(&reader);
    show(look);
    check(!look->whole, "who just reads in the middle of an update gets half of it", "4.4-1");
    check(!look->even, "an odd sequence number says that an update is under way", "4.4-1");

    step("The parent ends the update; the child reads again.");
    set(c, MEMBERS / 2, MEMBERS, 1);
    end_update(c);
    give_turn(&reader);
    show(look);
    check(look->even && look->whole && look->members[0] == 1,
          "after an update the sequence is even, and the reader gets all of it", "4.4-1");

    predict("Both looks find an even number. How does the reader notice?");
    show_also("end_read");
    step("The child reads; a whole update; then the child looks at the sequence once more.");
    give_turn(&reader);
    show(look);
    begin_update(c);
    set(c, 0, MEMBERS, 2);
    end_update(c);
    give_turn(&reader);
    evidence("the sequence is %u now", atomic_load(&c->sequence));
    check(!look->unchanged, "a changed sequence number says: read again", "4.4-1");
    turns_close(&reader);

    predict("Will they see half updates: with the sequence? without it?");
    show_also("read_config");
    step("Two readers at full speed, with the sequence and without, while the parent updates.");
    for (int r = 0; r < 2; r++) {
        turns_open(&fast[r]);
        fast[r].pid = fork();
        if (fast[r].pid == -1) die("fork");
        if (fast[r].pid == 0) read_on(&fast[r], c);
        give_turn(&fast[r]);
    }
    int update = 2;
    while (update < UPDATES || (update < MOST && !atomic_load(&c->half_seen))) {
        begin_update(c);
        set(c, 0, MEMBERS, ++update);
        end_update(c);
    }
    atomic_store(&c->done, true);
    long reads = 0, torn = 0, plain_torn = 0, up_to_date = 0;
    for (int r = 0; r < 2; r++) {
        reads += give_turn(&fast[r]), torn += give_turn(&fast[r]);
        plain_torn += give_turn(&fast[r]), up_to_date += give_turn(&fast[r]) == update;
        turns_close(&fast[r]);
    }
    evidence("%d updates, %ld reads; halves seen: %ld with the sequence, %ld without", update,
             reads, torn, plain_torn);
    check_num(torn, ==, 0, "with the sequence no half update is ever seen", "4.4-1");
    check_num(up_to_date, ==, 2, "the last update arrives at both readers", "4.4-1");
    return end();
}
