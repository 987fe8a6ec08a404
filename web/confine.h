/*
 * The system calls lodge-web may make once it reads what strangers send, as a seccomp program. A core.
 *
 * Allowed is what serving, reading the ledger and reading its own files takes: sockets of TCP, UDP (for a name server)
 * and Unix, and nothing else new, files for reading only. What only an intruder calls kills the process; whatever else fails, as if the kernel did
 * not know it.
 */
#ifndef WEB_CONFINE_H
#define WEB_CONFINE_H

#include <linux/filter.h>
#include <stddef.h>

enum { CONFINE_MAX = 640 };

/* Instructions written to out[CONFINE_MAX]; 0 on a machine it does not know. */
size_t confine_build(struct sock_filter *out);

#endif
