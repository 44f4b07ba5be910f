/*
 * 12_copy_file - how is a file of any size copied through two mappings?
 *
 * Notes      section 12 实际应用示例, a further one: cp
 * Run        build/12_copy_file SOURCE TARGET; build/12_copy_file --self-check
 * Watch      one window at a time; its space reserved first, the target's name given last
 * Try this   1. In `char *q`, MAP_SHARED -> MAP_PRIVATE: checks 2, 3, 4, 5, 6, 8 and 30 fail
 *            2. In `char *p`, from, at -> from, 0: checks 6 and 30 fail
 *            3. In `int writable`, O_NONBLOCK -> O_TRUNC: checks 25, 27, 28 and 29 fail
 *            4. .sa_handler = on_sigbus -> .sa_handler = SIG_DFL: check 28 fails
 * See also   mmap(2), posix_fallocate(3), sigsetjmp(3), rename(2); 10_1_full_disk, 11_safe_call
 */
#define _FILE_OFFSET_BITS 64 /* files of 2 GiB and more on 32-bit machines, too */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "12_copy_file_check.h"
#include "check.h"
#include "observe.h"
#include "scratch.h"

#define WINDOW ((off_t)1 << 20) /* mapped at a time: a multiple of every page size */

static bool stop; /* --stop: before each window, as by Ctrl-Z */
static sigjmp_buf before_copy;

/* Says in one line why not; without a reason it is errno's. Returns the exit status. */
static int refuse(const char *path, const char *why) {
    int code = errno;
    fprintf(stderr, "12_copy_file: %s: ", path);
    if (why)
        fprintf(stderr, "%s\n", why);
    else
        fprintf(stderr, "%s (%s)\n", strerror(code), errno_name(code));
    return 1;
}

static void on_sigbus(int signo) {
    siglongjmp(before_copy, signo);
}

/* memcpy(), but false if a page cannot be had. The jump out of the handler is safe: the program has
 * one thread, and the signal comes from within memcpy(), which holds nothing. */
static bool copy_window(char *to, const char *from, size_t length) {
    struct sigaction action = {.sa_handler = on_sigbus}, before;
    volatile bool whole = false;
    sigaction(SIGBUS, &action, &before);
    if (sigsetjmp(before_copy, 1) == 0) {
        memcpy(to, from, length);
        whole = true;
    }
    sigaction(SIGBUS, &before, NULL);
    return whole;
}

/* Goes through all windows, to reserve their space or to copy them. Returns 0; 1 if it has refused;
 * SIGBUS if a page could not be had. */
static int copy_windows(const char *source, int from, const char *target, int to, off_t size,
                        bool reserve_only) {
    for (off_t at = 0; at < size; at += WINDOW) {
        size_t length = size - at < WINDOW ? (size_t)(size - at) : WINDOW;
        off_t data = lseek(from, at, SEEK_DATA);
        if (data >= at + WINDOW || (data == -1 && errno == ENXIO)) continue; /* all a hole */
        do
            errno = posix_fallocate(to, at, (off_t)length);
        while (errno == EINTR);
        if (errno != 0) return refuse(target, NULL);
        if (reserve_only) continue;
        char *p = mmap(NULL, length, PROT_READ, MAP_SHARED, from, at);
        if (p == MAP_FAILED) return refuse(source, NULL);
        char *q = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, to, at);
        if (q == MAP_FAILED) return refuse(target, NULL);
        if (stop) raise(SIGSTOP);
        bool whole = copy_window(q, p, length);
        if (munmap(p, length) == -1 || munmap(q, length) == -1) return refuse(target, NULL);
        if (!whole) return SIGBUS;
    }
    return 0;
}

/* The exit status. It frees nothing: the process ends with it, and the janitor of scratch.h removes
 * the temporary file even after kill -9. */
