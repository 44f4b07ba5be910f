/* 12_copy - copies a regular file through two mappings, one window after the other; a hole becomes
 * zeros. Says "copied", or why not: then the target is as it was. Needs scratch_open(), so that
 * nothing is left, not even after kill -9. After each window it calls meanwhile(), unless NULL. */
#pragma once
#define WINDOW (1L << 20) /* bytes mapped at a time: a multiple of every page size */
const char *copy_file(const char *source, const char *target, void (*meanwhile)(void));
