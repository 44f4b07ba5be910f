#define _GNU_SOURCE
#include "08_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

static const struct channel fresh = {.magic = "mmap demo 08.2"};
static const char *const names[] = {"writer", "reader"};
static const char see_errno[] = "see errno";

static enum role me;
static pid_t owner;                /* this program, and not its janitor */
static char path[1000], dir[1000]; /* of the file; of its directory */
static const char *file;           /* its name there */
static bool usual;                 /* that is the usual meeting place */
static struct sockaddr_un door;    /* FILE.door, a socket: where the first one waits */
static int directory = -1, seat = -1, turn = -1; /* open: directory, file, socket */
static struct channel *channel = MAP_FAILED;

static _Noreturn void refuse(const char *why) {
    if (why == see_errno) die("%s", path);
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, path, why);
    exit(1);
}

static void name_all(const char *told) {
    const char *parent = getenv("XDG_RUNTIME_DIR");
    if (!parent || !*parent) parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    usual = !told;
    if (told)
        snprintf(path, sizeof path, "%s%s", strchr(told, '/') ? "" : "./", told);
    else
        snprintf(path, sizeof path, "%s/mmap-demos-%ld/channel", parent, (long)geteuid());
    file = strrchr(path, '/') + 1;
    /* The usual place without its slash, so that O_NOFOLLOW works. */
    snprintf(dir, sizeof dir, "%.*s", (int)(file - path) - usual, path);
    door.sun_family = AF_UNIX;
    int length = snprintf(door.sun_path, sizeof door.sun_path, "%s.door", file);
    if (strlen(path) == sizeof path - 1 || length >= (int)sizeof door.sun_path)
        refuse("is too long a name");
}

/* Goes to the directory and locks it: only one at a time makes, joins or removes a channel.
 * NULL, or why not: the usual place must be this user's own, and closed to others. */
static const char *lock_directory(void) {
    struct stat info;
    close(directory); /* of the last attempt */
    directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (usual ? O_NOFOLLOW : 0));
    if (directory == -1 || fstat(directory, &info) == -1) return see_errno;
    if (usual && info.st_uid != geteuid()) return "its directory belongs to somebody else";
    if (usual && info.st_mode & 077) return "its directory is open to others, not mode 0700";
    return flock(directory, LOCK_EX) == -1 || fchdir(directory) == -1 ? see_errno : NULL;
}

/* Opens the file; seat is -1 if there is none. NULL, or why it is no channel of this user. */
static const char *open_channel(void) {
    struct channel seen;
    struct stat info;
    bool there = lstat(door.sun_path, &info) == 0;
    if (there && (!S_ISSOCK(info.st_mode) || info.st_uid != geteuid()))
        return "there is something else at FILE.door";
    seat = open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (seat == -1 && errno == ENOENT) return NULL;
    if (seat == -1) return errno == ELOOP ? "is a symbolic link" : see_errno;
    if (fstat(seat, &info) == -1) return see_errno;
    if (info.st_uid != geteuid()) return "belongs to somebody else";
    if (S_ISREG(info.st_mode) && info.st_size == 0) return NULL; /* its maker was killed */
    if (pread(seat, &seen, sizeof seen, 0) != sizeof seen ||
        memcmp(seen.magic, fresh.magic, sizeof seen.magic) != 0)
        return "is something else than a channel";
    return NULL;
}

/* A seat is a byte of the file: who sits there has locked it, and the kernel unlocks it. */
static struct flock seats(enum role first, int count) {
    return (struct flock){.l_type = F_WRLCK, .l_start = first, .l_len = count};
}

static const char *sit_down(void) {
    struct flock mine = seats(me, 1);
    if (fcntl(seat, F_SETLK, &mine) == 0) return NULL;
    if (errno != EAGAIN && errno != EACCES) return see_errno;
    return me == WRITER ? "has a writer" : "has a reader";
}

/* If nobody waits at the door, the file is left over, or one of its two has died: it is made
 * anew. It is written, not just given a length, so that no store lacks its space. */
