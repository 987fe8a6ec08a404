/* The clients; see load.h. */
#include "bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	EVENTS = 256,
	ROOM = 1 << 20, /* of one read; the bytes of bulk are not even copied */
	HEAD_MAX = 1024, /* what an answer's head may take */
	FAILURES_MAX = 1000, /* then there is no point in going on */
	DRAIN_MS = 2000,
	SAMPLES = 1 << 20
};

struct client {
	int fd; /* -1: free */
	unsigned name, asked;
	bool connected, ending, last; /* last: the server will close */
	uint64_t began, got, want; /* want 0: not known yet */
	unsigned n_head;
	char head[HEAD_MAX];
	struct client *next_free;
};

static const struct load *order;
static struct sockaddr_in to;
static struct client *clients, *idle;
static int poll_fd;
static unsigned next_name, n_open, n_ready;
static uint64_t deadline;
static uint64_t done, failed, wrong, bytes;
static uint32_t *samples; /* tenths of a microsecond */
static size_t n_samples;
static unsigned char hello[CANNED_HELLO];
static char request[CANNED_TEXT], scratch[ROOM];
static size_t request_len;

static bool
http(void)
{
	return order->mode == MODE_CLOSE || order->mode == MODE_KEEP;
}

static bool
over(void)
{
	return now_ns() >= deadline;
}

static void
end(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	c->next_free = idle;
	idle = c;
	n_open--;
}

static void
fail(struct client *c)
{
	failed++;
	if (failed > FAILURES_MAX)
		die("too many connections failed");
	end(c);
}

static void
count(struct client *c)
{
	if (n_samples < SAMPLES)
		samples[n_samples++] = (uint32_t)((now_ns() - c->began) / 100);
	done++;
}

static void
judge(const struct client *c, unsigned guest)
{
	if (order->guests && guest != c->name % order->guests + (order->far ? CANNED_FAR : 0))
		wrong++;
}

/* --- one question and its answer --------------------------------------------------------------------------- */

static void
ask(struct client *c)
{
	ssize_t n;

	c->got = c->n_head = 0;
	c->want = http() ? 0 : order->answer_bytes;
	if (http()) {
		if (c->asked++)
			c->began = now_ns();
		canned_request_name(request, c->name);
		n = send(c->fd, request, request_len, MSG_NOSIGNAL);
	} else {
		canned_hello_name(hello, c->name);
		n = send(c->fd, hello, sizeof(hello), MSG_NOSIGNAL);
	}
	if (n == -1)
		fail(c);
}

static void
answered(struct client *c)
{
	count(c);
	if (order->mode == MODE_IDLE) {
		n_ready++;
		return;
	}
	if (order->mode == MODE_KEEP && !c->last && c->asked < order->requests && !over()) {
		ask(c);
		return;
	}
	if (order->server_closes || c->last)
		c->ending = true;
	else
		end(c);
}

/* What was read of an HTTP answer: its head tells how much there will be. */
static bool
read_head(struct client *c, const char *in, size_t n)
{
	size_t take = n < HEAD_MAX - 1 - c->n_head ? n : HEAD_MAX - 1 - c->n_head;
	const char *end, *guest, *length;

	memcpy(c->head + c->n_head, in, take);
	c->n_head += (unsigned)take;
	c->head[c->n_head] = '\0';
	end = strstr(c->head, "\r\n\r\n");
	if (!end)
		return c->n_head < HEAD_MAX - 1;
	guest = strcasestr(c->head, "x-guest: ");
	length = strcasestr(c->head, "content-length: ");
	if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 || !guest || !length)
		return false;
	judge(c, (unsigned)atoi(guest + 9));
	c->want = (uint64_t)(end + 4 - c->head) + strtoull(length + 16, NULL, 10);
	c->last = order->mode == MODE_CLOSE || strcasestr(c->head, "\r\nconnection: close");
	return true;
}

/* False: the connection is gone. */
static bool
take(struct client *c, size_t n)
{
	if (c->ending) {
		fail(c); /* more than an answer */
		return false;
	}
	if (!http() && c->got == 0 && n > 11)
		judge(c, canned_answer_guest((unsigned char *)scratch));
	if (http() && c->want == 0 && !read_head(c, scratch, n)) {
		fail(c);
		return false;
	}
	c->got += n;
	bytes += n;
	if (c->want && c->got > c->want) {
		fail(c);
		return false;
	}
	if (c->got == c->want)
		answered(c);
	return c->fd != -1;
}

