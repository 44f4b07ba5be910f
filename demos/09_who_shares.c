/*
 * 09_who_shares - which processes share the memory: child, grandchild, stranger?
 *
 * Notes      sections 9.5 为什么普通文件可以，/dev/zero 不行？, 9.6 总结对比表
 * Watch      all three are page cache; what counts is whether two mappings lead to one object
 * Try this   1. Everywhere, MAP_SHARED -> MAP_PRIVATE:
 *               checks 1, 2, 3, 5, 7, 11, 13, 14 and 15 fail, 8 and 12 may
 *            2. In `char *z `, dev -> fd: checks 4 and 8 fail
 *            3. In `char *a `, MAP_SHARED | MAP_ANONYMOUS, -1 -> MAP_SHARED, fd:
 *               checks 6 and 12 fail
 *            4. In `char *f `, MAP_SHARED, fd -> MAP_SHARED | MAP_ANONYMOUS, -1:
 *               checks 5 and 10 fail
 * See also   mmap(2), fork(2), execve(2); 09_dev_zero, 06_address_or_frame
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* Says what is in the three pages, one a turn, as often as it is asked. */
static _Noreturn void look(struct turns *who, char *const maps[3]) {
    for (int i = 0;; i = (i + 1) % 3) {
        await_turn(who);
        who->said = *(volatile char *)maps[i];
    }
}

/* Process B, unrelated: maps in the same three ways, but by itself, and says where. */
static void process_b(struct turns *b, const char *path) {
    size_t page = page_size();
    int dev = open("/dev/zero", O_RDWR), fd = open(path, O_RDWR);
    if (dev == -1 || fd == -1) die("open");
    char *z = mmap(NULL, page, RW, MAP_SHARED, dev, 0);
    char *f = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    char *a = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (z == MAP_FAILED || f == MAP_FAILED || a == MAP_FAILED) die("mmap");
    char *const maps[] = {z, f, a};
    for (int i = 0; i < 3; i++) {
        await_turn(b);
        b->said = (long)maps[i];
    }
    look(b, maps);
}

/* Two cells of the table: who sees the parent's store, and the reason for what was seen. */
static void row(const char *way, bool child, bool b) {
    evidence("%-14s child  %-4s %s", way, child ? "yes" : "no",
             child ? "fork() passed on the mapping" : "fork() passed on a copy");
    evidence("%-14s B      %-4s %s", way, b ? "yes" : "no",
             b ? "both mappings lead to the same file" : "its mmap() made new memory");
}

