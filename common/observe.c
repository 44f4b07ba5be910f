#define _GNU_SOURCE
#include "observe.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#include "check.h"
#include "words.h"

/* The 64 bits that pagemap.rst gives for every page. */
#define PRESENT        (UINT64_C(1) << 63)
#define SWAPPED        (UINT64_C(1) << 62)
#define FILE_OR_SHARED (UINT64_C(1) << 61)
#define MAPPED_ONCE    (UINT64_C(1) << 56)
#define FRAME          ((UINT64_C(1) << 55) - 1)

static struct rusage before, after; /* not on the stack, which may fault as well */

__attribute__((no_sanitize("address", "undefined"))) void count_faults(void) {
    /* Warms up what is written to meanwhile, which faults after a fork(): these two, rseq(2)'s, and
     * the stack, of which main()'s part may be in a page of its own. */
    if (getrusage(RUSAGE_SELF, &before) == -1 || getrusage(RUSAGE_SELF, &after) == -1)
        die("getrusage");
#if defined RSEQ_SIG && (defined __x86_64__ || defined __aarch64__)
    volatile struct rseq *rseq = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
    if (__rseq_size > 0) rseq->flags = rseq->flags;
#endif
    uintptr_t at = (uintptr_t)__builtin_frame_address(0), top = getauxval(AT_RANDOM);
    for (; at < top && top - at < 1 << 20; at += page_size() - at % page_size())
        *(volatile char *)at |= 0;
    getrusage(RUSAGE_SELF, &before);
}

long faults_counted(void) {
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt;
}

long major_faults_counted(void) {
    getrusage(RUSAGE_SELF, &after);
    return after.ru_majflt - before.ru_majflt;
}

/* The pagemap entries of `pages` pages; returns 0, or why they are unknown. */
static long read_pagemap(pid_t pid, const volatile void *address, uint64_t *entries, size_t pages) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/pagemap", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) return unknown("/proc/PID/pagemap: %s", errno_name(errno));
    size_t bytes = pages * sizeof *entries;
    off_t where = (off_t)((uintptr_t)address / page_size() * sizeof *entries);
    ssize_t got = pread(fd, entries, bytes, where);
    const char *error = got == -1 ? errno_name(errno) : "no such address";
    close(fd);
    return got == (ssize_t)bytes ? 0 : unknown("/proc/PID/pagemap: %s", error);
}

/* A /proc file as text: read without malloc(), which might map memory where none should be. */
static char proc_text[1 << 18];

/* Reads /proc/PID/FILE, or with pid 0 the file of this path; returns 0, or why it is unknown. */
static long read_proc(pid_t pid, const char *file) {
    char path[64];
    size_t used = 0;
    ssize_t got = 1;
    proc_text[0] = '\0';
    snprintf(path, sizeof path, "%s", file);
    if (pid) snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd == -1) return unknown("%s%s: %s", pid ? "/proc/PID/" : "", file, errno_name(errno));
    for (; got > 0 && used < sizeof proc_text - 1; used += (size_t)(got > 0 ? got : 0))
        got = read(fd, proc_text + used, sizeof proc_text - 1 - used);
    proc_text[used] = '\0';
    close(fd);
    return 0;
}

/* Takes the number from "NAME value" or "NAME: value", unless the line is another. */
static void parse_field(const char *line, const char *name, long *value) {
    size_t length = strlen(name);
    if (strncmp(line, name, length) == 0 && strchr(": ", line[length]))
        *value = atol(line + length + 1);
}

/* Fills in what /proc/PID/maps says of the mapping around `address`: 0, or why it is unknown. */
static long find_mapping(pid_t pid, const volatile void *address, struct page *page) {
    char mode[5], device[16], inode[24];
    uintptr_t wanted = (uintptr_t)address, first, last;
    unsigned long long offset;
    long why = read_proc(pid, "maps");
    for (char *rest = proc_text, *line; (line = strsep(&rest, "\n"));) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %llx %15s %23s", &first, &last, mode,
                   &offset, device, inode) != 6 ||
            wanted < first || wanted >= last)
            continue;
        strcpy(page->permissions, mode);
        if (page->is_file && strcmp(inode, "0") != 0)
            snprintf(page->file_page, sizeof page->file_page,
                     words("page %llu of inode %s on device %s"),
                     (offset + (wanted - first)) / page_size(), inode, device);
    }
    return why;
}

