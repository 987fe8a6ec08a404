/* The doors; see listen.h. */
#include "proxy/listen.h"
#include "base/log.h"
#include "base/sys.h"
#include "proxy/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PASSED_FIRST = 3 }; /* sd_listen_fds(3) */

/* Accepted sockets inherit what their listener has, so this costs nothing a connection. */
static void
tune(int fd, const struct conf *conf)
{
	int on = 1, seconds = (int)((conf->proxy.hello_ms + 999) / 1000);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
}

static int
open_port(uint16_t port)
{
	struct addr any = {.ip.family = 6, .port = port};
	int fd = sys_listen(&any, true, LISTEN_BACKLOG);

	if (fd != -1 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return fd;
	any.ip.family = 4;
	return sys_listen(&any, true, LISTEN_BACKLOG);
}

/* How many there are of a port already. */
static unsigned
count_port(const struct listeners *ls, enum door door, uint16_t port)
{
	unsigned n = 0;

	for (size_t i = 0; i < ls->n; i++)
		n += ls->list[i].door == door && ls->list[i].port == port;
	return n;
}

struct ports {
	const uint16_t *list;
	size_t n;
};

static struct ports
ports_of(const struct conf *conf, enum door door)
{
	const struct proxy_conf *p = &conf->proxy;

	switch (door) {
	case DOOR_HTTP:
		return (struct ports){p->http, p->n_http};
	case DOOR_TLS:
		return (struct ports){p->tls, p->n_tls};
	default:
		return (struct ports){p->quic, p->n_quic};
	}
}

static int
open_ports(const struct doors_plan *plan, enum door door, struct listeners *out, uint16_t *failed)
{
	struct ports ports = ports_of(plan->conf, door);

	for (size_t i = 0; i < ports.n; i++) {
		for (unsigned w = count_port(out, door, ports.list[i]); w < plan->n_workers; w++) {
			int fd = door == DOOR_QUIC ? udp_listen(ports.list[i]) : open_port(ports.list[i]);

			*failed = ports.list[i];
			if (fd == -1)
				return -1;
			if (door != DOOR_QUIC)
				tune(fd, plan->conf);
			out->list[out->n++] =
			    (struct listener){fd, (int)plan->workers[w], door, ports.list[i], false};
		}
	}
	return 0;
}

static bool
names(const struct conf *conf, enum door door, uint16_t port)
{
	struct ports ports = ports_of(conf, door);

	for (size_t i = 0; i < ports.n; i++)
		if (ports.list[i] == port)
			return true;
	return false;
}

/* What a socket listens on, or for datagrams is bound to. -1: neither. */
static int
look_at(int fd, bool datagrams, struct addr *addr)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa), size = sizeof(int), type_size = sizeof(int);
	int listens = 0, type = 0;

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1 ||
	    addr_from_sockaddr((struct sockaddr *)&sa, addr) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == -1)
		return -1;
	if (datagrams ? type == SOCK_DGRAM : listens != 0)
		return 0;
	errno = EINVAL;
	return -1;
}

/* Of the socket itself, whoever it carries. */
static uint8_t
family_of(int fd)
{
	int domain = AF_INET;
	socklen_t size = sizeof(domain);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	return domain == AF_INET6 ? 6 : 4;
}

/* A UDP socket that all would read would give each of them a part of a flow: it is the first one's. */
static int
take(const struct doors_plan *plan, const struct handover_listen *l, struct listeners *out)
{
	unsigned nth = count_port(out, l->door, l->port);
	int worker = (int)plan->workers[nth % plan->n_workers];

	if (fcntl(l->fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(l->fd, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	if (l->door != DOOR_QUIC)
		tune(l->fd, plan->conf);
	if (l->all && l->door != DOOR_QUIC)
		worker = LISTEN_EVERY_WORKER;
	out->list[out->n++] = (struct listener){l->fd, worker, l->door, l->port, l->all};
	return 0;
}

static int
take_passed(const struct doors_plan *plan, int n, struct listeners *out, uint16_t *failed)
{
	for (int fd = PASSED_FIRST; fd < PASSED_FIRST + n; fd++) {
		struct addr addr = {0};
		bool stream = look_at(fd, false, &addr) == 0;
		struct handover_listen l = {.fd = fd, .door = DOORS, .all = true};

		*failed = l.port = addr.port;
		if (!stream && look_at(fd, true, &addr) == -1)
			return -1;
		for (int door = 0; door < DOORS; door++)
			if ((door != DOOR_QUIC) == stream && names(plan->conf, (enum door)door, addr.port))
				l.door = (enum door)door;
		if (l.door == DOORS) {
			errno = EINVAL;
			return -1;
		}
		if (!stream)
			udp_prepare_door(fd, family_of(fd));
		if (take(plan, &l, out) == -1)
			return -1;
	}
	return 0;
}

/*
 * A socket that is bound to a device that no packet comes from is found by no new client, which is refused; those in
 * the middle of connecting are found by what they have begun, and get their connection. One that systemd passed
 * stays open there, and is for whoever gets it next: as long as it is open, closing ours resets nobody.
 */
static void
turn_away_new(int fd, bool passed)
{
	int nowhere = INT_MAX;

	if (passed)
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere)) == -1)
		log_debug("a socket lets clients in until it is closed: %s", strerror(errno));
}

/* Those whose port is still named; the others are closed, by the old workers last. */
static int
take_had(const struct doors_plan *plan, struct listeners *out)
{
	for (size_t i = 0; i < plan->n_had; i++) {
		const struct handover_listen *had = &plan->had[i];
		struct addr addr;

		if (look_at(had->fd, had->door == DOOR_QUIC, &addr) == -1 || addr.port != had->port ||
		    !names(plan->conf, had->door, addr.port)) {
			if (had->door != DOOR_QUIC)
				turn_away_new(had->fd, had->all);
			close(had->fd);
		} else if (take(plan, had, out) == -1)
			return -1;
	}
	return 0;
}

static bool
has_passed(const struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		if (ls->list[i].passed)
			return true;
	return false;
}

static int
passed_sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n = pid && fds && strtol(pid, NULL, 10) == getpid() ? (int)strtol(fds, NULL, 10) : 0;

	return n > 0 ? n : 0;
}

int
listen_open(const struct doors_plan *plan, struct listeners *out, uint16_t *failed)
{
	const struct conf *conf = plan->conf;
	int passed = plan->n_had ? 0 : passed_sockets();

	*failed = 0;
	out->n = 0;
	if (conf->proxy.n_http + conf->proxy.n_tls + conf->proxy.n_quic > LISTEN_PORTS_MAX ||
	    passed > LISTEN_PORTS_MAX) {
		errno = E2BIG;
		return -1;
	}
	out->list = calloc(plan->n_had + LISTEN_PORTS_MAX * (size_t)plan->n_workers, sizeof(*out->list));
	if (!out->list)
		return -1;
	if (take_had(plan, out) == -1)
		return -1;
	if (passed)
		return take_passed(plan, passed, out, failed);
	if (has_passed(out))
		return 0; /* what is open is systemd's to say */
	for (int door = 0; door < DOORS; door++)
		if (open_ports(plan, (enum door)door, out, failed) == -1)
			return -1;
	return 0;
}

void
listen_finish(const struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		if (ls->list[i].door != DOOR_QUIC)
			turn_away_new(ls->list[i].fd, ls->list[i].passed);
}

void
listen_close(struct listeners *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		close(ls->list[i].fd);
	ls->n = 0;
}
