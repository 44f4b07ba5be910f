#define _GNU_SOURCE
/*
 * 12_message_ring - how can two programs stream messages through memory and lose none?
 *
 * Notes      section 12 实际应用示例: 12.2 with a ring of messages instead of a single one
 * Watch      the ring has 1024 slots; an end that has lost its partner is woken
 * Try this   words that do not depend on their place; a consumer that takes the end for a death
 * See also   12_messages.c, 12_ring.c, 02_stream, 02_who_waits; fifo(7), pipe(7)
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "12_messages.h"
#include "12_ring.h"
#include "check.h"
#include "partner.h"
#include "scratch.h"

static struct partner other;
static act *const enter_as[] = {[PRODUCER] = enter_as_producer, [CONSUMER] = enter_as_consumer};
static act *const work_as[] = {[PRODUCER] = send_messages, [CONSUMER] = receive_messages};

/* Empties the ring; this process takes one end, a new one the other. */
static void meet(struct ring *ring, enum ring_role role) {
    ring_init(ring, MESSAGE, SLOTS);
    enter_as[role]((void *)scratch_dir());
    start_unrelated(&other);
    ask_text(&other, enter_as[!role], scratch_dir());
}

int main(int argc, char **argv) {
    static act *const acts[] = {
        enter_as_producer, enter_as_consumer, send_messages, receive_messages, leave, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 4, "how can two programs stream messages through memory and lose none?");
    if (mkfifo(scratch_path("producer"), 0600) == -1 ||
        mkfifo(scratch_path("consumer"), 0600) == -1)
        skip_all("TMPDIR is on a file system without FIFOs");
    void *many = (void *)1000000, *all = (void *)1000000000;
    int fd = scratch_file("ring", ring_size(MESSAGE, SLOTS));
    void *ring = mmap(NULL, ring_size(MESSAGE, SLOTS), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) die("mmap");

    predict("The ring has 1024 slots. Will the producer overwrite what has not been read?");
    step("An unrelated process sends a million messages, as fast as it can, and leaves.");
    meet(ring, CONSUMER);
    start(&other, send_messages, many);
    check_is(receive_messages(many), 1000000,
             "through 12_message_ring's ring each message arrives once, in order, every byte right",
             NULL);
    finish(&other);
    ask(&other, leave, NULL);
    check_is(ring_next(&me) || me.died, false,
             "after ring_leave() the consumer does not take the end of a stream for a death", NULL);
    partner_close(&other);

    predict("A process that is killed runs no more code. Does the survivor wait for ever?");
    step("In the middle of a stream a producer is killed, then a consumer: five times each.");
    int noticed[2] = {0};
    for (int i = 0; i < 10; i++) {
        enum ring_role role = i % 2 == 0 ? CONSUMER : PRODUCER; /* of the survivor */
        meet(ring, role);
        start(&other, work_as[!role], all);
        work_as[role]((void *)10000);
        if (kill(other.pid, SIGKILL) == -1 || wait_for(other.pid) == 0) die("kill");
        close(other.socket[0]);
        close(other.socket[1]);
        work_as[role](all);
        noticed[role] += me.died;
    }
    check_is(noticed[CONSUMER], 5,
             "a consumer's wait on a pipe ends when its producer, the only writer, dies", NULL);
    check_is(noticed[PRODUCER], 5,
             "a producer's wait on a pipe ends when its consumer, the only writer, dies", NULL);
    return end();
}
