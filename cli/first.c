/* The first file of a host; see first.h. */
#include "cli/first.h"

#include <stdlib.h>
#include <string.h>

enum { GUEST_MIB = 512, HOST_MIB = 256, BITS6 = 80, THIRDS = 256, FIRST_THIRD = 77, INSTEAD = 20 };

/* The usual port, else the first free one of INSTEAD from another on. */
static const struct {
	const char *key, *proto;
	unsigned usual, instead;
	uint8_t bits;
} doors[DOORS] = {
    [DOOR_HTTP] = {"http", "tcp", 80, 8080, PROTO_TCP},
    [DOOR_TLS] = {"tls", "tcp", 443, 8443, PROTO_TCP},
    [DOOR_QUIC] = {"quic", "udp", 443, 8443, PROTO_UDP},
};

static bool
is_taken(const struct site *site, const struct net *net)
{
	for (size_t i = 0; i < site->n_nets; i++)
		if (site->nets[i].bits && net_overlaps(&site->nets[i], net))
			return true;
	return false;
}

/* 192.168.77.0/24 or the next one that leads nowhere yet, then those of 10.77. */
static struct net
free_network(const struct site *site)
{
	static const uint8_t heads[][2] = {{192, 168}, {10, 77}, {172, 29}};

	for (size_t h = 0; h < sizeof(heads) / sizeof(*heads); h++) {
		for (unsigned i = 0; i < THIRDS; i++) {
			uint8_t third = (uint8_t)(FIRST_THIRD + i);
			struct net net = {
			    .ip = {.family = 4, .b = {heads[h][0], heads[h][1], third}}, .bits = 24};

			if (!is_taken(site, &net))
				return net;
		}
	}
	return (struct net){0};
}

/* A part of the prefix on the link that has not the host's own address. */
static struct net
part_of(const struct site *site)
{
	struct net net = {.ip = site->net6.ip, .bits = BITS6};

	if (!ip_is_set(&site->net6.ip) || site->net6.bits > 64)
		return (struct net){0};
	net.ip.b[9] = 0x77;
	if (net_has(&net, &site->own6))
		net.ip.b[9] = 0x78;
	return net;
}

static bool
is_held(const struct site *site, unsigned port, uint8_t proto)
{
	for (size_t i = 0; i < site->n_listening; i++) {
		const struct port_range *r = &site->listening[i];

		if (r->lo <= port && port <= r->hi && (r->proto & proto))
			return true;
	}
	return false;
}

static unsigned
free_port(const struct site *site, int door)
{
	unsigned port = doors[door].instead, end = port + INSTEAD;

	if (!is_held(site, doors[door].usual, doors[door].bits))
		return doors[door].usual;
	while (port < end && is_held(site, port, doors[door].bits))
		port++;
	return port < end ? port : 0;
}

void
first_plan(const struct site *site, struct first *out)
{
	uint64_t mib = site->memory_bytes >> 20;

	*out = (struct first){.network = free_network(site), .network6 = part_of(site)};
	for (int door = 0; door < DOORS; door++)
		out->ports[door] = free_port(site, door);
	out->guests = mib > HOST_MIB ? (unsigned)((mib - HOST_MIB) / GUEST_MIB) : 0;
}

void
first_print(const struct site *site, const struct first *f, FILE *to)
{
	char text[NET_TEXT];

	fputs("# lodge.yaml, written by lodge init; man lodge.yaml describes every key.\n\n", to);
	if (site->wan[0])
		fprintf(to, "wan: %s\n", site->wan);
	else
		fputs("# wan: eth0                   # the device towards the world\n", to);
	fprintf(to, "network: %-20s # the guests' addresses; the first is the host's, on every tap\n",
	    net_print(&f->network, text));
	if (ip_is_set(&f->network6.ip))
		fprintf(to, "network6: %s\n", net_print(&f->network6, text));
	fputs("reserve: [22]                 # ports that no guest may have\n"
	      "redis: private                # a Redis of lodge's own keeps the bill\n",
	    to);
	fprintf(to, "%skernel: %s\n", site->kernel[0] ? "" : "# ",
	    site->kernel[0] ? site->kernel
			    : "/var/lib/lodge/kernels/linux-7.x   # lodge kernel build makes one");
	if (site->account)
		fputs("user: lodge\n", to);
	fputs("\nproxy:\n", to);
	for (int door = 0; door < DOORS; door++) {
		unsigned port = f->ports[door], usual = doors[door].usual;

		fprintf(to, port ? "  %s: [%u]" : "  %s: []", doors[door].key, port);
		if (port != usual)
			fprintf(
			    to, "  # somebody else listens on %u; end that, and write %u here", usual, usual);
		fputc('\n', to);
	}
	fputs("\n# web: {listen: 127.0.0.1:8077, name: usage.example.org}   # the usage page, and its name\n"
	      "\ninclude: guests.d/*.yaml      # a guest each, as lodge guest create writes them\n",
	    to);
}

static void
tell_door(const struct first *f, int door, FILE *to)
{
	unsigned port = f->ports[door], usual = doors[door].usual, instead = doors[door].instead;
	const char *key = doors[door].key, *proto = doors[door].proto;

	if (port == usual)
		fprintf(to, "%s: %u, where nobody listens\n", key, port);
	else if (port)
		fprintf(to, "%s: %u, because somebody listens on %u/%s (ss -lnp names it)\n", key, port,
		    usual, proto);
	else
		fprintf(to,
		    "%s: closed, because somebody listens on %u/%s and on each of %u to %u (ss -lnp names "
		    "them); write a free port into the file\n",
		    key, usual, proto, instead, instead + INSTEAD - 1);
}

void
first_tell(const struct site *site, const struct first *f, FILE *to)
{
	char text[NET_TEXT];

	if (site->wan[0])
		fprintf(to, "wan: %s, the device of the default route\n", site->wan);
	else
		fputs(
		    "wan: left open, there is no default route now; lodge looks again when it starts\n", to);
	fprintf(to, "network: %s, where no route of this host leads\n", net_print(&f->network, text));
	if (ip_is_set(&f->network6.ip))
		fprintf(to, "network6: %s, a part of the prefix on the link of %s\n",
		    net_print(&f->network6, text), site->wan);
	else
		fputs("network6: none, for the wan device has no global IPv6 prefix of /64 or wider\n", to);
	for (int door = 0; door < DOORS; door++)
		tell_door(f, door, to);
	fprintf(to, "redis: private%s%s\n",
	    site->redis ? "; the one on port 6379 is left alone, for its owner decides what it keeps" : "",
	    site->redis_server ? "" : "; redis-server is missing: apt-get install redis-server");
	if (site->kernel[0])
		fprintf(to, "kernel: %s, which is there\n", site->kernel);
	else
		fputs("kernel: none is there; lodge kernel build makes one, or apt-get install "
		      "user-mode-linux\n",
		    to);
	fprintf(
	    to, "user: %s\n", site->account ? "lodge, which is there" : "nobody, for there is no user lodge");
	fprintf(to, "memory: room for %u guests of 512M\n", f->guests);
}
