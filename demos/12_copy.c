#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* files of 2 GiB and more on 32-bit machines as well */
#include "12_copy.h"

#include <errno.h>
#include <fcntl.h>
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

/* Says why not (NULL: errno), and leaves nothing behind. */
static bool refuse(struct copy *c, const char *name, const char *why) {
    snprintf(c->said, sizeof c->said, "%s: %s", name, why ? why : errno_name(errno));
    if (c->to != -1) unlink(c->temporary);
    close(c->from);
    close(c->to);
    return false;
}

bool copy_begin(struct copy *c, const char *source, const char *target) {
    struct stat info, old;
    unsigned long long random;
    char byte;
    *c = (struct copy){.source = source, .target = target, .to = -1, .said = "copied"};
    c->from = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* waits for no FIFO's writer */
    if (c->from == -1 || fstat(c->from, &info) == -1) return refuse(c, source, NULL);
    if (!S_ISREG(info.st_mode)) return refuse(c, source, "is not a regular file");
    if (info.st_size == 0 && read(c->from, &byte, 1) == 1)
        return refuse(c, source, "has bytes, but no length");
    if (lstat(target, &old) == 0 && !S_ISREG(old.st_mode))
        return refuse(c, target, "is not a regular file");
    if (access(target, W_OK) == -1 && errno != ENOENT) return refuse(c, target, NULL);
    c->mode = info.st_mode;
    c->size = info.st_size;

    /* A name that nobody else can have; the janitor removes it even after kill -9. */
    if (getrandom(&random, sizeof random, 0) != sizeof random) return refuse(c, target, NULL);
    snprintf(c->temporary, sizeof c->temporary, "%s.%016llx", target, random);
    remove_at_end(unlink, c->temporary);
    c->to = open(c->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    signal(SIGXFSZ, SIG_IGN); /* a file that would be too long is EFBIG, and no signal */
    if (c->to == -1 || ftruncate(c->to, c->size) == -1) return refuse(c, target, NULL);
    return true;
}

static sigjmp_buf before_copy;

static void on_sigbus(int signo) {
    siglongjmp(before_copy, signo);
}

/* memcpy(), but false if a page cannot be had. The jump out of the handler is safe: the program has
 * one thread, and the signal comes from within memcpy(), which holds nothing. */
static bool copy_bytes(char *to, const char *from, size_t length) {
    struct sigaction action = {.sa_handler = on_sigbus}, before;
    volatile bool whole = false;
    sigaction(SIGBUS, &action, &before);
    if (sigsetjmp(before_copy, 1) == 0) {
        memcpy(to, from, length);
        whole = true;
    }
    sigaction(SIGBUS, &before, NULL);
    return whole;
}

bool copy_window(struct copy *c) {
    off_t at = c->at, data = lseek(c->from, at, SEEK_DATA);
    size_t length = (size_t)(c->size - at < WINDOW ? c->size - at : WINDOW);
    c->at += length;
    if (data >= c->at || (data == -1 && errno == ENXIO)) return true; /* all a hole */
    /* Space first: a full disk is ENOSPC then, and no signal. */
    if (fallocate(c->to, 0, at, length) == -1 && errno != EOPNOTSUPP)
        return refuse(c, c->target, NULL);
    char *p = mmap(NULL, length, PROT_READ, MAP_SHARED, c->from, at);
    if (p == MAP_FAILED) return refuse(c, c->source, NULL);
    char *q = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, c->to, at);
    if (q == MAP_FAILED) return refuse(c, c->target, NULL);
    bool whole = copy_bytes(q, p, length);
    if (munmap(p, length) == -1 || munmap(q, length) == -1) return refuse(c, c->target, NULL);
    return whole || refuse(c, c->source, "SIGBUS, a page cannot be had");
}

bool copy_end(struct copy *c) {
    struct stat now;
    if (fstat(c->from, &now) == -1) return refuse(c, c->source, NULL);
    if (now.st_size < c->size) return refuse(c, c->source, "has become shorter");
    /* fsync() tells of write errors. Set-user-ID is not kept: the copy has another owner. */
    if (fchmod(c->to, c->mode & 0777) == -1 || fsync(c->to) == -1 ||
        rename(c->temporary, c->target) == -1)
        return refuse(c, c->target, NULL);
    close(c->from);
    close(c->to);
    return true;
}

bool copy_rest(struct copy *c) {
    while (c->at < c->size)
        if (!copy_window(c)) return false;
    return copy_end(c);
}

const char *copy_file(const char *source, const char *target) {
    static struct copy c;
    if (copy_begin(&c, source, target)) copy_rest(&c);
    return c.said;
}
