/*
 * ring - messages of one size from one producer to one consumer, two processes that share memory.
 *
 *     consumer's position                producer's position
 *             v                                  v
 *   ..........[message][message][message][message]..........  a position counts messages for ever;
 *             ^ ring_next() of the consumer     ^ ... of the producer  its slot: position % slots
 *
 * A message is written and read in place. Each end has its position on a cache line of its own, and
 * remembers the other's: it looks at the other's line only when it seems to have nothing to do.
 * Who must wait spins about as long as a wake-up would cost, as long as that pays - never when both
 * are on one CPU - and then sleeps on a futex. If the other end dies, the kernel wakes the sleeper:
 * each end owns a robust futex (get_robust_list(2), Documentation/locking/robust-futex-ABI.rst).
 */
#ifndef RING_H
#define RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct ring;
enum ring_role { PRODUCER, CONSUMER };

/* One process's end of a ring, in its own memory. */
struct ring_end {
    struct ring_side *mine, *other;
    char *slots;
    size_t stride;   /* from slot to slot, in bytes */
    size_t mask;     /* slots - 1 */
    size_t slack;    /* how far ahead of the other this end may be: slots, or 0 for the consumer */
    size_t position; /* messages that this end is done with */
    size_t seen;     /* ... that the other was done with when this end last looked */
    unsigned spin, waits, patience;
    bool may_spin; /* set by ring_join(); set it to false to sleep at once */
    bool died;     /* the other end has gone without ring_leave() */
    long sleeps;   /* how often this end has slept, for evidence */
};

/* The bytes of shared memory that a ring of `slots` messages of `bytes` bytes needs. */
size_t ring_size(size_t bytes, size_t slots);

/* Makes a ring in shared memory that begins at a page; once, by one process, before either end
 * joins. `slots` is a power of two. */
void ring_init(struct ring *ring, size_t bytes, size_t slots);

/* Takes one end of a ring; from then on the other end is told if this process dies, not before. Not
 * while this thread holds robust locks of pthread_mutex_lock(3), for it has one list of robust
 * futexes. A forked child has none of its parent's ends. Waits for nobody. Dies if
 * set_robust_list(2) fails. */
void ring_join(struct ring_end *end, struct ring *ring, enum ring_role role);

/* The slot for the next message to write, or the next message to read. Waits for it; NULL if it
 * will never come: the other has left, or has died (then end->died is set). */
void *ring_next(struct ring_end *end);

/* Passes the slot that ring_next() gave on to the other end. */
void ring_done(struct ring_end *end);

/* Whether the other end sleeps in the kernel. */
bool ring_other_sleeps(struct ring_end *end);

/* Gives up the end, once: the other is woken, and gets NULL when nothing is left. */
void ring_leave(struct ring_end *end);

/* For where one spins: gives the other side, which wants to write the cache line, and the other
 * hyperthread some time. */
static inline void relax(void) {
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("yield");
#endif
}

/* Sleep until somebody wakes this word of shared memory, unless its value is another one by now:
 * true if woken; wake one who sleeps there: true if there was one. futex(2). */
bool futex_wait(atomic_uint *word, unsigned value);
bool futex_wake(atomic_uint *word);

#endif
