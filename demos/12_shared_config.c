/*
 * 12_shared_config - how does a reader never see half an update of a shared struct?
 *
 * Notes      section 4.4 使用场景建议, "共享配置"; a seqlock makes it true
 * Watch      a sequence number before and after: odd means "in the middle", changed means "again"
 * Try this   1. In `c = mmap`, MAP_SHARED -> MAP_PRIVATE: checks 1, 2, 3, 4, 6 and 8 fail
 *            2. return *sequence % 2 == 0; -> return true;: check 2 fails, 5 and 7 may
 *            3. return atomic_load_explicit(&c->sequence, memory_order_relaxed) == sequence; ->
 *               return true;: check 4 fails, 5 and 7 may
 *            4. MEMBERS, update -> MEMBERS - 1, update: checks 5 and 7 fail
 * See also   mmap(2), atomic_thread_fence(3); 04_shared_mapping, 08_two_terminals
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define MEMBERS 8
#define UPDATES 200000
#define ENOUGH  20000000 /* reads, after which a reader gives up waiting for the last update */

/* Every update sets all members of both to one number, the update's. */
struct config {
    atomic_uint sequence;        /* odd while an update is under way */
    atomic_int guarded[MEMBERS]; /* read with the sequence */
    atomic_int plain[MEMBERS];   /* read without, for comparison */
    atomic_bool done;
};

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
    unsigned sequence;
    bool whole = false;
    while (!begin_read(c, &sequence) || (whole = copy(c->guarded, members), !end_read(c, sequence)))
        sched_yield(); /* the writer may need this CPU */
    return whole;
}

/* A reader at full speed: reads until the writer is done, then says what it has seen. */
static _Noreturn void read_on(struct turns *turns, struct config *c) {
    long reads = 0, torn = 0, plain_torn = 0;
    int members[MEMBERS];
    await_turn(turns);
    hand_back(turns);
    for (bool last = false; !last && reads < ENOUGH; reads++) {
        last = atomic_load(&c->done);
        torn += !read_config(c, members);
        plain_torn += !copy(c->plain, (int[MEMBERS]){0});
    }
    const long seen[] = {reads, torn, plain_torn, members[0]};
    for (int i = 0; i < 4; i++) {
        await_turn(turns);
        turns->said = seen[i];
    }
    last_turn(turns);
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "how does a reader never see half an update of a shared struct?");
    struct turns reader, fast[2];

    predict("What does the child read in the middle: old, new, or some of each?");
    step("The parent updates member by member; a child reads in the middle, and afterwards.");
    int fd = scratch_file("config", sizeof(struct config));
    struct config *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) die("mmap");
    turns_open(&reader);
    reader.pid = fork();
    if (reader.pid == -1) die("fork");
    if (reader.pid == 0) {
        int members[MEMBERS];
        unsigned sequence;
        await_turn(&reader); /* in the middle of an update */
        reader.said = copy(c->plain, members) + 2 * begin_read(c, &sequence);
        await_turn(&reader); /* after it */
        bool even = begin_read(c, &sequence);
        copy(c->guarded, members);
        reader.said = even && end_read(c, sequence) ? members[MEMBERS - 1] : -1;
        await_turn(&reader); /* before the second look an update comes */
        begin_read(c, &sequence);
        copy(c->guarded, members);
        await_turn(&reader);
        reader.said = end_read(c, sequence);
        last_turn(&reader);
    }
    tell(
        "The notes say (4.4-1, in part): one process changes a configuration, all see it at once.");
    begin_update(c);
    set(c, 0, MEMBERS / 2, 1);
    long middle = give_turn(&reader);
    set(c, MEMBERS / 2, MEMBERS, 1);
    end_update(c);
    check(middle % 2 == 0, "who just reads in the middle of an update gets half of it", "4.4-1");
    check(middle / 2 == 0, "an odd sequence number says that an update is under way", "4.4-1");
    check_num(give_turn(&reader), ==, 1, "after an update the reader gets all of it", "4.4-1");

    predict("Both looks find an even number. How does the reader notice?");
    step("A whole update takes place between the reader's first and second look.");
    give_turn(&reader);
    begin_update(c);
    set(c, 0, MEMBERS, 2);
    end_update(c);
    check_num(give_turn(&reader), ==, 0, "a changed sequence number says: read again", "4.4-1");
    turns_close(&reader);

    predict("Will they see half updates: with the sequence? without it?");
    step("Two readers at full speed, while the parent updates 200000 times.");
    for (int r = 0; r < 2; r++) {
        turns_open(&fast[r]);
        fast[r].pid = fork();
        if (fast[r].pid == -1) die("fork");
        if (fast[r].pid == 0) read_on(&fast[r], c);
        give_turn(&fast[r]);
    }
    for (int update = 3; update <= UPDATES; update++) {
        begin_update(c);
        set(c, 0, MEMBERS, update);
        end_update(c);
    }
    atomic_store(&c->done, true);
    for (int r = 0; r < 2; r++) {
        long reads = give_turn(&fast[r]), torn = give_turn(&fast[r]);
        long plain_torn = give_turn(&fast[r]), newest = give_turn(&fast[r]);
        evidence("%ld reads; halves seen: %ld with the sequence, %ld without", reads, torn,
                 plain_torn);
        check(reads > 0 && torn == 0, "with the sequence no half update is ever seen", "4.4-1");
        check_num(newest, ==, UPDATES, "the last update arrives", "4.4-1");
        turns_close(&fast[r]);
    }
    return end();
}
