/*
 * Datagrams from worker to worker. Which socket of a port gets a datagram, the kernel finds by the addresses and by how
 * many sockets there are; and after an upgrade others read them. A flow stays with the worker that has it, and what
 * comes for it elsewhere is brought there, as it came.
 *
 * Each worker has one, which it alone reads and all others write to. Who writes is no more trusted than who sends
 * by the network: what is in a message is what a stranger could have sent as well.
 */
#ifndef PROXY_INBOX_H
#define PROXY_INBOX_H

#include "proxy/share.h"
#include "proxy/udp.h"

enum { INBOX_BYTES = 4 << 20 }; /* asked of the kernel, for what waits in one */

/* By slot; -1: none. */
struct inboxes {
	int in[SHARE_SLOTS], out[SHARE_SLOTS]; /* to read, to write */
};

void inboxes_clear(struct inboxes *);
/* -1: errno. */
int inboxes_open(struct inboxes *, unsigned slot);
void inboxes_close(struct inboxes *, unsigned slot);

/* door: the port where it came. false: there is no room, or nobody who reads. */
bool inbox_send(int out, const struct udp_datagram *, uint16_t door);
/* One that waits; room: UDP_ROOM, where its bytes are then. false: none does. What is no message is passed over. */
bool inbox_receive(int in, struct udp_datagram *, uint16_t *door, char *room);

#endif
