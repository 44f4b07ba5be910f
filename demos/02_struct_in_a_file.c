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

static struct data *data; /* the mapping, in each process its own */

static long map_file(void *path) {
    data = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, open(path, O_RDWR), 0);
    if (data == MAP_FAILED) die("mmap");
    return 0;
}

static long finds_members(void *name) {
    return data->id == 1 && strcmp(data->name, name) == 0;
}

static long finds_name_in_next_version(void *name) {
    return strcmp(((struct next_version *)data)->name, name) == 0;
}

static long address_leads_to(void *text) {
    char *address = data->address;
    return strcmp(load_from(address), "no signal") == 0 && strcmp(address, text) == 0;
}

static long offset_leads_to(void *text) {
    return strcmp((char *)data + data->offset, text) == 0;
}

static act *const acts[] = {map_file,         finds_members,   finds_name_in_next_version,
                            address_leads_to, offset_leads_to, NULL};

int main(int argc, char **argv) {
    obey_if_unrelated(argc, argv, acts);
    begin(argc, argv, 5, "what can other processes make of a struct in a mapped file?");
    size_t page = page_size();
    struct partner child, other;

    predict("The next version has a number between id and name. Does it find the name?");
    step("Store the struct in a file. An unrelated program maps it; then its next version.");
    tell("The notes say (2.2-4, in part): structs can be used.");
    scratch_file("file", page);
    map_file(scratch_path("file"));
    data->id = 1;
    strcpy(data->name, "test");
    evidence("name is at %zu, in the next version at %zu", offsetof(struct data, name),
             offsetof(struct next_version, name));
    start_unrelated(&other);
    ask_text(&other, map_file, scratch_path("file"));
    check_is(ask_text(&other, finds_members, "test"), 1,
             "a program whose struct has the same layout finds the members of a struct in a file",
             "2.2-4");
    check_is(ask_text(&other, finds_name_in_next_version, "test"), 0,
             "a program whose struct has the text at another offset reads the wrong text", "2.2-4");

    predict("Who finds the text by the address: the child, the other program? By the offset?");
    step("Store where a text is: an address, an offset. A child and the other program look.");
    data->address = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data->address == MAP_FAILED) die("mmap");
    strcpy(data->address, "more");
    data->offset = 1000;
    strcpy((char *)data + data->offset, "more");
    partner_open(&child);
    child.pid = fork();
    if (child.pid == -1) die("fork");
    if (child.pid == 0) obey(&child);
    check_is(ask(&child, address_leads_to, "more"), 1,
             "a pointer in a mapped file is good in a forked child if it inherits the target",
             "2.2-4");
    check_is(ask_text(&other, address_leads_to, "more"), 0,
             "an unrelated process does not find a text by its address in private memory", "2.2-4");
    check_is(ask_text(&other, offset_leads_to, "more"), 1,
             "an offset from the start of a file leads every process to the same text", "2.2-4");
    partner_close(&child);
    partner_close(&other);
    return end();
}
