#define _GNU_SOURCE
#include "partner.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

/* What is asked for: what(with), the function in this row of the table, or with this text. */
struct order {
    act *what;
    void *with;
    int row; /* counted from 1 */
    bool with_text;
    char text[1000];
};

static act *const *table; /* see obey_if_unrelated() */
static char *program;

/* SIGCHLD is blocked but for the waiting in finish(); to be noticed there it needs a handler. */
static void on_child(int signo) {
    (void)signo;
}

void partner_open(struct partner *partner) {
    *partner = (struct partner){.parent = getpid()};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, partner->socket) == -1)
        die("socketpair");
    signal(SIGCHLD, on_child);
}

void end_with_parent(pid_t parent) {
    signal(SIGCONT, SIG_DFL); /* the demo's handler, with --step, would end what a child waits in */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1) alarm(600); /* refused by a seccomp filter */
    if (getppid() != parent) _exit(0);
}

void obey(struct partner *partner) {
    static struct order order;
    end_with_parent(partner->parent);
    if (partner->socket[0] != -1) close(partner->socket[0]);
    while (recv(partner->socket[1], &order, sizeof order, 0) == sizeof order) {
        act *what = order.row ? table[order.row - 1] : order.what;
        long said = what(order.with_text ? order.text : order.with);
        if (send(partner->socket[1], &said, sizeof said, MSG_NOSIGNAL) == -1) break;
    }
    _exit(0);
}

static void send_order(struct partner *partner, struct order *order) {
    for (int i = 0; partner->unrelated && table[i]; i++)
        if (table[i] == order->what) order->row = i + 1;
    if (partner->unrelated && !order->row) bail_out("this function is not in the table");
    if (send(partner->socket[0], order, sizeof *order, MSG_NOSIGNAL) == -1 && errno != EPIPE)
        die("send");
}

void start(struct partner *partner, act *what, const volatile void *with) {
    send_order(partner, &(struct order){.what = what, .with = (void *)(uintptr_t)with});
}

long finish(struct partner *partner) {
    struct pollfd answer = {partner->socket[0], POLLIN, 0};
    siginfo_t info = {0};
    sigset_t child, old;
    long said;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &old);
    /* Its socket end may live on in a sibling, so its death shows in SIGCHLD only. */
    while (waitid(P_PID, (id_t)partner->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0 && ppoll(&answer, 1, NULL, &old) == -1)
        if (errno != EINTR) die("ppoll");
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (recv(partner->socket[0], &said, sizeof said, MSG_DONTWAIT) > 0) return said;
    int status = wait_for(partner->pid);
    if (WIFSIGNALED(status))
        bail_out("process %ld died of signal %d (%s)", (long)partner->pid, WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    bail_out("process %ld ended with status %d", (long)partner->pid, WEXITSTATUS(status));
}

long ask(struct partner *partner, act *what, const volatile void *with) {
    start(partner, what, with);
    return finish(partner);
}

long ask_text(struct partner *partner, act *what, const char *text) {
    struct order order = {.what = what, .with_text = true};
    if (snprintf(order.text, sizeof order.text, "%s", text) >= (int)sizeof order.text)
        bail_out("a text of over 1000 bytes for a partner");
    send_order(partner, &order);
    return finish(partner);
}

int wait_for(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR) die("waitpid");
    return status;
}

void partner_close(struct partner *partner) {
    shutdown(partner->socket[0], SHUT_WR);
    int status = wait_for(partner->pid);
    if (status != 0) bail_out("process %ld ended with wait status %d", (long)partner->pid, status);
    close(partner->socket[0]);
    close(partner->socket[1]);
}

void obey_if_unrelated(int argc, char **argv, act *const *acts) {
    table = acts;
    program = argv[0];
    if (argc == 2 && strcmp(argv[1], "--obey") == 0)
        obey(&(struct partner){.parent = getppid(), .socket = {-1, STDIN_FILENO}});
}

void start_unrelated(struct partner *partner) {
    partner_open(partner);
    partner->unrelated = true;
    partner->pid = fork();
    if (partner->pid == -1) die("fork");
    if (partner->pid != 0) return;
    end_with_parent(partner->parent);
    if (dup2(partner->socket[1], STDIN_FILENO) == -1 || dup2(STDERR_FILENO, STDOUT_FILENO) == -1)
        die("dup2");
    long open_max = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < (open_max > 0 && open_max < 1024 ? open_max : 1024); fd++)
        close(fd);
    execvp(program, (char *[]){program, "--obey", NULL});
    die("exec %s", program);
}

static int signal_pipe[2];

/* Reports the signal; then the access is made once more and the default action ends the child. */
static void on_signal(int signo, siginfo_t *info, void *context) {
    (void)signo, (void)context;
    if (write(signal_pipe[1], info, sizeof *info) == -1) _exit(1);
}

const char *signal_name(const siginfo_t *info) {
    static char text[40];
    bool bus = info->si_signo == SIGBUS;
    int code = info->si_code;
    const char *name = bus && code == BUS_ADRERR     ? "BUS_ADRERR"
                       : !bus && code == SEGV_MAPERR ? "SEGV_MAPERR"
                       : !bus && code == SEGV_ACCERR ? "SEGV_ACCERR"
                                                     : "si_code";
    snprintf(text, sizeof text, "%s %s", bus ? "SIGBUS" : "SIGSEGV", name);
    return text;
}

const char *call_with(void (*function)(volatile char *), volatile void *address) {
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
    siginfo_t info;
    int status = wait_for(pid);
    close(signal_pipe[1]);
    ssize_t got = read(signal_pipe[0], &info, sizeof info);
    close(signal_pipe[0]);
    if (got == 0 && status == 0) return "no signal";
    if (got != sizeof info || !WIFSIGNALED(status) || WTERMSIG(status) != info.si_signo)
        bail_out("the child that tries an access ended with wait status %d", status);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    bool here = (uintptr_t)info.si_addr / page == (uintptr_t)address / page;
    snprintf(text, sizeof text, here ? "%s" : "%s at %p", signal_name(&info), info.si_addr);
    return text;
}

/* The access must be the plain one, without what ASan and UBSan add to it. */
__attribute__((no_sanitize("address", "undefined"))) static void load(volatile char *address) {
    (void)*address;
}

__attribute__((no_sanitize("address", "undefined"))) static void store(volatile char *address) {
    *address = 'x';
}

const char *load_from(const volatile void *address) {
    return call_with(load, (volatile void *)(uintptr_t)address);
}

const char *store_to(volatile void *address) {
    return call_with(store, address);
}
