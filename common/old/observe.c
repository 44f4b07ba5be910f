#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>

/* The 64 bits that pagemap.rst gives for every page. */
#define PRESENT        (UINT64_C(1) << 63)
#define SWAPPED        (UINT64_C(1) << 62)
#define FILE_OR_SHARED (UINT64_C(1) << 61)
#define MAPPED_ONCE    (UINT64_C(1) << 56)
#define FRAME          ((UINT64_C(1) << 55) - 1)

size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* The pagemap entries of `pages` pages from `address` on; false if the kernel does not tell. */
static bool read_pagemap(pid_t pid, const volatile void *address, uint64_t *entries, size_t pages) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/pagemap", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) {
        unknown("/proc/PID/pagemap: %s", errno_name(errno));
        return false;
    }
    size_t bytes = pages * sizeof *entries;
    off_t where = (off_t)((uintptr_t)address / page_size() * sizeof *entries);
    ssize_t got = pread(fd, entries, bytes, where);
    if (got != (ssize_t)bytes)
        unknown("/proc/PID/pagemap: %s", got == -1 ? errno_name(errno) : "no such address");
    close(fd);
    return got == (ssize_t)bytes;
}

/* Reads a /proc file line by line without malloc(), which might map memory where none should be. */
struct lines {
    int fd;
    size_t start, end; /* of what is read and not yet given out */
    char text[4096];
};

static bool open_lines(struct lines *lines, const char *path, const char *shown) {
    lines->start = lines->end = 0;
    lines->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (lines->fd == -1) unknown("%s: %s", shown, errno_name(errno));
    return lines->fd != -1;
}

/* The next line without its newline, or NULL at the end; then the file is closed. */
static char *next_line(struct lines *lines) {
    for (;;) {
        char *line = lines->text + lines->start;
        char *newline = memchr(line, '\n', lines->end - lines->start);
        if (newline) {
            *newline = '\0';
            lines->start = (size_t)(newline + 1 - lines->text);
            return line;
        }
        lines->end -= lines->start;
        memmove(lines->text, line, lines->end);
        lines->start = 0;
        ssize_t got = read(lines->fd, lines->text + lines->end, sizeof lines->text - lines->end);
        if (got <= 0) break;
        lines->end += (size_t)got;
    }
    close(lines->fd);
    return NULL;
}

/* The number in "NAME value" or "NAME: value"; false if the line is another. */
static bool parse_field(const char *line, const char *name, long *value) {
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || !strchr(": ", line[length])) return false;
    *value = atol(line + length + 1);
    return true;
}

/* A line of /proc/PID/maps: where the mapping begins, and what of which file is mapped there. */
struct mapping {
    uintptr_t first;
    char permissions[5];
    unsigned long long offset;
    char device[16], inode[24]; /* inode "0": no file */
};

/* The mapping around `address`, or one without permissions if nothing is mapped there; false if the
 * kernel does not tell. */
static bool find_mapping(pid_t pid, const volatile void *address, struct mapping *found) {
    static struct lines lines;
    char path[64];
    uintptr_t wanted = (uintptr_t)address, last;
    *found = (struct mapping){0};
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    if (!open_lines(&lines, path, "/proc/PID/maps")) return false;
    for (char *line; (line = next_line(&lines));) {
        struct mapping m;
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %llx %15s %23s", &m.first, &last,
                   m.permissions, &m.offset, m.device, m.inode) == 6 &&
            m.first <= wanted && wanted < last)
            *found = m;
    }
    return true;
}

static long read_field(const char *path, const char *shown, const char *name) {
    static struct lines lines;
    if (!open_lines(&lines, path, shown)) return UNKNOWN;
    long value = UNKNOWN;
    for (char *line; (line = next_line(&lines));)
        parse_field(line, name, &value);
    if (value == UNKNOWN) unknown("%s has no %s", shown, name);
    return value;
}

const char *page_kind(pid_t pid, const volatile void *address) {
    uint64_t entry;
    struct mapping mapping;
    if (!read_pagemap(pid, address, &entry, 1)) return NULL;
    if (entry & (PRESENT | SWAPPED)) return entry & FILE_OR_SHARED ? FILE_PAGE : ANONYMOUS_PAGE;
    if (!find_mapping(pid, address, &mapping)) return NULL;
    return mapping.permissions[0] ? NO_PAGE : NO_MAPPING;
}

long mapped_once(pid_t pid, const volatile void *address) {
    uint64_t entry;
    if (!read_pagemap(pid, address, &entry, 1)) return UNKNOWN;
    if (!(entry & PRESENT)) return unknown("no page is mapped there");
    return (entry & MAPPED_ONCE) != 0;
}

long frame_of(pid_t pid, const volatile void *address) {
    uint64_t entry;
    if (!read_pagemap(pid, address, &entry, 1)) return UNKNOWN;
    if (!(entry & PRESENT)) return unknown("no page is mapped there");
    if ((entry & FRAME) == 0) return unknown("needs CAP_SYS_ADMIN");
    return (long)(entry & FRAME);
}

long pages_present(pid_t pid, const volatile void *address, size_t pages) {
    uint64_t *entries = calloc(pages, sizeof *entries);
    long present = 0;
    if (!entries) die("calloc");
    if (!read_pagemap(pid, address, entries, pages))
        present = UNKNOWN;
    else
        for (size_t i = 0; i < pages; i++)
            present += (entries[i] & PRESENT) != 0;
    free(entries);
    return present;
}

