#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* files of 2 GiB and more on 32-bit machines as well */
/* The part of 12_copy_file that copies; it has no main(). That demo checks it, and is a program to
 * copy files with. No other demo uses it. */
#include "12_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "scratch.h"

static sigjmp_buf before_copy;

static void on_sigbus(int signo) {
    siglongjmp(before_copy, signo); /* out of memcpy(), which holds nothing: that is safe */
}

/* This and the next return NULL, or why not. */
static const char *copy_window(int from, int to, off_t at, off_t length) {
    struct sigaction action = {.sa_handler = on_sigbus}, before;
    char *p = mmap(NULL, length, PROT_READ, MAP_SHARED, from, at);
    char *q = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, to, at);
    if (p == MAP_FAILED || q == MAP_FAILED) return errno_name(errno);
    sigaction(SIGBUS, &action, &before);
    int signo = sigsetjmp(before_copy, 1);
    if (signo == 0) memcpy(q, p, length);
    sigaction(SIGBUS, &before, NULL);
    munmap(p, length);
    munmap(q, length);
    return signo == 0 ? NULL : "SIGBUS: the source was cut, or the disk is full";
}

static const char *look_at_both(int from, struct stat *info, const char *target) {
    struct stat old = {.st_mode = S_IFREG};
    if (from == -1 || fstat(from, info) == -1) return errno_name(errno);
    if (access(target, W_OK) == -1 && errno != ENOENT) return errno_name(errno);
    lstat(target, &old);
    if (!S_ISREG(info->st_mode) || !S_ISREG(old.st_mode)) return "not a regular file";
    if (info->st_size > 0 || read(from, &(char){0}, 1) != 1) return NULL;
    return "the source has bytes, but no length"; /* as a file of /proc */
}

const char *copy_file(const char *source, const char *target, void (*meanwhile)(void)) {
    char temporary[PATH_MAX]; /* the name until the copy is whole: nobody else can have it */
    unsigned long long random;
    struct stat info = {0};
    int from = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* waits for no FIFO's writer */
    const char *why = look_at_both(from, &info, target);
    if (getrandom(&random, sizeof random, 0) != sizeof random) die("getrandom");
    snprintf(temporary, sizeof temporary, "%s.%016llx", target, random);
    remove_at_end(unlink, temporary);
    int to = why ? -1 : open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0777);
    if (!why && (to == -1 || ftruncate(to, info.st_size) == -1)) why = errno_name(errno);
    for (off_t at = 0; !why && at < info.st_size; at += WINDOW) {
        why = copy_window(from, to, at, info.st_size - at < WINDOW ? info.st_size - at : WINDOW);
        if (meanwhile) meanwhile();
    }
    if (!why && lseek(from, 0, SEEK_END) < info.st_size) why = "the source has become shorter";
    if (!why && (fsync(to) == -1 || rename(temporary, target) == -1)) why = errno_name(errno);
    if (why && to != -1) unlink(temporary);
    close(from);
    close(to);
    return why ? why : "copied";
}
