#define _GNU_SOURCE
/*
 * 02_system_calls - what does the kernel have to do for an access to a mapped file?
 *
 * Notes      section 2.1 性能优势（最重要）
 * Watch      what a process can still do when any system call kills it
 * Try this   system calls not forbidden; MAP_PRIVATE for the file; MAP_POPULATE in step 2
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

#define RW (PROT_READ | PROT_WRITE)

static volatile char *p; /* a mapping of the file */
static int fd;

/* From here on every system call ends this process with SIGSYS: the filter is one instruction,
 * "return SECCOMP_RET_KILL". seccomp(2); musl does not have <linux/seccomp.h>. */
static void forbid_system_calls(void) {
    struct {
        unsigned short length, *instructions;
    } filter = {1, (unsigned short[4]){6}}; /* BPF_RET; what it returns is 0 */
    if (prctl(PR_SET_DUMPABLE, 0L) == -1 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == -1 ||
        prctl(PR_SET_SECCOMP, 2L /* SECCOMP_MODE_FILTER */, &filter) == -1)
        die("prctl");
}

static void copy_16_bytes(void) {
    for (int i = 0; i < 16; i++)
        p[16 + i] = p[i];
}

static void call_read(void) {
    char byte;
    (void)!read(fd, &byte, 1);
}

static void call_write(void) {
    (void)!write(fd, "w", 1);
}

/* The signal that kills a child in which system calls are forbidden before it has done this; 0 if
 * it comes to the end and stores an E. Only its exit kills it then. */
static long signal_during(void what(void)) {
    if (prctl(PR_SET_SECCOMP, 2L, NULL) == -1 && errno != EFAULT)
        return unknown("seccomp filters: %s", errno_name(errno));
    p[32] = 0;
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        forbid_system_calls();
        what();
        p[32] = 'E';
        _exit(0);
    }
    int status = wait_for(pid);
    return p[32] == 'E' ? 0 : WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

int main(int argc, char **argv) {
    begin(argc, argv, 6, "what does the kernel have to do for an access to a mapped file?");
    size_t page = page_size();

    predict("Which of the three children comes to its end?");
    step("With no system call permitted a child copies 16 bytes; others call read(), write().");
    tell("The notes say (2.1-5, in part): no system calls: it is like ordinary memory.");
    fd = scratch_file("file", page);
    p = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(signal_during(copy_16_bytes), 0,
             "16 loads and 16 stores to a mapping make no system call at all", "2.1-5");
    check_is(signal_during(call_read), SIGSYS,
             "read() is a system call: a seccomp filter that kills at every call kills at it",
             "2.1-2");
    check_is(signal_during(call_write), SIGSYS,
             "write() is a system call: a seccomp filter that kills at every call kills at it",
             "2.1-2");

    predict("For which of the three stores does the kernel have to work?");
    step("Store into a page of shared memory three times, the third time after MADV_DONTNEED.");
    volatile char *m = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) die("mmap");
    check_is(faults_of(*m = 'x'), 1,
             "the first access to fresh anonymous memory is a page fault: work for the kernel",
             "2.1-5");
    check_is(faults_of(*m = 'y'), 0,
             "after the first store to a page no store there faults while its entry stays as is",
             "2.1-5");
    if (madvise((void *)m, page, MADV_DONTNEED) == -1) die("madvise");
    check_is(faults_of(*m = 'z'), 1,
             "after MADV_DONTNEED the first access to shared memory is a page fault again",
             "2.1-5");
    return end();
}
