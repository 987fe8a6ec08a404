/*
 * A curb on a guest: what a used-up quota leads to, and what an owner may order by hand. lodge-natd keeps the
 * curbs and puts them into force; whoever may write to RUN/natd.sock orders them.
 *
 * On the socket, in natd's file and on the command line it is one line of text:
 *	throttle NAME RATE	RATE: bits a second, or as in the file: 1Mbit
 *	cut NAME
 *	lift NAME		neither any more
 * and, from lodge-acct, with a mark of digits and dots that names the cause, a period and a quota:
 *	quota MARK throttle NAME RATE, quota MARK cut NAME
 *	quota lift NAME		no quota holds the guest back any more
 *	quota MARK lift NAME	the quota with that mark was lifted by hand
 * What is ordered by hand and what for a quota stand side by side, the former before the latter; a lift by hand lifts
 * both, and the same mark does not come into force again (natd/curbs.h).
 */
#ifndef CONF_CURB_H
#define CONF_CURB_H

#include "conf/conf.h"

enum {
	CURB_MARK = 32, /* with its NUL */
	CURB_TEXT = CONF_GUEST_NAME_MAX + CURB_MARK + 48,
};

enum curb_by { CURB_HAND, CURB_QUOTA };

struct curb {
	char guest[CONF_GUEST_NAME_MAX + 1];
	enum quota_then then; /* QUOTA_THROTTLE, QUOTA_CUT, or QUOTA_NONE: lifted */
	uint64_t bit_s; /* of a throttle, else 0 */
	enum curb_by by;
	char mark[CURB_MARK]; /* of CURB_QUOTA; "": a lift whatever the mark */
};

/* What is wrong with the line, or NULL. A core, as the next one. */
const char *curb_parse(struct span, struct curb *);
const char *curb_print(const struct curb *, char out[CURB_TEXT]);

/*
 * Orders it of the lodge-natd of that file and waits at most timeout_ms until it is in force. -1: errno
 * (ENOENT or ECONNREFUSED: it does not run; EACCES: not ours to order), and why in words.
 */
int curb_order(const struct conf *, const struct curb *, int timeout_ms, char *why, size_t room);

/*
 * The group that may order, beside root: that of the file's `user`; where that is nogroup, nobody's and everybody's,
 * the host's own number among the uids, which no guest and no other program has. lodge-acct runs in it.
 */
unsigned curb_gid(const struct conf *);

#endif
