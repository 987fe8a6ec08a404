/*
 * Datagrams in batches, with what must not get lost of their IP headers: the address that was called, from which the
 * answer has to leave, and the congestion mark (RFC 3168 5).
 *
 * Batches are recvmmsg's and sendmmsg's: a download over loopback has 16 datagrams a call, and costs a quarter less CPU
 * than with one. Segmentation offload (UDP_SEGMENT, UDP_GRO) is not used.
 */
#ifndef PROXY_UDP_H
#define PROXY_UDP_H

#include "base/addr.h"

#include <sys/socket.h>

enum {
	UDP_BATCH = 32,
	UDP_ROOM = 9216, /* for one datagram; longer ones are cut, and then dropped */
	UDP_BUFFER_BYTES = 4 << 20, /* asked of the kernel for a door */
	UDP_CONTROL = 128,
};

struct udp_datagram {
	struct span bytes; /* ptr NULL: it was longer than the room */
	struct addr from;
	struct ip local; /* as called; not set where the socket is connected */
	uint8_t ecn;
};

struct udp_batch {
	struct udp_datagram list[UDP_BATCH];
	struct mmsghdr headers[UDP_BATCH];
	struct iovec parts[UDP_BATCH];
	struct sockaddr_storage names[UDP_BATCH];
	char control[UDP_BATCH][UDP_CONTROL] __attribute__((aligned(8)));
	char room[UDP_BATCH][UDP_ROOM];
};

/* A bound door for so many datagrams at once: nonblocking, close-on-exec, SO_REUSEPORT. -1: errno. */
int udp_listen(uint16_t port);
/* What a door needs that somebody else opened. family: of the socket. */
void udp_prepare_door(int fd, uint8_t family);
/* What every socket needs that datagrams pass through. */
void udp_prepare(int fd, uint8_t family);

/* How many there are now; 0: none. -1: errno. */
int udp_receive(int fd, struct udp_batch *);

/*
 * Send these as they are, no more than UDP_BATCH. family: of the socket. to, local: to whom and from where; both NULL on a
 * connected socket. Returns how many were sent; what could not be is left out, and *error says why (0: nothing).
 */
size_t udp_send(int fd, uint8_t family, const struct udp_datagram *, size_t n, const struct addr *to,
    const struct ip *local, int *error);

#endif
