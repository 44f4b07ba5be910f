/*
 * 08_two_terminals - do two unrelated programs talk safely through a mapping?
 *
 * Notes      section 8.4 完整示例: 08_writer and 08_reader, started here as in two terminals
 * Watch      either order, a thousand messages; then one of the two is killed
 * Corrects   8.4-2
 * Try this   1. Everywhere, "2000" -> "500": checks 2 and 5 fail
 *            2. "08_writer", "--interval", "0", NULL -> "08_reader", "--count", "9", NULL:
 *               check 9 fails
 *            3. Everywhere, kill(writer.pid, SIGKILL) -> kill(reader.pid, SIGKILL):
 *               checks 10 and 13 fail
 *            4. kill(reader.pid, SIGKILL) -> kill(writer.pid, SIGKILL): check 11 fails
 * See also   08_writer, 08_reader, 08_channel.h; pthread_mutexattr_setrobust(3), signal(7)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "process.h"
#include "scratch.h"

struct terminal {
    pid_t pid;
    FILE *output;
    int status; /* the exit status, or 128 + the signal */
    char last[200];
};

static char programs[1000]; /* the directory of this program, and of the two others */

/* Runs `program --path PATH OPTION VALUE...` with its output in a pipe. */
static struct terminal start(const char *program, const char *option, const char *value,
                             const char *option2, const char *value2) {
    struct terminal t = {.status = -1};
    char file[1100];
    const char *path = scratch_path("channel");
    int ends[2];
    snprintf(file, sizeof file, "%s/%s", programs, program);
    if (access(file, X_OK) == -1) die("%s is needed for this demo: %s", program, file);
    if (pipe2(ends, O_CLOEXEC) == -1) die("pipe");
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20); /* so that nobody waits for us to read */
    t.pid = fork();
    if (t.pid == -1) die("fork");
    if (t.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(ends[1], 1) == -1 || dup2(ends[1], 2) == -1) die("dup2");
        execl(file, program, "--path", path, option, value, option2, value2, (char *)NULL);
        die("exec %s", file);
    }
    close(ends[1]);
    t.output = fdopen(ends[0], "r");
    if (!t.output) die("fdopen");
    return t;
}

/* Reads on until a line begins with `words`, and keeps that line. False if the program ends
 * instead, with a bail-out if its set-up has failed: so wait first for the one that came second. */
static bool says(struct terminal *t, const char *words) {
    while (t->output && fgets(t->last, sizeof t->last, t->output)) {
        t->last[strcspn(t->last, "\n")] = '\0';
        if (strncmp(t->last, words, strlen(words)) == 0) return true;
    }
    if (!t->output) return false;
    fclose(t->output);
    t->output = NULL;
    int status = wait_for(t->pid);
    t->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (t->status == 99) bail_out("%s", t->last);
    return false;
}

/* Waits for the program's end and shows its last line. */
static void finish(struct terminal *t, const char *who) {
    says(t, "\n");
    char *path = strstr(t->last, scratch_dir()); /* long, and another one each time */
    if (path) memmove(path, strrchr(path, '/') + 1, strlen(strrchr(path, '/')));
    evidence("%s: \"%s\", exit status %d", who, t->last, t->status);
}

