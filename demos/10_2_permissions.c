#define _GNU_SOURCE
/*
 * 10_2_permissions - which mappings does a file's open mode permit?
 *
 * Notes      section 10.2 权限问题
 * Watch      the table: O_WRONLY permits nothing, O_RDONLY all but storing into the file
 * Corrects   10.2-1
 * Try this   O_RDWR instead of O_RDONLY; O_RDWR instead of O_WRONLY
 * See also   mmap(2) (EACCES, EPERM), open(2), mprotect(2); 04_private_mapping, 13_protection
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

int main(int argc, char **argv) {
    begin(argc, argv, 9, "which mappings does a file's open mode permit?");
    size_t page = page_size();
    int rw = scratch_file("file.txt", page); /* opened O_RDWR */
    int ro = open(scratch_path("file.txt"), O_RDONLY);
    int wo = open(scratch_path("file.txt"), O_WRONLY);
    if (ro == -1 || wo == -1) die("open");

    predict("Which error does mmap() report to a user, and which to root?");
    step("The mistake: the file is opened O_RDONLY, the mapping is to be shared and writable.");
    tell("The notes say (10.2-1, wrong): the error is \"Invalid Parameter\".");
    check_errno(mmap(NULL, page, RW, MAP_SHARED, ro, 0) == MAP_FAILED, EACCES,
                "mmap() of an O_RDONLY file with MAP_SHARED and PROT_WRITE is EACCES", "10.2-1");
    evidence("as user %u: errno %d is \"%s\"", geteuid(), EACCES, strerror(EACCES));

    predict("Can a private mapping of that file become writable? Is a store in the file then?");
    step("Map the O_RDONLY file private, PROT_READ. Add PROT_WRITE by mprotect(). Store a Q.");
    char *q = mmap(NULL, page, PROT_READ, MAP_PRIVATE, ro, 0);
    if (q == MAP_FAILED) die("mmap");
    bool writable =
        check_is(mprotect(q, page, RW), 0,
                 "mprotect() can make a private mapping of an O_RDONLY file writable", "10.2-5");
    if (writable) *(volatile char *)q = 'Q';
    check(*q == 'Q' && byte_in_file(rw, 0) != 'Q',
          "a private mapping of an O_RDONLY file shows what is stored, the file does not",
          "10.2-2 10.2-5");

    predict("Three open modes, shared or private, four protections: which of the 24 are refused?");
    step("All of it in one table. The cure of the first mistake is O_RDWR.");
    tell("The notes say (10.2-2, in part): a mapping may not do more than the open mode permits.");
    static const int prots[] = {PROT_NONE, PROT_READ, PROT_WRITE, RW};
    const struct {
        const char *name;
        int fd, flags;
        const char *answers, *text, *claims;
    } table[] = {
        {"O_RDONLY MAP_SHARED", ro, MAP_SHARED, "ok ok EACCES EACCES",
         "O_RDONLY and MAP_SHARED: PROT_NONE and PROT_READ, but not PROT_WRITE", "10.2-1 10.2-2"},
        {"O_RDONLY MAP_PRIVATE", ro, MAP_PRIVATE, "ok ok ok ok",
         "O_RDONLY and MAP_PRIVATE: PROT_NONE, PROT_READ, PROT_WRITE and both work",
         "10.2-2 10.2-5"},
        {"O_WRONLY MAP_SHARED", wo, MAP_SHARED, "EACCES EACCES EACCES EACCES",
         "O_WRONLY and MAP_SHARED: no mapping at all, EACCES even for PROT_NONE", "10.2-3 10.2-4"},
        {"O_WRONLY MAP_PRIVATE", wo, MAP_PRIVATE, "EACCES EACCES EACCES EACCES",
         "O_WRONLY and MAP_PRIVATE: no mapping at all, EACCES even for PROT_NONE", "10.2-4"},
        {"O_RDWR   MAP_SHARED", rw, MAP_SHARED, "ok ok ok ok",
         "O_RDWR and MAP_SHARED: PROT_READ and PROT_WRITE, unless the file is append-only",
         "10.2-2"},
        {"O_RDWR   MAP_PRIVATE", rw, MAP_PRIVATE, "ok ok ok ok",
         "O_RDWR and MAP_PRIVATE: PROT_NONE, PROT_READ, PROT_WRITE and both work", "10.2-2"}};
    evidence("%-20s  PROT_NONE  PROT_READ  PROT_WRITE  READ|WRITE", "");
    char answers[6][40];
    for (size_t i = 0; i < 6; i++) {
        const char *said[4];
        for (size_t k = 0; k < 4; k++) {
            void *m = mmap(NULL, page, prots[k], table[i].flags, table[i].fd, 0);
            said[k] = m == MAP_FAILED ? errno_name(errno) : "ok";
        }
        evidence("%-20s  %-9s  %-9s  %-10s  %s", table[i].name, said[0], said[1], said[2], said[3]);
        sprintf(answers[i], "%s %s %s %s", said[0], said[1], said[2], said[3]);
    }
    for (size_t i = 0; i < 6; i++)
        check_is(answers[i], table[i].answers, table[i].text, table[i].claims);
    return end();
}
