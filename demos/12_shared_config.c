#define _GNU_SOURCE
/*
 * 12_shared_config - how can a reader avoid seeing half an update of a shared struct?
 *
 * Notes      section 4.4 使用场景建议, "共享配置"; a seqlock makes it true, for one writer
 * Watch      a number before and after: odd is "in the middle", changed is "read again"
 * Try this   do not ask whether it is odd; a flag that goes back to 0; forget the height
 * See also   mmap(2), sched_yield(2); 04_shared_mapping, 08_locks
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"
#include "scratch.h"

/* An update adds 1 to width and height. Plain accesses to C11's atomics keep their order. */
static struct config {
    atomic_uint number; /* odd during an update; after 2^31 of them it is the same again */
    atomic_int width, others[60], height, done;
} * c;

static long begin_and_set_width(void *unused) {
    c->number++; /* odd */
    c->width++;
    return unused != NULL;
}

static long set_height_and_end(void *unused) {
    c->height++;
    c->number++; /* even */
    return unused != NULL;
}

static long update_often(void *unused) {
    for (int i = 0; i < 100000; i++) {
        begin_and_set_width(unused);
        set_height_and_end(unused);
        for (volatile int work = 0; work < 500; work++)
            ;
    }
    c->done = 1;
    return 0;
}

static bool read_config(int *width, int *height) {
    for (int tries = 0; tries < 10000; tries++) {
        unsigned before = c->number;
        *width = c->width;
        *height = c->height;
        if (before % 2 == 0 && c->number == before) return true;
        sched_yield(); /* the writer may need this CPU */
    }
    return false; /* it has tried often enough */
}

int main(int argc, char **argv) {
    begin(argc, argv, 5, "how can a reader avoid seeing half an update of a shared struct?");
    int width, height, fd = scratch_file("config", sizeof *c);
    struct partner writer;
    c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) die("mmap");
    partner_open(&writer);
    writer.pid = fork();
    if (writer.pid == -1) die("fork");
    if (writer.pid == 0) obey(&writer);

    predict("What does the parent read in the middle of an update: old, new, or some of each?");
    step("The writer, a child, begins its first update and sets the width. The parent reads.");
    tell("The notes say (4.4-1, in part): one changes a configuration, all see it at once.");
    ask(&writer, begin_and_set_width, NULL);
    evidence("width %d, height %d, number %u", c->width, c->height, c->number);
    check(c->width > c->height,
          "a plain read in the middle of an update can get some old and some new values", "4.4-1");
    check_is(c->number % 2, 1, "during an update a seqlock's number is odd", NULL);

    predict("The next numbers are both even. How can a reader know that it must read again?");
    step("That update ends. The parent reads the width; one more update; it reads the height.");
    ask(&writer, set_height_and_end, NULL);
    unsigned before = c->number;
    width = c->width;
    ask(&writer, begin_and_set_width, NULL);
    ask(&writer, set_height_and_end, NULL);
    height = c->height;
    evidence("width %d, height %d; number %u, then %u", width, height, before, c->number);
    check(width != height && c->number != before,
          "an update changes a seqlock's number: so a reader knows that it must read again", NULL);

    predict("Will the parent see half updates: with the number? without it?");
    step("The writer updates 100000 times; the parent reads, with the number and without.");
    long reads = 0, torn = 0, plain_torn = 0;
    start(&writer, update_often, NULL);
    for (; reads == 0 || !c->done; reads++) {
        if (read_config(&width, &height)) torn += width != height;
        plain_torn += c->width != c->height;
    }
    finish(&writer);
    evidence("%ld reads; halves: %ld with the number, %ld without", reads, torn, plain_torn);
    check_is(torn, 0, "with a seqlock, and one writer, no half update was seen", "4.4-1");

    predict("Does a reader that comes now wait for ever?");
    step("The writer begins one more update, sets the width, and is killed by SIGKILL.");
    ask(&writer, begin_and_set_width, NULL);
    if (kill(writer.pid, SIGKILL) == -1 || wait_for(writer.pid) == 0) die("kill");
    check(!read_config(&width, &height),
          "if a seqlock's writer dies, a reader that counts its tries can give up", NULL);
    tell("Whether the writer is dead, or only slow, the number does not tell: see 08_locks.");
    return end();
}
