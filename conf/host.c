/* What the checks need to know of the host: its name, its memory, and the ports something listens on. */
#include "conf/host.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { SERVICE, PASSING, PERSONAL, KINDS };

static uint8_t
proto_of(uint8_t seen, int kind)
{
	if (kind == PASSING)
		return seen & HOST_PASSING ? PROTO_UDP : 0;
	return (kind == PERSONAL ? seen / HOST_PERSONAL : seen) & PROTO_BOTH;
}

static void
listening_learn(struct host_facts *f)
{
	uint8_t *seen = calloc(HOST_PORTS, 1);
	size_t n = 0;

	if (!seen)
		return;
	listeners_read(seen);
	for (unsigned port = 0; port < HOST_PORTS; port++)
		for (int kind = 0; kind < KINDS; kind++)
			n += proto_of(seen[port], kind) != 0;
	f->listening = n ? calloc(n, sizeof(*f->listening)) : NULL;
	for (unsigned port = 0; f->listening && port < HOST_PORTS; port++)
		for (int kind = 0; seen[port] && kind < KINDS; kind++) {
			struct port_range one = {.lo = (uint16_t)port,
			    .hi = (uint16_t)port,
			    .proto = proto_of(seen[port], kind),
			    .passing = kind == PASSING,
			    .personal = kind == PERSONAL};

			if (one.proto)
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
	/* The package makes it, and its units run as it. */
	if (getpwnam("lodge"))
		f->host.account = "lodge";
	listening_learn(f);
}

void
host_free(struct host_facts *f)
{
	free(f->listening);
	*f = (struct host_facts){0};
}