int main(int argc, char **argv) {
    begin(argc, argv, 15, "do two unrelated programs talk safely through a mapping?");
    snprintf(programs, sizeof programs, "%s", argv[0]);
    if (strrchr(programs, '/'))
        *strrchr(programs, '/') = '\0';
    else
        strcpy(programs, ".");
    const char *whole = "messages received: 1000, each once and whole";
    struct terminal writer, reader, second;

    step("The reader first; when it waits, the writer: 1000 messages as fast as they can.");
    reader = start("08_reader", "--count", "2000", NULL, NULL);
    check(says(&reader, "waiting for a writer"), "a reader without a writer waits", "8.4-3");
    writer = start("08_writer", "--interval", "0", "--count", "1000");
    finish(&writer, "writer");
    finish(&reader, "reader");
    check_str(reader.last, whole, "reader first: every message arrives, once and whole",
              "8.4-1 12.2");
    check_num(writer.status + reader.status, ==, 0, "reader first: both end by themselves",
              "8.4-1");

    step("The writer first.");
    writer = start("08_writer", "--interval", "0", "--count", "1000");
    check(says(&writer, "waiting for a reader"), "a writer without a reader waits", "8.4-3");
    reader = start("08_reader", "--count", "2000", NULL, NULL);
    finish(&reader, "reader");
    finish(&writer, "writer");
    check_str(reader.last, whole, "writer first: every message arrives, once and whole",
              "8.4-1 12.2");
    check_num(writer.status + reader.status, ==, 0, "writer first: both end by themselves",
              "8.4-1");

    predict("Its pause lasts a minute. When does the writer notice that the reader wants no more?");
    step("The writer pauses for a minute after each message; the reader has enough after one.");
    tell("The notes say (8.4-2, wrong): the reader stores \"quit\" among the messages.");
    writer = start("08_writer", "--interval", "60000", NULL, NULL);
    says(&writer, "waiting");
    reader = start("08_reader", "--count", "1", NULL, NULL);
    finish(&reader, "reader");
    finish(&writer, "writer");
    check_str(writer.last, "messages sent: 1; the reader has had enough",
              "a request in a field of its own ends the writer in its pause", "8.4-2");
    check_num(writer.status + reader.status, ==, 0,
              "after a request to end, both end with status 0", "8.4-2");

    predict("kill -9 runs no code in the writer. Does the reader wait for ever?");
    step("A second writer comes to a conversation; then the first one is killed.");
    reader = start("08_reader", "--count", "9", NULL, NULL);
    says(&reader, "waiting");
    writer = start("08_writer", "--interval", "60000", NULL, NULL);
    says(&writer, "sent:");
    says(&reader, "received:");
    second = start("08_writer", "--interval", "0", NULL, NULL);
    finish(&second, "second writer");
    check(second.status == 1 && strstr(second.last, "has a writer"), "a second writer is refused",
          "8.4k-3");
    kill(writer.pid, SIGKILL);
    finish(&writer, "writer");
    finish(&reader, "reader");
    check(reader.status == 1 && strstr(reader.last, "has died"),
          "a reader is woken, and told, when its writer is killed", "8.4-3");

    step("The writer pauses; the reader is killed.");
    writer = start("08_writer", "--interval", "60000", NULL, NULL);
    says(&writer, "waiting");
    reader = start("08_reader", "--count", "9", NULL, NULL);
    says(&reader, "received:");
    kill(reader.pid, SIGKILL);
    finish(&reader, "reader");
    finish(&writer, "writer");
    check(writer.status == 1 && strstr(writer.last, "has died"),
          "a writer is woken, and told, when its reader is killed", "8.4-3");

    predict("Afterwards the old reader runs on. Does it go on with the new writer?");
    step("The writer is killed and started again while the reader is stopped and cannot notice.");
    tell("The notes' writer makes its file new with O_TRUNC: that kills a reader with SIGBUS.");
    reader = start("08_reader", "--count", "9", NULL, NULL);
    says(&reader, "waiting");
    writer = start("08_writer", "--interval", "60000", NULL, NULL);
    says(&writer, "sent:");
    says(&reader, "received:");
    kill(reader.pid, SIGSTOP);
    kill(writer.pid, SIGKILL);
    finish(&writer, "writer");
    second = start("08_writer", "--interval", "0", "--count", "1");
    check(says(&second, "waiting for a reader"),
          "the new writer makes a new file, and waits for a reader of its own", "8.4-3");
    kill(reader.pid, SIGCONT);
    finish(&reader, "old reader");
    check(reader.status == 1 && strstr(reader.last, "has died"),
          "the old reader is told that its writer has died", "8.4-3");
    reader = start("08_reader", "--count", "9", NULL, NULL);
    finish(&reader, "new reader");
    finish(&second, "new writer");
    check_num(reader.status + second.status, ==, 0, "a new reader finds the new writer", "8.4-3");
    check_errno(access(scratch_path("channel"), F_OK) == -1, ENOENT, "nothing is left behind",
                NULL);
    return end();
}
