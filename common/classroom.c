#define _GNU_SOURCE
#include "classroom.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "check.h"
#include "words.h"

/* What step.awk printed: read before there is anything to observe, into memory of its own. */
static char pages[1 << 17];
static const char *question;
static bool stepping;
static int steps, from;
static struct winsize window = {.ws_row = 0, .ws_col = 100};

void predict(const char *text) {
    question = text;
}

static void on_continue(int signo) {
    (void)signo; /* read() fails with EINTR, so that the prompt is painted again */
}

int classroom_open(const char *file) {
    char command[3000];
    stepping = true;
    if (getenv("MMAP_DEMO_FROM")) from = atoi(getenv("MMAP_DEMO_FROM"));
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    sigaction(SIGCONT, &(struct sigaction){.sa_handler = on_continue}, NULL);
    const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
    snprintf(command, sizeof command,
             "cd '%.*s.' && awk -v columns=%d -f ../scripts/step.awk %s 2>/dev/null $(sed -n "
             "'s/^#include \"\\([0-9][0-9_a-z]*\\).h\"$/\\1.c/p' %s)",
             (int)(name - file), file, window.ws_col, name, name);
    FILE *awk = popen(command, "r");
    if (!awk || fread(pages, 1, sizeof pages - 1, awk) == 0) return 0;
    pclose(awk);
    return atoi(pages);
}

/* Waits for Enter, with the time limit off. At the end of the input nothing waits any more. */
static void wait_for_enter(const char *prompt) {
    char c = ' ';
    alarm(0);
    tcflush(STDIN_FILENO, TCIFLUSH); /* what a terminal's user typed before does not count */
    say("7", "%s", words(prompt));
    while (c != '\n' && stepping) {
        ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got == -1 && errno == EINTR) say("7", "%s", words(prompt));
        stepping = got == 1 || (got == -1 && errno == EINTR);
        if (got == 1 && c == 'q') raise(SIGINT);
    }
    alarm(1);
}

/* Prints a page; one that is longer than the window in parts. */
static void show(const char *page) {
    for (int row = 0; *page && *page != '\f'; page += strcspn(page, "\n") + 1) {
        if (window.ws_row > 5 && row++ % (window.ws_row - 3) == 0 && row > 1)
            wait_for_enter("[Enter shows more]");
        printf("%.*s\n", (int)strcspn(page, "\n"), page);
    }
}

void classroom_step(int at) {
    const char *page = pages, *found = "";
    if (!stepping || ++steps < from) return;
    while ((page = strchr(page, '\f')) && atoi(++page) <= at)
        found = strchr(page, '\n') + 1;
    if (question) say("1;35", "# Predict: %s", words(question));
    question = NULL;
    wait_for_enter("[Enter shows the source]");
    show(found);
    wait_for_enter("[Enter runs it, q ends here, Ctrl-D runs on to the end]");
}
