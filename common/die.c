#define _GNU_SOURCE
#include "die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool (*give_up_in_demo)(const char *line);
const char *(*give_up_words)(const char *english);

void give_up(int code, const char *format, ...) {
    char what[1200], line[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, give_up_words ? give_up_words(format) : format, args);
    va_end(args);
    snprintf(line, sizeof line, "%s", what);
    if (code != 0)
        snprintf(line, sizeof line, "%s: %s (%s)", what, strerror(code), errno_name(code));
    fflush(stdout);
    if (give_up_in_demo && give_up_in_demo(line)) exit(99);
    /* In one write(): lines of two processes must not mix. */
    dprintf(STDERR_FILENO, "%s (process %ld): %s\n", program_invocation_short_name, (long)getpid(),
            line);
    if (!give_up_in_demo) exit(99);
    _exit(99); /* a child: what the demo does at its end is not for it */
}

const char *errno_name(int code) {
#define NAME(code)                                                                                 \
    { code, #code }
    static const struct {
        int code;
        const char *name;
    } names[] = {
        {0, "success"},     NAME(EACCES),     NAME(EAGAIN), NAME(EBADF),        NAME(EBUSY),
        NAME(EDEADLK),      NAME(EDQUOT),     NAME(EEXIST), NAME(EFAULT),       NAME(EFBIG),
        NAME(EINTR),        NAME(EINVAL),     NAME(EIO),    NAME(EISDIR),       NAME(ELOOP),
        NAME(EMFILE),       NAME(EMSGSIZE),   NAME(ENFILE), NAME(ENAMETOOLONG), NAME(ENODEV),
        NAME(ENOENT),       NAME(ENOMEM),     NAME(ENOSPC), NAME(ENOSYS),       NAME(ENOTDIR),
        NAME(ENXIO),        NAME(EOPNOTSUPP), NAME(EPERM),  NAME(EOVERFLOW),    NAME(EOWNERDEAD),
        NAME(EROFS),        NAME(ESPIPE),     NAME(ESRCH),  NAME(ETIMEDOUT),    NAME(ETXTBSY),
        NAME(ECONNREFUSED), NAME(EADDRINUSE), NAME(EPIPE),
    };
    static char digits[16];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code) return names[i].name;
    snprintf(digits, sizeof digits, "%d", code);
    return digits;
}
