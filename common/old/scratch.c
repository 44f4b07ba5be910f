#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define KEPT 32 /* the directory and what remove_at_end() was told */

/* What the janitor is asked to do, and its answer: the directory made, or why it could not. */
struct order {
    bool make; /* a directory from the template `path`; else watch the file `path` */
    int error;
    dev_t device;
    ino_t inode;
    char path[1000];
};

static pid_t owner, janitor;
static int link_fd; /* held open by the program and its children as long as they live */
static struct order dir;

/* Removes a file, an empty directory or a message queue, or with `full` a directory of plain
 * files. */
static void remove_path(const char *path, bool full) {
    DIR *stream = full ? opendir(path) : NULL;
    if (stream) {
        for (struct dirent *entry; (entry = readdir(stream));)
            unlinkat(dirfd(stream), entry->d_name, 0);
        closedir(stream);
    }
    if (unlink(path) == -1 && rmdir(path) == -1) mq_unlink(path);
}

/* Removes what `order` is about unless something else is there by now. Who wants to replace a
 * file that was left over (08_channel.h) locks it, and so may be sure that nobody removes the
 * new one. */
static void remove_ordered(const struct order *order) {
    const char *path = order->path;
    struct stat info;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd != -1) flock(fd, LOCK_EX);
    bool ours = order->inode == 0 || (lstat(path, &info) == 0 && info.st_ino == order->inode &&
                                      info.st_dev == order->device);
    if (ours) remove_path(path, order->make);
    if (fd != -1) close(fd);
}

/* Out of the terminal's reach: carries out orders until the program ends, then removes all. */
static _Noreturn void janitor_main(int fd) {
    static struct order orders[KEPT + 1];
    struct stat info;
    int count = 0;
    setsid();
    signal(SIGTERM, SIG_IGN);
    for (;;) {
        struct order *order = &orders[count];
        ssize_t got = recv(fd, order, sizeof *order, 0);
        if (got == -1 && errno == EINTR) continue;
        if (got != sizeof *order) break;
        if (count == KEPT) {
            order->error = ENOSPC;
        } else if (order->make && (!mkdtemp(order->path) || lstat(order->path, &info) == -1)) {
            order->error = errno;
        } else {
            if (order->make) order->device = info.st_dev, order->inode = info.st_ino;
            count++;
        }
        send(fd, order, sizeof *order, MSG_NOSIGNAL);
    }
    while (count-- > 0)
        remove_ordered(&orders[count]);
    _exit(0);
}

/* At exit: lets the janitor do its work and waits for it. */
static void dismiss_janitor(void) {
    if (getpid() != owner) return;
    send(link_fd, "", 1, MSG_NOSIGNAL);
    waitpid(janitor, NULL, 0);
}

/* Gives the janitor an order, the first time after making it; its answer is in *order. */
static void give_order(struct order *order) {
    int ends[2];
    if (!owner) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) die("socketpair");
        owner = getpid();
        janitor = fork();
        if (janitor == -1) die("fork");
        if (janitor == 0) {
            close(ends[0]);
            janitor_main(ends[1]);
        }
        close(ends[1]);
        link_fd = ends[0];
        atexit(dismiss_janitor);
    }
    if (send(link_fd, order, sizeof *order, MSG_NOSIGNAL) == -1 ||
        recv(link_fd, order, sizeof *order, 0) != sizeof *order)
        bail_out("the janitor died");
    errno = order->error;
}

const char *scratch_dir(void) {
    const char *parent = getenv("TMPDIR");
    if (dir.path[0]) return dir.path;
    if (!parent || !*parent) parent = "/tmp";
    dir.make = true;
    if (snprintf(dir.path, sizeof dir.path, "%s/mmap-demo-XXXXXX", parent) >= (int)sizeof dir.path)
        bail_out("TMPDIR is too long");
    give_order(&dir);
    if (dir.error != 0) die("cannot make a directory in TMPDIR (%s)", parent);
    return dir.path;
}

void remove_at_end(const char *path, int fd) {
    struct order order = {.make = false};
    struct stat info = {.st_ino = 0};
    if (fd != -1 && fstat(fd, &info) == -1) die("fstat %s", path);
    if (snprintf(order.path, sizeof order.path, "%s", path) >= (int)sizeof order.path)
        bail_out("%s: too long", path);
    order.device = info.st_dev, order.inode = info.st_ino;
    give_order(&order);
    if (order.error != 0) die("remove_at_end %s", path);
}

void keep_scratch(void) {
    if (fcntl(link_fd, F_SETFD, 0) == -1) die("fcntl");
}

char *scratch_path(const char *name) {
    static char path[sizeof dir.path + 64];
    snprintf(path, sizeof path, "%s/%s", scratch_dir(), name);
    return path;
}

int scratch_file(const char *name, size_t bytes) {
    const char *path = scratch_path(name);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd == -1) die("open %s", path);
    errno = bytes > 0 ? posix_fallocate(fd, 0, (off_t)bytes) : 0;
    if (errno != 0) die("reserve %zu bytes for %s", bytes, path);
    return fd;
}

char byte_in_file(int fd, size_t offset) {
    char byte;
    if (pread(fd, &byte, 1, (off_t)offset) != 1) die("pread");
    return byte;
}