int main(int argc, char **argv) {
    struct turns b, child, second;
    if (has_role(argc, argv, "B", &b)) process_b(&b, argv[2]);
    begin(argc, argv, 15, "which processes share the memory: child, grandchild, stranger?");
    size_t page = page_size();
    pid_t parent = getpid();

    show_also("process_b");
    step("Map a page of /dev/zero, one of a file, one of no file. B will do so by itself.");
    int dev = open("/dev/zero", O_RDWR), fd = scratch_file("file", page);
    if (dev == -1) die("open");
    char *zero = mmap(NULL, page, RW, MAP_SHARED, dev, 0);
    char *file = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    char *anon = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (zero == MAP_FAILED || file == MAP_FAILED || anon == MAP_FAILED) die("mmap");
    char *const maps[] = {zero, file, anon};

    step("Fork two children, the second with a child of its own; start B, a stranger.");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) look(&child, maps);
    turns_open(&second);
    second.pid = fork();
    if (second.pid == -1) die("fork");
    if (second.pid == 0) {
        await_turn(&second);
        pid_t grandchild = fork();
        if (grandchild == -1) die("fork");
        if (grandchild == 0) {
            *zero = *file = *anon = 'G';
            _exit(0);
        }
        if (wait_for(grandchild) != 0) bail_out("the grandchild failed");
        last_turn(&second);
    }
    start_unrelated(&b, argv[0], "B", scratch_path("file"));
    char *own[3]; /* where B has them */
    for (int i = 0; i < 3; i++)
        own[i] = (char *)give_turn(&b);

    predict("Three kinds of mapping, a child and a stranger: who finds which of the letters?");
    step("The parent stores a Z, an F and an A into the three. The child and B look.");
    long to_child[3], to_b[3], later[3]; /* what they see */
    *zero = 'Z', *file = 'F', *anon = 'A';
    for (int i = 0; i < 3; i++) {
        to_child[i] = give_turn(&child);
        to_b[i] = give_turn(&b);
    }
    check_num(to_child[0], ==, 'Z', "/dev/zero: a child shares the mapping", "9.6-1");
    check_num(to_child[1], ==, 'F', "regular file: a child shares the mapping", "9.6-1");
    check_num(to_child[2], ==, 'A', "MAP_ANONYMOUS: a child shares the mapping", "9.6-1 9.6-2 S-4");
    check_num(to_b[0], ==, 0, "/dev/zero: a stranger finds a 0", "9.6-1");
    check_num(to_b[1], ==, 'F', "regular file: a stranger sees the store", "9.5-1 9.6-1");
    check_num(to_b[2], ==, 0, "MAP_ANONYMOUS: a stranger finds a 0", "9.6-1 9.6-2 S-4");

    predict("Which of B's three pages are page cache, and which does nobody else map?");
    step("Why? Look at B's pages. B is a child, too, but exec() took away what it inherited.");
    tell("The notes say (9.6-1, in part): /dev/zero does not share because it is a device.");
    picture(
        {"parent zero", parent, zero}, {"child zero", child.pid, zero}, {"B zero", b.pid, own[0]},
        {"parent file", parent, file}, {"child file", child.pid, file}, {"B file", b.pid, own[1]},
        {"parent anon", parent, anon}, {"child anon", child.pid, anon}, {"B anon", b.pid, own[2]});
    check_str(page_kind(b.pid, own[0]), FILE_PAGE, "/dev/zero: a stranger's page is page cache",
              "9.6-1");
    check_num(mapped_once(b.pid, own[0]), ==, 1, "/dev/zero: a stranger's page is its own",
              "9.6-1");
    check_str(page_kind(b.pid, own[1]), FILE_PAGE, "regular file: a stranger's page is page cache",
              "9.5-1");
    check_num(mapped_once(b.pid, own[1]), ==, 0, "regular file: a stranger's page is everybody's",
              "9.5-1 9.6-1");
    check_str(page_kind(b.pid, own[2]), FILE_PAGE, "MAP_ANONYMOUS: a stranger's page is page cache",
              "9.6-2");
    check_num(mapped_once(b.pid, own[2]), ==, 1, "MAP_ANONYMOUS: a stranger's page is its own",
              "9.6-2");

    predict("Does the parent see what its grandchild stores? Does the first child?");
    step("The second child forks, and its child stores a G into each of the three.");
    give_turn(&second);
    for (int i = 0; i < 3; i++)
        later[i] = give_turn(&child);
    check(*zero == 'G' && later[0] == 'G', "/dev/zero: a grandchild shares with all the family",
          "9.6-1");
    check(*file == 'G' && later[1] == 'G', "regular file: a grandchild shares with all the family",
          "9.6-1");
    check(*anon == 'G' && later[2] == 'G', "MAP_ANONYMOUS: a grandchild shares with all the family",
          "9.6-2 S-4");

    tell("The table of 9.6, as measured: who sees the parent's store, and why.");
    row("/dev/zero", to_child[0] == 'Z', to_b[0] == 'Z');
    row("regular file", to_child[1] == 'F', to_b[1] == 'F');
    row("MAP_ANONYMOUS", to_child[2] == 'A', to_b[2] == 'A');
    turns_close(&b);
    turns_close(&second);
    turns_close(&child);
    return end();
}
