#define _GNU_SOURCE
#include "08_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "partner.h"
#include "scratch.h"

/* Becomes a program of the pair: those lie in pair/, beside this one. */
static _Noreturn void become(const char *command) {
    const char *slash = strrchr(program_invocation_name, '/');
    int before = slash ? (int)(slash - program_invocation_name) + 1 : 0;
    char path[1000], words[80], *arguments[8] = {path};
    snprintf(words, sizeof words, "%s", command);
    snprintf(path, sizeof path, "%.*spair/%s", before, program_invocation_name, strtok(words, " "));
    for (int i = 1; i < 8; i++)
        arguments[i] = strtok(NULL, " "); /* NULL after the last one */
    /* It keeps scratch's leash: this program's janitor, should it be killed, waits for both. */
    for (int fd = 3; fd < 16; fd++)
        fcntl(fd, F_SETFD, 0);
    execvp(path, arguments);
    _exit(99);
}

void let_them_meet_in(const char *path) {
    if (mknod(scratch_path("probe"), S_IFSOCK | 0600, 0) == -1)
        skip_all("TMPDIR is on a file system without sockets");
    setenv("XDG_RUNTIME_DIR", path, 1);
}

long left_behind(const char *path) {
    if (access(path, F_OK) == -1) return 0;
    return rmdir(path) == -1 ? 1 : unknown("the file system hides an open file instead");
}

struct terminal run(const char *command) {
    struct terminal t = {.command = command};
    pid_t parent = getpid();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1 || (t.pid = fork()) == -1) die("pipe, fork");
    if (t.pid == 0) {
        end_with_parent(parent);
        if (dup2(ends[1], STDOUT_FILENO) == -1 || dup2(ends[1], STDERR_FILENO) == -1) die("dup2");
        become(command);
    }
    close(ends[1]);
    if (!(t.output = fdopen(ends[0], "r"))) die("fdopen");
    return t;
}

bool says(struct terminal *t, const char *words) {
    while (fgets(t->line, sizeof t->line, t->output))
        if (strncmp(t->line, words, strlen(words)) == 0) return true;
    if (!t->line[0]) bail_out("%s does not start", t->command);
    return false;
}

const char *end_of(struct terminal *t) {
    static char text[1340];
    while (fgets(t->line, sizeof t->line, t->output))
        continue;
    fclose(t->output);
    int status = wait_for(t->pid);
    t->line[strcspn(t->line, "\n")] = '\0';
    if (WIFEXITED(status) && WEXITSTATUS(status) > 1) {
        if (!t->line[0]) bail_out("%s does not start", t->command);
        bail_out("%s", t->line);
    }
    const char *last = strrchr(t->line, ':') ? strrchr(t->line, ':') + 2 : t->line;
    snprintf(text, sizeof text, "%s, status %d", last, WEXITSTATUS(status));
    if (WIFSIGNALED(status)) strcpy(text, "killed");
    evidence("%s: %s", t->command, text);
    return text;
}
