/* One end of a connection; see end.h. */
#include "proxy/end.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct end
end_accepted(int fd)
{
	/* prompt: the listener is, and hands it down */
	return (struct end){.fd = fd, .readable = true, .writable = true, .prompt = true};
}

struct end
end_dialled(int fd, uint64_t batch)
{
	return (struct end){.fd = fd, .since = batch};
}

void
end_close(struct end *e)
{
	if (e->fd != -1)
		close(e->fd);
	*e = (struct end){.fd = -1};
}

int
end_watch(struct end *e, int poll, void *what)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET, .data.ptr = what};

	if (!e->writable)
		ev.events |= EPOLLOUT;
	ev.events |= e->watched;
	if (e->fd == -1 || ev.events == e->watched)
		return 0;
	if (epoll_ctl(poll, e->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, e->fd, &ev) == -1)
		return -1;
	e->watched = ev.events;
	return 0;
}

void
end_note(struct end *e, uint32_t events)
{
	e->readable |= (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
	e->writable |= (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
	e->urgent |= (events & EPOLLPRI) != 0;
	if (events & (EPOLLHUP | EPOLLERR))
		e->over = OVER_ASK;
	else if (events & EPOLLRDHUP && e->over == OVER_NOT)
		e->over = OVER_CLEAN;
}

static bool
in_vain(ssize_t n)
{
	return n == -1 && errno == EAGAIN;
}

/* A short read took all there was; behind the peer's end one more tells that it is one. */
ssize_t
end_read(struct end *e, void *room, size_t n)
{
	ssize_t got = recv(e->fd, room, n, 0);
	bool took_all = got > 0 && (size_t)got < n && !e->urgent;

	if (in_vain(got) || (took_all && e->over == OVER_NOT))
		e->readable = false;
	return got;
}

bool
end_is_over(const struct end *e, size_t n, size_t room)
{
	return n > 0 && n < room && e->over == OVER_CLEAN && !e->urgent;
}

/* Small pieces wait for the peer's word about the one before (Nagle), if nobody forbids it; the first never does. */
static void
hurry(struct end *e)
{
	int on = 1;

	if (e->prompt || !e->begun)
		return;
	setsockopt(e->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	e->prompt = true;
}

/*
 * The bare acknowledgement that dial.c saved left this socket slow with all that follow: a peer that answers in small
 * pieces would wait 40 ms between them.
 */
static void
acknowledge_at_once(struct end *e)
{
	int on = 1;

	setsockopt(e->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static void
note_sent(struct end *e, ssize_t sent, size_t n)
{
	if (sent > 0 && !e->begun && !e->prompt)
		acknowledge_at_once(e);
	e->begun |= sent > 0;
	if (in_vain(sent) || (sent >= 0 && (size_t)sent < n))
		e->writable = false;
	else if (sent > 0)
		e->writable = true;
}

ssize_t
end_send(struct end *e, const void *bytes, size_t n)
{
	ssize_t sent;

	hurry(e);
	sent = send(e->fd, bytes, n, MSG_NOSIGNAL);
	note_sent(e, sent, n);
	return sent;
}

/* How full a pipe is says nothing about the socket: only in vain is. */
ssize_t
end_splice_in(struct end *e, int pipe, size_t n)
{
	ssize_t got = splice(e->fd, NULL, pipe, NULL, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (in_vain(got))
		e->readable = false;
	return got;
}

ssize_t
end_splice_out(struct end *e, int pipe, size_t n)
{
	ssize_t sent;

	hurry(e);
	sent = splice(pipe, NULL, e->fd, NULL, n, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	note_sent(e, sent, in_vain(sent) || sent <= 0 ? n : (size_t)sent);
	return sent;
}
