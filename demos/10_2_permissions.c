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

struct row {
    char text[64];
};

/* One row of the table: the four protections, tried one after the other, and what mmap() said. */
static struct row try_all(const char *who, int fd, int flags) {
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE, RW};
    const char *said[4];
    struct row row;
    for (size_t i = 0; i < 4; i++) {
        void *p = mmap(NULL, page_size(), prots[i], flags, fd, 0);
        said[i] = p == MAP_FAILED ? errno_name(errno) : "ok";
        if (p != MAP_FAILED) munmap(p, page_size());
    }
    evidence("%-20s  %-9s  %-9s  %-10s  %s", who, said[0], said[1], said[2], said[3]);
    snprintf(row.text, sizeof row.text, "%s %s %s %s", said[0], said[1], said[2], said[3]);
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
    tell("The notes say (10.2-1, wrong): the error is \"Invalid Parameter\".");
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
    check_str(store_to(later), "no signal",
              "a mapping that mprotect() has made writable takes stores", "10.2-1");

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

    step("The file is opened O_RDONLY, a private mapping shall be writable.");
    if (pwrite(rw, "O", 1, 0) != 1) die("pwrite");
    char *q = mmap(NULL, page, RW, MAP_PRIVATE, ro, 0);
    check(q != MAP_FAILED, "O_RDONLY permits a writable private mapping", "10.2-2 10.2-5");
    if (q != MAP_FAILED) *q = 'Q';
    picture({"shared", getpid(), p}, {"private", getpid(), q});
    check(q != MAP_FAILED && *q == 'Q' && byte_in_file(rw, 0) == 'O',
          "a store to a private mapping is not in the file", "10.2-5");
    check_str(page_kind(getpid(), q), ANONYMOUS_PAGE,
              "a store to a private mapping is in a copy of the page", "10.2-5");
    q = mmap(NULL, page, PROT_READ, MAP_PRIVATE, ro, 0);
    if (q == MAP_FAILED) die("mmap");
    check(mprotect(q, page, RW) == 0, "mprotect() may make any private mapping writable", "10.2-5");
    check_str(store_to(q), "no signal", "after that mprotect() a private mapping takes stores",
              "10.2-5");

    predict("Three open modes, shared or private, four protections: which of the 24 are refused?");
    step("All of it in one table.");
    tell("The notes say (10.2-2, in part): a mapping may not do more than the open mode permits.");
    evidence("%-20s  PROT_NONE  PROT_READ  PROT_WRITE  READ|WRITE", "");
    struct row ro_shared = try_all("O_RDONLY MAP_SHARED", ro, MAP_SHARED);
    struct row ro_private = try_all("O_RDONLY MAP_PRIVATE", ro, MAP_PRIVATE);
    struct row wo_shared = try_all("O_WRONLY MAP_SHARED", wo, MAP_SHARED);
    struct row wo_private = try_all("O_WRONLY MAP_PRIVATE", wo, MAP_PRIVATE);
    struct row rw_shared = try_all("O_RDWR   MAP_SHARED", rw, MAP_SHARED);
    struct row rw_private = try_all("O_RDWR   MAP_PRIVATE", rw, MAP_PRIVATE);
    check_str(ro_shared.text, "ok ok EACCES EACCES", "O_RDONLY and MAP_SHARED: all but PROT_WRITE",
              "10.2-1 10.2-2");
    check_str(ro_private.text, "ok ok ok ok", "O_RDONLY and MAP_PRIVATE: everything",
              "10.2-2 10.2-5");
    check_str(wo_shared.text, "EACCES EACCES EACCES EACCES", "O_WRONLY and MAP_SHARED: nothing",
              "10.2-2 10.2-3");
    check_str(wo_private.text, "EACCES EACCES EACCES EACCES", "O_WRONLY and MAP_PRIVATE: nothing",
              "10.2-2 10.2-4");
    check_str(rw_shared.text, "ok ok ok ok", "O_RDWR and MAP_SHARED: everything", "10.2-2");
    check_str(rw_private.text, "ok ok ok ok", "O_RDWR and MAP_PRIVATE: everything", "10.2-2");
    return end();
}
