#define _GNU_SOURCE
/*
 * 13_execute - which memory can be executed as code, and can it be stored to as well?
 *
 * Notes      beyond the notes: PROT_EXEC, which section 1.2 names and no program there uses
 * Watch      the same bytes die, run, and run changed: only the permissions differ
 * Try this   PROT_EXEC from the start; no prctl() in the child; other machine code
 * See also   mprotect(2), prctl(2), memfd_create(2); 13_protection, 04_program_text
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"

#define RW (PROT_READ | PROT_WRITE)
#define RX (PROT_READ | PROT_EXEC)
#ifndef PR_SET_MDWE /* since Linux 6.3: memory-deny-write-execute */
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* Stores machine code for: return value. False if it is not known for this processor. */
static bool store_code(void *p, unsigned char value) {
#if defined __x86_64__
    const unsigned char code[] = {0xb8, value, 0, 0, 0, 0xc3}; /* mov $value, %eax; ret */
#elif defined __aarch64__
    const uint32_t code[] = {0x52800000 | (uint32_t)value << 5, 0xd65f03c0}; /* mov w0; ret */
#else
    const unsigned char code[] = {value};
#endif
    memcpy(p, code, sizeof code);
    __builtin___clear_cache(p, (char *)p + sizeof code);
    return sizeof code > 1;
}

/* Calls the code at `p`; returns what it returns. */
__attribute__((no_sanitize("undefined"))) static long run(void *p) {
    return ((int (*)(void))(uintptr_t)p)();
}

static void call(volatile char *p) {
    run((void *)p);
}

static long refuse_exec_gain(void *unused) {
    (void)unused;
    return prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == -1 ? errno : 0;
}

static long make_executable(void *p) {
    return mprotect(p, page_size(), RX) == -1 ? errno : 0;
}

/* Stores code for 44 in one mapping of a memfd, and runs it in another. Or returns -errno. */
static long run_in_second_mapping(void *unused) {
    (void)unused;
    int fd = memfd_create("code", MFD_CLOEXEC);
    if (fd == -1) return -errno;
    if (ftruncate(fd, page_size()) == -1) die("ftruncate");
    char *w = mmap(NULL, page_size(), RW, MAP_SHARED, fd, 0);
    char *x = mmap(NULL, page_size(), RX, MAP_SHARED, fd, 0);
    if (w == MAP_FAILED || x == MAP_FAILED) die("mmap");
    store_code(w, 44);
    return run(x);
}

int main(int argc, char **argv) {
    begin(argc, argv, 7, "which memory can be executed as code, and can it be stored to as well?");
    size_t page = page_size();
    char trial[8];
    if (!store_code(trial, 42)) skip_all("the demo has no machine code for this processor");
    struct partner child;

    predict("The page can be read, and holds code. What does a call of that code do?");
    step("Store the code of a function that returns 42 in anonymous memory, and call it.");
    char *p = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) die("mmap");
    store_code(p, 42);
    check_is(call_with(call, p), "SIGSEGV SEGV_ACCERR",
             "on x86-64 and arm64 a call of code in memory that is not executable dies of SIGSEGV",
             "13.1-7");

    predict("Which number does the second call return: 42 or 43?");
    step("Add PROT_EXEC, and call it. Then store a 43 over the 42, and call it again.");
    int failed = mprotect(p, page, RW | PROT_EXEC) == -1 ? errno : 0;
    long refused = failed ? unknown("writable and executable: %s", errno_name(failed)) : 0;
    evidence("%p %s", (void *)p, look_at(getpid(), p).permissions);
    /* refused: 0, or why the checks from here on cannot be made. Then they are skipped. */
    check_is(refused ? refused : run(p), 42, "code in a page with PROT_EXEC runs", "13.1-7");
    if (!refused) store_code(p, 43);
    check_is(refused ? refused : run(p), 43,
             "on Linux memory can be writable and executable at once, unless a policy forbids it",
             "13.1-8");

    step("The code has been stored: take PROT_WRITE away. Then try to store once more.");
    if (!refused && mprotect(p, page, RX) == -1) die("mprotect");
    check_is(refused ? unknown_text(refused) : store_to(p), "SIGSEGV SEGV_ACCERR",
             "a store to memory with PROT_READ and PROT_EXEC, without PROT_WRITE, dies of SIGSEGV",
             "13.1-8");

    predict("May the child then make memory executable? May it run what was executable before?");
    step("A child calls prctl(PR_SET_MDWE), memory-deny-write-execute, then tries mprotect().");
    char *q = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (q == MAP_FAILED) die("mmap");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    failed = (int)ask(&child, refuse_exec_gain, NULL);
    const char *seen = errno_name((int)ask(&child, make_executable, q));
    if (failed) refused = unknown("PR_SET_MDWE: %s", errno_name(failed));
    check_is(refused ? unknown_text(refused) : seen, "EACCES",
             "after prctl(PR_SET_MDWE) making a writable mapping executable is EACCES", "13.1-9");
    check_is(refused ? refused : ask(&child, run, p), 43,
             "what was executable before prctl(PR_SET_MDWE) still runs", "13.1-9");

    step("The child maps a memfd (a file in memory) twice: stores code in one, runs the other.");
    long got = ask(&child, run_in_second_mapping, NULL);
    if (got < 0) got = unknown("memfd_create: %s", errno_name((int)-got));
    check_is(refused ? refused : got, 44,
             "even after PR_SET_MDWE one mapping of a memfd may be writable and another executable",
             "13.1-9");
    partner_close(&child);
    return end();
}