static const char *join_or_make(bool *first) {
    const struct sockaddr *address = (struct sockaddr *)&door;
    const char *why = open_channel();
    if (!why && seat != -1) why = sit_down();
    if (why) return why;
    turn = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *first = seat == -1 || connect(turn, address, sizeof door) == -1;
    unlink(door.sun_path);
    if (!*first) return NULL;
    if (seat != -1 && (close(seat) == -1 || unlink(file) == -1)) return see_errno;
    seat = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (seat == -1 || write(seat, &fresh, sizeof fresh) == -1 || fsync(seat) == -1 ||
        bind(turn, address, sizeof door) == -1 || listen(turn, SOMAXCONN) == -1)
        return see_errno;
    return sit_down();
}

/* At exit: lets go of everything before the janitor looks. */
static void stand_up(void) {
    if (channel != MAP_FAILED) munmap(channel, sizeof *channel);
    close(directory);
    close(seat);
}

/* The janitor's work when this program has ended: nothing stays, unless somebody sits there. */
static int remove_left_over(const char *unused) {
    struct flock mine = seats(me, 1), both = seats(WRITER, 2);
    (void)unused;
    if (lock_directory() || open_channel()) return -1;
    if (seat != -1 && fcntl(seat, F_GETLK, &mine) == 0 && mine.l_pid == owner)
        fcntl(seat, F_SETLKW, &mine); /* killed, it has not yet closed all its files */
    if (seat != -1 && fcntl(seat, F_SETLK, &both) == -1) return 0;
    close(seat); /* on FUSE, unlink() would only rename a file that is open */
    unlink(door.sun_path);
    unlink(file);
    return usual && chdir("..") == 0 ? rmdir(strrchr(dir, '/') + 1) : 0;
}

struct channel *meet(const char *told, enum role role) {
    const char *why;
    bool first = true;
    me = role;
    owner = getpid();
    name_all(told);
    scratch_open();
    remove_at_end(remove_left_over, path);
    atexit(stand_up);
    do {
        if (usual && mkdir(dir, 0700) == -1 && errno != EEXIST) refuse(see_errno);
        why = lock_directory();
        if (!why) why = join_or_make(&first);
    } while (usual && why == see_errno && errno == ENOENT); /* somebody has just removed it */
    if (why) refuse(why);
    channel = mmap(NULL, sizeof *channel, PROT_READ | PROT_WRITE, MAP_SHARED, seat, 0);
    if (channel == MAP_FAILED) refuse(see_errno);
    flock(directory, LOCK_UN);
    if (first) {
        int listener = turn;
        printf("waiting for a %s at %s (Ctrl-C ends)\n", names[!me], path);
        turn = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        close(listener);
    }
    (void)*(volatile char *)channel; /* so that there is a page to look at */
    struct page page = look_at(owner, channel);
    printf("%s, process %ld: %p %s", names[me], (long)owner, (void *)channel, page.file_page);
    printf(is_unknown(page.frame) ? "\n" : ", frame 0x%lx\n", page.frame);
    return channel;
}

static void expect(bool alive) {
    if (!alive) refuse(me == WRITER ? "the reader has died" : "the writer has died");
}

void send_word(enum word word) {
    expect(send(turn, &(char){(char)word}, 1, MSG_NOSIGNAL) == 1);
}

enum word await_word(void) {
    char word;
    expect(recv(turn, &word, 1, 0) == 1);
    return (enum word)word;
}

void pause_for(unsigned long long ms) {
    expect(poll(&(struct pollfd){turn, POLLIN, 0}, 1, ms < 1 << 30 ? (int)ms : -1) == 0);
}

unsigned compose(unsigned long long number, char *text) {
    const char *small = "Message %llu from writer, all of it in small letters";
    const char *large = "MESSAGE %llu FROM WRITER, AND NOW SOMETHING QUITE DIFFERENT!";
    return (unsigned)sprintf(text, number % 2 == 0 ? small : large, number);
}

void read_options(int argc, char **argv, const char *usage, struct options *options) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1] ? argv[i + 1] : "";
        unsigned long long *number = NULL;
        if (strcmp(name, "--count") == 0) number = &options->count;
        if (strcmp(name, "--interval") == 0 && strstr(usage, name)) number = &options->interval;
        if (strcmp(name, "--help") == 0) exit(printf("%s", usage) < 0);
        if (number && *value && value[strspn(value, "0123456789")] == '\0') {
            *number = strtoull(value, NULL, 10);
        } else if (strcmp(name, "--path") == 0 && *value) {
            options->path = value;
        } else {
            fprintf(stderr, "%s: unknown option, or a bad value: %s %s\n%s",
                    program_invocation_short_name, name, value, usage);
            exit(2);
        }
    }
}
