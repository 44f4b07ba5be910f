/*
 * Uses the rooms of common/ rightly and wrongly, one way an argument; tests/CMakeLists.txt says
 * what must come of each.
 */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench.h"
#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "ring.h"
#include "scratch.h"

#define CAP_SYS_ADMIN 21

static char *program;

static void start(int checks) {
    begin(1, &program, checks, "do the rooms keep their promises?");
}

/* check */

static int check_true(void) {
    start(4);
    check(1 + 1 == 2, "a true condition holds", "0.0-1");
    check_num(6 * 7, ==, 42, "equal numbers are equal", NULL);
    check_str("page", "page", "equal strings are equal # and \\ are escaped", NULL);
    check_errno(close(-1) == -1, EBADF, "a failing call fails", NULL);
    return end();
}

static int check_false(void) {
    start(1);
    check(1 + 1 == 3, "a false condition", NULL);
    return end();
}

static int check_false_number(void) {
    start(1);
    check_num(6 * 7, <, 42, "a false comparison", NULL);
    return end();
}

static int check_false_string(void) {
    start(1);
    check_str("page", "frame", "different strings", NULL);
    return end();
}

static int check_false_errno(void) {
    start(1);
    check_errno(close(-1) == -1, EINVAL, "another errno", NULL);
    return end();
}

static int check_no_error(void) {
    start(1);
    check_errno(close(dup(0)) == -1, EBADF, "a call that should fail and does not", NULL);
    return end();
}

static int check_unknown(void) {
    start(2);
    check_num(unknown("/proc/self/smaps: %s", "EACCES"), ==, 4, "an unknown number", NULL);
    check_num(change(UNKNOWN, UNKNOWN), ==, 0, "the difference of two of them", NULL);
    return end();
}

static int plan_short(void) {
    start(2);
    check(true, "the only one", NULL);
    return end();
}

static int plan_long(void) {
    start(1);
    check(true, "the planned one", NULL);
    check(true, "one too many", NULL);
    return end();
}

static int leave_early(void) {
    start(2);
    check(true, "the first", NULL);
    exit(0);
}

static int die_of_errno(void) {
    start(1);
    errno = ENOSPC;
    die("open %s", "/path");
}

static int skip_demo(void) {
    start(1);
    skip_all("no such feature here");
}

static int watchdog(void) {
    start(1);
    step("Hang.");
    struct itimerval ticking;
    if (getitimer(ITIMER_REAL, &ticking) == -1 || ticking.it_interval.tv_sec != 1) return 1;
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 10000}, {0, 10000}}, NULL); /* fast seconds */
    for (int i = 0; i < 100; i++)
        pause();
    return end();
}

/* process */

static int child_killed(void) {
    struct turns child;
    start(1);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == 0) {
        await_turn(&child);
        raise(SIGKILL);
    }
    give_turn(&child);
    return end();
}

static int child_exits(void) {
    struct turns child;
    start(1);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == 0) {
        await_turn(&child);
        errno = ENOENT;
        die("the child's set-up");
    }
    give_turn(&child);
    return end();
}

/* The younger child has inherited the elder's socket: the elder's death must be noticed all the
 * same. */
static int sibling_killed(void) {
    struct turns elder, younger;
    start(1);
    turns_open(&elder);
    elder.pid = fork();
    if (elder.pid == 0) {
        await_turn(&elder);
        raise(SIGKILL);
    }
    turns_open(&younger);
    younger.pid = fork();
    if (younger.pid == 0) {
        await_turn(&younger);
        last_turn(&younger);
    }
    give_turn(&younger);
    give_turn(&elder);
    return end();
}

/* The child spins; it holds stdout, so whoever reads that to its end knows that the child is gone.
 */
static int parent_killed(void) {
    struct turns child;
    start(1);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == 0) {
        await_turn(&child);
        child.said = 1;
        await_turn(&child);
        for (;;)
            ;
    }
    give_turn(&child);
    kill(getpid(), SIGKILL);
    return end();
}

static int turns_in_order(void) {
    struct turns child;
    start(2);
    turns_open(&child);
    child.pid = fork();
    if (child.pid == 0)
        for (;;) {
            await_turn(&child);
            child.said += 10;
        }
    check_num(give_turn(&child), ==, 10, "the child says what it did", NULL);
    check_num(give_turn(&child), ==, 20, "turn by turn", NULL);
    turns_close(&child);
    return end();
}

