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

/* The next conversion of a format from *at on, as a number: that of "%-9s" is that of "%s"; 0 at
 * the end. */
static int conversion(const char **at) {
    while ((*at = strchr(*at, '%')) && (*at)[1] == '%')
        *at += 2;
    if (!*at) return 0;
    int value = 1;
    for (++*at; **at && strchr("-+ #0123456789.*lhzjt", **at); ++*at)
        if (strchr("*lhzjt", **at)) value = value * 31 + **at;
    return value * 31 + *(*at)++;
}

static bool same_arguments(const char *a, const char *b) {
    int one, other;
    do {
        one = a ? conversion(&a) : 0;
        other = b ? conversion(&b) : 0;
    } while (one && one == other);
    return one == other;
}

static void read_pairs(const char *path, size_t *used) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd == -1 ? 0 : read(fd, text + *used, sizeof text - 1 - *used);
    char *rest = text + *used, *line, *english = NULL;
    if (fd != -1) close(fd);
    if (got <= 0) return;
    *used += (size_t)got + 1;
    while ((line = strsep(&rest, "\n"))) {
        if (!english && *line != '\0' && *line != '#') {
            english = line;
        } else if (english) {
            if (count < 1000 && same_arguments(english, line))
                pairs[count][0] = english, pairs[count++][1] = line;
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

int columns(const char *s) {
    int n = 0;
    for (; *s; s++)
        n += (unsigned char)*s >= 0xE3 && (unsigned char)*s <= 0xEF ? 2 : (*s & 0xC0) != 0x80;
    return n;
}
