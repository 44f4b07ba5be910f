/*
 * 08_channel - what 08_writer and 08_reader share, and how they meet, talk and part.
 *
 * Three slots, each with a lock. Writer and reader walk round them hand over hand: neither lets go
 * of one lock before it has the next. So the writer can never overwrite a message that has not been
 * read, the reader never sees half of one, and who waits, waits for a lock that the other holds.
 * The locks are robust: if their holder dies, the kernel wakes the other at once (EOWNERDEAD); what
 * was sent but not read by then is lost.
 *
 *     writer:  fill slot 0 | lock 1, unlock 0 | fill slot 1 | lock 2, unlock 1 | ...
 *     reader:  (holds 2)     lock 0, unlock 2 | read slot 0 | lock 1, unlock 0 | ...
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define SLOTS    3
#define TEXT_MAX 200

enum role { WRITER, READER };
static const char *const role_name[] = {"writer", "reader"};

struct slot {
    pthread_mutex_t lock; /* protects the rest of the slot */
    bool last;            /* no message: the writer has ended */
    uint64_t number;
    uint32_t length; /* of text, in bytes; it does not end in a zero */
    char text[TEXT_MAX];
};

struct channel {
    char magic[16];
    pthread_mutex_t seat[2]; /* held by the writer and the reader as long as they take part */
    sem_t arrived;           /* posted by whoever comes second */
    atomic_int pid[2];
    atomic_bool quit;   /* the reader asks the writer to end */
    atomic_bool broken; /* whoever came second has died before it could say so */
    struct slot slots[SLOTS];
};

static const char magic[16] = "mmap demo 08.1";

/* Ends the program with one line on stderr and exit status 1. */
static _Noreturn void refuse(const char *path, const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, why);
    exit(1);
}

static _Noreturn void partner_died(struct channel *c, enum role other) {
    fflush(stdout);
    fprintf(stderr, "%s: the %s (process %d) has died\n", program_invocation_short_name,
            role_name[other], atomic_load(&c->pid[other]));
    exit(1);
}

/* The usual meeting place: a directory of the user's own that nobody else can write to. */
static const char *meeting_place(void) {
    static char path[1000];
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");
    struct stat info;
    int room = (int)sizeof path - 10, used;
    if (runtime && *runtime)
        used = snprintf(path, (size_t)room, "%s/mmap-demos", runtime);
    else
        used = snprintf(path, (size_t)room, "%s/mmap-demos-%ld", tmp && *tmp ? tmp : "/tmp",
                        (long)geteuid());
    if (used >= room) refuse(path, "the path of the meeting place is too long");
    if (mkdir(path, 0700) == -1 && errno != EEXIST) die("mkdir %s", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd == -1 || fstat(fd, &info) == -1) die("the meeting place %s", path);
    if (info.st_uid != geteuid()) refuse(path, "belongs to somebody else");
    if (info.st_mode & 077) refuse(path, "is open to others, its mode should be 0700");
    remove_at_end(path, fd);
    close(fd);
    return strcat(path, "/channel");
}

static void make_lock(pthread_mutex_t *lock) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if ((errno = pthread_mutex_init(lock, &attributes)) != 0) die("pthread_mutex_init");
}

static struct channel *map_channel(int fd) {
    struct channel *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) die("mmap");
    return c;
}

/* Takes the lock of my first slot; my seat is taken already. */
static void sit_down(struct channel *c, enum role me) {
    pthread_mutex_lock(&c->slots[me == WRITER ? 0 : SLOTS - 1].lock);
    atomic_store(&c->pid[me], getpid());
}

/* Makes a channel under another name and links it to `path` when it is complete and I have sat down
 * in it; NULL if somebody else was first. */
static struct channel *make_channel(const char *path, enum role me) {
    char unfinished[1100];
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random) die("getrandom");
    snprintf(unfinished, sizeof unfinished, "%s.%016" PRIx64, path, random);
    remove_at_end(unfinished, -1);
    int fd = open(unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1) die("cannot make %s", path);
    if ((errno = posix_fallocate(fd, 0, sizeof(struct channel))) != 0)
        die("reserve %zu bytes for %s", sizeof(struct channel), path);
    struct channel *c = map_channel(fd);
    memcpy(c->magic, magic, sizeof magic);
    for (int i = 0; i < SLOTS; i++)
        make_lock(&c->slots[i].lock);
    make_lock(&c->seat[WRITER]);
    make_lock(&c->seat[READER]);
    if (sem_init(&c->arrived, 1, 0) == -1) die("sem_init");
    pthread_mutex_lock(&c->seat[me]);
    sit_down(c, me);
    remove_at_end(path, fd);
    bool first = link(unfinished, path) == 0;
    if (!first && errno != EEXIST) die("link %s", path);
    unlink(unfinished);
    close(fd);
    return first ? c : NULL;
}

/* Opens `path` if it is what make_channel() makes, and mine; -1 if there is nothing. */
static int open_channel(const char *path, struct stat *info) {
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1 && errno == ENOENT) return -1;
    if (fd == -1 && errno == ELOOP) refuse(path, "is a symbolic link");
    if (fd == -1 || fstat(fd, info) == -1) die("open %s", path);
    if (!S_ISREG(info->st_mode)) refuse(path, "is not a regular file");
    if (info->st_uid != geteuid()) refuse(path, "belongs to somebody else");
    if (info->st_size != sizeof(struct channel)) refuse(path, "is no channel: wrong size");
    return fd;
}

