/* The doors; see listen.h. */
#include "proxy/listen.h"
#include "base/sys.h"
#include "proxy/udp.h"

#include <errno.h>
#include <fcntl.h>
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

static int
open_udp(const struct conf *conf, unsigned workers, struct listeners *out, uint16_t *failed)
{
	for (size_t i = 0; i < conf->proxy.n_quic; i++) {
		for (unsigned w = 0; w < workers; w++) {
			int fd = udp_listen(conf->proxy.quic[i]);

			*failed = conf->proxy.quic[i];
			if (fd == -1)
				return -1;
			out->list[out->n++] = (struct listener){fd, (int)w, DOOR_QUIC, conf->proxy.quic[i]};
		}
	}
	return 0;
}

static int
open_ports(const struct conf *conf, enum door door, unsigned workers, struct listeners *out, uint16_t *failed)
{
	const uint16_t *ports = door == DOOR_HTTP ? conf->proxy.http : conf->proxy.tls;
	size_t n = door == DOOR_HTTP ? conf->proxy.n_http : conf->proxy.n_tls;

	for (size_t i = 0; i < n; i++) {
		for (unsigned w = 0; w < workers; w++) {
			int fd = open_port(ports[i]);

			*failed = ports[i];
			if (fd == -1)
				return -1;
			tune(fd, conf);
			out->list[out->n++] = (struct listener){fd, (int)w, door, ports[i]};
		}
	}
	return 0;
}

static bool
has_port(const uint16_t *ports, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (ports[i] == port)
			return true;
	return false;
}

static int
take_passed(const struct conf *conf, int n, struct listeners *out, uint16_t *failed)
{
	const struct proxy_conf *p = &conf->proxy;

	for (int fd = PASSED_FIRST; fd < PASSED_FIRST + n; fd++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		struct addr addr;
		int listens = 0;
		socklen_t size = sizeof(listens);
		bool http;

		if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1 ||
		    addr_from_sockaddr((struct sockaddr *)&sa, &addr) == -1)
			return -1;
		*failed = addr.port;
		http = has_port(p->http, p->n_http, addr.port);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == -1)
			return -1;
		if (!listens || (!http && !has_port(p->tls, p->n_tls, addr.port))) {
			errno = EINVAL;
			return -1;
		}
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
			return -1;
		tune(fd, conf);
		out->list[out->n++] =
		    (struct listener){fd, LISTEN_EVERY_WORKER, http ? DOOR_HTTP : DOOR_TLS, addr.port};
	}
	return 0;
}

static int
passed_sockets(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n = pid && fds && strtol(pid, NULL, 10) == getpid() ? (int)strtol(fds, NULL, 10) : 0;

	return n > 0 ? n : 0;
}

int
listen_open(const struct conf *conf, unsigned workers, struct listeners *out, uint16_t *failed)
{
	int passed = passed_sockets();

	*failed = 0;
	out->n = 0;
	if (conf->proxy.n_http + conf->proxy.n_tls + conf->proxy.n_quic > LISTEN_PORTS_MAX ||
	    passed > LISTEN_PORTS_MAX) {
		errno = E2BIG;
		return -1;
	}
	out->list = calloc(LISTEN_PORTS_MAX * (size_t)workers, sizeof(*out->list));
	if (!out->list)
		return -1;
	if (passed)
		return take_passed(conf, passed, out, failed);
	if (open_ports(conf, DOOR_HTTP, workers, out, failed) == -1)
		return -1;
	if (open_ports(conf, DOOR_TLS, workers, out, failed) == -1)
		return -1;
	return open_udp(conf, workers, out, failed);
}
