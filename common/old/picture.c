#include "picture.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "observe.h"

#define MOST 16 /* views */

struct line {
    char address[24], permissions[5];
    char frame[32], page[48]; /* what stands on the right: its name, and what it is */
    bool has_frame;
    size_t first, last; /* the lines that lead to the same frame: none outside of these */
    size_t lane;        /* where these are joined, counted from the left */
};

/* A frame's name where its number is not shown: the letter of its page of a file. */
static void name_frame(const struct view *view, bool anonymous, bool once, struct line *line) {
    static char known[26][100];
    const char *page = anonymous ? NULL : file_page(view->pid, view->address);
    size_t i = 0;
    strcpy(line->frame, anonymous && once ? "own frame" : "frame ?");
    if (!page) return;
    while (i < 26 && known[i][0] && strcmp(known[i], page) != 0)
        i++;
    if (i == 26) return;
    snprintf(known[i], sizeof known[i], "%s", page);
    line->frame[strlen("frame ")] = (char)('A' + i);
}

static void look(const struct view *view, struct line *line) {
    const char *kind = page_kind(view->pid, view->address);
    const char *mode = permissions(view->pid, view->address);
    *line = (struct line){0};
    snprintf(line->address, sizeof line->address, "%p", (void *)(uintptr_t)view->address);
    snprintf(line->permissions, sizeof line->permissions, "%s", mode ? mode : "");
    if (!kind) {
        strcpy(line->frame, "unknown");
    } else if (strcmp(kind, NO_PAGE) == 0 || strcmp(kind, NO_MAPPING) == 0) {
        snprintf(line->frame, sizeof line->frame, "(%s)", kind);
    } else {
        long once = mapped_once(view->pid, view->address);
        line->has_frame = once != UNKNOWN;
        if (!line->has_frame) {
            snprintf(line->frame, sizeof line->frame, "(%s, swapped out)", kind);
            return;
        }
        long frame = frame_of(view->pid, view->address);
        if (frame != UNKNOWN)
            snprintf(line->frame, sizeof line->frame, "frame 0x%lx", frame);
        else
            name_frame(view, strcmp(kind, ANONYMOUS_PAGE) == 0, once, line);
        bool unnamed = strcmp(line->frame, "frame ?") == 0;
        snprintf(line->page, sizeof line->page, "%-*s  %s", (int)strlen(FILE_PAGE), kind,
                 once      ? "1 mapper"
                 : unnamed ? "shared with somebody"
                           : "2+ mappers");
    }
}

static bool is_joined(const struct line *lines, size_t first) {
    return lines[first].first == first && lines[first].last > first;
}

/* Gives each frame with several lines a lane, first the one that ends first: the leftmost to the
 * right of those that it overlaps, which makes few crossings. Returns how many lanes there are. */
static size_t lay_lanes(struct line *lines, size_t count) {
    size_t lanes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = lines[i].first, lane = 0;
        if (first == i || lines[first].last != i) continue;
        for (size_t f = 0; f < i; f++)
            if (is_joined(lines, f) && first < lines[f].last && lines[f].last < i &&
                lane <= lines[f].lane)
                lane = lines[f].lane + 1;
        lines[first].lane = lane;
        if (lanes <= lane) lanes = lane + 1;
    }
    return lanes;
}

/* The way from page i to its frame: dashes, or dots if it has none. On the frame's first line they
 * go through to the right, on the others they end in its lane. */
static void draw(const struct line *lines, size_t lanes, size_t i, char *text) {
    static const char *const signs[][6] = {{"-", ".", "|", "+", "+", "+"},
                                           {"─", "·", "│", "┬", "┤", "┘"}};
    enum { DASH, DOT, BAR, BEGIN, JOIN, END };
    const char *const *sign = signs[utf8()], *run = sign[lines[i].has_frame ? DASH : DOT];
    *text = '\0';
    strcat(strcat(text, run), run);
    for (size_t lane = 0; lane < lanes; lane++) {
        const char *here = run;
        for (size_t f = 0; f <= i; f++) {
            if (!is_joined(lines, f) || lines[f].lane != lane || lines[f].last < i) continue;
            here = sign[lines[i].first != f ? BAR
                        : i == f            ? BEGIN
                        : i < lines[f].last ? JOIN
                                            : END];
            if (lines[i].first == f && i > f) run = " ";
        }
        strcat(strcat(text, here), run);
    }
    strcat(text, run);
}

void picture_of(const struct view *views, size_t count) {
    static struct line lines[MOST];
    int who = 7, address = 1, frame = 9; /* widths, at least: so that one picture is like another */
    if (count > MOST) bail_out("a picture of more than %d pages", MOST);
    for (size_t i = 0; i < count; i++) {
        look(&views[i], &lines[i]);
        lines[i].first = lines[i].last = i;
        for (size_t j = i; lines[i].has_frame && j-- > 0;)
            if (lines[j].has_frame &&
                same_frame(views[j].pid, views[j].address, views[i].pid, views[i].address) == 1)
                lines[i].first = lines[j].first;
        lines[lines[i].first].last = i;
        if (who < (int)strlen(views[i].who)) who = (int)strlen(views[i].who);
        if (address < (int)strlen(lines[i].address)) address = (int)strlen(lines[i].address);
        if (lines[i].has_frame && frame < (int)strlen(lines[i].frame))
            frame = (int)strlen(lines[i].frame);
    }
    size_t lanes = lay_lanes(lines, count);
    for (size_t i = 0; i < count; i++) {
        char way[8 * (MOST + 3)], text[sizeof way + 200];
        bool named = lines[i].first == i;
        draw(lines, lanes > 0 ? lanes : 1, i, way);
        int used = snprintf(text, sizeof text, "%-*s %-*s %-4s %s %-*s  %s", who, views[i].who,
                            address, lines[i].address, lines[i].permissions, way, frame,
                            named ? lines[i].frame : "", named ? lines[i].page : "");
        while (used > 0 && text[used - 1] == ' ')
            text[--used] = '\0';
        evidence("%s", text);
    }
}
