#define _GNU_SOURCE
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "observe.h"

#define KEPT 31

/* What the janitor is asked for, and its answer: the directory made, or what failed. */
struct order {
    int (*remove)(const char *); /* NULL: make a directory from the template `name` */
    int error;
    char name[1000];
};

static pid_t owner, janitor;
static int leash; /* open as long as the program and its children live */
static struct order dir;

static int remove_dir(const char *path) {
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        unlinkat(dirfd(stream), entry->d_name, 0);
    if (stream) closedir(stream);
    return rmdir(path);
}

/* Out of the terminal's reach: carries out orders until the program ends, then removes all. */
static _Noreturn void janitor_main(int fd) {
    static struct order orders[KEPT + 1];
    int count = 0;
    ssize_t got;
    setsid();
    signal(SIGTERM, SIG_IGN);
    while ((got = recv(fd, &orders[count], sizeof dir, 0)) == sizeof dir ||
           (got == -1 && errno == EINTR)) {
        if (got == -1) continue;
        if (count == KEPT)
            orders[count].error = ENOSPC;
        else if (!orders[count].remove) {
            orders[count].remove = remove_dir;
            orders[count].error = mkdtemp(orders[count].name) ? 0 : errno;
        }
        send(fd, &orders[count], sizeof dir, MSG_NOSIGNAL);
        count += orders[count].error == 0;
    }
    while (count-- > 0)
        orders[count].remove(orders[count].name);
    _exit(0);
}

/* At exit: lets the janitor do its work and waits for it. */
static void dismiss_janitor(void) {
    int status;
    if (getpid() != owner) return;
    send(leash, "", 1, MSG_NOSIGNAL);
    if (waitpid(janitor, &status, 0) == janitor && status == 0) return;
    fprintf(stderr, "the janitor was killed: left behind is %s\n", dir.name);
    fflush(stdout);
    _exit(99);
}

void scratch_open(void) {
    int ends[2];
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

/* Gives the janitor an order; its answer is in *order. */
static void give_order(struct order *order) {
    if (send(leash, order, sizeof *order, MSG_NOSIGNAL) == -1 ||
        recv(leash, order, sizeof *order, 0) != sizeof *order)
        bail_out("the janitor died");
    errno = order->error;
}

const char *scratch_dir(void) {
    const char *parent = getenv("TMPDIR");
    if (dir.name[0]) return dir.name;
    if (!parent || !*parent) parent = "/tmp";
    if (snprintf(dir.name, sizeof dir.name, "%s/mmap-demo-XXXXXX", parent) >= (int)sizeof dir.name)
        bail_out("TMPDIR is too long");
    give_order(&dir);
    if (errno != 0) die("cannot make a directory in TMPDIR (%s)", parent);
    int fd = open(scratch_path("probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, "x", 1) != 1) die("cannot write to a file in TMPDIR (%s)", parent);
    void *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        die("TMPDIR (%s) is on %s without MAP_SHARED: set it to one on ext4, xfs, btrfs or tmpfs",
            parent, file_system(fd));
    munmap(p, 1);
    close(fd);
    unlink(scratch_path("probe"));
    return dir.name;
}

void remove_at_end(int (*remove)(const char *), const char *name) {
    struct order order = {.remove = remove};
    if (snprintf(order.name, sizeof order.name, "%s", name) >= (int)sizeof order.name)
        bail_out("%s: too long", name);
    give_order(&order);
    if (errno != 0) die("remove_at_end %s", name);
}

char *scratch_path(const char *name) {
    static char paths[16][sizeof dir.name + 64];
    static int turn;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_dir(), name);
    return path;
}

int reserve(int fd, size_t bytes) {
    static const char zeros[1 << 16];
    int error = bytes > 0 ? posix_fallocate(fd, 0, (off_t)bytes) : 0;
    if (error != EOPNOTSUPP) return error;
    for (size_t done = 0, some; done < bytes; done += some) { /* musl has no fallback of its own */
        some = bytes - done < sizeof zeros ? bytes - done : sizeof zeros;
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
