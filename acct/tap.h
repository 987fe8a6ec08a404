/*
 * The capture: one libpcap handle on `any`, cut to FRAME_SNAP bytes in the kernel by a filter that names the
 * interfaces that matter. Needs CAP_NET_RAW.
 */
#ifndef ACCT_TAP_H
#define ACCT_TAP_H

#include "base/span.h"

#include <ev.h>
#include <stdint.h>

enum { TAP_RING_BYTES = 16 << 20 };

/* A cooked packet (frame.h) and its length before it was cut. */
typedef void tap_packet(void *arg, struct span cooked, uint64_t length);

struct tap_status {
	uint64_t packets, dropped; /* handed over; lost because the ring was full, on all interfaces */
	uint64_t reopened;
	bool whole; /* more interfaces than a filter can name: it lets all pass */
};

struct tap;

/* NULL: why, in one line. */
struct tap *tap_open(struct ev_loop *, tap_packet *, void *arg, char *why, size_t room);
void tap_close(struct tap *);

/* Which interfaces matter from now on, sorted and each once; no packet of one that stays is missed. */
int tap_watch(struct tap *, const uint32_t *ifindexes, size_t n);
/* Hands over all that is ready. */
void tap_drain(struct tap *);

const struct tap_status *tap_status(struct tap *);

#endif
