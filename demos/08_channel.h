/*
 * 08_channel - how 08_writer and 08_reader, two unrelated programs, meet, take turns, and part.
 *
 * Both map one file. Only the one whose turn it is touches the message, and it passes the turn on
 * with a word through a UNIX socket:
 *
 *     writer: stores, MESSAGE              stores, MESSAGE              END
 *     reader:                 loads, NEXT                  loads, NEXT
 *
 * So no message is torn, lost or read twice. However a process ends, the kernel closes its socket:
 * the other one is told at once. And it unlocks what the process had locked of the file: one that
 * nobody has locked is left over.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

enum role { WRITER, READER };
enum word { MESSAGE = 'm', NEXT = 'n', ENOUGH = 'q', END = 'e' };

/* The file. */
struct channel {
    char magic[16];
    unsigned long long number;
    unsigned length; /* of the text, in bytes; it does not end in a zero */
    char text[200];
};

struct options {
    const char *path; /* of the file; NULL: the usual meeting place */
    unsigned long long count, interval;
};

/* Reads --path FILE, --count N and, if `usage` has it, --interval MS. */
void read_options(int argc, char **argv, const char *usage, struct options *options);

/* Meets the other program, whichever comes first, and maps the file. This and the following end the
 * program with one sentence if something is wrong, or if the other one has died. */
struct channel *meet(const char *path, enum role role);

void send_word(enum word word);
enum word await_word(void);

/* Pauses for so many milliseconds while it is this program's turn: the other can only die. */
void pause_for(unsigned long long ms);

/* Writes the text of a message and returns its length. Neighbours differ in nearly every letter, so
 * that half a message shows. */
unsigned compose(unsigned long long number, char *text);

#endif
