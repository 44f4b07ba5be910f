#define _GNU_SOURCE
#include "02_touch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define BYTES     (4L << 20)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static int none = -1, zero, file;
static long faults[TOUCHES];
static const struct {
    const char *name;
    int flags, *fd;
    const char *why;
} about[TOUCHES] = {
    [PRIVATE] = {"anonymous, private", ANONYMOUS, &none, "a page is found and filled with zeros"},
    [SHARED] = {"anonymous, shared", MAP_SHARED | MAP_ANONYMOUS, &none, "... and goes into a file"},
    [ZERO] = {"/dev/zero, private", MAP_PRIVATE, &zero, "which is private anonymous memory"},
    [ZERO_SHARED] = {"/dev/zero, shared", MAP_SHARED, &zero, "which is shared anonymous memory"},
    [LATER] = {"a later store", ANONYMOUS, &none, "no fault: the kernel is not asked"},
    [POPULATED] = {"MAP_POPULATE, with mmap()", ANONYMOUS | MAP_POPULATE, &none,
                   "mmap() finds and fills all pages at once: the same work, but no faults"},
    [LOAD] = {"file, load", MAP_SHARED, &file, "a fault maps the cached pages around it as well"},
    [STORE] = {"file loaded, shared store", MAP_SHARED, &file, "the page is noted as dirty"},
    [CLEAN] = {"the same after fsync()", MAP_SHARED, &file, NULL},
    [OWN] = {"file loaded, private store", MAP_PRIVATE, &file, "a page is found, and copied into"},
    [FORKED] = {"stored to, then fork()", ANONYMOUS, &none, "the same: the child has the old page"},
    [MEMCPY] = {"memcpy() of a page", ANONYMOUS, &none, "pages that are there: no fault"},
};

static long pages_touched(void) {
    return BYTES / (long)page_size();
}

long faults_each(enum touched how) {
    long pages = pages_touched();
    return is_unknown(faults[how]) ? faults[how] : (faults[how] + pages / 2) / pages;
}

static void load_all(volatile char *p) {
    for (size_t i = 0; i < BYTES; i += page_size())
        (void)p[i];
}

static void store_all(volatile char *p, char byte) {
    for (size_t i = 0; i < BYTES; i += page_size())
        p[i] = byte;
}

double touch(struct way *way) {
    static char last, in_file, from[1 << 16]; /* a page of 64 KiB at most */
    enum touched how = (enum touched)way->how;
    struct partner child;
    pin(0);
    double began = now();
    char *p = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, about[how].flags, *about[how].fd, 0);
    if (p == MAP_FAILED) die("mmap");
    if (how == LATER || how == FORKED || how == MEMCPY) store_all(p, 0);
    if (how == CLEAN && fsync(file) == -1) die("fsync");
    if (how == STORE || how == CLEAN || how == OWN) load_all(p);
    if (how == FORKED) {
        partner_open(&child);
        child.pid = fork();
        if (child.pid == -1) die("fork");
        if (child.pid == 0) obey(&child);
    }
    if (how != LOAD) last = (char)(last % 100 + 1);
    memset(from, last, sizeof from);
    count_faults();
    if (how != POPULATED) began = now();
    if (how == LOAD)
        load_all(p);
    else if (how == MEMCPY)
        for (size_t i = 0; i < BYTES; i += page_size())
            memcpy(p + i, from, page_size());
    else
        store_all(p, last);
    double ns = now() - began;
    long counted = faults_counted();
    if (way->rounds == 0) faults[how] = counted;
    way->extra += (double)counted / (double)pages_touched();
    if (how == STORE || how == CLEAN) in_file = last;
    for (size_t i = 0; i < BYTES; i += page_size())
        way->wrong += p[i] != (how == LOAD ? in_file : last);
    if (how == FORKED) partner_close(&child);
    munmap(p, BYTES);
    return ns / (double)pages_touched();
}

void open_touches(struct way ways[TOUCHES]) {
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* one fault for each page: no huge pages */
    file = scratch_file("file", BYTES);
    zero = open("/dev/zero", O_RDWR | O_CLOEXEC);
    if (zero == -1)
        faults[ZERO] = faults[ZERO_SHARED] = unknown("/dev/zero: %s", errno_name(errno));
    for (int how = 0; how < TOUCHES; how++)
        ways[how] = (struct way){about[how].name, touch, .how = how, .why = about[how].why};
    touch(&(struct way){.how = OWN}); /* what is called there is in memory then */
    if (zero == -1) ways[ZERO].skipped = ways[ZERO_SHARED].skipped = unknown_text(faults[ZERO]);
}

double have_one_page(struct way *way) {
    double began = now(), times = 0;
    do {
        int fd = way->how == ZERO ? open("/dev/zero", O_RDWR | O_CLOEXEC) : -1;
        int flags = about[way->how].flags;
        volatile char *p = mmap(NULL, 1, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (p == MAP_FAILED) die("mmap");
        *p = 'x';
        way->wrong += *p != 'x';
        munmap((void *)p, 1);
        close(fd);
        times++;
    } while (now() - began < slice);
    return (now() - began) / times;
}
