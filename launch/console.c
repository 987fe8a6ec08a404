/* A guest's console; see console.h. */
#include "launch/console.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 4096 };

struct client {
	struct console *console;
	ev_io io; /* fd -1: free */
};

struct console {
	struct ev_loop *loop;
	ev_io io; /* the terminal's master side */
	ev_io listen;
	struct client clients[CONSOLE_CLIENTS];
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	size_t at, kept; /* where the next byte goes; how many there are */
	char ring[CONSOLE_RING];
	char straight[CONSOLE_RING]; /* the ring unrolled */
};

static void
ring_add(struct console *c, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		c->ring[c->at] = bytes[i];
		c->at = (c->at + 1) % CONSOLE_RING;
	}
	c->kept = c->kept + n < CONSOLE_RING ? c->kept + n : CONSOLE_RING;
}

struct span
console_text(struct console *c)
{
	size_t first = (c->at + CONSOLE_RING - c->kept) % CONSOLE_RING;
	size_t run = CONSOLE_RING - first < c->kept ? CONSOLE_RING - first : c->kept;

	memcpy(c->straight, c->ring + first, run);
	memcpy(c->straight + run, c->ring, c->kept - run);
	return span_of(c->straight, c->kept);
}

static void
client_close(struct client *client)
{
	ev_io_stop(client->console->loop, &client->io);
	close(client->io.fd);
	ev_io_set(&client->io, -1, EV_READ);
}

static void
client_send(struct client *client, struct span bytes)
{
	ssize_t n;

	if (bytes.len == 0)
		return;
	n = send(client->io.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n != (ssize_t)bytes.len)
		client_close(client);
}

static void
on_typed(struct ev_loop *loop, ev_io *w, int events)
{
	struct client *client = w->data;
	char bytes[CHUNK];
	ssize_t n = recv(w->fd, bytes, sizeof(bytes), 0);

	(void)loop, (void)events;
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		client_close(client);
		return;
	}
	/* A guest that does not read its keyboard loses what is typed. */
	if (n > 0 && client->console->io.fd != -1 && write(client->console->io.fd, bytes, (size_t)n) == -1)
		return;
}

static void
on_client(struct ev_loop *loop, ev_io *w, int events)
{
	struct console *c = w->data;
	int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int room = 2 * CONSOLE_RING;
	struct client *client = c->clients;

	(void)events;
	if (fd == -1)
		return;
	while (client < c->clients + CONSOLE_CLIENTS && client->io.fd != -1)
		client++;
	if (client == c->clients + CONSOLE_CLIENTS) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	ev_io_set(&client->io, fd, EV_READ);
	ev_io_start(loop, &client->io);
	client_send(client, console_text(c));
}

/* 1: read some; 0: nothing there now; -1: the other side is gone. */
static int
read_some(struct console *c)
{
	char bytes[CHUNK];
	ssize_t n = read(c->io.fd, bytes, sizeof(bytes));

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	ring_add(c, bytes, (size_t)n);
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++)
		if (client->io.fd != -1)
			client_send(client, span_of(bytes, (size_t)n));
	return 1;
}

static void
terminal_close(struct console *c)
{
	if (c->io.fd == -1)
		return;
	ev_io_stop(c->loop, &c->io);
	close(c->io.fd);
	ev_io_set(&c->io, -1, EV_READ);
}

static void
on_output(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	if (read_some(w->data) == -1)
		terminal_close(w->data);
}

void
console_drain(struct console *c)
{
	while (c->io.fd != -1 && read_some(c) == 1)
		;
}

int
console_renew(struct console *c)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int master, slave;

	terminal_close(c);
	if (openpty(&master, &slave, NULL, NULL, &size) == -1)
		return -1;
	fcntl(master, F_SETFD, FD_CLOEXEC);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	fcntl(master, F_SETFL, O_NONBLOCK);
	c->at = c->kept = 0;
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
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
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
	ev_io_init(&c->io, on_output, -1, EV_READ);
	ev_io_init(&c->listen, on_client, fd, EV_READ);
	c->io.data = c->listen.data = c;
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++) {
		client->console = c;
		ev_io_init(&client->io, on_typed, -1, EV_READ);
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
	for (struct client *client = c->clients; client < c->clients + CONSOLE_CLIENTS; client++)
		if (client->io.fd != -1)
			client_close(client);
	terminal_close(c);
	if (c->listen.fd != -1) {
		ev_io_stop(c->loop, &c->listen);
		close(c->listen.fd);
		unlink(c->path);
	}
	free(c);
}
