#define _GNU_SOURCE
/*
 * 13_own_pager - can a program do demand paging and copy-on-write as the kernel does?
 *
 * Notes      beyond the notes: sections 3.3 and 5.2 once more, in a signal handler
 * Watch      the permissions of the eight pages; its signals beside the kernel's page faults
 * Try this   load from the pages before as well; fetch with PROT_WRITE; copy at the first touch
 * See also   sigaction(2), mremap(2); 03_demand_paging, 05_cow_after_fork, 13_userfaultfd
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PAGES 8

static volatile char *range, *cache; /* what the program uses; the pager's page cache */
static int cache_fd;                 /* the file that cache is a mapping of */
static size_t page;
static bool entry[PAGES]; /* the pager's page table: is there an entry for page n? */
static volatile long fetched, copied;

/* Demand paging, section 3.3: gives page n its contents, and an entry that is good for loads. */
static void fetch(size_t n) {
    char *at = (char *)range + n * page;
    memset((char *)cache + n * page, 'A' + (int)n, page); /* a real pager would read a disk */
    if (mmap(at, page, PROT_READ, MAP_SHARED | MAP_FIXED, cache_fd, n * page) == MAP_FAILED)
        die("mmap");
    entry[n] = true;
    fetched++;
}

/* Copy-on-write, section 5.2: copies page n, and lets its entry lead to the copy. */
static void copy(size_t n) {
    char *at = (char *)range + n * page;
    char *new = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (new == MAP_FAILED) die("mmap");
    memcpy(new, at, page);
    if (mremap(new, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED) die("mremap");
    copied++;
}

/* The pager: it brings in pages. When it returns, the processor repeats the access. */
static void on_fault(int signo, siginfo_t *info, void *context) {
    size_t n = ((char *)info->si_addr - range) / page;
    (void)context;
    if (n >= PAGES)
        signal(signo, SIG_DFL); /* a mistake: repeated, it ends the program */
    else if (!entry[n])
        fetch(n);
    else
        copy(n);
}

static void show(void) {
    char text[PAGES * 5 + 1] = "";
    for (size_t n = 0; n < PAGES; n++)
        strcat(strcat(text, " "), look_at(getpid(), range + n * page).permissions);
    evidence("pages of range:%s   fetched %ld, copied %ld", text, fetched, copied);
}

int main(int argc, char **argv) {
    begin(argc, argv, 11, "can a program do demand paging and copy-on-write as the kernel does?");
    page = page_size();
    pid_t self = getpid();

    step("Map two areas, range and real. Pagers bring in their pages: on_fault(), the kernel.");
    cache_fd = scratch_file("cache", PAGES * page);
    cache = mmap(NULL, PAGES * page, RW, MAP_SHARED, cache_fd, 0);
    range = mmap(NULL, PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile char *real = mmap(NULL, PAGES * page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (cache == MAP_FAILED || range == MAP_FAILED || real == MAP_FAILED) die("mmap");
    madvise((void *)real, PAGES * page, MADV_NOHUGEPAGE);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGSEGV, &action, NULL) == -1) die("sigaction");

    predict("How many pages does on_fault() fetch, how many faults has the kernel: 1, 3, 6, 8?");
    step("Load from pages 1, 3 and 5 of range, twice from each. Then do the same with real.");
    for (size_t n = 1; n <= 5; n += 2)
        (void)range[n * page], (void)range[n * page];
    show();
    check_is(fetched, 3, "a SIGSEGV handler can fetch each page at its first touch", "13.2-1");
    check(range[page] == 'B' && range[3 * page] == 'D' && range[5 * page] == 'F',
          "once a SIGSEGV handler has mapped the page, the load is repeated and works", "13.2-1");
    count_faults();
    for (size_t n = 1; n <= 5; n += 2)
        (void)real[n * page], (void)real[n * page];
    check_is(faults_counted(), 3, "small private anonymous pages fault at first load", "13.2-1");

    step("Store to the pages 3 and 5 of range, twice to each. Then the same with real.");
    for (size_t n = 3; n <= 5; n += 2)
        range[n * page] = 'x', range[n * page] = 'y';
    show();
    picture({"range 1", self, range + page}, {"cache 1", self, cache + page},
            {"cache 3", self, cache + 3 * page}, {"range 3", self, range + 3 * page});
    check_is(copied, 2, "a SIGSEGV handler can copy each page at its first store", "13.2-2");
    check(range[3 * page] == 'y' && range[4 * page - 1] == 'D' && cache[3 * page] == 'D',
          "once a SIGSEGV handler has mapped a copy there the repeated store goes to it", "13.2-2");
    check_is(same_frame(self, range + page, self, cache + page), 1,
             "a SIGSEGV handler need not copy a page that is only loaded from", "13.2-2");
    count_faults();
    for (size_t n = 3; n <= 5; n += 2)
        real[n * page] = 'x', real[n * page] = 'y';
    check_is(faults_counted(), 2,
             "loads of private anonymous memory map the zero page: a store then faults", "13.2-2");

    predict("How many signals does a first store take? How many page faults has the kernel?");
    step("Store to page 7 of range, which nobody has touched yet. Then the same with real.");
    range[7 * page] = 'x';
    show();
    check(fetched == 4 && copied == 3,
          "a pager that uses only si_addr takes two signals for a first store", "13.2-3");
    check_is(faults_of(real[7 * page] = 'x'), 1,
             "the kernel knows a store from a load: a first store is one page fault", "13.2-3");

    predict("What does pwrite() return if the byte to write is in a page not yet fetched?");
    step("Let pwrite() load from page 0 of range, then from page 0 of real.");
    check_errno(pwrite(cache_fd, (char *)range, 1, 0) == -1 && fetched == 4, EFAULT,
                "a system call on memory without access runs no SIGSEGV handler: EFAULT", "13.2-4");
    check_is(pwrite(cache_fd, (char *)real, 1, 0), 1,
             "the kernel brings in a page of anonymous memory that a system call loads from",
             "13.2-4");
    return end();
}
