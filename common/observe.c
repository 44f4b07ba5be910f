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

/*
 * Finds the mapping around `address` in /proc/PID/smaps and there `field` (kB), or its permissions
 * when `field` is NULL. Without such a mapping `perms` is empty and the answer -1.
 */
static long read_smaps(pid_t pid, const volatile void *address, const char *field, char perms[5]) {
    static struct lines lines;
    char path[64], mode[5];
    uintptr_t wanted = (uintptr_t)address, first, last;
    bool inside = false;
    perms[0] = '\0';
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, field ? "smaps" : "maps");
    if (!open_lines(&lines, path, field ? "/proc/PID/smaps" : "/proc/PID/maps")) return UNKNOWN;
    long kb = field ? UNKNOWN : 0;
    for (char *line; (line = next_line(&lines));)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &last, mode) == 3) {
            inside = first <= wanted && wanted < last;
            if (inside) memcpy(perms, mode, sizeof mode);
        } else if (inside && field) {
            parse_field(line, field, &kb);
        }
    if (field && !perms[0]) return -1;
    if (kb == UNKNOWN) unknown("/proc/PID/smaps has no %s", field);
    return kb;
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
    char perms[5];
    if (!read_pagemap(pid, address, &entry, 1)) return NULL;
    if (entry & (PRESENT | SWAPPED)) return entry & FILE_OR_SHARED ? FILE_PAGE : ANONYMOUS_PAGE;
    if (read_smaps(pid, address, NULL, perms) == UNKNOWN) return NULL;
    return perms[0] ? NO_PAGE : NO_MAPPING;
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

const char *page_text(pid_t pid, const volatile void *address) {
    static char texts[2][160];
    static int turn;
    char *text = texts[turn ^= 1], perms[5] = "", frame[32] = "";
    const char *kind = page_kind(pid, address);
    int used = snprintf(text, sizeof texts[0], "%p -> ", (void *)(uintptr_t)address);
    char *rest = text + used;
    size_t room = sizeof texts[0] - (size_t)used;
    if (!kind || read_smaps(pid, address, NULL, perms) == UNKNOWN) {
        snprintf(rest, room, "unknown");
    } else if (strcmp(kind, NO_PAGE) == 0 || strcmp(kind, NO_MAPPING) == 0) {
        snprintf(rest, room, "(%s)%s%s", kind, perms[0] ? "  " : "", perms);
    } else {
        long frame_number = frame_of(pid, address), once = mapped_once(pid, address);
        if (frame_number != UNKNOWN) snprintf(frame, sizeof frame, "frame 0x%lx  ", frame_number);
        snprintf(rest, room, "%s%s  %s  %s", frame, kind, perms,
                 once == UNKNOWN ? ""
                 : once          ? "1 mapper"
                                 : "2+ mappers");
    }
    return text;
}

long smaps_kb(pid_t pid, const volatile void *address, const char *field) {
    char perms[5];
    return read_smaps(pid, address, field, perms);
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
