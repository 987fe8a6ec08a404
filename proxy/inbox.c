/* Datagrams from worker to worker; see inbox.h. */
#include "proxy/inbox.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Programs of different versions read each other's: what changes gets another mark. */
struct head {
	char mark[4];
	uint16_t door;
	uint16_t from_port;
	uint8_t family, local_family, ecn;
	uint8_t from[16], local[16];
};

static const char mark[4] = "dgm1";

void
inboxes_clear(struct inboxes *boxes)
{
	for (unsigned i = 0; i < SHARE_SLOTS; i++)
		boxes->in[i] = boxes->out[i] = -1;
}

int
inboxes_open(struct inboxes *boxes, unsigned slot)
{
	int ends[2], bytes = INBOX_BYTES;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == -1)
		return -1;
	/* What waits is on the writer's account. */
	if (setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) == -1)
		setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	boxes->in[slot] = ends[0];
	boxes->out[slot] = ends[1];
	return 0;
}

void
inboxes_close(struct inboxes *boxes, unsigned slot)
{
	if (boxes->in[slot] != -1)
		close(boxes->in[slot]);
	if (boxes->out[slot] != -1)
		close(boxes->out[slot]);
	boxes->in[slot] = boxes->out[slot] = -1;
}

bool
inbox_send(int out, const struct udp_datagram *d, uint16_t door)
{
	struct head head = {.door = door,
	    .from_port = d->from.port,
	    .family = d->from.ip.family,
	    .local_family = d->local.family,
	    .ecn = d->ecn};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)d->bytes.ptr, d->bytes.len}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

	memcpy(head.mark, mark, sizeof(mark));
	memcpy(head.from, d->from.ip.b, sizeof(head.from));
	memcpy(head.local, d->local.b, sizeof(head.local));
	return sendmsg(out, &m, MSG_NOSIGNAL) != -1;
}

static bool
read_head(const struct head *head, struct udp_datagram *d, uint16_t *door)
{
	if (memcmp(head->mark, mark, sizeof(mark)) != 0 || (head->family != 4 && head->family != 6) ||
	    (head->local_family != head->family && head->local_family != 0))
		return false;
	*door = head->door;
	d->from = (struct addr){.ip.family = head->family, .port = head->from_port};
	d->local = (struct ip){.family = head->local_family};
	memcpy(d->from.ip.b, head->from, ip_len(&d->from.ip));
	memcpy(d->local.b, head->local, ip_len(&d->local));
	d->ecn = head->ecn & 3;
	return true;
}

bool
inbox_receive(int in, struct udp_datagram *d, uint16_t *door, char *room)
{
	struct head head;
	struct iovec parts[] = {{&head, sizeof(head)}, {room, UDP_ROOM}};
	ssize_t n;

	do {
		struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

		n = recvmsg(in, &m, 0);
		if (n == -1 && errno != EINTR)
			return false;
		if (n > (ssize_t)sizeof(head) && !(m.msg_flags & MSG_TRUNC)) {
			d->bytes = span_of(room, (size_t)n - sizeof(head));
			if (read_head(&head, d, door))
				return true;
		}
	} while (n > 0);
	return false;
}
