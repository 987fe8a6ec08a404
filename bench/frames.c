/*
 * 64-byte UDP over taps as fast as one CPU can: «from» writes frames into them as guests do, «to» sends datagrams
 * to them and reads what comes out, so that nothing is dropped.
 *
 * Tap n is PREFIXn and its guest FIRST + n. The whole path of a frame lies in one system call of this process:
 * whoever looks at the frames on the way costs it CPU time, which is what it says.
 */
#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAME_BYTES = 64,
	DATA_BYTES = FRAME_BYTES - ETHER_HDR_LEN - 20 - 8,
	FIRST = 0x0a4d0002, /* 10.77.0.2 */
	FAR = 0xcb007109, /* 203.0.113.9: where there is no way to */
	PORT = 9,
	BATCH = 32,
};

struct wire {
	struct ether_header ether;
	struct iphdr ip;
	struct udphdr udp;
	char data[DATA_BYTES];
} __attribute__((packed));

struct port {
	int fd;
	struct wire frame;
	struct sockaddr_in guest;
};

static int
tap_attach(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (fd == -1 || ioctl(fd, TUNSETIFF, &ifr) == -1)
		die(name);
	return fd;
}

static uint16_t
checksum(const struct iphdr *ip)
{
	const uint16_t *words = (const uint16_t *)ip;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(*ip) / 2; i++)
		sum += words[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
frame_make(struct wire *frame, const char *name, unsigned n, int fd)
{
	struct ifreq ifr = {0};
	struct iphdr ip;

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr) == -1)
		die(name);
	*frame = (struct wire){
	    .ether = {.ether_shost = {2, 0, 10, 77, (uint8_t)(n >> 8), (uint8_t)n},
		.ether_type = htons(ETHERTYPE_IP)},
	    .ip = {.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons(FRAME_BYTES - ETHER_HDR_LEN),
		.saddr = htonl(FIRST + n),
		.daddr = htonl(FAR)},
	    .udp = {.source = htons(PORT), .dest = htons(PORT), .len = htons(8 + DATA_BYTES)},
	};
	memcpy(frame->ether.ether_dhost, ifr.ifr_hwaddr.sa_data, ETHER_ADDR_LEN);
	ip = frame->ip;
	frame->ip.check = checksum(&ip);
}

static void
ports_open(struct port *ports, unsigned n, const char *prefix, int fd)
{
	for (unsigned i = 0; i < n; i++) {
		char name[IFNAMSIZ];

		snprintf(name, sizeof(name), "%s%u", prefix, i);
		ports[i].fd = tap_attach(name);
		ports[i].guest = (struct sockaddr_in){
		    .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(FIRST + i)};
		frame_make(&ports[i].frame, name, i, fd);
	}
}

static void
send_from(const struct port *ports, unsigned n, uint64_t packets)
{
	for (uint64_t i = 0; i < packets; i++) {
		const struct port *port = &ports[i % n];

		if (write(port->fd, &port->frame, FRAME_BYTES) != FRAME_BYTES)
			die("write");
	}
}

/* A batch to one tap, and all of it out of there again. */
static void
send_to(const struct port *ports, unsigned n, uint64_t packets, int fd)
{
	struct mmsghdr messages[BATCH] = {0};
	char data[DATA_BYTES] = {0}, out[2 * FRAME_BYTES];
	struct iovec iov = {data, sizeof(data)};

	for (uint64_t i = 0; i < packets; i += BATCH) {
		const struct port *port = &ports[i / BATCH % n];

		for (int k = 0; k < BATCH; k++)
			messages[k].msg_hdr = (struct msghdr){.msg_name = (void *)&port->guest,
			    .msg_namelen = sizeof(port->guest),
			    .msg_iov = &iov,
			    .msg_iovlen = 1};
		if (sendmmsg(fd, messages, BATCH, 0) != BATCH)
			die("sendmmsg");
		while (read(port->fd, out, sizeof(out)) > 0)
			;
	}
}

int
frames(const char *way, const char *prefix, unsigned n, uint64_t packets)
{
	struct port *ports = calloc(n, sizeof(*ports));
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct timespec before, after;

	if (!ports || fd == -1)
		die("memory");
	ports_open(ports, n, prefix, fd);
	printf("ready\n");
	fflush(stdout);
	if (getchar() == EOF)
		return 1;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	if (strcmp(way, "to") == 0)
		send_to(ports, n, packets, fd);
	else
		send_from(ports, n, packets);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	printf("packets=%llu seconds=%.4f\n", (unsigned long long)packets,
	    (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9);
	fflush(stdout);
	/* The taps keep who reads them until all is counted. */
	getchar();
	return 0;
}
