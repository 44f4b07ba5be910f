#define _GNU_SOURCE
/*
 * 02_first_touch - what does the first access to a page cost?
 *
 * Notes      3.3 mmap 的映射过程, 4.1 核心区别 (性能), 9.3 /dev/zero vs 匿名映射对比 (性能)
 * Watch      the page faults beside the times: what does the kernel do in each of them?
 * Try this   touch all pages beforehand; populate /dev/zero as well; touch the first page only
 * See also   mmap(2), getrusage(2); 02_read_or_map, 03_fault_around, 05_cow_after_fork
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "02_clock.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

#define BYTES     (4L << 20)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

enum { PRIVATE, SHARED, ZERO, POPULATED, LOAD, STORE, OWN, ONE_PAGE, ONE_ZERO, WAYS };
static const struct {
    const char *name;
    int flags;
    const char *why;
} about[WAYS] = {
    {"anonymous, private", ANONYMOUS, "a page is found and filled with zeros"},
    {"anonymous, shared", MAP_SHARED | MAP_ANONYMOUS, "... and goes into a file"},
    {"/dev/zero, private", MAP_PRIVATE, "which is private anonymous memory"},
    {"MAP_POPULATE, with mmap()", ANONYMOUS | MAP_POPULATE, "mmap() does the same work: no faults"},
    {"file, load", MAP_SHARED, "a fault maps the cached pages around it as well"},
    {"file loaded, shared store", MAP_SHARED, "the page is noted as dirty"},
    {"file loaded, private store", MAP_PRIVATE, "a page is found, and copied into"},
    {"mmap(), store, munmap()", ANONYMOUS, "a mapping of one page, from beginning to end"},
    {"... of /dev/zero", MAP_PRIVATE, "open() and close() as well"},
};
static int file, zero;
static long wrong; /* bytes that are not what was stored */

/* Maps 4 MiB, touches all pages, and looks whether each has the byte that was stored. */
static double touch(struct way *way) {
    const int how = way->how, fd = how == ZERO ? zero : how >= LOAD ? file : -1;
    const size_t size = page_size();
    const char byte = (char)('a' + how);
    double began = now();
    volatile char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, about[how].flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    for (size_t i = 0; i < BYTES && (how == STORE || how == OWN); i += size)
        (void)p[i];
    count_faults();
    if (how != POPULATED) began = now();
    for (size_t i = 0; i < BYTES && how == LOAD; i += size)
        (void)p[i];
    for (size_t i = 0; i < BYTES && how != LOAD; i += size)
        p[i] = byte;
    double ns = now() - began;
    way->extra += (double)(faults_counted() * size) / BYTES;
    for (size_t i = 0; i < BYTES && how != LOAD; i += size)
        wrong += p[i] != byte;
    munmap((void *)p, BYTES);
    return ns * (double)size / BYTES;
}

/* All that it takes to have one page of private memory and to give it back. */
static double have_one_page(struct way *way) {
    double began = now(), times = 0;
    for (; times == 0 || now() - began < slice; times++) {
        int fd = way->how == ONE_ZERO ? open("/dev/zero", O_RDWR | O_CLOEXEC) : -1;
        volatile char *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, about[way->how].flags, fd, 0);
        if (p == MAP_FAILED) die("mmap");
        if (times == 0) count_faults();
        *p = 'x';
        if (times == 0) way->extra += (double)faults_counted();
        munmap((void *)p, 1);
        close(fd);
    }
    return (now() - began) / times;
}

int main(int argc, char **argv) {
    begin(argc, argv, 3, "what does the first access to a page cost?");
    static struct way ways[WAYS];
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* one fault for each page: no huge pages */
    file = scratch_file("file", BYTES);
    zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    const char *no_zero =
        zero == -1 ? unknown_text(unknown("/dev/zero: %s", errno_name(errno))) : NULL;
    for (int how = 0; how < WAYS; how++) {
        ways[how] = (struct way){about[how].name, touch, how, .why = about[how].why};
        if (how == ZERO || how == ONE_ZERO) ways[how].skipped = no_zero;
        if (how >= ONE_PAGE) ways[how].run = have_one_page;
    }
    pin(0);

    predict("Which first store takes longest: to private memory, to shared memory, to a file?");
    step("Touch all pages of 4 MiB in each of these ways, or one page in a mapping of its own.");
    explain_tables();
    tell("Faults: page faults for each page while it is touched; those inside mmap() not counted.");
    measure("a page", "faults", ways, WAYS, 0.8);

    step("Has every page the byte that was stored? Which touches were page faults?");
    check_is(wrong, 0,
             "anonymous or of a file (not past its end), a page keeps the byte stored into it",
             NULL);
    check_is(extra_of(&ways[PRIVATE]), 1,
             "the first store to a small page of private anonymous memory faults", NULL);
    check_is(extra_of(&ways[ZERO]), extra_of(&ways[PRIVATE]),
             "MAP_PRIVATE of /dev/zero faults as often as private anonymous memory", "9.3-3");

    predict("Which of these statements do the numbers bear out?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (4.1-5): each run judges itself; the next may differ.");
    evidence("at least 1.1 times as fast? Undecided: 1.1 lies between the quartiles");
    tell("The notes say (4.1-5, in part): MAP_SHARED is faster; MAP_PRIVATE's first store copies.");
    verdict("a page of a file, loaded before", &ways[OWN], &ways[STORE], 1.1);
    verdict("a page of anonymous memory", &ways[PRIVATE], &ways[SHARED], 1.1);
    tell("The notes say (9.3-3, in part): /dev/zero is slightly slower, MAP_ANONYMOUS faster.");
    verdict("a page of private memory", &ways[ZERO], &ways[PRIVATE], 1.1);
    verdict("a mapping of one page in all", &ways[ONE_ZERO], &ways[ONE_PAGE], 1.1);
    return end();
}
