#define _GNU_SOURCE
/*
 * 08_writer - sends messages to 08_reader, an unrelated program, through a mapped file
 *
 * Notes      section 8.4 完整示例, 写入进程（writer.c）
 * Run        build/pair/08_writer in one terminal, build/pair/08_reader in another, in either order
 * Watch      two addresses, one page of one file; kill one of the two and read what the other says
 * See also   08_channel.h, 08_meeting.h, 08_reader, 08_two_terminals
 */
#include <limits.h>
#include <stdio.h>

#include "08_channel.h"
#include "08_meeting.h"

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv, (struct options){ULONG_MAX, 1000});
    struct channel *c = open_channel(WRITER);

    for (unsigned long n = 0; n < options.count; n++) {
        if (n > 0) pause_for(options.interval);
        compose(n, c->text);
        printf("sent: %s\n", c->text);
        send_word(MESSAGE);
        if (await_word() == ENOUGH) {
            printf("messages sent: %lu; the reader has had enough\n", n + 1);
            return 0;
        }
    }
    send_word(END);
    printf("messages sent: %lu\n", options.count);
    return 0;
}
