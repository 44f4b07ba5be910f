/*
 * 12_message_ring - how do two programs stream messages through memory and lose none?
 *
 * Notes      section 12 实际应用示例: 12.2 with a ring of messages instead of a single one
 * Watch      two addresses, one ring; who has nothing to do sleeps; who loses its partner is told
 * Try this   1. ring_leave(&me); -> nothing: check 4 fails
 *            2. compose(message, job->bytes, n); -> compose(message, job->bytes - 8, n);:
 *               checks 2, 3, 5, 6 and 9 fail, 10 may
 *            3. ring_done(&mine); -> nothing: check 8 fails
 * See also   common/ring.h, 08_two_terminals, 02_speed; futex(2), get_robust_list(2)
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench.h" /* compose(), is_whole() */
#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "ring.h"
#include "scratch.h"

#define RING (4 << 20) /* bytes of messages */

/* The beginning of the file: what is to be sent. The ring begins at the next page. */
struct job {
    size_t bytes;    /* of a message */
    uint64_t number; /* of messages */
    uint64_t notice; /* before this one the producer hands back its turn, and goes on */
};

static struct job *map_job(int fd, size_t bytes) {
    struct job *job = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (job == MAP_FAILED) die("mmap");
    return job;
}

static struct ring *ring_of(struct job *job) {
    return (struct ring *)((char *)job + page_size());
}

static uint64_t produce(struct ring_end *end, const struct job *job, struct turns *turns) {
    uint64_t n = 0, *message;
    for (; n < job->number && (message = ring_next(end)); n++) {
        if (n == job->notice) hand_back(turns);
        compose(message, job->bytes, n);
        ring_done(end);
    }
    if (n <= job->notice) hand_back(turns); /* it has come to an end before that */
    return n;
}

/* Ends early at a message that is not the next one, with every byte of it right. */
static uint64_t consume(struct ring_end *end, const struct job *job, struct turns *turns) {
    uint64_t n = 0, *message;
    hand_back(turns);
    for (; (message = ring_next(end)) && is_whole(message, job->bytes, n); n++)
        ring_done(end);
    return n;
}

/* One of the two unrelated programs. Says where it has mapped the file, then how many messages went
 * through well, how often it slept, and whether the other one has died. */
static _Noreturn void take_part(struct turns *turns, const char *path, enum ring_role role) {
    struct ring_end me;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    off_t size = fd == -1 ? -1 : lseek(fd, 0, SEEK_END);
    if (size == -1) die("open %s", path);
    struct job *job = map_job(fd, (size_t)size);
    ring_join(&me, ring_of(job), role);
    await_turn(turns);
    turns->said = (long)(intptr_t)job;
    await_turn(turns);
    uint64_t n = role == PRODUCER ? produce(&me, job, turns) : consume(&me, job, turns);
    ring_leave(&me);
    const long report[] = {(long)n, me.sleeps, me.died};
    for (int i = 0; i < 3; i++) {
        await_turn(turns);
        turns->said = report[i];
    }
    last_turn(turns);
}

static long address[2]; /* where the two have mapped the file */

struct report {
    long number, sleeps, died;
};

static struct report ask(struct turns *partner) {
    struct report report;
    report.number = give_turn(partner);
    report.sleeps = give_turn(partner);
    report.died = give_turn(partner);
    turns_close(partner);
    return report;
}

/* Lays the ring out anew and starts both programs; when this returns, they are passing messages. */
static void start(struct turns *partner, char *program, struct job *job, size_t bytes,
                  uint64_t number, uint64_t notice) {
    static char *const names[] = {"producer", "consumer"};
    *job = (struct job){bytes, number, notice};
    ring_init(ring_of(job), bytes, RING / bytes);
    for (int role = PRODUCER; role <= CONSUMER; role++) {
        start_unrelated(&partner[role], program, names[role], scratch_path("ring"));
        address[role] = give_turn(&partner[role]);
    }
    give_turn(&partner[CONSUMER]); /* first: without it, a full ring stops the producer */
    give_turn(&partner[PRODUCER]);
}

/* Kills one of the two at a random moment; returns whether the other one is told, by the kernel. */
static bool killed_is_noticed(struct turns *partner, enum ring_role victim, double *ms) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    kill(partner[victim].pid, SIGKILL);
    struct report survivor = ask(&partner[!victim]);
    clock_gettime(CLOCK_MONOTONIC, &after);
    *ms = (double)(after.tv_sec - before.tv_sec) * 1e3 +
          (double)(after.tv_nsec - before.tv_nsec) / 1e6;
    wait_for(partner[victim].pid);
    close(partner[victim].socket[0]);
    close(partner[victim].socket[1]);
    return survivor.died;
}