static void count_descriptors(struct turns *turns) {
    await_turn(turns);
    for (int fd = 0; fd < 64; fd++)
        turns->said += fcntl(fd, F_GETFD) != -1;
    last_turn(turns);
}

static int unrelated(void) {
    struct turns other;
    start(1);
    scratch_file("file", 1);
    start_unrelated(&other, program, "count", "");
    check_num(give_turn(&other), ==, 3, "it inherits stdin, stdout and stderr only", NULL);
    turns_close(&other);
    return end();
}

static int unrelated_missing(void) {
    struct turns other;
    start(1);
    start_unrelated(&other, "/no/such/program", "count", "");
    give_turn(&other);
    return end();
}

static void store_behind(volatile char *address) {
    address[page_size()] = 'x';
}

static int crashes(void) {
    size_t page = page_size();
    start(7);
    char *p = mmap(NULL, 3 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || munmap(p + page, page) == -1) die("mmap");
    check_str(load_from(p), "no signal", "a load from a readable page", NULL);
    check_str(store_to(p), "SIGSEGV SEGV_ACCERR", "a store to a read-only page", NULL);
    check_str(load_from(p + page), "SIGSEGV SEGV_MAPERR", "a load from a hole", NULL);
    check_str(load_from(NULL), "SIGSEGV SEGV_MAPERR", "a load from nowhere", NULL);
    char where[64];
    snprintf(where, sizeof where, "SIGSEGV SEGV_MAPERR at %p", (void *)(p + page));
    check_str(call_with(store_behind, p), where, "a function that stores elsewhere", NULL);
    int fd = scratch_file("empty", 0);
    char *empty = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (empty == MAP_FAILED) die("mmap");
    check_str(load_from(empty), "SIGBUS BUS_ADRERR", "a load beyond the end of a file", NULL);
    check_str(store_to(empty), "SIGBUS BUS_ADRERR", "a store beyond the end of a file", NULL);
    return end();
}

/* observe */

static int pages(void) {
    size_t page = page_size();
    pid_t self = getpid();
    start(12);
    int fd = scratch_file("file", page);
    char *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    check_str(page_kind(self, p), NO_PAGE, "before the first access", NULL);
    check_num(pages_present(self, p, 1), ==, 0, "no entry", NULL);
    check_num(smaps_kb(self, p, "Rss"), ==, 0, "nothing resident", NULL);
    check_num(faults_of_load(p, 1), ==, 1, "a load faults", NULL);
    check_str(page_kind(self, p), FILE_PAGE, "a page of the file", NULL);
    check_num(faults_of_store(p, 1, 'x'), ==, 1, "a store faults", NULL);
    check_str(page_kind(self, p), ANONYMOUS_PAGE, "a copy", NULL);
    check_num(mapped_once(self, p), ==, 1, "mapped once", NULL);
    check_num(pages_present(self, p, 1), ==, 1, "one entry", NULL);
    check_num(smaps_kb(self, p, "Rss"), ==, page / 1024, "one page resident", NULL);
    if (munmap(p, page) == -1) die("munmap");
    check_str(page_kind(self, p), NO_MAPPING, "after munmap", NULL);
    check(smaps_kb(self, p, "Rss") == -1 && status_kb(self, "VmNonsense") == UNKNOWN &&
              vmstat("nonsense") == UNKNOWN && mapped_once(self, p) == UNKNOWN &&
              page_kind(-1, p) == NULL,
          "what is not there is -1 or unknown, not 0", NULL);
    return end();
}

/* With CAP_SYS_ADMIN out of the bounding set, exec() leaves even root without it. */
static int without_privilege(char *way) {
    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
    execv(program, (char *[]){program, way, NULL});
    return 1;
}

static int drop_privilege(void) {
    return without_privilege("no-frame");
}

static int no_frame(void) {
    char here = 'x';
    start(2);
    check(frame_of(getpid(), &here) == UNKNOWN, "a frame number is unknown, not 0", NULL);
    check_num(frame_of(getpid(), &here), !=, 0, "so a check of it is skipped", NULL);
    return end();
}

/* picture */

static char *map(size_t bytes, int flags, int fd) {
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return p;
}

