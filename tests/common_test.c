#define _GNU_SOURCE
/*
 * common_test - do the rooms of common/ keep their promises? Each case runs in a process and with a
 * TMPDIR of its own, and is held against the exit status and the lines that it must give. It
 * must leave nothing behind: no file, and no process (which would hold the pipe open).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "picture.h"
#include "scratch.h"

/* A case: what runs, how that must end, and what its lines must begin with. */
struct test {
    const char *name;
    int (*run)(void);
    int status; /* or 1000 + a signal */
    const char *lines;
    const char *with; /* for run(), as act and signal */
    act *act;
    int signal;
};

static const struct test *test; /* the one that runs */
static char *program;
static struct partner child, other;

static void open_demo(int checks) {
    begin(1, &program, checks, "does this case do what it should?");
    step("The only step.");
}

static void fork_partner(struct partner *partner) {
    partner_open(partner);
    partner->pid = fork();
    if (partner->pid == -1) die("fork");
    if (partner->pid == 0) obey(partner);
}

/* What partners are asked for. */

static long add_one(void *with) {
    return *(const char *)with + 1;
}

static long length(void *with) {
    return (long)strlen(with);
}

static long kill_itself(void *with) {
    (void)with;
    return raise(SIGKILL);
}

static long die_of_something(void *with) {
    (void)with;
    errno = ENOENT;
    die("in the child");
}

static long descriptors(void *with) { /* how many are open, but for 0 to 2 */
    long open_ones = 0;
    (void)with;
    for (int fd = 3; fd < 100; fd++)
        open_ones += fcntl(fd, F_GETFD) != -1;
    return open_ones;
}

static int *meeting; /* ends of two pipes: one to write to, one to read from */

static long write_then_read(void *with) {
    char c = 'x';
    (void)with;
    if (write(meeting[0], &c, 1) != 1 || read(meeting[1], &c, 1) != 1) die("pipe");
    return c;
}

/* The cases. */

static int all_true(void) {
    open_demo(5);
    check(1 + 1 == 2, "a true condition", "0.0-1");
    check_is(6 * 7, 42, "equal numbers", NULL);
    check_is((const char *)"page", "page", "equal texts", NULL);
    check_least(6 * 7, 42, "a number that is not less", NULL);
    check_errno(close(-1) == -1, EBADF, "a failing call", NULL);
    return end();
}

static int all_false(void) {
    char letter = 'P';
    long frame = 0x15924d;
    open_demo(8);
    check(1 + 1 == 3, "a condition", NULL);
    check_is(6 * 7, 41, "a number", NULL);
    check_is(letter, 'O', "a letter", NULL);
    check_is(frame, 0x15924e, "a frame", NULL);
    check_least(6 * 7, 43, "a number that is less", NULL);
    check_is((const char *)"page", "frame", "a text", NULL);
    check_errno(close(-1) == -1, EINVAL, "another errno", NULL);
    check_errno(close(dup(0)) == -1, EBADF, "no error", NULL);
    return end();
}

static int unknown_ones(void) {
    open_demo(4);
    long here = unknown("/proc/self/smaps: %s", "EACCES"), there = unknown("needs CAP_SYS_ADMIN");
    check_is(here, 4, "an unknown number", NULL);
    check_is(change(1, there), 0, "a difference", NULL);
    check_is(unknown_text(here), "page cache", "an unknown text", NULL);
    check_is((const char *)number(there), "unknown", "shown", NULL);
    return end();
}

static int plan_short(void) {
    open_demo(2);
    check(true, "the only one", NULL);
    return end();
}

static int plan_long(void) {
    open_demo(1);
    check(true, "the planned one", NULL);
    check(true, "one too many", NULL);
    return end();
}

static int leave_early(void) {
    open_demo(2);
    check(true, "the first", NULL);
    exit(0);
}

static int die_of_errno(void) {
    open_demo(1);
    errno = ENOSPC;
    die("open %s", "/path");
}

static int skip_demo(void) {
    begin(1, &program, 1, "what is skipped?");
    skip_all("no such feature here");
}

