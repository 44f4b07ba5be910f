#define _GNU_SOURCE
/*
 * 02_system_calls - what does the kernel have to do for an access to a mapped file?
 *
 * Notes      section 2.1 性能优势（最重要）
 * Watch      what a process can still do when any system call kills it
 * Try this   MAP_PRIVATE for the file; system calls not forbidden; MAP_POPULATE in step 4
 * See also   mmap(2), read(2), seccomp(2); 02_copies, 02_read_or_map, 03_demand_paging
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PAGES 16

static volatile char *p; /* a mapping of the file */
static int fd;

/* From here on every system call ends this process with SIGSYS: the filter is one instruction,
 * "return SECCOMP_RET_KILL". seccomp(2); musl does not have <linux/seccomp.h>. */
static void forbid_system_calls(void) {
    unsigned short instruction[4] = {6}; /* BPF_RET; what it returns is 0 */
    struct {
        unsigned short length;
        void *instructions;
    } filter = {1, instruction};
    if (prctl(PR_SET_DUMPABLE, 0L) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == -1 ||
        prctl(PR_SET_SECCOMP, 2L /* SECCOMP_MODE_FILTER */, &filter) == -1)
        die("prctl");
}

/* Each of the two stores a b before its system call and an a after it. */
static void copy_letters_then_read(void) {
    char byte;
    forbid_system_calls();
    for (size_t i = 0; i < PAGES; i++)
        p[i * page_size() + 1] = p[i * page_size()];
    p[2] = 'b';
    p[2] = read(fd, &byte, 1) == 1 ? 'a' : '?';
}

static void write_a_w(void) {
    forbid_system_calls();
    p[2] = 'b';
    p[2] = write(fd, "w", 1) == 1 ? 'a' : '?';
}

/* The signal that kills a child that calls this function, 0 if none does before the a. */
static long signal_of_child(void what(void)) {
    if (prctl(PR_SET_SECCOMP, 2L, NULL) == -1 && errno != EFAULT)
        return unknown("seccomp filters: %s", errno_name(errno));
    p[2] = 0;
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        what();
        _exit(0);
    }
    int status = wait_for(pid);
    return WIFSIGNALED(status) && p[2] == 'b' ? WTERMSIG(status) : 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "what does the kernel have to do for an access to a mapped file?");
    size_t page = page_size(), bytes = PAGES * page;

    step("Map a file of 16 pages and store an S in each.");
    fd = scratch_file("file", bytes);
    p = mmap(NULL, bytes, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < PAGES; i++)
        p[i * page] = 'S';

    predict("Which of these does the child survive: its loads, its stores, its read()?");
    step("With system calls forbidden a child copies each S one byte on, then calls read().");
    tell("The notes say (2.1-5, in part): no system calls: it is like ordinary memory.");
    long killed = signal_of_child(copy_letters_then_read), copied = 0;
    for (size_t i = 0; i < PAGES; i++)
        copied += byte_in_file(fd, i * page + 1) == 'S';
    evidence("%ld of 16 letters are copied; then the child dies of signal %s", copied,
             number(killed));
    check_is(is_unknown(killed) ? killed : copied, PAGES,
             "16 loads and 16 stores to a mapping make no system call at all", "2.1-5");
    check_is(killed, SIGSYS,
             "read() is a system call: a process that may make none is killed by it", "2.1-2");

    step("With system calls forbidden another child calls write().");
    check_is(signal_of_child(write_a_w), SIGSYS,
             "write() is a system call: a process that may make none is killed by it", "2.1-2");

    predict("How many page faults do the first 16 stores take, and how many the next 16?");
    step("Shared memory, 16 small pages: one store to each of them, then another one.");
    volatile char *m = mmap(NULL, bytes, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) die("mmap");
    madvise((void *)m, bytes,
            MADV_NOHUGEPAGE); /* EINVAL where the kernel has no huge pages: fine */
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        m[i * page] = 'x';
    check_is(faults_counted(), PAGES,
             "the first store to each small page is a page fault: work for the kernel", "2.1-5");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        m[i * page] = 'y';
    check_is(faults_counted(), 0,
             "later stores need no kernel until it write-protects the page or takes it away",
             "2.1-5");

    predict("How many do 16 more stores take after that?");
    step("madvise(MADV_DONTNEED) takes the 16 pages out of the page table. Then 16 more stores.");
    if (madvise((void *)m, bytes, MADV_DONTNEED) == -1) die("madvise");
    count_faults();
    for (size_t i = 0; i < PAGES; i++)
        m[i * page] = 'z';
    check_is(faults_counted(), PAGES,
             "after MADV_DONTNEED the next store to each page of shared memory faults again",
             "2.1-5");
    return end();
}
