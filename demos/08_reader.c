/*
 * 08_reader - receives the messages of 08_writer, an unrelated process, through a mapping
 *
 * Notes      section 8.4 完整示例, 读取进程（reader.c）
 * Run        build/08_reader in one terminal, build/08_writer in another, in either order
 * Watch      no message is torn, lost or read twice; kill one and read what the other says
 * See also   08_channel.h, 08_writer, 08_two_terminals; pthread_mutexattr_setrobust(3)
 */
#include "08_channel.h"

static const char usage[] =
    "usage: 08_reader [--path FILE] [--count N]\n"
    "  Receives messages through the mapped FILE until the writer ends; after\n"
    "  N messages (default 6, as in the notes; 0: never) it asks the writer to end.\n";

/* A message must be the next one, and every byte of it what the writer has composed. */
static bool is_whole(const struct slot *slot, uint64_t number) {
    char text[TEXT_MAX];
    return slot->number == number && slot->length == compose(number, text) &&
           memcmp(slot->text, text, slot->length) == 0;
}

int main(int argc, char **argv) {
    struct options options = {.path = NULL, .count = 6};
    read_options(argc, argv, usage, &options);
    struct channel *c = join(options.path ? options.path : meeting_place(), READER);
    introduce(READER, c);

    for (uint64_t n = 0;; n++) {
        struct slot *slot = &c->slots[n % SLOTS], *previous = &c->slots[(n + SLOTS - 1) % SLOTS];
        if (!take(slot)) partner_died(c, WRITER);
        release(previous);
        if (slot->last) {
            printf("messages received: %" PRIu64 ", each once and whole\n", n);
            return 0;
        }
        if (!is_whole(slot, n)) refuse("message", "torn, lost or read twice");
        printf("received: %.*s\n", (int)slot->length, slot->text);
        if (n + 1 == options.count) {
            printf("asking the writer to end\n");
            atomic_store(&c->quit, true);
            pthread_mutex_unlock(&c->seat[READER]);
        }
    }
}
