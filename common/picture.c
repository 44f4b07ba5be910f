#define _GNU_SOURCE
#include "picture.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "observe.h"
#include "words.h"

#define MOST 16

/* A frame's name where its number is not shown: the letter of its page of a file. */
static const char *letter_of(const struct page *page) {
    static char known[26][80], text[48];
    for (int i = 0; page->file_page[0] && i < 26; i++) {
        if (known[i][0] && strcmp(known[i], page->file_page) != 0) continue;
        strcpy(known[i], page->file_page);
        snprintf(text, sizeof text, words("frame %c"), 'A' + i);
        return text;
    }
    return words("frame ?");
}

/* What stands on the right: the frame's name and what it is, or why there is none. */
static const char *name_frame(const struct page *page) {
    static char text[160];
    char name[48];
    bool known = strcmp(page->kind, NO_PAGE) == 0 || strcmp(page->kind, NO_MAPPING) == 0;
    const char *kind = words(page->kind);
    snprintf(text, sizeof text, words(known ? " (%s)" : " (%s, not in memory)"), kind);
    if (!page->present) return text;
    snprintf(name, sizeof name, words("frame 0x%lx"), page->frame);
    if (is_unknown(page->frame))
        strcpy(name, page->is_file       ? letter_of(page)
                     : page->mapped_once ? words("own frame")
                                         : words("frame ?"));
    int blanks = columns(name) < 15 ? 15 - columns(name) : 0;
    snprintf(text, sizeof text, " %s%*s  %s%*s  %s", name, blanks, "", kind, 10 - columns(kind), "",
             words(page->mapped_once ? "1 mapper" : "2+ mappers"));
    return text;
}

void picture_of(const struct view *views, size_t count) {
    static const char *const ways[2][5] = {{"-----", "--+--", "--+", "--+", "....."},
                                           {"─────", "──┬──", "──┤", "──┘", "·····"}};
    static struct page pages[MOST];
    int width = 7;
    if (count > MOST) bail_out("a picture of more than %d pages", MOST);
    for (size_t i = 0; i < count; i++) {
        pages[i] = look_at(views[i].pid, views[i].address);
        if (width < columns(words(views[i].who))) width = columns(words(views[i].who));
    }
    for (size_t i = 0; i < count; i++) {
        bool above = i > 0 && same_page_frame(&pages[i - 1], &pages[i]) == 1;
        bool below = i + 1 < count && same_page_frame(&pages[i], &pages[i + 1]) == 1;
        int way = !pages[i].present ? 4 : !above ? below : below ? 2 : 3;
        const char *who = words(views[i].who);
        void *address = (void *)(uintptr_t)views[i].address;
        evidence("%s%*s %-14p %-4s %s%s", who, width - columns(who), "", address,
                 pages[i].permissions, ways[utf8()][way], above ? "" : name_frame(&pages[i]));
        if (!getenv("MMAP_DEMO_DATA")) continue;
        char path[32], byte = -1; /* the first of the page: process_vm_readv(2) would unshare it */
        snprintf(path, sizeof path, "/proc/%d/mem", views[i].pid);
        int mem = pages[i].present ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        if (pread(mem, &byte, 1, (off_t)(uintptr_t)address) != 1) byte = -1;
        close(mem);
        printf("#: view %zu|%d|%p|%s|%s|%lx|%d|%s|%d|%s\n", i, views[i].pid, address,
               pages[i].permissions, pages[i].kind, pages[i].present ? pages[i].frame : 0,
               pages[i].mapped_once == 1, pages[i].file_page, byte, views[i].who);
    }
}
