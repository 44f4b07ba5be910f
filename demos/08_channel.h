/*
 * 08_channel - how 08_writer and 08_reader take turns, once they have met. Only the one whose turn
 * it is touches the message, and passes the turn on with a word through the socket. So no message
 * is torn, lost or read twice.
 *
 *     writer: stores, MESSAGE              stores, MESSAGE              END
 *     reader:                 loads, NEXT                  loads, NEXT
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "08_meeting.h"

enum word { MESSAGE = 'm', NEXT = 'n', ENOUGH = 'q', END = 'e' };

struct options {
    unsigned long count, interval; /* of messages; in milliseconds */
};

/* Reads --count N and --interval MS. */
struct options read_options(int argc, char **argv, struct options defaults);

/* Meets the other program. This and the following end the program if the other one has died. */
struct channel *open_channel(enum role role);

void send_word(enum word word);
enum word await_word(void);

/* Pauses, while it is this program's turn: the other one can only die. */
void pause_for(unsigned long milliseconds);

/* Writes the text of a message. Neighbours differ in nearly every letter: half a one shows. */
void compose(unsigned long number, char *text);

#endif
