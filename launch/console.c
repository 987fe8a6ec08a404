/* A guest's console; see console.h. */
#include "launch/console.h"
#include "launch/attach.h"
#include "base/conpkt.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TYPED_MAX = 64 << 10 }; /* that a guest has not taken yet */

struct console {
	struct ev_loop *loop;
	ev_io io; /* the terminal's master side; fd -1: there is none */
	ev_io input; /* the same, while what was typed waits for room */
	struct attach *attach;
	struct winsize size;
	size_t typed; /* bytes that wait */
	char waiting[TYPED_MAX];
	uint64_t begin; /* of this kernel's run, in the ring */
	struct ring ring;
	char straight[RING_BYTES]; /* the ring unrolled */
};

struct span
console_text(struct console *c)
{
	return ring_copy(&c->ring, c->begin, c->straight);
}

uint64_t
console_total(const struct console *c)
{
	return c->ring.total;
}

struct span
console_since(struct console *c, uint64_t place)
{
	return ring_copy(&c->ring, place, c->straight);
}

void
console_note(struct console *c, const char *text)
{
	attach_note(c->attach, text);
}

unsigned
console_clients(const struct console *c, pid_t *writer)
{
	return attach_count(c->attach, writer);
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

static bool
on_typed(void *arg, const char *bytes, size_t n)
{
	struct console *c = arg;

	if (n > TYPED_MAX - c->typed)
		return false;
	memcpy(c->waiting + c->typed, bytes, n);
	c->typed += n;
	type_waiting(c);
	return true;
}

static void
on_room(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	type_waiting(w->data);
}

static void
on_sized(void *arg, unsigned rows, unsigned columns)
{
	struct console *c = arg;

	c->size.ws_row = (unsigned short)rows;
	c->size.ws_col = (unsigned short)columns;
	if (c->io.fd != -1)
		ioctl(c->io.fd, TIOCSWINSZ, &c->size);
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
	struct console *c = w->data;
	int result = read_some(c);

	(void)loop, (void)events;
	attach_pump(c->attach);
	if (result == -1)
		terminal_close(c);
}

void
console_drain(struct console *c)
{
	while (c->io.fd != -1 && read_some(c) == 1)
		;
	attach_pump(c->attach);
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

struct console *
console_open(struct ev_loop *loop, const char *path)
{
	struct console *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->attach = attach_open(loop, path, &c->ring, on_typed, on_sized, c);
	if (!c->attach) {
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->size = (struct winsize){.ws_row = 24, .ws_col = 80};
	ev_io_init(&c->io, on_output, -1, EV_READ);
	ev_io_init(&c->input, on_room, -1, EV_WRITE);
	c->io.data = c->input.data = c;
	return c;
}

void
console_close(struct console *c)
{
	if (!c)
		return;
	terminal_close(c);
	attach_close(c->attach);
	free(c);
}
