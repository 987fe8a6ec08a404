/*
 * What a supervisor hands to the program that takes its place in the same process, as text in the environment. A
 * core. Words are parted by one space; the numbers are decimal:
 *
 *   VERSION PID              1, and the process it is meant for: children that inherit the variable drop it
 *   share=FD,SESSIONS,FLOWS  the memory in common; at most one
 *   listen=FD,DOOR,PORT,own  a socket of a worker's own (the nth of a port is the nth worker's), or
 *   listen=FD,DOOR,PORT,all  one that systemd passed, which all share (UDP: the first has); DOOR is as in the log
 *   worker=PID,SLOT,FD       a child, its place in the memory in common, and the line to it
 *   inbox=SLOT,FD            where the worker named before takes datagrams of its flows (inbox.h)
 *
 * On the line, which outlives versions: a byte '+' says that a worker accepts, 'd' tells it to drain as others
 * accept now, 'f' to drain as nobody does, the line's end to stop. A text that is not understood whole is not used at all.
 */
#ifndef PROXY_HANDOVER_H
#define PROXY_HANDOVER_H

#include "base/span.h"
#include "proxy/session.h"

#include <stdbool.h>

enum { HANDOVER_VERSION = 1, HANDOVER_LISTEN_MAX = 8192, HANDOVER_WORKERS_MAX = 256 };

struct handover_listen {
	int fd;
	enum door door;
	uint16_t port;
	bool all;
};

struct handover_worker {
	int pid, line;
	unsigned slot;
	int inbox; /* -1: none */
};

struct handover {
	int pid;
	int share; /* -1: none */
	size_t sessions, flows;
	struct handover_listen *listen;
	size_t n_listen;
	struct handover_worker *workers;
	size_t n_workers;
};

/* A new text; NULL: out of memory. */
char *handover_print(const struct handover *);
/* -1: malformed, of another version, or out of memory; nothing is left to free then. */
int handover_parse(struct span, struct handover *);
void handover_free(struct handover *);

#endif
