#define _GNU_SOURCE
/*
 * 02_limits - how much can be mapped?
 *
 * Notes      section 2.3 与其他 IPC 方式对比; the row 容量限制, column 共享内存映射
 * Watch      a huge mapping takes neither memory nor disk; which ones are refused, and when
 * Try this   a store to two pages far apart; PROT_READ for the private file; no MAP_NORESERVE
 * See also   mmap(2) (ENOMEM, MAP_NORESERVE), proc(5) (overcommit_memory), getrlimit(2);
 *            02_pipe_and_queue, 10_1_full_disk
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* How much disk space an open file takes: KiB. */
static long disk_kb(int fd) {
    struct stat info;
    if (fstat(fd, &info) == -1) die("fstat");
    return info.st_blocks / 2;
}

/* 0 if vm.overcommit_memory is 0, the default: what is more than all memory and swap is refused.
 * Else why nothing can be said of that; proc(5). */
static long heuristic_overcommit(void) {
    char mode = '?';
    int fd = open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC);
    if (fd == -1) return unknown("/proc/sys/vm/overcommit_memory: %s", errno_name(errno));
    if (read(fd, &mode, 1) != 1) die("read");
    close(fd);
    return mode == '0' ? 0 : unknown("vm.overcommit_memory is %c", mode);
}

/* How an mmap() ended, where the kernel refuses such mappings at all. */
static const char *outcome(const void *mapped, long why_not) {
    if (why_not != 0) return unknown_text(why_not);
    return mapped == MAP_FAILED ? errno_name(errno) : "success";
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "how much can be mapped?");
    size_t page = page_size(), gigabyte = 1 << 30, size = gigabyte;
    struct sysinfo all;

    predict("How many page faults is a store to the mapping's last byte? How much disk space?");
    step("Map a file, one hole, 1 GiB longer than memory and swap. Store into its last byte.");
    tell("The notes say (2.3-5, in part): gigabytes can be mapped.");
    if (sysinfo(&all) == -1) die("sysinfo");
    if (sizeof size > 4) size += (all.totalram + all.totalswap) * all.mem_unit;
    int fd = scratch_file("large", 0);
    if (ftruncate(fd, size) == -1 && errno == EFBIG) size = gigabyte; /* vfat: 4 GiB */
    if (ftruncate(fd, size) == -1) die("ftruncate");
    volatile char *p = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(smaps_kb(getpid(), p, "Size"), size / 1024, "gigabytes can be mapped in one call",
             "2.3-5");
    check_is(smaps_kb(getpid(), p, "Rss"), 0,
             "without MAP_POPULATE or locking, mmap() of a file takes no page of memory", "2.3-5");
    long before = disk_kb(fd);
    check_is(faults_of(p[size - 1] = 'x'), 1,
             "a store to the last byte of a huge mapping costs just one page fault", "2.3-5");
    evidence("disk: %ld KiB before the store, %ld after it; length: %zu MiB", before, disk_kb(fd),
             size >> 20);
    check_is(disk_kb(fd) / 1024, 0,
             "a sparse file with one page in use takes less than 1 MiB of disk", "2.3-5");

    predict("Nobody has stored anything yet. Which of these mappings does mmap() refuse?");
    step("Map as many bytes again, in five ways, and store nothing.");
    long why_not = size > gigabyte ? heuristic_overcommit()
                                   : unknown("no file here can be longer than memory and swap");
    void *m = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "mmap() refuses private anonymous memory of more than memory and swap: ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "mmap() refuses shared anonymous memory of more than memory and swap: ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_PRIVATE, fd, 0);
    check_is(outcome(m, why_not), "ENOMEM",
             "mmap() refuses a writable private file mapping of more than memory and swap: ENOMEM",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check_is(outcome(m, why_not), "success",
             "with MAP_NORESERVE mmap() accepts private memory of more than memory and swap",
             "2.3-5");
    m = mmap(NULL, size, RW, MAP_SHARED, fd, 0);
    check_is(outcome(m, why_not), "success",
             "mmap() accepts a MAP_SHARED file mapping of more than memory and swap", "2.3-5");

    step("Map more than the address space has; then one page after lowering RLIMIT_AS.");
    m = mmap(NULL, SIZE_MAX - 2 * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check_errno(m == MAP_FAILED, ENOMEM,
                "what does not fit into the address space cannot be mapped: ENOMEM", "2.3-5");
    struct rlimit old, low;
    if (getrlimit(RLIMIT_AS, &old) == -1) die("getrlimit");
    low = (struct rlimit){page, old.rlim_max};
    if (setrlimit(RLIMIT_AS, &low) == -1) die("setrlimit");
    m = mmap(NULL, page, RW, MAP_SHARED, fd, 0);
    int error = errno;
    if (setrlimit(RLIMIT_AS, &old) == -1) die("setrlimit");
    errno = error;
    check_errno(m == MAP_FAILED, ENOMEM, "mmap() beyond RLIMIT_AS is also refused: ENOMEM",
                "2.3-5");
    return end();
}
