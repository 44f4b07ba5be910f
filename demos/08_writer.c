/*
 * 08_writer - sends messages to 08_reader, an unrelated process, through a mapping
 *
 * Notes      section 8.4 完整示例, 写入进程（writer.c）
 * Run        build/08_writer in one terminal, build/08_reader in another, in either order
 * Watch      two addresses, one frame; kill one of the two and read what the other says
 * See also   08_channel.h, 08_reader, 08_two_terminals; pthread_mutexattr_setrobust(3)
 */
#include <time.h>

#include "08_channel.h"

static const char usage[] =
    "usage: 08_writer [--path FILE] [--count N] [--interval MS]\n"
    "  Sends N messages (default: until the reader has had enough; 0: it only tells the\n"
    "  reader to end) through the mapped FILE, one every MS milliseconds (default 1000).\n";

/* Waits `ms` milliseconds, but not longer than the reader keeps its seat: it gives that up to say
 * that it has had enough. */
static bool reader_has_had_enough(struct channel *c, uint64_t ms) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    int error = pthread_mutex_timedlock(&c->seat[READER], &until);
    if (error == EOWNERDEAD || error == ENOTRECOVERABLE) partner_died(c, READER);
    if ((errno = error) != 0 && error != ETIMEDOUT) die("pthread_mutex_timedlock");
    return error == 0;
}

int main(int argc, char **argv) {
    struct options options = {.path = NULL, .count = UINT64_MAX, .interval = 1000};
    read_options(argc, argv, usage, &options);
    struct channel *c = join(options.path ? options.path : meeting_place(), WRITER);
    introduce(WRITER, c);

    bool quit = false;
    for (uint64_t n = 0;; n++) {
        struct slot *slot = &c->slots[n % SLOTS], *next = &c->slots[(n + 1) % SLOTS];
        slot->number = n;
        slot->last = quit || n == options.count;
        if (slot->last) {
            release(slot);
            printf("messages sent: %" PRIu64 "%s\n", n, quit ? "; the reader has had enough" : "");
            return 0;
        }
        slot->length = compose(n, slot->text);
        if (!take(next)) partner_died(c, READER);
        release(slot);
        printf("sent: %.*s\n", (int)slot->length, slot->text);
        quit = reader_has_had_enough(c, options.interval);
    }
}
