#define _GNU_SOURCE
/*
 * 08_two_terminals - can two unrelated programs talk safely through a mapping?
 *
 * Notes      section 8.4 完整示例: 08_writer and 08_reader, started here as in two terminals
 * Watch      either order, hundreds of messages; then one of the two is killed
 * Try this   kill the writer instead of the reader; the reader leaves without a word
 * See also   08_writer, 08_reader, 08_channel.c; unix(7), fcntl(2) (F_SETLK), signal(7)
 */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "08_channel.h"
#include "08_terminal.h"
#include "check.h"
#include "scratch.h"

/* Reads the file, or writes it. */
static void copy(const char *path, struct channel *in, const struct channel *out) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (in && read(fd, in, sizeof *in) == -1) die("read %s", path);
    if (out && write(fd, out, sizeof *out) == -1) die("write %s", path);
    close(fd);
}

int main(int argc, char **argv) {
    begin(argc, argv, 16, "can two unrelated programs talk safely through a mapping?");
    struct terminal writer, reader, second;
    struct channel c;
    char *path = scratch_path("channel"), *old = scratch_path("old");

    step("Start the reader; when it waits, the writer: 500 messages as fast as they can.");
    reader = run("08_reader --count 0", path);
    says(&reader, "waiting");
    check(strstr(reader.line, "for a writer"), "08_reader waits while there is no writer", "8.4-3");
    writer = run("08_writer --count 500 --interval 0", path);
    end_of(&writer);
    check_is(end_of(&reader), "500, each once and whole, status 0",
             "if 08_reader starts first, every message arrives, once and whole", "8.4-3");

    step("The same with the writer first.");
    writer = run("08_writer --count 500 --interval 0", path);
    says(&writer, "waiting");
    check(strstr(writer.line, "for a reader"), "08_writer waits while there is no reader", "8.4-3");
    reader = run("08_reader --count 0", path);
    end_of(&writer);
    check_is(end_of(&reader), "500, each once and whole, status 0",
             "if 08_writer starts first, every message arrives, once and whole", "8.4-3");

    predict("The writer pauses for a minute. When does it notice that the reader has had enough?");
    step("The writer is to pause for a minute after each message; the reader wants only one.");
    writer = run("08_writer --interval 60000", path);
    reader = run("08_reader --count 1", path);
    end_of(&reader);
    check_is(end_of(&writer), "1; the reader has had enough, status 0",
             "a request to quit that is apart from the messages ends the writer at once", "8.4-2");

    predict("kill -9 runs no code in the writer. Does the reader wait for ever?");
    step("A second writer and a second reader start; then the first writer is killed.");
    writer = run("08_writer --interval 60000", path);
    reader = run("08_reader", path);
    says(&reader, "received:");
    second = run("08_writer", path);
    check_is(end_of(&second), "has a writer, status 1", "a second 08_writer is refused", "8.4k-3");
    second = run("08_reader", path);
    check_is(end_of(&second), "has a reader, status 1", "a second 08_reader is refused", "8.4k-3");
    copy(path, &c, NULL);
    copy(old, NULL, &c);
    kill(writer.pid, SIGKILL); /* the reader is in await_word() */
    end_of(&writer);
    check_is(end_of(&reader), "the writer has died, status 1",
             "through its socket a reader is told when its writer is killed", "8.4-3");

    predict("The file of that talk is still there, as after a power cut. Is it in the way?");
    step("A reader starts with a copy of that file. It is killed while its writer pauses.");
    reader = run("08_reader", old); /* join_or_make() */
    check(says(&reader, "waiting"), "08_reader makes a file anew that nobody has locked", NULL);
    writer = run("08_writer --interval 60000", old);
    says(&reader, "received:");
    kill(reader.pid, SIGKILL); /* the writer is in pause_for() */
    end_of(&reader);
    check_is(end_of(&writer), "the reader has died, status 1",
             "through its socket a writer that pauses is told when its reader is killed", "8.4-3");

    predict("Afterwards the old reader goes on. Does it find the new writer?");
    step("The reader is suspended (SIGSTOP), the writer is killed and started again.");
    writer = run("08_writer --interval 60000", path);
    reader = run("08_reader", path);
    says(&reader, "received:");
    kill(reader.pid, SIGSTOP);
    kill(writer.pid, SIGKILL);
    end_of(&writer);
    second = run("08_writer --count 1", path);
    check(says(&second, "waiting"),
          "a new 08_writer makes a new file: it does not empty the old reader's", "8.4-3");
    kill(reader.pid, SIGCONT);
    check_is(end_of(&reader), "the writer has died, status 1",
             "08_reader does not take a new writer for its old one", "8.4-3");
    reader = run("08_reader", path);
    end_of(&second);
    check_is(end_of(&reader), "1, each once and whole, status 0",
             "a new 08_reader finds the new 08_writer", "8.4-3");

    predict("Would 08_reader notice a message that is torn?");
    step("Control: while the reader is suspended, this process changes the message.");
    for (int i = 0; i < 2; i++) {
        reader = run("08_reader", path);
        says(&reader, "waiting");
        kill(reader.pid, SIGSTOP);
        writer = run("08_writer --count 1", path);
        says(&writer, "sent:");
        copy(path, &c, NULL);
        if (i == 0) c.text[c.length - 1]++;
        if (i == 1) c.number++;
        copy(path, NULL, &c);
        kill(reader.pid, SIGCONT);
        check_is(end_of(&reader), "torn, lost or read twice, status 1",
                 i == 0 ? "08_reader notices a message of which one byte is wrong"
                        : "08_reader notices a message whose number is not the next one",
                 NULL);
        end_of(&writer);
    }
    check_is(glob(scratch_path("*"), 0, NULL, &(glob_t){0}), GLOB_NOMATCH,
             "when 08_writer and 08_reader have ended, their files are gone", NULL);
    return end();
}