static int copy_file(const char *source, const char *target) {
    struct stat info, old, now;
    char path[PATH_MAX], temporary[1000], byte;
    unsigned long long random;

    /* The source: looked at before open(), which would wait for a FIFO's writer. */
    if (stat(source, &info) == -1) return refuse(source, NULL);
    if (S_ISDIR(info.st_mode)) return refuse(source, "is a directory");
    if (!S_ISREG(info.st_mode)) return refuse(source, "is not a regular file");
    int from = open(source, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (from == -1 || fstat(from, &info) == -1) return refuse(source, NULL);
    const off_t size = info.st_size; /* if the file grows, that is not copied */
    if (size == 0 && read(from, &byte, 1) == 1) return refuse(source, "has bytes, but no length");

    /* The target: behind a symbolic link its file is replaced, as by cp. */
    snprintf(path, sizeof path, "%s", target);
    if (stat(target, &old) == 0) {
        if (old.st_dev == info.st_dev && old.st_ino == info.st_ino)
            return refuse(target, "is the source itself");
        if (S_ISDIR(old.st_mode)) return refuse(target, "is a directory");
        if (!S_ISREG(old.st_mode)) return refuse(target, "is not a regular file");
        int writable = open(target, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (writable == -1 || !realpath(target, path)) return refuse(target, NULL);
        close(writable);
    } else if (errno != ENOENT) {
        return refuse(target, NULL);
    } else if (lstat(target, &old) == 0) {
        return refuse(target, "is a symbolic link to nothing");
    }

    /* Until the copy is whole it has a name that nobody else can have, in the same directory. */
    const char *slash = strrchr(path, '/');
    if (getrandom(&random, sizeof random, 0) != sizeof random) return refuse(target, NULL);
    errno = ENAMETOOLONG;
    if (snprintf(temporary, sizeof temporary, "%.*s.12_copy_file-%016llx",
                 slash ? (int)(slash - path) + 1 : 0, path, random) >= (int)sizeof temporary)
        return refuse(target, NULL);
    remove_at_end(temporary, -1);
    int to = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to == -1) return refuse(target, NULL);

    /* Twice through all windows: with the space of all reserved no store dies of a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    if (ftruncate(to, size) == -1) return refuse(target, NULL);
    int failure = copy_windows(source, from, target, to, size, true);
    if (failure == 0) failure = copy_windows(source, from, target, to, size, false);
    if (failure == 1) return 1;
    /* Only this shows what the end of the last page hides: there a load reads zeros. */
    if (fstat(from, &now) == -1) return refuse(source, NULL);
    if (now.st_size < size) return refuse(source, "has become shorter while it was copied");
    if (failure == SIGBUS) return refuse(source, "a page cannot be read or written (SIGBUS)");

    /* fsync() tells of write errors; set-user-ID is not kept, for the copy has another owner. */
    if (fchmod(to, info.st_mode & 0777) == -1 || fsync(to) == -1 || rename(temporary, path) == -1)
        return refuse(target, NULL);
    return 0;
}

/* Runs this program with --stop, in the scratch directory: see 12_copy_file_check.h. */
static int self_check(int argc, char **argv) {
    own_usage("usage: 12_copy_file --self-check [--help] [--step]\n"
              "  Copies scratch files and prints TAP version 14; --step waits for Enter.\n");
    begin(argc - 1, argv + 1, 30, "how is a file of any size copied through two mappings?");
    if (!realpath(argv[0], program)) snprintf(program, sizeof program, "%s", argv[0]);
    if (chdir(scratch_dir()) == -1) die("chdir");
    static char content[2 * WINDOW + 12345];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (char)(i % 251 + 1); /* no window is like another */
    const size_t length = sizeof content, page = page_size();
    struct stat info;

    predict("A file of one byte is copied through two mapped pages. How long is the copy?");
    step("Copy files of several sizes, a window of 1 MiB at a time; the last is longer than two.");
    const struct {
        size_t bytes;
        const char *text;
    } sizes[] = {
        {0, "an empty file is copied without mmap(), which refuses length 0"},
        {1, "one byte is copied, although a whole page is mapped"},
        {page - 1, "a page less one byte is copied, and not a whole page"},
        {page, "a page is copied"},
        {page + 1, "a page and one byte are copied through two mapped pages"},
        {length, "two windows and an odd rest are copied, each from its own offset"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put("source", content, sizes[i].bytes);
        check(copies("source", "target") && has("target", content, sizes[i].bytes), sizes[i].text,
              NULL);
    }

    step("What a file has besides bytes: holes, a symbolic link to it, permission bits.");
    put("source", content, page);
    if (truncate("source", 64 * WINDOW) == -1) die("truncate");
    check(copies("source", "target") && stat("target", &info) == 0 && info.st_size == 64 * WINDOW &&
              info.st_blocks * 512 < 32 * WINDOW,
          "a hole is copied as a hole: it takes no space", NULL);
    if (symlink("target", "to-target") == -1) die("symlink");
    put("source", content, page);
    check(copies("source", "to-target") && lstat("to-target", &info) == 0 &&
              S_ISLNK(info.st_mode) && has("target", content, page),
          "behind a symbolic link its file is replaced, the link stays", NULL);
    umask(077);
    if (chmod("source", 04646) == -1) die("chmod");
    check(copies("source", "target") && stat("target", &info) == 0 &&
              (info.st_mode & 07777) == 0646,
          "the copy has the permission bits, whatever the umask, but no set-user-ID", NULL);

    predict("Which of these pairs will be copied?");
    step("A file onto itself, directories, FIFOs, a device, closed files, bad links.");
    put("secret", "", 0);
    remove_at_end(scratch_path("closed"), -1);
    if (link("source", "link") == -1 || symlink("source", "symlink") == -1 ||
        symlink("nothing", "dangling") == -1 || mkfifo("fifo", 0600) == -1 ||
        mkdir("closed", 0500) == -1 || chmod("secret", 0) == -1)
        die("link, symlink, mkfifo, mkdir, chmod");
    pass_no_privilege("secret");
    const struct {
        char *source, *target;
        const char *why, *text;
    } refused[] = {
        {"source", "source", "the source itself", "a file is not copied onto itself"},
        {"source", "link", "the source itself",
         "a hard link to a file is that file: it is not copied onto itself"},
        {"symlink", "source", "the source itself",
         "behind a symbolic link, too, a file is not copied onto itself"},
        {".", "new", "directory", "a directory has no bytes that could be mapped"},
        {"source", ".", "directory", "a directory is not replaced by a file"},
        {"fifo", "new", "not a regular", "a FIFO cannot be mapped, and open() would wait"},
        {"source", "fifo", "not a regular", "a FIFO is not replaced by a file"},
        {"/dev/zero", "new", "not a regular", "a device is no file with an end: it is not copied"},
        {"missing", "new", "(ENOENT)", "a file that does not exist cannot be copied"},
        {"secret", "new", "(EACCES)", "a file that may not be read cannot be mapped"},
        {"source", "closed/new", "(EACCES)", "no file is made in a directory without permission"},
        {"source", "secret", "(EACCES)", "a file that may not be written is not replaced"},
        {"source", "dangling", "nothing", "a symbolic link to nothing is not followed"},
    };
    const int all = names();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        check(ends(start(refused[i].source, refused[i].target), refused[i].why), refused[i].text,
              NULL);

    step("A file of more than two windows, but here no file may be longer than one.");
    put("source", content, length);
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == -1) die("getrlimit");
    if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){WINDOW, limit.rlim_max}) == -1) die("setrlimit");
    check(ends(start("source", "target"), "(EFBIG)"),
          "beyond RLIMIT_FSIZE no space is reserved: EFBIG, instead of a signal later", NULL);
    if (setrlimit(RLIMIT_FSIZE, &limit) == -1) die("setrlimit");
    check_num(names(), ==, all, "what is refused leaves nothing behind", NULL);

    predict("What is in the target, and what lies beside it, before and after kill -9?");
    show_also("copy_windows");
    step("Stop a copy before its second window, onto a target that says \"old\"; then kill it.");
    pid_t pid = half_a_copy(content, length);
    check(has("target", "old", 3), "until the copy is whole, the target has its old content", NULL);
    check_num(names(), ==, all + 1, "the copy grows under a name of its own", NULL);
    kill(pid, SIGKILL);
    check(!ends(pid, NULL) && has("target", "old", 3) && names() == all,
          "after kill -9 the target has its old content, and nothing is left behind", NULL);

    predict("The source is cut to one window, or loses one byte. Does the copy notice?");
    step("Before the second window the length of the source changes.");
    pid = half_a_copy(content, length);
    if (truncate("source", WINDOW) == -1) die("truncate");
    check(ends(pid, "shorter") && has("target", "old", 3) && names() == all,
          "the source is cut to one window: SIGBUS, which the copy survives", NULL);
    pid = half_a_copy(content, length);
    if (truncate("source", (off_t)length - 1) == -1) die("truncate");
    check(ends(pid, "shorter") && has("target", "old", 3) && names() == all,
          "the source loses its last byte: no SIGBUS, only fstat() shows it", NULL);
    pid = half_a_copy(content, length);
    if (truncate("source", 4 * WINDOW) == -1) die("truncate");
    check(ends(pid, NULL) && has("target", content, length),
          "a source that grows is copied to the length that it had", NULL);
    return end();
}

