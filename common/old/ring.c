#include "ring.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

#define LINES  128  /* two cache lines: processors fetch the neighbour, too */
#define GATHER 1023 /* how long to wait for more than one message at the most, in looks */
#define SPIN   2048 /* looks at the other's position: about as long as a sleep and a wake-up */

/* futex(2), set_robust_list(2) and the kernel's robust-futex-ABI.rst; libc has no header for
 * them. */
#define FUTEX_WAIT       0
#define FUTEX_WAKE       1
#define FUTEX_WAITERS    0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#ifndef SYS_futex /* 32-bit systems with 64-bit time only */
#define SYS_futex SYS_futex_time64
#endif
struct robust_list {
    struct robust_list *next;
};
struct robust_list_head {
    struct robust_list list;
    long futex_offset;
    struct robust_list *pending; /* cppcheck-suppress unusedStructMember */
};

/* What both ends see of one end. */
struct ring_side {
    alignas(LINES) atomic_size_t position;
    alignas(LINES)
        atomic_uint bell; /* this end's thread id, and FUTEX_WAITERS if the other sleeps */
    atomic_int cpu;       /* where this end has last run */
    atomic_bool left;
    struct robust_list entry; /* lets the kernel find the bell when this end dies */
};

struct ring {
    struct ring_side side[2];
    alignas(LINES) size_t slots, stride;
};

static struct robust_list_head owned, *owned_before;
static pid_t owner; /* a child has no list of its own to begin with */

bool futex_wait(atomic_uint *word, unsigned value) {
    return syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0) == 0;
}

bool futex_wake(atomic_uint *word) {
    return syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) == 1;
}

static size_t stride_of(size_t bytes) {
    return (bytes + 63) / 64 * 64;
}

size_t ring_size(size_t bytes, size_t slots) {
    return sizeof(struct ring) + slots * stride_of(bytes);
}

void ring_init(struct ring *ring, size_t bytes, size_t slots) {
    memset(ring, 0, sizeof *ring);
    ring->slots = slots;
    ring->stride = stride_of(bytes);
}

void ring_join(struct ring_end *end, struct ring *ring, enum ring_role role) {
    size_t length;
    *end = (struct ring_end){.mine = &ring->side[role],
                             .other = &ring->side[!role],
                             .slots = (char *)(ring + 1),
                             .stride = ring->stride,
                             .mask = ring->slots - 1,
                             .slack = role == PRODUCER ? ring->slots : 0,
                             .spin = SPIN,
                             .may_spin = true};
    end->position = atomic_load(&end->mine->position);
    if (owner != getpid()) {
        if (syscall(SYS_get_robust_list, 0, &owned_before, &length) == -1) die("get_robust_list");
        owner = getpid();
        owned.list.next = &owned.list;
        owned.futex_offset =
            (long)offsetof(struct ring_side, bell) - (long)offsetof(struct ring_side, entry);
    }
    end->mine->entry.next = owned.list.next;
    owned.list.next = &end->mine->entry;
    if (syscall(SYS_set_robust_list, &owned, sizeof owned) == -1) die("set_robust_list");
    atomic_store(&end->mine->cpu, sched_getcpu());
    atomic_fetch_or(&end->mine->bell, (unsigned)gettid());
}

static bool nothing_to_do(struct ring_end *end) {
    end->seen = atomic_load_explicit(&end->other->position, memory_order_acquire);
    return end->seen + end->slack == end->position;
}

/* In a stream it pays to look a little longer and take several messages at once: those that are not
 * quite new have left the other CPU's own cache. As long as more has come of it than one. */
static void gather(struct ring_end *end) {
    for (unsigned looks = 0; looks < end->patience; looks++)
        relax();
    nothing_to_do(end);
    bool several = end->seen + end->slack - end->position > 1;
    end->patience = !several                 ? end->patience / 2
                    : end->patience < GATHER ? end->patience * 2 + 1
                                             : end->patience;
}

/* Spins until there is something to do; false if it does not pay any more. */
static bool spin(struct ring_end *end) {
    int cpu = sched_getcpu();
    if (atomic_load_explicit(&end->mine->cpu, memory_order_relaxed) != cpu)
        atomic_store_explicit(&end->mine->cpu, cpu, memory_order_relaxed);
    if (!end->may_spin || atomic_load_explicit(&end->other->cpu, memory_order_relaxed) == cpu)
        return false;
    if (++end->waits % 64 == 0) end->spin = SPIN; /* has it begun to pay again? */
    if (end->waits % 256 == 0 && end->patience < 63) end->patience = 63; /* this, too? */
    for (unsigned looks = 0; looks < end->spin; looks++) {
        relax();
        if (!nothing_to_do(end)) {
            end->spin = SPIN;
            gather(end);
            return true;
        }
    }
    end->spin /= 2;
    return false;
}

static bool wait_for_other(struct ring_end *end) {
    while (nothing_to_do(end) && !spin(end)) {
        unsigned bell = atomic_fetch_or(&end->other->bell, FUTEX_WAITERS) | FUTEX_WAITERS;
        atomic_thread_fence(memory_order_seq_cst); /* see ring_done(): one of the two must notice */
        /* Whether it has left is asked before the last look: nothing comes after that. */
        bool left = atomic_load(&end->other->left);
        if (!nothing_to_do(end)) break;
        if (left) return false;
        end->died = bell & FUTEX_OWNER_DIED;
        if (end->died) return false;
        end->sleeps += futex_wait(&end->other->bell, bell);
    }
    return true;
}

void *ring_next(struct ring_end *end) {
    if (end->seen + end->slack == end->position && !wait_for_other(end)) return NULL;
    return end->slots + (end->position & end->mask) * end->stride;
}

static void wake_other(struct ring_end *end) {
    atomic_fetch_and(&end->mine->bell, ~FUTEX_WAITERS);
    futex_wake(&end->mine->bell);
}

void ring_done(struct ring_end *end) {
    atomic_store_explicit(&end->mine->position, ++end->position, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst); /* the position before the look at the bell */
    if (atomic_load_explicit(&end->mine->bell, memory_order_relaxed) & FUTEX_WAITERS)
        wake_other(end);
}

bool ring_other_sleeps(struct ring_end *end) {
    return futex_wake(&end->mine->bell); /* it finds nothing, and sleeps again */
}

void ring_leave(struct ring_end *end) {
    atomic_store(&end->mine->left, true);
    wake_other(end);
    struct robust_list *before = &owned.list;
    while (before->next != &end->mine->entry)
        before = before->next;
    before->next = end->mine->entry.next;
    if (owned.list.next == &owned.list)
        syscall(SYS_set_robust_list, owned_before, sizeof *owned_before);
}