static void
on_readable(struct client *c, bool ended)
{
	do {
		int flags = order->mode == MODE_BULK && c->got > 0 ? MSG_TRUNC : 0;
		ssize_t n = recv(c->fd, scratch, ROOM, flags);

		if (n == -1 && errno == EAGAIN)
			return;
		if (n == 0 && c->ending) {
			end(c);
			return;
		}
		if (n <= 0) {
			fail(c);
			return;
		}
		if (!take(c, (size_t)n))
			return;
		ended = ended || n == ROOM;
	} while (ended);
}

/* Reset, so that nothing of it stays in TIME_WAIT. */
static void
hang_up(struct client *c)
{
	const struct linger at_once = {1, 0};

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	count(c);
	end(c);
}

static void
on_event(struct client *c, uint32_t events)
{
	if (!c->connected && (events & EPOLLOUT) && !(events & EPOLLERR)) {
		c->connected = true;
		if (order->mode == MODE_CONNECT)
			hang_up(c);
		else
			ask(c);
		if (c->fd == -1)
			return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		on_readable(c, events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
}

/* --- beginning them ---------------------------------------------------------------------------------------- */

static void
begin(void)
{
	struct client *c = idle;
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

	idle = c->next_free;
	n_open++;
	c->name = next_name++ % order->names;
	c->asked = 0;
	c->connected = c->ending = c->last = false;
	c->began = now_ns();
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd == -1)
		die("socket");
	if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		die("epoll_ctl");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1 && errno != EINPROGRESS)
		fail(c);
}

/* Begin what is due; when the next one is. */
static uint64_t
begin_due(uint64_t began)
{
	static uint64_t begun;

	if (over())
		return UINT64_MAX;
	if (order->mode == MODE_IDLE || order->mode == MODE_BULK) {
		while (begun < order->connections && n_open - n_ready < 256 && idle) {
			begin();
			begun++;
		}
		return UINT64_MAX;
	}
	if (!order->rate) {
		while (idle)
			begin();
		return UINT64_MAX;
	}
	for (;;) {
		uint64_t due = began + begun * 1000000000 / order->rate;

		if (due > now_ns())
			return due;
		begun++;
		if (!idle)
			failed++; /* all of them still wait: as good as refused */
		else
			begin();
	}
}

static void
await(uint64_t until)
{
	struct epoll_event events[EVENTS];
	uint64_t now = now_ns(), left = until > now ? until - now : 0;
	struct timespec ts = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
	int n = epoll_pwait2(poll_fd, events, EVENTS, &ts, NULL);

	for (int i = 0; i < n; i++)
		on_event(events[i].data.ptr, events[i].events);
}

/* --- the figures ------------------------------------------------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double
percentile_us(double part)
{
	return n_samples ? samples[(size_t)((double)(n_samples - 1) * part)] / 10.0 : 0;
}

static void
report(double seconds)
{
	qsort(samples, n_samples, sizeof(*samples), compare);
	printf("done=%llu failed=%llu wrong=%llu bytes=%llu seconds=%.4f p50=%.1f p99=%.1f\n",
	    (unsigned long long)done, (unsigned long long)failed, (unsigned long long)wrong,
	    (unsigned long long)bytes, seconds, percentile_us(0.5), percentile_us(0.99));
	fflush(stdout);
}

static void
prepare(void)
{
	const struct order ask_for = {order->answer_bytes, order->server_closes};

	to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)order->port)};
	if (inet_pton(AF_INET, order->address, &to.sin_addr) != 1)
		die(order->address);
	canned_hello(hello, &ask_for);
	request_len = canned_request(request, 0, order->mode == MODE_CLOSE);
	poll_fd = epoll_create1(0);
	clients = calloc(order->connections, sizeof(*clients));
	samples = malloc(SAMPLES * sizeof(*samples));
	if (!clients || !samples || poll_fd == -1)
		die("memory");
	for (unsigned i = 0; i < order->connections; i++) {
		clients[i].fd = -1;
		clients[i].next_free = idle;
		idle = &clients[i];
	}
}

int
load(const struct load *wanted)
{
	uint64_t began, drained;
	char nothing;

	order = wanted;
	prepare();
	began = now_ns();
	deadline = began + (uint64_t)(order->seconds * 1e9);
	drained = deadline + (uint64_t)DRAIN_MS * 1000000;
	while (!over() && !(order->mode == MODE_IDLE && n_ready + failed == order->connections)) {
		uint64_t due = begin_due(began);

		await(due < deadline ? due : deadline);
	}
	began = now_ns() - began;
	while (n_open > n_ready && order->mode != MODE_BULK && now_ns() < drained)
		await(drained);
	report((double)began / 1e9);
	if (order->mode == MODE_IDLE)
		while (read(STDIN_FILENO, &nothing, 1) == 1)
			;
	return 0;
}
