/*
 * Prints, one a line, the reasons for which checks may be skipped on this machine. Found out here
 * without the rooms of common/, so that a room that skips too readily is noticed.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Is a page of a file in TMPDIR still dirty after fsync()? So it is on tmpfs, and on what rests on
 * it. */
static int never_clean(size_t page) {
    const char *tmpdir = getenv("TMPDIR");
    char path[4096], line[256];
    int dirty = 0;
    snprintf(path, sizeof path, "%s/environment-XXXXXX", tmpdir && *tmpdir ? tmpdir : "/tmp");
    int fd = mkstemp(path);
    if (fd == -1 || unlink(path) == -1 || ftruncate(fd, (off_t)page) == -1) exit(1);
    volatile char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) exit(1);
    *p = 'x';
    if (fsync(fd) == -1) exit(1);
    FILE *smaps = fopen("/proc/self/smaps", "r");
    if (!smaps) exit(1);
    for (int inside = 0; fgets(line, sizeof line, smaps);) {
        void *first;
        if (sscanf(line, "%p-", &first) == 1 && strchr(line, '-')) inside = first == (void *)p;
        if (inside && (strstr(line, "Shared_Dirty:") || strstr(line, "Private_Dirty:")))
            dirty += atoi(strchr(line, ':') + 1);
    }
    fclose(smaps);
    return dirty > 0;
}

/* May any process have namespaces of its own, and mount a tmpfs there? */
static int may_mount(void) {
    int status = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1 ||
              mount("probe", "/", "tmpfs", 0, NULL) == -1);
    return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    /* The entry of a page that is surely there: without the privilege its frame number reads 0. */
    volatile char here = 'x';
    uint64_t entry = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY);
    off_t where = (off_t)((uintptr_t)&here / page * sizeof entry);
    if (fd == -1 || pread(fd, &entry, sizeof entry, where) != sizeof entry) return 1;
    if ((entry & ((UINT64_C(1) << 55) - 1)) == 0) puts("needs CAP_SYS_ADMIN");

    if (memfd_create("probe", MFD_HUGETLB) == -1) puts("this kernel has no huge pages");

    unsigned kill_process = 0x80000000; /* SECCOMP_RET_KILL_PROCESS: SECCOMP_GET_ACTION_AVAIL? */
    if (syscall(SYS_seccomp, 2, 0, &kill_process) == -1) puts("this kernel has no seccomp filters");

    if (never_clean((size_t)page)) puts("this file system has no disk to write to");

    if (!may_mount()) puts("no file system may be mounted here");

    if (page >= 65536) puts("pages of 64 KiB or more");

    char name[64];
    snprintf(name, sizeof name, "/environment-%ld", (long)getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
    if (queue == (mqd_t)-1 || mq_unlink(name) == -1)
        printf("no POSIX queue: %s\n", errno == ENOSYS   ? "ENOSYS"
                                       : errno == EACCES ? "EACCES"
                                       : errno == EMFILE ? "EMFILE"
                                                         : "ENOSPC");
    int system_v = msgget(IPC_PRIVATE, 0600);
    if (system_v == -1 || msgctl(system_v, IPC_RMID, NULL) == -1) puts("no System V queue");

    int ends[2];
    if (pipe(ends) == -1 || fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) == -1)
        puts("no pipe of 1 MiB is permitted");

    char line[256];
    int has_pgreuse = 0;
    FILE *vmstat = fopen("/proc/vmstat", "r");
    while (vmstat && fgets(line, sizeof line, vmstat))
        if (strncmp(line, "pgreuse ", 8) == 0) has_pgreuse = 1;
    if (!has_pgreuse) puts("/proc/vmstat has no pgreuse");
    return 0;
}
