#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum message { YOUR_TURN = 1, NO_MORE_TURNS = 2 };

void turns_open(struct turns *turns) {
    *turns = (struct turns){.parent = getpid()};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, turns->socket) == -1)
        die("socketpair");
}

/* A child must not outlive its parent, whatever happens to either. */
static void end_with_parent(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1) die("prctl");
    if (getppid() != parent) _exit(0);
}

void hand_back(struct turns *turns) {
    if (send(turns->socket[1], &turns->said, sizeof turns->said, MSG_NOSIGNAL) == -1) _exit(0);
    turns->begun = false;
}

void await_turn(struct turns *turns) {
    int fd = turns->socket[1];
    long message = 0;
    if (turns->begun) hand_back(turns);
    end_with_parent(turns->parent);
    turns->begun = true;
    if (recv(fd, &message, sizeof message, 0) == -1) die("recv");
    if (message != YOUR_TURN) _exit(0);
}

void last_turn(struct turns *turns) {
    await_turn(turns);
    bail_out("got a turn too many");
}

static void tell_partner(struct turns *turns, long message) {
    if (send(turns->socket[0], &message, sizeof message, MSG_NOSIGNAL) == -1 && errno != EPIPE)
        die("send");
}

static _Noreturn void partner_lost(struct turns *turns) {
    int status = wait_for(turns->pid);
    if (WIFSIGNALED(status))
        bail_out("process %ld died of signal %d (%s) during its turn", (long)turns->pid,
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    bail_out("process %ld ended with status %d during its turn", (long)turns->pid,
             WEXITSTATUS(status));
}

long give_turn(struct turns *turns) {
    tell_partner(turns, YOUR_TURN);
    /* The partner's socket end may live on in a sibling, so its death shows in the pidfd only. */
    int pidfd = (int)syscall(SYS_pidfd_open, turns->pid, 0);
    struct pollfd events[2] = {{turns->socket[0], POLLIN, 0}, {pidfd, POLLIN, 0}};
    while (poll(events, 2, -1) == -1)
        if (errno != EINTR) die("poll");
    if (pidfd != -1) close(pidfd);
    if (recv(turns->socket[0], &turns->said, sizeof turns->said, MSG_DONTWAIT) <= 0)
        partner_lost(turns);
    return turns->said;
}

int wait_for(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR) die("waitpid");
    return status;
}

void turns_close(struct turns *turns) {
    tell_partner(turns, NO_MORE_TURNS);
    int status = wait_for(turns->pid);
    if (status != 0) bail_out("process %ld ended with wait status %d", (long)turns->pid, status);
    close(turns->socket[0]);
    close(turns->socket[1]);
}

void start_unrelated(struct turns *turns, char *program, char *role, char *argument) {
    turns_open(turns);
    turns->pid = fork();
    if (turns->pid == -1) die("fork");
    if (turns->pid != 0) return;
    end_with_parent(turns->parent);
    if (dup2(turns->socket[1], STDIN_FILENO) == -1 || dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
        die("dup2");
    long open_max = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (open_max > 0 && open_max < 1024 ? open_max : 1024); fd++)
        close(fd);
    execvp(program, (char *[]){program, role, argument, NULL});
    die("exec %s", program);
}

bool has_role(int argc, char **argv, const char *role, struct turns *turns) {
    struct stat info;
    if (argc != 3 || strcmp(argv[1], role) != 0) return false;
    if (fstat(STDIN_FILENO, &info) == -1 || !S_ISSOCK(info.st_mode))
        return false; /* typed by hand */
    *turns = (struct turns){.parent = getppid(), .socket = {-1, STDIN_FILENO}};
    return true;
}

static int signal_pipe[2];

/* Reports the signal; then the access is made once more and the default action ends the child. */
static void on_signal(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)context;
    ssize_t ignored = write(signal_pipe[1], info, sizeof *info);
    (void)ignored;
}

static const char *signal_name(const siginfo_t *info) {
    if (info->si_signo == SIGBUS)
        return info->si_code == BUS_ADRERR ? "SIGBUS BUS_ADRERR" : "SIGBUS";
    return info->si_code == SEGV_MAPERR   ? "SIGSEGV SEGV_MAPERR"
           : info->si_code == SEGV_ACCERR ? "SIGSEGV SEGV_ACCERR"
                                          : "SIGSEGV";
}

const char *call_with(void (*function)(volatile char *), volatile char *address) {
    static char text[96];
    pid_t parent = getpid();
    if (pipe2(signal_pipe, O_CLOEXEC) == -1) die("pipe");
    pid_t pid = fork();
    if (pid == -1) die("fork");
    if (pid == 0) {
        struct sigaction action = {.sa_sigaction = on_signal};
        action.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND);
        end_with_parent(parent);
        prctl(PR_SET_DUMPABLE, 0); /* it is meant to die: no core file */
        sigaction(SIGSEGV, &action, NULL);
        sigaction(SIGBUS, &action, NULL);
        function(address);
        _exit(0);
    }
    close(signal_pipe[1]);
    siginfo_t info;
    ssize_t got = read(signal_pipe[0], &info, sizeof info);
    close(signal_pipe[0]);
    int status = wait_for(pid);
    if (got == 0 && status == 0) return "no signal";
    if (got != sizeof info || !WIFSIGNALED(status) || WTERMSIG(status) != info.si_signo)
        bail_out("the child that tries an access ended with wait status %d", status);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if ((uintptr_t)info.si_addr / page == (uintptr_t)address / page) return signal_name(&info);
    snprintf(text, sizeof text, "%s at %p", signal_name(&info), info.si_addr);
    return text;
}

/* The access must be the plain one, without what ASan and UBSan add to it. */
__attribute__((no_sanitize("address", "undefined"))) static void load(volatile char *address) {
    (void)*address;
}

__attribute__((no_sanitize("address", "undefined"))) static void store(volatile char *address) {
    *address = 'x';
}

const char *load_from(volatile char *address) {
    return call_with(load, address);
}

const char *store_to(volatile char *address) {
    return call_with(store, address);
}
