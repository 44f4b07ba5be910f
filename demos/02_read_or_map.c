#define _GNU_SOURCE
/*
 * 02_read_or_map - is a file read faster through a mapping than by read()?
 *
 * Notes      section 2.1 性能优势: read/write and mmap, one beside the other
 * Watch      a small file and a large one; a mapping made for one reading, and one that is kept
 * Try this   leave MAP_POPULATE out; read every block from the start; give kept pages back
 * See also   mmap(2), pread(2); 02_calls_and_copies, 02_first_touch, 03_demand_paging
 */
#include <sys/mman.h>
#include <unistd.h>

#include "02_clock.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

#define BLOCK (4L << 10) /* of the file; each of its words depends on its place: fill() */

enum { READ_4K, READ_64K, FRESH, POPULATED, KEPT, WAYS };
static const char *const about[WAYS][2] = {
    /* its name; why it takes as long as it does */
    {"read() of 4 KiB each", NULL},
    {"read() of 64 KiB each", "a sixteenth of the calls"},
    {"mmap(), fresh", "each fault maps the cached pages around it as well: 16, or more"},
    {"mmap(), MAP_POPULATE", "mmap() itself maps all pages: it saves the faults, not the work"},
    {"mmap(), kept", "no call and no fault: the loads alone"},
};
static struct way small[WAYS], middle[WAYS], large[WAYS], mixed[WAYS];
static int fd;
static char *kept;     /* the whole file, mapped once and for all */
static bool at_random; /* read each block once, but in an order that no processor foresees */

/* Looks at every byte of the blocks: in a mapping at `p`, or, if that is NULL, by pread(). */
static void read_blocks(struct way *way, const char *p) {
    static uint64_t buffer[16 * BLOCK / 8];
    const size_t blocks = way->bytes / BLOCK, at_once = way->how == READ_64K ? 16 : 1;
    for (size_t i = 0; i < blocks; i += at_once) {
        size_t n = at_random ? i * 2654435761U % blocks : i;
        if (!p && pread(fd, buffer, at_once * BLOCK, n * BLOCK) == -1) die("pread");
        const uint64_t *words = p ? (const uint64_t *)(p + n * BLOCK) : buffer;
        for (size_t k = 0; k < at_once; k++)
            way->wrong += !is_whole(words + k * BLOCK / 8, BLOCK, n + k);
    }
}

static void read_once(struct way *way) {
    int flags = MAP_SHARED | (way->how == POPULATED ? MAP_POPULATE : 0);
    const char *p = way->how == KEPT ? kept : NULL;
    if (way->how == FRESH || way->how == POPULATED)
        p = mmap(NULL, way->bytes, PROT_READ, flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (way->rounds == 0) count_faults();
    for (size_t i = 0; way->rounds == 0 && p && i < way->bytes; i += BLOCK)
        (void)((const volatile char *)p)[i];
    if (way->rounds == 0 && (double)faults_counted() < way->extra) /* no stray ones */
        way->extra = (double)faults_counted();
    read_blocks(way, p);
    if (p && p != kept) munmap((void *)p, way->bytes);
}

/* Reads again and again, 4 MiB or more at a time; the faults of the first round stand for all. */
static double read_often(struct way *way) {
    double began = now(), times = 0;
    if (way->rounds > 0) way->extra += way->extra / way->rounds;
    do {
        for (size_t bytes = 0; bytes < 4 << 20; bytes += way->bytes, times++)
            read_once(way);
    } while (now() - began < slice);
    return (now() - began) / times;
}

static void table(const char *title, struct way *ways, size_t bytes) {
    for (int how = 0; how < WAYS; how++) {
        ways[how] =
            (struct way){about[how][0], read_often, .how = how, .bytes = bytes, .extra = 1e9};
        if (ways == middle) ways[how].why = about[how][1];
    }
    if (ways == small) ways[FRESH].why = "mmap(), a fault and munmap() cost more than a copy";
    if (ways == small || ways == mixed) ways[READ_64K].skipped = "only 4 KiB at a time here";
    pin(0);
    measure(ways, WAYS, 0.4);
    print_table(title, "faults", ways, WAYS);
}

int main(int argc, char **argv) {
    begin(argc, argv, 4, "is a file read faster through a mapping than by read()?");
    size_t most = quick() ? 4 << 20 : 64 << 20;
    fd = scratch_file("file", most);
    kept = mmap(NULL, most, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (kept == MAP_FAILED) die("mmap");
    for (size_t n = 0; n < most / BLOCK; n++)
        fill((uint64_t *)(kept + n * BLOCK), BLOCK, n);

    predict("A file of 4 KiB: is read() faster, or a mapping made for it? And a file of 1 MiB?");
    step("Read all bytes of a small file, which is in the page cache, in five ways.");
    explain_tables();
    tell("Fresh: mapped, read and unmapped each time. Kept: mapped once, before the first round.");
    tell("Faults: page faults of loads from all pages; those inside mmap() are not counted.");
    table("4 KiB", small, BLOCK);
    table("1 MiB", middle, 1 << 20);

    predict("And a file of 64 MiB? And its blocks of 4 KiB in no order?");
    step("Read a large file: in order, then in blocks of 4 KiB that no processor foresees.");
    table("64 MiB, in order", large, most);
    at_random = true;
    table("64 MiB, at random", mixed, most);

    step("Has every way read the right bytes, and done what its name says?");
    long wrong = 0;
    for (int how = 0; how < WAYS; how++)
        wrong += small[how].wrong + middle[how].wrong + large[how].wrong + mixed[how].wrong;
    check_is(wrong, 0, "read() and all mappings find every byte of the file", NULL);
    check_least((long)middle[FRESH].extra, 1, "without MAP_POPULATE the first loads fault", NULL);
    check_is((long)middle[POPULATED].extra, 0, "after MAP_POPULATE no load faults", NULL);
    check_is((long)middle[KEPT].extra, 0, "while pages stay mapped no load of them faults", NULL);

    predict("In which of these cases is a mapping the faster way?");
    step("What do the numbers of this run say about the notes?");
    tell("Not checked here (2.1-7): each run judges itself, and the next may judge otherwise.");
    tell("The notes say (2.1-7, in part): speed is mmap's greatest advantage over read/write.");
    evidence("at least 1.1 times as fast as read()? Undecided: 1.1 lies between the quartiles");
    verdict({"4 KiB, mapped for it", &small[READ_4K], &small[FRESH], 1.1},
            {"1 MiB, mapped for it, read() of 64 KiB", &middle[READ_64K], &middle[FRESH], 1.1},
            {"64 MiB, mapped for it, read() of 64 KiB", &large[READ_64K], &large[FRESH], 1.1},
            {"64 MiB, kept, read() of 64 KiB", &large[READ_64K], &large[KEPT], 1.1},
            {"64 MiB at random, kept, read() of 4 KiB", &mixed[READ_4K], &mixed[KEPT], 1.1});
    return end();
}
