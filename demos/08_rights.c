#define _GNU_SOURCE
#include "08_rights.h"

#include <string.h>
#include <sys/socket.h>

#include "die.h"

/* A message of no bytes, with a descriptor beside it: cmsg(3). */
static _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(int))];
static struct msghdr message = {.msg_control = space, .msg_controllen = sizeof space};

void send_descriptor(int socket, int fd) {
    struct cmsghdr *beside = CMSG_FIRSTHDR(&message);
    beside->cmsg_len = CMSG_LEN(sizeof fd);
    beside->cmsg_level = SOL_SOCKET;
    beside->cmsg_type = SCM_RIGHTS;
    memcpy(CMSG_DATA(beside), &fd, sizeof fd);
    if (sendmsg(socket, &message, 0) == -1) die("sendmsg");
}

int receive_descriptor(int socket) {
    int fd;
    if (recvmsg(socket, &message, 0) == -1) die("recvmsg");
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}
