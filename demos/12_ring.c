#define _GNU_SOURCE
/* The ring of 12_message_ring and 02_stream; 12_ring.h says how it is used. */
#include "12_ring.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#define PATIENCE 2048 /* looks: for about as long as a sleep and a wake-up take */
#if defined __x86_64__ || defined __i386__
#define relax() __builtin_ia32_pause()
#else
#define relax() atomic_signal_fence(memory_order_seq_cst)
#endif

struct ring { /* 128: two cache lines, for processors that fetch the neighbour as well */
    size_t slots, stride;
    struct ring_side {                        /* what each of the two shows to the other */
        _Alignas(128) atomic_size_t position; /* how many messages it is done with; never reset */
        _Alignas(128) atomic_int cpu;         /* where it was when it last had to wait */
        atomic_bool asleep, left;
    } side[2];
    _Alignas(128) char messages[];
};

size_t ring_size(size_t bytes, size_t slots) {
    return sizeof(struct ring) + slots * ((bytes + 63) / 64 * 64);
}

void ring_init(struct ring *ring, size_t bytes, size_t slots) {
    *ring = (struct ring){.slots = slots, .stride = (bytes + 63) / 64 * 64};
}

void ring_join(struct ring_end *me, struct ring *ring, enum ring_role role, const int bell[2]) {
    *me = (struct ring_end){.ring = ring, .bell = {bell[0], bell[1]}, .patience = PATIENCE};
    me->mine = &ring->side[role], me->other = &ring->side[!role];
    me->lead = role == PRODUCER ? ring->slots : 0;
    atomic_store(&me->mine->cpu, sched_getcpu());
}

static bool nothing_to_do(struct ring_end *me) {
    me->limit = atomic_load(&me->other->position) + me->lead;
    return me->limit == me->position;
}

/* Spins until there is something to do; false if that does not pay, as on one CPU. In a stream it
 * then looks away for a while, to find several messages: each look costs a cache line. */
static bool spin(struct ring_end *me) {
    size_t pauses = (me->position - me->waited) / 2 * 64;
    int cpu = sched_getcpu(), looks = 0;
    me->waited = me->position;
    if (atomic_load(&me->mine->cpu) != cpu) atomic_store(&me->mine->cpu, cpu);
    if (atomic_load(&me->other->cpu) == cpu) return false;
    for (; nothing_to_do(me); relax())
        if (looks++ == me->patience) return false;
    for (size_t i = 0; i < pauses && i < PATIENCE / 2; i++)
        relax();
    return !nothing_to_do(me);
}

/* No wake-up is lost: one end stores its position and then looks at `asleep`, the other stores
 * `asleep` and then looks at the position; so one of them sees the other's store. And no death: an
 * end that takes `asleep` away and dies before it rings leaves a closed pipe. */
static bool wait_for_other(struct ring_end *me) {
    char byte;
    while (nothing_to_do(me) && !spin(me)) {
        atomic_store(&me->mine->asleep, true);
        bool left = atomic_load(&me->other->left), must_sleep = nothing_to_do(me) && !left;
        /* Has the other taken `asleep` away, its byte must be read, lest it end a later sleep. */
        if (must_sleep || !atomic_exchange(&me->mine->asleep, false))
            me->died = read(me->bell[0], &byte, 1) == 0;
        if ((left || me->died) && nothing_to_do(me)) return false;
    }
    return true;
}

void *ring_next(struct ring_end *me) {
    if (me->position == me->limit && !wait_for_other(me)) return NULL;
    return me->ring->messages + (me->position & (me->ring->slots - 1)) * me->ring->stride;
}

static void wake_other(struct ring_end *me) {
    if (atomic_load(&me->other->asleep) && atomic_exchange(&me->other->asleep, false))
        (void)!write(me->bell[1], "", 1);
}

void ring_done(struct ring_end *me) {
    atomic_store(&me->mine->position, ++me->position);
    wake_other(me);
}

void ring_leave(struct ring_end *me) {
    atomic_store(&me->mine->left, true);
    wake_other(me);
}
