/* The load generator: servers that answer as they are told, clients that count. One thread, raw epoll. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "bench/canned.h"

#include <stdint.h>

enum mode {
	MODE_TLS, /* new connections: hello, answer, end */
	MODE_CLOSE, /* HTTP, a connection a request */
	MODE_KEEP, /* HTTP, many requests a connection */
	MODE_BULK, /* few connections with an endless answer */
	MODE_CONNECT, /* new connections, reset as soon as they are there: what setting up a flow costs */
	MODE_IDLE, /* many connections that stay open, until stdin ends */
};

struct load {
	enum mode mode;
	const char *address;
	unsigned port;
	unsigned connections; /* at a time */
	unsigned rate; /* new ones per second; 0: as soon as one has ended */
	double seconds;
	unsigned names, guests; /* name n belongs to guest n % guests; 0 guests: whoever answers is right */
	bool far; /* the guest is to see the client's own address, which is in another /24 than the guest's */
	uint64_t answer_bytes;
	unsigned requests; /* of one connection, in MODE_KEEP */
	bool server_closes;
};

/* Serve until killed: ports 443 and 80 of each address, and port extra (0: none); the first is guest 0. */
int serve(char **addresses, int n, unsigned extra);

/* Run and print one line of NAME=VALUE pairs. */
int load(const struct load *);

/* Packets «from» or «to» the guests of n taps, at a line on stdin; one line of NAME=VALUE pairs. */
int frames(const char *way, const char *prefix, unsigned n, uint64_t packets);
/* Until killed: each second the sums of all interfaces, received and sent. */
int poll_links(void);

void die(const char *what) __attribute__((noreturn));
uint64_t now_ns(void);

#endif
