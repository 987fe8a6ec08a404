/*
 * The guest's socket; see dial.h.
 *
 * A socket with a foreign address is told so before it is bound; natd's rules lead its answers back. The client's
 * port is taken too, so that a guest's log names the connection as the client knows it; where another socket has
 * it, or it is one of the lowest, the kernel picks one that is free towards this guest.
 */
#include "proxy/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int
set_foreign(int fd, uint8_t family)
{
	int on = 1;

	if (family == 6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on));
	return setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on));
}

bool
dial_able(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool able = fd != -1 && set_foreign(fd, 4) == 0;

	if (fd != -1)
		close(fd);
	return able;
}

static enum reach_from
bind_client(int fd, const struct addr *client)
{
	struct addr any_port = {client->ip, 0};
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(client, &sa);
	int on = 1;

	if (set_foreign(fd, client->ip.family) == -1)
		return FROM_UNABLE;
	if (client->port != 0 && bind(fd, (struct sockaddr *)&sa, len) == 0)
		return FROM_CLIENT;
	/* The port is chosen when the other end is known: only that pair has to be free. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	len = addr_to_sockaddr(&any_port, &sa);
	return bind(fd, (struct sockaddr *)&sa, len) == 0 ? FROM_CLIENT_ADDRESS : FROM_UNABLE;
}

/* The first bytes follow at once, and their segment acknowledges the connection: no bare one need. */
static void
save_segment(int fd)
{
	int off = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
}

int
dial_guest(struct reach *reach, const struct addr *client, int type, bool able)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&reach->to, &sa);
	int fd = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), saved;

	if (fd == -1)
		return -1;
	if (reach->from == FROM_CLIENT)
		reach->from = able ? (uint8_t)bind_client(fd, client) : FROM_UNABLE;
	if (type == SOCK_STREAM)
		save_segment(fd);
	if (connect(fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

bool
dial_is_refused(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == EADDRNOTAVAIL;
}

bool
dial_is_short(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
