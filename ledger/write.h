/*
 * The writing side of the ledger: asynchronous connections that find their way back by themselves, one to a server
 * alone, to a cluster one for each node that holds a guest.
 *
 * A write carries a guest's numbers under a sequence and is done when its answer came; on any doubt it is sent
 * again, which changes nothing (see script.c). What is not acknowledged is the caller's to keep.
 */
#ifndef LEDGER_WRITE_H
#define LEDGER_WRITE_H

#include "conf/conf.h"
#include "ledger/keys.h"
#include "ledger/record.h"

#include <ev.h>

extern const char ledger_script[];

/* A slot as it is written. */
struct written_slot {
	enum slot_kind kind;
	int64_t start;
	uint64_t v[SLOT_FIELDS];
	uint64_t log_seq; /* not 0: also a line of the log with this id (closed hours) */
};

struct written_period {
	int64_t start;
	const struct record *sum;
};

/* That so much of a quota is used, once in a period. */
struct written_event {
	uint64_t seq; /* its id in the log */
	int64_t at, period;
	uint64_t quota, billed;
	unsigned percent;
	const char *then; /* a word */
};

/* All that one call tells of a guest; borrowed until write_guest returns. */
struct update {
	const char *guest;
	uint64_t seq; /* of these numbers; grows with every change */
	uint64_t base; /* everything that changed after this sequence is in here */
	uint32_t fields; /* of cur and the periods: a bit for each that may have changed after base */
	const struct record *cur;
	const char *life; /* any text that goes with cur */
	const struct written_period *periods;
	size_t n_periods;
	const struct written_slot *slots;
	size_t n_slots;
	const struct written_event *events; /* by seq */
	size_t n_events;
};

/* What this host itself has told of a guest, where it stood at a time, and what others have told of that period. */
struct held {
	uint64_t seq; /* 0: nothing */
	struct elsewhere elsewhere;
	struct record total, period;
	uint64_t slots[SLOT_KINDS][SLOT_FIELDS];
	int64_t now;
	char life[256]; /* as written; "": none */
};

/* What hangs on a guest beside numbers; texts borrowed. */
struct update_meta {
	const char *guest, *tap, *address, *address6, *billing, *quota;
};

struct write_calls {
	void (*on_ready)(void *arg); /* connected, perhaps once more, and able to write */
	/* The server took the numbers under seq; before them it held held. elsewhere is of the last period written. */
	void (*on_done)(
	    void *arg, void *guest, uint64_t seq, uint64_t held, const struct elsewhere *elsewhere);
	void (*on_held)(
	    void *arg, void *guest, const struct held *); /* answers write_ask; NULL: with nonsense */
	void (*on_failed)(void *arg, void *guest); /* no answer, or an error: not taken, for all we know */
	void (*on_meta_failed)(void *arg, void *guest); /* likewise */
};

enum write_state { WRITE_WAITING, WRITE_CONNECTING, WRITE_READY };

struct write_status {
	enum write_state state;
	double acked_age_s; /* since the last answer; -1: none yet */
	uint64_t done, failed, connects;
	uint64_t moved; /* answers that a cluster's other node holds the key */
	uint64_t places_full; /* times a node found no room among PLACES_MAX */
	unsigned nodes; /* connections that are ready */
	char error[160]; /* the last trouble; "": all is well */
};

struct writer;

/*
 * Starts connecting at once and for ever, to the places of the file, in its host's name; what is needed of it is
 * copied. NULL: no memory. write_close drops what is under way without calling back.
 */
struct writer *write_open(struct ev_loop *, const struct conf *, const struct write_calls *, void *arg);
void write_close(struct writer *);

/*
 * -1: not connected to who holds the guest, nothing will be called; try again in a second. guest is handed back to the
 * callback. One write of a guest may be under way at a time.
 */
int write_guest(struct writer *, const struct update *, void *guest);
int write_ask(struct writer *, const char *name, int64_t now, uint8_t day, void *guest);
int write_meta(struct writer *, const struct update_meta *, void *guest);

const struct write_status *write_status(struct writer *);

#endif
