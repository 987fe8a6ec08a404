/*
 * The system calls a worker may make once it is about to read what strangers sent, as a seccomp program. A core.
 *
 * Allowed is what moving bytes between sockets takes, and nothing that opens, executes, signals or asks about
 * anything else. Sockets are TCP and UDP of IPv4 and IPv6 alone, with the options in the table: the CAP_NET_RAW
 * that a client's own address needs opens no raw and no packet socket here.
 *
 * What only an intruder calls (a new program or process, another's memory, the kernel's own doors) kills the
 * worker: that is loud, and the supervisor starts another. Whatever else is not in the table fails, as if the
 * kernel were too old to know it (files: as if they were not readable): the libraries have a way out of that, so
 * that a newer libc asking for something new does not bring the house down. The kernel's audit log has both.
 */
#ifndef PROXY_ALLOW_H
#define PROXY_ALLOW_H

#include <linux/filter.h>
#include <stddef.h>

enum { ALLOW_MAX = 640 };

/* For the process of this id. Instructions written to out[ALLOW_MAX]; 0 on a machine it does not know. */
size_t allow_build(struct sock_filter *out, unsigned pid);

#endif
