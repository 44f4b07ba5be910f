#define _GNU_SOURCE
/*
 * 02_limits - how much can be mapped?
 *
 * Notes      section 2.3 与其他 IPC 方式对比; the row 容量限制, column 共享内存映射
 * Watch      a huge mapping takes no memory; which ones are refused, and when
 * Try this   a store to two pages far apart; half as much anonymous memory; no MAP_NORESERVE
 * See also   mmap(2) (ENOMEM), proc(5) (overcommit_memory); 10_1_full_disk, 11_safe_call
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* 0 if vm.overcommit_memory is 0, the default: what is more than all memory and swap is refused.
 * Else why nothing can be said of that; proc(5). */
static long heuristic_overcommit(void) {
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY);
    if (fd == -1) return unknown("/proc/sys/vm/overcommit_memory: %s", errno_name(errno));
    char mode = byte_in_file(fd, 0);
    return mode == '0' ? 0 : unknown("vm.overcommit_memory is %c", mode);
}

/* How an mmap() ended, unless there is a reason why that says nothing. */
static const char *outcome(const void *mapped, long why_not) {
    if (why_not != 0) return unknown_text(why_not);
    return mapped == MAP_FAILED ? errno_name(errno) : "success";
}

int main(int argc, char **argv) {
    begin(argc, argv, 8, "how much can be mapped?");
    size_t page = page_size(), gigabyte = 1 << 30, size = gigabyte;
    struct sysinfo all;

    predict("How many page faults does a store to the mapping's last byte take?");
    step("Map a file, one hole, 1 GiB longer than memory and swap. Store into its last byte.");
    tell("The notes say (2.3-5, in part): gigabytes can be mapped.");
    if (sysinfo(&all) == -1) die("sysinfo");
    if (sizeof size > 4) size += (all.totalram + all.totalswap) * all.mem_unit;
    int fd = scratch_file("large", 0);
    if (ftruncate(fd, size) == -1 && (errno == EFBIG || errno == ENOSPC))
        size = gigabyte; /* vfat: 4 GiB; exfat: no holes */
    if (ftruncate(fd, size) == -1) die("ftruncate");
    volatile char *p = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(smaps_kb(getpid(), p, "Size"), size / 1024, "gigabytes can be mapped in one call",
             "2.3-5");
    check_is(faults_of(p[size - 1] = 'x'), 1,
             "a store to the end of a mapping of gigabytes costs just one page fault", "2.3-5");
    evidence("%zu MiB are mapped", size >> 20);

    predict("Nothing is stored to these mappings. Which of them does mmap() refuse?");
    step("Map as many bytes again, in five ways; then more than the address space has.");
    long why_not = size > gigabyte ? heuristic_overcommit()
                                   : unknown("no file here can be longer than memory and swap");
    void *m = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "without MAP_NORESERVE more writable private memory than RAM and swap is ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "without MAP_NORESERVE more shared anonymous memory than RAM and swap is ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_PRIVATE, fd, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "by default a writable private file mapping larger than RAM and swap is ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check_is(outcome(m, why_not), "success",
             "by default a private mapping larger than RAM and swap is accepted with MAP_NORESERVE",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
    check_is(outcome(m, why_not), "success",
             "a MAP_SHARED file mapping larger than RAM and swap is accepted", "2.3-5");
    m = mmap(NULL, SIZE_MAX - 2 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_errno(m == MAP_FAILED, ENOMEM,
                "what does not fit into the address space cannot be mapped: ENOMEM", "2.3-5");
    return end();
}