const char *file_page(pid_t pid, const volatile void *address) {
    static char texts[2][100];
    static int turn;
    uint64_t entry;
    struct mapping m;
    if (!read_pagemap(pid, address, &entry, 1) || !find_mapping(pid, address, &m)) return NULL;
    if (!(entry & PRESENT) || !(entry & FILE_OR_SHARED) || strcmp(m.inode, "0") == 0) {
        unknown("no page of a file is mapped there");
        return NULL;
    }
    unsigned long long offset = m.offset + ((uintptr_t)address - m.first);
    snprintf(texts[turn ^= 1], sizeof texts[0], "page %llu of inode %s on device %s",
             offset / page_size(), m.inode, m.device);
    return texts[turn];
}

long same_frame(pid_t a, const volatile void *in_a, pid_t b, const volatile void *in_b) {
    uint64_t x, y;
    if (!read_pagemap(a, in_a, &x, 1) || !read_pagemap(b, in_b, &y, 1)) return UNKNOWN;
    if (!(x & y & PRESENT)) return unknown("no page is mapped there");
    if ((x & FRAME) && (y & FRAME)) return (x & FRAME) == (y & FRAME);
    if (a == b && (uintptr_t)in_a / page_size() == (uintptr_t)in_b / page_size()) return 1;
    if ((x ^ y) & FILE_OR_SHARED || (x | y) & MAPPED_ONCE) return 0;
    if (!(x & FILE_OR_SHARED)) return unknown("needs CAP_SYS_ADMIN");
    const char *page_a = file_page(a, in_a), *page_b = file_page(b, in_b);
    return page_a && page_b ? strcmp(page_a, page_b) == 0 : UNKNOWN;
}

const char *permissions(pid_t pid, const volatile void *address) {
    static struct mapping mapping;
    return find_mapping(pid, address, &mapping) ? mapping.permissions : NULL;
}

long smaps_kb(pid_t pid, const volatile void *address, const char *field) {
    static struct lines lines;
    char path[64];
    uintptr_t wanted = (uintptr_t)address, first, last;
    bool inside = false, found = false;
    long kb = UNKNOWN;
    snprintf(path, sizeof path, "/proc/%ld/smaps", (long)pid);
    if (!open_lines(&lines, path, "/proc/PID/smaps")) return UNKNOWN;
    for (char *line; (line = next_line(&lines));)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &first, &last) == 2)
            found |= inside = first <= wanted && wanted < last;
        else if (inside)
            parse_field(line, field, &kb);
    if (!found) return -1;
    if (kb == UNKNOWN) unknown("/proc/PID/smaps has no %s", field);
    return kb;
}

long mappings_named(pid_t pid, const char *name) {
    static struct lines lines;
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    if (!open_lines(&lines, path, "/proc/PID/maps")) return UNKNOWN;
    for (char *line; (line = next_line(&lines));) {
        const char *found = strstr(line, name);
        count += found && found[-1] == ' ' && strcmp(found, name) == 0;
    }
    return count;
}

long dirty_kb(pid_t pid, const volatile void *address) {
    long shared = smaps_kb(pid, address, "Shared_Dirty");
    long private = smaps_kb(pid, address, "Private_Dirty");
    return shared == UNKNOWN || private == UNKNOWN ? UNKNOWN : shared + private;
}

long status_kb(pid_t pid, const char *field) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    return read_field(path, "/proc/PID/status", field);
}

long vmstat(const char *counter) {
    return read_field("/proc/vmstat", "/proc/vmstat", counter);
}

/* Not under ASan, whose shadow memory would fault as well. */
__attribute__((no_sanitize_address)) static long faults_of(volatile char *address, size_t pages,
                                                           const char *byte) {
    static struct rusage before, after; /* not on the stack, which may fault, too */
    size_t step = page_size();
    /* The first two calls warm up what the kernel writes to: after a fork() that faults. */
    if (getrusage(RUSAGE_SELF, &before) == -1 || getrusage(RUSAGE_SELF, &after) == -1)
        die("getrusage");
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < pages; i++)
        if (byte)
            address[i * step] = *byte;
        else
            (void)address[i * step];
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
}

long faults_of_load(const volatile char *address, size_t pages) {
    return faults_of((volatile char *)address, pages, NULL);
}

long faults_of_store(volatile char *address, size_t pages, char byte) {
    return faults_of(address, pages, &byte);
}

long change(long earlier, long later) {
    return earlier == UNKNOWN || later == UNKNOWN ? UNKNOWN : later - earlier;
}

const char *file_system(int fd) {
    static const struct {
        unsigned long magic;
        const char *name;
    } known[] = {{0xEF53, "ext4"},      {0x01021994, "tmpfs"}, {0x794c7630, "overlayfs"},
                 {0x9123683E, "btrfs"}, {0x58465342, "xfs"},   {0x858458f6, "ramfs"}};
    static char other[32];
    struct statfs info;
    if (fstatfs(fd, &info) == -1) return "unknown";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if ((unsigned long)info.f_type == known[i].magic) return known[i].name;
    snprintf(other, sizeof other, "file system 0x%lx", (unsigned long)info.f_type);
    return other;
}
