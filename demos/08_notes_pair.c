/*
 * 08_notes_pair - what goes wrong with the notes' writer and reader?
 *
 * Notes      section 8.4 完整示例 (writer.c, reader.c) and 关键点
 * Watch      each fault forced by the order of the two programs' own calls, not left to luck
 * Corrects   8.4-2 8.4-3 8.4-4 8.4-5 8.4k-3
 * Try this   1. In `char *writer`, MAP_SHARED -> MAP_PRIVATE: checks 4, 5, 6 and 7 fail
 *            2. if (fd == -1 || -> if (ftruncate(fd, FILESIZE) == -1 ||: check 2 fails
 *            3. if (!writer_sees_quit) -> if (strncmp(writer, "quit", 4) != 0): check 4 fails
 *            4. Everywhere, O_CREAT | O_TRUNC -> O_CREAT: checks 10 and 11 fail
 * See also   08_two_terminals (the same done right), open(2) (O_NOFOLLOW), mkostemp(3)
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define FILESIZE 1024 /* as in the notes */
#define RW       (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 13, "what goes wrong with the notes' writer and reader?");
    size_t page = page_size();
    char *path = scratch_path("shared_mmap.txt");

    step("The writer makes its file; the reader comes between open() and ftruncate().");
    tell("Both programs' own calls, made here by one process in the order that hurts.");
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    int fd2 = open(path, O_RDWR);
    if (fd == -1 || fd2 == -1) die("open");
    char *early = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd2, 0);
    check(early != MAP_FAILED, "mmap() does not ask whether the file is long enough", "8.4k-2");
    check_str(load_from(early), "SIGBUS BUS_ADRERR", "a reader that comes too early dies",
              "8.4-3 8.4k-2");
    if (ftruncate(fd, FILESIZE) == -1) die("ftruncate");
    if ((errno = posix_fallocate(fd, 0, FILESIZE)) != 0) die("posix_fallocate");
    check_str(load_from(early), "no signal", "once the file has its length, the reader lives",
              "8.4k-2");
    char *writer = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd, 0);
    char *reader = mmap(NULL, FILESIZE, RW, MAP_SHARED, fd2, 0);
    if (writer == MAP_FAILED || reader == MAP_FAILED) die("mmap");

    predict("Will the writer find the \"quit\" and end?");
    step("Played by hand: the \"quit\" comes between the writer's strncmp() and its sprintf().");
    tell("The notes say (8.4-2, wrong): the writer ends when it finds \"quit\".");
    sprintf(writer, "Message %d from writer", 5);
    bool writer_sees_quit = strncmp(writer, "quit", 4) == 0;
    bool reader_is_done = strstr(reader, "Message 5") != NULL;
    strcpy(reader, "quit");
    if (!writer_sees_quit) sprintf(writer, "Message %d from writer", 6);
    evidence("the reader has left; the file says \"%s\"", writer);
    check(reader_is_done && strncmp(writer, "quit", 4) != 0, "the request to quit is lost",
          "8.4-2");
    sprintf(writer, "Message %d from writer", 50);
    check(strstr(reader, "Message 5"), "a late reader takes Message 50 for Message 5", "8.4-2");

    step("Played by hand: the writer is in the middle of a message when the reader looks.");
    tell("The notes say (8.4k-3, wrong): a lock is needed only when several processes write.");
    strcpy(writer, "aaaaaaaaaaaaaaaa");
    memcpy(writer, "BBBBBBBBBBBBBBBB", 8);
    evidence("the reader reads \"%s\"", reader);
    check_str(reader, "BBBBBBBBaaaaaaaa", "one writer is enough: half a message is read",
              "8.4-2 8.4k-3");

    predict("The writer fills all 1024 bytes. How many does the reader's strcpy() copy?");
    step("The writer fills the file with x; the reader copies the text with strcpy().");
    tell("The notes say (8.4-4, wrong): char last_msg[FILESIZE] and strcpy() will do.");
    memset(writer, 'x', FILESIZE);
    char room[FILESIZE + 100];
    if (strnlen(reader, page) >= sizeof room) bail_out("no room");
    strcpy(room, reader);
    evidence("strcpy() has copied %zu bytes", strlen(room) + 1);
    check_num(strlen(room) + 1, >, FILESIZE,
              "text that does not end in the file overflows a buffer of the file's size", "8.4-4");

    step("Store into the last byte of the page, far behind the file's 1024 bytes; then msync().");
    struct stat info;
    check_str(store_to(writer + page - 1), "no signal",
              "behind the file's end, the rest of its last page can be used", "8.4-6");
    if (msync(writer, page, MS_SYNC) == -1 || fstat(fd, &info) == -1) die("msync, fstat");
    check_num(info.st_size, ==, FILESIZE, "what is stored behind the file's end is not in the file",
              "8.4-6");

    predict("O_TRUNC empties the file. What does the reader find in its mapping, which it keeps?");
    step("The writer is started again while the reader runs.");
    tell("The notes say (8.4-3, wrong): the writer opens with O_TRUNC, the reader at any time.");
    int restarted = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (restarted == -1) die("open");
    check_str(load_from(reader), "SIGBUS BUS_ADRERR", "O_TRUNC kills the reader of a mapped file",
              "8.4-3");

    predict("The link leads to somebody's file. What does the notes' open() do to that file?");
    step("Somebody has planted a symbolic link at the place that everybody knows.");
    tell("The notes say (8.4-5, wrong): /tmp/shared_mmap.txt, in a directory where all may write.");
    int precious = scratch_file("precious", page);
    char *link_path = scratch_path("link");
    if (symlink("precious", link_path) == -1) die("symlink");
    if (open(link_path, O_CREAT | O_TRUNC | O_RDWR, 0644) == -1) die("open");
    if (fstat(precious, &info) == -1) die("fstat");
    check_num(info.st_size, ==, 0, "the notes' open() empties the file that the link leads to",
              "8.4-5");
    check_errno(open(link_path, O_CREAT | O_TRUNC | O_RDWR | O_NOFOLLOW, 0600) == -1, ELOOP,
                "O_NOFOLLOW refuses a symbolic link: ELOOP", "8.4-5");
    check_errno(open(link_path, O_CREAT | O_EXCL | O_RDWR, 0600) == -1, EEXIST,
                "O_EXCL takes no file that is there already: EEXIST", "8.4-5");
    return end();
}
