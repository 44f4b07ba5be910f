#define _GNU_SOURCE
/*
 * 02_read_or_map - is a file read faster through a mapping than by read()?
 *
 * Notes      section 2.1 性能优势: read/write and mmap, one beside the other
 * Watch      a small file and a large one; a mapping made for one reading, and one that is kept
 * Try this   read every block from the start; map memory without a file
 * See also   mmap(2), pread(2); 02_copies, 02_first_touch, 03_demand_paging
 */
#include <sys/mman.h>
#include <unistd.h>

#include "02_clock.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

#define BLOCK (4L << 10) /* of the file; each of its words depends on its place: fill() */

enum { READ, FRESH, POPULATED, KEPT, WAYS };
static struct way small[WAYS], large[WAYS];
static int fd;
static char *kept; /* the whole file, mapped once and for all */

/* Looks at every byte of the blocks: in a mapping at `p`, or, if that is NULL, by pread(). */
static void read_blocks(struct way *way, const char *p) {
    static uint64_t buffer[16 * BLOCK / 8];
    const size_t blocks = way->bytes / BLOCK, at_once = blocks == 1 ? 1 : 16;
    for (size_t n = 0; n < blocks; n += at_once) {
        if (!p && pread(fd, buffer, at_once * BLOCK, n * BLOCK) == -1) die("pread");
        const uint64_t *words = p ? (const uint64_t *)(p + n * BLOCK) : buffer;
        for (size_t k = 0; k < at_once; k++)
            way->wrong += !is_whole(words + k * BLOCK / 8, BLOCK, n + k);
    }
}

/* Reads the file again and again, 4 MiB or more; extra: page faults of the loads, each time. */
static double read_often(struct way *way) {
    const int flags = MAP_SHARED | (way->how == POPULATED ? MAP_POPULATE : 0);
    double began = now(), times = 0, faults = 0;
    for (; times * (double)way->bytes < 4 << 20 || now() - began < slice; times++) {
        const char *p = way->how == KEPT ? kept : NULL;
        if (way->how == FRESH || way->how == POPULATED)
            p = mmap(NULL, way->bytes, PROT_READ, flags, fd, 0);
        if (p == MAP_FAILED) die("mmap");
        if (times < 8) count_faults(); /* not each time: that takes longer than to read 4 KiB */
        read_blocks(way, p);
        if (times < 8) faults += (double)faults_counted();
        if (p && p != kept) munmap((void *)p, way->bytes);
    }
    way->extra += faults / (times < 8 ? times : 8);
    return (now() - began) / times;
}

static void table(const char *title, struct way *ways, size_t bytes) {
    static const char *const names[] = {"read()", "mmap(), fresh", "mmap(), MAP_POPULATE",
                                        "mmap(), kept"};
    for (int how = 0; how < WAYS; how++)
        ways[how] = (struct way){names[how], read_often, how, 1, bytes, .why = NULL};
    if (ways == small) ways[FRESH].why = "mmap(), a fault and munmap() cost more than a copy";
    if (ways == large) {
        ways[FRESH].why = "each fault maps the cached pages around it as well: 16, or more";
        ways[POPULATED].why = "mmap() itself maps all pages: it saves the faults, not the work";
        ways[KEPT].why = "no call and no fault: the loads alone";
    }
    measure(title, "faults", ways, WAYS, 0.5);
}

int main(int argc, char **argv) {
    begin(argc, argv, 1, "is a file read faster through a mapping than by read()?");
    const size_t most = quick ? 4 << 20 : 64 << 20;
    fd = scratch_file("file", most);
    kept = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (kept == MAP_FAILED) die("mmap");
    for (size_t n = 0; n < most / BLOCK; n++)
        fill((uint64_t *)(kept + n * BLOCK), BLOCK, n);
    read_blocks(&(struct way){.bytes = most}, NULL); /* now the buffer has its pages */
    pin(0);

    predict("A file of 4 KiB: is read() faster, or a mapping made for it?");
    step("Read all bytes of a small file, which is in the page cache, in four ways.");
    explain_tables();
    tell("Fresh: mapped, read and unmapped each time. Kept: mapped once, before the first round.");
    tell("Faults: page faults of the loads in one reading; those inside mmap() are not counted.");
    table("4 KiB", small, BLOCK);

    predict("And a file of 64 MiB?");
    step("Read a large file, by read() 64 KiB at a time. Are all bytes right?");
    table("64 MiB", large, most);
    long wrong = 0;
    for (int how = 0; how < WAYS; how++)
        wrong += small[how].wrong + large[how].wrong;
    check_is(wrong, 0, "read() and a MAP_SHARED mapping of the whole file find the same bytes",
             NULL);

    predict("In which of these cases is a mapping the faster way?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-7): each run judges itself; the next may differ.");
    tell("The notes say (2.1-7, in part): speed is mmap's greatest advantage over read/write.");
    evidence("at least 1.1 times as fast as read()? Undecided: 1.1 lies between the quartiles");
    verdict("4 KiB, mapped for it", &small[READ], &small[FRESH], 1.1);
    verdict("4 KiB, kept", &small[READ], &small[KEPT], 1.1);
    verdict("64 MiB, mapped for it", &large[READ], &large[FRESH], 1.1);
    verdict("64 MiB, kept", &large[READ], &large[KEPT], 1.1);
    return end();
}
