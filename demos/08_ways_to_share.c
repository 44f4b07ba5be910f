#define _GNU_SOURCE
/*
 * 08_ways_to_share - in which ways can two unrelated processes share memory?
 *
 * Notes      sections 8.1 基本流程 to 8.3 内存布局, 8.4 关键点, 总结 6
 * Watch      what leads both to one page shares it; what only looks alike does not
 * Corrects   8.4k-1 S-2
 * Try this   the other process maps MAP_PRIVATE; the file gets a second name and keeps its first
 * See also   shm_open(3), memfd_create(2), unix(7) (SCM_RIGHTS), proc(5) (fd); 09_who_shares
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "08_rights.h"
#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

static struct partner other;

static long map(int fd, int flags, size_t from) {
    void *p = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, flags, fd, (off_t)from);
    if (p == MAP_FAILED) die("mmap");
    return (long)p;
}

/* What the other process can be asked for. */
static long map_file(void *path) {
    return map(open(path, O_RDWR), MAP_SHARED, 0);
}

static long map_object(void *name) {
    return map(shm_open(name, O_RDWR, 0), MAP_SHARED, 0);
}

static long map_received(void *unused) {
    (void)unused;
    return map(receive_descriptor(STDIN_FILENO), MAP_SHARED, 0);
}

static long change_A_into_B(void *p) {
    volatile char *letter = p;
    if (*letter != 'A') return false;
    *letter = 'B';
    return true;
}

/* Does the other find this process's A, and this process its B? */
static const char *shared(long here, long there) {
    volatile char *p = (char *)here, *q = (char *)there;
    *p = 'A';
    bool found_A = ask(&other, change_A_into_B, q), found_B = *p == 'B';
    picture({"here", getpid(), p}, {"there", other.pid, q});
    if (found_A != found_B) return "shared one way";
    return found_A ? "shared" : "not shared";
}

int main(int argc, char **argv) {
    static act *const acts[] = {map_file, map_object, map_received, change_A_into_B, NULL};
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 9, "in which ways can two unrelated processes share memory?");
    size_t page = page_size();
    char *path = scratch_path("file"), *second = scratch_path("second"), name[80];
    start_unrelated(&other);

    predict("Which mappings of a file share memory with one of its first page, MAP_SHARED?");
    step("The other maps page 0 of a file. Here: page 0, page 1, and page 0 MAP_PRIVATE.");
    int fd = scratch_file("file", 2 * page);
    long here = map(fd, MAP_SHARED, 0), there = ask_text(&other, map_file, path);
    check_is(shared(here, there), "shared", "two processes that map one file MAP_SHARED share it",
             "8.1-1 8.2-1 8.2-3");
    check_is(same_frame(getpid(), (char *)here, other.pid, (char *)there), 1,
             "processes that map a page of a file MAP_SHARED get one frame, at any address",
             "8.2-2 8.2-4");
    check_is(shared(map(fd, MAP_SHARED, page), there), "not shared",
             "mappings of different pages of one file share nothing", "8.2-4");
    check_is(shared(map(fd, MAP_PRIVATE, 0), there), "not shared",
             "a store to a MAP_PRIVATE mapping of a file is not seen in a MAP_SHARED mapping of it",
             "8.2-3");

    predict("The notes: all must use the same path. Must they, and is it enough?");
    step("The file gets another name, and then a new file gets its old one.");
    tell("The notes say (8.4k-1, wrong): all processes must use the same file path.");
    if (rename(path, second) == -1 || close(scratch_file("file", page)) == -1) die("rename");
    check_is(shared(here, ask_text(&other, map_file, second)), "shared",
             "processes that map one file MAP_SHARED by different paths share it", "8.4k-1");
    check_is(shared(here, ask_text(&other, map_file, path)), "not shared",
             "processes that open one path share nothing if it led to different files", "8.4k-1");

    predict("Now without an ordinary file. Can unrelated processes still share memory?");
    step("A shared memory object: both call shm_open() with one name.");
    tell("The notes say (S-2, wrong): unrelated processes must use an ordinary file + MAP_SHARED.");
    snprintf(name, sizeof name, "%s-shm", strrchr(scratch_dir(), '/')); /* nobody else's */
    remove_at_end(shm_unlink, name);
    int object = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (object != -1 && (errno = reserve(object, page)) != 0) object = -1;
    check_is(object == -1 ? unknown_text(unknown("shm_open: %s", errno_name(errno)))
                          : shared(map(object, MAP_SHARED, 0), ask_text(&other, map_object, name)),
             "shared", "two processes that map one shared memory object MAP_SHARED share it",
             "8.3-1 S-2");

    predict("A memfd has no name in any directory. How can another process come by it?");
    step("Memory from memfd_create(): its descriptor is passed, then found in /proc.");
    int memfd = memfd_create("memory", MFD_CLOEXEC);
    if (memfd != -1 && (errno = reserve(memfd, page)) != 0) memfd = -1;
    long why = memfd == -1 ? unknown("memfd_create: %s", errno_name(errno)) : 0;
    if (!why) {
        here = map(memfd, MAP_SHARED, 0);
        start(&other, map_received, NULL);
        send_descriptor(other.socket[0], memfd);
        there = finish(&other);
    }
    check_is(why ? unknown_text(why) : shared(here, there), "shared",
             "a memfd passed through a UNIX socket and mapped MAP_SHARED is shared", "8.2-1 S-2");
    snprintf(name, sizeof name, "/proc/%ld/fd/%d", (long)getpid(), memfd);
    if (!why && open(name, O_RDWR) == -1) why = unknown("/proc/PID/fd: %s", errno_name(errno));
    check_is(why ? unknown_text(why) : shared(here, ask_text(&other, map_file, name)), "shared",
             "a memfd opened through /proc/PID/fd and mapped MAP_SHARED is shared", "S-2");
    partner_close(&other);
    return end();
}
