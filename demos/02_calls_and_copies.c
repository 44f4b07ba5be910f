/*
 * 02_calls_and_copies - what does the kernel have to do for an access to a mapped file?
 *
 * Notes      section 2.1 性能优势（最重要）
 * Watch      what a process can still do when every system call kills it
 * Corrects   2.1-1
 * Try this   1. In `char *p`, MAP_SHARED -> MAP_PRIVATE: checks 2, 3, 4, 7, 9, 10 and 11 fail
 *            2. forbid_system_calls(); -> nothing: checks 10 and 11 fail
 *            3. forbid_system_calls(); -> forbid_system_calls(), forbid_system_calls();:
 *               checks 9, 10 and 11 fail
 *            4. In `char *m`, MAP_SHARED -> MAP_SHARED | MAP_POPULATE: check 12 fails
 * See also   mmap(2), read(2), seccomp(2); 02_speed, 03_demand_paging, 03_page_cache
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW          (PROT_READ | PROT_WRITE)
#define PAGES       ((size_t)16)
#define FILTER_MODE 2L /* SECCOMP_MODE_FILTER; musl does not have <linux/seccomp.h> */

/* From here on every system call ends this process with SIGSYS: the filter is one instruction,
 * "return SECCOMP_RET_KILL_PROCESS". seccomp(2) */
static void forbid_system_calls(void) {
    struct {
        unsigned short code, jumps;
        unsigned value;
    } instruction;
    struct {
        unsigned short length;
        void *instructions;
    } filter;
    instruction.code = 6, instruction.jumps = 0, instruction.value = 0x80000000;
    filter.length = 1, filter.instructions = &instruction;
    if (prctl(PR_SET_DUMPABLE, 0L) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == -1 ||
        prctl(PR_SET_SECCOMP, FILTER_MODE, &filter) == -1)
        die("prctl");
}

enum call { READ, WRITE };

/* A child without system calls stores an S into each of 16 pages, and then makes one all the same.
 * Says whether that one killed it: p[1] has a b for before, an a for after. */
static bool killed_by(enum call call, volatile char *p, int fd) {
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        char byte = 'w';
        forbid_system_calls();
        for (size_t i = 0; i < PAGES; i++)
            p[i * page_size()] = 'S';
        p[1] = 'b';
        ssize_t done = call == READ ? read(fd, &byte, 1) : write(fd, &byte, 1);
        p[1] = 'a';
        _exit(done != 1);
    }
    int status = wait_for(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) bail_out("the child has failed");
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS && p[1] == 'b';
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "what does the kernel have to do for an access to a mapped file?");
    size_t page = page_size(), bytes = PAGES * page;
    pid_t self = getpid();
    char read_in[2];

    step("Map a file. One byte comes into it by write(), one by a store.");
    int fd = scratch_file("file", bytes);
    char *p = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    tell("The notes say (2.1-1, wrong): write() goes to a kernel buffer, then to the page cache.");
    if (pwrite(fd, "W", 1, 0) != 1) die("pwrite");
    check(p[0] == 'W', "what write() has written is in the mapping at once", "2.1-1");
    p[1] = 'S';
    if (pread(fd, read_in, 2, 0) != 2) die("pread");
    check(read_in[1] == 'S', "what is stored to the mapping is what read() gets next", "2.1-1");
    check_str(page_kind(self, p), FILE_PAGE,
              "the page cache is the only buffer: read(), write() and the mapping meet in it",
              "2.1-1");

    predict("Who sees the X: read()'s buffer of step 1, a new mapping, a private one?");
    step("Two more mappings, one private. write() makes the S an X; then a store to the private "
         "one.");
    tell("The notes say (2.1-4, in part): a mapping is zero copy.");
    char *shared = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, page, RW, MAP_PRIVATE, fd, 0);
    if (shared == MAP_FAILED || private == MAP_FAILED) die("mmap");
    if (pwrite(fd, "X", 1, 1) != 1) die("pwrite");
    check(read_in[1] == 'S', "read() makes a copy: it does not change with the file", "2.1-4");
    check(shared[1] == 'X', "a mapping is no copy: it changes with the file", "2.1-4");
    check(private[1] == 'X',
          "a private mapping is no copy either, before the first store to the page", "2.1-4");
    check_num(same_frame(self, p, self, shared), ==, 1, "two mappings of a page are one frame",
              "2.1-4");
    private[0] = 'P';
    picture({"first", self, p}, {"shared", self, shared}, {"private", self, private});
    check_num(same_frame(self, p, self, private), ==, 0,
              "the first store to a page of a private mapping copies that page", "2.1-4");
    tell("Not checked here (2.1-3): read() or write() of a file copies once, page cache <-> "
         "buffer;");
    tell("it is two copies from one process to another, through a pipe or through a file.");

    predict("The child may make no system call. Will its 16 stores reach the file?");
    show_also("killed_by");
    step("A child with every system call forbidden stores into 16 pages, then calls read().");
    const char *stores = "16 stores to a mapping take no system call at all";
    const char *reads = "read() is a system call: forbidden, it kills";
    const char *writes = "write() is a system call: forbidden, it kills";
    if (prctl(PR_SET_SECCOMP, FILTER_MODE, NULL) == -1 && errno != EFAULT) {
        skip(stores, "2.1-5", "this kernel has no seccomp filters");
        skip(reads, "2.1-2", "this kernel has no seccomp filters");
        skip(writes, "2.1-2", "this kernel has no seccomp filters");
    } else {
        size_t stored = 0;
        bool killed = killed_by(READ, p, fd);
        for (size_t i = 0; i < PAGES; i++)
            stored += byte_in_file(fd, i * page) == 'S';
        check_num(stored, ==, PAGES, stores, "2.1-5");
        check(killed, reads, "2.1-2");
        check(killed_by(WRITE, p, fd), writes, "2.1-2");
    }

    predict("How many page faults do the first 16 stores take, and how many the next 16?");
    step("Shared memory, 16 pages: one store to each of them, then another one.");
    tell("The notes say (2.1-5, in part): no system calls, so the kernel is not needed.");
    char *m = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) die("mmap");
    madvise(m, bytes, MADV_NOHUGEPAGE); /* EINVAL where the kernel has no huge pages: fine */
    long first = faults_of_store(m, PAGES, 'x'), later = faults_of_store(m, PAGES, 'x');
    evidence("16 stores: %ld page faults; 16 more: %ld", first, later);
    check_num(first, ==, PAGES, "the first store to each page is a page fault: work for the kernel",
              "2.1-5");
    check_num(later, ==, 0, "later stores need nothing of the kernel", "2.1-5");
    return end();
}
