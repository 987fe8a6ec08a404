/*
 * One end of a connection: a socket, and what is known of its readiness.
 *
 * It is registered once and for edges: the kernel tells a change a single time. What it told is remembered here until
 * a call shows that it is over: a read that brought less than there was room for, or a write that took less than it
 * was given. So nothing is registered twice, and nothing is asked only to hear that there is nothing.
 */
#ifndef PROXY_END_H
#define PROXY_END_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Has the peer ended? */
enum over {
	OVER_NOT,
	OVER_CLEAN, /* yes, and in order: when what is here is read, that was all */
	OVER_ASK, /* the connection is at its end, or in error: reading on tells */
};

struct end {
	int fd; /* -1: none */
	bool readable, writable; /* as far as is known */
	bool urgent; /* TCP's urgent byte came by: a read may stop short at it, and splice gets stuck */
	bool begun, prompt; /* something was sent; small pieces go out at once */
	uint8_t over; /* enum over */
	uint32_t watched; /* EPOLL…, 0: not yet */
	uint64_t since; /* the batch of events in which it was opened: none of them is about it */
};

/* Just accepted, which is when something is there to be read. */
struct end end_accepted(int fd);
/* Being connected. */
struct end end_dialled(int fd, uint64_t batch);
void end_close(struct end *);

/* Ask poll to tell edges, with this pointer; writability only once it is missed. -1: errno. */
int end_watch(struct end *, int poll, void *what);
/* EPOLL… events came. */
void end_note(struct end *, uint32_t events);

/* recv and send, with what they show noted. */
ssize_t end_read(struct end *, void *room, size_t n);
ssize_t end_send(struct end *, const void *bytes, size_t n);
/* splice between a socket and a pipe, likewise. */
ssize_t end_splice_in(struct end *, int pipe, size_t n);
ssize_t end_splice_out(struct end *, int pipe, size_t n);

/* After a read of n bytes into that room: nothing more will come, and it need not be asked for. */
bool end_is_over(const struct end *, size_t n, size_t room);

#endif
