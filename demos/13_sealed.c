#define _GNU_SOURCE
/*
 * 13_sealed - how can memory be shared with a process that is not trusted?
 *
 * Notes      beyond the notes: there, processes that share memory trust each other
 * Watch      the table: each seal forbids one thing, to everybody and for good
 * Try this   seal the first memfd with F_SEAL_SHRINK; map MAP_PRIVATE what gets F_SEAL_WRITE
 * See also   memfd_create(2), fcntl(2) (File Sealing); 10_1_cut_file, 08_ways_to_share
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

static const struct {
    const char *name, *answers, *text, *claim;
} table[] = {
    {"no seal", "success success success success",
     "without a seal whoever has a memfd O_RDWR can write to, map, lengthen and cut it", "13.5-1"},
    {"F_SEAL_SHRINK", "success success success EPERM",
     "F_SEAL_SHRINK forbids cutting a memfd, but not writing, mapping, lengthening", "13.5-2"},
    {"F_SEAL_GROW", "success success EPERM success",
     "F_SEAL_GROW forbids lengthening a memfd, but not writing, mapping, cutting", "13.5-3"},
    {"F_SEAL_WRITE", "EPERM EPERM success success",
     "F_SEAL_WRITE forbids write() and shared mappings for stores, not a new length", "13.5-4"},
    {"F_SEAL_FUTURE_WRITE", "EPERM EPERM success success",
     "F_SEAL_FUTURE_WRITE forbids write() and new shared writable mappings, not old", "13.5-5"}};

/* What the partner tries with a descriptor. Each returns 0 or an errno value. */
static long write_W(void *fd) {
    return pwrite(*(int *)fd, "W", 1, 0) == -1 ? errno : 0;
}

static long map_to_store(void *fd) {
    void *p = mmap(NULL, page_size(), RW, MAP_SHARED, *(int *)fd, 0);
    return p == MAP_FAILED || munmap(p, page_size()) == -1 ? errno : 0;
}

static long lengthen(void *fd) {
    return ftruncate(*(int *)fd, 2 * page_size()) == -1 ? errno : 0;
}

static long cut(void *fd) {
    return ftruncate(*(int *)fd, 0) == -1 ? errno : 0;
}

int main(int argc, char **argv) {
    begin(argc, argv, 13, "how can memory be shared with a process that is not trusted?");
    static int fd[5];
    struct partner partner;
    size_t page = page_size();
    for (int i = 0; i < 5; i++) {
        fd[i] = memfd_create(table[i].name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd[i] == -1) skip_all(unknown_text(unknown("memfd_create: %s", errno_name(errno))));
        if (ftruncate(fd[i], page) == -1 || pwrite(fd[i], "O", 1, 0) != 1) die("memfd");
    }
    partner_open(&partner);
    partner.pid = fork();
    if (partner.pid == -1) die("fork");
    if (partner.pid == 0) obey(&partner);

    predict("A partner shortens a memfd that this process has mapped. What does the next load do?");
    step("Map a memfd, a file in memory. A partner that has its descriptor as well cuts it.");
    tell("A seal forbids one thing about a memfd to all who have it; nobody can take it off.");
    volatile char *p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd[0], 0);
    if (p == MAP_FAILED) die("mmap");
    evidence("the partner's ftruncate(): %s", errno_name((int)ask(&partner, cut, &fd[0])));
    check_is(load_from(p), "SIGBUS BUS_ADRERR",
             "without a seal others can cut a memfd: a load past the cut dies of SIGBUS", "13.5-1");

    predict("The seal F_SEAL_WRITE forbids stores. What if there is a mapping for stores already?");
    step("Map another for stores; try F_SEAL_WRITE; unmap it and try again; map it MAP_PRIVATE.");
    p = mmap(NULL, page, RW, MAP_SHARED, fd[3], 0);
    if (p == MAP_FAILED) die("mmap");
    check_errno(fcntl(fd[3], F_ADD_SEALS, F_SEAL_WRITE) == -1, EBUSY,
                "F_SEAL_WRITE is EBUSY while there is a writable MAP_SHARED mapping", "13.5-6");
    if (munmap((void *)p, page) == -1) die("munmap");
    check_is(fcntl(fd[3], F_ADD_SEALS, F_SEAL_WRITE), 0,
             "F_SEAL_WRITE can be set once no MAP_SHARED mapping of the memfd is left", "13.5-6");
    p = mmap(NULL, page, RW, MAP_PRIVATE, fd[3], 0);
    if (p == MAP_FAILED) die("mmap");
    *p = 'P';
    check(*p == 'P' && byte_in_file(fd[3], 0) == 'O',
          "F_SEAL_WRITE permits writable private mappings: what they store is a copy", "13.5-7");

    predict("After F_SEAL_FUTURE_WRITE, does an older mapping for stores still take a store?");
    step("Map a third for stores; set F_SEAL_FUTURE_WRITE; map it for loads. Store a Q.");
    p = mmap(NULL, page, RW, MAP_SHARED, fd[4], 0);
    if (p == MAP_FAILED || fcntl(fd[4], F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == -1) die("memfd");
    const volatile char *q = mmap(NULL, page, PROT_READ, MAP_SHARED, fd[4], 0);
    if (q == MAP_FAILED) die("mmap");
    *p = 'Q';
    check_is(*q, 'Q', "a writable mapping older than F_SEAL_FUTURE_WRITE takes stores", "13.5-8");
    check_errno(mprotect((void *)q, page, RW) == -1, EACCES,
                "after F_SEAL_FUTURE_WRITE mprotect() makes no new shared mapping writable: EACCES",
                "13.5-8");

    predict("Which of four tries does each of the seals forbid?");
    step("Set the other seals. The partner tries write(), mmap() to store, to lengthen, to cut.");
    if (fcntl(fd[1], F_ADD_SEALS, F_SEAL_SHRINK) == -1) die("fcntl");
    if (fcntl(fd[2], F_ADD_SEALS, F_SEAL_GROW) == -1) die("fcntl");
    act *const tries[] = {write_W, map_to_store, lengthen, cut};
    evidence("%-20s write()  mmap()   lengthen cut", "");
    for (int i = 0; i < 5; i++) {
        char answers[40];
        const char *said[4];
        for (int k = 0; k < 4; k++)
            said[k] = errno_name((int)ask(&partner, tries[k], &fd[i]));
        snprintf(answers, sizeof answers, "%s %s %s %s", said[0], said[1], said[2], said[3]);
        evidence("%-20s %-8s %-8s %-8s %s", table[i].name, said[0], said[1], said[2], said[3]);
        check_is(answers, table[i].answers, table[i].text, table[i].claim);
    }

    predict("A writable descriptor is enough to add a seal. What stops a partner from doing so?");
    step("Ask for the seals of the F_SEAL_SHRINK memfd. Add one more, then try F_SEAL_GROW.");
    check_is(fcntl(fd[1], F_GET_SEALS) & 15, F_SEAL_SHRINK, /* the four oldest seals */
             "F_GET_SEALS tells the seals: ask for F_SEAL_SHRINK before mapping a memfd", "13.5-9");
    if (fcntl(fd[1], F_ADD_SEALS, F_SEAL_SEAL) == -1) die("fcntl");
    check_errno(fcntl(fd[1], F_ADD_SEALS, F_SEAL_GROW) == -1, EPERM,
                "after F_SEAL_SEAL no seal can be added any more: EPERM", "13.5-9");
    partner_close(&partner);
    return end();
}