static int hang(void) {
    open_demo(1);
    for (int i = 0; i < 30; i++)
        raise(SIGALRM); /* fast seconds */
    return end();
}

static volatile char *volatile nowhere = (volatile char *)8;

static int crash(void) {
    open_demo(2);
    check(true, "the first", NULL);
    *nowhere = 'x';
    return end();
}

static long crash_in_partner(void *with) {
    (void)with;
    return *nowhere;
}

static int usage(void) {
    char *const argv[] = {program, (char *)"--help", (char *)test->with, NULL};
    begin(test->with ? 3 : 2, (char **)argv, 1, "what is usage?");
    return end();
}

static int no_output(void) {
    close(STDOUT_FILENO);
    open_demo(1);
    check(true, "nobody reads this", NULL);
    return end();
}

static int partners(void) {
    open_demo(6);
    fork_partner(&child);
    fork_partner(&other);
    check_is(ask(&child, add_one, "A"), 'B', "it does what it is asked for", NULL);
    check_is(ask_text(&child, length, "text"), 4, "it is given a text", NULL);
    start(&child, add_one, "C");
    check_is(ask(&other, add_one, "D"), 'E', "another one works between the halves", NULL);
    check_is(finish(&child), 'D', "the answer comes with the second half", NULL);
    partner_close(&child);
    partner_close(&other);
    start_unrelated(&child);
    check_is(ask_text(&child, length, "texts"), 5, "an unrelated one does as well", NULL);
    check_is(ask(&child, descriptors, NULL), 0, "it has inherited no descriptor", NULL);
    partner_close(&child);
    return end();
}

static int both_run(void) {
    int ends[2][2];
    open_demo(2);
    if (pipe(ends[0]) == -1 || pipe(ends[1]) == -1) die("pipe");
    meeting = (int[]){ends[0][1], ends[1][0]};
    fork_partner(&child);
    meeting = (int[]){ends[1][1], ends[0][0]};
    fork_partner(&other);
    start(&child, write_then_read, NULL);
    start(&other, write_then_read, NULL);
    check_is(finish(&child), 'x', "the first one has met the second", NULL);
    check_is(finish(&other), 'x', "the second one has met the first", NULL);
    return end();
}

static int partner_ends(void) {
    open_demo(1);
    fork_partner(&child);
    fork_partner(&other); /* keeps the first one's socket */
    ask(&child, test->act, NULL);
    return end();
}

static int parent_killed(void) {
    open_demo(1);
    scratch_file("file", 1);
    fork_partner(&child);
    start_unrelated(&other);
    return raise(SIGKILL);
}

static int no_program(void) {
    open_demo(1);
    program[0] = '?';
    start_unrelated(&child);
    ask(&child, length, "text");
    return end();
}

static int crashes(void) {
    open_demo(4);
    int fd = scratch_file("file", page_size());
    char *p = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_is(load_from(p), "no signal", "a load that works", NULL);
    check_is(store_to(p), "SIGSEGV SEGV_ACCERR", "a store that is not permitted", NULL);
    check_is(load_from(p + page_size()), "SIGBUS BUS_ADRERR", "past the end of the file", NULL);
    if (munmap(p, page_size()) == -1) die("munmap");
    check_is(load_from(p), "SIGSEGV SEGV_MAPERR", "where nothing is mapped", NULL);
    return end();
}

