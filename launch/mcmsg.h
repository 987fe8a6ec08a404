/*
 * The management console's datagrams (Linux: arch/um/drivers/mconsole.h), in the host's byte order.
 *
 *   request  u32 magic 0xcafebabe, u32 version 2, u32 length, length bytes of text
 *   reply    u32 error, u32 more, u32 length, length bytes of text; `more` says that another one follows
 *
 * A core. Replies come out of the guest's process: every byte of them is hostile.
 */
#ifndef LAUNCH_MCMSG_H
#define LAUNCH_MCMSG_H

#include "base/span.h"

#include <stdint.h>

enum {
	MCMSG_TEXT = 512, /* longest text either way */
	MCMSG_BYTES = 12 + MCMSG_TEXT, /* of a request or a reply */
	MCMSG_NOTICE = 16 + MCMSG_TEXT, /* of a notice */
};

/* Bytes of the datagram, written to out[MCMSG_BYTES]; 0 when the command is too long. */
size_t mcmsg_request(const char *command, void *out);

struct mcmsg_reply {
	bool failed; /* the guest's kernel refused the command */
	bool more;
	struct span text; /* borrowed from the datagram, without a trailing newline or NUL */
};

/* -1: no reply (cut short, or a length beyond its end); *out is then untouched. */
int mcmsg_reply(struct span datagram, struct mcmsg_reply *out);

/*
 * What the kernel tells by itself, on the socket that mconsole=notify: names.
 *
 *   notice   u32 magic 0xcafebabe, u32 version 2, u32 kind, u32 length, length bytes of text
 */
enum mcmsg_kind {
	MCMSG_SOCKET, /* it listens; text is where */
	MCMSG_PANIC, /* text is why */
	MCMSG_HANG,
	MCMSG_USER, /* somebody in the guest wrote text to /proc/mconsole */
	MCMSG_KINDS
};

struct mcmsg_notice {
	enum mcmsg_kind kind;
	struct span text; /* borrowed from the datagram, without trailing newlines or NULs */
};

/* -1: no notice; *out is then untouched. */
int mcmsg_notice(struct span datagram, struct mcmsg_notice *out);

#endif
