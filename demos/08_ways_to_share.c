/*
 * 08_ways_to_share - by which ways can two unrelated processes share memory?
 *
 * Notes      sections 8.1 基本流程 to 8.3 内存布局, 8.4 关键点, 总结 6
 * Watch      five ways that share, three that look alike and do not
 * Corrects   8.4k-1 S-2
 * Try this   1. In `volatile char *p`, MAP_SHARED -> MAP_PRIVATE: checks 1, 2, 4, 5 and 6 fail
 *            2. if (unlink(path) == -1 || close(scratch_file("file", page)) == -1) die("new"); ->
 *               nothing: check 3 fails
 *            3. In `char *m = mmap`, MAP_SHARED, memfd -> MAP_SHARED | MAP_ANONYMOUS, -1:
 *               checks 5 and 6 fail
 *            4. Everywhere, "/dev/zero" -> path: check 8 fails
 * See also   shm_open(3), memfd_create(2), unix(7) (SCM_RIGHTS), proc(5) (fd); 09_who_shares
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* Sends (fd != -1) or receives a descriptor through a unix socket. */
static int pass_descriptor(int socket, int fd) {
    char byte = 'd', space[CMSG_SPACE(sizeof fd)] = "";
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space};
    message.msg_controllen = sizeof space;
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    if (fd == -1) {
        if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message)) die("recvmsg");
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        return fd;
    }
    *control = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    control->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(control), &fd, sizeof fd);
    if (sendmsg(socket, &message, 0) != 1) die("sendmsg");
    return fd;
}

/* The other process: gets hold of the memory by `name`, looks for an A, and stores a B. */
static void partner(struct turns *turns, const char *name) {
    int fd = strcmp(name, "-") == 0           ? -1
             : strcmp(name, "passed") == 0    ? pass_descriptor(STDIN_FILENO, -1)
             : strncmp(name, "/shm-", 5) == 0 ? shm_open(name, O_RDWR, 0)
                                              : open(name, O_RDWR);
    if (fd == -1 && strcmp(name, "-") != 0) die("open %s", name);
    int anonymous = fd == -1 ? MAP_ANONYMOUS : 0;
    volatile char *p = mmap(NULL, page_size(), RW, MAP_SHARED | anonymous, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    await_turn(turns);
    if (p[0] == 'A') p[1] = 'B';
    turns->said = (long)p;
    last_turn(turns);
}

/* Does memory p of this process appear, by `name`, in an unrelated one, and its store here? */
static bool shares(char *program, char *p, char *name, int fd) {
    struct turns other;
    p[0] = 'A', p[1] = '-';
    start_unrelated(&other, program, "partner", name);
    if (strcmp(name, "passed") == 0) pass_descriptor(other.socket[0], fd);
    char *there = (char *)give_turn(&other);
    picture({"here", getpid(), p}, {"there", other.pid, there});
    turns_close(&other);
    return p[1] == 'B';
}

int main(int argc, char **argv) {
    struct turns turns;
    if (has_role(argc, argv, "partner", &turns)) partner(&turns, argv[2]);
    begin(argc, argv, 8, "by which ways can two unrelated processes share memory?");
    size_t page = page_size();
    char name[64], link_path[1100], *path;

    predict("The notes: all must use the same path. Must they, and is it enough?");
    show_also("partner");
    step("One file opened by both; then by a second name; then a new file under the old name.");
    tell("The notes say (8.4k-1, wrong): all must use the same path.");
    int fd = scratch_file("file", page);
    char *p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    snprintf(link_path, sizeof link_path, "%s", scratch_path("link"));
    path = scratch_path("file");
    bool file = shares(argv[0], p, path, -1);
    check(file, "two processes that open one file share it", "8.1-1 8.2-1 8.2-2");
    if (link(path, link_path) == -1) die("link");
    bool hard_link = shares(argv[0], p, link_path, -1);
    check(hard_link, "the path may be another, if it leads to the same file", "8.4k-1");
    if (unlink(path) == -1 || close(scratch_file("file", page)) == -1) die("new");
    bool same_path = shares(argv[0], p, path, -1);
    check(!same_path, "the same path does not help, if the file is another", "8.4k-1");

    predict("Now without an ordinary file. Can unrelated processes still share memory?");
    step("A shared memory object: both call shm_open() with one name.");
    tell("The notes say (S-2, wrong): unrelated processes must use an ordinary file.");
    snprintf(name, sizeof name, "/shm-%s", strrchr(scratch_dir(), '/') + 1);
    snprintf(link_path, sizeof link_path, "/dev/shm%s", name);
    remove_at_end(link_path, -1); /* the name is as unique as the scratch directory's */
    int shm = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (shm == -1 || posix_fallocate(shm, 0, (off_t)page) != 0) die("shm_open");
    char *q = mmap(NULL, page, RW, MAP_SHARED, shm, 0);
    if (q == MAP_FAILED) die("mmap");
    bool object = shares(argv[0], q, name, -1);
    check(object, "two processes that open one shared memory object share it", "8.3-1 S-2");

    predict("The memfd has no name. How can a stranger get at it?");
    step("The same with memory from memfd_create().");
    int memfd = memfd_create("memory", MFD_CLOEXEC);
    if (memfd == -1 || ftruncate(memfd, (off_t)page) == -1) die("memfd_create");
    char *m = mmap(NULL, page, RW, MAP_SHARED, memfd, 0);
    if (m == MAP_FAILED) die("mmap");
    bool passed = shares(argv[0], m, "passed", memfd);
    check(passed, "a descriptor passed through a unix socket shares its memory", "8.2-1 S-2");
    bool by_proc = false, by_proc_tried = access("/proc/self/fd", F_OK) == 0;
    snprintf(name, sizeof name, "/proc/%ld/fd/%d", (long)getpid(), memfd);
    if (!by_proc_tried) {
        skip("a descriptor opened under /proc/PID/fd shares its memory", "S-2",
             "/proc/PID/fd: ENOENT");
    } else {
        by_proc = shares(argv[0], m, name, -1);
        check(by_proc, "a descriptor opened under /proc/PID/fd shares its memory", "S-2");
    }

    predict("Both open the same /dev/zero, and both map it MAP_SHARED. Is that shared?");
    step("Both map anonymous memory MAP_SHARED; both open /dev/zero and map it MAP_SHARED.");
    char *a = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int zero = open("/dev/zero", O_RDWR);
    char *z = mmap(NULL, page, RW, MAP_SHARED, zero, 0);
    if (a == MAP_FAILED || z == MAP_FAILED) die("mmap");
    bool anonymous = shares(argv[0], a, "-", -1);
    check(!anonymous, "anonymous memory of two unrelated processes is not shared", "S-4");
    bool dev_zero = shares(argv[0], z, "/dev/zero", -1);
    check(!dev_zero, "/dev/zero is not shared, although both open one file", "9.6-1");

    const bool shared[] = {file,    hard_link, object,    passed,
                           by_proc, same_path, anonymous, dev_zero};
    const char *const way[] = {"one path",
                               "a hard link",
                               "shm_open()",
                               "memfd, passed by SCM_RIGHTS",
                               "memfd, by /proc/PID/fd",
                               "one path, but another file",
                               "MAP_ANONYMOUS in each",
                               "/dev/zero opened by each"};
    tell("Measured:");
    for (int i = 0; i < 8; i++)
        if (i != 4 || by_proc_tried)
            evidence("%-30s %s", way[i], shared[i] ? "shared" : "not shared");
    return end();
}
