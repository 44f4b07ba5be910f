#define _GNU_SOURCE
/*
 * 08_notes_pair - what goes wrong with the notes' writer and reader?
 *
 * Notes      section 8.4 完整示例 (writer.c, reader.c) and 关键点
 * Watch      the two programs' own calls, in the order that their sleeps keep, and in others
 * Corrects   8.4k-3
 * Try this   the reader maps the file after ftruncate(); the writer looks for the "quit" once more;
 *            the writer opens its file without O_TRUNC
 * See also   08_two_terminals (the same done right), 08_locks; open(2), mkostemp(3)
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define FILESIZE 1024 /* as in the notes */
#define RW       (PROT_READ | PROT_WRITE)

/* From the loop of the notes' reader. */
static bool sends_quit(char *p) {
    if (strstr(p, "Message 5") == NULL) return false;
    strcpy(p, "quit");
    return true;
}

int main(int argc, char **argv) {
    begin(argc, argv, 14, "what goes wrong with the notes' writer and reader?");
    size_t page = page_size();

    predict("The reader maps the file before the writer's ftruncate(). What goes wrong?");
    step("The writer makes its file; the reader runs between open() and ftruncate().");
    tell("The notes' own calls, all made by this process: the writer's at p, the reader's at q.");
    char *path = scratch_path("shared_mmap.txt");
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644), fd2 = open(path, O_RDWR);
    if (fd == -1 || fd2 == -1) die("open");
    char *early = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd2, 0);
    check(early != MAP_FAILED, "mmap() does not check whether the file is long enough", "8.4k-2");
    check_is(load_from(early), "SIGBUS BUS_ADRERR",
             "before a new file is given a length, a load from its mapping dies of SIGBUS",
             "8.4-3 8.4k-2");
    if (ftruncate(fd, FILESIZE) == -1 || (errno = reserve(fd, FILESIZE)) != 0) die("ftruncate");
    check_is(load_from(early), "no signal",
             "once the file has its length, a load from an earlier mapping of it works",
             "8.4-3 8.4k-2");

    step("They take turns, as their sleeps make them do, until the writer finds the \"quit\".");
    int sent = 0, arrived = 0, number;
    char *p = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd, 0);
    char *q = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd2, 0);
    if (p == MAP_FAILED || q == MAP_FAILED) die("mmap");
    while (strncmp(p, "quit", 4) != 0 && sent < 100) {
        sprintf(p, "Message %d from writer", sent++);
        if (sscanf(q, "Message %d", &number) == 1 && number == arrived) arrived++;
        sends_quit(q);
    }
    check_is(arrived, 6, "in turns, all six messages of the notes' writer arrive, in order",
             "8.4-1");
    check_is(p, "quit", "in turns, the reader's \"quit\" ends the writer", "8.4-1 8.4-2");

    predict("Now the reader looks between the writer's strncmp() and its sprintf(). What differs?");
    step("The reader's turn comes between the writer's strncmp() and its next sprintf().");
    tell("The notes say (8.4-2, in part): Message 5 is found, the signal to quit is sent.");
    sprintf(p, "Message %d from writer", 5);
    bool found = strncmp(p, "quit", 4) == 0, sent_quit = sends_quit(q);
    if (!found) sprintf(p, "Message %d from writer", 6);
    evidence("the reader has sent its \"quit\" and left; the file says \"%s\"", p);
    check(sent_quit && strcmp(p, "quit") != 0,
          "a \"quit\" in the message's place is lost if a message overwrites it unread", "8.4-2");
    sprintf(p, "Message %d from writer", 50);
    check(sends_quit(q), "the notes' reader, if late, takes Message 50 for Message 5", "8.4-2");

    predict("One process writes, one reads. Do they need a lock?");
    step("The reader looks while the writer stores: half of the B's are there.");
    tell("The notes say (8.4k-3, wrong): synchronization (optional): several writers may need a "
         "lock.");
    memcpy(p, "aaaaaaaaaaaaaaaa", 17);
    memcpy(p, "BBBBBBBBBBBBBBBB", 8);
    check_is(q, "BBBBBBBBaaaaaaaa",
             "even with a single writer a reader without a lock can get half a message", "8.4k-3");

    predict("The writer fills all 1024 bytes. Is the reader's buffer of 1024 bytes enough?");
    step("The writer fills the file with x; the reader copies the text with strcpy().");
    static char room[FILESIZE + 100]; /* the notes: char last_msg[FILESIZE] */
    memset(p, 'x', FILESIZE);
    check_is(strlen(strcpy(room, q)) + 1, FILESIZE + 1,
             "strcpy() of a mapped file of 1024 letters, no NUL, overflows a buffer of 1024 bytes",
             "8.4-4");

    predict("The mapping is a whole page. Does the file grow with a store past its 1024 bytes?");
    step("Store into the last byte of the page, far past the file's 1024 bytes; then msync().");
    p[page - 1] = 'x';
    if (msync(p, page, MS_SYNC) == -1) die("msync");
    check_is(lseek(fd, 0, SEEK_END), FILESIZE,
             "a store to a mapping past the file's end does not make the file longer", "8.4-6");

    predict("The reader keeps its mapping. What does a load find after the writer's O_TRUNC?");
    step("The writer is started again while the reader runs.");
    sprintf(p, "Message %d from writer", 0);
    if (open(path, O_CREAT | O_TRUNC | O_RDWR, 0644) == -1) die("open");
    check_is(load_from(q), "SIGBUS BUS_ADRERR",
             "a reader that looks between O_TRUNC and ftruncate() dies of SIGBUS", "8.4-3");

    predict("The link leads to somebody's file. What does the notes' open() do to that file?");
    step("Somebody has planted a symbolic link at a place that everybody knows.");
    tell("Where fs.protected_symlinks is 1, such an open() in a sticky directory like /tmp is "
         "EACCES.");
    int precious = scratch_file("precious", page);
    char *link = scratch_path("link");
    long why = symlink("precious", link) == 0 ? 0 : unknown("symlink: %s", errno_name(errno));
    if (open(link, O_CREAT | O_TRUNC | O_RDWR, 0644) == -1) die("open");
    check_is(why ? why : lseek(precious, 0, SEEK_END), 0,
             "unless O_NOFOLLOW or protected_symlinks forbids it, O_TRUNC empties a link's target",
             "8.4-5");
    int error = open(link, O_CREAT | O_RDWR | O_NOFOLLOW, 0600) == -1 ? errno : 0;
    check_is(why ? why : error, ELOOP,
             "O_RDWR | O_NOFOLLOW on a path that ends in a symbolic link is ELOOP", "8.4-5");
    check_errno(open(scratch_path("precious"), O_CREAT | O_EXCL | O_RDWR, 0600) == -1, EEXIST,
                "O_CREAT with O_EXCL refuses a file that already exists: EEXIST", "8.4-5");
    return end();
}
