/*
 * 10_2_permissions - which mapping does a file's open mode permit?
 *
 * Notes      section 10.2 权限问题
 * Watch      the table: O_WRONLY permits nothing, O_RDONLY all but storing into the file
 * Corrects   10.2-1
 * Try this   1. In `int ro`, O_RDONLY -> O_RDWR: checks 1, 3 and 18 fail
 *            2. In `int wo`, O_WRONLY -> O_RDWR: checks 9, 10, 11, 20 and 21 fail
 *            3. PROT_WRITE, MAP_SHARED, rw -> RW, MAP_SHARED, wo: check 12 fails
 *            4. In `char *q`, MAP_PRIVATE -> MAP_SHARED: checks 13 and 14 fail, 15 may
 * See also   mmap(2) (EACCES), open(2), mprotect(2); 01_arguments, 04_private_mapping
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "picture.h"
#include "process.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

/* One row of the table: the four protections, tried one after the other, and what mmap() said. */
static const char *try_all(const char *who, int fd, int flags) {
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE, RW};
    static char row[64];
    size_t length = 0;
    for (size_t i = 0; i < sizeof prots / sizeof prots[0]; i++) {
        void *p = mmap(NULL, page_size(), prots[i], flags, fd, 0);
        length += (size_t)snprintf(row + length, sizeof row - length, "%s%s", i ? " " : "",
                                   p == MAP_FAILED ? errno_name(errno) : "ok");
        if (p != MAP_FAILED) munmap(p, page_size());
    }
    evidence("%s  %s", who, row);
    return row;
}

