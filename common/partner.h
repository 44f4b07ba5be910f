/*
 * partner - a second process that does what the first one asks for, one named function at a time;
 * and a child that must die of a signal. It knows nothing about memory.
 *
 *     if (child.pid == 0) obey(&child);          the child never gets past this line
 *     check_is(ask(&child, letter, p), 'O', "the child still reads the O", "5.2-6");
 *
 * Nobody sleeps or polls: the two talk through a socket. A partner that dies is noticed at once
 * (SIGCHLD), a partner whose parent is gone is killed (prctl(2), PR_SET_PDEATHSIG).
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct partner {
    pid_t pid, parent; /* pid: set it from fork() */
    int socket[2];     /* the parent's end, the partner's end */
    bool unrelated;    /* reached by exec() */
};

typedef long act(void *with); /* what a partner can be asked for */

/* Before fork(): makes the socket, or bails out. Then in the child: does what it is asked for. */
void partner_open(struct partner *partner);
_Noreturn void obey(struct partner *partner);

/* Has the partner call what(with); returns what that returned. Bails out if the partner ends
 * instead, and says how. start() and finish() are its halves: between them both processes run. */
long ask(struct partner *partner, act *what, const volatile void *with);
void start(struct partner *partner, act *what, const volatile void *with);
long finish(struct partner *partner);

/* Lets the partner end, and waits for that. Bails out unless its status is 0. */
void partner_close(struct partner *partner);

/*
 * An unrelated process, reached by exec(): it inherits no mapping and no descriptor but stderr and
 * its socket. Functions lie elsewhere in it: main() hands over a table of them, first of all:
 *
 *     static act *const acts[] = {map_file, letter, NULL};
 *     obey_if_unrelated(argc, argv, acts);
 *
 * A pointer means nothing over there, a text does: ask_text() has what(with) called with a copy of
 * `text` (under 1000 bytes). What the partner is to remember it keeps in static variables.
 */
void obey_if_unrelated(int argc, char **argv, act *const *acts);
void start_unrelated(struct partner *partner);
long ask_text(struct partner *partner, act *what, const char *text);

/* wait_for() waits for a child's end and returns its wait status (waitpid(2)), or bails out. A
 * child that calls end_with_parent() is killed when its parent dies (if prctl(2) works). */
int wait_for(pid_t pid);
void end_with_parent(pid_t parent);

/* One access to one byte, made in a child of its own, and how that ended: "no signal", or signal
 * and si_code ("SIGSEGV SEGV_MAPERR", sigaction(2)), with the address if that is in another page;
 * or bails out. call_with() runs a function instead. The results are static. */
const char *load_from(const volatile void *address);
const char *store_to(volatile void *address);
const char *call_with(void (*function)(volatile char *), volatile void *address);
const char *signal_name(const siginfo_t *info);
