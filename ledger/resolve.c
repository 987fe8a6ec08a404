/*
 * A host's address without waiting in the loop; see resolve.h. getaddrinfo waits for name servers that are dead, half a
 * minute perhaps, and nothing tells it not to.
 */
#include "ledger/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHILD_S = 10, ANSWER_BYTES = 128 };

struct resolve {
	struct ev_loop *loop;
	resolve_done *done;
	void *arg;
	ev_io io;
	char answer[ANSWER_BYTES]; /* an address, or "!" and why there is none */
	size_t got;
};

/* --- the child --------------------------------------------------------------------------------------- */

/* The one whose turn it is, IPv4 before IPv6, as text. */
static void
answer_print(const struct addrinfo *all, unsigned turn)
{
	static const int families[] = {AF_INET, AF_INET6};
	unsigned n = 0;
	char text[ANSWER_BYTES];

	for (const struct addrinfo *a = all; a; a = a->ai_next)
		n++;
	if (n == 0)
		return;
	turn %= n;
	for (size_t f = 0; f < 2; f++)
		for (const struct addrinfo *a = all; a; a = a->ai_next)
			if (a->ai_family == families[f] && turn-- == 0 &&
			    getnameinfo(
				a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
				dprintf(STDOUT_FILENO, "%s", text);
}

/* With nothing of its parent's but the pipe, so that it keeps no lock and no socket alive. */
static void
child(int out, const char *name, unsigned turn)
{
	const struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *all = NULL;
	int fault;

	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(CHILD_S);
	dup2(out, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	fault = getaddrinfo(name, NULL, &want, &all);
	if (fault == 0)
		answer_print(all, turn);
	else
		dprintf(STDOUT_FILENO, "!%s", gai_strerror(fault));
	_exit(0);
}

/* --- the parent -------------------------------------------------------------------------------------- */

static void
on_answer(struct ev_loop *loop, ev_io *io, int events)
{
	struct resolve *r = io->data;
	ssize_t n = read(io->fd, r->answer + r->got, sizeof(r->answer) - 1 - r->got);

	(void)loop, (void)events;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		r->got += (size_t)n;
		return;
	}
	if (r->got > 0 && r->answer[0] != '!')
		r->done(r->arg, r->answer, NULL);
	else
		r->done(r->arg, NULL, r->got > 0 ? r->answer + 1 : "it was not looked up");
}

struct resolve *
resolve_open(struct ev_loop *loop, const char *name, unsigned turn, resolve_done *done, void *arg)
{
	struct resolve *r = calloc(1, sizeof(*r));
	int fds[2];
	pid_t pid;

	if (!r || pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1) {
		free(r);
		return NULL;
	}
	pid = fork(); /* libev reaps it */
	if (pid == 0)
		child(fds[1], name, turn);
	close(fds[1]);
	if (pid == -1) {
		close(fds[0]);
		free(r);
		return NULL;
	}
	*r = (struct resolve){.loop = loop, .done = done, .arg = arg};
	ev_io_init(&r->io, on_answer, fds[0], EV_READ);
	r->io.data = r;
	ev_io_start(loop, &r->io);
	return r;
}

/* A child that has not answered yet ends by its own alarm. */
void
resolve_close(struct resolve *r)
{
	if (!r)
		return;
	ev_io_stop(r->loop, &r->io);
	close(r->io.fd);
	free(r);
}