struct page look_at(pid_t pid, const volatile void *address) {
    struct page page = {.kind = NO_PAGE};
    uint64_t entry = 0;
    long why = read_pagemap(pid, address, &entry, 1);
    page.present = (entry & PRESENT) != 0;
    page.is_file = entry & (PRESENT | SWAPPED) && entry & FILE_OR_SHARED;
    page.mapped_once = page.frame = why != 0 ? why : unknown("no page is mapped there");
    if (page.present) {
        page.mapped_once = (entry & MAPPED_ONCE) != 0;
        page.frame = entry & FRAME ? (long)(entry & FRAME) : unknown("needs CAP_SYS_ADMIN");
    }
    long no_maps = find_mapping(pid, address, &page);
    if (why != 0 || no_maps != 0)
        page.kind = unknown_text(why != 0 ? why : no_maps);
    else if (entry & (PRESENT | SWAPPED))
        page.kind = page.is_file ? FILE_PAGE : ANONYMOUS_PAGE;
    else if (!page.permissions[0])
        page.kind = NO_MAPPING;
    return page;
}

long same_page_frame(const struct page *a, const struct page *b) {
    if (!a->present || !b->present) return a->present ? b->frame : a->frame;
    if (!is_unknown(a->frame) && !is_unknown(b->frame)) return a->frame == b->frame;
    if (a->is_file != b->is_file || a->mapped_once || b->mapped_once) return 0;
    if (!a->file_page[0] || !b->file_page[0]) return unknown("needs CAP_SYS_ADMIN");
    return strcmp(a->file_page, b->file_page) == 0;
}

long same_frame(pid_t a, const volatile void *in_a, pid_t b, const volatile void *in_b) {
    struct page page_a = look_at(a, in_a), page_b = look_at(b, in_b);
    return same_page_frame(&page_a, &page_b);
}

long pages_present(pid_t pid, const volatile void *address, size_t pages) {
    static uint64_t entries[1024];
    long present = 0;
    for (size_t done = 0, some; done < pages; done += some) {
        some = pages - done < 1024 ? pages - done : 1024;
        const volatile char *from = (const volatile char *)address + done * page_size();
        long why = read_pagemap(pid, from, entries, some);
        if (why != 0) return why;
        for (size_t i = 0; i < some; i++)
            present += (entries[i] & PRESENT) != 0;
    }
    return present;
}

long smaps_kb(pid_t pid, const volatile void *address, const char *field) {
    uintptr_t wanted = (uintptr_t)address, first, last;
    bool inside = false;
    long why = read_proc(pid, "smaps"), kb = -1;
    for (char *rest = proc_text, *line; (line = strsep(&rest, "\n"));)
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &first, &last) == 2)
            inside = first <= wanted && wanted < last;
        else if (inside)
            parse_field(line, field, &kb);
    return why != 0 ? why : kb;
}

long dirty_kb(pid_t pid, const volatile void *address) {
    long shared = smaps_kb(pid, address, "Shared_Dirty");
    long private = smaps_kb(pid, address, "Private_Dirty");
    return is_unknown(shared) ? shared : is_unknown(private) ? private : shared + private;
}

long mappings_named(pid_t pid, const char *name) {
    long named = read_proc(pid, "maps");
    for (char *rest = proc_text, *line; (line = strsep(&rest, "\n"));) {
        const char *found = strstr(line, name);
        named += found && found[-1] == ' ' && strcmp(found, name) == 0;
    }
    return named;
}

long proc_field(const char *path, const char *field) {
    long why = read_proc(0, path), value = unknown("%s has no %s", path, field);
    for (char *rest = proc_text, *line; (line = strsep(&rest, "\n"));)
        parse_field(line, field, &value);
    return why != 0 ? why : value;
}
