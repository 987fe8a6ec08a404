/* What the checks need to know of the host: its name, its memory, and the ports something listens on. */
#include "conf/host.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum {
	PORTS = 65536,
	SEEN_TCP = PROTO_TCP,
	SEEN_UDP = PROTO_UDP,
	SEEN_PASSING = 4, /* UDP on a port that the kernel may have picked: an open question, not a service */
	TCP_STATE_LISTEN = 0x0a,
	UDP_STATE_UNCONNECTED = 0x07,
};

/* Eight or thirty-two hex digits, each eight a word as it lies in memory. */
static bool
is_loopback(const char *hex)
{
	uint32_t words[4] = {0};
	size_t n = strlen(hex) / 8;
	char word[9] = "";
	struct in6_addr a;

	for (size_t i = 0; i < n && i < 4; i++) {
		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (n == 1)
		return (ntohl(words[0]) >> 24) == 127;
	memcpy(&a, words, sizeof(a));
	return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

static void
sockets_read(
    const char *path, unsigned wanted, uint8_t bit, unsigned passing_lo, unsigned passing_hi, uint8_t *seen)
{
	FILE *in = fopen(path, "re");
	char line[512], local[33];
	unsigned port, state;

	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x", local, &port, &state) != 3)
			continue;
		if (state != wanted || port == 0 || port >= PORTS || is_loopback(local))
			continue;
		seen[port] |=
		    bit == SEEN_UDP && port >= passing_lo && port <= passing_hi ? SEEN_PASSING : bit;
	}
	if (in)
		fclose(in);
}

static void
listening_learn(struct host_facts *f)
{
	uint8_t *seen = calloc(PORTS, 1);
	unsigned lo = 32768, hi = 60999;
	FILE *in = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	size_t n = 0;

	if (in && fscanf(in, "%u %u", &lo, &hi) != 2)
		lo = hi = 0;
	if (in)
		fclose(in);
	if (!seen)
		return;
	if (listeners_read(SEEN_TCP, seen) == -1) {
		sockets_read("/proc/net/tcp", TCP_STATE_LISTEN, SEEN_TCP, lo, hi, seen);
		sockets_read("/proc/net/tcp6", TCP_STATE_LISTEN, SEEN_TCP, lo, hi, seen);
	}
	sockets_read("/proc/net/udp", UDP_STATE_UNCONNECTED, SEEN_UDP, lo, hi, seen);
	sockets_read("/proc/net/udp6", UDP_STATE_UNCONNECTED, SEEN_UDP, lo, hi, seen);
	for (unsigned port = 0; port < PORTS; port++)
		n += (seen[port] & PROTO_BOTH) != 0, n += (seen[port] & SEEN_PASSING) != 0;
	f->listening = n ? calloc(n, sizeof(*f->listening)) : NULL;
	for (unsigned port = 0; f->listening && port < PORTS; port++) {
		struct port_range one = {.lo = (uint16_t)port, .hi = (uint16_t)port};

		one.proto = seen[port] & PROTO_BOTH;
		if (one.proto)
			f->listening[f->host.n_listening++] = one;
		one.proto = PROTO_UDP;
		one.passing = true;
		if (seen[port] & SEEN_PASSING)
			f->listening[f->host.n_listening++] = one;
	}
	f->host.listening = f->listening;
	free(seen);
}

void
host_learn(struct host_facts *f)
{
	const char *folder = getenv("TMPDIR");
	struct statvfs room;
	struct sysinfo info;

	*f = (struct host_facts){0};
	if (sysinfo(&info) == 0)
		f->host.ram_bytes = (uint64_t)info.totalram * info.mem_unit;
	/* Where a guest's kernel puts its memory; the whole of it, for guests that run now are in what is used. */
	if (statvfs(folder && *folder ? folder : "/dev/shm", &room) == 0)
		f->host.guest_room_bytes = (uint64_t)room.f_blocks * room.f_frsize;
	if (gethostname(f->name, sizeof(f->name) - 1) == 0)
		f->host.hostname = f->name;
	listening_learn(f);
}

void
host_free(struct host_facts *f)
{
	free(f->listening);
	*f = (struct host_facts){0};
}
