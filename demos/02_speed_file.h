/*
 * 02_speed_file - all bytes of a file that is in the page cache, by read() and by mapping it.
 *
 * Every way adds up all words of the file; the sums must agree. "Fresh" opens, maps, reads, unmaps
 * and closes each time, as read() opens and closes; "kept" has the file mapped already.
 */
#ifndef SPEED_FILE_H
#define SPEED_FILE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

#define BLOCK (4 << 10) /* at random, so much is read at a time */

enum file_way { READ_4K, READ_64K, READ_1M, FRESH, POPULATED, KEPT, AT_RANDOM = 8 };

static struct test_file {
    size_t bytes;
    char path[1100];
    int fd;
    const char *kept;
    uint64_t sum;
} test_files[8];
static uint64_t file_buffer[(1 << 20) / sizeof(uint64_t)];

static uint64_t add_up(const void *memory, size_t bytes) {
    const uint64_t *words = memory;
    uint64_t sums[8] = {0}, sum = 0;
    for (size_t i = 0; i < bytes / sizeof *words; i += 8)
        for (size_t j = 0; j < 8; j++)
            sums[j] += words[i + j];
    for (size_t j = 0; j < 8; j++)
        sum += sums[j];
    return sum;
}

/* The block to be read after this one: each comes once, in no order that could be foreseen. */
static size_t next_block(size_t block, size_t blocks) {
    return (block * 1664525 + 1013904223) % blocks; /* the number of blocks is a power of two */
}

static uint64_t read_file(int fd, size_t bytes, size_t at_once, bool random) {
    uint64_t sum = 0;
    size_t block = 0;
    for (size_t done = 0; done < bytes; done += at_once) {
        size_t from = random ? block * at_once : done;
        block = next_block(block, bytes / at_once > 0 ? bytes / at_once : 1);
        size_t wanted = bytes - from < at_once ? bytes - from : at_once;
        if (pread(fd, file_buffer, wanted, (off_t)from) != (ssize_t)wanted) die("pread");
        sum += add_up(file_buffer, wanted);
    }
    return sum;
}

static uint64_t read_mapping(const char *p, size_t bytes, bool random) {
    uint64_t sum = 0;
    if (!random) return add_up(p, bytes);
    for (size_t i = 0, block = 0; i < bytes / BLOCK; i++, block = next_block(block, bytes / BLOCK))
        sum += add_up(p + block * BLOCK, BLOCK);
    return sum;
}

static uint64_t pass(const struct test_file *file, enum file_way way, bool random) {
    static const size_t at_once[] = {[READ_4K] = BLOCK, [READ_64K] = 64 << 10, [READ_1M] = 1 << 20};
    if (way == KEPT) return read_mapping(file->kept, file->bytes, random);
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) die("open %s", file->path);
    uint64_t sum;
    if (way <= READ_1M) {
        sum = read_file(fd, file->bytes, at_once[way], random);
    } else {
        int flags = MAP_SHARED | (way == POPULATED ? MAP_POPULATE : 0);
        char *p = mmap(NULL, file->bytes, PROT_READ, flags, fd, 0);
        if (p == MAP_FAILED) die("mmap");
        sum = read_mapping(p, file->bytes, random);
        munmap(p, file->bytes);
    }
    close(fd);
    return sum;
}

static double read_passes(struct row *row) {
    const struct test_file *file = test_files;
    while (file->bytes != row->bytes)
        file++;
    long n = 0;
    double before = faults_so_far(), begin = now();
    for (; n == 0 || now() - begin < slice; n++)
        row->wrong +=
            pass(file, (enum file_way)(row->way % AT_RANDOM), row->way >= AT_RANDOM) != file->sum;
    double ns = (now() - begin) / (double)n;
    row->switches += (faults_so_far() - before) / (double)n;
    return ns;
}

/* Makes a file of so many bytes, writes it so that it is in the page cache, and maps it. */
static void open_file(size_t bytes) {
    struct test_file *file = test_files;
    char name[32];
    while (file->bytes)
        file++;
    file->bytes = bytes;
    snprintf(name, sizeof name, "speed-%zu", bytes);
    file->fd = scratch_file(name, bytes);
    strcpy(file->path, scratch_path(name));
    for (size_t done = 0; done < bytes; done += sizeof file_buffer) {
        size_t part = bytes - done < sizeof file_buffer ? bytes - done : sizeof file_buffer;
        compose(file_buffer, part, done + 1);
        file->sum += add_up(file_buffer, part);
        if (pwrite(file->fd, file_buffer, part, (off_t)done) != (ssize_t)part) die("pwrite");
    }
    file->kept = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, file->fd, 0);
    if (file->kept == MAP_FAILED) die("mmap");
}

static size_t file_rows(struct row *rows, const char *table, size_t bytes, bool random) {
    static const char *const names[] = {"read() of 4 KiB each", "read() of 64 KiB each",
                                        "read() of 1 MiB each", "mmap(), fresh",
                                        "mmap(), MAP_POPULATE", "mmap(), kept"};
    size_t n = 0;
    for (int way = READ_4K; way <= KEPT; way++)
        if (way == READ_4K || way >= FRESH ||
            (!random && bytes > (way == READ_64K ? BLOCK : 64 << 10)))
            rows[n++] = (struct row){.table = table,
                                     .name = names[way],
                                     .run = read_passes,
                                     .way = way + (random ? AT_RANDOM : 0),
                                     .bytes = bytes};
    return n;
}

static void close_files(void) {
    for (struct test_file *file = test_files; file->bytes; file++) {
        munmap((void *)(uintptr_t)file->kept, file->bytes);
        close(file->fd);
        unlink(file->path);
        file->bytes = 0;
    }
}

#endif
