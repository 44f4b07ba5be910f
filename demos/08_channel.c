#define _GNU_SOURCE
#include "08_channel.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static const char usage[] =
    "usage: 08_writer [--count N] [--interval MS]   or   08_reader [--count N] [--interval MS]\n"
    "  ends after N messages (08_reader: default 6, 0 for all that 08_writer has), and pauses\n"
    "  for MS milliseconds before the next one (default: 08_writer 1000, 08_reader 0)\n";

static const char *other_has_died;
static int turn; /* the socket */

struct channel *open_channel(enum role role) {
    other_has_died = role == WRITER ? "the reader has died" : "the writer has died";
    return meet(role, &turn);
}

void send_word(enum word word) {
    char byte = (char)word;
    if (send(turn, &byte, 1, MSG_NOSIGNAL) != 1) refuse(other_has_died);
}

enum word await_word(void) {
    char byte;
    if (recv(turn, &byte, 1, 0) != 1) refuse(other_has_died);
    return (enum word)byte;
}

void pause_for(unsigned long milliseconds) {
    struct pollfd death = {turn, POLLIN, 0};
    int limit = milliseconds < INT_MAX ? (int)milliseconds : INT_MAX;
    if (poll(&death, 1, limit) != 0) refuse(other_has_died);
}

void compose(unsigned long number, char *text) {
    const char *small = "Message %lu from writer, all of it in small letters";
    const char *large = "MESSAGE %lu FROM WRITER, AND NOW SOMETHING QUITE DIFFERENT!";
    sprintf(text, number % 2 == 0 ? small : large, number);
}

struct options read_options(int argc, char **argv, struct options options) {
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1] ? argv[i + 1] : "";
        if (strcmp(name, "--help") == 0) exit(printf("%s", usage) < 0);
        bool is_number = *value && value[strspn(value, "0123456789")] == '\0';
        if (is_number && strcmp(name, "--count") == 0) {
            options.count = strtoul(value, NULL, 10);
        } else if (is_number && strcmp(name, "--interval") == 0) {
            options.interval = strtoul(value, NULL, 10);
        } else {
            fprintf(stderr, "%s: unknown option, or a bad value: %s %s\n%s",
                    program_invocation_short_name, name, value, usage);
            exit(2);
        }
    }
    return options;
}
