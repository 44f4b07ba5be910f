/*
 * 08_meeting - how 08_writer and 08_reader, two unrelated programs, find each other and the file.
 *
 * They meet in a directory of the user's own: mmap-demos-UID under XDG_RUNTIME_DIR, else TMPDIR,
 * else /tmp. In it are the file that both map (channel) and a socket (door). Each program has a
 * seat, a byte of the file that it locks: that keeps a second one of its kind away. The first one
 * waits at the door, the second one knocks.
 *
 * However a program ends, the kernel unlocks its seat and closes its socket: the other one is told
 * at once, and what nobody has locked is left over and may be used again.
 */
#ifndef MEETING_H
#define MEETING_H

enum role { WRITER, READER };

struct channel {
    char magic[16];
    char text[100]; /* of the message */
};

/* Meets the other program, whichever comes first. Returns the mapped file, and the socket to the
 * other one in *turn. Ends the program with one sentence if something is wrong. */
struct channel *meet(enum role role, int *turn);

/* Ends the program with one sentence: NAME: the directory: why. */
_Noreturn void refuse(const char *why);

#endif
