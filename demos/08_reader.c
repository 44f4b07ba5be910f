#define _GNU_SOURCE
/*
 * 08_reader - receives the messages of 08_writer, an unrelated program, through a mapped file
 *
 * Notes      section 8.4 完整示例, 读取进程（reader.c）
 * Run        build/08_reader in one terminal, build/08_writer in another, in either order
 * Watch      no message is torn, lost or read twice; kill one and read what the other says
 * See also   08_channel.h, 08_writer, 08_two_terminals; unix(7), fcntl(2) (F_SETLK)
 */
#include <stdio.h>
#include <string.h>

#include "08_channel.h"

static const char usage[] =
    "usage: 08_reader [--path FILE] [--count N]\n"
    "  Receives messages through the mapped FILE until the writer ends; after N messages\n"
    "  (default 6, as in the notes; 0: never) it asks the writer to end.\n"
    "  Beside FILE it makes FILE.door.\n";

int main(int argc, char **argv) {
    struct options options = {.count = 6};
    read_options(argc, argv, usage, &options);
    struct channel *c = meet(options.path, READER);

    unsigned long long n = 0;
    while (await_word() == MESSAGE) {
        /* It must be the next one, and every byte of it what the writer has composed. */
        char text[sizeof c->text];
        if (c->number != n || c->length != compose(n, text) ||
            memcmp(c->text, text, c->length) != 0) {
            fprintf(stderr, "08_reader: message: torn, lost or read twice\n");
            return 1;
        }
        printf("received: %.*s\n", (int)c->length, c->text);
        send_word(++n == options.count ? ENOUGH : NEXT);
        if (n == options.count) break;
    }
    printf("messages received: %llu, each once and whole\n", n);
    return 0;
}
