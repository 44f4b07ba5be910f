/*
 * 12_copy_file_check - what the self-check takes: files, and a copy of the program that it stops.
 */
#ifndef COPY_FILE_CHECK_H
#define COPY_FILE_CHECK_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "scratch.h"

#define CAP_DAC_OVERRIDE    1 /* capabilities(7): root may write everything ... */
#define CAP_DAC_READ_SEARCH 2 /* ... and read everything */

static char program[PATH_MAX];
static int errors; /* what the running copy writes to its stderr */

static void put(const char *name, const char *bytes, size_t length) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd == -1 || write(fd, bytes, length) != (ssize_t)length) die("write %s", name);
    close(fd);
}

static bool has(const char *name, const char *bytes, size_t length) {
    char *seen = malloc(length + 1);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (!seen) die("malloc");
    bool same = fd != -1 && read(fd, seen, length + 1) == (ssize_t)length &&
                memcmp(seen, bytes, length) == 0;
    if (fd != -1) close(fd);
    free(seen);
    return same;
}

/* How many names the directory has. */
static int names(void) {
    int count = 0;
    DIR *dir = opendir(".");
    if (!dir) die("opendir");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Root's privilege, if there is any, must not reach the program: it could read and write everything,
 * also the file `closed`, which nobody may. */
static void pass_no_privilege(const char *closed) {
    if ((prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) == -1 ||
         prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) == -1) &&
        access(closed, R_OK) == 0)
        die("cannot drop CAP_DAC_OVERRIDE");
}

static pid_t start(char *source, char *target) {
    int fds[2];
    pid_t parent = getpid();
    if (pipe2(fds, O_CLOEXEC) == -1) die("pipe");
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || dup2(fds[1], STDERR_FILENO) == -1)
            die("prctl, dup2");
        if (getppid() != parent) _exit(0);
        keep_scratch();           /* it writes there, even if this process is killed */
        signal(SIGXFSZ, SIG_DFL); /* begin() ignores it */
        setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0}); /* if it dies: no core file */
        execvp(program, (char *[]){program, "--stop", source, target, NULL});
        die("exec %s", program);
    }
    close(fds[1]);
    errors = fds[0];
    return pid;
}

static bool has_stopped(pid_t pid, int *status) {
    if (waitpid(pid, status, WUNTRACED) == -1) die("waitpid");
    return WIFSTOPPED(*status);
}

/* Lets it run to its end. Is that status 1 with a line that says `why`, or 0 and no word? */
static bool ends(pid_t pid, const char *why) {
    char line[PIPE_BUF] = "";
    size_t length = 0;
    int status;
    do
        kill(pid, SIGCONT);
    while (has_stopped(pid, &status));
    /* Until the last process has closed it: then the janitor, too, has done its work. */
    for (ssize_t got = 1; got > 0; length += (size_t)got)
        if ((got = read(errors, line + length, sizeof line - 1 - length)) == -1) die("read");
    close(errors);
    if (!why) return status == 0 && length == 0;
    evidence("%.*s", (int)strcspn(line, "\n"), line);
    return WIFEXITED(status) && WEXITSTATUS(status) == 1 && strstr(line, why) &&
           strchr(line, '\n') == line + length - 1;
}

static bool copies(char *source, char *target) {
    return ends(start(source, target), NULL);
}

/* A copy of these bytes onto a file that has "old" in it, stopped before its second window. */
static pid_t half_a_copy(const char *bytes, size_t length) {
    int status;
    put("source", bytes, length);
    put("target", "old", 3);
    pid_t pid = start("source", "target");
    if (!has_stopped(pid, &status) || kill(pid, SIGCONT) == -1 || !has_stopped(pid, &status))
        bail_out("the copy did not stop");
    return pid;
}

#endif
