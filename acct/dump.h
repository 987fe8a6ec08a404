/* One question to the kernel (rtnetlink) that is answered by a list. */
#ifndef ACCT_DUMP_H
#define ACCT_DUMP_H

#include <libmnl/libmnl.h>

enum { DUMP_BYTES = 65536 }; /* of a piece of the answer */

struct dumper {
	struct mnl_socket *socket;
	unsigned sequence;
	char *buffer;
};

/* What is asked for, the header behind netlink's own, and who takes the answers. */
struct dump {
	uint16_t type;
	const void *header;
	size_t len;
	mnl_cb_t on_message;
};

/* -1: errno; dumper_close is due all the same. */
int dumper_open(struct dumper *);
void dumper_close(struct dumper *);
/* -1: errno; EINTR: it changed under our hands, ask again. */
int dump(struct dumper *, const struct dump *, void *arg);

#endif
