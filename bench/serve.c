/* The guests' servers; see load.h. They spend as little as they can, so that the proxies are what is slowest. */
#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, ACCEPTS = 64, SMALL = 16384, NEIGHBOUR_BITS = 8 };

struct peer {
	int fd;
	int guest;
	uint32_t address; /* of a door */
	bool listens, tls;
	bool answering, close;
	uint64_t left; /* of the answer */
	unsigned at; /* in the answer's canned piece */
	unsigned n_kept; /* of a question that is not whole */
	char *kept;
};

struct guest {
	unsigned char answer[CANNED_ANSWER];
	char reply[2][CANNED_TEXT]; /* keep, close */
	size_t reply_len[2];
};

static struct guest *guests; /* as answered to a neighbour, then as answered to somebody far */
static int n_guests;
static int poll_fd;
static char scratch[SMALL];

static void
watch(struct peer *p, int op, uint32_t events)
{
	struct epoll_event ev = {.events = events, .data.ptr = p};

	if (epoll_ctl(poll_fd, op, p->fd, &ev) == -1)
		die("epoll_ctl");
}

static void
hang_up(struct peer *p)
{
	close(p->fd);
	free(p->kept);
	free(p);
}

static void
keep(struct peer *p, size_t n)
{
	char *kept = realloc(p->kept, SMALL);

	if (!kept)
		die("realloc");
	memcpy(kept, scratch, n);
	p->kept = kept;
	p->n_kept = (unsigned)n;
}

/* False: the peer is gone. */
static bool
send_answer(struct peer *p)
{
	const struct guest *g = &guests[p->guest];

	while (p->left > 0) {
		size_t n = CANNED_ANSWER - p->at;
		ssize_t sent = send(p->fd, g->answer + p->at, n < p->left ? n : p->left, MSG_NOSIGNAL);

		if (sent == -1 && errno == EAGAIN)
			return true;
		if (sent == -1) {
			hang_up(p);
			return false;
		}
		p->left -= (uint64_t)sent;
		p->at = (p->at + (unsigned)sent) % CANNED_ANSWER;
	}
	p->answering = false;
	if (!p->close)
		return true;
	hang_up(p);
	return false;
}

/* These answer what is whole, and keep what is not. False: the peer is gone. */
static bool
answer_tls(struct peer *p, size_t n)
{
	struct order order;

	if (!canned_hello_read((unsigned char *)scratch, n, &order)) {
		keep(p, n);
		return true;
	}
	p->answering = true;
	p->left = order.answer_bytes;
	p->close = order.close;
	return send_answer(p);
}

static bool
answer_http(struct peer *p, size_t n)
{
	const struct guest *g = &guests[p->guest];
	bool close;

	if (n < 4 || memcmp(scratch + n - 4, "\r\n\r\n", 4) != 0) {
		keep(p, n);
		return true;
	}
	close = memmem(scratch, n, "nnection: close", 15) != NULL;
	if (send(p->fd, g->reply[close], g->reply_len[close], MSG_NOSIGNAL) != -1 && !close)
		return true;
	hang_up(p);
	return false;
}

/* False: the peer is gone. ended: it has sent its last. */
static bool
read_question(struct peer *p, bool ended)
{
	do {
		size_t room = sizeof(scratch) - p->n_kept;
		ssize_t n = recv(p->fd, scratch + p->n_kept, room, 0);

		if (n == -1 && errno == EAGAIN)
			return true;
		if (n <= 0) {
			hang_up(p);
			return false;
		}
		if (p->n_kept)
			memcpy(scratch, p->kept, p->n_kept);
		n += p->n_kept;
		p->n_kept = 0;
		if (!(p->tls ? answer_tls(p, (size_t)n) : answer_http(p, (size_t)n)))
			return false;
	} while (ended);
	return true;
}

/* Accepted once the question is there; what is over at once is never watched. */
static void
welcome(const struct peer *door)
{
	for (int i = 0; i < ACCEPTS; i++) {
		struct peer *p;
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		int fd = accept4(door->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK);

		if (fd == -1)
			return;
		p = calloc(1, sizeof(*p));
		if (!p)
			die("calloc");
		*p = (struct peer){.fd = fd, .guest = door->guest, .tls = door->tls};
		if ((ntohl(from.sin_addr.s_addr) ^ door->address) >> NEIGHBOUR_BITS)
			p->guest += n_guests;
		if (read_question(p, false))
			watch(p, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	}
}

static void
open_door(const char *address, int guest, unsigned port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct peer *p = calloc(1, sizeof(*p));
	int on = 1;

	if (!p || inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		die(address);
	*p = (struct peer){
	    .guest = guest, .address = ntohl(sa.sin_addr.s_addr), .tls = port != 80, .listens = true};
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(p->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* both are handed down */
	setsockopt(p->fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
	if (bind(p->fd, (struct sockaddr *)&sa, sizeof(sa)) == -1 || listen(p->fd, 4096) == -1)
		die("listen");
	watch(p, EPOLL_CTL_ADD, EPOLLIN);
}

static void
prepare(struct guest *g, unsigned number)
{
	canned_answer(g->answer, number);
	for (int close = 0; close < 2; close++)
		g->reply_len[close] = canned_reply(g->reply[close], number, close);
}

int
serve(char **addresses, int n, unsigned extra)
{
	struct epoll_event events[EVENTS];

	poll_fd = epoll_create1(0);
	n_guests = n;
	guests = calloc((size_t)n * 2, sizeof(*guests));
	if (!guests || poll_fd == -1)
		die("serve");
	for (int i = 0; i < n; i++) {
		prepare(&guests[i], (unsigned)i);
		prepare(&guests[n + i], (unsigned)i + CANNED_FAR);
		open_door(addresses[i], i, 443);
		open_door(addresses[i], i, 80);
		if (extra)
			open_door(addresses[i], i, extra);
	}
	for (;;) {
		int n_events = epoll_wait(poll_fd, events, EVENTS, -1);

		for (int i = 0; i < n_events; i++) {
			struct peer *p = events[i].data.ptr;

			if (p->listens)
				welcome(p);
			else if (p->answering)
				send_answer(p);
			else
				read_question(p, events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
		}
	}
}
