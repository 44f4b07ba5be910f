#define _GNU_SOURCE
#include "picture.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "observe.h"

#define MOST 16

/* A frame's name where its number is not shown: the letter of its page of a file. */
static const char *letter_of(const struct page *page) {
    static char known[26][80], text[16];
    for (int i = 0; page->file_page[0] && i < 26; i++) {
        if (known[i][0] && strcmp(known[i], page->file_page) != 0) continue;
        strcpy(known[i], page->file_page);
        snprintf(text, sizeof text, "frame %c", 'A' + i);
        return text;
    }
    return "frame ?";
}

/* What stands on the right: the frame's name and what it is, or why there is none. */
static void name_frame(const struct page *page, char *text, size_t size) {
    char number[32];
    const char *name = number;
    if (!page->present) {
        bool known = strcmp(page->kind, NO_PAGE) == 0 || strcmp(page->kind, NO_MAPPING) == 0;
        snprintf(text, size, known ? "(%s)" : "(%s, not in memory)", page->kind);
        return;
    }
    if (!is_unknown(page->frame))
        snprintf(number, sizeof number, "frame 0x%lx", page->frame);
    else if (page->is_file)
        name = letter_of(page);
    else
        name = page->mapped_once ? "own frame" : "frame ?";
    snprintf(text, size, "%-14s  %-10s  %s", name, page->kind,
             page->mapped_once              ? "1 mapper"
             : strcmp(name, "frame ?") == 0 ? "shared with somebody"
                                            : "2+ mappers");
}

void picture_of(const struct view *views, size_t count) {
    static const char *const ways[2][5] = {{"-----", "--+--", "--+", "--+", "....."},
                                           {"─────", "──┬──", "──┤", "──┘", "·····"}};
    static struct page pages[MOST];
    int who = 7;
    if (count > MOST) bail_out("a picture of more than %d pages", MOST);
    for (size_t i = 0; i < count; i++) {
        pages[i] = look_at(views[i].pid, views[i].address);
        if (who < (int)strlen(views[i].who)) who = (int)strlen(views[i].who);
    }
    for (size_t i = 0; i < count; i++) {
        bool above = i > 0 && same_page_frame(&pages[i - 1], &pages[i]) == 1;
        bool below = i + 1 < count && same_page_frame(&pages[i], &pages[i + 1]) == 1;
        char text[160] = "";
        if (!above) name_frame(&pages[i], text, sizeof text);
        evidence("%-*s %-14p %-4s %s%s%s", who, views[i].who, (void *)(uintptr_t)views[i].address,
                 pages[i].permissions,
                 ways[utf8()][!pages[i].present ? 4
                              : above           ? (below ? 2 : 3)
                                                : below],
                 above ? "" : " ", text);
    }
}
