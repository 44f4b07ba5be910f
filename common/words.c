#define _GNU_SOURCE
#include "words.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

static char text[1 << 17];
static const char *pairs[1000][2];
static int count;

static const char *locale_of(const char *category) {
    const char *names[] = {"LC_ALL", category, "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return value;
    }
    return "C";
}

/* No setlocale(): that would need the locale to be installed. */
bool utf8(void) {
    const char *locale = locale_of("LC_CTYPE");
    return count > 0 || strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
}

static void read_pairs(const char *path, size_t *used) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd == -1 ? 0 : read(fd, text + *used, sizeof text - 1 - *used);
    char *rest = text + *used, *line, *english = NULL;
    if (fd != -1) close(fd);
    if (got <= 0) return;
    *used += (size_t)got + 1;
    while ((line = strsep(&rest, "\n")) && count < 1000) {
        if (!english && *line != '\0' && *line != '#') {
            english = line;
        } else if (english) {
            pairs[count][0] = english;
            pairs[count++][1] = line;
            english = NULL;
        }
    }
}

void words_open(const char *file, const char *lang) {
    char path[1200];
    size_t used = 0;
    const char *locale = locale_of("LC_MESSAGES"), *name = strrchr(file, '/');
    name = name ? name + 1 : file;
    if (!lang) lang = getenv("MMAP_DEMO_LANG"); /* what scripts/ were told */
    if (lang ? strcmp(lang, "zh") != 0 : strncmp(locale, "zh", 2) != 0 || !utf8()) return;
    snprintf(path, sizeof path, "%.*szh/%.*s.txt", (int)(name - file), file,
             (int)strcspn(name, "."), name);
    read_pairs(path, &used);
    snprintf(path, sizeof path, "%.*szh/common.txt", (int)(name - file), file);
    read_pairs(path, &used);
    give_up_words = words;
}

const char *words(const char *english) {
    static int log = -2; /* for tests/zh.sh: all that is looked up */
    const char *path = getenv("MMAP_DEMO_WORDS");
    if (log == -2) log = path ? open(path, O_WRONLY | O_APPEND) : -1;
    if (log != -1 && *english) dprintf(log, "%s\n", english);
    for (int i = 0; i < count; i++)
        if (strcmp(pairs[i][0], english) == 0) return pairs[i][1];
    return english;
}

/* The columns of the character that begins here; 0 inside of one. */
static int width(const char *s) {
    if ((unsigned char)*s >= 0xE3 || strncmp(s, "❌", 3) == 0) return 2;
    return (*s & 0xC0) != 0x80;
}

int columns(const char *s) {
    int n = 0;
    for (; *s; s++)
        n += width(s);
    return n;
}

size_t that_fits(const char *s, int room) {
    if (room < 20) return strlen(s);
    for (size_t i = 0, fold = 0, prefix = strspn(s, "# "); s[i]; i++) {
        int c = (unsigned char)s[i]; /* 0xE4 to 0xE9: punctuation begins no line */
        if (i > prefix && (c == ' ' || (c >= 0xE4 && c <= 0xE9))) fold = i;
        room -= width(s + i);
        if (room < 0 && fold > 0) return fold;
    }
    return strlen(s);
}