/* What has been printed since, for the test to measure; and it is printed now. */
static int hidden_stdout;
static void hide(void) {
    hidden_stdout = dup(STDOUT_FILENO);
    dup2(scratch_file("printed", 0), STDOUT_FILENO);
}
static void show(long *lines, size_t *widest) {
    static char line[1000];
    dup2(hidden_stdout, STDOUT_FILENO);
    FILE *printed = fopen(scratch_path("printed"), "r");
    if (!printed) die("fopen");
    for (*lines = 0, *widest = 0; fgets(line, sizeof line, printed); ++*lines) {
        size_t width = 0;
        for (const char *byte = line; *byte != '\n'; byte++)
            width += (*byte & 0xC0) != 0x80; /* in UTF-8 the others continue a character */
        if (width > *widest) *widest = width;
        fputs(line, stdout);
    }
}

static int draw_pictures(void) {
    size_t page = page_size();
    pid_t self = getpid();
    struct turns child;
    start(11);
    int fd = scratch_file("file", 8 * page), other_fd = scratch_file("other", page);
    char *a = map(8 * page, MAP_SHARED, fd), *b = map(8 * page, MAP_SHARED, fd);
    char *c = map(page, MAP_PRIVATE, fd), *unread = map(page, MAP_PRIVATE, fd);
    char *d = map(page, MAP_PRIVATE, fd), *hole = map(page, MAP_PRIVATE, fd);
    char *other = map(page, MAP_SHARED, other_fd), *again = map(page, MAP_SHARED, other_fd);
    char *own = map(page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    char *inherited = map(page, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (munmap(hole, page) == -1) die("munmap");
    for (size_t i = 0; i < 8; i++)
        a[i * page] = b[i * page] = 'x';
    if (*(volatile char *)d != 'x') die("mmap");
    *other = *again = *inherited = 'x';
    turns_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) {
        await_turn(&child);
        last_turn(&child);
    }
    *c = *own = 'x';

    check(same_frame(self, a, self, b) == 1, "two mappings of a page of a file", NULL);
    check(same_frame(self, a, self, b + page) == 0, "two pages of a file", NULL);
    check(same_frame(self, a, self, other) == 0, "the first pages of two files", NULL);
    check(same_frame(self, a, self, inherited) == 0, "a page of a file and no page of a file",
          NULL);
    check(same_frame(self, c, self, own) == 0, "two copies that are mapped once", NULL);
    check(same_frame(self, c, self, c + 1) == 1, "a page and itself", NULL);
    check(same_frame(self, a, self, unread) == UNKNOWN &&
              same_frame(self, hole, self, a) == UNKNOWN,
          "no page, no frame", NULL);
    long same = same_frame(self, inherited, child.pid, inherited);
    check(same == (frame_of(self, a) == UNKNOWN ? UNKNOWN : 1),
          "which anonymous pages are shared the frame number tells, if any", NULL);

    long lines;
    size_t widest;
    hide();
    picture({"joined", self, a}, {"joins", self, b}, {"joinstoo", self, d}, {"copy", self, c},
            {"other", self, other}, {"unread", self, unread}, {"hole", self, hole},
            {"gone", -1, a});
    picture({"x1", self, a}, {"y1", self, a + page}, {"over", self, own}, {"x2", self, b},
            {"y2", self, b + page});
    picture({"mine", self, inherited}, {"its", child.pid, inherited});
    show(&lines, &widest);
    check_num(lines, ==, 8 + 5 + 2, "a line for each view", NULL);

    struct view many[16];
    for (size_t i = 0; i < 16; i++)
        many[i] = (struct view){"many", self, i < 8 ? a + i * page : b + (i - 8) * page};
    if (unlink(scratch_path("printed")) == -1) die("unlink");
    hide();
    picture_of(many, 16);
    show(&lines, &widest);
    check_num(lines, ==, 16, "a line for each of 16 views", NULL);
    check_num(widest, <=, 100, "eight lanes are at most 100 columns wide", NULL);
    turns_close(&child);
    return end();
}

static int draw_without_privilege(void) {
    return without_privilege("picture");
}

/* scratch: prints the directory, then ends in the way its name says. The janitor holds stdout. */

static void scratch_until(int signal_number) {
    scratch_file("file", 10000);
    printf("%s\n", scratch_dir());
    fflush(stdout);
    if (signal_number != 0) kill(getpid(), signal_number);
}

static int scratch_end(void) {
    begin(1, &program, 0, "?");
    scratch_until(0);
    return end();
}

static int scratch_exit(void) {
    scratch_until(0);
    exit(3);
}

static int scratch_int(void) {
    setpgid(0, 0); /* Ctrl-C reaches the whole process group */
    scratch_until(0);
    kill(0, SIGINT);
    return 0;
}

static int scratch_term(void) {
    scratch_until(SIGTERM);
    return 0;
}

static int scratch_kill(void) {
    scratch_until(SIGKILL);
    return 0;
}

/* A child that still lives must not keep the demo from its end. */
static int scratch_die(void) {
    struct turns child;
    turns_open(&child);
    scratch_until(0);
    child.pid = fork();
    if (child.pid == 0) {
        await_turn(&child);
        last_turn(&child);
    }
    errno = EIO;
    die("in the middle");
}

/* A child that leaves by exit() must not take its parent's directory away. */
static int scratch_child(void) {
    start(1);
    scratch_file("file", 1);
    pid_t child = fork();
    if (child == 0) exit(0);
    wait_for(child);
    check(access(scratch_path("file"), F_OK) == 0, "the file is still there", NULL);
    return end();
}

/* Nor may a message queue be left, here of a child that is killed. */
static int scratch_queue(void) {
    char name[64] = "";
    int ends[2];
    start(1);
    if (pipe(ends) == -1) die("pipe");
    pid_t child = fork();
    if (child == 0) {
        struct mq_attr limits = {.mq_maxmsg = 1, .mq_msgsize = 8};
        snprintf(name, sizeof name, "%s", strrchr(scratch_dir(), '/'));
        remove_at_end(name, -1);
        if (mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &limits) == -1 && errno != ENOSYS)
            die("mq_open");
        if (write(ends[1], name, sizeof name) == -1) die("write");
        raise(SIGKILL);
    }
    close(ends[1]);
    if (read(ends[0], name, sizeof name) != sizeof name) die("read");
    wait_for(child);
    if (read(ends[0], name, 1) != 0) die("read"); /* the child's janitor has ended, too */
    check(mq_unlink(name) == -1, "the message queue is gone", NULL);
    return end();
}

