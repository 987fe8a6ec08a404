/* The management console's datagrams; see mcmsg.h. */
#include "launch/mcmsg.h"

enum { HEAD = 12, NOTICE_HEAD = 16 };

static const uint32_t request_magic = 0xcafebabe, request_version = 2;

size_t
mcmsg_request(const char *command, void *out)
{
	uint32_t length = (uint32_t)strlen(command);
	const uint32_t head[3] = {request_magic, request_version, length};

	if (length == 0 || length >= MCMSG_TEXT)
		return 0;
	memset(out, 0, MCMSG_BYTES);
	memcpy(out, head, HEAD);
	memcpy((char *)out + HEAD, command, length);
	return MCMSG_BYTES;
}

static struct span
trimmed(const char *text, size_t n)
{
	while (n && (text[n - 1] == '\0' || text[n - 1] == '\n'))
		n--;
	return span_of(text, n);
}

int
mcmsg_reply(struct span datagram, struct mcmsg_reply *out)
{
	uint32_t head[3];

	if (datagram.len < HEAD || datagram.len > MCMSG_BYTES)
		return -1;
	memcpy(head, datagram.ptr, HEAD);
	if (head[2] > datagram.len - HEAD)
		return -1;
	*out = (struct mcmsg_reply){
	    .failed = head[0] != 0, .more = head[1] != 0, .text = trimmed(datagram.ptr + HEAD, head[2])};
	return 0;
}

int
mcmsg_notice(struct span datagram, struct mcmsg_notice *out)
{
	uint32_t head[4];

	if (datagram.len < NOTICE_HEAD || datagram.len > MCMSG_NOTICE)
		return -1;
	memcpy(head, datagram.ptr, NOTICE_HEAD);
	if (head[0] != request_magic || head[1] != request_version || head[2] >= MCMSG_KINDS ||
	    head[3] > datagram.len - NOTICE_HEAD)
		return -1;
	*out = (struct mcmsg_notice){
	    .kind = (enum mcmsg_kind)head[2], .text = trimmed(datagram.ptr + NOTICE_HEAD, head[3])};
	return 0;
}
