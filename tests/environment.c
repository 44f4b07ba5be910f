/*
 * Prints, one a line, the reasons for which checks may be skipped on this machine. Found out here
 * without the rooms of common/, so that a room that skips too readily is noticed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

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

    const char *tmpdir = getenv("TMPDIR");
    struct statfs info;
    if (statfs(tmpdir && *tmpdir ? tmpdir : "/tmp", &info) == -1) return 1;
    if (info.f_type == 0x01021994 || (unsigned long)info.f_type == 0x858458f6)
        puts("this file system has no disk to write to"); /* tmpfs, ramfs */

    if (page >= 65536) puts("pages of 64 KiB or more");

    char line[256];
    int has_pgreuse = 0;
    FILE *vmstat = fopen("/proc/vmstat", "r");
    while (vmstat && fgets(line, sizeof line, vmstat))
        if (strncmp(line, "pgreuse ", 8) == 0) has_pgreuse = 1;
    if (!has_pgreuse) puts("/proc/vmstat has no pgreuse");
    return 0;
}