/* The program that a child has become finds the directory although the demo was killed. */
static int scratch_exec(void) {
    int ends[2];
    scratch_until(0);
    if (pipe2(ends, O_CLOEXEC) == -1) die("pipe");
    pid_t child = fork();
    if (child == -1) die("fork");
    if (child == 0) {
        keep_scratch();
        dup2(ends[0], STDIN_FILENO);
        execlp("sh", "sh", "-c", "cat; ls \"$0\"", scratch_dir(), NULL); /* cat: until the kill */
        die("exec sh");
    }
    raise(SIGKILL);
    return 0;
}

/* ring */

/* One message and the end of the stream, as close together as can be; and a producer that dies. */
static int ring_ends(void) {
    struct ring_end mine;
    long lost = 0, taken_for_dead = 0, told = 0;
    struct ring *ring =
        mmap(NULL, ring_size(64, 4), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED) die("mmap");
    start(3);
    for (int i = 0; i < 200; i++) {
        bool dies = i % 4 == 3;
        ring_init(ring, 64, 4);
        pid_t pid = fork();
        if (pid == -1) die("fork");
        if (pid == 0) {
            ring_join(&mine, ring, PRODUCER);
            for (int n = 0; n < 9; n++)
                compose(ring_next(&mine), 64, (uint64_t)n), ring_done(&mine);
            if (!dies) ring_leave(&mine);
            _exit(0);
        }
        ring_join(&mine, ring, CONSUMER);
        mine.may_spin = i % 2;
        uint64_t n = 0;
        for (uint64_t *message; (message = ring_next(&mine)); n++, ring_done(&mine))
            lost += !is_whole(message, 64, n);
        lost += n != 9;
        taken_for_dead += mine.died && !dies;
        told += mine.died && dies;
        ring_leave(&mine);
        if (wait_for(pid) != 0) bail_out("the child died");
    }
    check_num(lost, ==, 0, "no message is lost, whatever comes after it", NULL);
    check_num(taken_for_dead, ==, 0, "who leaves is not dead", NULL);
    check_num(told, ==, 50, "who exits without leaving is", NULL);
    return end();
}

/* bench */