/* Joins the channel at `path`, or makes it and waits for the other side. */
static struct channel *join(const char *path, enum role me) {
    struct stat info, now;
    for (;;) {
        int fd = open_channel(path, &info);
        struct channel *c = fd == -1 ? make_channel(path, me) : map_channel(fd);
        if (fd == -1 && c) {
            printf("waiting for a %s at %s (Ctrl-C ends)\n", role_name[!me], path);
            while (sem_wait(&c->arrived) == -1)
                if (errno != EINTR) die("sem_wait");
            if (atomic_load(&c->broken)) partner_died(c, !me);
            return c;
        }
        if (!c) continue; /* somebody else has made it in between */
        /* One newcomer at a time; and is this still the file at `path`? */
        if (flock(fd, LOCK_EX) == -1) die("flock %s", path);
        bool same =
            lstat(path, &now) == 0 && now.st_ino == info.st_ino && now.st_dev == info.st_dev;
        if (memcmp(c->magic, magic, sizeof magic) != 0)
            refuse(path, "is no channel: wrong content");
        if (atomic_load(&c->quit)) refuse(path, "has a conversation that is just ending");
        int mine = pthread_mutex_trylock(&c->seat[me]),
            other = pthread_mutex_trylock(&c->seat[!me]);
        if (same && mine == EBUSY) refuse(path, me == WRITER ? "has a writer" : "has a reader");
        if (same && mine == 0 && other == EBUSY) {
            sit_down(c, me);
            sem_post(&c->arrived);
            flock(fd, LOCK_UN); /* close() would not do: the mapping keeps the open file */
            close(fd);
            return c;
        }
        /*
         * Left over by processes that were killed: away with it, and once more. Who still waits in it
         * is woken: by the seat, which is ENOTRECOVERABLE when a dead one's is released, or by
         * `broken`. The descriptor stays open, lest the new file get the old one's inode number, by
         * which a janitor knows what to remove; the lock on it does not.
         */
        if (same) unlink(path);
        if (other == EBUSY) atomic_store(&c->broken, true), sem_post(&c->arrived);
        if (mine != EBUSY) pthread_mutex_unlock(&c->seat[me]);
        if (other != EBUSY) pthread_mutex_unlock(&c->seat[!me]);
        munmap(c, sizeof *c);
        flock(fd, LOCK_UN);
    }
}

/* Says where this process has the channel: an address of its own, but a page that both have. */
static void introduce(enum role me, const struct channel *c) {
    const char *page = file_page(getpid(), c);
    long frame = frame_of(getpid(), c);
    printf("%s, process %ld: %p is %s", role_name[me], (long)getpid(), (const void *)c,
           page ? page : "unknown");
    if (frame != UNKNOWN) printf(", frame 0x%lx", frame);
    printf("\n");
}

/* Waits for a slot; false if the other side has died, which held its lock. */
static bool take(struct slot *slot) {
    int error = pthread_mutex_lock(&slot->lock);
    if (error == EOWNERDEAD || error == ENOTRECOVERABLE) return false;
    if ((errno = error) != 0) die("pthread_mutex_lock");
    return true;
}

static void release(struct slot *slot) {
    pthread_mutex_unlock(&slot->lock);
}

/* The text of message `number`: neighbours differ in every letter, so half a message is seen. */
static uint32_t compose(uint64_t number, char text[TEXT_MAX]) {
    const char *format = number % 2 == 0
                             ? "Message %llu from writer: all quiet, all in small letters"
                             : "MESSAGE %llu FROM WRITER - AND NOW SOMETHING QUITE DIFFERENT!";
    return (uint32_t)snprintf(text, TEXT_MAX, format, (unsigned long long)number);
}

struct options {
    const char *path; /* NULL: the usual meeting place */
    uint64_t count, interval;
};

static _Noreturn void bad_usage(const char *usage, const char *why, const char *what) {
    fprintf(stderr, "%s: %s '%s'\n%s", program_invocation_short_name, why, what, usage);
    exit(2);
}

/* Reads --path, --count and --interval (which only the writer has) into *options. */
static void read_options(int argc, char **argv, const char *usage, struct options *options) {
    static const struct option known[] = {{"interval", required_argument, NULL, 'i'},
                                          {"path", required_argument, NULL, 'p'},
                                          {"count", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const struct option *mine = strstr(usage, "--interval") ? known : known + 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", mine, NULL)) != -1;) {
        char *rest = NULL;
        if (option == 'h') exit(printf("%s", usage) < 0);
        if (option == '?')
            bad_usage(usage, "unknown option, or one without its value:", argv[optind - 1]);
        if (option == 'p') {
            options->path = optarg;
        } else {
            errno = 0;
            uint64_t value = strtoull(optarg, &rest, 10);
            if (errno != 0 || *rest || *optarg < '0' || *optarg > '9')
                bad_usage(usage, "not a number:", optarg);
            *(option == 'c' ? &options->count : &options->interval) = value;
        }
    }
    if (optind < argc) bad_usage(usage, "unexpected argument", argv[optind]);
}

#endif
