#define _GNU_SOURCE
/*
 * 08_reader - receives the messages of 08_writer, an unrelated program, through a mapped file
 *
 * Notes      section 8.4 完整示例, 读取进程（reader.c）
 * Run        build/pair/08_reader in one terminal, build/pair/08_writer in another, in either order
 * Watch      no message is torn, lost or read twice; kill one and read what the other says
 * See also   08_channel.h, 08_meeting.h, 08_writer, 08_two_terminals
 */
#include <stdio.h>
#include <string.h>

#include "08_channel.h"
#include "08_meeting.h"

int main(int argc, char **argv) {
    struct options options = read_options(argc, argv, (struct options){6, 0});
    struct channel *c = open_channel(READER);

    unsigned long n = 0;
    while (await_word() == MESSAGE) {
        /* It must be the next one, and every byte of it what the writer has composed. */
        char text[sizeof c->text];
        compose(n, text);
        if (strncmp(c->text, text, sizeof text) != 0) {
            fprintf(stderr, "08_reader: message: torn, lost or read twice\n");
            return 1;
        }
        printf("received: %s\n", c->text);
        if (++n == options.count) {
            send_word(ENOUGH);
            break;
        }
        pause_for(options.interval);
        send_word(NEXT);
    }
    printf("messages received: %lu, each once and whole\n", n);
    return 0;
}
