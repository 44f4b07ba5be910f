/* words - what a demo says, in the reader's language: English is the source, demos/zh/NAME.txt and
 * demos/zh/common.txt have the Chinese, pairs of lines. It never prints. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Reads the Chinese for the demo with this source, once, into memory of its own, if `lang` is "zh";
 * with NULL if MMAP_DEMO_LANG is, or, without that, if the locale is Chinese and UTF-8 (LC_ALL,
 * LC_MESSAGES or LANG; locale(7)). Where the files are missing all stays English. */
void words_open(const char *file, const char *lang);

/* The Chinese of a sentence, a word or a format, or the text itself where there is none. That both
 * take the same arguments in the same order is tests/zh.sh's affair. */
const char *words(const char *english);

/* How many columns a text takes in a terminal: a Chinese character two. */
int columns(const char *text);

/* How many bytes of a text fit into so many columns: up to a blank or a Chinese character, where it
 * may be folded. All, if there are too few columns to fold it. */
size_t that_fits(const char *text, int room);

/* May the output be more than ASCII? LC_ALL, LC_CTYPE or LANG, the first set, says so, or zh. */
bool utf8(void);
