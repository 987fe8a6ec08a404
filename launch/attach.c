/* Who is attached to a guest's console; see attach.h. */
#include "launch/attach.h"
#include "base/conpkt.h"
#include "launch/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct client {
	struct attach *attach;
	ev_io io; /* fd -1: free */
	char role; /* CONPKT_WRITER, CONPKT_READER; 0: has not said */
	uint64_t seen; /* of the ring */
	struct ucred who;
	time_t since;
};

struct attach {
	struct ev_loop *loop;
	ev_io io;
	const struct ring *ring;
	attach_typed *typed;
	attach_sized *sized;
	void *arg;
	struct client clients[ATTACH_MAX];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void
client_close(struct client *client)
{
	ev_io_stop(client->attach->loop, &client->io);
	close(client->io.fd);
	ev_io_set(&client->io, -1, EV_READ);
	client->role = 0;
}

static void
client_watch(struct client *client, int events)
{
	if (client->io.fd == -1 || (client->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(client->attach->loop, &client->io);
	ev_io_set(&client->io, client->io.fd, events);
	ev_io_start(client->attach->loop, &client->io);
}

/* 1: sent; 0: no room now; -1: gone, and closed. */
static int
client_send(struct client *client, char kind, const void *bytes, size_t n)
{
	struct iovec parts[] = {{&kind, 1}, {(void *)bytes, n}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

	if (sendmsg(client->io.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) != -1)
		return 1;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	client_close(client);
	return -1;
}

/* What a slow one has missed is told in place of it. 1, 0, -1: as client_send. */
static int
client_skip(struct client *client)
{
	uint64_t oldest = ring_oldest(client->attach->ring);
	char text[80];
	int result, n;

	if (client->seen >= oldest)
		return 1;
	n = snprintf(text, sizeof(text), "%llu bytes were written meanwhile and are not shown",
	    (unsigned long long)(oldest - client->seen));
	result = client_send(client, CONPKT_NOTE, text, (size_t)n);
	if (result == 1)
		client->seen = oldest;
	return result;
}

/* All that it has not seen yet, as far as there is room for it. */
static void
client_pump(struct client *client)
{
	const struct ring *ring = client->attach->ring;
	int result = 1;

	while (client->io.fd != -1 && client->role && client->seen < ring->total && result == 1) {
		struct span part;

		result = client_skip(client);
		if (result != 1)
			break;
		part = ring_from(ring, client->seen);
		if (part.len > CONPKT_BYTES)
			part = span_first(part, CONPKT_BYTES);
		result = client_send(client, CONPKT_OUTPUT, part.ptr, part.len);
		if (result == 1)
			client->seen += part.len;
	}
	client_watch(client, result == 0 ? EV_READ | EV_WRITE : EV_READ);
}

void
attach_pump(struct attach *a)
{
	for (struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++)
		if (client->io.fd != -1)
			client_pump(client);
}

static const struct client *
writer_of(const struct attach *a)
{
	for (const struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++)
		if (client->role == CONPKT_WRITER)
			return client;
	return NULL;
}

unsigned
attach_count(const struct attach *a, pid_t *writer)
{
	const struct client *who = writer_of(a);
	unsigned n = 0;

	for (const struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++)
		n += client->role != 0;
	*writer = who ? who->who.pid : 0;
	return n;
}

void
attach_note(struct attach *a, const char *text)
{
	for (struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++) {
		if (!client->role)
			continue;
		client_pump(client);
		if (client->io.fd != -1)
			client_send(client, CONPKT_NOTE, text, strlen(text));
	}
}

static void
client_hello(struct client *client, char wish, const char *lines)
{
	const struct ring *ring = client->attach->ring;
	const struct client *writer = writer_of(client->attach);
	char who[64] = "";
	int n = 0;

	client->role = wish == CONPKT_WRITE && !writer ? CONPKT_WRITER : CONPKT_READER;
	client->since = time(NULL);
	client->seen = *lines ? ring_lines(ring, strtoul(lines, NULL, 10)) : ring_oldest(ring);
	if (client->role == CONPKT_READER && writer)
		n = snprintf(who, sizeof(who), "%u %d %lld", writer->who.uid, writer->who.pid,
		    (long long)writer->since);
	if (client_send(client, client->role, who, (size_t)n) == 1)
		client_pump(client);
}

static void
client_typed(struct client *client, const char *bytes, size_t n)
{
	static const char lost[] = "it does not read its console: what is typed is lost";

	if (!client->attach->typed(client->attach->arg, bytes, n))
		client_send(client, CONPKT_NOTE, lost, sizeof(lost) - 1);
}

static void
client_sized(const struct client *client, const char *text)
{
	unsigned rows, columns;

	if (sscanf(text, "%5u %5u", &rows, &columns) != 2 || rows == 0 || columns == 0 || rows > 9999 ||
	    columns > 9999)
		return;
	client->attach->sized(client->attach->arg, rows, columns);
}

static void
client_packet(struct client *client, const char *packet, size_t n)
{
	if (!client->role && (packet[0] == CONPKT_WRITE || packet[0] == CONPKT_READ))
		client_hello(client, packet[0], packet + 1);
	else if (client->role == CONPKT_WRITER && packet[0] == CONPKT_TYPED && n > 1)
		client_typed(client, packet + 1, n - 1);
	else if (client->role == CONPKT_WRITER && packet[0] == CONPKT_SIZE)
		client_sized(client, packet + 1);
}

static void
on_client(struct ev_loop *loop, ev_io *w, int events)
{
	struct client *client = w->data;
	char packet[1 + CONPKT_BYTES + 1];
	ssize_t n;

	(void)loop;
	if (events & EV_WRITE)
		client_pump(client);
	if (client->io.fd == -1 || !(events & EV_READ))
		return;
	n = recv(client->io.fd, packet, sizeof(packet) - 1, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		client_close(client);
	} else if (n > 0) {
		packet[n] = '\0';
		client_packet(client, packet, (size_t)n);
	}
}

static void
on_attach(struct ev_loop *loop, ev_io *w, int events)
{
	struct attach *a = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), room = 2 * RING_BYTES;
	struct client *client = a->clients;
	socklen_t size = sizeof(client->who);
	const char full = CONPKT_FULL;

	(void)events;
	if (fd == -1)
		return;
	while (client < a->clients + ATTACH_MAX && client->io.fd != -1)
		client++;
	if (client == a->clients + ATTACH_MAX) {
		send(fd, &full, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->who, &size);
	ev_io_set(&client->io, fd, EV_READ);
	ev_io_start(loop, &client->io);
}

struct attach *
attach_open(struct ev_loop *loop, const char *path, const struct ring *ring, attach_typed *typed,
    attach_sized *sized, void *arg)
{
	struct attach *a = calloc(1, sizeof(*a));
	int fd = a ? listen_at(path, SOCK_SEQPACKET, ATTACH_MAX) : -1;

	if (fd == -1) {
		free(a);
		return NULL;
	}
	*a = (struct attach){.loop = loop, .ring = ring, .typed = typed, .sized = sized, .arg = arg};
	strcpy(a->path, path);
	for (struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++) {
		client->attach = a;
		ev_io_init(&client->io, on_client, -1, EV_READ);
		client->io.data = client;
	}
	ev_io_init(&a->io, on_attach, fd, EV_READ);
	a->io.data = a;
	ev_io_start(loop, &a->io);
	return a;
}

void
attach_close(struct attach *a)
{
	if (!a)
		return;
	for (struct client *client = a->clients; client < a->clients + ATTACH_MAX; client++)
		if (client->io.fd != -1)
			client_close(client);
	ev_io_stop(a->loop, &a->io);
	close(a->io.fd);
	unlink(a->path);
	free(a);
}
