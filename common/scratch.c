#define _GNU_SOURCE
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

#define KEPT 30

/* What the janitor is told. */
struct order {
    int (*remove)(const char *);
    char name[1000];
};

static pid_t owner, janitor;
static int leash; /* open as long as the program and its children live */
static const char *parent;
static char dir[1000]; /* a name that nobody can guess, chosen before the janitor is forked */

static int remove_dir(const char *path) {
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream) closedir(stream);
    return rmdir(path);
}

/* Out of the terminal's reach: listens until the program ends, then removes all. */
static _Noreturn void janitor_main(int fd) {
    static struct order orders[KEPT + 1];
    int count = 0;
    setsid();
    signal(SIGTERM, SIG_IGN);
    while (recv(fd, &orders[count], sizeof orders[0], 0) == sizeof orders[0])
        count++;
    while (count-- > 0)
        orders[count].remove(orders[count].name);
    remove_dir(dir);
    _exit(0);
}

/* At exit: lets the janitor do its work and waits for it. */
static void dismiss_janitor(void) {
    int status;
    if (getpid() != owner) return;
    send(leash, "", 1, MSG_NOSIGNAL);
    if (waitpid(janitor, &status, 0) == janitor && status == 0) return;
    fprintf(stderr, "the janitor was killed: left behind is %s\n", dir);
    fflush(stdout);
    _exit(99);
}

void scratch_open(void) {
    int ends[2];
    unsigned long long random;
    parent = getenv("TMPDIR");
    if (!parent || !*parent) parent = "/tmp";
    if (getrandom(&random, sizeof random, 0) != sizeof random) die("getrandom");
    if (snprintf(dir, sizeof dir, "%s/mmap-demo-%016llx", parent, random) >= (int)sizeof dir)
        bail_out("TMPDIR is too long");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) die("socketpair");
    owner = getpid();
    janitor = fork();
    if (janitor == -1) die("fork");
    if (janitor == 0) {
        close(ends[0]);
        janitor_main(ends[1]);
    }
    close(ends[1]);
    leash = ends[0];
    atexit(dismiss_janitor);
}

const char *scratch_dir(void) {
    static bool made;
    if (made) return dir;
    if (mkdir(dir, 0700) == -1) die("cannot make a directory in TMPDIR (%s)", parent);
    made = true;
    int fd = open(scratch_path("probe"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, "x", 1) != 1) die("cannot write to a file in TMPDIR (%s)", parent);
    void *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        die("TMPDIR (%s) has no MAP_SHARED: set it to one on ext4, xfs, btrfs or tmpfs", parent);
    munmap(p, 1);
    close(fd);
    unlink(scratch_path("probe"));
    return dir;
}

void remove_at_end(int (*remove)(const char *), const char *name) {
    static int count;
    struct order order = {.remove = remove};
    if (snprintf(order.name, sizeof order.name, "%s", name) >= (int)sizeof order.name ||
        count++ == KEPT)
        bail_out("%s: too long, or too many to remove at the end", name);
    /* It lies in the socket before `name` is made, so that no kill can come between. */
    if (send(leash, &order, sizeof order, MSG_NOSIGNAL) == -1) die("the janitor died");
}

char *scratch_path(const char *name) {
    static char paths[16][sizeof dir + 64];
    static int turn;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_dir(), name);
    return path;
}

int reserve(int fd, size_t bytes) {
    static const char zeros[1 << 16];
    int error = bytes > 0 ? posix_fallocate(fd, 0, (off_t)bytes) : 0;
    if (error != EOPNOTSUPP && error != ENOSYS) return error;
    for (size_t done = 0, some; done < bytes; done += some) { /* musl has no fallback of its own */
        some = bytes - done < sizeof zeros ? bytes - done : sizeof zeros;
        errno = ENOSPC; /* if the write is short */
        if (pwrite(fd, zeros, some, (off_t)done) != (ssize_t)some) return errno;
    }
    return 0;
}

int scratch_file(const char *name, size_t bytes) {
    const char *path = scratch_path(name);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1) die("open %s", path);
    errno = reserve(fd, bytes);
    if (errno != 0) die("reserve %zu bytes for %s", bytes, path);
    return fd;
}

char byte_in_file(int fd, size_t offset) {
    char byte;
    if (pread(fd, &byte, 1, (off_t)offset) != 1) die("pread");
    return byte;
}
