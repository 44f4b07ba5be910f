/*
 * scratch - a private directory under TMPDIR (default /tmp) that is gone afterwards, however the
 * program ends. A janitor process makes it, waits for the program's end on a socket and removes it:
 * after exit() as after Ctrl-C or kill -9.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <sys/types.h>

/* The path of the directory (mode 0700), made at the first call. Bails out if TMPDIR is missing,
 * not writable or full. It holds plain files only. */
const char *scratch_dir(void);

/* The path of `name` in the directory, at most 60 bytes; no file is created. Static buffer. */
char *scratch_path(const char *name);

/* Creates the file `name` with `bytes` zero bytes and returns a descriptor, O_RDWR. The space is
 * reserved (posix_fallocate(3)): no store will die of a full file system. Bails out on failure,
 * also if there is such a file. */
int scratch_file(const char *name, size_t bytes);

/* The byte at `offset` of a file, as read(2) finds it (pread(2)). Bails out on failure. */
char byte_in_file(int fd, size_t offset);

/* Tells the janitor to remove `path` at the program's end if that is then the file (or the empty
 * directory) that `fd` refers to; with fd -1, whatever it is: for a name that nobody else can have.
 * With fd -1 it may also be the name of a message queue, mq_overview(7).
 * Last told, first removed; about thirty times. Bails out. */
void remove_at_end(const char *path, int fd);

/* In a child, before exec(): what is to be removed then stays until that program, too, has
 * ended. */
void keep_scratch(void);

#endif