static int pages(void) {
    pid_t self = getpid();
    size_t page = page_size();
    open_demo(15);
    int fd = scratch_file("file", 3 * page);
    volatile char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    volatile char *q = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED || q == MAP_FAILED) die("mmap");
    check_is(pages_present(self, p, 3), 0, "no page is present", NULL);
    check_is(page_kind(self, p), NO_PAGE, "none is there", NULL);
    check_least(faults_of(*p), 1, "a load faults", NULL);
    check_is(faults_of(*p), 0, "the next one does not", NULL);
    check_is(page_kind(self, p), FILE_PAGE, "a page of the file", NULL);
    check_is(mapped_once(self, p), 1, "mapped once", NULL);
    check_least(faults_of(*q), 1, "through the other mapping", NULL);
    check_is(mapped_once(self, p), 0, "mapped twice", NULL);
    check_is(same_frame(self, p, self, q), 1, "one frame", NULL);
    *p = 'x';
    check_is(page_kind(self, p), ANONYMOUS_PAGE, "a copy", NULL);
    check_is(same_frame(self, p, self, q), 0, "two frames", NULL);
    check_is((const char *)look_at(self, q).permissions, "rw-s", "permissions", NULL);
    check_is(smaps_kb(self, p, "Size"), 3 * page / 1024, "kB", NULL);
    check_is(mappings_named(self, scratch_path("file")), 2, "two mappings of the file", NULL);
    check_least(proc_field("/proc/self/status", "VmSize"), 3 * page / 1024, "a field", NULL);
    picture({"private", self, p}, {"shared", self, q}, {"untouched", self, p + 2 * page});
    return end();
}

static int leave_files(void) {
    open_demo(1);
    scratch_file("file", 1);
    raise(test->signal);
    check(true, "fine", NULL);
    return end();
}

static int scratch_removes(void) {
    char outside[1100];
    open_demo(1);
    snprintf(outside, sizeof outside, "%s/outside", getenv("TMPDIR"));
    remove_at_end(unlink, outside);
    if (open(outside, O_CREAT | O_CLOEXEC, 0600) == -1) die("open");
    raise(SIGKILL);
    return end();
}

static int tmpdir(void) {
    setenv("TMPDIR", test->with, 1);
    return leave_files();
}

static const struct test tests[] = {
    {"checks that hold", all_true, 0,
     .lines = "TAP version 13\n1..5\nok 1 - a true condition (0.0-1)\nok 5 - "},
    {"checks that fail", all_false, 1,
     .lines =
         "not ok 1 - a condition\n#   seen: false, expected: true; common_test.c:\n"
         "#   seen: 42, expected: 41; common_test.c:\n#   seen: 'P', expected: 'O'; "
         "common_test.c:\n"
         "#   seen: 0x15924d, expected: 0x15924e; common_test.c:\n"
         "#   seen: 42, expected: >=43; common_test.c:\n#   seen: page, expected: frame; "
         "common_test.c:\n"
         "#   seen: EBADF, expected: EINVAL; common_test.c:\n#   seen: success, expected: EBADF;\n"
         "# 8 of 8 checks failed"},
    {"what is unknown is skipped", unknown_ones, 0,
     .lines = "ok 1 - an unknown number # SKIP /proc/self/smaps: EACCES\n"
              "ok 2 - a difference # SKIP needs CAP_SYS_ADMIN\n"
              "ok 3 - an unknown text # SKIP /proc/self/smaps: EACCES\nok 4 - shown"},
    {"a plan too long", plan_short, 1, .lines = "# planned 2 checks, but ran 1"},
    {"a plan too short", plan_long, 1, .lines = "# planned 1 checks, but ran 2"},
    {"left early", leave_early, 1, .lines = "# left after 1 of 2 planned checks"},
    {"die()", die_of_errno, 99, .lines = "Bail out! open /path: No space left on device (ENOSPC)"},
    {"skipped as a whole", skip_demo, 77, .lines = "1..0 # SKIP no such feature here"},
    {"the watchdog", hang, 99, .lines = "Bail out! the demo took too long"},
    {"a crash", crash, 1000 + SIGSEGV,
     .lines = "# common_test: killed by SIGSEGV SEGV_MAPERR at 0x8 after check 1, in step 1"},
    {"a partner's crash", partner_ends, 99,
     .lines = "# a partner: killed by SIGSEGV SEGV_MAPERR at 0x8\n"
              "# given up after check 0, in step 1\nBail out! process ",
     .act = crash_in_partner},
    {"an unknown option", usage, 2,
     .lines = "common_test: there is no option or argument '--bogus'\nusage: common_test ",
     .with = "--bogus"},
    {"an argument", usage, 2,
     .lines = "common_test: there is no option or argument 'more'\nusage: common_test ",
     .with = "more"},
    {"--help", usage, 0, .lines = "usage: common_test [--help] [--step] [--lang en|zh]"},
    {"no stdout", no_output, 99, .lines = "common_test: cannot write to stdout: EBADF"},
    {"partners", partners, 0, .lines = "ok 6 - "},
    {"both run", both_run, 0, .lines = "ok 2 - "},
    {"a partner is killed", partner_ends, 99, .lines = "Bail out! process ", .act = kill_itself},
    {"a partner dies", partner_ends, 99, .lines = "Bail out! process ", .act = die_of_something},
    {"the parent is killed", parent_killed, 1000 + SIGKILL, .lines = ""},
    {"no such program", no_program, 99, .lines = "Bail out! process "},
    {"accesses that die", crashes, 0, .lines = "ok 4 - "},
    {"looks", pages, 0, .lines = "ok 15 - \n#   private   0x"},
    {"scratch at the end", leave_files, 0, .lines = "ok 1 - "},
    {"scratch after SIGINT", leave_files, 1000 + SIGINT, .lines = "", .signal = SIGINT},
    {"scratch after SIGKILL", leave_files, 1000 + SIGKILL, .lines = "", .signal = SIGKILL},
    {"what is outside of scratch", scratch_removes, 1000 + SIGKILL, .lines = ""},
    {"no TMPDIR", tmpdir, 99,
     .lines = "Bail out! cannot make a directory in TMPDIR (/no/such/directory): No such file or "
              "directory "
              "(ENO",
     .with = "/no/such/directory"},
    {"TMPDIR is no directory", tmpdir, 99,
     .lines = "Bail out! cannot make a directory in TMPDIR (/dev/null)", .with = "/dev/null"},
};

