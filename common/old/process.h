/*
 * process - a second process that takes turns with the first; run something that must die of a
 * signal; re-run this program as an unrelated process. It knows nothing about memory.
 *
 * Turns are handed over through a socket, never by sleeping. A partner that dies is noticed at
 * once (pidfd_open(2)), and a child whose parent is gone is killed (PR_SET_PDEATHSIG, prctl(2)).
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct turns {
    pid_t pid;     /* the partner as its parent sees it: set it from fork() */
    long said;     /* what the partner hands back together with its turn */
    pid_t parent;  /* who gives the turns */
    int socket[2]; /* the parent's end, the partner's end */
    bool begun;    /* in the partner: it has had its first turn */
};

/* Call before fork(): makes the socket. Bails out on failure. */
void turns_open(struct turns *turns);

/* Partner: hands back the turn with turns->said, unless this is its first call, and waits for the
 * next one. If there is none any more, or the parent is gone, the process ends here (status 0). */
void await_turn(struct turns *turns);

/* Partner: hands back its turn with turns->said, but goes on running; its next await_turn() only
 * waits. */
void hand_back(struct turns *turns);

/* Partner: hands back its last turn, waits until the parent has no more, and ends with status 0. */
_Noreturn void last_turn(struct turns *turns);

/* Parent: lets the partner act until it hands back, and returns what it said. Bails out at once if
 * the partner ends instead. */
long give_turn(struct turns *turns);

/* Parent: no more turns; waits for the partner's end. Bails out unless it exits with 0. */
void turns_close(struct turns *turns);

/*
 * Starts `program` (this program's argv[0]) again by fork() and exec(), as an unrelated process:
 * it inherits no mapping, and no descriptor but stderr and the socket of the turns. Its main()
 * gets `role` and `argument` as argv[1] and argv[2]. Bails out on failure.
 */
void start_unrelated(struct turns *turns, char *program, char *role, char *argument);

/* In main(): true if this process was started as `role` by start_unrelated() or the like, with the
 * turns' socket as stdin; `turns` is then ready for await_turn(). */
bool has_role(int argc, char **argv, const char *role, struct turns *turns);

/* Waits for a child's end and returns its wait status (waitpid(2)). Bails out on failure. */
int wait_for(pid_t pid);

/*
 * Loads or stores one byte at `address` in a child of its own and says how that ended: "no signal",
 * or signal and si_code as "SIGSEGV SEGV_MAPERR" (sigaction(2)), with the faulting address behind
 * it if that is not in the page of `address`. Static buffer. Bails out if the child cannot be run.
 */
const char *load_from(volatile char *address);
const char *store_to(volatile char *address);

/* The same for a function, called with `address` in the child. */
const char *call_with(void (*function)(volatile char *), volatile char *address);

#endif
