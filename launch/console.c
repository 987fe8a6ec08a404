/* A guest's console; see console.h. */
#include "launch/console.h"
#include "launch/ring.h"
#include "base/conpkt.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TYPED_MAX = 64 << 10 }; /* that a guest has not taken yet */

struct client {
	struct console *console;
	ev_io io; /* fd -1: free */
	char role; /* CONPKT_WRITER, CONPKT_READER; 0: has not said */
	uint64_t seen; /* of the ring */
	struct ucred who;
	time_t since;
};

struct console {
	struct ev_loop *loop;
	ev_io io; /* the terminal's master side */
	ev_io input; /* the same, while what was typed waits for room */
	ev_io listen;
	struct client clients[CONSOLE_CLIENTS];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct winsize size;
	size_t typed; /* bytes that wait */
	char waiting[TYPED_MAX];
	uint64_t begin; /* of this kernel's run, in the ring */
	struct ring ring;
	char straight[CONSOLE_RING]; /* the ring unrolled */
};

struct span
console_text(struct console *c)
{
	return ring_copy(&c->ring, c->begin, c->straight);
}

/* --- who is attached ---------------------------------------------------------------------------------- */

static void
client_close(struct client *client)
{
	ev_io_stop(client->console->loop, &client->io);
	close(client->io.fd);
	ev_io_set(&client->io, -1, EV_READ);
	client->role = 0;
}

static void
client_watch(struct client *client, int events)
{
	if (client->io.fd == -1 || (client->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(client->console->loop, &client->io);
	ev_io_set(&client->io, client->io.fd, events);
	ev_io_start(client->console->loop, &client->io);
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
	struct ring *ring = &client->console->ring;
	uint64_t oldest = ring_oldest(ring);
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
	struct ring *ring = &client->console->ring;
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

static void
pump_all(struct console *c)
{
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++)
		if (client->io.fd != -1)
			client_pump(client);
}

static struct client *
writer_of(struct console *c)
{
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++)
		if (client->io.fd != -1 && client->role == CONPKT_WRITER)
			return client;
	return NULL;
}

unsigned
console_clients(const struct console *c, pid_t *writer)
{
	unsigned n = 0;

	*writer = 0;
	for (const struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++) {
		if (client->io.fd == -1 || !client->role)
			continue;
		n++;
		if (client->role == CONPKT_WRITER)
			*writer = client->who.pid;
	}
	return n;
}

void
console_note(struct console *c, const char *text)
{
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++) {
		if (client->io.fd == -1 || !client->role)
			continue;
		client_pump(client);
		if (client->io.fd != -1)
			client_send(client, CONPKT_NOTE, text, strlen(text));
	}
}

static void
client_hello(struct client *client, char wish, const char *lines)
{
	struct console *c = client->console;
	struct client *writer = writer_of(c);
	char who[64] = "";
	int n = 0;

	client->role = wish == CONPKT_WRITE && !writer ? CONPKT_WRITER : CONPKT_READER;
	client->since = time(NULL);
	client->seen = *lines ? ring_lines(&c->ring, strtoul(lines, NULL, 10)) : ring_oldest(&c->ring);
	if (client->role == CONPKT_READER && writer)
		n = snprintf(who, sizeof(who), "%u %d %lld", writer->who.uid, writer->who.pid,
		    (long long)writer->since);
	if (client_send(client, client->role, who, (size_t)n) == 1)
		client_pump(client);
}

/* --- what is typed ------------------------------------------------------------------------------------ */

/* What waits goes to the terminal as it takes it. */
static void
type_waiting(struct console *c)
{
	ssize_t n = c->io.fd == -1 ? (ssize_t)c->typed : write(c->io.fd, c->waiting, c->typed);

	if (n > 0) {
		memmove(c->waiting, c->waiting + n, c->typed - (size_t)n);
		c->typed -= (size_t)n;
	} else if (n == -1 && errno != EAGAIN && errno != EINTR) {
		c->typed = 0;
	}
	if (c->typed && !ev_is_active(&c->input)) {
		ev_io_set(&c->input, c->io.fd, EV_WRITE);
		ev_io_start(c->loop, &c->input);
	} else if (!c->typed) {
		ev_io_stop(c->loop, &c->input);
	}
}

static void
type_more(struct client *client, const char *bytes, size_t n)
{
	static const char lost[] = "it does not read its console: what is typed is lost";
	struct console *c = client->console;

	if (n > TYPED_MAX - c->typed) {
		client_send(client, CONPKT_NOTE, lost, sizeof(lost) - 1);
		return;
	}
	memcpy(c->waiting + c->typed, bytes, n);
	c->typed += n;
	type_waiting(c);
}

static void
on_room(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	type_waiting(w->data);
}

