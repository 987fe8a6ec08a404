/*
 * A curb on a guest: what a used-up quota leads to, and what an owner may order by hand. lodge-natd keeps the
 * curbs and puts them into force; whoever may write to RUN/natd.sock orders them.
 *
 * On the socket, in natd's file and on the command line it is one line of text:
 *	throttle NAME RATE	RATE: bits a second, or as in the file: 1Mbit
 *	cut NAME
 *	lift NAME		neither any more
 */
#ifndef CONF_CURB_H
#define CONF_CURB_H

#include "conf/conf.h"

enum { CURB_TEXT = CONF_GUEST_NAME_MAX + 40 };

struct curb {
	char guest[CONF_GUEST_NAME_MAX + 1];
	enum quota_then then; /* QUOTA_THROTTLE, QUOTA_CUT, or QUOTA_NONE: lifted */
	uint64_t bit_s; /* of a throttle, else 0 */
};

/* What is wrong with the line, or NULL. A core, as the next one. */
const char *curb_parse(struct span, struct curb *);
const char *curb_print(const struct curb *, char out[CURB_TEXT]);

/*
 * Orders it of the lodge-natd of that file and waits at most timeout_ms until it is in force. -1: errno
 * (ENOENT or ECONNREFUSED: it does not run; EACCES: not ours to order), and why in words.
 */
int curb_order(const struct conf *, const struct curb *, int timeout_ms, char *why, size_t room);

#endif