static int bad_usage(const char *what, const char *which, const char *usage) {
    fprintf(stderr, "12_copy_file: %s '%s'\n%s", what, which, usage);
    return 2;
}

int main(int argc, char **argv) {
    static const char usage[] =
        "usage: 12_copy_file [--stop] SOURCE TARGET\n"
        "       12_copy_file --self-check [--help]\n"
        "  Copies a file through two mappings; a target that exists is replaced in the end.\n"
        "  --stop: stops before each window, as by Ctrl-Z; fg or kill -CONT goes on.\n"
        "  Exit status: 0 copied, 1 refused, 2 bad usage, 99 the set-up failed.\n";
    const char *option = argc > 1 ? argv[1] : "";
    if (strcmp(option, "--self-check") == 0) return self_check(argc, argv);
    if (strcmp(option, "--help") == 0 && argc == 2) return fputs(usage, stdout) == EOF;
    if (strcmp(option, "--help") == 0) return bad_usage("unexpected argument", argv[2], usage);
    stop = strcmp(option, "--stop") == 0;
    argv += stop, argc -= stop;
    for (int i = 1; i < argc; i++)
        if (argv[i][0] == '-') return bad_usage("unknown option", argv[i], usage);
    if (argc < 3) return bad_usage("missing argument", argc < 2 ? "SOURCE" : "TARGET", usage);
    if (argc > 3) return bad_usage("unexpected argument", argv[3], usage);
    return copy_file(argv[1], argv[2]);
}
