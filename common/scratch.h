/* scratch - a private directory under TMPDIR (default /tmp) that is gone afterwards, however the
 * program ends (exit(), Ctrl-C, kill -9): a janitor process waits for that on a socket. */
#pragma once

#include <sys/types.h>

/* Forks the janitor, or bails out: first of all, before there is anything that it could keep.
 * begin() does that; a program without it does so itself. */
void scratch_open(void);

/* The path of the directory (mode 0700, for plain files only), made at the first call. Bails out,
 * with the cause, if TMPDIR is missing, not writable, full, or has no MAP_SHARED. */
const char *scratch_dir(void);

/* The path of `name` (at most 60 bytes) in it; no file is made. The last 16 results stay valid. */
char *scratch_path(const char *name);

/* Makes the file `name` of `bytes` reserved zero bytes: a descriptor, O_RDWR. Or bails out. */
int scratch_file(const char *name, size_t bytes);

/* Reserves space for a file's first `bytes` bytes, posix_fallocate(3), so that on most file systems
 * no store dies of a full one; without that, by writing zeros. Returns 0 or an errno value. */
int reserve(int fd, size_t bytes);

/* The byte at `offset` of a file, as read(2) finds it (pread(2)). Bails out on failure. */
char byte_in_file(int fd, size_t offset);

/* Has the janitor call remove(name) at the program's end: remove_at_end(shm_unlink, "/name"). For
 * names that nobody else can have. Last told, first called; bails out after thirty. */
void remove_at_end(int (*remove)(const char *), const char *name);
