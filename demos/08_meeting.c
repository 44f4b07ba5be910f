#define _GNU_SOURCE
#include "08_meeting.h"

#include <errno.h>
#include <fcntl.h>
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

#include "die.h"
#include "observe.h"
#include "scratch.h"

static const struct channel fresh = {.magic = "mmap demo 08.3"};
static const struct sockaddr_un door = {AF_UNIX, "door"};

static enum role me;
static pid_t owner; /* this program, and not its janitor */
static char dir[1000];
static int directory = -1, file = -1; /* open */

void refuse(const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, dir, why);
    exit(1);
}

/* A seat is a byte of the file: who sits there has locked it, and the kernel unlocks it. */
static struct flock seats(enum role first, int count) {
    return (struct flock){.l_type = F_WRLCK, .l_start = first, .l_len = count};
}

/* Are file and socket what these programs make? The file is empty if its maker was killed. */
static bool are_ours(void) {
    struct channel seen = fresh;
    struct stat info;
    ssize_t length = pread(file, &seen, sizeof seen, 0);
    return (length == 0 || length == sizeof seen) &&
           memcmp(seen.magic, fresh.magic, sizeof seen.magic) == 0 &&
           (lstat(door.sun_path, &info) == -1 || S_ISSOCK(info.st_mode));
}

/* The janitor's work when this program has ended: no file stays, unless somebody sits there. */
static int clean_up(const char *unused) {
    struct flock mine = seats(me, 1), both = seats(WRITER, 2);
    (void)unused;
    close(directory); /* of the last call: enter() may have asked for two */
    directory = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (directory == -1 || flock(directory, LOCK_EX) == -1 || fchdir(directory) == -1) return -1;
    file = open("channel", O_RDWR | O_NOFOLLOW | O_NONBLOCK);
    if (file == -1 || !are_ours()) return -1;
    if (fcntl(file, F_GETLK, &mine) == 0 && mine.l_pid == owner)
        fcntl(file, F_SETLKW, &mine); /* killed, it has not yet closed all its files */
    if (fcntl(file, F_SETLK, &both) == -1) return -1;
    close(file); /* on FUSE, unlink() would only rename a file that is open */
    unlink(door.sun_path);
    return unlink("channel");
}

/* At exit: lets go of everything before the janitor looks. */
static void leave(void) {
    close(directory);
    close(file);
}

/* Goes to the directory and locks it: only one program at a time comes or cleans up. Opens the
 * file, or makes it. Returns -1 if that fails: ENOENT if the directory has just been removed. */
static int enter(void) {
    struct stat info;
    if (mkdir(dir, 0700) == -1 && errno != EEXIST) die("%s", dir);
    close(directory); /* of the last attempt */
    directory = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory == -1 || fstat(directory, &info) == -1) return -1;
    if (info.st_uid != geteuid()) refuse("belongs to somebody else");
    if (info.st_mode & 077) refuse("is open to others, not mode 0700");
    remove_at_end(clean_up, dir);
    if (flock(directory, LOCK_EX) == -1 || fchdir(directory) == -1) return -1;
    return file = open("channel", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
}

struct channel *meet(enum role role, int *turn) {
    const struct sockaddr *address = (const struct sockaddr *)&door;
    const char *other = role == WRITER ? "reader" : "writer";
    const char *parent = getenv("XDG_RUNTIME_DIR");
    struct flock seat = seats(role, 1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    me = role;
    owner = getpid();
    if (!parent || !*parent) parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    if (snprintf(dir, sizeof dir, "%s/mmap-demos-%ld", parent, (long)geteuid()) >= (int)sizeof dir)
        refuse("is too long a name");
    scratch_open();
    remove_at_end(rmdir, dir);
    atexit(leave);

    int waiting = *turn = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    while (enter() == -1)
        if (errno != ENOENT) die("%s", dir);
    if (!are_ours()) refuse("holds something else than a channel");
    if (fcntl(file, F_SETLK, &seat) == -1) {
        if (errno != EAGAIN) die("%s", dir);
        refuse(role == WRITER ? "has a writer" : "has a reader");
    }
    /* Written, not just given a length, so that no store lacks its space. */
    if (lseek(file, 0, SEEK_END) == 0 && write(file, &fresh, sizeof fresh) == -1) die("%s", dir);
    struct channel *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (c == MAP_FAILED) die("mmap");

    bool first = connect(*turn, address, sizeof door) == -1;
    unlink(door.sun_path); /* used, or left over */
    if (first && (bind(*turn, address, sizeof door) == -1 || listen(*turn, 1) == -1)) die("bind");
    flock(directory, LOCK_UN);
    if (first) {
        printf("waiting for a %s at %s (Ctrl-C ends)\n", other, dir);
        *turn = accept4(waiting, NULL, NULL, SOCK_CLOEXEC);
        close(waiting);
    }
    (void)*(volatile char *)c; /* so that there is a page to look at */
    printf("process %ld: %p %s\n", (long)owner, (void *)c, look_at(owner, c).file_page);
    return c;
}
