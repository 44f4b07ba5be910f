/*
 * 08_rights - passes a descriptor to another process, through a UNIX socket: unix(7), SCM_RIGHTS.
 */
#ifndef RIGHTS_H
#define RIGHTS_H

void send_descriptor(int socket, int fd);

/* Returns this process's own copy of the descriptor. */
int receive_descriptor(int socket);

#endif