static void
resize(struct console *c, const char *text)
{
	unsigned rows, columns;

	if (sscanf(text, "%5u %5u", &rows, &columns) != 2 || rows == 0 || columns == 0 || rows > 9999 ||
	    columns > 9999)
		return;
	c->size.ws_row = (unsigned short)rows;
	c->size.ws_col = (unsigned short)columns;
	if (c->io.fd != -1)
		ioctl(c->io.fd, TIOCSWINSZ, &c->size);
}

static void
client_packet(struct client *client, char *packet, size_t n)
{
	struct console *c = client->console;

	if (!client->role && (packet[0] == CONPKT_WRITE || packet[0] == CONPKT_READ)) {
		client_hello(client, packet[0], packet + 1);
	} else if (client->role == CONPKT_WRITER && packet[0] == CONPKT_TYPED && n > 1) {
		type_more(client, packet + 1, n - 1);
	} else if (client->role == CONPKT_WRITER && packet[0] == CONPKT_SIZE) {
		resize(c, packet + 1);
	}
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
	struct console *c = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), room = 2 * CONSOLE_RING;
	struct client *client = c->clients;
	socklen_t size = sizeof(client->who);
	const char full = CONPKT_FULL;

	(void)loop, (void)events;
	if (fd == -1)
		return;
	while (client < c->clients + CONSOLE_CLIENTS && client->io.fd != -1)
		client++;
	if (client == c->clients + CONSOLE_CLIENTS) {
		send(fd, &full, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->who, &size);
	client->role = 0;
	ev_io_set(&client->io, fd, EV_READ);
	ev_io_start(c->loop, &client->io);
}

/* --- the terminal ------------------------------------------------------------------------------------- */

/* 1: read some; 0: nothing there now; -1: the other side is gone. */
static int
read_some(struct console *c)
{
	char bytes[CONPKT_BYTES];
	ssize_t n = read(c->io.fd, bytes, sizeof(bytes));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	ring_add(&c->ring, bytes, (size_t)n);
	return 1;
}

static void
terminal_close(struct console *c)
{
	if (c->io.fd == -1)
		return;
	ev_io_stop(c->loop, &c->io);
	ev_io_stop(c->loop, &c->input);
	close(c->io.fd);
	ev_io_set(&c->io, -1, EV_READ);
	c->typed = 0;
}

static void
on_output(struct ev_loop *loop, ev_io *w, int events)
{
	int result = read_some(w->data);

	(void)loop, (void)events;
	pump_all(w->data);
	if (result == -1)
		terminal_close(w->data);
}

void
console_drain(struct console *c)
{
	while (c->io.fd != -1 && read_some(c) == 1)
		;
	pump_all(c);
}

int
console_renew(struct console *c)
{
	struct termios raw;
	int master, slave;

	terminal_close(c);
	if (openpty(&master, &slave, NULL, NULL, &c->size) == -1)
		return -1;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	fcntl(master, F_SETFL, O_NONBLOCK);
	/* What is typed before the kernel has the terminal is no signal to the kernel itself. */
	if (tcgetattr(slave, &raw) == 0) {
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
	}
	c->begin = c->ring.total;
	ev_io_set(&c->io, master, EV_READ);
	ev_io_start(c->loop, &c->io);
	return slave;
}

static int
listen_at(const char *path, unsigned uid, unsigned gid)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd, saved;

	if (strlen(path) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && chown(path, uid, gid) == 0 &&
	    chmod(path, 0600) == 0 && listen(fd, CONSOLE_CLIENTS) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

struct console *
console_open(struct ev_loop *loop, const char *path, unsigned uid, unsigned gid)
{
	struct console *c = calloc(1, sizeof(*c));
	int fd = -1;

	if (!c)
		return NULL;
	if (path && (fd = listen_at(path, uid, gid)) == -1) {
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->size = (struct winsize){.ws_row = 24, .ws_col = 80};
	ev_io_init(&c->io, on_output, -1, EV_READ);
	ev_io_init(&c->input, on_room, -1, EV_WRITE);
	ev_io_init(&c->listen, on_attach, fd, EV_READ);
	c->io.data = c->input.data = c->listen.data = c;
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++) {
		client->console = c;
		ev_io_init(&client->io, on_client, -1, EV_READ);
		client->io.data = client;
	}
	if (fd != -1) {
		strcpy(c->path, path);
		ev_io_start(loop, &c->listen);
	}
	return c;
}

void
console_close(struct console *c)
{
	if (!c)
		return;
	terminal_close(c);
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++)
		if (client->io.fd != -1)
			client_close(client);
	if (c->listen.fd != -1) {
		ev_io_stop(c->loop, &c->listen);
		close(c->listen.fd);
		unlink(c->path);
	}
	free(c);
}
