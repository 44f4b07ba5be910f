#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* What the janitor answers: the directory it has made, or why it could not. */
static struct {
    int error;
    char path[1000];
} made;

static pid_t owner, janitor;
static int link_fd; /* held open by the demo and its children as long as they live */

static void remove_directory(void) {
    DIR *dir = opendir(made.path);
    if (!dir) return;
    for (struct dirent *entry; (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(made.path);
}

/* Out of the terminal's reach: makes the directory, waits for the demo's end, removes it. */
static _Noreturn void janitor_main(int fd) {
    char byte;
    setsid();
    signal(SIGTERM, SIG_IGN);
    if (!mkdtemp(made.path)) made.error = errno;
    if (send(fd, &made, sizeof made, MSG_NOSIGNAL) == -1) made.error = errno;
    while (recv(fd, &byte, 1, 0) == -1 && errno == EINTR)
        ;
    if (made.error == 0) remove_directory();
    _exit(0);
}

/* At exit: lets the janitor do its work and waits for it. */
static void dismiss_janitor(void) {
    if (getpid() != owner) return;
    send(link_fd, "", 1, MSG_NOSIGNAL);
    waitpid(janitor, NULL, 0);
}

const char *scratch_dir(void) {
    if (owner) return made.path;
    const char *parent = getenv("TMPDIR");
    int ends[2];
    if (!parent || !*parent) parent = "/tmp";
    if (snprintf(made.path, sizeof made.path, "%s/mmap-demo-XXXXXX", parent) >=
        (int)sizeof made.path)
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
    link_fd = ends[0];
    atexit(dismiss_janitor);
    if (recv(link_fd, &made, sizeof made, 0) != sizeof made) bail_out("the janitor died");
    errno = made.error;
    if (made.error != 0) die("cannot make a directory in TMPDIR (%s)", parent);
    return made.path;
}

char *scratch_path(const char *name) {
    static char path[sizeof made.path + 64];
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
