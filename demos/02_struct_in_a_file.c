#define _GNU_SOURCE
/*
 * 02_struct_in_a_file - what can other processes make of a struct in a mapped file?
 *
 * Notes      section 2.2 灵活性和易用性: 可以使用结构体
 * Watch      where the members lie; where an address leads to, and where an offset
 * Try this   no new member in the next version; memory that fork() leaves out; MAP_PRIVATE
 * See also   mmap(2), fork(2); 02_like_memory, 10_9_two_at_once
 */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "observe.h"
#include "partner.h"
#include "scratch.h"

#define RW (PROT_READ | PROT_WRITE)

struct data { /* that of the notes, and two ways to say where there is more */
    int id;
    char name[100];
    char *address;
    size_t offset;
};

struct next_version { /* of the notes' struct */
    int id, version;
    char name[100];
};

static char *p; /* the mapping of the file, in each process its own */

static long map_file(void *path) {
    int fd = open(path, O_RDWR);
    p = mmap(NULL, 2 * page_size(), RW, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) die("mmap");
    return 0;
}

static long finds_members(void *name) {
    struct data *data = (void *)p;
    return data->id == 1 && strcmp(data->name, name) == 0 && data->offset == page_size();
}

static long finds_name_in_next_version(void *name) {
    struct next_version *data = (void *)p;
    return strcmp(data->name, name) == 0;
}

static long address_leads_to(void *text) {
    char *address = ((struct data *)p)->address;
    return strcmp(load_from(address), "no signal") == 0 && strcmp(address, text) == 0;
}

static long offset_leads_to(void *text) {
    size_t offset = ((struct data *)p)->offset;
    return strcmp(p + offset, text) == 0;
}

static act *const acts[] = {map_file,         finds_members,   finds_name_in_next_version,
                            address_leads_to, offset_leads_to, NULL};

int main(int argc, char **argv) {
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 7, "what can other processes make of a struct in a mapped file?");
    size_t page = page_size();
    struct partner child, other;

    step("Store the struct in a file. An address and an offset in it say where there is more.");
    int fd = scratch_file("file", 2 * page);
    map_file(scratch_path("file"));
    char *memory = mmap(NULL, page, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("mmap");
    struct data *data = (void *)p;
    strcpy(memory, "more");
    strcpy(p + page, "more");
    *data = (struct data){.id = 1, .name = "test", .address = memory, .offset = page};
    evidence("id at %zu, name at %zu; address %p, offset %zu", offsetof(struct data, id),
             offsetof(struct data, name), (void *)memory, page);
    check_is(byte_in_file(fd, offsetof(struct data, name)), 't',
             "a struct member is in the file at its offset in the struct", "2.2-4");

    step("An unrelated program maps the file.");
    tell("The notes say (2.2-4, in part): structs can be used.");
    start_unrelated(&other);
    ask_text(&other, map_file, scratch_path("file"));
    check_is(ask_text(&other, finds_members, "test"), 1,
             "a program whose struct has the same layout finds the members", "2.2-4");

    predict("Its next version has a number between id and name. Does it find the name?");
    step("The same program, with its next version of the struct.");
    check_is(ask_text(&other, finds_name_in_next_version, "test"), 0,
             "a program whose struct has a new member ahead of the text reads the wrong text",
             "2.2-4");

    predict("Who finds the text at the address: this process, a child of it, the other program?");
    step("The address: load from there in this process, in a child, in the unrelated program.");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(data->address, "more",
             "an address in a file leads the process that has stored it to its text", "2.2-4");
    check_is(ask(&child, address_leads_to, "more"), 1,
             "an address in a file leads a child forked since to the same text", "2.2-4");
    check_is(ask_text(&other, address_leads_to, "more"), 0,
             "an address in a file does not lead to the same text in an unrelated process",
             "2.2-4");

    predict("Can the unrelated program use the offset?");
    step("The offset: the unrelated program adds it to the address of its own mapping.");
    check_is(ask_text(&other, offset_leads_to, "more"), 1,
             "an offset from the start of a file leads every process to the same text", "2.2-4");
    partner_close(&child);
    partner_close(&other);
    return end();
}
