/*
 * What is counted of one guest, as absolute numbers: since the beginning, or of one billing period. A core.
 *
 * Fields come in pairs, to the guest first, so that PAIR + direction names one. For each direction holds, always:
 *	bytes = wan + host + guests + unclassified		 (as the tap's kernel counters count)
 */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum direction { TO_GUEST, FROM_GUEST, DIRECTIONS };

enum record_field {
	REC_BYTES = 0, /* to_guest, from_guest */
	REC_PACKETS = 2,
	REC_WIRE = 4, /* with the headers that segmentation offload hides; unclassified as it is */
	REC_WAN = 6,
	REC_WAN_WIRE = 8, /* the wan class alone, as on the wire */
	REC_HOST = 10,
	REC_GUESTS = 12,
	REC_UNCLASSIFIED = 14, /* counted by the kernel, not seen by the capture */
	REC_BILLABLE = 16, /* what billing's count and scope make of a direction */
	REC_UNDELIVERED = 18, /* to the guest only: seen by the capture, dropped by the tap; not in bytes */
	REC_BILLED = 19, /* what billing's direction makes of both billables */
	RECORD_FIELDS = 20,
};

struct record {
	uint64_t v[RECORD_FIELDS];
	int64_t ts; /* unix time of the last change; 0: never */
};

/* The six numbers of a slot of 5 minutes, an hour, a day. */
enum slot_field {
	SLOT_TO_GUEST,
	SLOT_FROM_GUEST,
	SLOT_WIRE_TO_GUEST,
	SLOT_WIRE_FROM_GUEST,
	SLOT_BILLED,
	SLOT_UNCLASSIFIED, /* both directions */
	SLOT_FIELDS,
};

/* What a guest's other hosts have told of the billing period that starts then. */
struct elsewhere {
	int64_t start;
	uint64_t billable[DIRECTIONS], billed;
};

enum { NUMBER_TEXT = 21 }; /* an unsigned 64 bit number and NUL */

/* "to_guest" …; field < RECORD_FIELDS. */
const char *record_name(enum record_field);
/* The field of a name, or -1. */
int record_field(struct span name);

/* A field as a key holds it. 1: taken; 0: not a record's, which is passed over; -1: no number. */
int record_take(struct record *, struct span name, struct span text);

void record_add(struct record *sum, const struct record *delta);
bool record_is_zero(const struct record *);
/* What a delta adds to a slot's six numbers. */
void record_to_slot(const struct record *delta, uint64_t slot[SLOT_FIELDS]);

/* Of a period, what all hosts have told less what one has. */
struct elsewhere record_elsewhere(int64_t start, const struct record *all, const struct record *own);

/*
 * What a write is answered: the sequence held, then of the period that starts then what others have, which is not known
 * (start -1) where it is no numbers: any host may have written them. -1: no sequence.
 */
int answer_parse(struct span, int64_t start, uint64_t *held, struct elsewhere *);

/* A decimal number below 2^64 without sign, blank or leading zero. -1: no such thing. */
int number_parse(struct span, uint64_t *);
/* So many numbers, at most SLOT_FIELDS, with one blank between each. -1: no such thing, and v is as it was. */
int numbers_parse(struct span, uint64_t *v, size_t n);
int slot_parse(struct span, uint64_t v[SLOT_FIELDS]);

#endif
