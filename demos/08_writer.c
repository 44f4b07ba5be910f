#define _GNU_SOURCE
/*
 * 08_writer - sends messages to 08_reader, an unrelated program, through a mapped file
 *
 * Notes      section 8.4 完整示例, 写入进程（writer.c）
 * Run        build/08_writer in one terminal, build/08_reader in another, in either order
 * Watch      two addresses, one frame; kill one of the two and read what the other says
 * See also   08_channel.h, 08_reader, 08_two_terminals; unix(7), fcntl(2) (F_SETLK)
 */
#include <limits.h>
#include <stdio.h>

#include "08_channel.h"

static const char usage[] =
    "usage: 08_writer [--path FILE] [--count N] [--interval MS]\n"
    "  Sends N messages (default: until the reader has had enough) through the mapped FILE,\n"
    "  one every MS milliseconds (default 1000). Beside FILE it makes FILE.door.\n";

int main(int argc, char **argv) {
    struct options options = {.count = ULLONG_MAX, .interval = 1000};
    read_options(argc, argv, usage, &options);
    struct channel *c = meet(options.path, WRITER);

    for (unsigned long long n = 0; n < options.count; n++) {
        if (n > 0) pause_for(options.interval);
        c->number = n;
        c->length = compose(n, c->text);
        printf("sent: %.*s\n", (int)c->length, c->text);
        send_word(MESSAGE);
        if (await_word() == ENOUGH) {
            printf("messages sent: %llu; the reader has had enough\n", n + 1);
            return 0;
        }
    }
    send_word(END);
    printf("messages sent: %llu\n", options.count);
    return 0;
}
