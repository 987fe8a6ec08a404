/*
 * What passes on a guest's console socket: packets (SOCK_SEQPACKET), the first byte says what the rest is. One
 * vocabulary for the launcher and for whoever attaches.
 */
#ifndef BASE_CONPKT_H
#define BASE_CONPKT_H

enum {
	CONPKT_BYTES = 4096, /* after the first byte */

	/* To the launcher. The first packet is WRITE or READ: how many of the last lines are wanted, as digits; none: all. */
	CONPKT_WRITE = 'w',
	CONPKT_READ = 'r',
	CONPKT_TYPED = 't', /* bytes */
	CONPKT_SIZE = 's', /* "ROWS COLUMNS" */

	/* From the launcher. The first packet is WRITER or READER. */
	CONPKT_WRITER = 'W', /* what is typed goes to the guest */
	CONPKT_READER = 'R', /* it does not; "UID PID SINCE" of who writes, or empty */
	CONPKT_OUTPUT = 'o', /* bytes */
	CONPKT_NOTE = 'n', /* a line of the launcher's own */
	CONPKT_FULL = 'f', /* too many are attached; the end follows */
};

#endif
