#define _GNU_SOURCE
/*
 * 08_two_terminals - can two unrelated programs talk safely through a mapping?
 *
 * Notes      section 8.4 完整示例: 08_writer and 08_reader, started here as in two terminals
 * Watch      either order, hundreds of messages; then one of the two is killed
 * Try this   kill the writer instead of the reader; the reader leaves without a word
 * See also   08_writer, 08_reader, 08_channel.h, 08_meeting.h; unix(7), fcntl(2) (F_SETLK)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "08_channel.h"
#include "08_meeting.h"
#include "08_terminal.h"
#include "check.h"
#include "scratch.h"

static char dir[1100], file[1200], door[1200]; /* where they meet */

/* Reads the file, or writes it. */
static void copy(struct channel *in, const struct channel *out) {
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (in && read(fd, in, sizeof *in) == -1) die("read %s", file);
    if (out && write(fd, out, sizeof *out) == -1) die("write %s", file);
    close(fd);
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "can two unrelated programs talk safely through a mapping?");
    struct terminal writer, reader, second;
    struct channel c;
    let_them_meet_in(scratch_dir());
    snprintf(dir, sizeof dir, "%s/mmap-demos-%ld", scratch_dir(), (long)geteuid());
    snprintf(file, sizeof file, "%s/channel", dir);
    snprintf(door, sizeof door, "%s/door", dir);
    remove_at_end(rmdir, dir); /* if this program is killed */
    remove_at_end(unlink, door);
    remove_at_end(unlink, file);

    step("Start the reader; when it waits, the writer: 500 messages as fast as they can.");
    reader = run("08_reader --count 0");
    says(&reader, "waiting");
    writer = run("08_writer --count 500 --interval 0");
    end_of(&writer);
    check_is(end_of(&reader), "500, each once and whole, status 0",
             "if 08_reader starts first, every message arrives, once and whole", "8.4-3");

    step("The same with the writer first.");
    writer = run("08_writer --count 500 --interval 0");
    says(&writer, "waiting");
    reader = run("08_reader --count 0");
    end_of(&writer);
    check_is(end_of(&reader), "500, each once and whole, status 0",
             "if 08_writer starts first, every message arrives, once and whole", "8.4-3");

    predict("The writer pauses for a minute. When does it notice that the reader has had enough?");
    step("The writer is to pause for a minute after each message; the reader wants only one.");
    writer = run("08_writer --interval 60000");
    reader = run("08_reader --count 1");
    end_of(&reader);
    check_is(end_of(&writer), "1; the reader has had enough, status 0",
             "a request to quit, apart from the messages, ends 08_writer in its pause", "8.4-2");

    predict("kill -9 runs no code in the writer. Does the reader wait for ever?");
    step("A second writer and a second reader start; then the first writer is killed.");
    writer = run("08_writer --interval 60000");
    reader = run("08_reader");
    says(&reader, "received:");
    second = run("08_writer");
    check_is(end_of(&second), "has a writer, status 1", "a second 08_writer is refused", "8.4k-3");
    second = run("08_reader");
    check_is(end_of(&second), "has a reader, status 1", "a second 08_reader is refused", "8.4k-3");
    copy(&c, NULL);
    kill(writer.pid, SIGKILL); /* the reader is in await_word() */
    end_of(&writer);
    check_is(end_of(&reader), "the writer has died, status 1",
             "08_reader is told by its socket when its 08_writer is killed", "8.4-3");

    predict("The file of that talk is there again, as after a power cut. Is it in the way?");
    step("A reader starts where that file lies. It is killed while its writer pauses.");
    if (mkdir(dir, 0700) == -1 && errno != EEXIST) die("mkdir");
    copy(NULL, &c); /* left over */
    reader = run("08_reader");
    check(says(&reader, "waiting"), "08_reader takes over a file that nobody has locked", NULL);
    writer = run("08_writer --interval 60000");
    says(&reader, "received:");
    kill(reader.pid, SIGKILL); /* the writer is in pause_for() */
    end_of(&reader);
    check_is(end_of(&writer), "the reader has died, status 1",
             "in its pause 08_writer is told by its socket when its 08_reader is killed", "8.4-3");

    predict("Afterwards the old reader goes on. Does it find the new writer?");
    step("The reader is suspended (SIGSTOP), the writer is killed and started again.");
    writer = run("08_writer --interval 60000");
    reader = run("08_reader");
    says(&reader, "received:");
    kill(reader.pid, SIGSTOP);
    kill(writer.pid, SIGKILL);
    end_of(&writer);
    second = run("08_writer --count 1");
    check(says(&second, "waiting"), "a new 08_writer waits for a reader of its own", "8.4-3");
    kill(reader.pid, SIGCONT);
    check_is(end_of(&reader), "the writer has died, status 1",
             "08_reader does not take a new writer for its old one", "8.4-3");
    reader = run("08_reader");
    end_of(&second);
    check_is(end_of(&reader), "1, each once and whole, status 0",
             "a new 08_reader finds the new 08_writer", "8.4-3");

    step("Control: while the reader is suspended, this process changes the message.");
    reader = run("08_reader");
    says(&reader, "waiting");
    kill(reader.pid, SIGSTOP);
    writer = run("08_writer --count 1");
    says(&writer, "sent:");
    copy(&c, NULL);
    c.text[20]++;
    copy(NULL, &c);
    kill(reader.pid, SIGCONT);
    check_is(end_of(&reader), "torn, lost or read twice, status 1",
             "08_reader notices a message of which one byte is wrong", NULL);
    end_of(&writer);
    check_is(left_behind(dir), 0,
             "08_writer and 08_reader leave nothing behind, unless a janitor is killed too", NULL);
    return end();
}