/* One flipped bit anywhere in a message is noticed, and a message that is another one. */
static int messages(void) {
    static uint64_t message[520];
    const size_t sizes[] = {8, 56, 64, 72, 136, 4160};
    long missed = 0, refused = 0;
    start(3);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (uint64_t n = 0; n < 300; n += 37) {
            compose(message, sizes[i], n);
            refused += !is_whole(message, sizes[i], n);
            missed += is_whole(message, sizes[i], n + 256);
            for (size_t byte = 0; byte < sizes[i]; byte++) {
                ((unsigned char *)message)[byte] ^= 1;
                missed += is_whole(message, sizes[i], n);
                ((unsigned char *)message)[byte] ^= 1;
            }
        }
    check_num(refused, ==, 0, "a whole message is whole", NULL);
    check_num(missed, ==, 0, "a wrong byte is noticed", NULL);
    compose(message, 64, 5);
    check(!is_whole(message, 64, 6), "another message is noticed", NULL);
    return end();
}

/* Medians, pairs and verdicts of numbers that are known. */
static int verdicts(void) {
    static struct row rows[3] = {{.table = "t", .name = "slow"},
                                 {.table = "t", .name = "fast"},
                                 {.table = "t", .name = "unsteady"}};
    for (int round = 0; round < ROUNDS; round++) {
        rows[0].ns[round] = round < 7 ? 100 + round * 10 : -1;
        rows[1].ns[round] = round < 6 ? 10 + round : -1; /* the seventh is missing: six pairs */
        rows[2].ns[round] = round % 2 ? 20 : 70;
    }
    start(3);
    struct spread ratio = times(rows, 3, "t", "slow", "fast");
    check(ratio.rounds == 6 && ratio.q1 == 10 && ratio.median == 10 && ratio.q3 == 10,
          "rounds are compared one by one", NULL);
    struct spread unsteady = times(rows, 3, "t", "slow", "unsteady");
    check(unsteady.q1 < 2.5 && unsteady.q3 > 5, "quartiles show how steady it is", NULL);
    check(times(rows, 3, "t", "slow", "none").rounds == 0, "no row, no rounds", NULL);
    print_tables(rows, 3, "way", "faults", false, NULL);
    const struct condition conditions[] = {
        {"a", ratio, 10}, {"b", ratio, 10.5}, {"c", unsteady, 3}, {"d", {.rounds = 0}, 3}};
    print_verdict("all", "statement", conditions, 4);
    print_verdict("yes", "statement", conditions, 1);
    print_verdict("no", "statement", conditions + 1, 1);
    print_verdict("open", "statement", conditions + 2, 1);
    print_verdict("none", "statement", conditions + 3, 1);
    return end();
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } ways[] = {
        {"true", check_true},
        {"false", check_false},
        {"false-number", check_false_number},
        {"false-string", check_false_string},
        {"false-errno", check_false_errno},
        {"no-error", check_no_error},
        {"unknown", check_unknown},
        {"plan-short", plan_short},
        {"plan-long", plan_long},
        {"leave-early", leave_early},
        {"die", die_of_errno},
        {"skip-all", skip_demo},
        {"watchdog", watchdog},
        {"turns", turns_in_order},
        {"child-killed", child_killed},
        {"child-exits", child_exits},
        {"sibling-killed", sibling_killed},
        {"parent-killed", parent_killed},
        {"unrelated", unrelated},
        {"unrelated-missing", unrelated_missing},
        {"crashes", crashes},
        {"pages", pages},
        {"drop-privilege", drop_privilege},
        {"no-frame", no_frame},
        {"picture", draw_pictures},
        {"picture-drop-privilege", draw_without_privilege},
        {"scratch-end", scratch_end},
        {"scratch-exit", scratch_exit},
        {"scratch-int", scratch_int},
        {"scratch-term", scratch_term},
        {"scratch-kill", scratch_kill},
        {"scratch-die", scratch_die},
        {"scratch-child", scratch_child},
        {"scratch-queue", scratch_queue},
        {"scratch-exec", scratch_exec},
        {"ring-ends", ring_ends},
        {"messages", messages},
        {"verdicts", verdicts},
    };
    struct turns turns;
    program = argv[0];
    if (has_role(argc, argv, "count", &turns)) count_descriptors(&turns);
    for (size_t i = 0; argc == 2 && i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(argv[1], ways[i].name) == 0) return ways[i].run();
    fprintf(stderr, "usage: helper WAY\n");
    return 2;
}
