/*
 * 10_9_two_at_once - what may two processes not do with memory they share?
 *
 * Notes      section 10 使用注意事项: what is missing there, for two processes
 * Watch      a pointer is good in one process only; of two ++, one gets lost
 * Try this   1. In `struct note *note`, MAP_SHARED -> MAP_PRIVATE: check 3 fails
 *            2. In `void *taken`, PROT_NONE -> PROT_READ: check 2 fails
 *            3. atomic_store(&shared->plain, loaded + 1) -> atomic_fetch_add(&shared->plain, 1):
 *               check 5 fails
 *            4. In `struct counters *shared`, MAP_SHARED -> MAP_PRIVATE: checks 4, 6 and 7 fail
 * See also   mmap(2), stdatomic.h; 08_notes_pair, 10_8_more_traps
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "check.h"
#include "observe.h"
#include "process.h"
#include "scratch.h"

#define RW    (PROT_READ | PROT_WRITE)
#define TIMES 2000000

struct note { /* in the file: where its text is, said in two ways */
    char *pointer;
    size_t offset;
    char text[8];
};
struct counters {
    atomic_long plain, whole;
};

/* The unrelated process: keeps the address of the first mapping free, and maps elsewhere. */
static void stranger(struct turns *other, const char *path) {
    struct note note;
    int fd = open(path, O_RDWR);
    if (fd == -1 || pread(fd, &note, sizeof note, 0) != sizeof note) die("open, pread");
    void *taken = mmap(note.pointer, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *p = mmap(NULL, sizeof note, RW, MAP_SHARED, fd, 0);
    if (taken == MAP_FAILED || p == MAP_FAILED) die("mmap");
    await_turn(other);
    other->said = strcmp(load_from(note.pointer), "no signal") != 0;
    await_turn(other);
    other->said = p[note.offset];
    last_turn(other);
}

/* What counter++ does to a plain counter. (Atomic accesses: a race of plain ones is undefined.) */
static void plain_increment(atomic_long *counter) {
    long value = atomic_load(counter);
    atomic_store(counter, value + 1);
}

static void count(struct counters *counters) {
    for (int i = 0; i < TIMES; i++) {
        plain_increment(&counters->plain);
        atomic_fetch_add(&counters->whole, 1);
    }
}

int main(int argc, char **argv) {
    struct turns other, child;
    if (has_role(argc, argv, "stranger", &other)) stranger(&other, argv[2]);
    begin(argc, argv, 7, "what may two processes not do with memory they share?");
    size_t page = page_size();

    predict("Both read the same pointer: what does the other process find where it points?");
    step("A pointer stored in shared memory; an unrelated process maps the file elsewhere.");
    char *path = scratch_path("note");
    int note_fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (note_fd == -1) die("open");
    if ((errno = posix_fallocate(note_fd, 0, (off_t)page)) != 0) die("posix_fallocate");
    struct note *note = mmap(NULL, sizeof *note, RW, MAP_SHARED, note_fd, 0);
    if (note == MAP_FAILED) die("mmap");
    struct note first = {note->text, offsetof(struct note, text), ""};
    if (pwrite(note_fd, &first, sizeof first, 0) != sizeof first) die("pwrite");
    strcpy(note->text, "text");
    evidence("the pointer stored there: %p", (void *)note->pointer);
    check(note->pointer[0] == 't', "the process that stored the pointer can follow it", NULL);
    start_unrelated(&other, argv[0], "stranger", path);
    check_num(give_turn(&other), ==, true,
              "a stored pointer is no use to another process: here it dies of it", NULL);
    check_num(give_turn(&other), ==, 't',
              "an offset from the mapping's start works in every process", NULL);
    turns_close(&other);

    predict("Each of the two adds 1 to a counter that is 0: what is it afterwards?");
    show_also("plain_increment");
    step("Two processes add to one counter. By turns: the parent's ++ is cut in two.");
    struct counters *shared = mmap(NULL, page, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) die("mmap");
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        plain_increment(&shared->plain);
        atomic_fetch_add(&shared->whole, 1);
        last_turn(&child);
    }
    long loaded = atomic_load(&shared->plain);
    give_turn(&child);
    check_num(atomic_load(&shared->plain), ==, 1, "the child's ++ is seen in the shared memory",
              NULL);
    atomic_store(&shared->plain, loaded + 1);
    atomic_fetch_add(&shared->whole, 1);
    turns_close(&child);
    check_num(atomic_load(&shared->plain), ==, 1, "two plain ++ may add 1: one is lost", NULL);
    check_num(atomic_load(&shared->whole), ==, 2, "two atomic additions add 2", NULL);

    predict("How many ++ get lost: none, a few, thousands? And how many atomic additions?");
    show_also("count");
    step("Both at once, 2 million times each, from a common start.");
    atomic_store(&shared->plain, 0);
    atomic_store(&shared->whole, 0);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        place(1, 2);       /* if there are two CPUs, each has one of its own */
        hand_back(&child); /* and goes on: from here both run */
        count(shared);
        last_turn(&child);
    }
    place(0, 2);
    give_turn(&child);
    count(shared);
    turns_close(&child);
    long both = 2L * TIMES, lost = both - atomic_load(&shared->plain);
    evidence("of %ld plain ++ %ld were lost%s; of %ld atomic additions %ld", both, lost,
             lost == 0 ? " this time (nothing forbids it)" : "", both,
             both - atomic_load(&shared->whole));
    check_num(atomic_load(&shared->whole), ==, both, "no atomic addition is ever lost", NULL);
    return end();
}
