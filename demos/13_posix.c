#define _GNU_SOURCE
/*
 * 13_posix - what does Linux do where POSIX leaves a choice, or names another error?
 *
 * Notes      beyond the notes: POSIX is the standard for mmap(), msync() and mprotect()
 * Watch      each step begins with what POSIX says; its checks say what Linux does
 * Try this   a file instead of the directory; MS_ASYNC alone; unmap before the last mmap()
 * See also   mmap(2), msync(2), mprotect(2); 01_address_and_length, 10_1_file_size, 13_protection
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW        (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define MANY      200000 /* pages, and as many mappings */

/* Gives every second page of MANY other permissions: that makes each page a mapping of its own.
 * Returns how many were made before the kernel refused. */
static long split(char *range) {
    for (long n = 0; n < MANY; n += 2)
        if (mprotect(range + n * page_size(), page_size(), PROT_READ) == -1) return n;
    return MANY;
}

int main(int argc, char **argv) {
    begin(argc, argv, 11,
          "what does Linux do where POSIX leaves a choice, or names another error?");
    size_t page = page_size();
    const char *directory = scratch_dir();

    predict("mmap() with MAP_FIXED fails. Is what was mapped there before still there?");
    step("POSIX: a MAP_FIXED that fails may unmap its range. Store a Q; map a directory there.");
    volatile char *p = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int fd = open(directory, O_RDONLY);
    if (p == MAP_FAILED || fd == -1) die("mmap or open");
    *p = 'Q';
    void *failed = mmap((void *)p, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
    check(failed == MAP_FAILED && *p == 'Q',
          "on Linux a MAP_FIXED that is refused for a directory leaves what was mapped there",
          "13.9-1");

    step("POSIX: mmap() never chooses address 0. Try the hint 1; then the very last page.");
    void *chosen = mmap((void *)1, page, RW, ANONYMOUS, -1, 0);
    evidence("hint %p, mapped at %p", (void *)1, chosen);
    check(chosen != MAP_FAILED && chosen,
          "mmap() does not choose the address 0, even if the hint, 1, lies in page 0", "13.9-2");
    /* -page is the address of the very last page. */
    check_errno(mmap((char *)-page, page, RW, ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED, ENOMEM,
                "on x86-64 and arm64 MAP_FIXED outside the address space is ENOMEM", "13.9-2");

    predict("msync() writes to a file. Is it an error for memory that has none?");
    step("POSIX: msync() takes MS_SYNC or MS_ASYNC. Try both, none; anonymous, unmapped memory.");
    check_errno(msync((void *)p, page, MS_SYNC | MS_ASYNC) == -1, EINVAL,
                "msync() with both MS_SYNC and MS_ASYNC is EINVAL", "13.9-3");
    check_is(msync((void *)p, page, 0), 0,
             "Linux accepts an msync() with neither MS_SYNC nor MS_ASYNC", "13.9-3");
    check(msync((void *)p, page, MS_SYNC) == 0 && msync(chosen, page, MS_SYNC) == 0,
          "msync() of anonymous memory, private or shared, succeeds", "13.9-3");
    munmap(chosen, page);
    check_errno(msync(chosen, page, MS_SYNC) == -1, ENOMEM,
                "msync() of what is not mapped is ENOMEM", "13.9-3");

    step("POSIX: these four protections are there on every system. Set each by mprotect().");
    static const int four[] = {PROT_NONE, PROT_READ, PROT_WRITE, RW};
    int accepted = 0;
    for (int i = 0; i < 4; i++)
        accepted += mprotect((void *)p, page, four[i]) == 0;
    check_is(accepted, 4,
             "mprotect() accepts PROT_NONE, PROT_READ, PROT_WRITE and PROT_READ | PROT_WRITE",
             "13.9-4");

    step("POSIX: typed memory, memory of a chosen kind, is an option. Ask sysconf() for it.");
    check_is(sysconf(_SC_TYPED_MEMORY_OBJECTS), -1,
             "Linux has no typed memory: sysconf(_SC_TYPED_MEMORY_OBJECTS) is -1", "13.9-5");

    step("POSIX: an address invalid for a file is ENXIO. Try huge pages (often of 2 MiB).");
    int flags = MAP_SHARED | MAP_NORESERVE, huge = memfd_create("huge", MFD_HUGETLB);
    struct stat info = {.st_blksize = page};
    if (huge != -1 && fstat(huge, &info) == -1) die("fstat");
    char *h = mmap(NULL, info.st_blksize, PROT_READ, flags, huge, 0);
    const char *answer = unknown_text(unknown("huge pages: %s", errno_name(errno)));
    if (h != MAP_FAILED) {
        void *odd = mmap(h + page, page, PROT_READ, flags | MAP_FIXED, huge, 0);
        answer = odd == MAP_FAILED ? errno_name(errno) : "success";
    }
    check_is(answer, "EINVAL",
             "MAP_FIXED of huge pages at an address that is no multiple of their size is EINVAL",
             "13.9-6");

    predict("How many mappings may a process have: as many as it likes?");
    step("POSIX: too many mappings are EMFILE. Split a range until that fails; then mmap().");
    char *range = mmap(NULL, MANY * page, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) die("mmap");
    long made = split(range);
    int more = 0; /* a split takes two mappings more: where that failed one may still fit */
    while (more < 4 && mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        more++;
    const char *error = more == 4 ? "success" : errno_name(errno);
    if (munmap(range, MANY * page) == -1) die("munmap");
    evidence("made of one range: %ld mappings", made);
    if (made == MANY) error = unknown_text(unknown("vm.max_map_count is more than %d", MANY));
    check_is(error, "ENOMEM", "on Linux too many mappings (vm.max_map_count) are ENOMEM", "13.9-7");
    return end();
}
