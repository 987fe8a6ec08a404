/*
 * What acct must not forget, and its shape on disk. A core; journal.h writes and reads it.
 *
 * There are two parts. TOTALS is written whenever a byte moved: the host's name, and for each account the
 * interface's counters up to which it is counted, the totals, the open slots. CLOSED is written when a slot closed, always before TOTALS,
 * which rules where both speak of one slot. A part is
 *	"lodgebok" version part number length checksum payload		(40 bytes and the payload; little endian)
 * where number grows with every writing and the checksum (CRC-64/XZ) covers all but itself.
 */
#ifndef ACCT_BOOK_H
#define ACCT_BOOK_H

#include "acct/event.h"
#include "acct/slot.h"
#include "acct/unmet.h"

enum {
	BOOK_ACCOUNTS_MAX = 2 * CONF_GUESTS_MAX, /* guests that are and that were */
	BOOK_LEFT_MAX = CONF_GUESTS_MAX,
	BOOK_HEADER = 40,
	BOOK_BYTES_MAX = 256 << 20,
};

enum book_part { BOOK_TOTALS = 1, BOOK_CLOSED = 2 };

struct account {
	char name[CONF_GUEST_NAME_MAX + 1];
	bool fresh; /* not on disk: met by a process whose journal was good, so Redis hardly knows more */
	uint64_t seq; /* grows with every change of what follows */
	struct life life;
	struct unmet unmet;
	bool
	    owed_on_disk; /* not on disk: the journal as it lies there has what ended while Redis was not heard of */
	struct elsewhere elsewhere; /* what other hosts were last known to have */
	struct record total;
	struct slots slots;
	struct event events[EVENTS_KEEP]; /* the last ones, the oldest first */
	size_t n_events;
};

/*
 * Accounts are made once and never moved. left holds interfaces that were counted for somebody who then began on
 * another: while they live, the next to begin on one goes on from there. Each is in it once; the oldest is first.
 */
struct book {
	char host[KEY_HOST_MAX + 1]; /* under whose name the numbers are told; "": nobody's yet */
	struct account **list; /* sorted by name */
	size_t n;
	struct life *left;
	size_t n_left;
};

/* Of the open billing period, over all hosts: what the two directions are billed by, and what was billed. */
void account_had(const struct account *, uint64_t had[DIRECTIONS]);
uint64_t account_used(const struct account *);
/* What other hosts have, by the last answer; of one period it only grows. False: nothing new. */
bool account_elsewhere(struct account *, const struct elsewhere *);

struct account *book_find(const struct book *, const char *name);
/* The account of that name, made where there is none. NULL: no memory, or BOOK_ACCOUNTS_MAX. */
struct account *book_add(struct book *, const char *name);
void book_free(struct book *);

/* Into left. 1: the oldest had to make room, of which then nobody knows; -1: no memory. */
int book_leave(struct book *, const struct life *);
/* Out of left: the interface is gone. */
void book_forget(struct book *, const char *boot, uint32_t ifindex);
/* The same with all that another boot left. */
void book_boot(struct book *, const char *boot);
/*
 * The interface is somebody's from here on and no life's in the book any more. *done is how far it is counted; false:
 * not at all, or further than the kernel says now, and *done is zero.
 */
bool book_take(
    struct book *, const char *boot, uint32_t ifindex, const struct kernel *now, struct kernel *done);

/*
 * From here on the numbers are told under another name: what was counted stays with the old one, so each account
 * begins anew where its interface is counted up to. -1: no memory, or no such name.
 */
int book_rename(struct book *, const char *host);

struct bytes {
	uint8_t *ptr;
	size_t len, room;
};

/* part.c writes, unpart.c reads. A whole part into out, which is begun anew and keeps its room; free(out->ptr). -1: no memory. */
int book_encode(const struct book *, enum book_part, uint64_t number, struct bytes *out);

enum book_verdict {
	BOOK_GOOD,
	BOOK_NOTHING, /* no bytes at all: never written */
	BOOK_FOREIGN, /* not ours, or the other part */
	BOOK_OTHER, /* ours, whole, and of a version that this program does not read */
	BOOK_TORN, /* ours, and not whole */
};

/* number: of a good one. */
enum book_verdict book_check(struct span, enum book_part, uint64_t *number);

/*
 * A part that book_check finds good into the book: TOTALS into an empty one, then CLOSED, of which accounts that
 * the book does not have are passed over. -1: no memory, or nonsense under a good checksum; the book is then half
 * filled and to be freed.
 */
int book_decode(struct span, struct book *);

#endif