int main(int argc, char **argv) {
    struct turns partner[2];
    if (has_role(argc, argv, "producer", partner)) take_part(partner, argv[2], PRODUCER);
    if (has_role(argc, argv, "consumer", partner)) take_part(partner, argv[2], CONSUMER);
    int others = 1;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--full") != 0) argv[others++] = argv[i];
    bool full = others < argc;
    own_usage(
        "usage: 12_message_ring [--full] [--help] [--step]\n"
        "  how do two programs stream messages through memory and lose none?\n"
        "  --full: ten million small messages, 1 GiB in large ones, 100 killed; 1 s.\n"
        "  Prints TAP version 14; --step waits for Enter. Exit status as the other demos'.\n");
    begin(others, argv, 10, "how do two programs stream messages through memory and lose none?");
    char *program = argv[0];
    size_t bytes = page_size() + ring_size(64, RING / 64);
    struct job *job = map_job(scratch_file("ring", bytes), bytes);
    struct report sent, got;

    predict("Do the two programs see the ring at one address? Is it in one frame?");
    show_also("produce");
    step("Two programs map one file with a ring in it and pass messages of 64 bytes.");
    start(partner, program, job, 64, full ? 10000000 : 1000000, 0);
    pid_t a = partner[PRODUCER].pid, b = partner[CONSUMER].pid;
    struct ring *at_a = ring_of((void *)address[PRODUCER]);
    struct ring *at_b = ring_of((void *)address[CONSUMER]);
    picture({"producer", a, at_a}, {"consumer", b, at_b});
    check_num(same_frame(a, at_a, b, at_b), ==, 1, "both programs have the ring in one frame",
              NULL);
    sent = ask(&partner[PRODUCER]), got = ask(&partner[CONSUMER]);
    evidence("%ld messages; the producer slept %ld times, the consumer %ld times", got.number,
             sent.sleeps, got.sleeps);
    check_num(sent.number, ==, job->number, "the producer gets rid of its small messages", NULL);
    check_num(got.number, ==, job->number,
              "each small message arrives once, in order, with every byte right", NULL);
    check_num(sent.died + got.died, ==, 0, "the end of a stream is not taken for a death", NULL);

    step("The same with messages of 64 KiB.");
    start(partner, program, job, 65536, full ? 16384 : 1024, 0);
    sent = ask(&partner[PRODUCER]), got = ask(&partner[CONSUMER]);
    evidence("%ld messages; the producer slept %ld times, the consumer %ld times", got.number,
             sent.sleeps, got.sleeps);
    check_num(sent.number, ==, job->number, "the producer gets rid of its large messages", NULL);
    check_num(got.number, ==, job->number,
              "each large message arrives once, in order, with every byte right", NULL);

    predict(
        "The consumer sleeps in the kernel. What must a sender do besides storing its message?");
    step("The consumer finds nothing, until this process sends it one message and leaves.");
    struct ring_end mine;
    *job = (struct job){.bytes = 64};
    ring_init(ring_of(job), 64, RING / 64);
    ring_join(&mine, ring_of(job), PRODUCER);
    start_unrelated(&partner[CONSUMER], program, "consumer", scratch_path("ring"));
    give_turn(&partner[CONSUMER]); /* has joined */
    give_turn(&partner[CONSUMER]); /* begins to read */
    while (!ring_other_sleeps(&mine))
        sched_yield();
    compose(ring_next(&mine), 64, 0);
    ring_done(&mine);
    ring_leave(&mine);
    got = ask(&partner[CONSUMER]);
    evidence("the consumer slept %ld times", got.sleeps);
    check_num(got.sleeps, >=, 1, "who finds nothing soon sleeps in the kernel", NULL);
    check_num(got.number, ==, 1, "a message wakes the sleeper", NULL);

    predict("The killed one runs no code. Does the other one wait for ever?");
    show_also("killed_is_noticed");
    step("In the middle of a stream one of the two is killed: by turns, at random moments.");
    int rounds = full ? 100 : 10, noticed[2] = {0, 0};
    double ms, longest = 0;
    srandom((unsigned)getpid());
    for (int i = 0; i < rounds; i++) {
        start(partner, program, job, i % 4 < 2 ? 64 : 65536, UINT64_MAX,
              (uint64_t)random() % (i % 4 < 2 ? 20000 : 100));
        noticed[i % 2] += killed_is_noticed(partner, (enum ring_role)(i % 2), &ms);
        if (ms > longest) longest = ms;
    }
    evidence("%d killed; the other one had ended after %.1f ms at the latest", rounds, longest);
    check_num(noticed[PRODUCER], ==, rounds / 2, "the death of a producer ends its consumer's wait",
              NULL);
    check_num(noticed[CONSUMER], ==, rounds / 2, "the death of a consumer ends its producer's wait",
              NULL);
    return end();
}