int main(int argc, char **argv) {
    begin(argc, argv, 23, "which mapping does a file's open mode permit?");
    size_t page = page_size();
    int rw = scratch_file("file.txt", page);
    int ro = open(scratch_path("file.txt"), O_RDONLY);
    int wo = open(scratch_path("file.txt"), O_WRONLY);
    if (ro == -1 || wo == -1) die("open");
    if (pwrite(rw, "O", 1, 0) != 1) die("pwrite");

    predict("Which error does mmap() report, and is root spared it?");
    step("The mistake: the file is opened O_RDONLY, the shared mapping shall be writable.");
    tell("The notes say (10.2-1, wrong): Invalid Parameter.");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, ro, 0) == MAP_FAILED, EACCES,
                "O_RDONLY, MAP_SHARED and PROT_WRITE together are EACCES", "10.2-1");
    evidence("as user %ld: errno %d is \"%s\"", (long)geteuid(), EACCES, strerror(EACCES));
    char *r = mmap(NULL, page, PROT_READ, MAP_SHARED, ro, 0);
    if (r == MAP_FAILED) die("mmap");
    check_str(store_to(r), "SIGSEGV SEGV_ACCERR",
              "O_RDONLY, MAP_SHARED and PROT_READ work, but a store dies", "10.2-1");
    check_errno(mprotect(r, page, RW) == -1, EACCES,
                "to ask for PROT_WRITE later, by mprotect(), is EACCES, too", "10.2-1");
    check_str(load_from(r), "no signal", "an mprotect() that fails leaves the mapping as it was",
              "10.2-1");

    step("The cure: O_RDWR.");
    char *p = mmap(NULL, page, RW, MAP_SHARED, rw, 0);
    check(p != MAP_FAILED, "O_RDWR permits a writable shared mapping", "10.2-1 10.2-2");
    if (p != MAP_FAILED) *p = 'P';
    check(byte_in_file(rw, 0) == 'P', "a store to a writable shared mapping is in the file",
          "10.2-1");
    char *later = mmap(NULL, page, PROT_READ, MAP_SHARED, rw, 0);
    if (later == MAP_FAILED) die("mmap");
    check(mprotect(later, page, RW) == 0,
          "of a file opened O_RDWR, mprotect() can make a mapping writable", "10.2-1");
    check_str(store_to(later), "no signal", "after that mprotect() stores work", "10.2-1");

    predict("Which mapping does a file opened O_WRONLY permit?");
    step("The mistake: who only wants to store opens the file O_WRONLY.");
    tell("The notes say (10.2-4, in part): MAP_SHARED needs read permission even then.");
    check_errno(mmap(NULL, page, PROT_WRITE, MAP_SHARED, wo, 0) == MAP_FAILED, EACCES,
                "O_WRONLY, MAP_SHARED and PROT_WRITE together are EACCES", "10.2-3 10.2-4");
    check_errno(mmap(NULL, page, PROT_WRITE, MAP_PRIVATE, wo, 0) == MAP_FAILED, EACCES,
                "O_WRONLY and MAP_PRIVATE are EACCES: it is not a matter of MAP_SHARED",
                "10.2-3 10.2-4");
    check_errno(mmap(NULL, page, PROT_NONE, MAP_PRIVATE, wo, 0) == MAP_FAILED, EACCES,
                "O_WRONLY is EACCES even for a mapping that permits nothing", "10.2-3 10.2-4");
    check(mmap(NULL, page, PROT_WRITE, MAP_SHARED, rw, 0) != MAP_FAILED,
          "the cure is O_RDWR, not PROT_READ", "10.2-3 10.2-4");

    step("No mistake: O_RDONLY and a private mapping that is writable.");
    if (pwrite(rw, "O", 1, 0) != 1) die("pwrite");
    char *q = mmap(NULL, page, RW, MAP_PRIVATE, ro, 0);
    check(q != MAP_FAILED, "O_RDONLY permits a writable private mapping", "10.2-2 10.2-5");
    if (q != MAP_FAILED) *q = 'Q';
    picture({"shared", getpid(), p}, {"private", getpid(), q});
    check(q != MAP_FAILED && *q == 'Q' && byte_in_file(rw, 0) == 'O',
          "a store to it is not in the file", "10.2-5");
    check_str(page_kind(getpid(), q), ANONYMOUS_PAGE, "the store is in a copy of the page",
              "10.2-5");
    q = mmap(NULL, page, PROT_READ, MAP_PRIVATE, ro, 0);
    if (q == MAP_FAILED) die("mmap");
    check(mprotect(q, page, RW) == 0, "mprotect() may make any private mapping writable", "10.2-5");
    check_str(store_to(q), "no signal", "after that mprotect() a private mapping takes stores",
              "10.2-5");

    predict("Three open modes, shared or private, four protections: which of the 24 are refused?");
    step("All of it in one table.");
    tell("The notes say (10.2-2, in part): a mapping may not do more than the open mode permits.");
    evidence("%-22s  PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE", "");
    check_str(try_all("O_RDONLY  MAP_SHARED ", ro, MAP_SHARED), "ok ok EACCES EACCES",
              "O_RDONLY and MAP_SHARED: all but PROT_WRITE", "10.2-1 10.2-2");
    check_str(try_all("O_RDONLY  MAP_PRIVATE", ro, MAP_PRIVATE), "ok ok ok ok",
              "O_RDONLY and MAP_PRIVATE: everything", "10.2-2 10.2-5");
    check_str(try_all("O_WRONLY  MAP_SHARED ", wo, MAP_SHARED), "EACCES EACCES EACCES EACCES",
              "O_WRONLY and MAP_SHARED: nothing", "10.2-2 10.2-3");
    check_str(try_all("O_WRONLY  MAP_PRIVATE", wo, MAP_PRIVATE), "EACCES EACCES EACCES EACCES",
              "O_WRONLY and MAP_PRIVATE: nothing", "10.2-2 10.2-4");
    check_str(try_all("O_RDWR    MAP_SHARED ", rw, MAP_SHARED), "ok ok ok ok",
              "O_RDWR and MAP_SHARED: everything", "10.2-2");
    check_str(try_all("O_RDWR    MAP_PRIVATE", rw, MAP_PRIVATE), "ok ok ok ok",
              "O_RDWR and MAP_PRIVATE: everything", "10.2-2");
    return end();
}
