/* The management console's datagrams; see mcmsg.h. */
#include "launch/mcmsg.h"

enum { HEAD = 12 };

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

int
mcmsg_reply(struct span datagram, struct mcmsg_reply *out)
{
	uint32_t head[3];
	struct span text;

	if (datagram.len < HEAD || datagram.len > MCMSG_BYTES)
		return -1;
	memcpy(head, datagram.ptr, HEAD);
	if (head[2] > datagram.len - HEAD)
		return -1;
	text = span_of(datagram.ptr + HEAD, head[2]);
	while (text.len && (text.ptr[text.len - 1] == '\0' || text.ptr[text.len - 1] == '\n'))
		text.len--;
	*out = (struct mcmsg_reply){.failed = head[0] != 0, .more = head[1] != 0, .text = text};
	return 0;
}