/* Prints what is wrong with a case, from its status, its output, and what it left in its TMPDIR. */
static bool judge(int status, char *out, const char *dir) {
    bool good = status == test->status;
    char lines[2000];
    if (!good) printf("# status %d instead of %d\n", status, test->status);
    snprintf(lines, sizeof lines, "%s", test->lines);
    for (char *rest = lines, *line; (line = strsep(&rest, "\n"));) {
        char *found = out;
        while ((found = strstr(found, line)) && found > out && found[-1] != '\n')
            found++;
        if (!found) good = false, printf("# no line begins with: %s\n", line);
    }
    if (rmdir(dir) == -1) good = false, printf("# left behind something in %s\n", dir);
    if (!good) printf("# all that it printed:\n%s\n", out);
    return good;
}

/* Runs a case and takes all that it prints, until nobody holds its output any more. */
static bool run(void) {
    static char out[1 << 16];
    const char *parent = getenv("TMPDIR");
    char dir[1100];
    int ends[2], status;
    size_t used = 0;
    snprintf(dir, sizeof dir, "%s/common-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(dir) || pipe(ends) == -1) die("set-up");
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        if (setenv("TMPDIR", dir, 1) == -1 || dup2(ends[1], 1) == -1 || dup2(1, 2) == -1) _exit(98);
        close(ends[0]), close(ends[1]);
        exit(test->run());
    }
    close(ends[1]);
    for (ssize_t got = 1; got > 0 && used < sizeof out - 1; used += (size_t)(got > 0 ? got : 0))
        got = read(ends[0], out + used, sizeof out - 1 - used);
    out[used] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return judge(WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status), out, dir);
}

int main(int argc, char **argv) {
    static act *const acts[] = {length, descriptors, NULL};
    const size_t count = sizeof tests / sizeof tests[0];
    bool all_good = true;
    program = argv[0];
    obey_if_unrelated(argc, argv, acts);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n1..%zu\n", count);
    for (test = tests; test < tests + count; test++) {
        bool good = run();
        printf("%s %td - %s\n", good ? "ok" : "not ok", test - tests + 1, test->name);
        all_good &= good;
    }
    return all_good ? 0 : 1;
}
