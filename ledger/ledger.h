/*
 * The billing keys: names, writing, reading. Front door of the room; the shapes are lodge-keys(7)'s.
 *
 * Everything held is an absolute number since the beginning, so any write may be repeated or reordered;
 * a number only ever grows. All keys of one guest share the hash tag {GUEST}.
 *
 *   record.c keys.c  what is counted, and under which name	(cores)
 *   percentile.c     of a time's 5 minutes				(core)
 *   command.c	      a command as Redis reads it		(core)
 *   place.c refusal.c  which server holds a key, and who it says does	(cores)
 *   writer.c connect.c cluster.c write.c ask.c script.c  the asynchronous writer: lodge-acct	(write.h)
 *   reader.c bound.c read.c history.c  the reader below: whoever shows numbers
 *   usage.h bill.h when.h	what is shown of them, as text, JSON and CSV
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "conf/conf.h"
#include "ledger/keys.h"
#include "ledger/record.h"

/* Connections that wait: at most two seconds for each server's answer. The conf has to outlive them. */
struct ledger;

/* NULL: why says it, and what to try, in one line. */
struct ledger *ledger_open(const struct conf *, char *why, size_t room);
void ledger_close(struct ledger *);
const char *ledger_why(const struct ledger *); /* of the last -1 */
/* Was it of what a key holds? Then Redis answers, and other keys may be as they should. */
bool ledger_spoilt(const struct ledger *);

/*
 * The billing period that starts then, and the one with that first day of the month in which now lies. 1: *out holds
 * the numbers; 0: nothing is recorded, *out is zero; -1: ledger_why.
 */
int ledger_period_at(struct ledger *, const char *guest, int64_t start, struct record *out);
int ledger_period(struct ledger *, const char *guest, int64_t now, uint8_t day, struct record *out);
/* The same since the beginning. */
int ledger_total(struct ledger *, const char *guest, struct record *out);

/* What hangs on a guest beside numbers. */
struct meta {
	char host[KEY_HOST_MAX + 1], tap[CONF_IFNAME];
	uint8_t day; /* the first of its billing period; 0: not known */
	uint64_t quota; /* bytes a period; 0: none */
};

int ledger_meta(struct ledger *, const char *guest, struct meta *out);

/* The names ever counted, sorted; what is no guest's name is passed over. -1: ledger_why. names_free the list. */
struct names {
	char (*list)[CONF_GUEST_NAME_MAX + 1];
	size_t n;
};

int ledger_guests(struct ledger *, struct names *out);
void names_free(struct names *);

/*
 * The slots that start in [from, to), by time; each hash they lie in is read once, as of one moment. Those in which
 * nothing moved may be missing. 0, or -1 with ledger_why; history_free what came.
 */
struct dated {
	int64_t start;
	uint64_t v[SLOT_FIELDS];
};

struct history {
	struct dated *list;
	size_t n;
};

int ledger_history(
    struct ledger *, const char *guest, enum slot_kind, int64_t from, int64_t to, struct history *out);
void history_free(struct history *);

/* The 95th percentile in each direction, in bit/s; percentile.h defines it and makes it of a history already read. */
struct percentile {
	uint64_t wire[DIRECTIONS], tap[DIRECTIONS];
	size_t samples,
	    recorded; /* 5 minutes that lie in the time as a whole, and how many of them hold bytes */
};

/*
 * Of the 5 minutes in [from, to), which are kept for 40 days: say from period_start to now. 0, or -1 with ledger_why.
 */
int ledger_percentile(struct ledger *, const char *guest, int64_t from, int64_t to, struct percentile *out);

#endif
